package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/suite"
)

// rehearsals is the system "rag" of an eval: each case has orders of its own.
type rehearsals struct {
	*evalShop
	log   *slog.Logger
	cases atomic.Int64
}

// Name implements runner.System.
func (*rehearsals) Name() string { return "rag" }

// Model implements runner.System.
func (r *rehearsals) Model() string { return r.model }

// Fingerprint implements runner.System.
func (r *rehearsals) Fingerprint() string { return r.pipeline.Fingerprint() }

// Begin implements runner.System.
func (r *rehearsals) Begin(ctx context.Context, c suite.Case) (runner.Talk, error) {
	at := c.Clock
	if at.IsZero() {
		at = time.Now()
	}
	clock := func() time.Time { return at }
	prefix := fmt.Sprintf("eval:%d:", r.cases.Add(1))
	book, _, err := r.ordersOf(ctx, c, prefix, clock, r.log)
	if err != nil {
		return nil, err
	}
	one, err := runner.NewRehearsal(runner.RehearsalConfig{
		Answerer: r.pipeline, Orders: book, Actions: book, Model: r.model, Now: clock, Logger: r.log,
	})
	if err != nil {
		return nil, err
	}
	return one.Begin(ctx, c)
}
