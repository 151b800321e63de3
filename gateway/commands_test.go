package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/rag/action"
)

// writeStore has one command and notes what became of it.
type writeStore struct {
	Store
	next     *Command
	events   []string
	at       time.Time
	received []action.Receipt
	err      error
	views    []CommandView
}

func (s *writeStore) NextCommand(context.Context, time.Time, time.Duration) (*Command, error) {
	if s.next == nil {
		return nil, ErrNoWork
	}
	c := s.next
	s.next = nil
	return c, nil
}

func (s *writeStore) Published(context.Context, *Command) error {
	s.events = append(s.events, "published")
	return s.err
}

func (s *writeStore) RetryCommand(_ context.Context, _ *Command, at time.Time) error {
	s.events, s.at = append(s.events, "retried"), at
	return s.err
}

func (s *writeStore) Expire(context.Context, *Command, time.Time) error {
	s.events = append(s.events, "expired")
	return s.err
}

func (s *writeStore) Receive(_ context.Context, r action.Receipt, _ time.Time) error {
	s.received = append(s.received, r)
	return s.err
}

func (s *writeStore) Commands(context.Context, string) ([]CommandView, error) { return s.views, s.err }

// line is a wire that fails so many times, and gives receipts when it is heard.
type line struct {
	failures  int
	published []string
	gives     []action.Receipt
	heard     int
}

func (l *line) Publish(_ context.Context, c Command) error {
	if l.failures > 0 {
		l.failures--
		return errors.New("Redis is away")
	}
	l.published = append(l.published, c.ID)
	return nil
}

func (l *line) Receipts(ctx context.Context, take func(context.Context, action.Receipt) error) error {
	l.heard++
	for _, r := range l.gives {
		if err := take(ctx, r); err != nil {
			return err
		}
	}
	if l.heard < 3 {
		return errors.New("Redis is away")
	}
	<-ctx.Done()
	return ctx.Err()
}

func TestCarry(t *testing.T) {
	t.Parallel()
	fresh := Command{ID: "c", Attempt: 3, Deadline: noon.Add(2 * time.Minute)}
	overdue := Command{ID: "c", Overdue: true, Deadline: noon}
	soon := Command{ID: "c", Attempt: 3, Deadline: noon.Add(time.Second)}
	unpublished := Command{ID: "c", Attempt: 9, Deadline: noon}
	for _, tt := range []struct {
		name      string
		c         *Command
		wire      Wire
		lost      error
		events    []string
		published int
		at        time.Time
		err       error
	}{
		{"nothing", nil, &line{}, nil, nil, 0, time.Time{}, ErrNoWork},
		{"published", &fresh, &line{}, nil, []string{"published"}, 1, time.Time{}, nil},
		{"lost meanwhile", &fresh, &line{}, ErrLeaseLost, []string{"published"}, 1, time.Time{}, nil},
		{"the store is away", &fresh, &line{}, errors.New("away"), []string{"published"}, 1, time.Time{}, errAny},
		{"not published", &fresh, &line{failures: 1}, nil, []string{"retried"}, 0, noon.Add(wireRest + 3*time.Second), nil},
		{"not published, its time nearly over", &soon, &line{failures: 1}, nil, []string{"retried"}, 0, noon.Add(time.Second), nil},
		{"overdue", &overdue, &line{}, nil, []string{"expired"}, 0, time.Time{}, nil},
		{"never published", &unpublished, &line{}, nil, []string{"expired"}, 0, time.Time{}, nil},
		{"without a wire", &fresh, nil, nil, []string{"retried"}, 0, noon.Add(wireRest + 3*time.Second), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &writeStore{next: tt.c, err: tt.lost}
			g, err := New(withFakes(Config{Store: s, Wire: tt.wire, Now: func() time.Time { return noon }}))
			if err != nil {
				t.Fatal(err)
			}
			err = g.Carry(t.Context())
			if errors.Is(tt.err, errAny) != (err != nil && !errors.Is(err, ErrNoWork)) || errors.Is(tt.err, ErrNoWork) != errors.Is(err, ErrNoWork) {
				t.Errorf("%v", err)
			}
			if diff := cmp.Diff(tt.events, s.events); diff != "" || !s.at.Equal(tt.at) {
				t.Errorf("again at %v: %s", s.at, diff)
			}
			if l, ok := tt.wire.(*line); ok && len(l.published) != tt.published {
				t.Errorf("published %v", l.published)
			}
		})
	}
}

// errAny stands for an error that nobody branches on.
var errAny = errors.New("any")

func TestTakeReceipt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		store error
		again bool
	}{{nil, false}, {ErrNotFound, false}, {errors.New("away"), true}} {
		s := &writeStore{err: tt.store}
		g, err := New(withFakes(Config{Store: s}))
		if err != nil {
			t.Fatal(err)
		}
		err = g.TakeReceipt(t.Context(), action.Receipt{ID: "r", Outcome: "rubbish from elsewhere"})
		if (err != nil) != tt.again || len(s.received) != 1 {
			t.Errorf("%v: %v", tt.store, err)
		}
	}
}

// TestReceiptsAreHeardAgain after the wire was away, until the program ends.
func TestReceiptsAreHeardAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, s := &line{gives: []action.Receipt{{ID: "r"}}}, &writeStore{}
		g, err := New(withFakes(Config{Store: s, Wire: l}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.hearReceipts(ctx) }()
		time.Sleep(time.Minute) // the bubble's clock
		synctest.Wait()
		stop()
		if err := <-done; err != nil || l.heard != 3 || len(s.received) != 3 {
			t.Errorf("%v, heard %d times, %d receipts", err, l.heard, len(s.received))
		}
	})
}

// TestReceiptsBackAnswers: those of the conversation's writes, and of no code.
func TestReceiptsBackAnswers(t *testing.T) {
	t.Parallel()
	view := func(k action.Kind, id string, at time.Time) CommandView {
		return CommandView{Command: command(k), Receipt: &action.Receipt{ID: id, At: at}}
	}
	s := &writeStore{views: []CommandView{
		view(action.Cancel, "yes", noon), view(action.SendCode, "code", noon), view(action.Cancel, "old", noon.Add(-receiptsFor)), {Command: command(action.Cancel)},
	}}
	g, err := New(withFakes(Config{Store: s, Wire: &line{}}))
	if err != nil {
		t.Fatal(err)
	}
	if got := g.receipts(t.Context(), Conversation{}, noon); len(got) != 1 || got[0].ID != "yes" {
		t.Errorf("%+v", got)
	}
	if got := g.receipts(t.Context(), Conversation{DoubtedAt: noon}, noon); len(got) != 0 {
		t.Errorf("told in doubt: %+v", got)
	}
	s.err = errors.New("away")
	if got := g.receipts(t.Context(), Conversation{}, noon); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// TestAudit: answers that the score let go are picked, by chance, and nothing else is.
func TestAudit(t *testing.T) {
	t.Parallel()
	g, err := New(withFakes(Config{Store: &turnStore{}, AuditShare: 0.25}))
	if err != nil {
		t.Fatal(err)
	}
	picked := 0
	for range 4000 {
		r := Record{ID: NewID(), Decision: Decision{Kind: DecideReply, Rule: ruleConfidence}, Reply: "Sí.", Calibration: "c1"}
		if a := g.audit(r); a != nil {
			picked++
			if a.TurnID != r.ID || a.Chance != 0.25 || a.Calibration != "c1" {
				t.Fatalf("%+v", a)
			}
		}
		for _, other := range []Decision{{DecideReply, "", ruleSmallTalk}, {DecideHandoff, ReasonLegal, "triage"}, {DecideReply, "", ruleConfirmed}} {
			if r.Decision = other; g.audit(r) != nil {
				t.Fatalf("picked %+v", other)
			}
		}
	}
	if picked < 850 || picked > 1150 {
		t.Errorf("%d of 4000 picked", picked)
	}
	if g, err = New(withFakes(Config{Store: &turnStore{}})); err != nil || g.AuditShare != 0.03 {
		t.Errorf("the share is %v, %v", g.AuditShare, err)
	}
}

// lineup has many commands, hands out the one that has been due longest, and notes when each
// was given up.
type lineup struct {
	Store
	due     map[string]time.Time
	until   map[string]time.Time
	expired map[string]time.Time
}

func (s *lineup) NextCommand(_ context.Context, now time.Time, _ time.Duration) (*Command, error) {
	next := ""
	for id, at := range s.due {
		if !at.After(now) && (next == "" || at.Before(s.due[next]) || at.Equal(s.due[next]) && id < next) {
			next = id
		}
	}
	if next == "" {
		return nil, ErrNoWork
	}
	return &Command{ID: next, Attempt: 1, Deadline: s.until[next]}, nil
}

func (s *lineup) RetryCommand(_ context.Context, c *Command, at time.Time) error {
	s.due[c.ID] = at
	return nil
}

func (s *lineup) Expire(_ context.Context, c *Command, now time.Time) error {
	delete(s.due, c.ID)
	s.expired[c.ID] = now
	return nil
}

// hung is a wire to a Redis that does not answer.
type hung struct{ Wire }

func (hung) Publish(ctx context.Context, _ Command) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestCarryIsInTimeWhileRedisHangs: customers whose writes were never published hear of it
// at their deadline, however many there are: no write waits for the vain attempts of others.
func TestCarryIsInTimeWhileRedisHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &lineup{due: map[string]time.Time{}, until: map[string]time.Time{}, expired: map[string]time.Time{}}
		for i := range 60 {
			id, at := fmt.Sprint("c", i), time.Now().Add(time.Duration(i)*time.Second)
			store.due[id], store.until[id] = at, at.Add(2*time.Minute)
		}
		g := &Gateway{
			Config:  Config{Store: store, Wire: hung{}, Now: time.Now, Metrics: NewMetrics(), Logger: slog.New(slog.DiscardHandler)},
			changes: newBell(), sends: newBell(),
		}
		for len(store.expired) < 60 {
			if err := g.Carry(t.Context()); errors.Is(err, ErrNoWork) {
				pause(t.Context(), 200*time.Millisecond)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for id, at := range store.expired {
			if late := at.Sub(store.until[id]); late < 0 || late > publishTimeout+wireRest {
				t.Errorf("%s was given up %v after its deadline", id, late)
			}
		}
	})
}

// TestCarryPassesAnotherByOne: a command that alone can't be published does not keep the
// others from it.
func TestCarryPassesAnotherByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &lineup{due: map[string]time.Time{}, until: map[string]time.Time{}, expired: map[string]time.Time{}}
		for _, id := range []string{"bad", "good", "later"} {
			store.due[id], store.until[id] = time.Now(), time.Now().Add(2*time.Minute)
		}
		wire := &picky{}
		g := &Gateway{
			Config:  Config{Store: store, Wire: wire, Now: time.Now, Metrics: NewMetrics(), Logger: slog.New(slog.DiscardHandler)},
			changes: newBell(), sends: newBell(),
		}
		for range 100 {
			if err := g.Carry(t.Context()); errors.Is(err, ErrNoWork) {
				pause(t.Context(), time.Second)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff([]string{"good", "later"}, wire.published); diff != "" {
			t.Error(diff)
		}
	})
}

// picky is a wire that can't carry one command.
type picky struct {
	Wire
	published []string
}

func (p *picky) Publish(_ context.Context, c Command) error {
	if c.ID == "bad" {
		return errors.New("it can't be written")
	}
	p.published = append(p.published, c.ID)
	return nil
}

func (s *lineup) Published(_ context.Context, c *Command) error {
	delete(s.due, c.ID)
	return nil
}
