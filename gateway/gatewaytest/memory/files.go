package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/recado/recado/gateway"
)

// Why a file can't be had from the beginning, or any more.
const (
	fileUnnamed   = "The channel gave no file"
	fileWithdrawn = "The customer withdrew the message"
)

// file is the file of a message.
type file struct {
	event     *event
	id        string
	state     gateway.FileState
	due       due
	waitUntil time.Time
	attempt   int
	lease     string
	kind      string
	size      int64
	words     string
	err       *gateway.SendError
}

// addFile makes the file of an event that is filed wait to be fetched. One without a
// name at the channel can't be.
func (p *Place) addFile(e *event, now time.Time) {
	at := e.ReceivedAt
	if now.Before(at) {
		at = now
	}
	e.file = &file{
		event: e, id: gateway.NewID(), state: gateway.FileWaiting, due: dueAt(at), waitUntil: e.ReceivedAt.Add(gateway.FileWait),
	}
	if e.Message.Media.ProviderID == "" {
		e.file.state, e.file.due, e.file.err = gateway.FileFailed, due{}, &gateway.SendError{Title: fileUnnamed}
	}
	p.files = append(p.files, e.file)
}

// withdraw ends the file of a message that was withdrawn. It is due once more, so that
// its content is removed; a lease stays, so that whoever is fetching can give it back.
func (f *file) withdraw() {
	if f.state != gateway.FileFailed && f.lease == "" {
		f.due = dueAt(time.Time{})
	}
	f.state, f.kind, f.size, f.words = gateway.FileFailed, "", 0, ""
	f.err = &gateway.SendError{Title: fileWithdrawn}
}

// fill tells a message what became of its file.
func (f *file) fill(m *gateway.Media) {
	m.FileID, m.State, m.Type, m.Size, m.Words, m.Error = f.id, f.state, f.kind, f.size, f.words, copied(f.err)
}

// given is a file with what its message says of it.
func (f *file) given() gateway.File {
	e := f.event
	g := gateway.File{
		ID: f.id, ConversationID: e.conversation.ID, Channel: e.Channel, Language: e.conversation.Language, At: e.At,
		Message: e.Message.Type, Caption: e.Message.Text, Attempt: f.attempt, Lease: f.lease,
	}
	if e.Message.Media != nil {
		g.Media = *e.Message.Media
	}
	f.fill(&g.Media)
	return g
}

// NextFile implements gateway.Files.
func (s *Store) NextFile(ctx context.Context, now time.Time, lease time.Duration) (given *gateway.File, err error) {
	err = s.with(ctx, "next file", func(p *Place) error {
		var next *file
		for _, f := range p.files {
			if f.due.by(now) && (next == nil || f.sooner(next)) {
				next = f
			}
		}
		if next == nil {
			return gateway.ErrNoWork
		}
		next.lease, next.due = gateway.NewID(), dueAt(now.Add(lease))
		next.attempt++
		f := next.given()
		given = &f
		return nil
	})
	return given, err
}

func (f *file) sooner(other *file) bool {
	if f.due.at.Equal(other.due.at) {
		return f.id < other.id
	}
	return f.due.before(other.due)
}

// fileOf finds a file by its id.
func (p *Place) fileOf(id string) *file {
	for _, f := range p.files {
		if f.id == id {
			return f
		}
	}
	return nil
}

// File implements gateway.Files.
func (s *Store) File(ctx context.Context, id string) (given gateway.File, err error) {
	err = s.with(ctx, "read a file", func(p *Place) error {
		f := p.fileOf(id)
		if f == nil {
			return gateway.ErrNotFound
		}
		given = f.given()
		given.Attempt, given.Lease = 0, ""
		return nil
	})
	return given, err
}

// SettleFile implements gateway.Files.
func (s *Store) SettleFile(ctx context.Context, attempt *gateway.File, r gateway.FileResult) error {
	return s.with(ctx, "settle a file", func(p *Place) error {
		f := p.fileOf(attempt.ID)
		if f == nil || attempt.Lease == "" || f.lease != attempt.Lease {
			return gateway.ErrLeaseLost
		}
		if f.state != gateway.FileWaiting {
			f.giveBack(r)
			return nil
		}
		next := due{}
		switch r.State {
		case gateway.FileWaiting:
			next = dueAt(r.RetryAt)
		case gateway.FileStored, gateway.FileFailed:
		default:
			return fmt.Errorf("%w: an unknown state of a file", gateway.ErrInvalid)
		}
		f.state, f.due, f.lease = r.State, next, ""
		f.kind, f.size, f.words, f.err = r.Type, r.Size, r.Words, copied(r.Error)
		// A turn that is to be tried again is not tried sooner for it.
		if c := f.event.conversation; c.due.is && c.due.at.After(c.retryAt) {
			p.schedule(c)
		}
		p.show()
		return nil
	})
}

// giveBack ends the lease of a file that was withdrawn: it is done with when its content
// is gone, and due again when content came after all or could not be removed.
func (f *file) giveBack(r gateway.FileResult) {
	f.lease, f.due = "", due{}
	switch r.State {
	case gateway.FileStored:
		f.due = dueAt(time.Time{})
	case gateway.FileWaiting:
		f.due = dueAt(r.RetryAt)
	case gateway.FileFailed:
	}
}
