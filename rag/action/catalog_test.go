package action_test

import (
	"testing"

	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

func TestTheCatalogIsComplete(t *testing.T) {
	t.Parallel()
	seen := map[action.Kind]bool{}
	for _, s := range action.Specs() {
		if seen[s.Kind] {
			t.Errorf("%s is in the catalog twice", s.Kind)
		}
		seen[s.Kind] = true
		if found, ok := action.Find(s.Kind); !ok || found.Kind != s.Kind {
			t.Errorf("%s is not found", s.Kind)
		}
		if s.Level < assure.Number {
			t.Errorf("%s asks for no level", s.Kind)
		}
	}
	for _, k := range []action.Kind{
		action.OrderStatus, action.Tracking, action.RefundStatus, action.DeliveryProof, action.Invoice,
		action.ChangeAddress, action.Cancel, action.StartReturn, action.SendCode,
	} {
		if !seen[k] {
			t.Errorf("%s is not in the catalog", k)
		}
	}
	if _, ok := action.Find("transfer_money"); ok {
		t.Error("what is not in the catalog was found")
	}
}
