package knowledge

import (
	"fmt"
	"slices"
)

// restricting are the keys that keep a document from somebody, as people write them.
var restricting = []string{
	"audience", "público", "audiencia", "destinatario", "market", "markets", "mercado", "mercados", "country", "countries", "países",
	"valid_from", "válido_desde", "vigente_desde", "valid_to", "valid_until", "expires", "válido_hasta", "vigente_hasta", "caduca",
}

// ownWords look like one of those and are words that other programs have as keys.
var ownWords = []string{"public", "publish", "publicado", "county"}

// Mistyped is an error about a key or a column that means nothing here and is nearly
// one of those that say for whom, where and when a document holds: who writes
// "audiance: agent" believes that customers don't see it.
func Mistyped(key string) error {
	name := foldKey(key)
	if metaKeys[name] != "" || slices.Contains(ownWords, name) || len(name) > maxEdited {
		return nil
	}
	meant, best := "", 3
	for _, known := range restricting {
		folded := foldKey(known)
		limit := 2
		if len(folded) < len("audience") {
			limit = 1 // most shorter words are two steps from another one
		}
		if steps := editDistance(name, folded); steps <= limit && steps < best {
			meant, best = known, steps
		}
	}
	if meant == "" {
		return nil
	}
	return fmt.Errorf("%q is not known and looks like %s; write it so, or give it another name if it is something else", key, meant)
}
