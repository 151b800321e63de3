package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/evals/label"
	"github.com/recado/recado/gateway"
)

// labelHelp is what can be done with labels, by example.
const labelHelp = `For example:
  recado eval label sample --n 50 --out sample.csv           which turns to look at next, so that a figure is known soonest
  recado eval label serve --sample sample.csv --by ana       a page to look at them, one at a time
  recado eval label import sample.csv --by ana               what somebody wrote into the column right
  recado eval label export --since 90d --out labels.jsonl    all labels, for recado eval calibrate --labels
  recado eval label export --from agents --out agents.csv    only what agents say of handoffs and drafts
  recado eval label export --from suite run.json --out labels.jsonl
                                                             what the checks of a run say
  recado eval label agreement                                how much people agree, by language
  recado eval label serve --run run.json --out words.jsonl   look at the drafts of a run

` + "`recado eval label WORD --help` lists the flags of each. All but runs are of the store of your settings; docs/labels.md says what becomes of labels.\n"

func runLabel(ctx context.Context, c console, args []string) error {
	commands := map[string]func(context.Context, console, []string) error{
		"sample": runLabelSample, "serve": runLabelServe, "import": runLabelImport, "export": runLabelExport, "agreement": runLabelAgreement,
	}
	if len(args) == 0 || slices.Contains([]string{"help", "--help", "-h"}, args[0]) {
		_, err := io.WriteString(c.out, labelHelp)
		return err
	}
	run, ok := commands[args[0]]
	if !ok {
		return usagef("eval label: write sample, serve, import, export or agreement after it; `recado eval label` shows examples")
	}
	return run(ctx, c, args[1:])
}

// withStore opens the store, does something with it, and closes it.
func withStore(ctx context.Context, c console, s settings, do func(gateway.Store) error) error {
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	return errors.Join(do(store), store.Close())
}

// labelSince reads how far back to go: 30d, 12h, a day such as 2026-03-01, or all.
func labelSince(text string, now time.Time) (time.Time, error) {
	if text == "all" {
		return time.Time{}, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n > 0 {
			return now.AddDate(0, 0, -n), nil
		}
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return now.Add(-d), nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day, nil
	}
	return time.Time{}, usagef("--since %s is not a time: write 30d, 12h, a day such as 2026-03-01, or all", text)
}

// labelTable tells by the name of a file whether it is a table or lines of JSON.
func labelTable(name string) (table bool, err error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".csv", ".tsv":
		return true, nil
	case ".jsonl", ".ndjson", ".json":
		return false, nil
	}
	return false, usagef("%q does not say what it is: name the file .csv or .jsonl", name)
}

func runLabelExport(ctx context.Context, c console, args []string) error {
	from, since, out, people, texts := "", "all", "", "majority", false
	s, words, err := loadSettings(c, "eval label export", args, func(set *flag.FlagSet) {
		set.StringVar(&from, "from", "agents,audits", "what to take: agents, audits (what was picked or drawn), suite with the file of a run, or several with commas")
		set.StringVar(&since, "since", since, "how far back, by when it was said: 30d, 12h, a day such as 2026-03-01, or all")
		set.StringVar(&out, "out", "", "file to write, .jsonl for `recado eval calibrate` or .csv; needed")
		set.StringVar(&people, "people", people, "majority for what most say of a turn, each for a line of each person")
		set.BoolVar(&texts, "texts", false, "add the question, the draft and the notes, with personal data masked")
	})
	if err != nil {
		return err
	}
	parts := strings.Split(from, ",")
	wanted := label.Wanted{Agents: slices.Contains(parts, "agents"), Audits: slices.Contains(parts, "audits"), Each: people == "each", Texts: texts}
	if err := checkExport(parts, words, people); err != nil {
		return err
	}
	table, err := labelTable(out)
	if err != nil {
		return err
	}
	if wanted.Since, err = labelSince(since, time.Now()); err != nil {
		return err
	}
	var found label.Exported
	if wanted.Agents || wanted.Audits {
		err = withStore(ctx, c, s, func(store gateway.Store) (err error) {
			found, err = label.Export(ctx, store, wanted)
			return err
		})
		if err != nil {
			return err
		}
	}
	if found.Lines, err = addRuns(s, found.Lines, words, texts); err != nil {
		return err
	}
	if len(found.Lines) == 0 {
		return usagef("there is no label to export: `recado eval label sample` draws turns to look at, and agents say at the desk whether a handoff was needed")
	}
	write := label.WriteJSONL
	if table {
		write = label.WriteCSV
	}
	if err := writeFile(out, func(w io.Writer) error { return write(w, found.Lines) }); err != nil {
		return err
	}
	return tellExport(c, out, found)
}

func checkExport(parts, words []string, people string) error {
	for _, part := range parts {
		if !slices.Contains([]string{"agents", "audits", "suite"}, part) {
			return usagef("eval label export: --from takes agents, audits and suite, not %q", part)
		}
	}
	switch suite := slices.Contains(parts, "suite"); {
	case suite && len(words) == 0:
		return usagef("eval label export: --from suite needs the file of a run, of `recado eval run --json RUN.json`")
	case !suite && len(words) > 0:
		return usagef("eval label export: %q is read with --from suite alone", words[0])
	case people != "majority" && people != "each":
		return usagef("eval label export: --people is majority or each, not %q", people)
	}
	return nil
}

// addRuns adds what the checks of runs say. Beside labels that stand for real turns they
// decide no threshold: nobody drew them.
func addRuns(s settings, lines []label.Line, names []string, texts bool) ([]label.Line, error) {
	drawn := slices.ContainsFunc(lines, func(l label.Line) bool { return l.Weight > 0 })
	for _, name := range names {
		run, err := findRun(runsFolder(s, ""), name)
		if err != nil {
			return nil, err
		}
		more, err := label.FromRun(run, texts)
		if err != nil {
			return nil, err
		}
		for _, l := range more {
			l.Biased = drawn
			lines = append(lines, l)
		}
	}
	return lines, nil
}

func tellExport(c console, out string, found label.Exported) error {
	bySource, weighted := map[string]int{}, 0
	var sources []string
	for _, l := range found.Lines {
		if bySource[l.Source]++; bySource[l.Source] == 1 {
			sources = append(sources, l.Source)
		}
		if l.Weight > 0 {
			weighted++
		}
	}
	slices.Sort(sources)
	var parts []string
	for _, source := range sources {
		parts = append(parts, fmt.Sprintf("%d of %s", bySource[source], source))
	}
	fmt.Fprintf(c.out, "%s to %s: %s. %d stand for turns by a chance that is known.", counted(len(found.Lines), "label", "labels"), out, strings.Join(parts, ", "), weighted)
	if found.Unsure > 0 {
		fmt.Fprintf(c.out, " %s left out, of which as many people say one thing as the other.", counted(found.Unsure, "turn was", "turns were"))
	}
	_, err := fmt.Fprintln(c.out)
	return err
}

func runLabelImport(ctx context.Context, c console, args []string) error {
	by := ""
	s, words, err := loadSettings(c, "eval label import", args, func(set *flag.FlagSet) {
		set.StringVar(&by, "by", "", "who says so, where the file has no column by; needed")
	})
	if err != nil {
		return err
	}
	if len(words) != 1 {
		return usagef("eval label import: name one file, .csv or .jsonl, with the columns id and right")
	}
	table, err := labelTable(words[0])
	if err != nil {
		return err
	}
	file, err := os.Open(words[0])
	if err != nil {
		return usagef("the file %s can't be opened", words[0])
	}
	defer file.Close()
	list, skipped, err := label.ReadSaid(file, !table)
	if err != nil {
		return badLabelFile(words[0], err)
	}
	if by == "" && slices.ContainsFunc(list, func(one label.Said) bool { return one.By == "" }) {
		return usagef("eval label import: say with --by who made these verdicts")
	}
	err = withStore(ctx, c, s, func(store gateway.Store) error { return label.Import(ctx, store, list, by, time.Now()) })
	if err != nil {
		return badLabelFile(words[0], err)
	}
	fmt.Fprintf(c.out, "%s imported", counted(len(list), "verdict was", "verdicts were"))
	if skipped > 0 {
		fmt.Fprintf(c.out, "; %s without one yet", counted(skipped, "row is", "rows are"))
	}
	fmt.Fprintln(c.out, ".")
	return nil
}

// badLabelFile names the file before what is wrong with it, and says that nothing came of it.
func badLabelFile(name string, err error) error {
	if bad := (*label.FileError)(nil); errors.As(err, &bad) {
		return usagef("nothing was imported from %s:\n%s", name, bad)
	}
	return err
}

func runLabelAgreement(ctx context.Context, c console, args []string) error {
	asJSON := false
	s, words, err := loadSettings(c, "eval label agreement", args, func(set *flag.FlagSet) {
		set.BoolVar(&asJSON, "json", false, "print it as JSON")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("eval label agreement takes no arguments, only flags; got %q", words[0])
	}
	return withStore(ctx, c, s, func(store gateway.Store) error {
		list, err := label.Agree(ctx, store)
		switch {
		case err != nil:
			return err
		case asJSON:
			return printJSON(c.out, list)
		}
		return label.WriteAgreement(c.out, list)
	})
}

// designFlags say which turns to draw.
type designFlags struct {
	label.Design
	since, figure string
}

func (f *designFlags) register(set *flag.FlagSet) {
	set.IntVar(&f.N, "n", 50, "how many turns")
	set.Float64Var(&f.Audit, "audit", 0.2, "share of them that is drawn from all drafts alike, whatever the score says")
	set.StringVar(&f.figure, "figure", "", "what they are drawn for: risk, the share of sent answers that are wrong, or accuracy, the share of drafts that are right; by default risk where anything was sent")
	set.StringVar(&f.since, "since", "30d", "how far back: 30d, 12h, a day such as 2026-03-01, or all")
	set.Uint64Var(&f.Seed, "seed", 0, "the same seed draws the same turns; by default another one each time")
}

// drawn is a sample with the turns it is of.
type drawn struct {
	plan    label.Plan
	picked  []label.Picked
	records map[string]gateway.Record
	since   time.Time
}

func (f *designFlags) draw(ctx context.Context, store gateway.Store) (d drawn, err error) {
	now := time.Now()
	if d.since, err = labelSince(f.since, now); err != nil {
		return d, err
	}
	list, err := label.Turns(ctx, store, d.since)
	if err != nil {
		return d, err
	}
	if len(list) == 0 {
		return d, usagef("there is no draft to look at since then: go further back with --since, or wait until more was answered")
	}
	d.records = map[string]gateway.Record{}
	units := make([]label.Unit, len(list))
	for i, r := range list {
		d.records[r.ID], units[i] = r, label.UnitOf(r)
	}
	design := f.Design
	design.Figure, design.Seed = label.Figure(f.figure), cmp.Or(f.Seed, uint64(now.UnixNano()))
	if design.Audit == 0 {
		design.Audit = -1 // the package's word for none
	}
	if d.plan, err = label.NewPlan(units, design); err != nil {
		return d, usagef("eval label: %v", err)
	}
	d.picked = d.plan.Draw()
	return d, nil
}

func runLabelSample(ctx context.Context, c console, args []string) error {
	var f designFlags
	out := ""
	s, words, err := loadSettings(c, "eval label sample", args, func(set *flag.FlagSet) {
		f.register(set)
		set.StringVar(&out, "out", "", "file for the turns, .csv: say yes or no in its column right and import it; needed")
	})
	if err != nil {
		return err
	}
	if table, err := labelTable(out); err != nil || !table || len(words) > 0 {
		return usagef("eval label sample: name a file with --out sample.csv, and nothing else")
	}
	return withStore(ctx, c, s, func(store gateway.Store) error {
		d, err := f.draw(ctx, store)
		if err != nil {
			return err
		}
		before, known, err := label.Known(ctx, store, d.plan.Figure, d.since)
		if err != nil {
			return err
		}
		if err := writeFile(out, func(w io.Writer) error { return label.WriteSample(w, d.picked, d.records) }); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s of %d to %s, for %s.\n", counted(len(d.picked), "turn", "turns"), len(d.records), out, figureWords(d.plan.Figure))
		if err := d.plan.WriteTable(c.out); err != nil {
			return err
		}
		_, err = fmt.Fprintln(c.out, "\n"+widths(d.plan, before.High-before.Low, known, len(d.picked)))
		return err
	})
}

func figureWords(f label.Figure) string {
	if f == label.Risk {
		return "the share of sent answers that are wrong"
	}
	return "the share of drafts that are right"
}

// widths says in a sentence or two what the labels will be worth.
func widths(p label.Plan, before float64, known bool, n int) string {
	text := "Nothing is known of it yet."
	after, alike := p.Expected, p.Alike
	if known {
		text = fmt.Sprintf("Its interval is %.3f wide now.", before)
		after, alike = label.Together(before, after), label.Together(before, alike)
	}
	return fmt.Sprintf("%s With these %d labels it will be about %.3f wide, and with as many drawn alike %.3f, if the scores mean what they say.", text, n, after, alike)
}
