package postgres

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

// known makes contacts as they come from the database, by key.
func known(owners map[string]string) *contacts {
	c := newContacts()
	maps.Copy(c.owner, owners)
	return c
}

func TestFindContacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		owners map[string]string
		id     gateway.Identity
		want   string // "" is a new contact
		merged string
		phone  string // the contact of phone:1 afterwards, "" the found one
	}{
		{name: "nobody", id: gateway.Identity{UserID: "U", Phone: "1"}},
		{name: "the user", owners: map[string]string{"user:U": "a"}, id: gateway.Identity{UserID: "U"}, want: "a"},
		{name: "the phone", owners: map[string]string{"phone:1": "a"}, id: gateway.Identity{Phone: "1"}, want: "a"},
		{name: "a phone gets its user", owners: map[string]string{"phone:1": "a"}, id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a"},
		{name: "a user gets a phone", owners: map[string]string{"user:U": "a"}, id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a"},
		{name: "both known", owners: map[string]string{"user:U": "a", "phone:1": "a"}, id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a"},
		{name: "two are one", owners: map[string]string{"user:U": "a", "phone:1": "b"}, id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a", merged: "b"},
		{name: "the older stays", owners: map[string]string{"user:U": "b", "phone:1": "a"}, id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a", merged: "b"},
		{
			name: "the number moved to a known user", owners: map[string]string{"user:U": "a", "user:V": "b", "phone:1": "b"},
			id: gateway.Identity{UserID: "U", Phone: "1"}, want: "a",
		},
		{name: "the number moved to a new user", owners: map[string]string{"user:V": "b", "phone:1": "b"}, id: gateway.Identity{UserID: "U", Phone: "1"}},
	}
	for _, tt := range tests {
		c := known(tt.owners)
		got := c.find(tt.id, time.Time{})
		if _, fresh := c.fresh[got]; fresh != (tt.want == "") || !fresh && got != tt.want {
			t.Errorf("%s: contact %q, new %v", tt.name, got, fresh)
		}
		if tt.merged != "" && c.merged[tt.merged] != tt.want || tt.merged == "" && len(c.merged) > 0 {
			t.Errorf("%s: merged %v", tt.name, c.merged)
		}
		for _, key := range tt.id.Keys() {
			if c.owner[key] != got {
				t.Errorf("%s: %s is left with %q", tt.name, key, c.owner[key])
			}
		}
		for key, owner := range tt.owners {
			if c.owner[key] != owner && !c.moved[key] {
				t.Errorf("%s: the move of %s is not noted", tt.name, key)
			}
		}
	}
}

// TestContactsAreOnePerUser: whatever comes in whatever order, a user id has one
// contact, no contact has two user ids, and nothing leads to a contact that is
// gone.
func TestContactsAreOnePerUser(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := newContacts()
		var found []string
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			id := gateway.Identity{
				UserID: rapid.SampledFrom([]string{"", "U", "V", "W"}).Draw(t, "user"),
				Phone:  rapid.SampledFrom([]string{"", "1", "2", "3"}).Draw(t, "phone"),
			}
			if !id.IsZero() {
				found = append(found, c.find(id, time.Time{}))
			}
		}
		users := map[string]string{}
		for key, owner := range c.owner {
			if c.merged[owner] != "" {
				t.Fatalf("%s leads to a contact that is gone", key)
			}
			if !strings.HasPrefix(key, "user:") {
				continue
			}
			if other := users[owner]; other != "" {
				t.Fatalf("%s and %s are one contact", key, other)
			}
			users[owner] = key
		}
		for _, contact := range found {
			if final := c.final(contact); c.merged[final] != "" {
				t.Fatalf("contact %s ends at one that is gone", contact)
			}
		}
	})
}

func TestAbsorb(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	modes := []gateway.Mode{gateway.ModeClosed, gateway.ModeBot, gateway.ModeQueued, gateway.ModeAgent}
	for i, older := range modes {
		for k, newer := range modes {
			a := &conversation{Conversation: gateway.Conversation{ID: "a", Mode: older, Agent: "x", Epoch: 3, Name: "Ana", LastCustomerAt: at}}
			b := &conversation{Conversation: gateway.Conversation{ID: "b", Mode: newer, Agent: "y", Epoch: 5, LastCustomerAt: at.Add(1), Language: "es"}}
			prevails := a.absorb(b)
			if want := modes[max(i, k)]; a.Mode != want || prevails != map[bool]string{true: "b", false: "a"}[k > i] {
				t.Errorf("%s and %s became %s of %s", older, newer, a.Mode, prevails)
			}
			if a.Epoch != 6 || a.Name != "Ana" || a.Language != "es" || !a.LastCustomerAt.Equal(at.Add(1)) {
				t.Errorf("%s and %s became %+v", older, newer, a.Conversation)
			}
		}
	}
}

// TestMergeStatuses: a message ends in the same state whatever the order in which
// statuses and settlement come.
func TestMergeStatuses(t *testing.T) {
	t.Parallel()
	bounce := &gateway.SendError{Code: 131026, Title: "Message undeliverable"}
	steps := map[string]func(*sent){"settled": func(m *sent) {
		m.settle(gateway.SendResult{Outcome: gateway.SendAccepted, ProviderID: "wamid"})
	}}
	for _, state := range []gateway.DeliveryState{gateway.DeliverySent, gateway.DeliveryFailed, gateway.DeliveryDelivered, gateway.DeliveryRead} {
		steps[string(state)] = func(m *sent) {
			s := gateway.Status{ProviderID: "wamid", State: state}
			if state == gateway.DeliveryFailed {
				s.Error = bounce
			}
			m.merge(s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"settled", "sent", "failed", "delivered", "read"}), 1, 5, rapid.ID).Draw(t, "steps")
		m := &sent{state: gateway.DeliverySending, lease: "lease"}
		want := gateway.DeliverySent
		for _, step := range chosen {
			steps[step](m)
			if step != "settled" {
				want = atLeast(want, gateway.DeliveryState(step))
			}
		}
		if m.state != want || m.provider != "wamid" || (m.err != nil) != (want == gateway.DeliveryFailed) {
			t.Fatalf("after %v: %s with %v", chosen, m.state, m.err)
		}
		if (m.lease == "") != slices.Contains(chosen, "settled") {
			t.Fatalf("after %v the lease is %q", chosen, m.lease)
		}
	})
	m := &sent{state: gateway.DeliverySent}
	for _, state := range []gateway.DeliveryState{"", "played", gateway.DeliveryQueued, gateway.DeliveryUnknown} {
		if m.merge(gateway.Status{ProviderID: "other", State: state}) || m.provider != "" {
			t.Errorf("the status %q changed something", state)
		}
	}
}

func TestFindSent(t *testing.T) {
	t.Parallel()
	list := []*sent{{id: "a", provider: "1"}, {id: "b", provider: "2"}, {id: "c"}}
	for want, s := range map[string]gateway.Status{
		"a": {ProviderID: "1"}, "b": {OutgoingID: "b", ProviderID: "1"}, "c": {OutgoingID: "c", ProviderID: "9"},
		"<nil>": {ProviderID: "9", OutgoingID: "9"}, "<nil> ": {},
	} {
		got := "<nil>"
		if m := find(list, s); m != nil {
			got = m.id
		}
		if got != strings.TrimSpace(want) {
			t.Errorf("%s: found %s", fmt.Sprint(s), got)
		}
	}
}
