package rag

import (
	"context"

	"github.com/recado/recado/knowledge"
)

// split writes down the questions of a burst that holds several.
func (t *turn) split() {}

// lookUp finds the passages for the question, and for each of several.
func (t *turn) lookUp(ctx context.Context) ([]knowledge.Hit, error) {
	return t.p.retrieve(ctx, t.veil, t.a.Query, t.q)
}

// cover tells which of several questions the answer answers.
func (t *turn) cover() {}
