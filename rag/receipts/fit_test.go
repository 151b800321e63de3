package receipts_test

import (
	"bytes"
	"flag"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/rag/confidence"
	"github.com/recado/recado/rag/receipts"
)

var update = flag.Bool("update", false, "write rag/receipts/default.json")

// document is a text of the demo shop with its sentences.
type document struct {
	locale, text string
	sentences    []string
}

func documents(t *testing.T) []document {
	t.Helper()
	var all []document
	add := func(locale, text string) {
		d := document{locale: locale, text: text}
		for _, s := range receipts.Split(text) {
			if len(strings.Fields(s)) >= 6 && !strings.ContainsAny(s, "|#") {
				d.sentences = append(d.sentences, s)
			}
		}
		if len(d.sentences) > 0 {
			all = append(all, d)
		}
	}
	for _, locale := range []string{"es", "en"} {
		files, err := fs.Glob(demoshop.Policies(), locale+"/*.md")
		if err != nil || len(files) == 0 {
			t.Fatalf("no policies in %s: %v", locale, err)
		}
		for _, name := range files {
			data, err := fs.ReadFile(demoshop.Policies(), name)
			if err != nil {
				t.Fatal(err)
			}
			for section := range strings.SplitSeq(string(data), "\n## ") {
				add(locale, section)
			}
		}
	}
	return all
}

// examples are sentences with a passage and whether it says them: as they stand there, with
// some words left out or exchanged for others, against another document of the shop, and
// half replaced by another sentence.
func examples(all []document) []confidence.Sample {
	random := rand.New(rand.NewPCG(7, 11))
	var samples []confidence.Sample
	add := func(d document, text string, supported bool) {
		samples = append(samples, confidence.Sample{Features: receipts.Features(d.locale, text, "", []string{d.text}), Right: supported})
	}
	other := func(d document) document {
		for {
			if o := all[random.IntN(len(all))]; o.locale == d.locale && o.text != d.text {
				return o
			}
		}
	}
	for _, d := range all {
		for i, s := range d.sentences {
			if i%3 != 0 {
				continue // a third is enough, and fast
			}
			o := other(d)
			add(d, s, true)
			add(d, reworded(random, s, o.text, 0.15), true)
			add(o, s, strings.Contains(o.text, s))
			add(d, half(s, o.sentences[random.IntN(len(o.sentences))]), false)
		}
	}
	return samples
}

// reworded leaves out or exchanges a share of the words.
func reworded(random *rand.Rand, sentence, from string, share float64) string {
	words, pool := strings.Fields(sentence), strings.Fields(from)
	var kept []string
	for _, w := range words {
		switch {
		case strings.ContainsAny(w, "0123456789") || random.Float64() >= share:
			kept = append(kept, w)
		case random.IntN(2) == 0:
			if new := pool[random.IntN(len(pool))]; !strings.ContainsAny(new, "0123456789#|") {
				kept = append(kept, new)
			}
		}
	}
	return strings.Join(kept, " ")
}

// half joins the beginning of one sentence and the end of another.
func half(a, b string) string {
	first, second := strings.Fields(a), strings.Fields(b)
	return strings.Join(append(first[:len(first)/3:len(first)/3], second[len(second)/3:]...), " ")
}

// TestShippedWeights fits the weights again and holds the shipped ones against them: they
// are what this test makes of the demo shop, and nothing else.
func TestShippedWeights(t *testing.T) {
	t.Parallel()
	samples := examples(documents(t))
	fitted, err := confidence.Fit(receipts.FeatureNames(), samples, 20)
	if err != nil {
		t.Fatal(err)
	}
	fitted.Name, fitted.FittedOn, fitted.FittedAt = "demo shop", "sentences of the demo shop's documents, reworded and altered", "2026-11-26"
	fitted.Model, fitted.Embedder, fitted.Threshold = "none", "none", 0.5
	fitted.Note = "The threshold is the even odds of the fit and promises nothing by itself."
	if *update {
		var file bytes.Buffer
		if err := fitted.Write(&file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("default.json", file.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	shipped, err := receipts.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	again, right := receipts.NewSupport(fitted), 0
	for _, s := range samples {
		p := shipped.Probability(s.Features)
		if q := again.Probability(s.Features); math.Abs(p-q) > 1e-6 {
			t.Fatalf("the shipped weights give %v and a new fit %v; run this test with -update", p, q)
		}
		if (p >= shipped.Threshold()) == s.Right {
			right++
		}
	}
	if share := float64(right) / float64(len(samples)); share < 0.9 {
		t.Errorf("only %.3f of %d sentences are judged right", share, len(samples))
	}
}
