package receipts

import (
	"slices"
	"testing"

	"github.com/recado/recado/rag/action"
)

// TestStagesKnowTheStatuses: a status that the rules know by another name would back
// nothing, and one that no stage names could be said of no order.
func TestStagesKnowTheStatuses(t *testing.T) {
	t.Parallel()
	for _, s := range stages {
		for _, status := range s.statuses {
			if !slices.Contains(action.Statuses(), status) {
				t.Errorf("the stage %q holds in %q, which is no status", s.name, status)
			}
		}
	}
	for _, status := range []string{"Enviado", "dispatched", "en camino"} {
		if !stageHolds("shipped", status) || stageHolds("cancelled", status) {
			t.Errorf("an order that is %q counts as not shipped or as cancelled", status)
		}
	}
}
