package cassette

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/recado/recado/evals/simulate"
)

// Speaker records a model that plays customers, or stands in for it.
func (c *Cassette) Speaker(inner simulate.Chat) simulate.Chat { return speaker{c, inner} }

type speaker struct {
	c     *Cassette
	inner simulate.Chat
}

// Name implements simulate.Chat.
func (s speaker) Name() string { return s.inner.Name() }

// Ask implements simulate.Chat. Who is played and the form of the answer are kept as hashes;
// what was said so far is, too, turn by turn, so that a miss says from where on the talk is
// another one.
func (s speaker) Ask(ctx context.Context, system, user string, schema []byte) ([]byte, error) {
	object, err := do(ctx, s.c, call[json.RawMessage]{
		kind: KindSpeaker, name: s.inner.Name(), parts: talkParts(system, user, schema),
		ask: func(ctx context.Context) (json.RawMessage, error) { return s.inner.Ask(ctx, system, user, schema) },
		drift: func(before, now json.RawMessage) string {
			if hash(string(before)) != hash(string(now)) {
				return "says something else"
			}
			return ""
		},
	})
	return object, err
}

// talkParts are what determines what a customer says next.
func talkParts(system, user string, schema []byte) []Part {
	parts := []Part{{"who", hash(system)}, {"form", hash(string(schema))}}
	var data struct {
		Talk []json.RawMessage `json:"talk"`
	}
	if json.Unmarshal([]byte(user), &data) != nil {
		return append(parts, Part{"asked", hash(user)})
	}
	rest := user
	for i, turn := range data.Talk {
		parts = append(parts, Part{fmt.Sprintf("turn %d", i+1), hash(string(turn))})
		rest = strings.Replace(rest, string(turn), "", 1)
	}
	return append(parts, Part{"settings", hash(rest)})
}
