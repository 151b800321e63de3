package gateway

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

var composeAt = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// composed makes the turn of a conversation that is in its window.
func composed(language string, history []MessageView, s Situation, d Decision) Turn {
	s.WindowOpen, s.At = true, composeAt
	after := Conversation{ID: "c", Mode: ModeBot, Language: language, Contact: Identity{Phone: "34600550101"}, LastCustomerAt: composeAt}
	return compose(&Claim{History: history, Attempt: 1}, after, s, d, time.Minute)
}

// TestComposeNamesItsSources: each document once, a FAQ table by what people call
// it, and nothing where nothing is cited.
func TestComposeNamesItsSources(t *testing.T) {
	t.Parallel()
	spoken := []MessageView{{Author: AuthorBot, Text: "Hola"}}
	policy := rag.Passage{ID: "1", Title: "Reembolsos"}
	faq := rag.Passage{ID: "2", Title: "faq", Question: "¿Cuánto tardan?"}
	for _, tt := range []struct {
		language string
		cited    []rag.Passage
		want     string
	}{
		{"es", nil, "Tres días."},
		{"es", []rag.Passage{policy}, "Tres días.\n\nFuente: Reembolsos"},
		{"es", []rag.Passage{policy, policy, faq}, "Tres días.\n\nFuentes: Reembolsos · Preguntas frecuentes"},
		{"en", []rag.Passage{faq}, "Tres días.\n\nSource: Frequently asked questions"},
	} {
		got := composed(tt.language, spoken, Situation{Answer: rag.Answer{Text: "Tres días.", Cited: tt.cited}}, Decision{Kind: DecideReply})
		if len(got.Outgoing) != 1 {
			t.Fatalf("%d messages", len(got.Outgoing))
		}
		if diff := cmp.Diff(tt.want, got.Outgoing[0].Text); diff != "" {
			t.Error(diff)
		}
	}
}

// TestComposeSaysOnceThatNoPersonWrites, with the bot's first words.
func TestComposeSaysOnceThatNoPersonWrites(t *testing.T) {
	t.Parallel()
	s := Situation{Answer: rag.Answer{Text: "Hello!"}}
	first := composed("en", nil, s, Decision{Kind: DecideReply}).Outgoing[0].Text
	later := composed("en", []MessageView{{Author: AuthorBot, Text: "Hi"}}, s, Decision{Kind: DecideReply}).Outgoing[0].Text
	if !strings.HasPrefix(first, disclosure("en")) || later != "Hello!" {
		t.Errorf("first %q, later %q", first, later)
	}
}

// TestBubbles: one message whenever that is possible, and no word is lost when it is
// not.
func TestBubbles(t *testing.T) {
	t.Parallel()
	paragraph := strings.Repeat("Una frase más. ", 200) // 3,000 characters
	for name, tt := range map[string]struct {
		text string
		want int
	}{
		"empty": {" \n", 0}, "full": {strings.Repeat("ñ", MaxText), 1}, "one word": {strings.Repeat("ñ", MaxText+10), 2},
		"paragraphs": {paragraph + "\n\n" + paragraph, 2},
	} {
		if got := bubbles(tt.text); len(got) != tt.want {
			t.Errorf("%s: %d messages, want %d", name, len(got), tt.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(rapid.StringMatching(`[a-zñ.\n ]{1,40}`).Draw(t, "part"), rapid.IntRange(1, 400).Draw(t, "times"))
		list := bubbles(text)
		for _, b := range list {
			if n := utf8.RuneCountInString(b); n == 0 || n > MaxText {
				t.Fatalf("a message of %d characters", n)
			}
		}
		if got, want := strings.Join(strings.Fields(strings.Join(list, " ")), ""), strings.Join(strings.Fields(text), ""); got != want {
			t.Fatalf("words were lost: %q", got)
		}
		if utf8.RuneCountInString(strings.TrimSpace(text)) <= MaxText && len(list) > 1 {
			t.Fatalf("%d messages for one", len(list))
		}
	})
}

// TestComposeKeepsALongReplyWhole: its parts go out in order, as one reply.
func TestComposeKeepsALongReplyWhole(t *testing.T) {
	t.Parallel()
	long := Situation{WindowOpen: true, Answer: rag.Answer{Text: strings.Repeat("Una frase más. ", 400)}}
	turn := composed("es", []MessageView{{Author: AuthorBot, Text: "Hola"}}, long, Decision{Kind: DecideReply})
	if len(turn.Outgoing) != 2 || turn.Record.Reply != long.Answer.Text {
		t.Errorf("%d messages, the record has %d characters", len(turn.Outgoing), len(turn.Record.Reply))
	}
}

// TestComposeHandsOverEverything: what the agent needs is in the packet.
func TestComposeHandsOverEverything(t *testing.T) {
	t.Parallel()
	s := Situation{
		Burst: Burst{Texts: []string{"¿Venden bicis?", "de carga"}},
		Answer: rag.Answer{
			Text: "Sí.", Confidence: .3, Threshold: .8,
			Passages: []rag.Passage{{ID: "1", Title: "Envíos"}},
			Orders:   rag.OrderFacts{Orders: []rag.Order{{Number: "#W1", Status: "shipped"}}},
		},
	}
	history := []MessageView{{Author: AuthorBot, Text: "Su pedido llega mañana."}}
	turn := composed("es", history, s, Decision{Kind: DecideHandoff, Reason: ReasonLowConfidence, Rule: "confidence"})
	p := turn.Handoff.Packet
	if p.Wants != "¿Venden bicis?\nde carga" || p.Draft != "Sí." || p.Promised != "Su pedido llega mañana." ||
		p.Confidence != .3 || p.Threshold != .8 || p.Why == "" || !strings.Contains(string(p.Orders), "#W1") {
		t.Errorf("%+v", p)
	}
	if diff := cmp.Diff([]string{"Envíos"}, p.Tried); diff != "" {
		t.Error(diff)
	}
	if turn.Conversation.Mode != ModeQueued || turn.Outgoing[0].Text != handoffText("es", ReasonLowConfidence) {
		t.Errorf("mode %s, customer hears %q", turn.Conversation.Mode, turn.Outgoing[0].Text)
	}
}
