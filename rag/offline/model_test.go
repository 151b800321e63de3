package offline_test

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/offline"
)

// texts takes files that are Markdown or a FAQ table already.
type texts struct{}

func (texts) Accepts(string) bool { return true }

func (texts) Extract(_ context.Context, name string, f knowledge.File) ([]knowledge.Extracted, error) {
	format := knowledge.FormatMarkdown
	if strings.HasSuffix(name, ".csv") {
		format = knowledge.FormatFAQ
	}
	return []knowledge.Extracted{{Body: string(f.Data), Format: format}}, nil
}

// shop answers over the demo shop's documents in memory.
func shop(tb testing.TB) *rag.Pipeline {
	tb.Helper()
	embedder, err := offline.NewEmbedder(0)
	if err != nil {
		tb.Fatal(err)
	}
	index, err := knowledge.NewMemory(knowledge.IdentityOf(embedder))
	if err != nil {
		tb.Fatal(err)
	}
	ingester, err := knowledge.NewIngester(knowledge.Config{Index: index, Embedder: embedder, Extractor: texts{}})
	if err != nil {
		tb.Fatal(err)
	}
	list := knowledge.Listing{}
	add := func(name string, data []byte) {
		list.Sources = append(list.Sources, knowledge.Source{
			Name: name, Place: name, Collection: "shop",
			Read: func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
				return knowledge.File{Data: data}, nil
			},
		})
	}
	err = fs.WalkDir(demoshop.Policies(), ".", func(at string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(demoshop.Policies(), at)
		add("policies/"+at, data)
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	add("faq/faq.csv", demoshop.FAQ())
	if report, err := ingester.Ingest(context.Background(), list, knowledge.Options{}); err != nil || len(report.Broken) > 0 {
		tb.Fatal(report, err)
	}
	pipeline, err := rag.New(rag.Config{Index: index, Embedder: embedder, Model: offline.NewModel()})
	if err != nil {
		tb.Fatal(err)
	}
	return pipeline
}

// TestOtherLanguage asks in Spanish what stands in an English document only, and the
// other way round: the answer quotes it and says so in the customer's language.
func TestOtherLanguage(t *testing.T) {
	t.Parallel()
	model := offline.NewModel()
	for _, c := range []struct{ locale, question, of, text, want string }{
		{"es", "¿Cuánto tarda el reembolso?", "en", "Refunds take 5 days.", "Esto solo lo tengo en inglés:\n«Refunds take 5 days.»"},
		{"en", "How long does a refund take?", "es", "El reembolso tarda 5 días.", "I have this in Spanish only:\n“El reembolso tarda 5 días.”"},
		{"es", "¿Cuánto tarda el reembolso?", "es", "El reembolso tarda 5 días.", "El reembolso tarda 5 días."},
	} {
		r, err := model.Complete(t.Context(), rag.Request{
			Locale: c.locale, Question: c.question,
			Passages: []rag.Passage{{ID: "p", DocumentID: "d", Title: "Refunds", Locale: c.of, Text: c.text, Dense: .5}},
		})
		if err != nil || r.Draft.Answer != c.want {
			t.Errorf("%s in %s: %+v, %v; want %q", c.question, c.of, r.Draft, err, c.want)
		}
	}
}

func TestPolicyQuestions(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	said := func(text string) []rag.Utterance {
		return []rag.Utterance{{Role: rag.RoleCustomer, Text: text}, {Role: rag.RoleBot, Text: "..."}}
	}
	for _, c := range []struct {
		text    string
		history []rag.Utterance
		locale  string
		says    string
		source  string
		// held is true where yes or no would do and the draft says more: the score is too
		// careful with such, and a person sends it.
		held bool
	}{
		{"¿Cuánto tardan los reembolsos?", nil, "es", "de 5 a 10 días hábiles", "faq", false},
		{"How long do refunds take?", nil, "en", "5 to 10 working days", "faq", false},
		{"cuantos años de garantia teneis", nil, "es", "3 años", "", false},
		{"¿y a Canarias?", said("cuánto cuesta el envío?"), "es", "14,99 €", "01-shipping-times-and-costs", false},
		{"and to Portugal?", said("how much is shipping?"), "en", "€6.99", "02-international-shipping", false},
		{"how do i reset the router", nil, "en", "10 seconds", "20-device-setup", false},
		{"cuánto tarda a Tenerife?", nil, "es", "7 a 12 días hábiles", "", false},
		{"hola\ntengo una duda\n¿cuánto cuesta el envío a Canarias?", nil, "es", "14,99 €", "01-shipping-times-and-costs", false},
		{"hola buenas, una pregunta: cuanto tardan los reembolsos?", nil, "es", "de 5 a 10 días hábiles", "faq", false},
		{"¿Cuánto es el gasto de envío?", nil, "es", "4,99 €", "faq", false},
		{"precio del envío", nil, "es", "4,99 €", "faq", false},
		{"tarifas de envío", nil, "es", "4,99 €", "faq", false},
		{"shipping costs?", nil, "en", "€4.99", "faq", false},
		{"¿Hacéis envíos a Canarias?", nil, "es", "14,99 €", "faq", false},
		{"¿Tenéis tienda en Sevilla?", nil, "es", "4 tiendas: Madrid, Barcelona, Valencia y Sevilla.", "23-store-pickup", false},
		{"¿y a Mallorca?", []rag.Utterance{{Role: rag.RoleCustomer, Text: "¿Cuánto tarda el envío a la Península?"}, {Role: rag.RoleBot, Text: "De 2 a 4 días."}, {Role: rag.RoleCustomer, Text: "¿y a Canarias?"}, {Role: rag.RoleBot, Text: "De 7 a 12 días."}}, "es", "4 a 6 días hábiles", "faq", false},
		{"¿y la reparación?", []rag.Utterance{{Role: rag.RoleCustomer, Text: "¿Cuánto dura la garantía?"}, {Role: rag.RoleBot, Text: "3 años."}}, "es", "", "17-repairs", false},
		{"Good morning! Quick question: how long do refunds take, please?", nil, "en", "5 to 10 working days", "faq", false},
	} {
		a, err := pipeline.Answer(context.Background(), rag.Question{Text: c.text, History: c.history, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if a.Locale != c.locale || !strings.Contains(a.Text, c.says) {
			t.Errorf("%q (%s): %q is not in %q", c.text, a.Locale, c.says, a.Text)
		}
		cited := slices.ContainsFunc(a.Cited, func(p rag.Passage) bool { return strings.Contains(p.DocumentID, c.source) })
		if !cited {
			t.Errorf("%q does not cite %q: %v", c.text, c.source, a.Draft.Citations)
		}
		if held := a.Confidence < a.Threshold; held != c.held {
			t.Errorf("%q is held %v: %.2f of %.2f", c.text, held, a.Confidence, a.Threshold)
		}
	}
}

func TestWhatIsNotCoveredIsNotSent(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	for _, text := range []string{
		"¿Venden bicicletas de carga?", "do you sell cargo bikes?", "el robot aspirador es compatible con Alexa?",
		"cuántos decibelios hace el ventilador de torre?", "whats the weather tomorrow", "?",
		"¿Cuál es la capital de Francia?", "What is the capital of France?", "¿Cuánto cuesta el robot aspirador?", "how much is the robot vacuum?", "😡", "asdf qwer",
	} {
		a, err := pipeline.Answer(context.Background(), rag.Question{Text: text, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if !a.Draft.NeedsHuman && a.Confidence >= a.Threshold {
			t.Errorf("%q is answered with %.2f: %q", text, a.Confidence, a.Text)
		}
	}
}

// A second paragraph about another place, or about the region of the city that
// was asked for, is no part of the answer.
func TestOnlyThePlaceThatIsAskedFor(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	for text, not := range map[string]string{
		"¿Tenéis tienda en Sevilla?":     "Península",
		"Do you have a shop in Seville?": "Mainland",
		"shipping costs?":                "8.99",
	} {
		a, err := pipeline.Answer(context.Background(), rag.Question{Text: text, At: now})
		if err != nil {
			t.Fatal(err)
		}
		if a.Text == "" || strings.Contains(a.Text, not) {
			t.Errorf("%q: %q is in %q", text, not, a.Text)
		}
	}
}

func TestSmallTalk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		locale, text string
		small        bool
	}{
		{"es", "hola", true},
		{"es", "¡Buenas tardes!", true},
		{"es", "ok perfecto muchas gracias", true},
		{"en", "good morning, how are you", true},
		{"en", "bye, take care", true},
		{"en", "👍", true},
		{"es", "🙏🙏", true},
		{"es", "😡", false},
		{"es", "", false},
		{"es", "hola, cuánto cuesta el envío?", false},
		{"en", "thanks but where is it", false},
	} {
		got := draft(t, rag.Request{Locale: c.locale, Question: c.text})
		if got.SmallTalk != c.small || got.SmallTalk && got.Answer == "" {
			t.Errorf("%q: %+v", c.text, got)
		}
		if got.SmallTalk && rag.DetectLocale(got.Answer, c.locale) != c.locale {
			t.Errorf("%q is answered in another language: %q", c.text, got.Answer)
		}
	}
}

func TestExtract(t *testing.T) {
	t.Parallel()
	passages := []rag.Passage{{
		ID: "1", DocumentID: "returns.md", Locale: "es", Title: "Devoluciones", Heading: "Devoluciones > Precio", Dense: 0.4,
		Text: "La devolución cuesta dinero en algunos casos.\n\n| Desde | Precio |\n|---|---|\n| Península | gratis |\n| Reino Unido | 12,99 € |\n\nTe hemos reembolsado ya el importe.",
	}}
	got := draft(t, rag.Request{Locale: "es", Question: "cuánto cuesta devolver desde Londres", Passages: passages})
	if !strings.Contains(got.Answer, "• Reino Unido: 12,99 €") || strings.Contains(got.Answer, "|") {
		t.Errorf("answer %q", got.Answer)
	}
	if strings.Contains(got.Answer, "hemos reembolsado") {
		t.Errorf("%q claims a deed", got.Answer)
	}
	if diff := cmp.Diff([]string{"1"}, got.Citations); diff != "" || got.Support <= 0 || got.Support > 1 {
		t.Errorf("support %v, citations %s", got.Support, diff)
	}
	for name, r := range map[string]rag.Request{
		"no passage":       {Locale: "es", Question: "cuánto cuesta devolver"},
		"no subject":       {Locale: "es", Question: "y eso?", Passages: passages},
		"another subject":  {Locale: "es", Question: "decibelios ventilador torre", Passages: passages},
		"nothing to quote": {Locale: "es", Question: "devolver dinero", Passages: []rag.Passage{{ID: "2", Locale: "es", Text: "Te hemos devuelto el dinero."}}},
	} {
		if got := draft(t, r); !got.NeedsHuman || got.Answer != "" || len(got.Citations) > 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestStepsStayTogether(t *testing.T) {
	t.Parallel()
	passage := rag.Passage{
		ID: "1", Locale: "en", Title: "Returns", Heading: "Returns > How to return",
		Text: "1. Open **My orders**.\n2. Press [Return](https://example.com/return).\n3. Hand in the parcel.\n\nThe return takes 3 days.",
	}
	got := draft(t, rag.Request{Locale: "en", Question: "how do i return something", Passages: []rag.Passage{passage}})
	if !strings.Contains(got.Answer, "1. Open My orders.\n2. Press Return.\n3. Hand in the parcel.") {
		t.Errorf("answer %q", got.Answer)
	}
}

func TestEqualRequestsGiveEqualDrafts(t *testing.T) {
	t.Parallel()
	pipeline := shop(t)
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range questions[:25] {
		first, err := pipeline.Answer(context.Background(), rag.Question{Text: q.Text, At: now})
		if err != nil {
			t.Fatal(err)
		}
		second, err := pipeline.Answer(context.Background(), rag.Question{Text: q.Text, At: now})
		if err != nil {
			t.Fatal(err)
		}
		first.Stages, second.Stages = nil, nil
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("%q: %s", q.Text, diff)
		}
	}
}

func TestCompleteEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := offline.NewModel().Complete(ctx, rag.Request{Locale: "es", Question: "hola"})
	if !errors.Is(err, rag.ErrModel) || !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("¿dónde está mi pedido #W1234567?", "| a | b |\n|---|---|\n| c", "es")
	f.Add("how do i return", "1. a\n- b\n\n# c\n**d**", "en")
	f.Add("\xff\x00 ñ 12,99", "[x](y", "")
	model := offline.NewModel()
	f.Fuzz(func(t *testing.T, question, text, locale string) {
		r := rag.Request{
			Locale: locale, Question: question, At: now,
			Passages: []rag.Passage{{ID: "p", Locale: locale, Title: question, Heading: text, Text: text, Question: question}},
			Orders:   rag.OrderFacts{Orders: []rag.Order{{Number: question, Status: text, ETA: text, LastNote: text, LastAt: question}}, Asked: []string{question}},
		}
		response, err := model.Complete(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		if d := response.Draft; d.NeedsHuman != (d.Answer == "") {
			t.Errorf("an answer and a wish for a person do not go together: %+v", d)
		}
	})
}

func BenchmarkComplete(b *testing.B) {
	pipeline := shop(b)
	for b.Loop() {
		if _, err := pipeline.Answer(context.Background(), rag.Question{Text: "¿Cuánto tardan los reembolsos?", At: now}); err != nil {
			b.Fatal(err)
		}
	}
}
