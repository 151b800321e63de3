package knowledge

import (
	"context"
	"fmt"
	"slices"
)

// Restore lets contents of documents be found again, hashes by document, and those of
// documents that are gone with them: an Ingester that finds the text in another document
// would revoke it there again.
func Restore(ctx context.Context, x Index, hashes map[string][]string) error {
	revoked, err := x.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("the revocations can't be read: %w", err)
	}
	documents, err := x.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	there, restored, all := map[string]bool{}, map[string]bool{}, map[string][]string{}
	for _, d := range documents {
		there[d.ID] = true
	}
	for id, list := range hashes {
		all[id] = slices.Clone(list)
		for _, hash := range list {
			restored[hash] = true
		}
	}
	for _, r := range revoked {
		if !there[r.DocumentID] && restored[r.Hash] {
			all[r.DocumentID] = append(all[r.DocumentID], r.Hash)
		}
	}
	for id, list := range all {
		if err := x.Restore(ctx, id, list); err != nil {
			return fmt.Errorf("the passages can't be restored: %w", err)
		}
	}
	return nil
}
