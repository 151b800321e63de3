package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/evals/cassette"
	evalreport "github.com/recado/recado/evals/report"
	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/evals/suites"
)

// runFlags are those of `recado eval run`.
type runFlags struct {
	reportFiles
	judge chosenJudge
	marks markFiles
	speakFlags
	tapeFlags
	system, token, against             string
	filter, folder, language           string
	repeat, parallel                   int
	live, resume, throwAway, asWritten bool
}

func (f *runFlags) register(set *flag.FlagSet) {
	f.reportFiles.register(set)
	f.judge.register(set)
	f.marks.register(set)
	f.speakFlags.register(set)
	f.tapeFlags.register(set)
	set.StringVar(&f.system, "system", "gateway", "`SYSTEM` that is asked: gateway (all of it, behind an emulated phone), rag (the pipeline and its decisions), or the URL of an endpoint")
	set.StringVar(&f.token, "token", "", "bearer `TOKEN` for the endpoint of --system")
	set.StringVar(&f.against, "against", "", "an earlier `RUN` to compare with: its file, its id, or latest")
	set.StringVar(&f.filter, "filter", "", "only cases with this `TAG`, or whose id begins so, or of this suite of several")
	set.StringVar(&f.folder, "runs", "", "`FOLDER` in which runs are kept; by default evals in the data folder")
	set.StringVar(&f.language, "report-language", "en", "`LANGUAGE` of the reports: en or es")
	set.IntVar(&f.repeat, "repeat", 1, "how often each case is run, as `K`: with it pass^K, the share of cases that pass each time")
	set.IntVar(&f.parallel, "parallel", runtime.GOMAXPROCS(0), "how many cases run at the same time")
	set.BoolVar(&f.live, "live", false, "ask about the documents and orders of your settings in place of those of the suite")
	set.BoolVar(&f.resume, "resume", false, "go on with a run that was interrupted")
	set.BoolVar(&f.throwAway, "no-keep", false, "do not keep the run")
	set.BoolVar(&f.asWritten, "as-written", false, "leave out the variants that generators make")
}

func (f runFlags) check() error {
	switch {
	case f.repeat < 1 || f.parallel < 1:
		return usagef("eval run: --repeat and --parallel are 1 or more")
	case f.language != "en" && f.language != "es":
		return usagef("eval run: --report-language is en or es")
	case f.resume && f.taping():
		return usagef("eval run: a recording is of one whole run: leave out --resume, or --record and --refresh")
	}
	return errors.Join(f.tapeFlags.check("eval run"), f.speakFlags.check())
}

// runSuite is `recado eval run`.
func runSuite(ctx context.Context, c console, args []string) (err error) {
	var f runFlags
	s, names, err := loadSettings(c, "eval run", args, f.register)
	if err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	one, root, err := readSuite(names)
	if err != nil {
		return suiteError(c, one, err)
	}
	if err := f.marks.read(c); err != nil {
		return err
	}
	if err := f.writable(f.record, f.refresh); err != nil {
		return err
	}
	base, err := f.base(s)
	if err != nil {
		return err
	}
	tape, err := f.openTape()
	if err != nil {
		return err
	}
	shop, err := openEvalShop(ctx, c, s, one.Shop, root, f.live, tape)
	if err != nil && ctx.Err() != nil {
		return errors.New("interrupted before anything was asked")
	}
	if err != nil {
		return err
	}
	defer func() { err = shop.closers.close(err) }()
	if err := shop.holds(c, one); err != nil {
		return err
	}
	if one, err = f.chosen(one); err != nil {
		return err
	}
	run, err := f.run(ctx, c, s, shop, one, tape)
	if err != nil {
		return err
	}
	if err := f.closeTape(c, tape); err != nil {
		return err
	}
	return f.report(c, evalreport.View{Run: run, Base: base, Language: f.language})
}

// readSuite reads the files or folders of a suite, by default the demo shop's, and gives
// the folder that their paths start from.
func readSuite(names []string) (suite.Suite, string, error) {
	if len(names) == 0 {
		one, err := suite.Read(suites.Demo(), nil)
		return one, ".", err
	}
	root, relative, err := commonFolder(names)
	if err != nil {
		return suite.Suite{}, "", err
	}
	one, err := suite.ReadAll(os.DirFS(root), relative)
	return one, root, err
}

// commonFolder gives the folder that holds all names, and the names within it.
func commonFolder(names []string) (root string, relative []string, err error) {
	var places []string
	for _, name := range names {
		place, err := filepath.Abs(name)
		if err != nil {
			return "", nil, fmt.Errorf("find %s: %w", name, err)
		}
		if _, err := os.Stat(place); err != nil {
			return "", nil, usagef("there is no suite %s", name)
		}
		places = append(places, place)
	}
	root = filepath.Dir(places[0])
	for _, place := range places {
		for !strings.HasPrefix(place, strings.TrimSuffix(root, "/")+"/") {
			root = filepath.Dir(root)
		}
	}
	for _, place := range places {
		name, err := filepath.Rel(root, place)
		if err != nil {
			return "", nil, fmt.Errorf("find %s: %w", place, err)
		}
		relative = append(relative, filepath.ToSlash(name))
	}
	return root, relative, nil
}

// suiteError prints all that is wrong with a suite, a line each.
func suiteError(c console, one suite.Suite, err error) error {
	var problems suite.Problems
	if !errors.As(err, &problems) {
		if errors.Is(err, fs.ErrNotExist) {
			return usagef("eval: there is no such suite")
		}
		return err
	}
	// What is right so far is held against the figures that there are: all that is wrong is said at once.
	return wrongSuite(c, append(problems, suite.Check(one, suite.Known{Metrics: runs.Names(), Shares: runs.Shares()})...))
}

// wrongSuite prints what is wrong with a suite, a line each.
func wrongSuite(c console, problems suite.Problems) error {
	for _, p := range problems.Sorted() {
		fmt.Fprintln(c.err, p.Error())
	}
	return usagef("the suite has %s; nothing was run", counted(len(problems), "mistake", "mistakes"))
}

// holds holds the suite against the shop that it is about.
func (e *evalShop) holds(c console, one suite.Suite) error {
	known, err := e.known()
	if err != nil {
		return err
	}
	if problems := suite.Check(one, known); len(problems) > 0 {
		return wrongSuite(c, problems)
	}
	return nil
}

// chosen is the suite with the cases that are asked for.
func (f runFlags) chosen(one suite.Suite) (suite.Suite, error) {
	var words []string
	for _, c := range one.Cases {
		words = append(words, append([]string{c.Suite, c.Group}, c.Tags...)...)
	}
	if one.Cases = f.take(one.Cases); len(one.Cases) == 0 {
		return one, usagef("eval run: no case has the tag %q or an id that begins so%s", f.filter, suite.Suggest(f.filter, words))
	}
	return one, nil
}

// take leaves the cases that are asked for.
func (f runFlags) take(cases []suite.Case) []suite.Case {
	return slices.DeleteFunc(slices.Clone(cases), func(c suite.Case) bool {
		if f.asWritten && c.Variant != "" {
			return true
		}
		return f.filter != "" && c.Suite != f.filter && !slices.Contains(c.Tags, f.filter) && !strings.HasPrefix(c.ID, f.filter)
	})
}

// open gives the system that is asked. What fails is part of a case, and of the report.
func (f runFlags) open(ctx context.Context, shop *evalShop) (runner.System, error) {
	switch f.system {
	case "gateway":
		return openStage(ctx, shop, f.parallel, slog.New(slog.DiscardHandler))
	case "rag":
		return &rehearsals{evalShop: shop, log: slog.New(slog.DiscardHandler)}, nil
	}
	system, err := runner.NewEndpoint(runner.EndpointConfig{URL: f.system, Token: f.token})
	if err != nil {
		return nil, usagef("--system: %v", err)
	}
	return system, nil
}

// run takes the suite through the system and measures what came of it. A run that was
// interrupted stays in the folder of runs, to be gone on with.
func (f runFlags) run(ctx context.Context, c console, s settings, shop *evalShop, one suite.Suite, tape *cassette.Cassette) (run runs.Run, err error) {
	system, err := f.open(ctx, shop)
	if err != nil {
		return runs.Run{}, err
	}
	config := runner.Config{
		Suite: one, System: system, Repeat: f.repeat, Parallel: f.parallel, Revision: revision(ctx), Progress: progress(c, len(one.Cases)*f.repeat),
	}
	if config.Cast, err = f.cast(s, tape, quietLog(c)); err != nil {
		return runs.Run{}, err
	}
	if tape != nil {
		config.Session = cassette.Session
	}
	panel, err := f.judge.open(c, s, tape, quietLog(c))
	if err != nil {
		return runs.Run{}, err
	}
	if panel != nil {
		config.Judge = panel
	}
	if tape != nil && tape.Mode() == cassette.Replay {
		// A replay is no event of today, and says nothing about time.
		config.Untimed, config.Started = true, one.Clock
	}
	journal, err := f.journal(s, &config)
	if err != nil {
		return runs.Run{}, err
	}
	run, err = runner.Run(ctx, config)
	if terminal(c.err) {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	if err != nil {
		return run, f.interrupted(journal, err)
	}
	f.marks.take(c, &run)
	f.summarise(&run, one)
	if journal == nil {
		return run, nil
	}
	if _, err := runs.Keep(runsFolder(s, f.folder), run); err != nil {
		return run, err
	}
	if run.Outages > 0 {
		// The journal stays, so that --resume asks again what nobody answered.
		fmt.Fprintf(c.err, "%s a provider away: --resume asks again, and nothing else\n", counted(run.Outages, "case found", "cases found"))
		return run, journal.Close()
	}
	return run, journal.Finish()
}

// summarise measures a run. A part of a suite can't miss what its cases are too few to show.
func (f runFlags) summarise(run *runs.Run, one suite.Suite) {
	run.Summarise(one)
	if f.filter != "" || f.asWritten {
		run.Gates = slices.DeleteFunc(run.Gates, runs.Gate.Scarce)
	}
}

// journal opens what keeps each result as it comes, and with --resume takes up the latest
// run of the same suite that was interrupted.
func (f runFlags) journal(s settings, config *runner.Config) (*runs.Journal, error) {
	if f.throwAway {
		return nil, nil //nolint:nilnil // nil keeps nothing
	}
	folder := runsFolder(s, f.folder)
	if f.resume {
		began, err := f.latest(folder, config.Header())
		if err != nil {
			return nil, err
		}
		config.Started = began
	}
	journal, done, err := runs.Begin(folder, config.Header())
	if err != nil {
		return nil, err
	}
	config.Done, config.Keep = map[string]runs.Result{}, journal.Append
	for _, r := range done {
		config.Done[runner.Key(r.ID, r.Try)] = r
	}
	return journal, nil
}

// latest is when the newest interrupted run began that is of the same suite and of what
// answers now.
func (f runFlags) latest(folder string, now runs.Run) (time.Time, error) {
	list, err := runs.Unfinished(folder)
	if err != nil {
		return time.Time{}, err
	}
	for _, r := range list {
		if r.Suite == now.Suite && r.Revision == now.Revision && r.Config == now.Config && r.System == now.System && r.Model == now.Model && r.Judge == now.Judge && r.Repeat == now.Repeat && r.Content == now.Content {
			return r.Started, nil
		}
	}
	return time.Time{}, usagef("--resume: no interrupted run of this suite as it is now, at this revision and configuration and with these flags, is in %s; run it without --resume", folder)
}

// interrupted says how a run can be gone on with.
func (f runFlags) interrupted(journal *runs.Journal, err error) error {
	refused := errors.Is(err, runner.ErrRefused)
	if refused {
		err = usagef("eval run: %v", err)
	}
	if journal == nil {
		return err
	}
	goOn := "go on with --resume"
	if f.taping() {
		goOn = "nothing was recorded, because a recording is of one whole run: start again for that, or go on with --resume alone"
	}
	switch closed := journal.Close(); {
	case refused:
		return err
	case closed != nil:
		return errors.Join(err, closed)
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted; what was found is kept: " + goOn)
	case errors.Is(err, runner.ErrProviderAway):
		return awayError{err.Error() + "; what was found is kept: " + goOn}
	}
	return fmt.Errorf("%w; what was found is kept: %s", err, goOn)
}

// progress shows a bar on a terminal.
func progress(c console, total int) func(done, passed, failed int) {
	if !terminal(c.err) {
		return nil
	}
	began := time.Now()
	return func(done, passed, failed int) {
		left := time.Duration(float64(time.Since(began)) / float64(done) * float64(total-done)).Round(time.Second)
		fmt.Fprintf(c.err, "\r\x1b[2K%s %d/%d  %d passed, %d failed, %v left", filled(done, total), done, total, passed, failed, left)
	}
}

// filled is a bar of twenty places.
func filled(done, total int) string {
	n := 20 * done / max(1, total)
	return "[" + strings.Repeat("#", n) + strings.Repeat(".", 20-n) + "]"
}

// revision is that of the git repository that the program is run in, with "+" where
// something is not committed, or empty where there is none.
func revision(ctx context.Context) string {
	commit, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	id := strings.TrimSpace(string(commit))
	if changed, err := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); err != nil || len(changed) > 0 {
		id += "+"
	}
	return id
}

// base is the run to compare with, or nil. It is looked for before this one is kept, so that
// "latest" is the one before.
func (f runFlags) base(s settings) (*runs.Run, error) {
	if f.against == "" {
		return nil, nil //nolint:nilnil // nil compares with nothing
	}
	base, err := findRun(runsFolder(s, f.folder), f.against)
	return &base, err
}

// report writes everything that is wanted of a run, and fails where it did not reach what
// it has to.
func (f runFlags) report(c console, view evalreport.View) error {
	run := view.Run
	if f.asJSON == "-" {
		if err := runs.Encode(c.out, run); err != nil {
			return err
		}
	} else if err := evalreport.WriteTable(c.out, run, 0); err != nil {
		return err
	}
	return errors.Join(f.write(view), f.marks.write(run), verdict(run))
}

// verdict is an error where a run did not reach its thresholds, or, without any, where a
// case failed, and where too few cases were judged to tell.
func verdict(run runs.Run) error {
	missed := 0
	for _, g := range run.Gates {
		if !g.OK {
			missed++
		}
	}
	switch {
	case run.Away():
		return awayError{fmt.Sprintf("%d of %s found a provider away, so that the others don't say whether the suite passes; --resume asks those again, and nothing else",
			run.Outages, counted(run.Cases+run.Outages, "case", "cases"))}
	case missed > 0:
		return fmt.Errorf("%d of %s not reached", missed, counted(len(run.Gates), "threshold was", "thresholds were"))
	case len(run.Gates) == 0 && run.Failed > 0:
		return fmt.Errorf("%s failed", counted(run.Failed, "case", "cases"))
	}
	return nil
}
