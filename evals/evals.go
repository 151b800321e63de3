// Package evals measures what customers would get: it asks a gateway labelled
// questions, judges each turn against its label, and reports how many were
// answered, how many of the answers were wrong, how many that belong to a person
// reached one, and how well the documents were found.
//
// A Case is a question with its label, Run takes all cases through gateway.Ask
// and gives a Report, Calibrate fits the confidence score and chooses its
// threshold from the same results. Nothing is stored and nothing is sent. The
// judge is plain: an answer is right when it contains the facts that the label
// lists and rests on a document that the label names. It reads no style and no
// tone, and does not ask a language model.
//
// The same cases with the same answerer give the same report, byte by byte.
package evals

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

// Config is what Run works with.
type Config struct {
	// Answerer is what is measured; rag.Pipeline is one. Required.
	Answerer gateway.Answerer
	// Orders gives the facts of the customers that the cases name. Required.
	Orders gateway.Orders
	// Cases are asked in their order. Required.
	Cases []Case
	// Logger gets what the gateway logs. Nil logs nothing.
	Logger *slog.Logger
	// Progress is called after every case, from the calling goroutine, with the
	// number of cases done. Nil is allowed.
	Progress func(done int)
}

func (c Config) validate() error {
	switch {
	case c.Answerer == nil:
		return errors.New("Config.Answerer is missing")
	case c.Orders == nil:
		return errors.New("Config.Orders is missing")
	case len(c.Cases) == 0:
		return errors.New("Config.Cases is empty")
	}
	return nil
}

// fresh takes answers for ones that may be sent, although their calibration promises
// nothing: what would be sent has to be measured before anything can be promised.
type fresh struct{ gateway.Answerer }

func (f fresh) Answer(ctx context.Context, q rag.Question) (rag.Answer, error) {
	a, err := f.Answerer.Answer(ctx, q)
	a.Suggest, a.Stale = false, nil
	return a, err
}

// Run asks every case as its customer and judges what the gateway decides. The
// error is that of a Config with something missing, or of ctx; a turn that fails
// is a result like any other. It measures what would be sent where the calibration
// promises something, also while answers are only suggested.
func Run(ctx context.Context, c Config) (Report, error) {
	if err := c.validate(); err != nil {
		return Report{}, fmt.Errorf("evals: %w", err)
	}
	results := make([]Result, 0, len(c.Cases))
	for i, one := range c.Cases {
		turn := gateway.NewRehearsal(gateway.RehearsalConfig{
			Answerer: fresh{c.Answerer}, Orders: c.Orders, Who: one.identity(), Logger: c.Logger,
		}).Hear(ctx, gateway.Message{Type: "text", Text: one.Text})
		// A context that ended makes every further turn a failed one.
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("evals: %w", err)
		}
		results = append(results, judge(one, turn))
		if c.Progress != nil {
			c.Progress(i + 1)
		}
	}
	return newReport(c.Answerer.Fingerprint(), results), nil
}
