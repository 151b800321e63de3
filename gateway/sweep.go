package gateway

import (
	"context"
	"time"
)

// sweepEvery is how often what is kept for a time only is looked through.
const sweepEvery = time.Hour

// sweep drops webhooks whose time is over, again and again until the context ends.
func (g *Gateway) sweep(ctx context.Context) error {
	if g.Retention < 0 {
		return nil
	}
	for ctx.Err() == nil {
		if err := g.Sweep(ctx); err != nil && ctx.Err() == nil {
			g.Logger.ErrorContext(ctx, "old webhooks could not be dropped; trying again later", "error", err)
		}
		pause(ctx, sweepEvery)
	}
	return nil
}

// Sweep drops all webhooks that were received longer than Retention ago.
func (g *Gateway) Sweep(ctx context.Context) error {
	for {
		step, cancel := context.WithTimeout(ctx, storeTimeout)
		n, err := g.Store.Purge(step, g.Now().Add(-g.Retention))
		cancel()
		if err != nil || n == 0 {
			return err
		}
	}
}
