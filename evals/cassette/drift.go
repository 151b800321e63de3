package cassette

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Drift is one request that the provider answers in another way than when it was
// recorded, or that was not recorded then.
type Drift struct {
	Session string `json:"session,omitempty"`
	Kind    Kind   `json:"kind"`
	Name    string `json:"name"`
	Key     string `json:"key"`
	// What says in words what is another now.
	What string `json:"what"`
}

// compare notes how an answer differs from the one before.
func (c *Cassette) compare(e, known Entry, ok bool, what func() string) {
	d := Drift{Session: e.Session, Kind: e.Kind, Name: e.Name, Key: e.Key}
	switch {
	case !ok:
		d.What = "was not asked when it was recorded"
	case known.Failed != "" && e.Failed == "":
		d.What = "failed when it was recorded and answers now"
	case known.Failed == "" && e.Failed != "":
		d.What = "answered when it was recorded and fails now"
	case e.Failed == "":
		d.What = what()
	}
	if d.What == "" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drifts = append(c.drifts, d)
}

// drifted compares an answer with the one that was recorded.
func drifted[A any](q call[A], known Entry, now A) string {
	before, err := decode[A](known)
	if err != nil {
		return "was recorded in a form that can't be read"
	}
	return q.drift(before, now)
}

// Drifts are what Refresh found, by session and kind.
func (c *Cassette) Drifts() []Drift {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Clone(c.drifts)
	slices.SortFunc(list, func(a, b Drift) int {
		return strings.Compare(a.Session+"\n"+string(a.Kind)+a.Key, b.Session+"\n"+string(b.Kind)+b.Key)
	})
	return list
}

// WriteDrift writes what a provider changed since the recording, for people.
func (c *Cassette) WriteDrift(w io.Writer) error {
	drifts, asked := c.Drifts(), len(c.Entries())
	if _, err := fmt.Fprintf(w, "%d of %d answers differ from the recording.\n", len(drifts), asked); err != nil {
		return fmt.Errorf("write the drift: %w", err)
	}
	for _, d := range drifts {
		if _, err := fmt.Fprintf(w, "  %s %s (%s): %s\n", orShared(d.Session), d.Kind, d.Name, d.What); err != nil {
			return fmt.Errorf("write the drift: %w", err)
		}
	}
	return nil
}

func orShared(session string) string {
	if session == "" {
		return "all cases"
	}
	return session
}
