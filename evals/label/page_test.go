package label

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/recado/recado/gateway"
)

// tab is somebody who labels.
type tab struct {
	*testing.T
	address string
	client  *http.Client
}

func browse(t *testing.T, cases []Case, k Keeper) *tab {
	t.Helper()
	page, err := NewPage(PageConfig{Cases: cases, Keeper: k})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(page)
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &tab{t, server.URL, &http.Client{Jar: jar}}
}

func (b *tab) do(r *http.Request) (int, string) {
	b.Helper()
	w, err := b.client.Do(r)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		b.Fatal(err)
	}
	return w.StatusCode, string(body)
}

func (b *tab) get(path string) (int, string) {
	b.Helper()
	r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, b.address+path, nil)
	return b.do(r)
}

func (b *tab) post(path string, form url.Values, header ...string) (int, string) {
	b.Helper()
	r, _ := http.NewRequestWithContext(b.Context(), http.MethodPost, b.address+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return b.do(r)
}

func (b *tab) says(body string, parts ...string) {
	b.Helper()
	for _, part := range parts {
		if !strings.Contains(body, part) {
			b.Errorf("no %q in\n%s", part, body)
		}
	}
}

func say(v string) url.Values { return url.Values{"verdict": {v}, "note": {"una nota"}} }

func TestPage(t *testing.T) {
	t.Parallel()
	b := open(t)
	var cases []Case
	for range 3 {
		cases = append(cases, CaseOf(b.turn(nil), .5))
	}
	keeper := InStore{Store: b.store, By: "ana"}
	tab := browse(t, cases, keeper)
	_, body := tab.get("/")
	tab.says(body, "¿Es correcta la respuesta?", `action="/cases/1"`, "De 2 a 4 días", "Envíos", "Otros pasajes que se encontraron", "0 de 3", `data-key="1"`, "enviada")
	if strings.Contains(body, "612 345 678") || strings.Contains(body, "0.9") {
		t.Errorf("the page shows a telephone number or the confidence:\n%s", body)
	}
	_, body = tab.get("/?lang=en")
	tab.says(body, "Is the answer right?", `lang="en"`)
	_, body = tab.post("/cases/1", say("right"))
	tab.says(body, `action="/cases/2"`, "1 of 3", `action="/undo"`)
	_, body = tab.post("/cases/2", say("skip"))
	tab.says(body, `action="/cases/3"`, "1 of 3")
	_, body = tab.post("/cases/3", say("wrong"))
	tab.says(body, "That was all of them.", "Skipped: <b>1</b>", "Right: <b>1</b>", "Wrong: <b>1</b>")
	_, body = tab.post("/again", nil)
	tab.says(body, `action="/cases/2"`)
	tab.post("/cases/2", say("unsure"))
	// The last word is taken back, then the one before.
	_, body = tab.post("/undo", nil)
	tab.says(body, `action="/cases/2"`, "2 of 3")
	_, body = tab.post("/undo", nil)
	tab.says(body, `action="/cases/3"`, "1 of 3")
	_, body = tab.get("/cases/1")
	tab.says(body, "What you said: <b>Right</b>", `value="una nota"`)
	words, err := keeper.Words(t.Context(), cases)
	b.ok(err)
	if len(words) != 1 || words[cases[0].ID] != (Word{gateway.VerdictRight, "una nota"}) {
		t.Errorf("words %+v", words)
	}
	if lines := b.export(all).Lines; len(lines) != 1 || lines[0].Weight != 2 || lines[0].Source != "page" {
		t.Errorf("labels %+v", lines)
	}
	// Whoever comes back goes on where they were.
	_, body = browse(t, cases, keeper).get("/")
	tab.says(body, `action="/cases/2"`)
}

func TestPageRefuses(t *testing.T) {
	t.Parallel()
	b := open(t)
	cases := []Case{CaseOf(b.turn(nil), .5)}
	tab := browse(t, cases, InStore{Store: b.store, By: "ana"})
	for name, c := range map[string]struct {
		path   string
		form   url.Values
		header []string
		want   int
	}{
		"another site":        {"/cases/1", say("right"), []string{"Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"another origin":      {"/cases/1", say("right"), []string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"no verdict":          {"/cases/1", nil, nil, http.StatusBadRequest},
		"an odd verdict":      {"/cases/1", say("needed"), nil, http.StatusBadRequest},
		"a long note":         {"/cases/1", url.Values{"verdict": {"right"}, "note": {strings.Repeat("ñ", 501)}}, nil, http.StatusBadRequest},
		"too much":            {"/cases/1", url.Values{"verdict": {"right"}, "note": {strings.Repeat("n", 20000)}}, nil, http.StatusBadRequest},
		"no such case":        {"/cases/2", say("right"), nil, http.StatusNotFound},
		"no case":             {"/cases/x", say("right"), nil, http.StatusNotFound},
		"nothing at the path": {"/x", say("right"), nil, http.StatusNotFound},
	} {
		if status, body := tab.post(c.path, c.form, c.header...); status != c.want || !strings.Contains(body, `role="alert"`) {
			t.Errorf("%s: status %d, want %d", name, status, c.want)
		}
	}
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, tab.address, nil)
	r.Host = "evil.example"
	if status, body := tab.do(r); status != http.StatusForbidden || strings.Contains(body, "De 2 a 4") {
		t.Errorf("another host: status %d", status)
	}
	if lines := b.export(all).Lines; len(lines) != 0 {
		t.Errorf("labels %+v", lines)
	}
	if _, err := NewPage(PageConfig{}); err == nil {
		t.Error("a page without cases")
	}
}

func TestWordsInAFile(t *testing.T) {
	t.Parallel()
	b := open(t)
	path := filepath.Join(t.TempDir(), "words.jsonl")
	cases := []Case{CaseOf(b.turn(nil), 0), CaseOf(b.turn(nil), 0)}
	ana, eva := InFile{Path: path, By: "ana"}, InFile{Path: path, By: "eva"}
	tab := browse(t, cases, ana)
	tab.post("/cases/1", say("right"))
	tab.post("/cases/2", say("unsure"))
	tab.post("/cases/2", say("wrong"))
	b.ok(eva.Say(t.Context(), cases[0], Word{Verdict: gateway.VerdictWrong}, b.now))
	words, err := ana.Words(t.Context(), cases)
	b.ok(err)
	if len(words) != 2 || words[cases[1].ID].Verdict != gateway.VerdictWrong || words[cases[0].ID].Note != "una nota" {
		t.Errorf("words %+v", words)
	}
	tab.post("/undo", nil)
	if words, _ = ana.Words(t.Context(), cases); len(words) != 1 {
		t.Errorf("after undo: %+v", words)
	}
	text, err := os.ReadFile(path)
	b.ok(err)
	said, _, err := ReadSaid(strings.NewReader(string(text)), true)
	if err != nil || len(said) != 2 {
		t.Errorf("the file can't be imported: %+v, %v", said, err)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".labels-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	b.ok(os.WriteFile(path, []byte("{\"id\":\"a\"}\n"), 0o600))
	if _, err := ana.Words(t.Context(), cases); err == nil || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("another's file: %v", err)
	}
}

func TestPhrases(t *testing.T) {
	t.Parallel()
	template, err := files.ReadFile("templates/case.html")
	if err != nil {
		t.Fatal(err)
	}
	asked := []string{"right", "wrong", "unsure", "problem_internal", "problem_not_found", "problem_invalid", "problem_elsewhere", "problem_host"}
	for _, m := range regexp.MustCompile(`\{\{(?:if [^}]*)?t "([a-z_]+)"`).FindAllStringSubmatch(string(template), -1) {
		asked = append(asked, m[1])
	}
	for key, text := range phrases {
		if text.es == "" || text.en == "" {
			t.Errorf("%s is not in both languages", key)
		}
		if !slices.Contains(asked, key) {
			t.Errorf("nobody asks for %s", key)
		}
	}
	for _, key := range asked {
		if _, ok := phrases[key]; !ok {
			t.Errorf("the page asks for %q, which does not exist", key)
		}
	}
	if phrase("es", "no_such") != fmt.Sprintf("[%s]", "no_such") {
		t.Error("a phrase that does not exist is not seen")
	}
}
