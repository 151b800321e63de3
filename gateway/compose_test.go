package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag"
)

var composeAt = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)

// composed makes the turn of a conversation that is in its window.
func composed(language string, history []MessageView, s Situation, d Decision) Turn {
	s.WindowOpen = true
	after := Conversation{ID: "c", Mode: ModeBot, Language: language, Contact: Identity{Phone: "34600550101"}, LastCustomerAt: composeAt}
	return compose(&Claim{History: history, Attempt: 1}, after, s, d, composeAt)
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

// TestComposeKeepsWithinTheChannel: 4,096 characters, cut by character.
func TestComposeKeepsWithinTheChannel(t *testing.T) {
	t.Parallel()
	long := Situation{Answer: rag.Answer{Text: strings.Repeat("ñ", MaxText+10)}}
	got := []rune(composed("es", nil, long, Decision{Kind: DecideReply}).Outgoing[0].Text)
	if len(got) != MaxText || got[MaxText-1] != '…' {
		t.Errorf("%d characters", len(got))
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
