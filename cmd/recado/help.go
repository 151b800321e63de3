package main

import (
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// ofSettings matches the end of what a flag says that is a setting as well.
var ofSettings = regexp.MustCompile(`\([A-Z][A-Z0-9_]+\)$`)

// oneDash is how the flag package begins the line of a flag.
var oneDash = regexp.MustCompile(`(?m)^  -`)

// printFlags writes what a command's flags are: by example first, then its own flags, and
// then the settings, which are the same for nearly all commands. Those of evals, which would bury what
// is their own, only say where they are.
func printFlags(w io.Writer, set *flag.FlagSet) {
	if examples := examplesOf(set.Name()); len(examples) > 0 {
		fmt.Fprintf(w, "For example:\n%s\n\n", strings.Join(examples, "\n"))
	}
	own, settings := flag.NewFlagSet("", flag.ContinueOnError), flag.NewFlagSet("", flag.ContinueOnError)
	set.VisitAll(func(f *flag.Flag) {
		to := own
		if ofSettings.MatchString(f.Usage) {
			to = settings
		}
		to.Var(f.Value, f.Name, f.Usage)
	})
	printPart(w, own, "Flags of recado "+set.Name()+":")
	if strings.HasPrefix(set.Name(), "eval ") && settings.Lookup("data") != nil {
		fmt.Fprint(w, "\nSettings are flags here too, such as --data FOLDER, --chat-model NAME and --rules FILE;\n`recado serve --help` lists all of them with their names in the environment.\n")
		return
	}
	printPart(w, settings, "Settings, which come from the environment too:")
}

func printPart(w io.Writer, set *flag.FlagSet, title string) {
	var text strings.Builder
	set.SetOutput(&text)
	set.PrintDefaults()
	if text.Len() > 0 {
		fmt.Fprintf(w, "%s\n%s", title, oneDash.ReplaceAllString(text.String(), "  --"))
	}
}

// examplesOf are the lines of the help of evals that are about a command, such as "eval run";
// one line may be about several: "recado eval retrieval|abstain --data DIR".
func examplesOf(name string) []string {
	word, ok := strings.CutPrefix(name, "eval ")
	if !ok {
		return nil
	}
	var lines []string
	for line := range strings.Lines(evalHelp + labelHelp) {
		words := strings.Fields(line)
		if strings.HasPrefix(line, "  recado "+name+" ") || len(words) > 2 && words[0] == "recado" && words[1] == "eval" && slices.Contains(strings.Split(words[2], "|"), word) {
			lines = append(lines, strings.TrimRight(line, "\n"))
		}
	}
	return lines
}
