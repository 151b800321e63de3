package report_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/evals/report"
	"github.com/recado/recado/evals/runs"
)

func page(t testing.TB, v report.View) string {
	t.Helper()
	return string(written(t, func(w io.Writer) error { return report.WriteHTML(w, v) }))
}

// TestTextsAreInBothLanguages holds that every text that is asked for is there, in
// Spanish and in English.
func TestTextsAreInBothLanguages(t *testing.T) {
	t.Parallel()
	all := report.Phrases()
	for key, both := range all {
		if both[0] == "" || both[1] == "" {
			t.Errorf("%s lacks a language: %q", key, both)
		}
	}
	asked := regexp.MustCompile(`\bt\(?\s?["'](\w+)["']|(?:pick|word|part|fold)\([^)]*?t\('(\w+)'\)`)
	for _, pattern := range []string{"templates/*.html", "static/*.js"} {
		names, err := fs.Glob(report.Files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v, %v", pattern, names, err)
		}
		for _, file := range names {
			content, err := fs.ReadFile(report.Files, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range asked.FindAllStringSubmatch(string(content), -1) {
				key := m[1] + m[2]
				if strings.HasSuffix(key, "_") {
					continue // the rest of it is a word of the run
				}
				if _, found := all[key]; !found {
					t.Errorf("%s asks for %q, which is no text", file, key)
				}
			}
		}
	}
}

func TestFiguresAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	for metric, want := range map[string][2]string{
		"passed":               {"whole", "Cases passed"},
		"pass^3":               {"whole", "All tries pass, of 3"},
		"coverage":             {"decision", "Answered rightly, of those that could be"},
		"coverage@risk5":       {"decision", "Coverage at a risk in % of 5"},
		"recall@10":            {"retrieval", "Right documents up to place 10"},
		"latency_p95/retrieve": {"time", "19 of 20 replies: retrieve"},
		"passed_by_chance":     {"other", "passed_by_chance"},
	} {
		theme, label := report.FigureOf(metric, "en")
		if diff := cmp.Diff(want, [2]string{theme, label}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", metric, diff)
		}
	}
	for _, metric := range runs.Names() {
		if theme, _ := report.FigureOf(metric, "es"); theme == "other" {
			t.Errorf("%s has no name for people", metric)
		}
	}
}

// block unpacks a part of a report as the script does.
func block(t testing.TB, page, id string, into any) {
	t.Helper()
	m := regexp.MustCompile(`<script type="text/plain" id="` + id + `">([A-Za-z0-9+/=]*)</script>`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("there is no block %s", id)
	}
	packed, err := base64.StdEncoding.DecodeString(m[1])
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(r).Decode(into); err != nil {
		t.Fatal(err)
	}
}

// revive puts the long texts back where their numbers stand.
func revive(value any, texts []string) any {
	switch v := value.(type) {
	case string:
		if rest, found := strings.CutPrefix(v, "\x01"); found {
			if i, err := strconv.Atoi(rest); err == nil {
				return texts[i]
			}
		}
	case []any:
		for i := range v {
			v[i] = revive(v[i], texts)
		}
	case map[string]any:
		for key := range v {
			v[key] = revive(v[key], texts)
		}
	}
	return value
}

// unpacked are the results that a report holds, by case and try.
func unpacked(t testing.TB, page string) map[string]any {
	t.Helper()
	var texts []string
	block(t, page, "texts", &texts)
	results := map[string]any{}
	for i := range strings.Count(page, `id="block-`) {
		var details []any
		block(t, page, "block-"+strconv.Itoa(i), &details)
		for _, d := range revive(details, texts).([]any) {
			r := d.(map[string]any)["r"].(map[string]any)
			results[r["id"].(string)] = r
		}
	}
	return results
}

// TestReportHoldsEveryRecord holds that what is unpacked is what the run had, texts that
// come often and texts that look like their numbers too.
func TestReportHoldsEveryRecord(t *testing.T) {
	t.Parallel()
	run := sampleOf(t, 1, 4)
	run.Results[0].Steps[0].Said = []string{"\x0112"}
	got := unpacked(t, page(t, report.View{Run: run}))
	if len(got) != len(run.Results) {
		t.Fatalf("%d of %d cases", len(got), len(run.Results))
	}
	for _, r := range run.Results {
		encoded, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var want any
		if err := json.Unmarshal(encoded, &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got[r.ID]); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", r.ID, diff)
		}
	}
}

// tags are the elements and attributes that a report may be made of.
var (
	allowed = regexp.MustCompile(`^(?:a|b|body|br|button|caption|circle|code|dd|details|div|dl|dt|figcaption|figure|h1|h2|h3|head|header|html|li|line|main|meta|nav|noscript|p|polygon|polyline|rect|script|section|span|style|summary|svg|table|tbody|td|text|th|thead|title|tr|ul)$`)
	opened  = regexp.MustCompile(`<([A-Za-z][^\s/>]*)`)
	scripts = regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(?:script|style)>`)
	events  = regexp.MustCompile(`<[^>]*\s(on\w+|style|src)=`)
)

// TestHostileTextsStayTextsInHTML: whatever a run holds, the page has no element, no
// attribute and no script of its own, and no text of a customer outside of its blocks is
// read as HTML.
func TestHostileTextsStayTextsInHTML(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		run, base := anyRun(t), anyRun(t)
		var b bytes.Buffer
		if err := report.WriteHTML(&b, report.View{Run: run, Base: &base, Comparison: anyComparison(t)}); err != nil {
			t.Fatal(err)
		}
		all := b.String()
		for _, s := range scripts.FindAllString(all, -1) {
			if strings.Contains(s, "owned") {
				t.Fatalf("a text of a customer stands in %s", s)
			}
		}
		rest := scripts.ReplaceAllString(all, "")
		for _, m := range opened.FindAllStringSubmatch(rest, -1) {
			if !allowed.MatchString(m[1]) {
				t.Fatalf("the page has <%s>", m[1])
			}
		}
		if m := events.FindString(rest); m != "" {
			t.Fatalf("the page has %s", m)
		}
		if n := strings.Count(all, "<script>"); n != 1 {
			t.Fatalf("%d scripts run", n)
		}
	})
}

// TestReportNeedsNothingElse: no address of another place is loaded, and the policy of the
// page names its script and its style by their hashes.
func TestReportNeedsNothingElse(t *testing.T) {
	t.Parallel()
	got := page(t, report.View{Run: sampleRun(t), Language: "es"})
	if strings.Contains(got, "http://") || strings.Contains(strings.ReplaceAll(got, "javascript:alert", ""), "https://") {
		t.Error("the page names another place")
	}
	if !regexp.MustCompile(`content="default-src 'none'; script-src 'sha256-[^;]+'; style-src 'sha256-[^;]+';`).MatchString(html.UnescapeString(got)) {
		t.Error("the page has no policy with the hashes of its script and style")
	}
	if !strings.Contains(got, `<html lang="es">`) || !strings.Contains(got, "No superado.") || !strings.Contains(got, "Failed.") {
		t.Error("the page does not begin in Spanish with both languages in it")
	}
}

// TestLargeReport holds that thousands of cases with different records stay small enough
// to be opened.
func TestLargeReport(t *testing.T) {
	t.Parallel()
	run := sampleOf(t, 1, 157)
	began := time.Now()
	got := page(t, report.View{Run: run})
	t.Logf("%d cases in %d bytes, written in %v", len(run.Results), len(got), time.Since(began))
	if len(run.Results) < 5000 || len(got) > 20<<20 {
		t.Errorf("%d cases take %d bytes", len(run.Results), len(got))
	}
}

func TestDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after string
		want          []report.Piece
	}{
		{"", "", nil},
		{"the same", "the same", []report.Piece{{Text: "the same"}}},
		{"in 5 to 10 days", "in 3 to 10 days", []report.Piece{{Text: "in "}, {Op: "-", Text: "5"}, {Op: "+", Text: "3"}, {Text: " to 10 days"}}},
		{"Yes we do.", "Always, and for free.", []report.Piece{{Op: "-", Text: "Yes we do."}, {Op: "+", Text: "Always, and for free."}}},
		{"arrives quite soon, I think", "arrives by noon, I think", []report.Piece{{Text: "arrives "}, {Op: "-", Text: "quite soon,"}, {Op: "+", Text: "by noon,"}, {Text: " I think"}}},
	} {
		if diff := cmp.Diff(c.want, report.Differ(c.before, c.after)); diff != "" {
			t.Errorf("%q to %q (-want +got):\n%s", c.before, c.after, diff)
		}
	}
	words := rapid.StringMatching(`([abc ]|\n){0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		before, after := words.Draw(t, "before"), words.Draw(t, "after")
		was, is := "", ""
		for _, p := range report.Differ(before, after) {
			if p.Op != "+" {
				was += p.Text
			}
			if p.Op != "-" {
				is += p.Text
			}
		}
		if was != before || is != after {
			t.Fatalf("%q and %q, not %q and %q", was, is, before, after)
		}
	})
}
