package desk

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/recado/recado/gateway"
)

const (
	// maxShown is how many handoffs of a group a page shows. With more than that
	// waiting, the oldest are what matters.
	maxShown = 200
	// maxClaimed is how many claimed handoffs are looked through for an agent's own.
	maxClaimed = 1000
	// listsLife is how long the lists of a revision are believed.
	listsLife = time.Second
)

// inboxLists are the open handoffs, oldest first, with at most maxShown of each
// group.
type inboxLists struct {
	Queued, Mine, Others []gateway.Handoff
	// MoreQueued, MoreMine and MoreOthers tell that there are more than those.
	MoreQueued, MoreMine, MoreOthers bool
}

// openHandoffs are what was read for a revision. They belong to no agent, are shared
// and never written to.
type openHandoffs struct {
	queued, claimed         []gateway.Handoff
	moreQueued, moreClaimed bool
}

// recent remembers the open handoffs for a moment: every page shows how many there
// are, all open pages ask again at each change, and the packets are large. The store
// is asked for its revision first, so that what is shown is never older than that.
type recent struct {
	mu       sync.Mutex
	revision int64
	until    time.Time
	handoffs openHandoffs
	// waiting is since when the customers of claimed handoffs wait.
	waiting map[string]time.Time
}

func (c *recent) get(revision int64, now time.Time) (openHandoffs, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.handoffs, c.revision == revision && now.Before(c.until) && !now.Before(c.until.Add(-listsLife))
}

func (c *recent) put(revision int64, now time.Time, o openHandoffs) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revision, c.until, c.handoffs, c.waiting = revision, now.Add(listsLife), o, map[string]time.Time{}
}

// since gives what note was told of a handoff for this revision.
func (c *recent) since(revision int64, handoffID string) (at time.Time, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at, ok = c.waiting[handoffID]
	return at, ok && c.revision == revision
}

func (c *recent) note(revision int64, handoffID string, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.revision == revision && c.waiting != nil {
		c.waiting[handoffID] = at
	}
}

// open gives the open handoffs as an agent sees them.
func (d *Desk) open(ctx context.Context, agent string, revision int64) (inboxLists, error) {
	now := d.config.Now()
	o, ok := d.recent.get(revision, now)
	if !ok {
		var err error
		if o, err = d.readOpen(ctx); err != nil {
			return inboxLists{}, err
		}
		d.recent.put(revision, now, o)
	}
	l := inboxLists{Queued: o.queued, MoreQueued: o.moreQueued, MoreOthers: o.moreClaimed}
	for _, h := range o.claimed {
		list, more := &l.Others, &l.MoreOthers
		if h.Agent == agent {
			list, more = &l.Mine, &l.MoreMine
		}
		if len(*list) < maxShown {
			*list = append(*list, h)
		} else {
			*more = true
		}
	}
	return l, nil
}

func (d *Desk) readOpen(ctx context.Context) (o openHandoffs, err error) {
	if o.queued, o.moreQueued, err = d.handoffs(ctx, gateway.HandoffQueued, maxShown); err != nil {
		return o, err
	}
	o.claimed, o.moreClaimed, err = d.handoffs(ctx, gateway.HandoffClaimed, maxClaimed)
	return o, err
}

// handoffs reads the oldest handoffs of a state and tells whether there are more.
func (d *Desk) handoffs(ctx context.Context, state gateway.HandoffState, most int) (all []gateway.Handoff, more bool, err error) {
	for after := ""; ; {
		rows, next, err := d.config.Desk.Handoffs(ctx, state, gateway.Page{After: after, Limit: tailPage})
		if err != nil {
			return nil, false, fmt.Errorf("list handoffs: %w", err)
		}
		all = append(all, rows...)
		if next == "" || len(all) >= most {
			return all, next != "", nil
		}
		after = next
	}
}

// All are the open handoffs as the inbox shows them: who waits, then the agent's
// own, then those of others.
func (l inboxLists) All() []gateway.Handoff { return slices.Concat(l.Queued, l.Mine, l.Others) }

// More tells that there are open handoffs that are not in All.
func (l inboxLists) More() bool { return l.MoreQueued || l.MoreMine || l.MoreOthers }

// openOf gives the open handoff of a conversation, or nil. One that is not in the
// lists, though a person has the conversation, is looked for among all.
func (d *Desk) openOf(ctx context.Context, l inboxLists, c gateway.Conversation) (*gateway.Handoff, error) {
	all := l.All()
	isIt := func(h gateway.Handoff) bool { return h.ConversationID == c.ID }
	if i := slices.IndexFunc(all, isIt); i >= 0 {
		return &all[i], nil
	}
	state := map[gateway.Mode]gateway.HandoffState{
		gateway.ModeQueued: gateway.HandoffQueued, gateway.ModeAgent: gateway.HandoffClaimed,
	}[c.Mode]
	if state == "" || !l.More() {
		return nil, nil
	}
	for after := ""; ; {
		rows, next, err := d.config.Desk.Handoffs(ctx, state, gateway.Page{After: after, Limit: tailPage})
		if err != nil {
			return nil, fmt.Errorf("list handoffs: %w", err)
		}
		if i := slices.IndexFunc(rows, isIt); i >= 0 {
			return &rows[i], nil
		}
		if next == "" {
			return nil, nil
		}
		after = next
	}
}
