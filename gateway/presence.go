package gateway

import (
	"context"
	"sync"
	"time"
)

const (
	// typingAgain is how often the sign is shown anew: it goes out after 25 seconds.
	typingAgain = 20 * time.Second
	// typingTimeout ends an attempt to show it.
	typingTimeout = 5 * time.Second
)

// typing shows the customer that their message is read and an answer is being
// written, until stop is called. It never holds the answer up: it fails in silence.
func (g *Gateway) typing(ctx context.Context, channel string, events []Event) (stop func()) {
	id := newestMessage(events)
	if g.Presence == nil || id == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for ctx.Err() == nil {
			g.showTyping(ctx, channel, id)
			pause(ctx, typingAgain)
		}
	})
	return func() {
		cancel()
		done.Wait()
	}
}

func (g *Gateway) showTyping(ctx context.Context, channel, id string) {
	ctx, cancel := context.WithTimeout(ctx, typingTimeout)
	defer cancel()
	if err := g.Presence.Typing(ctx, channel, id); err != nil && ctx.Err() == nil {
		g.Metrics.PresenceFailures.Inc()
	}
}

// newestMessage is the provider's id of the customer's newest message.
func newestMessage(events []Event) string {
	id, at := "", time.Time{}
	for _, e := range events {
		if e.Kind == EventMessage && e.Message != nil && e.Message.ProviderID != "" && !e.At.Before(at) {
			id, at = e.Message.ProviderID, e.At
		}
	}
	return id
}
