package rag

import (
	"slices"
	"testing"
)

func TestShingles(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                                   nil,
		"one two three four five six":        nil,
		"One, two: three four-five ñu SEVEN": {"one two three four five ñu seven"},
		"1 2 3 4 5 6 7 8 9.":                 {"1 2 3 4 5 6 7", "2 3 4 5 6 7 8", "3 4 5 6 7 8 9"},
	} {
		if got := shingles(text); !slices.Equal(got, want) {
			t.Errorf("%q has the runs %q, not %q", text, got, want)
		}
	}
}
