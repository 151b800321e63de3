package knowledgetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/recado/recado/knowledge"
)

// testReopen leaves the first index open, as a process that was killed would, and
// finds everything in the second.
func testReopen(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo antiguo")
	b.put(b.index, "b.md", "en", "refund period", "warranty")
	b.put(b.index, "a.md", "es", "plazo nuevo")
	b.put(b.index, "c.md", "es", "sobra")
	if err := b.index.Remove(b.Context(), "c.md"); err != nil {
		b.Fatal(err)
	}
	again := b.reopen()
	for _, question := range []string{"plazo", "refund", "warranty", "sobra", "antiguo"} {
		b.same("hits for "+question, b.search(again, "", question), b.search(b.index, "", question))
	}
	documents, err := again.Documents(b.Context(), "")
	b.same("documents", len(documents), 2)
	b.same("error", err, nil)
	b.same("passages", texts(b.search(again, "es", "plazo")), []string{"plazo nuevo"})
}

// testOtherProcess changes the index through another handle.
func testOtherProcess(b *bundle) {
	other := b.reopen()
	b.put(b.index, "mine.md", "es", "plazo mío")
	b.search(other, "es", "plazo")
	b.put(other, "theirs.md", "es", "plazo suyo")
	b.put(other, "mine.md", "es", "plazo cambiado")
	b.search(b.index, "es", "plazo") // the contract allows one outdated answer
	hits := b.query(b.index, knowledge.Query{Text: "plazo", Locale: "es"})
	b.same("passages", texts(hits), []string{"plazo cambiado", "plazo suyo"})
	// A change of one's own on top of an unseen change of the other.
	b.put(other, "theirs.md", "es", "plazo último")
	b.put(b.index, "third.md", "es", "plazo tercero")
	if err := other.Remove(b.Context(), "mine.md"); err != nil {
		b.Fatal(err)
	}
	b.search(b.index, "es", "plazo")
	hits = b.query(b.index, knowledge.Query{Text: "plazo", Locale: "es"})
	b.same("passages", texts(hits), []string{"plazo último", "plazo tercero"})
}

// testAge asks for a state of a moment ago. What the process itself changed is found all
// the same, and what others changed once that moment is over.
func testAge(b *bundle) {
	ask := func(age time.Duration) []string {
		b.Helper()
		return texts(b.query(b.index, knowledge.Query{Text: "plazo", Vector: b.embedder.Vector("plazo"), Locale: "es", Age: age}))
	}
	b.put(b.index, "mine.md", "es", "plazo primero")
	ask(time.Hour)
	b.same("passages", ask(time.Hour), []string{"plazo primero"})
	b.put(b.index, "mine.md", "es", "plazo segundo")
	b.same("passages after a change of one's own", ask(time.Hour), []string{"plazo segundo"})
	other := b.reopen()
	b.put(other, "mine.md", "es", "plazo tercero")
	if got := ask(time.Hour); !slices.Equal(got, []string{"plazo segundo"}) && !slices.Equal(got, []string{"plazo tercero"}) {
		b.Errorf("passages after another's change: %q", got)
	}
	ask(time.Nanosecond) // the contract allows one outdated answer
	b.same("passages when that is over", ask(time.Nanosecond), []string{"plazo tercero"})
	if err := b.index.Remove(b.Context(), "mine.md"); err != nil {
		b.Fatal(err)
	}
	b.same("passages", len(ask(time.Hour)), 0)
}

// testSearchDuringReplace replaces one document over and over with passages that
// carry a common mark, from this handle and from another one. Every search has to
// find all passages of one mark.
func testSearchDuringReplace(b *bundle) {
	const parts, rounds, readers = 6, 25, 3
	write := func(index knowledge.Index, mark int) {
		list := make([]string, parts)
		for i := range list {
			list[i] = fmt.Sprintf("plazo parte%d marca%d", i, mark)
		}
		b.put(index, "a.md", "es", list...)
	}
	write(b.index, 0)
	other := b.reopen()
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for range readers {
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				hits, err := b.index.Search(b.Context(), knowledge.Query{Text: "plazo", Vector: b.embedder.Vector("plazo"), Locale: "es"})
				if err != nil {
					b.Errorf("search: %v", err)
					return
				}
				marks := map[string]bool{}
				for _, text := range texts(hits) {
					marks[text[strings.Index(text, "marca"):]] = true
				}
				if len(hits) != parts || len(marks) != 1 {
					b.Errorf("a search saw a change by halves: %v", texts(hits))
					return
				}
			}
		})
	}
	for mark := 1; mark <= rounds; mark++ {
		index := b.index
		if mark%3 == 0 {
			index = other
		}
		write(index, mark)
	}
	close(stop)
	wait.Wait()
}

// testConcurrentWriters lets several writers replace and remove documents with
// common words at once, and compares what is left with an index that only got
// the result.
func testConcurrentWriters(b *bundle) {
	const writers, rounds = 4, 8
	other := b.reopen()
	var wait sync.WaitGroup
	for w := range writers {
		index := []knowledge.Index{b.index, other}[w%2]
		wait.Go(func() {
			for r := range rounds {
				d, chunks := b.document(fmt.Sprintf("%d-%d.md", w, r%3), "es",
					fmt.Sprintf("plazo común palabra%d", r), fmt.Sprintf("palabra%d común plazo escritor%d", (r+3)%5, w))
				if err := index.Replace(b.Context(), d, chunks); err != nil {
					b.Errorf("replace: %v", err)
				}
				if err := index.Remove(b.Context(), fmt.Sprintf("%d-%d.md", w, (r+1)%3)); err != nil {
					b.Errorf("remove: %v", err)
				}
			}
		})
	}
	wait.Wait()
	want, err := knowledge.NewMemory(b.identity())
	if err != nil {
		b.Fatal(err)
	}
	last := rounds - 1
	for w := range writers {
		b.put(want, fmt.Sprintf("%d-%d.md", w, last%3), "es",
			fmt.Sprintf("plazo común palabra%d", last), fmt.Sprintf("palabra%d común plazo escritor%d", (last+3)%5, w))
		// What the last round removed may leave the round before it.
		r := last - 1
		if (last+1)%3 != r%3 {
			b.put(want, fmt.Sprintf("%d-%d.md", w, r%3), "es",
				fmt.Sprintf("plazo común palabra%d", r), fmt.Sprintf("palabra%d común plazo escritor%d", (r+3)%5, w))
		}
	}
	for _, index := range []knowledge.Index{b.index, other} {
		b.search(index, "es", "plazo")
		for _, question := range []string{"plazo", "común palabra2", "escritor1"} {
			b.same("hits for "+question, scores(b.query(index, knowledge.Query{Text: question, Locale: "es", Limit: 30})),
				scores(b.query(want, knowledge.Query{Text: question, Locale: "es", Limit: 30})))
		}
	}
}

// scores are the chunks with their BM25 score, rounded to what every index has to
// agree on.
func scores(hits []knowledge.Hit) []string {
	list := make([]string, len(hits))
	for i, h := range hits {
		list[i] = fmt.Sprintf("%s %.5f", h.Chunk.ID, h.Lexical)
	}
	return list
}
