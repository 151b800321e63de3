package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/pii"
)

// Commands has what the customers of conversations had done in the shop's system;
// gateway.Store is one.
type Commands interface {
	Commands(ctx context.Context, conversationID string) ([]gateway.CommandView, error)
}

// dealings are what a conversation has to do with the shop's system.
type dealings struct {
	// Sure names the level that the customer has reached at this moment, and Until is
	// when it ends by itself.
	Sure  string
	Until time.Time
	// Verified tells that there is nothing left to show.
	Verified bool
	// Pending is what the customer was asked and has not answered, or nil.
	Pending *gateway.Pending
	// Deals are the commands, newest first.
	Deals []deal
}

// deal is a command as it stands. Late tells that its receipt came after it was given up.
type deal struct {
	gateway.CommandView
	State string
	Late  bool
}

// sureties name the levels of assurance, from the lowest.
var sureties = []string{"unknown", "number", "code", "verified"}

// dealingsOf reads the commands of a conversation; without Commands there are none, and
// nil is given.
func (d *Desk) dealingsOf(ctx context.Context, c gateway.Conversation) (*dealings, error) {
	if d.config.Commands == nil {
		return nil, nil
	}
	list, err := d.config.Commands.Commands(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("list commands: %w", err)
	}
	now := d.config.Now()
	reached := c.Pass(now).Level()
	v := &dealings{Sure: sureties[min(int(reached), len(sureties)-1)], Verified: int(reached) == len(sureties)-1}
	if reached == c.Memory.Level {
		v.Until = c.Memory.LevelUntil
	}
	if p := c.Memory.Pending; p != nil && now.Before(p.ExpiresAt) {
		v.Pending = p
	}
	for _, one := range slices.Backward(list) {
		v.Deals = append(v.Deals, viewDeal(one))
	}
	return v, nil
}

func viewDeal(v gateway.CommandView) deal {
	d := deal{CommandView: v, State: "queued", Late: v.Receipt != nil && !v.ExpiredAt.IsZero()}
	switch {
	case v.Receipt != nil:
		d.State = string(v.Receipt.Outcome)
	case !v.ExpiredAt.IsZero():
		d.State = "expired"
	case !v.PublishedAt.IsZero():
		d.State = "waiting"
	}
	return d
}

// answeredSince are the commands for whose missing receipts a handoff was opened, or that
// ran out after it, and whose receipts have come by now.
func (v *dealings) answeredSince(h gateway.Handoff) []deal {
	if v == nil || h.Reason != gateway.ReasonReceipt || !h.State.Open() {
		return nil
	}
	var list []deal
	for _, one := range v.Deals {
		if one.Late && !one.ExpiredAt.Before(h.CreatedAt) {
			list = append(list, one)
		}
	}
	return list
}

// piece is a part of a text. Mask stands for one that is shown only when somebody asks
// for it.
type piece struct{ Text, Mask string }

// hidden are the kinds of personal data that agents seldom need to see, and nobody over
// their shoulder ever does.
var hidden = []pii.Kind{pii.Card, pii.IBAN, pii.Secret, pii.Code}

// maxMasked is how much of a text is looked through for what is to be hidden.
const maxMasked = 1 << 15

// pieces divides a text with cards, accounts, passwords or codes in it, and gives nil for
// any other.
func pieces(text string) []piece {
	if len(text) > maxMasked {
		return []piece{{Text: text, Mask: mask("")}}
	}
	var list []piece
	at := 0
	for _, s := range pii.Find(text) {
		if !slices.Contains(hidden, s.Kind) {
			continue
		}
		list = append(list, piece{Text: text[at:s.Start]}, piece{Text: s.Text, Mask: mask(s.Text)})
		at = s.End
	}
	if list == nil {
		return nil
	}
	return append(list, piece{Text: text[at:]})
}

// mask writes what stands for a secret: its last two characters, where enough others
// stay hidden.
func mask(secret string) string {
	const dots = "••••"
	if runes := []rune(secret); len(runes) >= 10 {
		return dots + string(runes[len(runes)-2:])
	}
	return dots
}

// cover is a text with what pieces would cover, for places too small to uncover it.
func cover(text string) string {
	list := pieces(text)
	if list == nil {
		return text
	}
	var b strings.Builder
	for _, p := range list {
		b.WriteString(cmp.Or(p.Mask, p.Text))
	}
	return b.String()
}
