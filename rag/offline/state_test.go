package offline

import (
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/receipts"
)

// TestEveryStatusIsTold: each status has words of its own, and a reply that tells of it is
// backed by the order.
func TestEveryStatusIsTold(t *testing.T) {
	t.Parallel()
	checker, err := receipts.New(receipts.Config{})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	for _, status := range action.Statuses() {
		if stateOf(status).name != status {
			t.Errorf("%q has no words", status)
		}
		for _, locale := range []string{"es", "en"} {
			text := statement(rag.Order{Number: "#W1001", Status: status}, locale, now)
			evidence := receipts.Evidence{Orders: []receipts.Order{{Number: "#W1001", Status: status}}, Now: now}
			for _, s := range checker.Check(receipts.Draft{Text: text, Locale: locale}, evidence) {
				if !s.OK {
					t.Errorf("%s: %q is refused: %s", status, s.Text, s.Detail)
				}
			}
		}
	}
	if text := statement(rag.Order{Number: "#W1001", Status: "Enviado"}, "en", now); !strings.Contains(text, "has been shipped") {
		t.Errorf("a shop's own word for a status is told as %q", text)
	}
}
