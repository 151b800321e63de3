// Package report shows what a run of a suite found: as a table in a terminal, as JUnit
// for a build server, as Markdown for a pull request, as one HTML file that needs nothing
// else, and as pages over the runs that were kept.
package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/recado/recado/evals/runs"
)

// View is what is shown: a run, and the one before it where two are compared.
type View struct {
	Run runs.Run
	// Home is the address of the list of runs, where there is one.
	Home string
	// Base is the run that Run is compared with, or nil.
	Base *runs.Run
	// Comparison is what runs.Compare says of Base and Run; where it is nil and there is a
	// Base, they are compared without a margin.
	Comparison *runs.Comparison
	// Language is that of the words, "es" or "en"; empty means "en". An HTML file holds
	// both and begins with this one.
	Language string
}

// compared has the comparison where there is a base.
func (v View) compared() View {
	if v.Base != nil && v.Comparison == nil {
		c := runs.Compare(*v.Base, v.Run, runs.Terms{})
		v.Comparison = &c
	}
	return v
}

// passed tells whether the run reached what it had to: all thresholds, or every case
// where the suite has none. A run that was broken off, or judged nothing, did not.
func passed(r runs.Run) bool {
	if !r.Complete || r.Cases == 0 {
		return false
	}
	if len(r.Gates) == 0 {
		return r.Failed == 0
	}
	return !slices.ContainsFunc(r.Gates, func(g runs.Gate) bool { return !g.OK })
}

// outages counts the results that were not judged.
func outages(r runs.Run) int {
	n := 0
	for _, one := range r.Results {
		if one.Outage != "" {
			n++
		}
	}
	return n
}

// skipped counts the results that the system can't be asked.
func skipped(r runs.Run) int {
	n := 0
	for _, one := range r.Results {
		if one.Outage == "" && one.Skipped != "" {
			n++
		}
	}
	return n
}

// judged tells whether a case was: its provider was there, and the system can be asked it.
func judged(r runs.Result) bool { return r.Outage == "" && r.Skipped == "" }

// status is "failed", "passed", "outage" or "skipped".
func status(r runs.Result) string {
	switch {
	case r.Outage != "":
		return "outage"
	case r.Skipped != "":
		return "skipped"
	case r.Passed:
		return "passed"
	}
	return "failed"
}

// name is how a result is called: its case, and the try where there are several.
func name(r runs.Result) string {
	if r.Try > 1 {
		return fmt.Sprintf("%s #%d", r.ID, r.Try)
	}
	return r.ID
}

// place is the file and the line, with the second line where there is one.
func place(r runs.Result, line int) string {
	if line = cmp.Or(line, r.Line); r.File == "" || line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d", r.File, line)
}

// failedChecks are those that did not hold, in the order of the conversation.
func failedChecks(r runs.Result) []runs.Check {
	var list []runs.Check
	for _, s := range r.Steps {
		for _, c := range s.Checks {
			if !c.OK {
				list = append(list, c)
			}
		}
	}
	return list
}

// failures are the results that failed, worst first: what weighs most, then those that
// said something wrong to a customer before those that only asked for a person, then by
// how much did not hold.
func failures(r runs.Run) []runs.Result {
	var list []runs.Result
	for _, one := range r.Results {
		if status(one) == "failed" {
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(a, b runs.Result) int {
		return cmp.Or(
			cmp.Compare(b.Weight, a.Weight), cmp.Compare(harm(b), harm(a)),
			cmp.Compare(len(failedChecks(b)), len(failedChecks(a))), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Try, b.Try),
		)
	})
	return list
}

// grouped puts the results of one group together, in the order of the first of each.
func grouped(list []runs.Result) [][]runs.Result {
	var groups [][]runs.Result
	at := map[string]int{}
	for _, r := range list {
		group := cmp.Or(r.Group, r.ID)
		if _, found := at[group]; !found {
			at[group] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[group]] = append(groups[at[group]], r)
	}
	return groups
}

// others names what failed besides the first of a group, without the name of the group.
func others(group []runs.Result) string {
	list := make([]string, 0, len(group))
	for _, one := range group[1:] {
		list = append(list, strings.TrimPrefix(name(one), one.Group+"/"))
	}
	return strings.Join(list, ", ")
}

// harm is 1 where a customer was told something that did not hold.
func harm(r runs.Result) int {
	for _, s := range r.Steps {
		wrong := slices.ContainsFunc(s.Checks, func(c runs.Check) bool { return !c.OK })
		if wrong && len(s.Replies) > 0 && s.Decision != "handoff" && s.Decision != "clarify" {
			return 1
		}
	}
	return 0
}

// asked is what the customer said first.
func asked(r runs.Result) string {
	for _, s := range r.Steps {
		if len(s.Said) > 0 {
			return strings.Join(s.Said, " / ")
		}
	}
	return ""
}

// replies are the texts that the customer got, in order.
func replies(r runs.Result) []string {
	var list []string
	for _, s := range r.Steps {
		for _, one := range s.Replies {
			list = append(list, one.Text)
		}
	}
	return list
}

// decisions are those of all turns, in order.
func decisions(r runs.Result) []string {
	var list []string
	for _, s := range r.Steps {
		if s.Decision != "" {
			list = append(list, s.Decision)
		}
	}
	return list
}

// refrains are the paragraphs that replies begin with again and again, such as who is writing:
// where there is room for a line they say nothing.
func refrains(r runs.Run) map[string]bool {
	counts, all := map[string]int{}, 0
	for _, one := range r.Results {
		for _, text := range replies(one) {
			all++
			if first, _, more := strings.Cut(text, "\n\n"); more {
				counts[first]++
			}
		}
	}
	often := map[string]bool{}
	for text, n := range counts {
		if n > 4 && 10*n > all {
			often[text] = true
		}
	}
	return often
}

// gist is a reply without a refrain.
func gist(text string, refrains map[string]bool) string {
	if first, rest, more := strings.Cut(text, "\n\n"); more && refrains[first] {
		return rest
	}
	return text
}

// cut shortens a text to so many characters, in one line.
func cut(text string, most int) string {
	letters := []rune(strings.Join(strings.Fields(text), " "))
	if len(letters) <= most {
		return string(letters)
	}
	return strings.TrimRight(string(letters[:max(0, most-1)]), " ") + "…"
}

// write hands over what is ready, all at once.
func write(w io.Writer, what string, b []byte) error {
	if _, err := w.Write(b); err != nil {
		return fmt.Errorf("write the %s of a run: %w", what, err)
	}
	return nil
}
