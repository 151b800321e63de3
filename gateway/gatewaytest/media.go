package gatewaytest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// media is where a world's files come from, where they are kept, and who hears and
// sees them.
type media struct {
	// err is how the next fetch ends, and words what a model makes of what is fetched
	// next. duringFetch runs in it.
	err         error
	words       string
	duringFetch hook
	kept        map[string][]byte
}

// The beginnings of files: what they are is told by them and not by their names.
const (
	voiceNote = "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00 a voice note"
	photo     = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01"
)

// Fetch implements gateway.FileSource.
func (m *media) Fetch(_ context.Context, f *gateway.File, w io.Writer, _ int64) error {
	err := m.err
	m.err = nil
	m.duringFetch.run()
	content := photo
	if f.Message == "audio" {
		content = voiceNote
	}
	if _, writeErr := io.WriteString(w, content); writeErr != nil {
		return fmt.Errorf("write a file: %w", writeErr)
	}
	return err
}

// Put implements gateway.Vault.
func (m *media) Put(_ context.Context, id string, content io.Reader, size int64, _ string) error {
	all, err := io.ReadAll(content)
	if err != nil || int64(len(all)) != size {
		return fmt.Errorf("%d bytes of %d: %w", len(all), size, err)
	}
	m.kept[id] = all
	return nil
}

// Open implements gateway.Vault.
func (m *media) Open(_ context.Context, id string) (io.ReadCloser, error) {
	content, ok := m.kept[id]
	if !ok {
		return nil, gateway.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), nil
}

// Remove implements gateway.Vault.
func (m *media) Remove(_ context.Context, id string) error {
	delete(m.kept, id)
	return nil
}

// Ping implements gateway.Vault.
func (*media) Ping(context.Context) error { return nil }

// Transcribe implements gateway.Transcriber.
func (m *media) Transcribe(context.Context, io.Reader, string, string) (string, error) {
	return m.said(), nil
}

// Describe implements gateway.Describer.
func (m *media) Describe(context.Context, []byte, string, string, string) (string, error) {
	return m.said(), nil
}

func (m *media) said() string {
	words := m.words
	m.words = ""
	return words
}

// fetch gets the next file, which ends as it is told, and says whether there was one.
func (w *world) fetch(words string, err error) bool {
	w.Helper()
	if w.store.dead {
		return false
	}
	w.media.words, w.media.err = words, err
	found := w.step("fetch", w.gateway.Fetch)
	w.media.words, w.media.err = "", nil
	return found
}

// fetchAll gets all files that are still to be had.
func (w *world) fetchAll() {
	w.Helper()
	for range 500 {
		if !w.fetch("", nil) {
			return
		}
	}
	w.Fatalf("the files have no end")
}

// hasFile tells whether messages of a type come with a file.
func hasFile(kind string) bool {
	return slices.Contains([]string{"image", "audio", "video", "document", "sticker"}, kind)
}

// about has the customer withdraw or change what they wrote.
func (w *world) about(target gateway.Event, kind, text string) {
	w.Helper()
	w.accept(gateway.Event{
		Kind: gateway.EventSignal, From: target.From, About: target.Key,
		Message: &gateway.Message{Type: kind, Text: text, QuotedID: target.Message.ProviderID},
	})
}

// signals has the channel tell that something about the customer has changed.
func (w *world) signals(who gateway.Identity, was *gateway.Identity) {
	w.Helper()
	w.accept(gateway.Event{Kind: gateway.EventSignal, From: who, Message: &gateway.Message{Type: "system", Was: was}})
}

// withdrawn are the keys of what customers took back.
func (w *world) withdrawn() map[string]bool {
	keys := map[string]bool{}
	for _, e := range w.accepted {
		if e.Kind == gateway.EventSignal && e.Message.Type == "revoke" {
			keys[e.About] = true
		}
	}
	return keys
}

// nothingWithdrawn: what a customer took back is shown to nobody, and each file is
// either there or known to be lost (I3).
func (w *world) nothingWithdrawn(who gateway.Identity) {
	w.Helper()
	gone := map[string]bool{}
	for _, e := range w.accepted {
		if w.withdrawn()[e.Key] {
			gone[e.Message.ProviderID] = true
		}
	}
	for _, m := range w.messages(w.conversation(who).ID) {
		switch {
		case m.Message == nil:
		case gone[m.ProviderID]:
			if m.Text != "" || m.Message.Text != "" || m.Message.Media != nil || !m.Message.Deleted || m.Payload != nil {
				w.Errorf("a message that was withdrawn is still shown: %+v", m.Message)
			}
		case m.Message.Media != nil && m.Message.Media.State == gateway.FileWaiting:
			w.Errorf("the file of a message is still waited for when everything is over")
		}
	}
}

// nothingKept: the vault has no content but that of files that are shown: what was
// withdrawn is removed from it, also when it came after that.
func (w *world) nothingKept() {
	w.Helper()
	for id := range w.media.kept {
		f, err := w.store.File(w.ctx, id)
		if err != nil || f.Media.State != gateway.FileStored {
			w.Errorf("the content of a file that is %q is kept: %v", f.Media.State, err)
		}
	}
}

// messages lists all of one conversation.
func (w *world) messages(id string) []gateway.MessageView {
	w.Helper()
	var all []gateway.MessageView
	for after := ""; ; {
		list, next, err := w.store.Messages(w.ctx, id, gateway.Page{After: after, Limit: 200})
		if err != nil {
			w.Fatalf("messages: %v", err)
		}
		if all = append(all, list...); next == "" {
			return all
		}
		after = next
	}
}

// take has an agent take a conversation without being asked.
func (w *world) take(conversationID, agent string) error {
	_, err := w.store.Act(w.ctx, gateway.Action{ConversationID: conversationID, Kind: gateway.ActionTake, Agent: agent, At: w.now})
	w.gateway.Changed()
	return err
}

// reopenTemplate is what asks a customer to write again.
func reopenTemplate(at time.Time) gateway.Template {
	return gateway.Template{
		Name: "reopen", Language: "es", Category: "UTILITY", Status: "APPROVED", Body: "Tenemos la respuesta. ¿Seguimos?", SyncedAt: at,
	}
}

var (
	_ gateway.FileSource  = (*media)(nil)
	_ gateway.Vault       = (*media)(nil)
	_ gateway.Transcriber = (*media)(nil)
	_ gateway.Describer   = (*media)(nil)
)
