package knowledgetest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
)

func (b *bundle) is(what string, err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Errorf("%s: %v, want %v", what, err, want)
	}
}

// next is an identity that differs from the suite's own in every part.
func (b *bundle) next() knowledge.Identity {
	return knowledge.Identity{Embedder: "next", Dim: dim / 2, Splitter: "2"}
}

// resized is a document as an index of half the dimension takes it.
func (b *bundle) resized(id, locale string, texts ...string) (knowledge.Document, []knowledge.Chunk) {
	d, chunks := b.document(id, locale, texts...)
	for i := range chunks {
		chunks[i].Vector = NewEmbedder(dim / 2).Vector(texts[i])
	}
	return d, chunks
}

// testIdentity refuses an index that was built otherwise, as long as it holds
// documents.
func testIdentity(b *bundle) {
	b.same("identity", b.index.Identity(), b.identity())
	empty := b.opened(b.next(), knowledge.OpenInUse)
	b.same("an empty index is anybody's", empty.Identity(), b.next())
	d, chunks := b.document("a.md", "es", "plazo")
	b.is("write into an index that another model took", b.index.Replace(b.Context(), d, chunks), knowledge.ErrIdentity)
	own := b.reopen()
	b.put(own, "a.md", "es", "plazo")
	for _, other := range []knowledge.Identity{
		{Embedder: "other", Dim: dim, Splitter: "1"},
		{Embedder: b.embedder.Name(), Dim: dim + 1, Splitter: "1"},
		{Embedder: b.embedder.Name(), Dim: dim, Splitter: "2"},
	} {
		_, err := b.open(other, knowledge.OpenInUse)
		b.is("open a filled index of another identity", err, knowledge.ErrIdentity)
	}
	b.same("passages", texts(b.search(own, "es", "plazo")), []string{"plazo"})
}

// testBeside builds an index of another identity while the old one serves, leaves it
// once, and takes it into use.
func testBeside(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo antiguo")
	_, chunks := b.document("a.md", "es", "plazo antiguo", "plazo revocado")
	b.same("revoke", b.index.Revoke(b.Context(), []knowledge.Revocation{revocation(chunks[1], "wrong")}), nil)
	half := b.opened(b.next(), knowledge.OpenBeside)
	d, cut := b.resized("a.md", "es", "plazo nuevo", "plazo revocado")
	b.same("write beside", half.Replace(b.Context(), d, cut), nil)
	b.put(b.index, "b.md", "es", "plazo segundo")
	b.same("in use", len(b.search(b.index, "es", "plazo")), 2)
	beside := b.opened(b.next(), knowledge.OpenBeside)
	found := b.query(beside, knowledge.Query{Text: "plazo", Locale: "es"})
	b.same("beside, as it was left and without what is revoked", texts(found), []string{"plazo nuevo"})
	b.same("still in use", b.reopen().Identity(), b.identity())
	b.same("activate", beside.Activate(b.Context()), nil)
	b.same("activate again", beside.Activate(b.Context()), nil)
	_, err := b.index.Search(b.Context(), knowledge.Query{Text: "plazo", Locale: "es"})
	if err == nil {
		_, err = b.index.Search(b.Context(), knowledge.Query{Text: "plazo", Locale: "es"})
	}
	b.is("search in the former one", err, knowledge.ErrIdentity)
	_, err = b.open(b.identity(), knowledge.OpenInUse)
	b.is("open the former one", err, knowledge.ErrIdentity)
	fresh := b.opened(b.next(), knowledge.OpenInUse)
	b.same("passages", texts(b.query(fresh, knowledge.Query{Text: "plazo", Locale: "es"})), []string{"plazo nuevo"})
	// One that was left in the middle gives way to a third.
	b.opened(knowledge.Identity{Embedder: "left", Dim: dim, Splitter: "1"}, knowledge.OpenBeside)
	third := b.opened(b.identity(), knowledge.OpenBeside)
	documents, err := third.Documents(b.Context(), "")
	b.same("documents of the third", documents, []knowledge.Document{})
	b.same("error", err, nil)
}

// testAny opens whatever is in use, and finds by words without the model.
func testAny(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo")
	found := b.opened(b.next(), knowledge.OpenAny)
	b.same("identity", found.Identity(), b.identity())
	b.same("passages", texts(b.query(found, knowledge.Query{Text: "plazo", Locale: "es"})), []string{"plazo"})
	b.same("activate what is in use", found.Activate(b.Context()), nil)
}

// testAsIs looks at what is in use, and can change nothing of it.
func testAsIs(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo")
	_, chunks := b.document("a.md", "es", "plazo")
	b.same("revoke", b.index.Revoke(b.Context(), []knowledge.Revocation{revocation(chunks[0], "wrong")}), nil)
	b.same("keep", b.index.KeepVectors(b.Context(), "m", indexedAt, map[string][]float32{"b": {1, 2}}), nil)
	x := b.opened(b.next(), knowledge.OpenAsIs)
	b.same("identity", x.Identity(), b.identity())
	d, found, err := x.Document(b.Context(), "a.md")
	b.same("error", err, nil)
	b.same("revoked", found[0].Revoked, true)
	b.put(b.index, "b.md", "es", "otro plazo")
	b.same("what came meanwhile", texts(b.query(x, knowledge.Query{Text: "plazo", Locale: "es"})), []string{"otro plazo"})
	got, err := x.Vectors(b.Context(), "m", time.Time{}, []string{"b"})
	b.same("error", err, nil)
	b.same("vectors", got, map[string][]float32{"b": {1, 2}})
	for what, change := range map[string]func() error{
		"Replace":     func() error { return x.Replace(b.Context(), d, chunks) },
		"Touch":       func() error { return x.Touch(b.Context(), d) },
		"Remove":      func() error { return x.Remove(b.Context(), "a.md") },
		"Revoke":      func() error { return x.Revoke(b.Context(), []knowledge.Revocation{revocation(chunks[0], "again")}) },
		"Restore":     func() error { return x.Restore(b.Context(), "a.md", []string{chunks[0].Hash}) },
		"Activate":    func() error { return x.Activate(b.Context()) },
		"KeepVectors": func() error { return x.KeepVectors(b.Context(), "m", indexedAt, map[string][]float32{"c": {3}}) },
		"ForgetVectors": func() error {
			_, err := x.ForgetVectors(b.Context(), indexedAt.AddDate(1, 0, 0))
			return err
		},
	} {
		if change() == nil {
			b.Errorf("%s changes an index that was opened as it is", what)
		}
	}
	documents, err := b.reopen().Documents(b.Context(), "")
	b.same("error", err, nil)
	b.same("documents", len(documents), 2)
	forgotten, err := b.index.ForgetVectors(b.Context(), indexedAt.Add(time.Hour))
	b.same("error", err, nil)
	b.same("forgotten, as nobody used it", forgotten, 1)
}

// testVectors keeps vectors by model and content, across indexes.
func testVectors(b *bundle) {
	day := func(n int) time.Time { return indexedAt.AddDate(0, 0, n) }
	long := strings.Repeat("f", 32)
	vectors := map[string][]float32{long: {.5, -.25, 3e-38}, "b": {1, 2, 3}}
	b.same("keep", b.index.KeepVectors(b.Context(), "m", day(0), vectors), nil)
	b.same("keep again", b.index.KeepVectors(b.Context(), "m", day(0), map[string][]float32{"b": {9, 9, 9}, "c": {4}}), nil)
	b.same("keep nothing", b.index.KeepVectors(b.Context(), "m", day(0), nil), nil)
	for _, index := range []knowledge.Space{b.index, b.reopen(), b.opened(b.next(), knowledge.OpenBeside)} {
		got, err := index.Vectors(b.Context(), "m", day(0), []string{long, "b", "unknown", "b"})
		b.same("error", err, nil)
		b.same("vectors", got, vectors)
		got, err = index.Vectors(b.Context(), "another model", day(0), []string{"b"})
		b.same("error", err, nil)
		b.same("vectors of another model", len(got), 0)
	}
	_, err := b.index.Vectors(b.Context(), "m", day(5), []string{"b"})
	b.same("error", err, nil)
	for _, at := range [][2]int{{0, 0}, {3, 2}} {
		forgotten, err := b.index.ForgetVectors(b.Context(), day(at[0]))
		b.same("error", err, nil)
		b.same(fmt.Sprint("forgotten of what was not used since day ", at[0]), forgotten, at[1])
	}
	got, err := b.index.Vectors(b.Context(), "m", day(6), []string{long, "b", "c"})
	b.same("error", err, nil)
	b.same("what was used lately", got, map[string][]float32{"b": {1, 2, 3}})
}
