package gateway

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

// channelStore is an outbox with alerts and templates.
type channelStore struct {
	outboxStore
	raised       []Alert
	templates    []Template
	conversation Conversation
	unreadable   error
	sent         *Outgoing
	followed     []Outgoing
	purges       []time.Time
	old          int
}

func (s *channelStore) Raise(_ context.Context, a Alert) error {
	s.raised = append(s.raised, a)
	return nil
}

func (s *channelStore) Templates(context.Context) ([]Template, error) { return s.templates, nil }

func (s *channelStore) Sent(context.Context, string) (Outgoing, error) {
	if s.sent == nil {
		return Outgoing{}, ErrNotFound
	}
	return *s.sent, nil
}

func (s *channelStore) Follow(_ context.Context, o Outgoing) error {
	s.followed = append(s.followed, o)
	return nil
}

func (s *channelStore) Conversation(ctx context.Context, _ string) (Conversation, error) {
	if err := ctx.Err(); err != nil {
		return Conversation{}, err
	}
	return s.conversation, s.unreadable
}

func (s *channelStore) Purge(_ context.Context, before time.Time) (int, error) {
	s.purges = append(s.purges, before)
	n := min(s.old, 1000)
	s.old -= n
	return n, nil
}

// refused is a send that ended with a class of error.
func refused(outcome SendOutcome, class ErrorClass) SendResult {
	return SendResult{Outcome: outcome, Error: &SendError{Code: 1, Title: "No", Class: class}}
}

// TestCircuit: a token that is refused stops all sends of the number, costs no
// attempts, is tried again after growing pauses, and is told once.
func TestCircuit(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	store, result := &channelStore{}, refused(SendRetry, ErrorAccount)
	g, err := New(withFakes(Config{
		Store: store, Now: func() time.Time { return now },
		Sender: fakeSender(func(*Outgoing) (SendResult, error) { return result, nil }),
	}))
	if err != nil {
		t.Fatal(err)
	}
	deliver := func(channel string) {
		t.Helper()
		store.next = &Outgoing{ID: "o", Channel: channel, Attempt: 1, To: Identity{Phone: "1"}}
		if err := g.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	deliver("n1")
	if len(store.settled) != 1 || len(store.raised) != 1 || store.raised[0].Level != AlertCritical || store.raised[0].State != "OPEN" {
		t.Fatalf("settled %d, raised %+v", len(store.settled), store.raised)
	}
	if v := testutil.ToFloat64(g.Metrics.Circuit.WithLabelValues("n1")); v != 1 {
		t.Errorf("the gauge is %v", v)
	}
	deliver("n1")
	if len(store.settled) != 1 || !store.postponed[0].Equal(now.Add(circuitFirst)) {
		t.Fatalf("the second message: settled %d, postponed %v", len(store.settled), store.postponed)
	}
	deliver("n2") // another number has a circuit of its own
	if len(store.settled) != 2 {
		t.Fatal("another number waits, too")
	}
	now = now.Add(circuitFirst)
	deliver("n1")
	deliver("n1")
	if len(store.settled) != 3 || !store.postponed[1].Equal(now.Add(2*circuitFirst)) || len(store.raised) != 2 {
		t.Fatalf("settled %d, postponed %v, raised %d", len(store.settled), store.postponed, len(store.raised))
	}
	now, result = now.Add(2*circuitFirst), SendResult{Outcome: SendAccepted, ProviderID: "w"}
	deliver("n1")
	now = now.Add(circuitHealed)
	deliver("n1")
	if len(store.settled) != 5 || len(store.raised) != 3 || store.raised[2].State != "CLOSED" {
		t.Fatalf("healed: settled %d, raised %+v", len(store.settled), store.raised)
	}
}

// TestCircuitDoesNotFlap: when messages are accepted and fail by a status later, it
// stays open, lets one through after growing pauses, and is told of once.
func TestCircuitDoesNotFlap(t *testing.T) {
	t.Parallel()
	var c circuits
	now := time.Unix(0, 0)
	failed, accepted := refused(SendRejected, ErrorAccount), SendResult{Outcome: SendAccepted}
	if opened, _ := c.note("n1", failed, now); !opened {
		t.Fatal("it does not open")
	}
	for _, pause := range []time.Duration{30, 60, 120, 240, 300} {
		now = now.Add(pause * time.Second)
		if wait := c.admit("n1", now); wait != 0 {
			t.Fatalf("after %d s it waits for %s", pause, wait)
		}
		if opened, closed := c.note("n1", accepted, now); opened || closed {
			t.Errorf("after %d s it closes on the word of one message", pause)
		}
		if opened, closed := c.note("n1", failed, now); opened || closed {
			t.Error("it is told of again")
		}
	}
	now = now.Add(circuitLongest)
	for _, step := range []struct {
		after  time.Duration
		closed bool
	}{{0, false}, {circuitHealed - 1, false}, {1, true}, {0, false}} {
		now = now.Add(step.after)
		if _, closed := c.note("n1", accepted, now); closed != step.closed {
			t.Errorf("%s: closed is %v", now, closed)
		}
		if wait := c.admit("n1", now); wait != 0 {
			t.Errorf("what is accepted waits for %s", wait)
		}
	}
}

// TestCircuitOpensByAStatus: a payment that failed is told minutes after the message was
// taken.
func TestCircuitOpensByAStatus(t *testing.T) {
	t.Parallel()
	store := &channelStore{}
	g, err := New(withFakes(Config{Store: store}))
	if err != nil {
		t.Fatal(err)
	}
	failed := func(class ErrorClass) Event {
		return Event{Kind: EventStatus, Channel: "n1", At: g.Now(), Status: &Status{State: DeliveryFailed, Error: &SendError{Code: 1, Title: "No", Class: class}}}
	}
	old := failed(ErrorAccount)
	old.At = old.At.Add(-heedFor - time.Second)
	if g.heed([]Event{old}); g.circuits.admit("n1", g.Now()) > 0 {
		t.Error("a status of long ago opens it")
	}
	g.heed([]Event{failed(ErrorAccount), failed(ErrorAccount), failed(ErrorRequest), failed(ErrorUnreachable), {Kind: EventMessage}})
	if wait := g.circuits.admit("n1", g.Now()); wait <= 0 {
		t.Error("the circuit is closed")
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- g.answerBounces(ctx) }()
	for len(g.bounces) > 0 {
		runtime.Gosched()
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, a := range store.raised {
		kinds = append(kinds, a.Kind+" "+string(a.Level))
	}
	if want := []string{"circuit critical", "dead_letter warning"}; !slices.Equal(kinds, want) {
		t.Errorf("raised %q, want %q", kinds, want)
	}
	for range 100 { // nobody listens: nothing waits
		g.heed([]Event{failed(ErrorQuality)})
	}
}

// TestBounces: what a status tells of a template and of the service window has the same
// effect as a refusal of the send.
func TestBounces(t *testing.T) {
	t.Parallel()
	text := Outgoing{ID: "o", ConversationID: "c", Channel: "n1", Author: AuthorBot, Text: "Ya llega."}
	template := text
	template.Content = &Content{Kind: ContentTemplate, Template: &TemplateUse{Name: "sale", Language: "es"}}
	for _, tt := range []struct {
		name   string
		sent   *Outgoing
		class  ErrorClass
		alert  string
		follow int
	}{
		{"too late", &text, ErrorWindow, "", 1},
		{"too late, and not ours", nil, ErrorWindow, "", 0},
		{"paused", &template, ErrorTemplate, "template sale (es) PAUSED", 0},
		{"wrong, and not ours", nil, ErrorRequest, "dead_letter n1 ", 0},
		{"not reachable", &text, ErrorUnreachable, "", 0},
	} {
		store := &channelStore{
			templates:    []Template{{Name: "back", Language: "es", Status: "APPROVED", Body: "Escríbenos."}},
			conversation: Conversation{ID: "c", Language: "es", LastCustomerAt: time.Unix(1, 0)},
			sent:         tt.sent,
		}
		g, err := New(withFakes(Config{Store: store, ReopenTemplate: "back"}))
		if err != nil {
			t.Fatal(err)
		}
		g.answerBounce(t.Context(), bounce{Event: Event{Channel: "n1", Status: &Status{
			OutgoingID: "o", Error: &SendError{Code: 1, Title: "No", Class: tt.class},
		}}})
		alert := ""
		for _, a := range store.raised {
			alert = a.Kind + " " + a.Subject + " "
			if a.Template != nil {
				alert += a.Template.Status
			}
		}
		if alert != tt.alert || len(store.followed) != tt.follow {
			t.Errorf("%s: raised %q, followed by %+v", tt.name, alert, store.followed)
		}
		if tt.follow > 0 && (store.followed[0].Text != "Escríbenos." || store.followed[0].ConversationID != "c") {
			t.Errorf("%s: followed by %+v", tt.name, store.followed[0])
		}
	}
}

// TestCircuitPauses grow to five minutes and no further.
func TestCircuitPauses(t *testing.T) {
	t.Parallel()
	c, now := circuit{}, time.Unix(0, 0)
	for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
		c = c.fail(now)
		if got := c.wait(now); got != want*time.Second {
			t.Errorf("%s, want %d s", got, want)
		}
		now = now.Add(want * time.Second)
	}
	if got := c.wait(now.Add(time.Hour)); got != 0 {
		t.Errorf("an hour later: %s", got)
	}
}

// TestCircuitClosesInSilence: a quiet shop must not be told for hours that nothing goes.
func TestCircuitClosesInSilence(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	store := &channelStore{}
	g, err := New(withFakes(Config{Store: store, Now: func() time.Time { return now }}))
	if err != nil {
		t.Fatal(err)
	}
	g.circuits.note("n1", refused(SendRetry, ErrorAccount), now)
	g.circuits.note("n1", SendResult{Outcome: SendAccepted}, now.Add(circuitFirst))
	for _, step := range []struct {
		at   time.Duration
		told int
	}{{circuitFirst, 0}, {circuitFirst + circuitHealed, 1}, {time.Hour, 1}} {
		now = time.Unix(0, 0).Add(step.at)
		if err := g.Deliver(t.Context()); !errors.Is(err, ErrNoWork) || len(store.raised) != step.told {
			t.Errorf("after %s: %v, told %d times", step.at, err, len(store.raised))
		}
	}
}

// TestCircuitLetsOneTry: of all that waits, one message tries after a pause, and what was
// under way when it opened does not make the pause longer.
func TestCircuitLetsOneTry(t *testing.T) {
	t.Parallel()
	var c circuits
	now := time.Unix(0, 0)
	for range 4 {
		c.note("n1", refused(SendRetry, ErrorAccount), now)
	}
	if wait := c.admit("n1", now); wait != circuitFirst {
		t.Errorf("four failures at once make a pause of %s", wait)
	}
	now = now.Add(circuitFirst)
	for i, want := range []time.Duration{0, time.Second, time.Second} {
		if wait := c.admit("n1", now); wait != want {
			t.Errorf("message %d after the pause waits for %s, want %s", i, wait, want)
		}
	}
	if wait := c.admit("n1", now.Add(probeAgain)); wait != 0 {
		t.Errorf("when nobody heard of the first, another one waits for %s", wait)
	}
	c.note("n1", SendResult{Outcome: SendAccepted}, now)
	for range 3 {
		if wait := c.admit("n1", now); wait != 0 {
			t.Errorf("after one was accepted others wait for %s", wait)
		}
	}
}

// TestSendAlerts: who runs the shop's account hears of what an agent can't mend.
func TestSendAlerts(t *testing.T) {
	t.Parallel()
	text := &Outgoing{Channel: "n1", Text: "Hola"}
	template := &Outgoing{Channel: "n1", Content: &Content{Kind: ContentTemplate, Template: &TemplateUse{Name: "back", Language: "es"}}}
	tests := []struct {
		name    string
		o       *Outgoing
		r       SendResult
		kind    string
		subject string
		status  string
	}{
		{"our request is wrong", text, refused(SendRejected, ErrorRequest), "dead_letter", "n1", ""},
		{"the channel protects", text, refused(SendRejected, ErrorQuality), "quality", "n1", ""},
		{"the template is paused", template, refused(SendRejected, ErrorTemplate), "template", "back (es)", "PAUSED"},
		{"wrong values", template, refused(SendRejected, ErrorRequest), "dead_letter", "back (es)", ""},
		{"not on the channel", text, refused(SendRejected, ErrorUnreachable), "", "", ""},
		{"tried again", text, refused(SendRetry, ErrorRequest), "", "", ""},
		{"accepted", text, SendResult{Outcome: SendAccepted}, "", "", ""},
	}
	for _, tt := range tests {
		a, ok := sendAlert(tt.o, tt.r)
		status := ""
		if a.Template != nil {
			status = a.Template.Status
		}
		if ok != (tt.kind != "") || a.Kind != tt.kind || a.Subject != tt.subject || status != tt.status {
			t.Errorf("%s: %+v", tt.name, a)
		}
	}
}

// TestReopening: a message that is too late for the window is followed by the
// template, once for a window, in the customer's language, if it can be sent as it is.
func TestReopening(t *testing.T) {
	t.Parallel()
	approved := Template{Name: "back", Language: "es_ES", Status: "APPROVED", Category: "UTILITY", Body: "Tenemos una respuesta para ti."}
	paused, other := approved, approved
	paused.Status, other.Language = "PAUSED", "en"
	text := Outgoing{ID: "o1", ConversationID: "c", Channel: "n1", Attempt: 1, Author: AuthorAgent, Text: "Ya llega."}
	template := text
	template.Content = &Content{Kind: ContentTemplate, Template: &TemplateUse{Name: "back", Language: "es_ES"}}
	tests := []struct {
		name   string
		o      Outgoing
		setup  string
		known  []Template
		class  ErrorClass
		follow bool
	}{
		{"late", text, "back", []Template{approved}, ErrorWindow, true},
		{"no template set up", text, "", []Template{approved}, ErrorWindow, false},
		{"paused", text, "back", []Template{paused}, ErrorWindow, false},
		{"another language", text, "back", []Template{other}, ErrorWindow, false},
		{"a template itself", template, "back", []Template{approved}, ErrorWindow, false},
		{"not on the channel", text, "back", []Template{approved}, ErrorUnreachable, false},
	}
	for _, tt := range tests {
		store := &channelStore{templates: tt.known, conversation: Conversation{ID: "c", Language: "es", LastCustomerAt: time.Unix(1, 0)}}
		g, err := New(withFakes(Config{Store: store, ReopenTemplate: tt.setup, Sender: fakeSender(func(*Outgoing) (SendResult, error) {
			return refused(SendRejected, tt.class), nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		store.next = &tt.o
		if err := g.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := store.settled[0]
		if (r.Follow != nil) != tt.follow || r.Handoff == nil || (r.Handoff.Reason == ReasonWindow) != (tt.class == ErrorWindow) {
			t.Errorf("%s: follow %+v, handoff %+v", tt.name, r.Follow, r.Handoff)
		}
		if tt.follow && (r.Follow.ID != g.reopening(t.Context(), &tt.o, store.conversation).ID || r.Follow.Text != approved.Body) {
			t.Errorf("%s: two late messages ask twice, or in other words: %+v", tt.name, r.Follow)
		}
	}
}

// TestTemplateIsCheckedBeforeSending, with what is known of it at that moment.
func TestTemplateIsCheckedBeforeSending(t *testing.T) {
	t.Parallel()
	approved := Template{Name: "back", Language: "es", Status: "APPROVED", Category: "MARKETING", Body: "Hola."}
	paused := approved
	paused.Status = "PAUSED"
	tests := []struct {
		name      string
		known     []Template
		marketing string
		class     ErrorClass
		sent      bool
	}{
		{"approved", []Template{approved}, "", "", true},
		{"never synced", nil, "", "", true},
		{"never synced, and the customer wants no marketing", nil, "stop", ErrorOptedOut, false},
		{"paused since", []Template{paused}, "", ErrorRequest, false},
		{"not there", []Template{{Name: "other", Language: "es", Status: "APPROVED", Body: "x"}}, "", ErrorRequest, false},
		{"the customer wants no marketing", []Template{approved}, "stop", ErrorOptedOut, false},
	}
	for _, tt := range tests {
		sent := 0
		store := &channelStore{templates: tt.known, conversation: Conversation{ID: "c", Marketing: tt.marketing}}
		g, err := New(withFakes(Config{Store: store, Sender: fakeSender(func(*Outgoing) (SendResult, error) {
			sent++
			return SendResult{Outcome: SendAccepted}, nil
		})}))
		if err != nil {
			t.Fatal(err)
		}
		store.next = &Outgoing{ID: "o", ConversationID: "c", Attempt: 1, Content: &Content{
			Kind: ContentTemplate, Template: &TemplateUse{Name: "back", Language: "es"},
		}}
		if err := g.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		r := store.settled[0]
		if (sent == 1) != tt.sent || !tt.sent && (r.Outcome != SendRejected || r.Error.Class != tt.class) {
			t.Errorf("%s: sent %d times, %+v", tt.name, sent, r)
		}
	}
}

// signs counts the typing signs.
type signs struct {
	ids []string
	err error
}

func (s *signs) Typing(_ context.Context, _, id string) error {
	s.ids = append(s.ids, id)
	return s.err
}

// TestTyping: the sign is for the newest message, is renewed while the answer takes
// long, and ends with it.
func TestTyping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shown := &signs{err: errors.New("away")}
		g, err := New(withFakes(Config{Store: &channelStore{}, Presence: shown}))
		if err != nil {
			t.Fatal(err)
		}
		first, second := said(time.Unix(1, 0), "text", "a"), said(time.Unix(2, 0), "text", "b")
		first.Message.ProviderID, second.Message.ProviderID = "w1", "w2"
		stop := g.typing(t.Context(), "n1", []Event{second, first})
		time.Sleep(2*typingAgain + time.Second) // the bubble's clock
		stop()
		time.Sleep(time.Hour)
		if len(shown.ids) != 3 || shown.ids[0] != "w2" {
			t.Errorf("shown for %q", shown.ids)
		}
		if v := testutil.ToFloat64(g.Metrics.PresenceFailures); v != 3 {
			t.Errorf("%v failures counted", v)
		}
		g.typing(t.Context(), "n1", []Event{{Kind: EventEcho, Message: &Message{ProviderID: "w3"}}})()
		if len(shown.ids) != 3 {
			t.Error("shown for what no customer wrote")
		}
	})
}

// TestSweep drops what is older than the retention, in steps.
func TestSweep(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	store := &channelStore{old: 2500}
	g, err := New(withFakes(Config{Store: store, Now: func() time.Time { return now }}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(store.purges) != 4 || !store.purges[0].Equal(now.Add(-30*24*time.Hour)) {
		t.Errorf("purged %v", store.purges)
	}
}

// TestRejectedStaysRejected: a conversation that can't be read, or a send that took all
// of its time, makes no further attempt of the last one.
func TestRejectedStaysRejected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, store := range map[string]*channelStore{
			"store away": {unreadable: errors.New("away")}, "out of time": {conversation: Conversation{ID: "c", Language: "en"}},
		} {
			g, err := New(withFakes(Config{Store: store, Sender: fakeSender(func(*Outgoing) (SendResult, error) {
				time.Sleep(sendLease) // the bubble's clock
				return SendResult{Outcome: SendRetry, Error: &SendError{Title: "No connection"}}, nil
			})}))
			if err != nil {
				t.Fatal(err)
			}
			store.next = &Outgoing{ID: "o", ConversationID: "c", Attempt: maxSends, To: Identity{Phone: "1"}, Text: "Hola"}
			if err := g.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			if r := store.settled[0]; r.Outcome != SendRejected || r.Handoff == nil || r.Handoff.Packet.Draft != "Hola" || r.Handoff.ConversationID != "c" {
				t.Errorf("%s: %+v", name, r)
			}
		}
	})
}

// TestExpiredOrNot: the window that counts is that of now. A customer who wrote again
// gets the message, and one who did not is not kept waiting by an open circuit.
func TestExpiredOrNot(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name  string
		wrote time.Time
		open  bool
		want  SendOutcome
	}{
		{"wrote again", now.Add(-time.Minute), false, SendAccepted},
		{"did not", now.Add(-25 * time.Hour), false, SendRejected},
		{"did not, and the circuit is open", now.Add(-25 * time.Hour), true, SendRejected},
	} {
		store := &channelStore{conversation: Conversation{ID: "c", LastCustomerAt: tt.wrote}}
		g, err := New(withFakes(Config{Store: store, Now: func() time.Time { return now }}))
		if err != nil {
			t.Fatal(err)
		}
		if tt.open {
			g.circuits.note("n1", refused(SendRetry, ErrorAccount), now)
		}
		store.next = &Outgoing{ID: "o", ConversationID: "c", Channel: "n1", Attempt: 1, ExpiresAt: now.Add(-time.Second)}
		if err := g.Deliver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(store.settled) != 1 || store.settled[0].Outcome != tt.want {
			t.Errorf("%s: settled %+v, postponed %v", tt.name, store.settled, store.postponed)
		}
	}
}
