package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/evals/suite"
)

// evalFlags are those of `recado eval`.
type evalFlags struct {
	cases  string
	asJSON bool
	calibrateFlags
}

// evalCommands measure on a data set of their own, which --data or --scores names.
func evalCommands() map[string]func(context.Context, console, []string) error {
	return map[string]func(context.Context, console, []string) error{
		"abstain":   runAbstain,
		"retrieval": runRetrieval,
		"grounded":  runGrounded,
		"pii":       runPII,
		"human":     runHuman,
		"injection": runInjection,
		"intents":   runIntents,
		"promise":   runPromise,
		"run":       runSuite,
		"replay":    runReplay,
		"report":    runReport,
		"compare":   runCompare,
		"power":     runPower,
		"rules":     runRules,
		"serve":     runBrowse,
		"import":    runImport,
		"label":     runLabel,
		"schema":    runSchema,
	}
}

// evalHelp says what can be measured, by example.
const evalHelp = `recado eval measures what customers would get.

Suites: conversations with what has to come of them
  recado eval run                                   the demo shop's suite, against the whole gateway
  recado eval run suite.yaml --html report.html     your own, with a page to look at
  recado eval run --system rag --filter hostile     the pipeline alone, cases with a tag
  recado eval run --record tape.jsonl               keep what models answer
  recado eval run --replay tape.jsonl               the same run without them
  recado eval run --against latest --md pr.md       compared with the run before
  recado eval run --filter simulated --repeat 3     customers who are played, three talks each
  recado eval run --speaker model                   a chat model plays them
  recado eval run --resume                          go on with a run that was interrupted
  recado eval run policies.yaml orders.yaml         several suites at once, each held to its own thresholds
  recado eval run --system https://bot.example.com/answer   another bot, by POST
  recado eval run --json run.json --junit junit.xml files for programs and build servers
  recado eval compare A.json B.json --margin 0.02   what changed, case by case
  recado eval run suite.yaml --judge=MODEL          a model judges the suite's statements about replies
  recado eval compare A.json B.json --judge         and which replies a model finds better
  recado eval report latest --judge-labels FILE     figures corrected by people's marks
  recado eval power latest --difference 0.03        how many cases it takes to see a difference
  recado eval power latest --json                   the same for a program
  recado eval replay --since 30d --candidate FILE   a change, tried on real conversations, before customers get it
  recado eval replay --candidate FILE --md pr.md    the same for a pull request; exit status 1 if it may be worse
  recado eval replay --candidate FILE --html r.html what changed, the riskiest first, side by side
  recado eval replay --candidate FILE --record tape.jsonl   keep what models answer; --replay tape.jsonl needs none
  recado eval rules latest --svg rules.svg          the calibrated rule beside those of the field
  recado eval report latest --html report.html      a run that was kept, in another form
  recado eval serve                                 the runs that were kept, in a browser
  recado eval serve --listen 127.0.0.1:9000         at another address
  recado eval import promptfoo CONFIG --out FILE    a suite out of another format
  recado eval import tau TASKS --out FILE           tau-bench's retail shop, with its orders
  recado eval import beir FOLDER --out FILE         questions with the documents that answer them
  recado eval import table questions.csv --out FILE labelled questions out of a spreadsheet
  recado eval import questions FILE --out FILE      the lines of JSON that recado eval calibrate reads
  recado eval schema                                the JSON schema of suites, for editors

Labelled questions
  recado eval questions                             the demo shop's, as a table
  recado eval calibrate --labels FILE               fit the confidence, choose the threshold
  recado eval promise --scores FILE                 is what a threshold promises kept?
  recado eval label                                 collect what people say of real answers

Data sets
  recado eval retrieval|abstain --data DIR
  recado eval intents --train FILE --data FILE
  recado eval grounded|human|pii|injection --data FILE

` + "`recado eval WORD --help` lists the flags of each.\n"

func runEval(ctx context.Context, c console, args []string) (err error) {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		_, err := io.WriteString(c.out, evalHelp)
		return err
	}
	if len(args) > 0 {
		if measure, ok := evalCommands()[args[0]]; ok {
			return measure(ctx, c, args[1:])
		}
	}
	var f evalFlags
	s, words, err := loadSettings(c, "eval", args, func(set *flag.FlagSet) {
		set.StringVar(&f.cases, "cases", "", "JSONL file of labelled questions about your own shop; without it the demo shop is asked")
		if args[0] == "calibrate" {
			set.StringVar(&f.figures, "json", "", "file to write the figures of the diagrams to as JSON; - is standard output")
		} else {
			set.BoolVar(&f.asJSON, "json", false, "print the report with every case as JSON")
		}
		f.register(set)
	})
	if err != nil {
		return err
	}
	if len(words) != 1 || (words[0] != "questions" && words[0] != "calibrate") {
		return unknownEval(words)
	}
	if err := f.check(); err != nil {
		return err
	}
	if words[0] == "calibrate" && f.labels != "" {
		return f.calibrateLabels(c, s)
	}
	cases, err := f.read()
	if err != nil {
		return err
	}
	a, err := openAnswering(ctx, c, s, f.cases == "")
	if err != nil {
		return err
	}
	defer func() { err = a.closers.close(err) }()
	report, err := a.measure(ctx, c, cases)
	if err != nil {
		return err
	}
	if words[0] == "calibrate" {
		return f.calibrateCases(c, a, report, f.cases == "")
	}
	if f.asJSON {
		return report.WriteJSON(c.out)
	}
	return report.WriteTable(c.out)
}

// unknownEval says which word was probably meant, and where all are.
func unknownEval(words []string) error {
	if len(words) != 1 {
		return usagef("eval: write one command, such as `recado eval run`; `recado eval --help` lists them")
	}
	names := append(slices.Sorted(maps.Keys(evalCommands())), "questions", "calibrate")
	near := cmp.Or(suite.Suggest(words[0], names), ".")
	return usagef("eval: there is no command %q%s `recado eval --help` lists them", words[0], near)
}

func (f evalFlags) read() ([]evals.Case, error) {
	if f.cases == "" {
		return evals.DemoCases()
	}
	file, err := os.Open(f.cases)
	if err != nil {
		return nil, fmt.Errorf("the cases can't be opened: %w", err)
	}
	defer file.Close()
	return evals.ReadCases(file)
}

func (a *answering) measure(ctx context.Context, c console, cases []evals.Case) (evals.Report, error) {
	live := terminal(c.err)
	report, err := evals.Run(ctx, evals.Config{
		Answerer: a.pipeline, Orders: a.book, Cases: cases, Logger: quietLog(c),
		Progress: func(done int) {
			if live {
				fmt.Fprintf(c.err, "\r\x1b[2K%d/%d", done, len(cases))
			}
		},
	})
	if live {
		fmt.Fprint(c.err, "\r\x1b[2K")
	}
	return report, err
}
