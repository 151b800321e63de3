package knowledge

import (
	"context"
	"errors"
	"fmt"
	"path"
)

// revoked is what a run knows of passages that somebody took back, so that what moves
// to another document stays away.
type revoked struct {
	// texts are the revoked passages of indexed documents by collection and text: a
	// hash changes with the title, which may be the file's name.
	texts map[placedText]Revocation
	// gone are by hash the revocations of documents that the index does not have. Which
	// collection those were in, nobody knows any more.
	gone map[string]Revocation
}

// placedText is a text in a collection. Files and pages that were ingested one by one
// are collections of their own; those of one folder count as one here.
type placedText struct{ collection, text string }

func placed(d Document, c Chunk) placedText {
	collection := d.Collection
	if d.Source == d.Collection {
		collection = path.Dir(d.Source)
	}
	return placedText{collection, PromptText(c)}
}

// readRevoked lists what is revoked before the run changes anything.
func (r *run) readRevoked(ctx context.Context) error {
	list, err := r.config.Index.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("list revoked passages: %w", err)
	}
	r.revoked = revoked{texts: map[placedText]Revocation{}, gone: map[string]Revocation{}}
	documents := map[string]map[string]Revocation{}
	for _, one := range list {
		if r.indexed[one.DocumentID] == nil {
			r.revoked.gone[one.Hash] = one
			continue
		}
		if documents[one.DocumentID] == nil {
			documents[one.DocumentID] = map[string]Revocation{}
		}
		documents[one.DocumentID][one.Hash] = one
	}
	for id, hashes := range documents {
		chunks, err := r.passages(ctx, id)
		if err != nil {
			return err
		}
		for _, c := range chunks {
			if one, ok := hashes[c.Hash]; ok {
				r.revoked.texts[placed(*r.indexed[id], c)] = one
			}
		}
	}
	return nil
}

// carry revokes what a document has new and what is revoked elsewhere: a row whose tags
// change, or a renamed file, is another document with the same text. It comes before
// the document does, so that nobody finds the passage in between. What the document had
// before without being revoked is somebody's decision, and stays.
func (r *run) carry(ctx context.Context, one prepared) error {
	var list []Revocation
	for _, c := range one.chunks {
		from, ok := r.revoked.texts[placed(one.document, c)]
		if !ok {
			from, ok = r.revoked.gone[c.Hash]
		}
		if ok && (from.DocumentID != c.DocumentID || from.Hash != c.Hash) {
			from.DocumentID, from.ChunkID, from.Hash = c.DocumentID, c.ID, c.Hash
			list = append(list, from)
		}
	}
	if len(list) == 0 {
		return nil
	}
	list, err := r.withoutKept(ctx, one, list)
	if err != nil || len(list) == 0 {
		return err
	}
	if err := r.config.Index.Revoke(ctx, list); err != nil {
		return fmt.Errorf("revoke passages of %s: %w", one.document.ID, err)
	}
	return nil
}

// withoutKept leaves out what the index had of the document and lets be found.
func (r *run) withoutKept(ctx context.Context, one prepared, list []Revocation) ([]Revocation, error) {
	if r.indexed[one.document.ID] == nil {
		return list, nil
	}
	before, err := r.passages(ctx, one.document.ID)
	if err != nil {
		return nil, err
	}
	kept, texts := map[string]bool{}, map[string]string{}
	for _, c := range before {
		if !c.Revoked {
			kept[PromptText(c)] = true
		}
	}
	for _, c := range one.chunks {
		texts[c.ID] = PromptText(c)
	}
	var rest []Revocation
	for _, each := range list {
		if !kept[texts[each.ChunkID]] {
			rest = append(rest, each)
		}
	}
	return rest, nil
}

// passages are those that the index has of a document, none if it has not.
func (r *run) passages(ctx context.Context, id string) ([]Chunk, error) {
	_, chunks, err := r.config.Index.Document(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("read %s: %w", id, err)
	}
	return chunks, nil
}

// countRevoked counts what the run found although somebody revoked it.
func (r *run) countRevoked(ctx context.Context) error {
	list, err := r.config.Index.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("list revoked passages: %w", err)
	}
	seen := map[string]bool{}
	for _, one := range list {
		_, found := r.produced[one.DocumentID]
		if !found || seen[one.DocumentID] {
			continue
		}
		seen[one.DocumentID] = true
		chunks, err := r.passages(ctx, one.DocumentID)
		if err != nil {
			return err
		}
		for _, c := range chunks {
			if c.Revoked {
				r.report.Revoked++
			}
		}
	}
	return nil
}
