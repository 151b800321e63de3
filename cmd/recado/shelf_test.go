package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/knowledge"
)

// TestSearchDoesNotWaitForARecrawl: while a site takes its time, another process replaces
// the index, and the next question finds the new one at once.
func TestSearchDoesNotWaitForARecrawl(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		var slow atomic.Bool
		asked, release := make(chan struct{}, 8), make(chan struct{})
		site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if slow.Load() {
				asked <- struct{}{}
				<-release
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			fmt.Fprint(w, `<html lang="es"><title>Plazo</title><body><main><h1>Plazo</h1><p>Tienes 45 días para devolver unas botas de montaña.</p></main>`)
		}))
		t.Cleanup(site.Close)
		env["RECADO_CRAWL_PRIVATE"] = "127.0.0.0/8"
		told(t, env, "ingest", site.URL+"/plazo")
		l := shelves(t, env)
		slow.Store(true)
		done := make(chan error, 1)
		go func() { done <- l.recrawlOnce(t.Context()) }()
		<-asked
		env["RECADO_EMBEDDING_DIM"] = "512"
		told(t, env, "knowledge", "rebuild")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		hits, err := l.shelf.Search(ctx, knowledge.Query{Text: "botas de montaña", Locale: "es"})
		close(release)
		if err != nil || len(hits) != 1 {
			t.Errorf("while a site is read: %d hits, %v", len(hits), err)
		}
		t.Logf("what it read went into an index that is gone: %v", <-done)
	})
}
