package knowledgetest

import (
	order "cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/knowledge"
)

// Open opens an index at one place: a folder or a database. It is called several
// times for a place, also while what it returned before is still open or was
// never closed.
type Open func(id knowledge.Identity, as knowledge.Opening) (knowledge.Space, error)

// dim is the dimension of the suite's vectors.
const dim = 64

// bundle is what each test of the suite works with.
type bundle struct {
	*testing.T
	open     Open
	embedder *Embedder
	index    knowledge.Space
}

// identity is what the suite's indexes are built with.
func (b *bundle) identity() knowledge.Identity {
	return knowledge.Identity{Embedder: b.embedder.Name(), Dim: dim, Splitter: "1"}
}

// TestIndex runs the contract. place makes a fresh, empty place for each test.
func TestIndex(t *testing.T, place func(testing.TB) Open) {
	t.Helper()
	tests := []struct {
		name string
		run  func(*bundle)
	}{
		{"Empty", testEmpty},
		{"RanksLikeMemory", testRanks},
		{"Replace", testReplace},
		{"Remove", testRemove},
		{"Documents", testDocuments},
		{"LocaleFilter", testLocale},
		{"Limit", testLimit},
		{"Filters", testFilters},
		{"RandomFilters", testRandomFilters},
		{"CrossLanguage", testCrossLanguage},
		{"SelfScore", testSelf},
		{"Passages", testPassages},
		{"Touch", testTouch},
		{"Revoke", testRevoke},
		{"Dimension", testDimension},
		{"InvalidDocument", testInvalid},
		{"Unicode", testUnicode},
		{"Identity", testIdentity},
		{"Beside", testBeside},
		{"OpenAny", testAny},
		{"OpenAsIs", testAsIs},
		{"Vectors", testVectors},
		{"Reopen", testReopen},
		{"OtherProcess", testOtherProcess},
		{"Age", testAge},
		{"SearchDuringReplace", testSearchDuringReplace},
		{"ConcurrentWriters", testConcurrentWriters},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := &bundle{T: t, open: place(t), embedder: NewEmbedder(dim)}
			b.index = b.reopen()
			test.run(b)
		})
	}
}

// reopen opens the place once more, and closes it when the test ends.
func (b *bundle) reopen() knowledge.Space {
	b.Helper()
	return b.opened(b.identity(), knowledge.OpenInUse)
}

func (b *bundle) opened(id knowledge.Identity, as knowledge.Opening) knowledge.Space {
	b.Helper()
	index, err := b.open(id, as)
	if err != nil {
		b.Fatalf("open %+v as %d: %v", id, as, err)
	}
	b.Cleanup(func() {
		if err := index.Close(); err != nil {
			b.Errorf("close: %v", err)
		}
	})
	return index
}

// indexedAt is a moment that no store may round: it has microseconds and a zone.
var indexedAt = time.Date(2026, 3, 1, 12, 30, 15, 123456000, time.UTC)

// document makes a document whose passages are the texts.
func (b *bundle) document(id, locale string, texts ...string) (knowledge.Document, []knowledge.Chunk) {
	d := knowledge.Document{
		Meta: knowledge.Meta{
			ID: id, Title: "Title of " + id, Locale: locale, Audience: knowledge.AudienceCustomer,
			Approver: "Nuria", Tags: []string{"legal", "tienda"},
		},
		Source: "/shop/" + id, Collection: "/shop", Version: fmt.Sprint(len(texts), texts),
		Body: strings.Join(texts, "\n\n"), Format: knowledge.FormatMarkdown, Validator: `"etag"`,
		IndexedAt: indexedAt, Passages: len(texts),
	}
	chunks := make([]knowledge.Chunk, len(texts))
	for i, text := range texts {
		chunks[i] = knowledge.Chunk{
			ID: fmt.Sprintf("%s#%04d", id, i), DocumentID: id, Seq: i, Heading: "Part", Text: text,
			Start: 10 * i, End: 10*i + len(text), Vector: b.embedder.Vector(text),
		}
		chunks[i].Hash = knowledge.ContentHash(d, chunks[i])
		chunks[i].Tokens = knowledge.CountTokens(knowledge.PromptText(chunks[i]))
	}
	return d, chunks
}

func (b *bundle) put(index knowledge.Index, id, locale string, texts ...string) {
	b.Helper()
	d, chunks := b.document(id, locale, texts...)
	if err := index.Replace(b.Context(), d, chunks); err != nil {
		b.Fatalf("replace %s: %v", id, err)
	}
}

// search asks by words and by meaning.
func (b *bundle) search(index knowledge.Index, locale, text string) []knowledge.Hit {
	b.Helper()
	return b.query(index, knowledge.Query{Text: text, Vector: b.embedder.Vector(text), Locale: locale})
}

func (b *bundle) query(index knowledge.Index, q knowledge.Query) []knowledge.Hit {
	b.Helper()
	hits, err := index.Search(b.Context(), q)
	if err != nil {
		b.Fatalf("search %q: %v", q.Text, err)
	}
	return hits
}

// texts are the passages of the hits.
func texts(hits []knowledge.Hit) []string {
	list := make([]string, len(hits))
	for i, h := range hits {
		list[i] = h.Chunk.Text
	}
	return list
}

func (b *bundle) same(what string, got, want any, options ...cmp.Option) {
	b.Helper()
	options = append(options, cmpopts.EquateEmpty())
	if diff := cmp.Diff(want, got, options...); diff != "" {
		b.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func testEmpty(b *bundle) {
	b.same("search in an empty index", len(b.search(b.index, "es", "devolución")), 0)
	b.put(b.index, "a.md", "es", "Devoluciones en 30 días")
	b.same("search for nothing", len(b.query(b.index, knowledge.Query{})), 0)
	b.same("search for marks", len(b.query(b.index, knowledge.Query{Text: "¿…?"})), 0)
	b.same("search for common words", len(b.query(b.index, knowledge.Query{Text: "de la que", Also: "devoluciones", Locale: "es"})), 0)
	b.same("search for what nobody said", len(b.query(b.index, knowledge.Query{Also: "devoluciones", Locale: "es"})), 0)
	b.same("search for no direction", len(b.query(b.index, knowledge.Query{Vector: make([]float32, dim)})), 0)
	b.same("search in no document", len(b.query(b.index, knowledge.Query{Text: "devoluciones", Documents: []string{}})), 0)
	documents, err := b.index.Documents(b.Context(), "elsewhere")
	b.same("documents of an unknown collection", documents, []knowledge.Document{})
	b.same("error", err, nil)
}

// testRanks compares the hits, in all their fields, with those of
// knowledge.Memory. Scores may differ in the last bits of a float32.
func testRanks(b *bundle) {
	memory, err := knowledge.NewMemory(b.identity())
	if err != nil {
		b.Fatal(err)
	}
	for _, index := range []knowledge.Index{b.index, memory} {
		for i, p := range passages {
			b.put(index, fmt.Sprintf("%s/%02d.md", p.locale, i), p.locale, strings.Split(p.text, "|")...)
		}
		// Replaced and removed documents must leave no trace in the frequencies.
		b.put(index, "es/00.md", "es", strings.Split(passages[0].text, "|")[:1]...)
		if err := index.Remove(b.Context(), "en/07.md"); err != nil {
			b.Fatal(err)
		}
	}
	questions := []string{
		"¿Cuánto tardan los reembolsos?", "quiero devolver un pedido", "where is my order W-2001", "return a broken phone",
		"garantia de dos años", "factura con IVA", "delivery 10 days", "xyzzy", "pago con tarjeta",
	}
	for _, locale := range []string{"es", "en", "", "pt", "es-MX"} {
		for _, text := range questions {
			for _, q := range []knowledge.Query{
				{Text: text, Locale: locale},
				{Vector: b.embedder.Vector(text), Locale: locale},
				{Text: text, Vector: b.embedder.Vector(text), Locale: locale, Limit: 5},
			} {
				name := fmt.Sprintf("locale %q, %q, vector %v", locale, text, q.Vector != nil)
				b.same(name, b.query(b.index, q), b.query(memory, q), cmpopts.EquateApprox(1e-4, 5e-5))
			}
		}
	}
}

func testReplace(b *bundle) {
	b.put(b.index, "a.md", "es", "El plazo es de 14 días", "Los gastos son gratis")
	b.put(b.index, "a.md", "es", "El plazo es de 30 días")
	b.same("passages", texts(b.search(b.index, "es", "plazo gastos días")), []string{"El plazo es de 30 días"})
	hit := b.search(b.index, "es", "plazo")[0]
	want, chunks := b.document("a.md", "es", "El plazo es de 30 días")
	want.Body = ""
	b.same("document", hit.Document, want)
	chunks[0].Vector = nil
	b.same("chunk", hit.Chunk, chunks[0])
	b.put(b.index, "a.md", "en", "Thirty days")
	b.same("after a change of the locale", texts(b.search(b.index, "", "plazo thirty")), []string{"Thirty days"})
	b.put(b.index, "a.md", "es")
	b.same("without passages", len(b.search(b.index, "", "plazo")), 0)
	documents, err := b.index.Documents(b.Context(), "")
	if err != nil || len(documents) != 1 {
		b.Errorf("a document without passages: %v, %v; want it kept", documents, err)
	}
}

func testRemove(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo uno")
	b.put(b.index, "b.md", "es", "plazo dos")
	for _, id := range []string{"a.md", "a.md", "never.md"} {
		if err := b.index.Remove(b.Context(), id); err != nil {
			b.Fatalf("remove %s: %v", id, err)
		}
	}
	b.same("passages", texts(b.search(b.index, "es", "plazo")), []string{"plazo dos"})
}

func testDocuments(b *bundle) {
	var want []knowledge.Document
	for _, id := range []string{"c.md", "a.md", "B.md", "á.md"} {
		d, chunks := b.document(id, "es", "texto "+id)
		d.Collection = "/shop/" + strings.ToLower(id[:1])
		if err := b.index.Replace(b.Context(), d, chunks); err != nil {
			b.Fatal(err)
		}
		d.Body = ""
		want = append(want, d)
	}
	slices.SortFunc(want, func(a, b knowledge.Document) int { return strings.Compare(a.ID, b.ID) })
	all, err := b.index.Documents(b.Context(), "")
	b.same("all, in the order of bytes", all, want)
	b.same("error", err, nil)
	one, err := b.index.Documents(b.Context(), "/shop/b")
	b.same("one collection", one, want[:1])
	b.same("error", err, nil)
}

func testLocale(b *bundle) {
	b.put(b.index, "es.md", "es", "reembolso refund")
	b.put(b.index, "mx.md", "es-MX", "reembolso refund México")
	b.put(b.index, "en.md", "en", "reembolso refund")
	for locale, want := range map[string]int{"es": 2, "es-AR": 2, "en": 1, "": 3, "pt": 0} {
		hits := b.search(b.index, locale, "refund")
		b.same("hits of "+locale, len(hits), want)
		for _, h := range hits {
			if locale != "" && knowledge.Language(h.Document.Locale) != knowledge.Language(locale) {
				b.Errorf("a search for %s found a passage in %s", locale, h.Document.Locale)
			}
		}
	}
}

func testLimit(b *bundle) {
	many := make([]string, 130)
	for i := range many {
		many[i] = fmt.Sprintf("plazo número %d", i)
	}
	b.put(b.index, "a.md", "es", many...)
	for limit, want := range map[int]int{0: 8, 1: 1, 20: 20, 50: 50, 1000: knowledge.Depth, -3: 8} {
		q := knowledge.Query{Text: "plazo", Vector: b.embedder.Vector("plazo"), Locale: "es", Limit: limit}
		hits := b.query(b.index, q)
		b.same(fmt.Sprint("hits for limit ", limit), len(hits), want)
		sorted := slices.IsSortedFunc(hits, func(a, b knowledge.Hit) int {
			return order.Or(order.Compare(float32(b.Score), float32(a.Score)), strings.Compare(a.Chunk.ID, b.Chunk.ID))
		})
		if !sorted {
			b.Errorf("hits for limit %d are not best first, ties by ID", limit)
		}
	}
}

func testDimension(b *bundle) {
	b.put(b.index, "a.md", "es", "plazo antiguo")
	d, chunks := b.document("a.md", "es", "plazo nuevo", "otro")
	chunks[1].Vector = chunks[1].Vector[:dim-1]
	if err := b.index.Replace(b.Context(), d, chunks); !errors.Is(err, knowledge.ErrDimension) {
		b.Errorf("replace with a short vector: %v, want ErrDimension", err)
	}
	b.same("passages", texts(b.search(b.index, "es", "plazo")), []string{"plazo antiguo"})
	for _, vector := range [][]float32{{}, make([]float32, dim+1)} {
		_, err := b.index.Search(b.Context(), knowledge.Query{Text: "plazo", Vector: vector})
		if !errors.Is(err, knowledge.ErrDimension) {
			b.Errorf("search with %d dimensions: %v, want ErrDimension", len(vector), err)
		}
	}
}

func testInvalid(b *bundle) {
	valid, chunks := b.document("a.md", "es", "uno", "dos")
	for name, change := range map[string]func(*knowledge.Document, []knowledge.Chunk){
		"no ID":         func(d *knowledge.Document, _ []knowledge.Chunk) { d.ID = "" },
		"long ID":       func(d *knowledge.Document, _ []knowledge.Chunk) { d.ID = strings.Repeat("x", 513) },
		"no title":      func(d *knowledge.Document, _ []knowledge.Chunk) { d.Title = "" },
		"no locale":     func(d *knowledge.Document, _ []knowledge.Chunk) { d.Locale = "" },
		"repeated ID":   func(_ *knowledge.Document, c []knowledge.Chunk) { c[1].ID = c[0].ID },
		"chunk with no": func(_ *knowledge.Document, c []knowledge.Chunk) { c[1].ID = "" },
	} {
		d, c := valid, slices.Clone(chunks)
		change(&d, c)
		if err := b.index.Replace(b.Context(), d, c); err == nil {
			b.Errorf("%s: no error", name)
		}
	}
	documents, err := b.index.Documents(b.Context(), "")
	b.same("documents", documents, []knowledge.Document{})
	b.same("error", err, nil)
}

func testUnicode(b *bundle) {
	const text = "La devolución de la señora Núñez 🎁 — «rápida»\t100 % \\ 'comillas' \"dobles\" {a,b}"
	b.put(b.index, "carpeta ñ/política «á».md", "es", text)
	for _, question := range []string{"DEVOLUCION", "devoluciones", "nunez", "núñez", "rapida", "Devolucio\u0301n"} {
		hits := b.query(b.index, knowledge.Query{Text: question, Locale: "es"})
		b.same("passages for "+question, texts(hits), []string{text})
	}
	b.put(b.index, "zh.md", "zh", "退款需要 30 天")
	b.same("passages", texts(b.query(b.index, knowledge.Query{Text: "退款需要", Locale: "zh"})), []string{"退款需要 30 天"})
	// What looks like a statement or an operator is only words.
	b.query(b.index, knowledge.Query{Text: `'; drop table documents; -- " OR * NEAR(`, Locale: "es"})
	b.same("passages", len(b.search(b.index, "es", "devolución")), 1)
}

// passages are a small shop's knowledge. Parts are divided by a bar; two of the
// Spanish documents are equal, so that ties have to be broken by ID.
var passages = []struct{ locale, text string }{
	{"es", "Los reembolsos tardan de 3 a 5 días hábiles|Los reembolsos van a la tarjeta con la que se pagó"},
	{"es", "Puede devolver un pedido en 30 días|El producto tiene que estar sin usar"},
	{"es", "La garantía dura dos años desde la entrega"},
	{"es", "La garantía dura dos años desde la entrega"},
	{"es", "La factura lleva el IVA y se descarga en su cuenta|Pago con tarjeta, transferencia o PayPal"},
	{"en", "Refunds take 3 to 5 business days|Refunds go to the card you paid with"},
	{"en", "You can return an order within 30 days|Broken phones are repaired under the warranty"},
	{"en", "This passage is removed before anybody looks for an order"},
	{"en", "Order W-2001 is an example of an order number|Delivery takes 2 to 10 days"},
	{"en", "Delivery is free above 50 euros. Delivery to islands takes 10 days longer than other delivery."},
	{"pt", "O reembolso demora 10 dias|Pago com cartão"},
}
