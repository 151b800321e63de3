package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/label"
	"github.com/recado/recado/evals/replay"
	evalreport "github.com/recado/recado/evals/report"
	"github.com/recado/recado/gateway"
)

// replayFlags are those of `recado eval replay`.
type replayFlags struct {
	tapeFlags
	since, until, candidate          string
	asJSON, markdown, html, language string
	margins                          replay.Margins
	limit, parallel                  int
}

func (f *replayFlags) register(set *flag.FlagSet) {
	f.tapeFlags.register(set)
	set.StringVar(&f.since, "since", "30d", "how far back, as `TIME`: such as 30d or 12h, or a day such as 2026-03-01")
	set.StringVar(&f.until, "until", "", "up to when, as `TIME` written as --since; without it, up to now")
	set.StringVar(&f.candidate, "candidate", "", "YAML `FILE` of what is to be different; without it nothing is, and nothing may change")
	set.StringVar(&f.asJSON, "json", "", "`FILE` for every turn that was taken; - prints it in place of the table")
	set.StringVar(&f.markdown, "md", "", "`FILE` for a pull request")
	set.StringVar(&f.html, "html", "", "`FILE` for a page with what changed, the riskiest first, each turn beside what it becomes")
	set.StringVar(&f.language, "report-language", "en", "`LANGUAGE` of the Markdown, and in which the page begins: en or es")
	set.Float64Var(&f.margins.Answered, "margin", 0.02, "by how much the share of turns that the bot answers may fall")
	set.Float64Var(&f.margins.Held, "risk-margin", 0.02, "in which share of turns customers may be told what nobody has seen to be right: other facts, another change of an order, an answer in place of a person")
	set.IntVar(&f.limit, "limit", 0, "the most conversations, the latest ones; 0 means all")
	set.IntVar(&f.parallel, "parallel", runtime.GOMAXPROCS(0), "how many conversations are taken at the same time")
}

func (f *replayFlags) check(words []string) error {
	switch {
	case len(words) > 0:
		return usagef("eval replay takes no arguments, only flags; got %q", words[0])
	case f.margins.Answered <= 0 || f.margins.Answered >= 1 || f.margins.Held <= 0 || f.margins.Held >= 1:
		return usagef("eval replay: --margin and --risk-margin are shares between 0 and 1, such as 0.02")
	case f.limit < 0 || f.parallel < 1:
		return usagef("eval replay: --limit is 0 or more, and --parallel 1 or more")
	case f.language != "en" && f.language != "es":
		return usagef("eval replay: --report-language is en or es")
	}
	return f.tapeFlags.check("eval replay")
}

// span reads --since and --until.
func (f *replayFlags) span(now time.Time, zone *time.Location) (since, until time.Time, err error) {
	if since, err = moment(f.since, now, zone); err != nil {
		return since, until, usagef("eval replay: --since %s", err)
	}
	until = now
	if f.until != "" {
		if until, err = moment(f.until, now, zone); err != nil {
			return since, until, usagef("eval replay: --until %s", err)
		}
	}
	if !since.Before(until) {
		return since, until, usagef("eval replay: --since is not before --until")
	}
	return since, until, nil
}

// moment is a day, or a time ago.
func moment(text string, now time.Time, zone *time.Location) (time.Time, error) {
	if day, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return day, nil
	}
	if number, isDays := strings.CutSuffix(text, "d"); isDays {
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n <= 36500 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Time{}, fmt.Errorf("%q is neither a time ago, such as 30d or 12h, nor a day, such as 2026-03-01", text)
}

// runReplay tries a candidate on past conversations.
func runReplay(ctx context.Context, c console, args []string) (err error) {
	var f replayFlags
	s, words, err := loadSettings(c, "eval replay", args, f.register)
	if err != nil {
		return err
	}
	if err := f.check(words); err != nil {
		return err
	}
	since, until, err := f.span(time.Now(), s.Zone)
	if err != nil {
		return err
	}
	candidate, err := f.read()
	if err != nil {
		return err
	}
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	tape, err := f.openTape()
	if err != nil {
		return err
	}
	t, err := openTrial(ctx, c, s, candidate, tape)
	if err != nil {
		return err
	}
	defer func() { err = t.closers.close(err) }()
	labels, err := replayLabels(ctx, store)
	if err != nil {
		return err
	}
	result, err := replay.Run(ctx, replay.Config{
		Store: store, Since: since, Until: until, Everybody: s.ReplayAll, Answer: t.answer, Fingerprint: t.pipeline.Fingerprint(), Today: t.today,
		Writable: t.settings.Actions != "", Gone: t.gone, Limit: f.limit, Parallel: f.parallel, Progress: replayProgress(c), Labels: labels, Session: cassette.Session,
	})
	clearReplayProgress(c)
	if missed := t.missed(); missed != nil {
		return missed
	}
	if err != nil {
		return f.explain(err, result, since, until)
	}
	if err := f.closeTape(c, tape); err != nil {
		return err
	}
	result.Candidate, result.Changes = candidate.Name, candidate.Changes()
	result.Judge(f.margins)
	if err := f.write(c, result); err != nil {
		return err
	}
	return gate(result)
}

// replayLabels are what people said of past turns: agents, whoever looked at answers, and
// files.
func replayLabels(ctx context.Context, store gateway.Store) (map[string]replay.Label, error) {
	told, err := label.Tell(ctx, store)
	if err != nil {
		return nil, err
	}
	labels := map[string]replay.Label{}
	for turn, one := range told {
		labels[turn] = replay.Label{Answer: one.Answer, Handoff: one.Handoff}
	}
	return labels, nil
}

// read reads the candidate; files and folders in it are found from where it is.
func (f *replayFlags) read() (replay.Candidate, error) {
	if f.candidate == "" {
		return replay.Candidate{}, nil
	}
	file, err := os.Open(f.candidate)
	if err != nil {
		return replay.Candidate{}, usagef("--candidate %s can't be opened", f.candidate)
	}
	defer file.Close()
	candidate, err := replay.ReadCandidate(file, candidateSettings())
	if err != nil {
		return candidate, usagef("--candidate %s: %v", f.candidate, err)
	}
	beside := func(name string) string {
		if name == "" || filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(f.candidate), name)
	}
	for _, name := range []string{"RECADO_CALIBRATION", "RECADO_RULES", "RECADO_GLOSSARY"} {
		if value, set := candidate.Settings[name]; set {
			candidate.Settings[name] = beside(value)
		}
	}
	if candidate.Knowledge = beside(candidate.Knowledge); candidate.Knowledge != "" {
		if _, err := os.Stat(candidate.Knowledge); err != nil {
			return candidate, usagef("--candidate %s: the folder of knowledge %s can't be read", f.candidate, candidate.Knowledge)
		}
	}
	return candidate, nil
}

// replayProgress tells on a terminal how far it is.
func replayProgress(c console) func(done, all int) {
	if !terminal(c.err) {
		return nil
	}
	var mu sync.Mutex
	return func(done, all int) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(c.err, "\r\x1b[2K%d/%d conversations", done, all)
	}
}

func clearReplayProgress(c console) {
	if terminal(c.err) {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
}

// explain says what there is to do about a run that came to nothing.
func (f *replayFlags) explain(err error, r replay.Result, since, until time.Time) error {
	span := since.Format(time.DateOnly) + " to " + until.Format(time.DateOnly)
	switch {
	case errors.Is(err, replay.ErrNothing):
		return fmt.Errorf("there are no conversations from %s; go further back with --since, and look at DATABASE_URL or RECADO_DATA: is it the shop's?", span)
	case errors.Is(err, replay.ErrNobody):
		return fmt.Errorf("none of the %s from %s may be used (%d have not agreed, %d objected): note on the desk, or with PUT /api/v1/conversations/{id}/agreement, who agreed; "+
			"where the privacy notice covers it, RECADO_REPLAY=everybody takes all who did not object", counted(r.Unasked+r.Withheld, "conversation", "conversations"), span, r.Unasked, r.Withheld)
	case errors.Is(err, replay.ErrAway):
		return errors.New("a provider of the candidate gave no usable answer, so that nothing can be said of it; look whether its server can be reached and the key holds, then run again")
	}
	return err
}

func (f *replayFlags) write(c console, r replay.Result) error {
	asJSON := func(w io.Writer) error { return printJSON(w, r) }
	if f.asJSON == "-" {
		if err := asJSON(c.out); err != nil {
			return err
		}
	} else if err := r.WriteTable(c.out); err != nil {
		return err
	}
	if f.asJSON != "" && f.asJSON != "-" {
		if err := writeFile(f.asJSON, asJSON); err != nil {
			return err
		}
	}
	if f.html != "" {
		if err := writeFile(f.html, func(w io.Writer) error { return evalreport.WriteReplay(w, r, f.language) }); err != nil {
			return err
		}
	}
	if f.markdown != "" {
		return writeFile(f.markdown, func(w io.Writer) error { return r.WriteMarkdown(w, f.language) })
	}
	return nil
}

// gate is the error of a candidate that may not go on.
func gate(r replay.Result) error {
	switch r.Gate.Verdict {
	case replay.SameAsNow, replay.NotWorse:
		return nil
	case replay.Worse:
		return errors.New("the candidate is worse than what there is by more than the margin allows")
	case replay.Unjudged:
		return errors.New("the candidate could not be judged")
	case replay.Undecided:
	}
	return errors.New("it was not shown that the candidate is not worse by more than the margins allow")
}

// candidateSettings are the settings that decide what is answered. All others change
// nothing in a replay.
func candidateSettings() []string {
	var names []string
	for _, row := range table() {
		if slices.Contains([]string{
			"OPENAI_API_KEY", "OPENAI_BASE_URL", "RECADO_CHAT_MODEL", "RECADO_FALLBACK_MODEL", "RECADO_FALLBACK_URL", "RECADO_FALLBACK_KEY",
			"RECADO_EMBEDDING_MODEL", "RECADO_EMBEDDING_DIM", "RECADO_CALIBRATION", "RECADO_RULES", "RECADO_GLOSSARY",
			"RECADO_RERANK_MODEL", "RECADO_RERANK_URL", "RECADO_RERANK_KEY", "RECADO_MARKET", "RECADO_TIMEZONE",
		}, row.env) {
			names = append(names, row.env)
		}
	}
	return names
}

// searching are those of them that decide what is found, so that the passages of then say
// nothing of them.
func searching(name string) bool {
	return slices.Contains([]string{"RECADO_EMBEDDING_MODEL", "RECADO_EMBEDDING_DIM", "RECADO_GLOSSARY", "RECADO_MARKET", "RECADO_TIMEZONE"}, name)
}

// onlyGateway is a store of the gateway, as a replay reads it.
var _ replay.Store = gateway.Store(nil)
