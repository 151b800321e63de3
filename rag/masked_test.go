package rag_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// heard keeps every text that a model of any kind was given.
type heard struct {
	mu    sync.Mutex
	texts []string
}

func (h *heard) hear(texts ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.texts = append(h.texts, texts...)
}

type hearingModel struct {
	*heard
	draft rag.Draft
}

func (hearingModel) Name() string { return "fake-model" }

func (m hearingModel) Complete(_ context.Context, r rag.Request) (rag.Response, error) {
	m.hear(fmt.Sprintf("%+v", r))
	return rag.Response{Draft: m.draft}, nil
}

type hearingEmbedder struct {
	fakeEmbedder
	*heard
}

func (e hearingEmbedder) Embed(_ context.Context, texts []string) ([][]float32, error) {
	e.hear(texts...)
	return [][]float32{{1, 0}}, nil
}

func (e hearingEmbedder) Expand(_, text string) string {
	e.hear(text)
	return ""
}

type hearingReranker struct{ *heard }

func (hearingReranker) Name() string { return "fake-reranker" }

func (r hearingReranker) Rerank(_ context.Context, question string, passages []string) ([]float64, error) {
	r.hear(question)
	return make([]float64, len(passages)), nil
}

// TestNoModelSeesPersonalData in whatever part of a turn it stands, and the customer's
// reply has it back.
func TestNoModelSeesPersonalData(t *testing.T) {
	t.Parallel()
	h := &heard{}
	s := newSetup(fakeModel{})
	s.index.hits["es"][0].Chunk.Text += " Llámanos al 912 345 678."
	s.Model = hearingModel{h, rag.Draft{Answer: "Tienes 30 días para devolver. ¿Te llamamos al [[PHONE_1]]?", Citations: []string{"a"}, Locale: "es"}}
	s.Embedder, s.Reranker = hearingEmbedder{heard: h}, hearingReranker{h}
	q := question
	q.Text = "¿Cuántos días tengo para devolver el pedido 612000111? Soy Marta Ruiz Canela, mi móvil es 612 34 56 78 y mi tarjeta la 4111 1111 1111 1111. ¿El 912345678 es vuestro?"
	q.History = []rag.Utterance{{Role: rag.RoleCustomer, Text: "mi correo es marta.canela@correo.example"}, {Role: rag.RoleBot, Text: "¿Es el 612 34 56 78?"}, {Role: rag.RoleAgent, Text: "DNI 12345678Z"}}
	q.Orders = rag.OrderFacts{Asked: []string{"612000111"}, Orders: []rag.Order{{
		Number: "612000111", Status: "shipped", LastNote: "Entregar a Sra. Canela", Address: "Rosal 3, Toledo",
		InvoiceURL: "https://shop.example/i/secreto1", ProofURL: "https://shop.example/p/secreto2",
	}}}
	q.Receipts = []action.Receipt{{ID: "r", Kind: action.ChangeAddress, Order: "612000111", Outcome: action.Done, Facts: map[string]string{"address": "Lirio 9, Ávila", "url": "https://shop.example/secreto3"}}}
	a, err := s.answer(t, q)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Join(h.texts, "\n")
	for _, secret := range []string{"Marta", "Canela", "612 34 56 78", "4111", "canela@", "12345678Z", "Rosal", "Lirio", "secreto"} {
		if strings.Contains(all, secret) {
			t.Errorf("a model was given %q", secret)
		}
	}
	for _, needed := range []string{"612000111", "912345678", "[[PHONE_1]]", "[[CARD_1]]"} {
		if !strings.Contains(all, needed) {
			t.Errorf("no model was given %q", needed)
		}
	}
	if a.Text != "Tienes 30 días para devolver. ¿Te llamamos al 612 34 56 78?" {
		t.Errorf("the reply: %q", a.Text)
	}
	want := map[string]int{"NAME": 2, "PHONE": 2, "CARD": 1, "EMAIL": 1, "ID": 1, "ADDRESS": 2, "URL": 3}
	if diff := cmp.Diff(want, a.Masked); diff != "" {
		t.Error(diff)
	}
}

// TestSlipsHoldNoPersonalData: the record tells which words were read as others, and nothing
// that a customer wrote of themselves is one of them.
func TestSlipsHoldNoPersonalData(t *testing.T) {
	t.Parallel()
	q := question
	q.Text = "¿Cuántos díass tengo para devolver? Soy Marta Devolvr Canela, mi contraseña es devolverr y mi correo devolve@correo.example"
	a, err := newSetup(fakeModel{draft: good()}).answer(t, q)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]rag.Slip{{Word: "díass", Meant: "dias"}}, a.Slips); diff != "" {
		t.Error(diff)
	}
}

// TestOrdersThatAreComing: a search waits for them only if the question may name one, and
// everything else does.
func TestOrdersThatAreComing(t *testing.T) {
	t.Parallel()
	facts := rag.OrderFacts{Orders: []rag.Order{{Number: "612000111", Status: "shipped"}}}
	for text, first := range map[string]bool{
		"¿Cuántos días tengo para devolver?": false, "¿Dónde está el pedido 612000111?": true, "¿Y el 612 000 111?\n¿Qué plazo tengo?": true,
	} {
		h, request := &heard{}, rag.Request{}
		s := newSetup(fakeModel{draft: good(), request: &request})
		s.Embedder = hearingEmbedder{heard: h}
		asked, searched := 0, 0
		a, err := s.answer(t, rag.Question{Text: text, At: question.At, Coming: func() rag.OrderFacts {
			asked, searched = asked+1, len(h.texts)
			return facts
		}})
		if err != nil || asked != 1 || (searched == 0) != first {
			t.Errorf("%q: asked for %d times, after %d texts were embedded; %v", text, asked, searched, err)
		}
		if len(a.Orders.Orders) != 1 || len(request.Orders.Orders) != 1 {
			t.Errorf("%q: the answer knows of %d orders, the model of %d", text, len(a.Orders.Orders), len(request.Orders.Orders))
		}
		if first != strings.Contains(strings.Join(h.texts, ""), "111") {
			t.Errorf("%q: embedded %q", text, h.texts)
		}
	}
}

// TestAModelsOwnPlaceholderFails: it stands for nobody.
func TestAModelsOwnPlaceholderFails(t *testing.T) {
	t.Parallel()
	a, err := newSetup(fakeModel{draft: rag.Draft{Answer: "Tienes 30 días, [[NAME_4]].", Citations: []string{"a"}}}).answer(t, question)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range a.Checks {
		if c.Name == rag.CheckMasked && c.OK {
			t.Error("a placeholder that nobody gave passes")
		}
	}
}

// TestModelsAreCalledBehindTheMaskAlone reads the code of this package: its calls of
// models stand in one file.
func TestModelsAreCalledBehindTheMaskAlone(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, file := range files {
		if !strings.HasSuffix(file.Name(), ".go") || strings.HasSuffix(file.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if s, ok := call.Fun.(*ast.SelectorExpr); ok {
				switch s.Sel.Name {
				case "Complete", "Embed", "Rerank":
					calls++
					if file.Name() != "masked.go" {
						t.Errorf("%s calls %s, past the mask", file.Name(), s.Sel.Name)
					}
				}
			}
			return true
		})
	}
	if calls != 3 {
		t.Errorf("%d calls of models were found, not 3", calls)
	}
}
