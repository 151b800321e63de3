package knowledge

import (
	"context"
	"errors"
	"fmt"
)

// compare is write for a dry run: it tells what a parcel would change.
func (r *run) compare(ctx context.Context, p *parcel) error {
	changes := make([]Change, 0, len(p.documents))
	for _, one := range p.documents {
		change, err := r.change(ctx, one)
		if err != nil {
			return err
		}
		changes = append(changes, change)
	}
	for _, c := range changes {
		r.count(p.at, c.DocumentID)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Changes = append(r.report.Changes, changes...)
	r.close(p.at)
	return nil
}

// change tells what would become of one document.
func (r *run) change(ctx context.Context, one prepared) (Change, error) {
	c := Change{DocumentID: one.document.ID, Source: one.document.Source, Kind: ChangeAdded}
	old := map[string]int{}
	if r.indexed[c.DocumentID] != nil {
		c.Kind = ChangeChanged
		_, chunks, err := r.config.Index.Document(ctx, c.DocumentID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return c, fmt.Errorf("read %s: %w", c.DocumentID, err)
		}
		for _, chunk := range chunks {
			old[chunk.Hash]++
		}
		c.Gone = len(chunks)
	}
	hashes, distinct := []string{}, map[string]bool{}
	for _, chunk := range one.chunks {
		if old[chunk.Hash] > 0 {
			old[chunk.Hash]--
			c.Kept, c.Gone = c.Kept+1, c.Gone-1
		} else {
			c.New++
		}
		if !distinct[chunk.Hash] {
			distinct[chunk.Hash] = true
			hashes = append(hashes, chunk.Hash)
		}
	}
	c.ToEmbed = len(hashes) - len(r.cache.find(ctx, hashes))
	return c, nil
}
