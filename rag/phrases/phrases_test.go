package phrases_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag/phrases"
)

// patterns are of every form that rules are written in.
var patterns = []string{
	`abogad[oa]s?`, `(no|nunca) (lo |la )?(reconozco|he autorizado)( \w+){0,2} cargo`, `suicid\w*`, `\w+(ando|iendo)`, `(i|we) (will|ll)( \w+)? (cancel|refund)`,
	`c[a-z]{2,4}r (service|care)`, `(a|an|the){0,2} ?agent`, `servicio tecnico( \.|$)`, `[a-z]+`, `x?`, `(?:(?:un|una) )*persona`, `he|hemos`, `ok`, `\d{3}`,
}

// parts are what the texts are made of, with what nearly matches.
var parts = []string{
	"abogado", "abogada", "abogad", "no", "nunca", "la", "reconozco", "he", "autorizado", "el", "cargo", "suicidio", "suicid", "cancelando", "ando", "i", "we",
	"will", "really", "refund", "customer", "car", "service", "care", "agent", "the", "servicio", "tecnico", ".", "un", "una", "persona", "hemos", "ok", "123", "12", "ñandú", "é",
}

func drawn(t *rapid.T) (chosen []string, text string) {
	chosen = rapid.SliceOfNDistinct(rapid.SampledFrom(patterns), 1, 6, rapid.ID[string]).Draw(t, "patterns")
	words := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(parts), rapid.StringMatching(`[a-z]{0,4}`)), 0, 9).Draw(t, "words")
	return chosen, strings.Join(words, rapid.SampledFrom([]string{" ", ""}).Draw(t, "between"))
}

// TestSetFindsWhatRegexpFinds holds every kind of Set against the regular expression that
// it says it is.
func TestSetFindsWhatRegexpFinds(t *testing.T) {
	t.Parallel()
	joined := func(patterns ...string) *phrases.Set {
		half := len(patterns) / 2
		if half == 0 {
			return phrases.Join(phrases.Words(patterns...))
		}
		return phrases.Join(phrases.Words(patterns[:half]...), phrases.Bare(patterns[half:]...))
	}
	for name, compile := range map[string]func(...string) *phrases.Set{"words": phrases.Words, "spaced": phrases.Spaced, "bare": phrases.Bare, "joined": joined} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				chosen, text := drawn(t)
				if name == "spaced" {
					text = " " + text + " "
				}
				set := compile(chosen...)
				whole := regexp.MustCompile(set.String())
				if got, want := set.MatchString(text), whole.MatchString(text); got != want {
					t.Errorf("%q in %q: %v, not %v", chosen, text, got, want)
				}
				if diff := cmp.Diff(whole.ReplaceAllString(text, " x "), set.ReplaceAllString(text, " x ")); diff != "" {
					t.Errorf("%q in %q is replaced otherwise:\n%s", chosen, text, diff)
				}
				if diff := cmp.Diff(whole.FindAllString(text, -1), set.FindAllString(text)); diff != "" {
					t.Errorf("%q in %q is found otherwise:\n%s", chosen, text, diff)
				}
				if diff := cmp.Diff(whole.FindStringIndex(text), set.FindStringIndex(text)); diff != "" {
					t.Errorf("%q in %q stands otherwise:\n%s", chosen, text, diff)
				}
			})
		})
	}
}

func TestSetMatchesWholeWords(t *testing.T) {
	t.Parallel()
	set := phrases.Words(`agent`, `(a|una) persona`)
	for text, want := range map[string]bool{
		"agent": true, "an agent now": true, "agents": false, "reagent": false, "": false, "una persona": true, "una personal": false, "persona": false,
	} {
		if got := set.MatchString(text); got != want {
			t.Errorf("%q: %v, not %v", text, got, want)
		}
	}
}

// FuzzSet is TestSetFindsWhatRegexpFinds with texts of any kind.
func FuzzSet(f *testing.F) {
	for _, text := range append(parts, strings.Join(parts, " "), " ", "  ", "\xff agent") {
		f.Add(text)
	}
	set := phrases.Words(patterns[:8]...)
	whole := regexp.MustCompile(set.String())
	f.Fuzz(func(t *testing.T, text string) {
		if got, want := set.MatchString(text), whole.MatchString(text); got != want {
			t.Errorf("%q: %v, not %v", text, got, want)
		}
	})
}
