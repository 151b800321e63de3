package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/knowledge"
)

// mixes runs a test embedded and with servers.
func mixes(t *testing.T, test func(t *testing.T, env map[string]string)) {
	t.Helper()
	for _, mix := range []string{"embedded", "servers"} {
		t.Run(mix, func(t *testing.T) {
			t.Parallel()
			env := map[string]string{"RECADO_DATA": t.TempDir()}
			if mix == "servers" {
				env["DATABASE_URL"], env["REDIS_URL"] = testservices.Postgres(t), testservices.Redis(t)
			}
			test(t, env)
		})
	}
}

// files writes files below a fresh folder named policies and gives it.
func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "policies")
	for name, text := range texts {
		at := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// told runs a command that has to succeed and gives what it wrote.
func told(t *testing.T, env map[string]string, args ...string) string {
	t.Helper()
	code, out, errs := tell(t, env, args...)
	if code != exitOK {
		t.Fatalf("recado %s: %d, %s%s", strings.Join(args, " "), code, out, errs)
	}
	return out
}

func holds(t *testing.T, what, text string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%s does not say %q:\n%s", what, want, text)
		}
	}
}

const returns = `---
title: Devoluciones
approver: Nuria
valid_from: 2026-01-01
---
# Devoluciones

## Plazo

Tienes 45 días naturales para devolver unas botas de montaña.

## Gastos

La recogida de las botas de montaña cuesta 3,90 euros.
`

// TestKnowledgeCommands looks at an index, compares it with its sources, and takes a
// passage back and gives it again.
func TestKnowledgeCommands(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		folder := files(t, map[string]string{
			"es/returns.md": returns,
			"es/desk.md":    "---\naudience: agent\nmarkets: [ES, MX]\n---\n# Para la mesa\n\nEl almacén de las botas de montaña cierra a las seis.",
			"es/old.md":     "---\nvalid_to: 2020-12-31\n---\n# Antes\n\nAntes había 14 días para devolver unas botas de montaña.",
		})
		holds(t, "a dry run", told(t, env, "ingest", "--dry-run", folder), "would be: 3 added", "added     policies/es/returns.md: 2 passages new")
		holds(t, "the list after a dry run", told(t, env, "knowledge", "list"), "0 documents")
		holds(t, "an ingest", told(t, env, "ingest", folder), "3 added")
		holds(t, "the list", told(t, env, "knowledge", "list"), "policies/es/returns.md", "Devoluciones", "2026-01-01–…", "agent ES+MX", "3 documents")
		holds(t, "a document", told(t, env, "knowledge", "show", "policies/es/returns.md"), "Nuria", "Devoluciones > Plazo", "45 días", "policies/es/returns.md#0001")
		asked := told(t, env, "ask", "¿Cuántos días tengo para devolver unas botas de montaña?")
		holds(t, "an answer", asked, "45 días")
		if strings.Contains(asked, "desk.md") || strings.Contains(asked, "old.md") {
			t.Errorf("a passage that is not for customers or not valid any more is found:\n%s", asked)
		}
		changed := strings.Replace(returns, "45 días", "60 días", 1)
		if err := os.WriteFile(filepath.Join(folder, "es", "returns.md"), []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		difference := told(t, env, "knowledge", "diff", folder)
		holds(t, "the difference", difference, "- Tienes 45 días", "+ Tienes 60 días", "1 of 3 documents differs")
		if strings.Contains(difference, "3,90") {
			t.Errorf("an unchanged passage is in the difference:\n%s", difference)
		}
		holds(t, "a dry run over a change", told(t, env, "ingest", "--dry-run", folder), "1 passage new, 1 gone, 1 kept")
		revoke(t, env, folder)
		holds(t, "a removal", told(t, env, "knowledge", "remove", "policies/es/old.md"), "was removed")
		holds(t, "the list", told(t, env, "knowledge", "list"), "2 documents")
		holds(t, "the open questions", told(t, env, "knowledge", "unanswered"), "0 questions")
		for _, wrong := range [][]string{{"show", "nothing.md"}, {"revoke", "policies/es/returns.md#0099"}, {"remove", "x"}} {
			if code, _, errs := tell(t, env, append([]string{"knowledge"}, wrong...)...); code != exitFailed || !strings.Contains(errs, "has no document or passage") {
				t.Errorf("%v: %d, %s", wrong, code, errs)
			}
		}
	})
}

// revoke takes the passage on the time limit back: it stays away when the document is
// ingested again with that passage unchanged, and is there again when it is restored.
func revoke(t *testing.T, env map[string]string, folder string) {
	t.Helper()
	const passage, question = "policies/es/returns.md#0000", "¿Cuántos días tengo para devolver unas botas de montaña?"
	holds(t, "a revocation", told(t, env, "knowledge", "revoke", "--reason", "el plazo no es ese", "--by", "Nuria", passage),
		"1 passage is revoked", "no answer that was sent rests on it")
	holds(t, "the revocations", told(t, env, "knowledge", "list", "--revoked"), passage, "Nuria", "el plazo no es ese")
	if err := os.WriteFile(filepath.Join(folder, "es", "returns.md"), []byte(returns+"\n## Nuevo\n\nOtra cosa.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	holds(t, "an ingest", told(t, env, "ingest", folder), "1 changed", "1 passage is revoked")
	holds(t, "the document", told(t, env, "knowledge", "show", "policies/es/returns.md"), "REVOKED")
	if out := told(t, env, "ask", question); strings.Contains(out, "45 días") {
		t.Errorf("a revoked passage is said:\n%s", out)
	}
	holds(t, "a restoration", told(t, env, "knowledge", "restore", passage), "1 passage can be found again")
	holds(t, "an answer", told(t, env, "ask", question), "45 días")
}

// TestRevokeNamesWhoWasTold asks a running gateway, takes the document back, and reads
// what was said by it and to whom.
func TestRevokeNamesWhoWasTold(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		s := serve(t, env)
		s.say(demoshop.DemoPhone, "¿Cuánto tardan los reembolsos?")
		s.answer(demoshop.DemoPhone, 1)
		out := told(t, env, "knowledge", "revoke", "faq/faq.csv@es", "policies/es/09-refunds.md")
		holds(t, "the revocation", out, "asked  ¿Cuánto tardan los reembolsos?", "días hábiles", demoshop.DemoPhone, demoshop.DemoName, "1 answer rests on", "to 1 customer:")
		s.say(demoshop.DemoPhone, "¿Venden bicicletas de carga?")
		s.handoff(strings.TrimPrefix(demoshop.DemoPhone, "+"))
		var open []struct{ Question string }
		if err := json.Unmarshal([]byte(told(t, env, "knowledge", "unanswered", "--json")), &open); err != nil || len(open) == 0 {
			t.Errorf("the question without an answer is not kept: %v, %v", open, err)
		}
	})
}

// shelves opens the library of an environment until the test ends.
func shelves(t *testing.T, env map[string]string) *library {
	t.Helper()
	s, _, err := loadSettings(console{env: func(k string) string { return env[k] }}, "test", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := openEmbedder(s, discard())
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLibrary(t.Context(), s, e, discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// TestRebuild changes the embedding model: questions on the command line are refused
// with what to do, a gateway serves by words and builds the new index meanwhile.
func TestRebuild(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		folder := files(t, map[string]string{"es/returns.md": returns})
		told(t, env, "ingest", folder)
		env["RECADO_EMBEDDING_DIM"] = "512"
		if code, _, errs := tell(t, env, "ask", "¿plazo?"); code != exitUsage || !strings.Contains(errs, "recado knowledge rebuild") {
			t.Errorf("another model: %d, %s", code, errs)
		}
		l := shelves(t, env)
		find := func() []knowledge.Hit {
			vectors, err := l.embedder.Embed(t.Context(), []string{"botas de montaña"})
			if err != nil {
				t.Fatal(err)
			}
			hits, err := l.shelf.Search(t.Context(), knowledge.Query{Text: "botas de montaña", Vector: vectors[0], Locale: "es"})
			if err != nil {
				t.Fatal(err)
			}
			return hits
		}
		if hits := find(); len(hits) != 2 || hits[0].Dense != 0 || !l.outdated() || !l.shelf.Words() {
			t.Errorf("before: %d hits, by words only: %v", len(hits), l.shelf.Words())
		}
		if err := l.rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		if hits := find(); len(hits) != 2 || hits[0].Dense == 0 || l.outdated() {
			t.Errorf("after: %d hits, outdated %v", len(hits), l.outdated())
		}
		holds(t, "an answer", told(t, env, "ask", "¿Cuántos días tengo para devolver unas botas de montaña?"), "45 días")
		holds(t, "a rebuild of nothing", told(t, env, "knowledge", "rebuild"), "nothing to rebuild")
		// Back again, by the command; the running library follows.
		delete(env, "RECADO_EMBEDDING_DIM")
		holds(t, "a rebuild", told(t, env, "knowledge", "rebuild"), "1 added")
		if hits := find(); len(hits) != 2 || hits[0].Dense != 0 {
			t.Errorf("after another process rebuilt the index: %d hits", len(hits))
		}
	})
}

// TestNamesAreHarmless: a terminal obeys no name of a file, which may come out of somebody
// else's archive.
func TestNamesAreHarmless(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	const words = "\x1b]0;[2J\a"
	if got := oneLine(words) + customer(gateway.Identity{UserID: words}, words); strings.ContainsAny(got, "\x1b\a") {
		t.Errorf("what a customer wrote: %q", got)
	}
	folder := files(t, map[string]string{"es/a\x1b[2J\nb.md": returns, "es/c\x1b[2J.md": " "})
	changed := files(t, map[string]string{"es/a\x1b[2J\nb.md": returns + words})
	_, planned, _ := tell(t, env, "ingest", "--dry-run", folder)
	_, out, _ := tell(t, env, "ingest", folder)
	for what, text := range map[string]string{
		"a dry run": planned, "an ingest": out, "list": told(t, env, "knowledge", "list"),
		"revoke":  told(t, env, "knowledge", "revoke", "--reason", words, "policies/es/a\x1b[2J\nb.md") + told(t, env, "knowledge", "list", "--revoked"),
		"diff":    told(t, env, "knowledge", "diff", changed),
		"unknown": fmt.Sprint(unknown(words, knowledge.ErrNotFound)),
		"show":    told(t, env, "knowledge", "show", "policies/es/a\x1b[2J\nb.md"),
	} {
		if strings.Contains(text, "\x1b") || !strings.Contains(text, "[2J") {
			t.Errorf("%s: %q", what, text)
		}
	}
}

// TestRebuildSaysWhy: the log of a gateway tells what keeps its index from being rebuilt,
// and nothing of the database's address.
func TestRebuildSaysWhy(t *testing.T) {
	t.Parallel()
	env := map[string]string{"RECADO_DATA": t.TempDir()}
	told(t, env, "ingest", files(t, map[string]string{"es/returns.md": returns}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"data":[{"index":0,"embedding":[1,0,0]}]}`)
	}))
	t.Cleanup(server.Close)
	env["OPENAI_BASE_URL"], env["RECADO_EMBEDDING_MODEL"], env["RECADO_EMBEDDING_DIM"] = server.URL, "e", "4"
	l := shelves(t, env)
	if got := trouble(l.rebuildOnce(t.Context())); !strings.Contains(got, "vectors came for") && !strings.Contains(got, "dimension 3, not 4") {
		t.Errorf("a server of other vectors: %s", got)
	}
	if got := trouble(errors.Join(errNotOver)); !strings.Contains(got, "recado ingest") {
		t.Errorf("documents stay behind: %s", got)
	}
	if got := trouble(errors.New("dial postgres://user:secret@host")); strings.Contains(got, "secret") {
		t.Errorf("a database: %s", got)
	}
}

// TestRecrawl ingests a site, changes a page of it, and reads it again as serve does.
func TestRecrawl(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		var days, asked atomic.Int64
		days.Store(45)
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ayuda/plazo" {
				http.NotFound(w, r)
				return
			}
			asked.Add(1)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprintf(w, `<html lang="es"><title>Plazo</title><body><main><h1>Plazo</h1><p>Tienes %d días para devolver unas botas de montaña.</p></main>`, days.Load())
		}))
		t.Cleanup(site.Close)
		page := site.URL + "/ayuda/plazo"
		if code, out, errs := tell(t, env, "ingest", page); code != exitFailed || !strings.Contains(out, "not ingested") {
			t.Errorf("a page in a private network: %d, %s%s", code, out, errs)
		}
		env["RECADO_CRAWL_PRIVATE"] = "127.0.0.0/8"
		holds(t, "an ingest", told(t, env, "ingest", page), "1 added")
		days.Store(60)
		l := shelves(t, env)
		if err := l.recrawlOnce(t.Context()); err != nil {
			t.Fatal(err)
		}
		hits, err := l.shelf.Search(t.Context(), knowledge.Query{Text: "botas", Locale: "es"})
		if err != nil || len(hits) != 1 || !strings.Contains(hits[0].Chunk.Text, "60 días") || asked.Load() < 2 {
			t.Errorf("after the page changed: %v, %v, asked %d times", hits, err, asked.Load())
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := l.recrawl(ended); err != nil {
			t.Errorf("a recrawl that ends: %v", err)
		}
	})
}

// TestEvalRetrieval measures a small data set in both indexes, with the same figures.
func TestEvalRetrieval(t *testing.T) {
	t.Parallel()
	folder := files(t, map[string]string{
		"corpus.jsonl": `{"id":"a","lang":"es","text":"Los reembolsos tardan cinco días."}
{"id":"b","lang":"es","text":"El envío a las islas cuesta nueve euros."}
{"id":"c","lang":"en","text":"Refunds take five days."}`,
		"dev/queries.jsonl": `{"id":"q1","lang":"es","text":"¿Cuánto tardan los reembolsos?","noisy":"cuanto tardan rembolsos"}
{"id":"q2","lang":"es","text":"¿Qué cuesta el envío a las islas?"}
{"id":"q3","lang":"en","text":"How long do refunds take?"}
{"id":"q4","lang":"en","text":"Nothing answers this"}`,
		"dev/qrels.tsv":              "query_id\tdoc_id\tgrade\nq1\ta\t1\nq2\tb\t1\nq3\tc\t1\n",
		"dev/qrels_crosslingual.tsv": "query_id\tdoc_id\tgrade\nq3\ta\t1\n",
	})
	env := map[string]string{"RECADO_DATA": t.TempDir(), "DATABASE_URL": testservices.Postgres(t)}
	figures := map[string]any{}
	for _, backend := range []string{"sqlite", "postgres"} {
		out := filepath.Join(t.TempDir(), "figures.json")
		table := told(t, env, "eval", "retrieval", "--data", folder, "--backend", backend, "--json", out)
		holds(t, "the table", table, "3 documents (0 empty)", "nDCG@10", "es", "all")
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		overall, ok := got["overall"].(map[string]any)
		if !ok || overall["n"] != 3.0 || overall["ndcg@10"] != 1.0 || overall["recall@1"] != 1.0 {
			t.Errorf("%s: %v", backend, got)
		}
		delete(got, "search_ms")
		figures[backend] = fmt.Sprint(got)
	}
	if figures["sqlite"] != figures["postgres"] {
		t.Errorf("the indexes differ:\n%v\n%v", figures["sqlite"], figures["postgres"])
	}
	holds(t, "noisy questions", told(t, env, "eval", "retrieval", "--data", folder, "--noisy"), "noisy", "3 questions without")
	holds(t, "the other language", told(t, env, "eval", "retrieval", "--data", folder, "--cross"), "other language")
	for _, wrong := range [][]string{
		{},
		{"--data", filepath.Join(folder, "none")},
		{"--data", folder, "--backend", "mysql"},
		{"--data", folder, "--embedder", "x"},
		{"--data", folder, "--embedder", "openai"},
	} {
		if code, _, errs := tell(t, env, append([]string{"eval", "retrieval"}, wrong...)...); code != exitUsage {
			t.Errorf("%v: %d, %s", wrong, code, errs)
		}
	}
	if code, _, errs := tell(t, env, "eval", "retrieval", "--data", t.TempDir()); code != exitFailed || !strings.Contains(errs, "queries.jsonl") {
		t.Errorf("an empty folder: %d, %s", code, errs)
	}
}
