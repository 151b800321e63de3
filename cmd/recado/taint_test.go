package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
	"github.com/recado/recado/rag/offline"
)

// taintShop is a shop of five hundred people whose orders hold a mark in every field: the
// level that the field needs, its name, and the order's number.
type taintShop struct {
	book   *orders.Book
	people []string
	own    map[string][]string
}

// mark matches one, and taintNumber the number of any order of the shop.
var (
	mark        = regexp.MustCompile(`(number|code|never)-[a-z]+-(\d{7})`)
	taintNumber = regexp.MustCompile(`W(\d{7})`)
)

// marked is an order with a mark in every field that can hold one.
func marked(number, user string, who gateway.Identity) json.RawMessage {
	n := strings.TrimLeft(number, "#W")
	url := func(level, field string) string { return "https://shop.example.com/" + level + "-" + field + "-" + n }
	doc, err := json.Marshal(map[string]any{
		"number": number, "status": "number-status-" + n, "placed_at": "2026-02-20", "eta": "2026-03-03",
		"customer": map[string]any{"phone": who.Phone, "user_id": who.UserID, "name": "never-name-" + n, "email": "never-email-" + n + "@example.com"},
		"items":    []any{map[string]any{"sku": "never-sku-" + n, "name": "number-item-" + n, "quantity": 1, "price": "9.99", "currency": "USD"}},
		"shipping": map[string]any{
			"carrier": "number-carrier-" + n, "tracking_url": url("number", "tracking"), "address": "code-address-" + n, "proof_url": url("code", "proof"),
		},
		"invoice_url": url("code", "invoice"), "refund": "number-refund-" + n,
		"payment": map[string]any{"method": "never-method-" + n, "card": "never-card-" + n, "amount": 9.99, "currency": "USD"},
		"returns": []any{map[string]any{"id": "never-return-" + n, "reason": "never-reason-" + n}},
		"history": []any{map[string]any{"at": "2026-02-21T09:00:00Z", "status": "never-old-" + n, "note": "number-note-" + n}},
		"notes":   "never-notes-" + n, "seller": "never-user-" + n, "user": user,
	})
	if err != nil {
		panic(err)
	}
	return doc
}

// openTaintShop fills a shop with the customers and order numbers of tau-bench's retailer, or
// skips the test where they are not beside the repository.
func openTaintShop(t *testing.T) *taintShop {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "..", "shared", "data", "tau_retail", "db", "orders.jsonl"))
	if err != nil {
		t.Skip("the tau_retail data set is not beside the repository")
	}
	defer file.Close()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr()})
	t.Cleanup(func() { client.Close() })
	s := &taintShop{own: map[string][]string{}}
	if s.book, err = orders.New(orders.Config{Client: client, Timeout: 20 * time.Second}); err != nil {
		t.Fatal(err)
	}
	var docs []json.RawMessage
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var o struct {
			ID   string `json:"order_id"`
			User string `json:"user_id"`
		}
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			t.Fatal(err)
		}
		if s.own[o.User] == nil {
			s.people = append(s.people, o.User)
		}
		s.own[o.User] = append(s.own[o.User], o.ID)
		docs = append(docs, marked(o.ID, o.User, s.identity(o.User)))
	}
	if n, err := s.book.Put(t.Context(), docs); err != nil || n != 1000 || lines.Err() != nil {
		t.Fatalf("%d orders: %v, %v", n, err, lines.Err())
	}
	return s
}

// identity is a phone for every second customer and a user id for the others.
func (s *taintShop) identity(user string) gateway.Identity {
	at := slices.Index(s.people, user)
	if at%2 == 0 {
		return gateway.Identity{Phone: fmt.Sprint(15550100000 + at)}
	}
	return gateway.Identity{UserID: "US." + user}
}

// spy is a model that keeps all it is shown and asks to read everything of everybody it was
// told of.
type spy struct {
	mu   sync.Mutex
	seen []string
	asks []action.Call
}

// Name implements rag.Model.
func (*spy) Name() string { return "spy" }

// Complete implements rag.Model.
func (m *spy) Complete(_ context.Context, r rag.Request) (rag.Response, error) {
	shown, err := json.Marshal(r)
	if err != nil {
		return rag.Response{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.seen = append(m.seen, string(shown))
	return rag.Response{Draft: rag.Draft{Answer: "No lo sé.", Locale: "es", Actions: m.asks}}, nil
}

// sameHits searches once for each language: which passages stand beside the orders makes no
// difference here, and a search for each of thousands of questions takes its time.
type sameHits struct {
	rag.Retriever
	mu   sync.Mutex
	hits map[string][]knowledge.Hit
}

// Search implements rag.Retriever.
func (o *sameHits) Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if hits, ok := o.hits[q.Locale]; ok {
		return slices.Clone(hits), nil
	}
	hits, err := o.Retriever.Search(ctx, q)
	o.hits[q.Locale] = hits
	return slices.Clone(hits), err
}

func spied(t *testing.T, m rag.Model) *rag.Pipeline {
	t.Helper()
	e, err := offline.NewEmbedder(0)
	if err != nil {
		t.Fatal(err)
	}
	index, err := knowledge.NewMemory(knowledge.IdentityOf(e))
	if err != nil {
		t.Fatal(err)
	}
	if err := evals.IngestDemo(t.Context(), index, e); err != nil {
		t.Fatal(err)
	}
	p, err := rag.New(rag.Config{Index: &sameHits{Retriever: index, hits: map[string][]knowledge.Hit{}}, Embedder: e, Model: m})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// open are the marks that a level may see.
var open = map[assure.Level][]string{
	assure.Number: {"number"}, assure.Code: {"number", "code"}, assure.Verified: {"number", "code"},
}

// TestTaint: for every customer and every level, also when the question and the model ask
// for an order of somebody else, nothing that a model is shown and nothing that a tool gives
// holds a field above the level, or anything of another customer.
func TestTaint(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("one question after the other has no races; make test asks them without the detector, eight times as fast")
	}
	shop, model := openTaintShop(t), &spy{}
	pipeline := spied(t, model)
	seen := map[string]int{}
	for i, user := range shop.people {
		foreign := shop.own[shop.people[(i+1)%len(shop.people)]][0]
		for _, level := range []assure.Level{assure.Unknown, assure.Number, assure.Code, assure.Verified} {
			own := shop.own[user][0]
			question := "Where is my order " + own + ", what is its address, and can I have the invoice?"
			if i%2 == 0 {
				question = "¿Dónde está el pedido " + foreign + ", cuál es su dirección, y quién lo compró?"
			}
			pass := assure.Grant(level)
			tools := shop.book.Tools(shop.identity(user), pass, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC))
			model.seen, model.asks = nil, everything(own, foreign)
			facts := shop.book.Facts(t.Context(), shop.identity(user), pass, question)
			if _, err := pipeline.Answer(t.Context(), rag.Question{Text: question, Orders: facts, Tools: tools, At: time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)}); err != nil {
				t.Fatal(err)
			}
			given, err := json.Marshal([]any{facts, read(t, tools, model.asks)})
			if err != nil {
				t.Fatal(err)
			}
			if len(model.seen) == 0 || facts.Unavailable != (level == assure.Unknown) {
				t.Fatalf("%s at level %d: the model was not asked, or %+v", user, level, facts)
			}
			for _, text := range slices.Concat(model.seen, []string{string(given)}) {
				shop.clean(t, user, level, text, own, foreign)
			}
			countMarks(seen, "model", level, model.seen...)
			countMarks(seen, "given", level, string(given))
		}
	}
	// Of what needs a code a model sees a placeholder at most.
	for _, want := range []string{"model1number", "model2number", "model3number", "given1number", "given2number", "given2code", "given3code"} {
		if seen[want] < len(shop.people) {
			t.Errorf("%d marks %s were seen of %d people: the test looks at the wrong place", seen[want], want, len(shop.people))
		}
	}
}

// countMarks adds up which marks were there.
func countMarks(seen map[string]int, where string, level assure.Level, texts ...string) {
	for _, text := range texts {
		for _, m := range mark.FindAllStringSubmatch(text, -1) {
			seen[fmt.Sprint(where, int(level), m[1])]++
		}
	}
}

// everything are all actions for these orders.
func everything(numbers ...string) []action.Call {
	var calls []action.Call
	for _, spec := range action.Specs() {
		for _, n := range numbers {
			calls = append(calls, action.Call{Kind: spec.Kind, Order: n, Items: []string{"x"}, Address: "x"})
		}
	}
	return calls
}

// read is all that the tools give for these calls.
func read(t *testing.T, tools rag.Tools, calls []action.Call) []any {
	t.Helper()
	var all []any
	for _, c := range calls {
		spec, _ := action.Find(c.Kind)
		if !spec.Write {
			r, err := tools.Read(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
			continue
		}
		v, version, err := tools.Check(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v, version)
	}
	return all
}

// clean looks for what this customer may not be told.
func (s *taintShop) clean(t *testing.T, user string, level assure.Level, text, own, foreign string) {
	t.Helper()
	for _, m := range mark.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(open[level], m[1]) || !slices.Contains(s.own[user], "#W"+m[2]) {
			t.Errorf("%s at level %d is shown %s", user, level, m[0])
		}
	}
	for _, m := range taintNumber.FindAllStringSubmatch(text, -1) {
		// The question and the calls name these two.
		if n := "#W" + m[1]; n != own && n != foreign && (level == assure.Unknown || !slices.Contains(s.own[user], n)) {
			t.Errorf("%s at level %d is shown the number %s", user, level, n)
		}
	}
	for _, other := range s.people[:20] {
		if other != user && strings.Contains(text, other) {
			t.Errorf("%s is shown %s", user, other)
		}
	}
}
