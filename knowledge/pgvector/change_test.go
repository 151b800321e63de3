package pgvector

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func drawSection(t *rapid.T, name string) section {
	s := section{
		language: rapid.SampledFrom([]string{"", "es", "en"}).Draw(t, name+" language"),
		document: rapid.Int32Range(0, math.MaxInt32).Draw(t, name+" document"),
		terms:    rapid.SliceOfDistinct(rapid.String(), rapid.ID[string]).Draw(t, name+" terms"),
	}
	if len(s.terms) == 0 {
		return s
	}
	s.chunks = rapid.SliceOf(rapid.Custom(func(t *rapid.T) wordsOf {
		return wordsOf{
			no: rapid.Int32Range(1, math.MaxInt32).Draw(t, "no"), facet: rapid.Int32Range(-9, 9).Draw(t, "facet"),
			id: rapid.String().Draw(t, "id"), tokens: rapid.IntRange(0, math.MaxInt32).Draw(t, "tokens"),
			words: rapid.IntRange(0, math.MaxInt32).Draw(t, "words"),
			terms: rapid.SliceOf(rapid.Custom(func(t *rapid.T) termCount {
				return termCount{rapid.IntRange(0, len(s.terms)-1).Draw(t, "term"), rapid.IntRange(1, 99).Draw(t, "count")}
			})).Draw(t, "counts"),
		}
	})).Draw(t, name+" chunks")
	return s
}

func TestChangesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := change{removed: drawSection(t, "removed"), added: drawSection(t, "added")}
		for range rapid.IntRange(0, 3).Draw(t, "facets") {
			want.facets = append(want.facets, facetOf{no: rapid.Int32Range(0, 99).Draw(t, "no"), facet: rapid.Int32Range(-math.MaxInt32, math.MaxInt32).Draw(t, "facet")})
		}
		packed := want.pack()
		got, err := unpackChange(packed)
		options := []cmp.Option{cmp.AllowUnexported(change{}, section{}, wordsOf{}, termCount{}, facetOf{}), cmpopts.EquateEmpty()}
		if diff := cmp.Diff(want, got, options...); err != nil || diff != "" {
			t.Fatalf("%v, change (-want +got):\n%s", err, diff)
		}
		cut := rapid.IntRange(0, len(packed)-1).Draw(t, "cut")
		if _, err := unpackChange(packed[:cut]); !errors.Is(err, errPacked) {
			t.Fatalf("cut to %d of %d bytes: %v", cut, len(packed), err)
		}
	})
}

func TestPostingsComeBackSorted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOf(rapid.Custom(func(t *rapid.T) posting {
			return posting{rapid.Int32Range(1, math.MaxInt32).Draw(t, "no"), rapid.Uint16().Draw(t, "tf"), rapid.Uint16().Draw(t, "words")}
		})).Draw(t, "postings")
		list = merged(append(list, list...))
		if !slices.IsSortedFunc(list, func(a, b posting) int { return int(int64(a.no) - int64(b.no)) }) {
			t.Fatalf("not sorted: %v", list)
		}
		got, err := unpackPostings(nil, packPostings(list))
		if err != nil || !slices.Equal(got, list) {
			t.Fatalf("got %v, %v, want %v", got, err, list)
		}
	})
}

// FuzzUnpack takes anything for a change and for postings. What it makes sense of
// must survive being packed again.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add(change{}.pack())
	f.Add(packPostings([]posting{{1, 2, 3}, {70_000, 1, 80}}))
	s := section{language: "es", terms: []string{"plaz"}, chunks: []wordsOf{{no: 1, facet: -1, words: 2, terms: []termCount{{0, 2}}}}}
	f.Add(change{added: s, facets: []facetOf{{1, -1}}}.pack())
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := unpackChange(data); err == nil {
			again, err := unpackChange(c.pack())
			if err != nil || !bytes.Equal(again.pack(), c.pack()) {
				t.Errorf("a change differs after packing: %v", err)
			}
		}
		if list, err := unpackPostings(nil, data); err == nil {
			again, err := unpackPostings(nil, packPostings(list))
			if err != nil || !slices.Equal(again, list) {
				t.Errorf("postings differ after packing: %v", err)
			}
		}
	})
}
