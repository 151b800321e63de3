package label

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/evals"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/pii"
)

// Store is what is read and written of a gateway's store.
type Store interface {
	gateway.Labels
	gateway.Audits
	Conversations(ctx context.Context, f gateway.ConversationFilter, p gateway.Page) ([]gateway.Conversation, string, error)
	Turns(ctx context.Context, conversationID string, p gateway.Page) ([]gateway.Record, string, error)
	TurnsNamed(ctx context.Context, ids []string) ([]gateway.Record, error)
}

// namedAtOnce is how many turns are looked up in one step: a record is some ten kilobytes.
const namedAtOnce = 200

// named calls what for the turns with these ids that took effect, and reads no others.
func named(ctx context.Context, s Store, ids []string, what func(gateway.Record)) error {
	for some := range slices.Chunk(ids, namedAtOnce) {
		list, err := s.TurnsNamed(ctx, some)
		if err != nil {
			return fmt.Errorf("look for turns: %w", err)
		}
		for _, r := range list {
			if r.Outcome == gateway.OutcomeCommitted {
				what(r)
			}
		}
	}
	return nil
}

// each calls what for all pages of a list.
func each[T any](read func(gateway.Page) ([]T, string, error), what func(T) error) error {
	for p := (gateway.Page{Limit: 200}); ; {
		list, next, err := read(p)
		if err != nil {
			return err
		}
		for _, one := range list {
			if err := what(one); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		p.After = next
	}
}

// EachTurn calls what for every turn since a time that took effect, in conversations that
// changed last first.
func EachTurn(ctx context.Context, s Store, since time.Time, what func(gateway.Record) error) error {
	var ids []string
	for p := (gateway.Page{Limit: 200}); ; {
		list, next, err := s.Conversations(ctx, gateway.ConversationFilter{}, p)
		if err != nil {
			return fmt.Errorf("list conversations: %w", err)
		}
		older := false
		for _, c := range list {
			// The list is by the latest change: behind the first older one all are older.
			if older = c.UpdatedAt.Before(since); older {
				break
			}
			ids = append(ids, c.ID)
		}
		if next == "" || older {
			break
		}
		p.After = next
	}
	for _, id := range ids {
		err := each(func(p gateway.Page) ([]gateway.Record, string, error) { return s.Turns(ctx, id, p) }, func(r gateway.Record) error {
			if r.Outcome != gateway.OutcomeCommitted || r.At.Before(since) {
				return nil
			}
			return what(r)
		})
		if err != nil {
			return fmt.Errorf("read the turns of a conversation: %w", err)
		}
	}
	return nil
}

// Drafted tells whether a turn made a draft that only its confidence could hold back: such
// turns can be labelled.
func Drafted(r gateway.Record) bool { return !evals.Fixed(r) && evals.Sendable(r) }

// ruleConfidence is the gateway's rule by which an answer goes out that is sure enough.
const ruleConfidence = "confidence"

// sent tells whether the draft went out because it was sure enough: of those some are
// picked for an audit.
func sent(r gateway.Record) bool {
	return r.Decision.Kind == gateway.DecideReply && r.Decision.Rule == ruleConfidence && r.Reply != ""
}

// Turns are the turns since a time that can be drawn: drafted, and by nobody called right or
// wrong in a sample before.
func Turns(ctx context.Context, s Store, since time.Time) (list []gateway.Record, err error) {
	drawn := map[string]bool{}
	err = each(func(p gateway.Page) ([]gateway.LabelView, string, error) {
		return s.Labels(ctx, gateway.LabelFilter{}, p)
	}, func(l gateway.LabelView) error {
		if l.Kind == gateway.LabelAnswer && l.Chance > 0 {
			drawn[l.TurnID] = true
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	err = EachTurn(ctx, s, since, func(r gateway.Record) error {
		if Drafted(r) && !drawn[r.ID] {
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

// UnitOf is a turn as it is drawn.
func UnitOf(r gateway.Record) Unit { return Unit{ID: r.ID, Score: r.Confidence, Sent: sent(r)} }

// hashed names a conversation or a person without saying which.
func hashed(what, id string) string {
	if id == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("label " + what + "\x00" + id))
	return hex.EncodeToString(sum[:8])
}

// masked is a text without the personal data that is found in it. One vault is for all
// texts of a case, so that the same value has the same name in each.
func masked(v *pii.Vault, text string) string { return v.Mask(text) }
