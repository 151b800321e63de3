package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/api"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// documentShelf is the index that is served, as the API looks at it.
type documentShelf struct {
	index func() knowledge.Index
}

var _ api.Library = documentShelf{}

// Documents implements api.Library.
func (d documentShelf) Documents(ctx context.Context, after string, limit int) ([]api.Document, error) {
	all, err := d.index().Documents(ctx, "")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b knowledge.Document) int { return cmp.Compare(a.ID, b.ID) })
	from, found := slices.BinarySearchFunc(all, after, func(one knowledge.Document, id string) int { return cmp.Compare(one.ID, id) })
	if found {
		from++
	}
	var list []api.Document
	for _, one := range all[from:min(from+limit, len(all))] {
		list = append(list, api.Document{
			ID: one.ID, Title: one.Title, Source: one.Source, Locale: one.Locale, Audience: string(one.Audience), Markets: one.Markets,
			ValidFrom: one.ValidFrom, ValidTo: one.ValidTo, Approver: one.Approver, Tags: one.Tags, Passages: one.Passages, IndexedAt: one.IndexedAt,
		})
	}
	return list, nil
}

// Passages implements api.Library.
func (d documentShelf) Passages(ctx context.Context, id string) ([]api.Passage, error) {
	chunks, err := passagesOf(ctx, d.index(), id)
	if errors.Is(err, knowledge.ErrNotFound) {
		return nil, gateway.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	list := make([]api.Passage, len(chunks))
	for i, c := range chunks {
		list[i] = api.Passage{
			ID: c.ID, DocumentID: c.DocumentID, Heading: c.Heading, Question: c.Question, Text: c.Text, Revoked: c.Revoked, Hash: c.Hash,
			TextHash: knowledge.TextHash(c),
		}
	}
	return list, nil
}

// Revoked implements api.Library.
func (d documentShelf) Revoked(ctx context.Context) ([]api.Revocation, error) {
	all, err := d.index().Revocations(ctx)
	list := make([]api.Revocation, len(all))
	for i, r := range all {
		list[i] = api.Revocation{PassageID: r.ChunkID, DocumentID: r.DocumentID, At: r.At, By: r.By, Reason: r.Reason}
	}
	return list, err
}

// Revoke implements api.Library.
func (d documentShelf) Revoke(ctx context.Context, list []api.Passage, by, reason string, at time.Time) error {
	revoked := make([]knowledge.Revocation, len(list))
	for i, p := range list {
		revoked[i] = knowledge.Revocation{DocumentID: p.DocumentID, ChunkID: p.ID, Hash: p.Hash, At: at.UTC(), By: by, Reason: reason}
	}
	return d.index().Revoke(ctx, revoked)
}

// takeBack is Revoke for a passage that an answer rests on, whoever asks for it.
func (d documentShelf) takeBack(ctx context.Context, p rag.Passage, by, reason string, at time.Time) error {
	return d.Revoke(ctx, []api.Passage{{ID: p.ID, DocumentID: p.DocumentID, Hash: p.Hash}}, by, reason, at)
}

// Restore implements api.Library.
func (d documentShelf) Restore(ctx context.Context, list []api.Passage) error {
	hashes := map[string][]string{}
	for _, p := range list {
		hashes[p.DocumentID] = append(hashes[p.DocumentID], p.Hash)
	}
	return knowledge.Restore(ctx, d.index(), hashes)
}
