package label

import (
	"context"
	"fmt"

	"github.com/recado/recado/gateway"
)

// Told is what people say of a turn.
type Told struct {
	// Answer is what most of them say of its draft, VerdictRight or VerdictWrong, and empty
	// where nobody says anything sure or they are split evenly. Each speaks once, as in
	// Export.
	Answer gateway.Verdict
	// Handoff is what was said last of whether a person was needed, or empty.
	Handoff gateway.Verdict
}

// Tell gives what people say, by turn: at the desk, on the labelling page and in files,
// whether chance has brought the turn or not.
func Tell(ctx context.Context, s Store) (map[string]Told, error) {
	said, err := opinions(ctx, s, Wanted{Agents: true, Audits: true})
	if err != nil {
		return nil, err
	}
	turns := map[string]Told{}
	for turn, people := range said {
		if right, sure := majority(people); sure {
			turns[turn] = Told{Answer: map[bool]gateway.Verdict{true: gateway.VerdictRight, false: gateway.VerdictWrong}[right]}
		}
	}
	err = each(func(p gateway.Page) ([]gateway.LabelView, string, error) {
		return s.Labels(ctx, gateway.LabelFilter{}, p)
	}, func(l gateway.LabelView) error {
		if l.Kind == gateway.LabelHandoff && l.TurnID != "" {
			one := turns[l.TurnID]
			one.Handoff = l.Verdict // they come by when it was said
			turns[l.TurnID] = one
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return turns, nil
}
