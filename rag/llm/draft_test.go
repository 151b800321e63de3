package llm

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

func TestReadDraftForgivesWrapping(t *testing.T) {
	t.Parallel()
	const inner = `{"answer":"Sí: 30 días.","citations":["a","b"],"orders":["#W1"],"language":"es","needs_human":false}`
	want := rag.Draft{Answer: "Sí: 30 días.", Citations: []string{"a", "b"}, Orders: []string{"#W1"}, Locale: "es"}
	for name, text := range map[string]string{
		"bare":               inner,
		"space around":       "\n\t " + inner + " \n",
		"fence":              "```json\n" + inner + "\n```",
		"fence without name": "```\n" + inner + "\n```",
		"text around":        "Here is the reply {as asked}:\n" + inner + "\nI hope that helps {you}!",
		"twice the same":     inner + "\n" + inner,
		"another object":     `{"thought":"easy"}` + inner,
		"thinking":           `<think>Maybe {"answer":"no"}? Or {"answer":</think>` + inner,
		"indented":           strings.ReplaceAll(inner, ",", ",\n  "),
		"unknown fields":     strings.Replace(inner, "{", `{"confidence":0.9,"x":{"answer":1},`, 1),
		"support of its own": strings.Replace(inner, "{", `{"support":1,`, 1),
		"language by region": strings.Replace(inner, `"es"`, `"ES-mx"`, 1),
		"language by name":   strings.Replace(inner, `"es"`, `"Spanish"`, 1),
		"control characters": strings.Replace(inner, "Sí", `\u0000Sí\u0007`, 1),
		"repeated citations": strings.Replace(inner, `["a","b"]`, `["a"," a ","","b"]`, 1),
	} {
		got, err := readDraft(text, "en")
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestReadDraftWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rag.Draft{
		`{"needs_human":true,"missing":"the price"}`:         {NeedsHuman: true, Missing: "the price", Locale: "en"},
		`{"answer":"","needs_human":true,"language":"none"}`: {NeedsHuman: true, Locale: "en"},
		`{"answer":null,"citations":null}`:                   {Locale: "en"},
		`{"answer":"Hi!","small_talk":true}`:                 {Answer: "Hi!", SmallTalk: true, Locale: "en"},
	} {
		got, err := readDraft(text, "en")
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestReadDraftRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "null", "[]", "42", `"answer"`, "{}", `{"Antwort":"x"}`, `{"answer":`, `{"answer":"x"`,
		`{"answer":1}`, `{"answer":["x"]}`, `{"answer":"x","citations":"a"}`, `{"answer":"x","citations":[1]}`,
		`{"answer":"x","orders":{}}`, `{"answer":"x","needs_human":"yes"}`, `{"answer":"x","language":"de"}`,
		`{"answer":"x"} or {"answer":"y"}`, strings.Repeat("{", 5000), strings.Repeat(`{"a":`, 20000),
	} {
		if d, err := readDraft(text, "es"); err == nil {
			t.Errorf("%.40q is read as %+v", text, d)
		} else if !cmp.Equal(d, rag.Draft{}) {
			t.Errorf("%.40q gives an error and %+v", text, d)
		}
	}
}

// TestReadDraftGivesBackWhatWasWritten: any draft, in any wrapping, is read as it
// was meant.
func TestReadDraftGivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	words := rapid.StringMatching(`[a-zA-Zñáé0-9{}"#\\:,. €\n-]{0,60}`)
	around := rapid.StringMatching(`[a-z:. \n` + "`" + `]{0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		want := rag.Draft{
			Answer: strings.TrimSpace(words.Draw(t, "answer")), Missing: strings.TrimSpace(words.Draw(t, "missing")),
			Citations: rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{1,8}#\d{4}`), 0, 4, rapid.ID).Draw(t, "citations"),
			Locale:    rapid.SampledFrom([]string{"es", "en"}).Draw(t, "language"), NeedsHuman: rapid.Bool().Draw(t, "human"),
		}
		if len(want.Citations) == 0 {
			want.Citations = nil
		}
		written, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readDraft(around.Draw(t, "before")+string(written)+around.Draw(t, "after"), "es")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzReadDraft(f *testing.F) {
	for _, seed := range []string{
		`{"answer":"x","citations":["a"],"language":"en"}`, "```json\n{\"answer\":\"x\"}\n```",
		`<think>{</think>{"needs_human":true}`, `{"answer":"\u0000\ud800"}`, `{"a":{"b":[{`, "{{{{", `{"answer":"x"}{"answer":"y"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = text[:min(len(text), maxContent)]
		began := time.Now()
		d, err := readDraft(text, "es")
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("reading took %v", took)
		}
		if err != nil {
			if !cmp.Equal(d, rag.Draft{}) {
				t.Errorf("an error and %+v", d)
			}
			return
		}
		if d.Locale != "es" && d.Locale != "en" {
			t.Errorf("the language is %q", d.Locale)
		}
		for _, s := range append(append([]string{d.Answer, d.Missing}, d.Citations...), d.Orders...) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) || s != strings.TrimSpace(s) {
				t.Errorf("%q got through", s)
			}
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := readDraft(string(again), "es"); err != nil || !cmp.Equal(d, back) {
			t.Errorf("read again it is %+v, %v", back, err)
		}
	})
}
