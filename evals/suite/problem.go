package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with a suite: where, and in a sentence what to do.
type Problem struct {
	File string
	// Line and Column count from 1; 0 where there is no such place.
	Line, Column int
	Text         string
}

// Error implements error: "demo.yaml:14:9: `sayz` is not a word of a step; did you mean
// `says`?".
func (p Problem) Error() string {
	place := p.File
	if p.Line > 0 {
		place += fmt.Sprintf(":%d", p.Line)
	}
	if p.Column > 0 {
		place += fmt.Sprintf(":%d", p.Column)
	}
	return place + ": " + p.Text
}

// Problems are all that is wrong, in the order of the files and lines.
type Problems []Problem

// Error implements error: one problem on each line.
func (p Problems) Error() string {
	lines := make([]string, 0, len(p))
	for _, one := range p {
		lines = append(lines, one.Error())
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the single problems to errors.As.
func (p Problems) Unwrap() []error {
	list := make([]error, 0, len(p))
	for _, one := range p {
		list = append(list, one)
	}
	return list
}

// Sorted orders problems by place and leaves out what is said twice, such as what an
// alias repeats.
func (p Problems) Sorted() Problems {
	slices.SortStableFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(p)
}

// quoted lists words for a sentence.
func quoted(words []string) string { return "`" + strings.Join(words, "`, `") + "`" }

// suggest is the end of a sentence about a word that is not known: the one that was
// probably meant, or all.
func suggest(word string, known []string) string {
	if near := closest(word, known); near != "" {
		return "; did you mean `" + near + "`?"
	}
	if len(known) == 0 {
		return ""
	}
	const most = 30
	if len(known) > most {
		return fmt.Sprintf("; it is none of the %d that there are", len(known))
	}
	return "; write one of " + quoted(known)
}

// Suggest is the end of a sentence about a word that is not among those known: the one that was
// probably meant, if any.
func Suggest(word string, known []string) string {
	if near := closest(word, known); near != "" {
		return "; did you mean `" + near + "`?"
	}
	return ""
}

// closest is the known word with the fewest changes to word, empty where that would be
// another word altogether.
func closest(word string, known []string) string {
	best, changes := "", max(1, len(word)/3)
	for _, k := range known {
		if n := distance([]rune(strings.ToLower(word)), []rune(k)); n <= changes && (best == "" || n < changes) {
			best, changes = k, n
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap with their neighbour.
func distance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
