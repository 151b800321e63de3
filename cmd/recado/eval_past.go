package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	evalreport "github.com/recado/recado/evals/report"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
)

// runsFolder is where runs are kept.
func runsFolder(s settings, folder string) string {
	return cmp.Or(folder, filepath.Join(s.Data, "evals"))
}

// loadPast reads the flags of such a command and the runs that it names: files, or the ids of
// runs that were kept; "latest" is the newest.
func loadPast(c console, name string, args []string, want int, more func(*flag.FlagSet)) ([]runs.Run, error) {
	_, list, err := loadPastWith(c, name, args, want, more)
	return list, err
}

// loadPastWith gives the settings too.
func loadPastWith(c console, name string, args []string, want int, more func(*flag.FlagSet)) (settings, []runs.Run, error) {
	folder := ""
	s, words, err := loadSettings(c, name, args, func(set *flag.FlagSet) {
		set.StringVar(&folder, "runs", "", "`FOLDER` in which runs are kept; by default evals in the data folder")
		if more != nil {
			more(set)
		}
	})
	if err != nil {
		return s, nil, err
	}
	if len(words) != want {
		return s, nil, usagef("%s: name %s: a file of --json, the id of a run, or latest", name, counted(want, "run", "runs"))
	}
	var list []runs.Run
	for _, word := range words {
		r, err := findRun(runsFolder(s, folder), word)
		if err != nil {
			return s, nil, err
		}
		list = append(list, r)
	}
	return s, list, nil
}

// findRun reads a run by the name of its file, by its id, or the latest.
func findRun(folder, name string) (runs.Run, error) {
	if name == "latest" {
		list, err := runs.List(folder)
		if len(list) == 0 {
			return runs.Run{}, errors.Join(usagef("no run is kept yet: `recado eval run` makes one"), err)
		}
		return runs.Open(folder, list[0].ID)
	}
	if _, err := os.Stat(name); err == nil {
		r, err := runs.Read(name)
		if err != nil {
			return r, usagef("%s is not a run that `recado eval run --json` wrote", name)
		}
		return r, nil
	}
	r, err := runs.Open(folder, name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, usagef("there is no run %s; `recado eval serve` lists those that are kept", name)
	}
	return r, err
}

// reportFiles are the reports that are wanted as files.
type reportFiles struct{ asJSON, junit, markdown, html string }

func (f *reportFiles) register(set *flag.FlagSet) {
	set.StringVar(&f.asJSON, "json", "", "`FILE` for the run with every case; - prints it in place of the table")
	set.StringVar(&f.junit, "junit", "", "`FILE` for a build server")
	set.StringVar(&f.markdown, "md", "", "`FILE` for a pull request")
	set.StringVar(&f.html, "html", "", "`FILE` for a browser, with everything in it")
}

// writable looks whether the files can be written before the work is done that goes into them.
func (f reportFiles) writable(more ...string) error {
	for _, name := range append([]string{f.asJSON, f.junit, f.markdown, f.html}, more...) {
		if name == "" || name == "-" {
			continue
		}
		if folder, err := os.Stat(filepath.Dir(name)); err != nil || !folder.IsDir() {
			return usagef("the file %s can't be written: there is no folder %s", name, filepath.Dir(name))
		}
		if info, err := os.Stat(name); err == nil && info.IsDir() {
			return usagef("the file %s can't be written: it is a folder", name)
		}
	}
	return nil
}

// write writes the files that are wanted of a run.
func (f reportFiles) write(v evalreport.View) error {
	formats := []struct {
		name  string
		write func(io.Writer) error
	}{
		{f.asJSON, func(w io.Writer) error { return runs.Encode(w, v.Run) }},
		{f.junit, func(w io.Writer) error { return evalreport.WriteJUnit(w, v.Run) }},
		{f.markdown, func(w io.Writer) error { return evalreport.WriteMarkdown(w, v) }},
		{f.html, func(w io.Writer) error { return evalreport.WriteHTML(w, v) }},
	}
	for _, format := range formats {
		if format.name == "" || format.name == "-" {
			continue
		}
		if err := writeFile(format.name, format.write); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return usagef("the file %s can't be written", name)
	}
	return errors.Join(write(file), file.Close())
}

// runReport writes a run that was kept in other forms.
func runReport(_ context.Context, c console, args []string) error {
	var f reportFiles
	var marks markFiles
	language := "en"
	list, err := loadPast(c, "eval report", args, 1, func(set *flag.FlagSet) {
		f.register(set)
		marks.register(set)
		set.StringVar(&language, "report-language", "en", "language of the reports: en or es")
	})
	if err != nil {
		return err
	}
	if err := marks.read(c); err != nil {
		return err
	}
	if len(marks.list) > 0 {
		marks.take(c, &list[0])
		list[0].Measure()
	}
	if f.asJSON == "-" {
		return runs.Encode(c.out, list[0])
	}
	if err := evalreport.WriteTable(c.out, list[0], 0); err != nil {
		return err
	}
	return errors.Join(f.write(evalreport.View{Run: list[0], Language: language}), marks.write(list[0]))
}

// runCompare says what changed from one run to another, and fails where it got worse.
func runCompare(ctx context.Context, c console, args []string) error {
	var f reportFiles
	var terms runs.Terms
	var judges compareJudge
	language := "en"
	s, list, err := loadPastWith(c, "eval compare", args, 2, func(set *flag.FlagSet) {
		f.register(set)
		set.Float64Var(&terms.Margin, "margin", 0, "by how much the share of cases that pass may fall, such as 0.02; then the second run has to show that it did not")
		set.StringVar(&language, "report-language", "en", "language of the reports: en or es")
		judges.register(set)
	})
	if err != nil {
		return err
	}
	found := runs.Compare(list[0], list[1], terms)
	if err := judges.prefer(ctx, c, s, &found, list[0], list[1]); err != nil {
		return err
	}
	if f.asJSON == "-" {
		if err := printJSON(c.out, found); err != nil {
			return err
		}
	} else if err := found.WriteTable(c.out); err != nil {
		return err
	}
	view := evalreport.View{Run: list[1], Base: &list[0], Comparison: &found, Language: language}
	figures := f.asJSON
	f.asJSON = ""
	if err := f.write(view); err != nil {
		return err
	}
	if figures != "" && figures != "-" {
		if err := writeFile(figures, func(w io.Writer) error { return printJSON(w, found) }); err != nil {
			return err
		}
	}
	switch {
	case found.NotWorse != nil && !*found.NotWorse:
		return fmt.Errorf("it was not shown that the share of cases that pass fell by less than %g", terms.Margin)
	case found.NotWorse == nil && found.Verdict == runs.Worse:
		return errors.New(found.Summary)
	}
	return nil
}

// runPower says how many cases it takes to see a difference.
func runPower(_ context.Context, c console, args []string) error {
	difference, asJSON := 0.05, false
	list, err := loadPast(c, "eval power", args, 1, func(set *flag.FlagSet) {
		set.Float64Var(&difference, "difference", 0.05, "the difference in the share of cases that pass which should be seen, such as 0.05")
		set.BoolVar(&asJSON, "json", false, "print the plan as JSON")
	})
	if err != nil {
		return err
	}
	if difference <= 0 || difference >= 1 {
		return usagef("--difference is a share between 0 and 1, such as 0.05")
	}
	plan := runs.Power(list[0], difference)
	if asJSON {
		return printJSON(c.out, plan)
	}
	return plan.WriteTable(c.out)
}

// runBrowse serves the pages of past runs until it is stopped.
func runBrowse(ctx context.Context, c console, args []string) error {
	folder, listen := "", "127.0.0.1:8085"
	s, words, err := loadSettings(c, "eval serve", args, func(set *flag.FlagSet) {
		set.StringVar(&folder, "runs", "", "`FOLDER` in which runs are kept; by default evals in the data folder")
		set.StringVar(&listen, "listen", listen, "address to listen on; the pages hold what customers wrote, and nobody has to sign in")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("eval serve takes no arguments, only flags; got %q", words[0])
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return usagef("--listen %s is not an address such as 127.0.0.1:8085", listen)
	}
	local := settings{Listen: listen}.loopback()
	handler, err := evalreport.Browse(evalreport.BrowseConfig{Dir: runsFolder(s, folder), Logger: quietLog(c), AnyHost: !local})
	if err != nil {
		return err
	}
	listener, err := listenNear(ctx, listen)
	if err != nil {
		return err
	}
	if !local {
		fmt.Fprintf(c.err, "Whoever reaches %s can read the runs: nobody has to sign in.\n", cmp.Or(host, "this computer"))
	}
	fmt.Fprintf(c.out, "Runs: http://%s/\nCtrl-C ends it.\n", listener.Addr())
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { <-ctx.Done(); _ = server.Close() }() // Nothing is lost by it.
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the runs: %w", err)
	}
	return nil
}

// importers read the formats of others, by their names.
func importers() map[string]func(fs.FS, string) (suite.Suite, []suite.Note, error) {
	return map[string]func(fs.FS, string) (suite.Suite, []suite.Note, error){
		"promptfoo": suite.FromPromptfoo,
		"beir":      suite.FromBEIR,
		"tau":       suite.FromTau,
		"table":     suite.FromTable,
		"questions": suite.FromQuestions,
	}
}

// runImport writes a suite out of another format.
func runImport(_ context.Context, c console, args []string) error {
	out := ""
	set := flag.NewFlagSet("eval import", flag.ContinueOnError)
	set.StringVar(&out, "out", "", "`FILE` for the suite; without it, it is printed")
	words, err := interspersed(c, set, args)
	if err != nil {
		return err
	}
	if len(words) != 2 || importers()[words[0]] == nil {
		return usagef("eval import: write `recado eval import FORMAT PATH`; FORMAT is promptfoo, beir, tau, table (CSV or TSV) or questions (JSONL)")
	}
	if err := (reportFiles{}).writable(out); err != nil {
		return err
	}
	place, err := filepath.Abs(words[1])
	if err != nil {
		return fmt.Errorf("find %s: %w", words[1], err)
	}
	one, notes, err := importers()[words[0]](os.DirFS(filepath.Dir(place)), filepath.Base(place))
	if err == nil && out != "" {
		err = beside(c, words[0], place, out, &one)
	}
	for _, n := range notes {
		fmt.Fprintln(c.err, n)
	}
	if err != nil {
		return importError(words[1], err)
	}
	fmt.Fprintf(c.err, "%s; %s not taken over\n", counted(len(one.Cases), "case", "cases"), counted(len(notes), "thing was", "things were"))
	if out == "" {
		return suite.Write(c.out, one)
	}
	return writeFile(out, func(w io.Writer) error { return suite.Write(w, one) })
}

// importError says what is missing, or what can't be read.
func importError(name string, err error) error {
	var missing *fs.PathError
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &missing) {
		return err
	}
	if filepath.Base(missing.Path) == filepath.Base(name) {
		return usagef("eval import: there is no %s", name)
	}
	return usagef("eval import: %s is not complete: %s is missing", name, missing.Path)
}

// runSchema prints the JSON schema of suites, for editors.
func runSchema(_ context.Context, c console, args []string) error {
	words, err := interspersed(c, flag.NewFlagSet("eval schema", flag.ContinueOnError), args)
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("eval schema takes no arguments; got %q", words[0])
	}
	_, err = c.out.Write(suite.Schema())
	return err
}
