package gateway

import (
	"context"
	"errors"
	"sync"
)

// errOvertaken ends an answer whose customer has written on: it would be refused when it
// is committed, and a model that is stopped costs nothing more.
var errOvertaken = errors.New("the customer has written on")

// answering are the answers under way in this process, by channel and customer. Those of
// other processes go on and are refused at their commit.
type answering struct {
	mu  sync.Mutex
	now map[string]map[*Claim]context.CancelCauseFunc
}

// answers gives the context of the answer to a claim. It ends with errOvertaken when
// something comes in that supersedes the turn. done has to be called.
func (g *Gateway) answers(ctx context.Context, c *Claim) (answer context.Context, done func()) {
	answer, cancel := context.WithCancelCause(ctx)
	if overdue(c.Events, g.Now()) {
		// Newer messages wait for the next turn.
		return answer, func() { cancel(nil) }
	}
	keys := claimKeys(c)
	g.answering.begin(keys, c, cancel)
	return answer, func() {
		g.answering.end(keys, c)
		cancel(nil)
	}
}

// overtake ends the answers to customers of whom something new came in.
func (g *Gateway) overtake(fresh []Event) {
	for _, e := range fresh {
		if e.Kind == EventMessage || e.Kind == EventEcho || e.Kind == EventSignal {
			for _, key := range e.From.Keys() {
				g.answering.cancel(e.Channel + " " + key)
			}
		}
	}
}

// claimKeys are all that names the customer of a claim.
func claimKeys(c *Claim) []string {
	var keys []string
	for _, who := range append([]Identity{c.Conversation.Contact}, senders(c.Events)...) {
		for _, key := range who.Keys() {
			keys = append(keys, c.Conversation.Channel+" "+key)
		}
	}
	return keys
}

func senders(events []Event) []Identity {
	var list []Identity
	for _, e := range events {
		list = append(list, e.From)
	}
	return list
}

func (a *answering) begin(keys []string, c *Claim, cancel context.CancelCauseFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.now == nil {
		a.now = map[string]map[*Claim]context.CancelCauseFunc{}
	}
	for _, key := range keys {
		if a.now[key] == nil {
			a.now[key] = map[*Claim]context.CancelCauseFunc{}
		}
		a.now[key][c] = cancel
	}
}

func (a *answering) end(keys []string, c *Claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, key := range keys {
		delete(a.now[key], c)
		if len(a.now[key]) == 0 {
			delete(a.now, key)
		}
	}
}

func (a *answering) cancel(key string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, cancel := range a.now[key] {
		cancel(errOvertaken)
	}
}
