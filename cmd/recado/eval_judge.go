package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/recado/recado/evals/cassette"
	"github.com/recado/recado/evals/judge"
	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/rag/llm"
)

// An arbiter votes, and a panel judges, without knowing it of each other.
var (
	_ judge.Voter  = (*llm.Arbiter)(nil)
	_ runner.Judge = (*judge.Panel)(nil)
)

// chosenJudge is the flag --judge, with or without a model behind an equals sign.
type chosenJudge struct {
	given, off bool
	model      string
}

// String implements flag.Value.
func (j *chosenJudge) String() string { return j.model }

// Set implements flag.Value.
func (j *chosenJudge) Set(v string) error {
	on, err := strconv.ParseBool(v)
	j.given, j.off, j.model = true, err == nil && !on, ""
	if err != nil {
		j.model = v
	}
	return nil
}

// IsBoolFlag tells package flag that the flag may stand alone.
func (*chosenJudge) IsBoolFlag() bool { return true }

func (j *chosenJudge) register(set *flag.FlagSet) {
	set.Var(j, "judge", "have a model judge: --judge with that of RECADO_JUDGE_MODEL, --judge=MODEL with another, --judge=false without")
}

// open gives who judges, or nil where nobody does: no model server means no judge, and never one
// that is made up.
func (j *chosenJudge) open(c console, s settings, tape *cassette.Cassette, log *slog.Logger) (*judge.Panel, error) {
	model := cmp.Or(j.model, s.JudgeModel)
	if j.off {
		return nil, nil //nolint:nilnil // nil is the runner's word for nobody
	}
	if tape != nil && tape.Mode() == cassette.Replay {
		if recorded, ok := tape.Recorded(); ok {
			return newPanel(s, recorded)
		}
	}
	if model == "" {
		if !j.given {
			return nil, nil //nolint:nilnil // nil is the runner's word for nobody
		}
		if s.online() {
			model = s.ChatModel
		}
	}
	if s.JudgeURL == "" && !s.online() {
		return nil, usagef("nobody can judge: there is no model server for it; set RECADO_JUDGE_URL, OPENAI_API_KEY or OPENAI_BASE_URL, or leave --judge and RECADO_JUDGE_MODEL out, and statements about replies are left out")
	}
	if model == "" {
		return nil, usagef("--judge: which model of RECADO_JUDGE_URL judges? Set RECADO_JUDGE_MODEL, or write --judge=MODEL")
	}
	if s.online() && model == s.ChatModel {
		fmt.Fprintln(c.err, "The model that answers also judges, and models are partial to what they wrote themselves: RECADO_JUDGE_MODEL can name one of another family.")
	}
	arbiter, err := openArbiter(s, model, log)
	if err != nil {
		return nil, err
	}
	if tape != nil {
		return newPanel(s, tape.Voter(arbiter))
	}
	return newPanel(s, arbiter)
}

// openArbiter gives the model that votes, at its own server or at that of the chat model.
func openArbiter(s settings, model string, log *slog.Logger) (*llm.Arbiter, error) {
	config := llm.Config{APIKey: s.OpenAIKey, BaseURL: s.OpenAIBaseURL, Model: model, Logger: log}
	if s.JudgeURL != "" {
		config.APIKey, config.BaseURL = s.JudgeKey, s.JudgeURL
	}
	arbiter, err := llm.NewArbiter(llm.ArbiterConfig{Config: config, Price: s.Prices[model]})
	if err != nil {
		return nil, usagef("RECADO_JUDGE_MODEL: %v", err)
	}
	return arbiter, nil
}

func newPanel(s settings, v judge.Voter) (*judge.Panel, error) {
	panel, err := judge.New(judge.Config{Voter: v, Votes: s.JudgeVotes})
	if err != nil {
		return nil, usagef("RECADO_JUDGE_VOTES: %v", err)
	}
	return panel, nil
}

func readJudgeURL(s *settings, v string) string {
	s.JudgeURL = strings.TrimRight(v, "/")
	return wrongURL(v, "is not a URL like http://127.0.0.1:11434/v1", "http", "https")
}

func readJudgeVotes(s *settings, v string) string {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > 99 || n%2 == 0 {
		return "is not an odd number from 1 to 99: most of the votes decide"
	}
	s.JudgeVotes = n
	return ""
}

// markFiles are the files by which people and a judge are held against each other.
type markFiles struct {
	labels, sheet string
	sample        int
	// list are the marks, once they are read.
	list []runs.Mark
}

func (f *markFiles) register(set *flag.FlagSet) {
	set.StringVar(&f.labels, "judge-labels", "", "file of people's marks, JSONL or CSV with case, statement or metric, and verdict: figures are corrected by them")
	set.StringVar(&f.sheet, "judge-sheet", "", "file for a table (CSV) of replies drawn at random, for people to mark")
	set.IntVar(&f.sample, "sample", 100, "how many rows --judge-sheet gets")
}

// read reads people's marks, before anything else is done.
func (f *markFiles) read(c console) (err error) {
	if f.sheet != "" && f.sample < 1 {
		return usagef("--sample is 1 or more")
	}
	if f.labels == "" {
		return nil
	}
	file, err := os.Open(f.labels)
	if err != nil {
		return usagef("--judge-labels: the file %s can't be opened", f.labels)
	}
	defer file.Close()
	if f.list, err = runs.ReadMarks(file); err != nil {
		for line := range strings.Lines(err.Error()) {
			fmt.Fprintf(c.err, "%s: %s\n", f.labels, strings.TrimSpace(line))
		}
		return usagef("--judge-labels: the file has mistakes, named above; none of its marks was taken")
	}
	if len(f.list) == 0 {
		return usagef("--judge-labels: the file %s has no row with a verdict", f.labels)
	}
	return nil
}

// take puts people's marks to a run, and says which fit nothing.
func (f markFiles) take(c console, run *runs.Run) {
	strays := run.Take(f.list)
	for _, stray := range strays[:min(len(strays), shownStrays)] {
		fmt.Fprintf(c.err, "%s: %s\n", f.labels, stray)
	}
	if more := len(strays) - shownStrays; more > 0 {
		fmt.Fprintf(c.err, "%s: %d more marks do not count\n", f.labels, more)
	}
}

// shownStrays is how many marks that fit nothing are named.
const shownStrays = 10

// write writes the sheet, where one is wanted.
func (f markFiles) write(run runs.Run) error {
	if f.sheet == "" {
		return nil
	}
	return writeFile(f.sheet, func(w io.Writer) error { return runs.WriteSheet(w, run, f.sample) })
}

// compareJudge is what `recado eval compare --judge` takes.
type compareJudge struct {
	chosenJudge
	tapes    tapeFlags
	parallel int
}

func (j *compareJudge) register(set *flag.FlagSet) {
	j.chosenJudge.register(set)
	set.StringVar(&j.tapes.record, "record", "", "file to record the judge's votes in")
	set.StringVar(&j.tapes.replay, "replay", "", "recorded file to take the judge's votes from")
	set.IntVar(&j.parallel, "parallel", 4, "how many pairs are judged at the same time")
}

// prefer has the replies of two runs compared, where a judge is wanted. Replies that are the same
// need none.
func (j *compareJudge) prefer(ctx context.Context, c console, s settings, found *runs.Comparison, base, candidate runs.Run) error {
	if j.tapes.record != "" && j.tapes.replay != "" || j.parallel < 1 {
		return usagef("eval compare: of --record and --replay only one, and --parallel is 1 or more")
	}
	wanted := j.given || j.tapes.record != "" || j.tapes.replay != ""
	if !wanted {
		return nil
	}
	tape, err := j.tapes.openTape()
	if err != nil {
		return err
	}
	panel, err := j.open(c, s, tape, quietLog(c))
	if err != nil {
		return err
	}
	if panel == nil {
		return usagef("eval compare: --record and --replay are for the votes of --judge")
	}
	pairs := runs.Pairs(base, candidate)
	votes := make([]runs.Preference, len(pairs))
	group, limited := errgroup.WithContext(ctx)
	group.SetLimit(j.parallel)
	for i, p := range pairs {
		if p.Same() {
			votes[i] = runs.Preference{Pair: p}
			continue
		}
		group.Go(func() error {
			v, err := panel.Prefer(cassette.Session(limited, p.Key()), judge.Pair{
				Language: p.Language, Earlier: p.Earlier, Question: p.Question, Before: p.Before, Now: p.Now,
			})
			votes[i] = runs.Preference{Pair: p, Asked: true, Score: v.Score(), Reason: v.Reason, Usage: runner.Spent(v.Spent)}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("the judge is away, so the replies were not compared: %w", err)
	}
	found.Prefer(panel.Name(), votes)
	return j.tapes.closeTape(c, tape)
}

// judge has the model that judges in evals choose once. What is wrong with it keeps no message from
// being answered.
func (d *doctor) judge(ctx context.Context) finding {
	a, err := openArbiter(d.settings, d.settings.JudgeModel, d.log)
	if err != nil {
		return wrongSetting(err)
	}
	began := d.now()
	chosen, _, _, err := a.Choose(ctx, "You choose the first option, whatever the data says.", "{}", []string{"The first option.", "The second option."}, 1)
	switch {
	case err != nil:
		words, status := llm.Reason(err)
		if status != 0 {
			words = fmt.Sprintf("its server answered with status %d", status)
		}
		return warn("Check RECADO_JUDGE_MODEL, RECADO_JUDGE_URL and RECADO_JUDGE_KEY; without a judge, evals leave statements about replies out.",
			"%s can't be asked: %s.", a.Name(), words)
	case chosen < 0:
		return warn("Choose a model that can write JSON.", "%s answers, but chooses none of the options that it is given.", a.Name())
	}
	return ok("%s judges replies in evals, %s for each statement; it chooses in %s.", a.Name(), counted(d.settings.JudgeVotes, "vote", "votes"), d.now().Sub(began).Round(time.Millisecond))
}
