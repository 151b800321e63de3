package knowledgetest

import (
	"fmt"

	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// keep puts a document with one passage of each text, changed by edit.
func (b *bundle) keep(index knowledge.Index, id, locale string, edit func(*knowledge.Document), texts ...string) {
	b.Helper()
	d, chunks := b.document(id, locale, texts...)
	edit(&d)
	if err := index.Replace(b.Context(), d, chunks); err != nil {
		b.Fatalf("replace %s: %v", id, err)
	}
}

// testFilters finds by each filter just what it allows, by words and by meaning.
func testFilters(b *bundle) {
	for id, edit := range map[string]func(*knowledge.Document){
		"all":     func(*knowledge.Document) {},
		"agents":  func(d *knowledge.Document) { d.Audience = knowledge.AudienceAgent },
		"es":      func(d *knowledge.Document) { d.Markets = []string{"ES"} },
		"mx+es":   func(d *knowledge.Document) { d.Markets = []string{"ES", "MX"} },
		"old":     func(d *knowledge.Document) { d.ValidTo = "2025-12-31" },
		"year":    func(d *knowledge.Document) { d.ValidFrom, d.ValidTo = "2026-01-01", "2026-12-31" },
		"planned": func(d *knowledge.Document) { d.ValidFrom = "2027-01-01" },
	} {
		b.keep(b.index, id, "es", edit, "plazo de "+id)
	}
	for name, test := range map[string]struct {
		q    knowledge.Query
		want []string
	}{
		"nothing said":          {knowledge.Query{}, []string{"all", "old", "planned", "year"}},
		"today":                 {knowledge.Query{Day: "2026-11-26"}, []string{"all", "year"}},
		"last day":              {knowledge.Query{Day: "2025-12-31"}, []string{"all", "old"}},
		"first day":             {knowledge.Query{Day: "2026-01-01"}, []string{"all", "year"}},
		"much later":            {knowledge.Query{Day: "2030-01-01"}, []string{"all", "planned"}},
		"Spain":                 {knowledge.Query{Day: "2026-11-26", Market: "ES"}, []string{"all", "es", "mx+es", "year"}},
		"Mexico":                {knowledge.Query{Day: "2026-11-26", Market: "MX"}, []string{"all", "mx+es", "year"}},
		"a market without any":  {knowledge.Query{Day: "2026-11-26", Market: "CL"}, []string{"all", "year"}},
		"every market":          {knowledge.Query{Market: knowledge.AnyMarket}, []string{"all", "es", "mx+es", "old", "planned", "year"}},
		"agents":                {knowledge.Query{Day: "2026-11-26", Audience: knowledge.AudienceAgent}, []string{"agents", "all", "year"}},
		"two documents":         {knowledge.Query{Documents: []string{"old", "es", "never"}, Market: "ES"}, []string{"es", "old"}},
		"a document not for me": {knowledge.Query{Documents: []string{"agents"}}, nil},
		"another language":      {knowledge.Query{Locale: "en"}, nil},
	} {
		test.q.Limit = 50
		words, meaning := test.q, test.q
		words.Text, meaning.Vector = "plazo", b.embedder.Vector("plazo")
		for _, q := range []knowledge.Query{words, meaning} {
			b.same(fmt.Sprintf("%s, vector %v", name, q.Vector != nil), b.documents(b.query(b.index, q)), test.want,
				cmpopts.SortSlices(func(a, b string) bool { return a < b }))
		}
	}
}

// documents are the IDs of the hits' documents.
func (b *bundle) documents(hits []knowledge.Hit) []string {
	list := make([]string, len(hits))
	for i, h := range hits {
		list[i] = h.Document.ID
	}
	return list
}

// testRandomFilters asks an index and knowledge.Memory the same, with documents and
// queries at random: the filters leave few and many candidates, also fewer than an
// approximate search would look at.
func testRandomFilters(b *bundle) {
	memory, err := knowledge.NewMemory(b.identity())
	if err != nil {
		b.Fatal(err)
	}
	words := []string{"plazo", "devolución", "envío", "tarjeta", "tienda", "garantía", "talla", "factura", "islas", "correo"}
	pick := func(i, n int) string { return words[(i*7+n*3)%len(words)] }
	for i := range 60 {
		edit := func(d *knowledge.Document) {
			d.Audience = []knowledge.Audience{knowledge.AudienceCustomer, knowledge.AudienceAgent}[i%5/4]
			d.Markets = [][]string{nil, {"ES"}, {"MX"}, {"ES", "MX"}}[i%4]
			d.ValidFrom, d.ValidTo = []string{"", "2026-01-01", ""}[i%3], []string{"", "", "2026-06-30"}[i%3]
		}
		for _, index := range []knowledge.Index{b.index, memory} {
			b.keep(index, fmt.Sprintf("%02d", i), []string{"es", "en", "es"}[i%3], edit,
				fmt.Sprint(pick(i, 0), " ", pick(i, 1), " ", pick(i, 2)), fmt.Sprint(pick(i, 4), " y ", pick(i, 5)))
		}
	}
	rapid.Check(b.T, func(t *rapid.T) {
		text := rapid.SampledFrom(words).Draw(t, "word") + " " + rapid.SampledFrom(words).Draw(t, "other")
		q := knowledge.Query{
			Locale:      rapid.SampledFrom([]string{"", "es", "en"}).Draw(t, "locale"),
			Audience:    rapid.SampledFrom([]knowledge.Audience{"", knowledge.AudienceAgent}).Draw(t, "audience"),
			Market:      rapid.SampledFrom([]string{"", "ES", "MX", "CL", knowledge.AnyMarket}).Draw(t, "market"),
			Day:         rapid.SampledFrom([]string{"", "2025-12-31", "2026-03-01", "2026-07-01"}).Draw(t, "day"),
			Limit:       rapid.SampledFrom([]int{1, 5, 100}).Draw(t, "limit"),
			PerDocument: rapid.IntRange(0, 2).Draw(t, "per document"),
			Budget:      rapid.SampledFrom([]int{0, 20, 200}).Draw(t, "budget"),
			Distinct:    rapid.Bool().Draw(t, "distinct"),
			Text:        text,
		}
		if rapid.Bool().Draw(t, "by meaning") {
			q.Vector = b.embedder.Vector(text)
		}
		if rapid.Bool().Draw(t, "documents") {
			q.Documents = rapid.SliceOfN(rapid.StringMatching(`[0-6][0-9]`), 0, 8).Draw(t, "of")
		}
		b.same(fmt.Sprintf("%+v", q), b.query(b.index, q), b.query(memory, q), cmpopts.EquateApprox(1e-4, 5e-5))
	})
}

// testCrossLanguage looks for English documents with a Spanish question: a name, a
// number and a cognate are found, and like in knowledge.Memory.
func testCrossLanguage(b *bundle) {
	memory, err := knowledge.NewMemory(b.identity())
	if err != nil {
		b.Fatal(err)
	}
	for _, index := range []knowledge.Index{b.index, memory} {
		b.put(index, "a.md", "en", "The Panthers have the model AB-123 in stock", "Information on the installation")
		b.put(index, "b.md", "en", "Nothing of the sort is here")
	}
	for question, want := range map[string]string{
		"¿tenéis el AB-123 de los Panthers?": "The Panthers have the model AB-123 in stock",
		"información de instalación":         "Information on the installation",
	} {
		q := knowledge.Query{Text: question, TextLocale: "es", Locale: "en", Limit: 1}
		b.same(question, texts(b.query(b.index, q)), []string{want})
		q.Limit = 10
		b.same(question, b.query(b.index, q), b.query(memory, q), cmpopts.EquateApprox(1e-4, 5e-5))
	}
}

// testSelf holds every lexical score between nothing and the highest possible one.
func testSelf(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo", "plazo plazo plazo de entrega", "la tarjeta", "plazo de devolución con tarjeta")
	hits := b.query(b.index, knowledge.Query{Text: "plazo tarjeta", Locale: "es"})
	b.same("hits", len(hits), 4)
	for _, h := range hits {
		if h.Lexical <= 0 || h.Lexical > h.Self || h.Self != hits[0].Self {
			b.Errorf("%s: score %f of %f", h.Chunk.Text, h.Lexical, h.Self)
		}
	}
}

// testPassages asks for one document with all that was kept of it.
func testPassages(b *bundle) {
	want, chunks := b.document("a.md", "es-MX", "Uno\nde varios", "Dos", "Tres 🎁")
	want.Markets, want.ValidFrom, want.ValidTo = []string{"ES", "MX"}, "2026-01-01", "2026-12-31"
	want.Audience, want.Format = knowledge.AudienceAgent, knowledge.FormatFAQ
	chunks[1].Question = "¿Cuál?"
	if err := b.index.Replace(b.Context(), want, chunks); err != nil {
		b.Fatal(err)
	}
	for _, index := range []knowledge.Index{b.index, b.reopen()} {
		d, kept, err := index.Document(b.Context(), "a.md")
		b.same("error", err, nil)
		b.same("document", d, want)
		b.same("passages", kept, chunks, cmpopts.IgnoreFields(knowledge.Chunk{}, "Vector"))
		for _, c := range kept {
			b.same("vector of a listed passage", len(c.Vector), 0)
		}
	}
	_, _, err := b.index.Document(b.Context(), "never.md")
	b.is("an unknown document", err, knowledge.ErrNotFound)
}

// testTouch notes that a document has moved.
func testTouch(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo")
	d, _, err := b.index.Document(b.Context(), "a.md")
	if err != nil {
		b.Fatal(err)
	}
	d.Source, d.Collection, d.Validator = "/new/a.md", "/new", "yesterday"
	b.same("touch", b.index.Touch(b.Context(), d), nil)
	moved, _, err := b.reopen().Document(b.Context(), "a.md")
	b.same("error", err, nil)
	b.same("document", moved, d)
	b.search(b.index, "es", "plazo")
	b.same("source of a hit", b.search(b.index, "es", "plazo")[0].Document.Source, "/new/a.md")
	d.ID = "never.md"
	b.is("an unknown document", b.index.Touch(b.Context(), d), knowledge.ErrNotFound)
}

// revocation is that of a passage.
func revocation(c knowledge.Chunk, reason string) knowledge.Revocation {
	return knowledge.Revocation{
		DocumentID: c.DocumentID, ChunkID: c.ID, Hash: c.Hash, At: indexedAt, By: "Nuria", Reason: reason,
	}
}

// testRevoke takes a passage away that stays away until it is restored or corrected.
func testRevoke(b *bundle) {
	other := b.reopen()
	_, chunks := b.document("a.md", "es", "plazo falso", "plazo bueno")
	b.put(b.index, "a.md", "es", "plazo falso", "plazo bueno")
	b.put(b.index, "twin.md", "es", "plazo falso")
	want := revocation(chunks[0], "wrong since May")
	b.same("revoke", b.index.Revoke(b.Context(), []knowledge.Revocation{want}), nil)
	again := want
	again.Reason = "said twice"
	b.same("revoke again", b.index.Revoke(b.Context(), []knowledge.Revocation{again}), nil)
	left := []string{"plazo bueno", "plazo falso"} // that of the twin
	find := func(index knowledge.Index) []string {
		return texts(b.query(index, knowledge.Query{Text: "plazo", Locale: "es"}))
	}
	find(other) // the contract allows one outdated answer
	for _, index := range []knowledge.Index{b.index, other, b.reopen()} {
		b.same("passages", find(index), left, cmpopts.SortSlices(func(a, b string) bool { return a < b }))
		_, kept, err := index.Document(b.Context(), "a.md")
		b.same("error", err, nil)
		b.same("revoked", []bool{kept[0].Revoked, kept[1].Revoked}, []bool{true, false})
		list, err := index.Revocations(b.Context())
		b.same("error", err, nil)
		b.same("revocations", list, []knowledge.Revocation{want})
	}
	// With more before it, at another place, and after a removal.
	d, longer := b.document("a.md", "es", "prólogo", "plazo falso", "plazo bueno")
	b.same("remove", b.index.Remove(b.Context(), d.ID), nil)
	b.same("replace", b.index.Replace(b.Context(), d, longer), nil)
	b.same("remove the twin", b.index.Remove(b.Context(), "twin.md"), nil)
	b.same("passages", find(b.index), []string{"plazo bueno"})
	b.same("restore", b.index.Restore(b.Context(), "a.md", []string{want.Hash, "unknown"}), nil)
	b.same("passages", len(find(b.index)), 2)
	list, err := b.index.Revocations(b.Context())
	b.same("error", err, nil)
	b.same("revocations", list, []knowledge.Revocation{})
}
