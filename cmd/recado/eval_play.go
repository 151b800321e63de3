package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/recado/recado/evals/runner"
	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
	"github.com/recado/recado/rag/action"
)

const (
	// betweenBubbles is how long a customer of an eval takes for the next message of a
	// burst: no pause in which a burst counts as finished.
	betweenBubbles = 300 * time.Millisecond
	// pastQuiet is longer than any customer is given to go on, and pastFiles than anybody
	// who sent a file.
	pastQuiet = 5 * time.Second
	pastFiles = 45 * time.Second
	// endless is how many rounds of work a step may lead to.
	endless = 200
	// evalAgent is the person at the desk of an eval.
	evalAgent = "Eva"
	// placeOfCode is where a suite's message holds the latest one-time code.
	placeOfCode = "{code}"
	// noCode is what stands there while none was sent.
	noCode = "?"
)

// tap sends to the phone and notes what it took.
type tap struct {
	gateway.Sender
	p *play
}

// Send implements gateway.Sender.
func (t tap) Send(ctx context.Context, o *gateway.Outgoing) (gateway.SendResult, error) {
	r, err := t.Sender.Send(ctx, o)
	if err == nil && r.Outcome == gateway.SendAccepted {
		t.p.got = append(t.p.got, o)
		if o.Content != nil && len(o.Content.Buttons) > 0 {
			t.p.offered, t.p.offeredID = o.Content.Buttons, r.ProviderID
		}
	}
	return r, err
}

// watched is a store that notes which conversation is the case's.
type watched struct {
	gateway.Store
	p *play
}

// Claim implements gateway.Inbox. A customer who has shown who they are before the case
// begins is known from their first turn on, as a conversation is in which an agent made sure
// or a one-time code came back.
func (w watched) Claim(ctx context.Context, now time.Time, lease time.Duration) (*gateway.Claim, error) {
	c, err := w.Store.Claim(ctx, now, lease)
	if err == nil && w.p.committed == 0 && c.Conversation.Channel == w.p.numberID() {
		level, until := runner.LevelOf(w.p.c.Customer, now)
		c.Conversation.Memory.Level, c.Conversation.Memory.LevelUntil = level, until
	}
	return c, err
}

// Commit implements gateway.Inbox.
func (w watched) Commit(ctx context.Context, c *gateway.Claim, t gateway.Turn) error {
	err := w.Store.Commit(ctx, c, t)
	if err == nil && c.Conversation.Channel == w.p.numberID() {
		w.p.conversation = c.Conversation.ID
		w.p.committed++
		if t.Handoff != nil {
			w.p.handoff = t.Handoff.ID
		}
	}
	return err
}

// Take implements gateway.Limiter: an eval waits for nobody.
func (*play) Take(context.Context, string, string, time.Time) (time.Duration, error) { return 0, nil }

// Publish implements gateway.Wire: the shop's system answers in the same round.
func (p *play) Publish(ctx context.Context, c gateway.Command) error {
	// The shop makes its references out of the command's id, which is another one in each
	// run; the case and the number of the command are the same.
	id := c.ID
	c.ID = fmt.Sprintf("%s %d", p.c.ID, len(p.published))
	if known, again := p.published[id]; again {
		c.ID = known
	}
	p.published[id] = c.ID
	r, err := p.office.Answer(ctx, c, false)
	if err != nil {
		return err
	}
	r.CommandID = id
	p.receipts = append(p.receipts, r)
	return nil
}

// Receipts implements gateway.Wire; receipts are taken by work.
func (*play) Receipts(ctx context.Context, _ func(context.Context, action.Receipt) error) error {
	<-ctx.Done()
	return nil
}

// spoken begins the files of voice notes, so that they are taken for what they are: what
// follows stands for the sound.
const spoken = "OggS\x00\x02" + "OpusHead "

// Transcribe implements gateway.Transcriber: an eval's voice notes hold their words.
func (*play) Transcribe(_ context.Context, audio io.Reader, _, _ string) (string, error) {
	data, err := io.ReadAll(audio)
	_, words, _ := strings.Cut(string(data), "OpusHead ")
	return words, err
}

// deliver gives a webhook to the gateway and keeps it, to be delivered again.
func (p *play) deliver(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if bytes.Contains(body, []byte(`"messages"`)) && bytes.Contains(body, []byte(`"contacts"`)) {
		p.last, p.body = r, body
	}
	p.post(w, r, body)
}

func (p *play) post(w http.ResponseWriter, r *http.Request, body []byte) {
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	p.hook(w, again)
}

// Do implements runner.Talk.
func (p *play) Do(ctx context.Context, s suite.Step) (runner.Outcome, error) {
	p.got = nil
	took, err := p.act(ctx, s)
	if err != nil {
		return runner.Outcome{}, err
	}
	o, err := p.outcome(ctx)
	o.Took = took
	if err == nil {
		for _, r := range o.Records {
			err = errors.Join(err, p.fails.Outage(r))
		}
	}
	return o, err
}

// act does what a step says, and everything that is due then.
func (p *play) act(ctx context.Context, s suite.Step) (time.Duration, error) {
	switch {
	case len(s.Say) > 0:
		return p.say(ctx, s)
	case s.Tap != "":
		return p.tapped(ctx, s.Tap)
	case s.Wait > 0:
		p.now = p.now.Add(s.Wait)
		return p.work(ctx)
	case s.Agent != "":
		return p.agent(ctx, s)
	case s.Again > 0:
		return p.again(ctx, s.Again)
	case s.Down != "":
		return 0, p.fails.Take(s.Down, true)
	case s.Up != "":
		return 0, p.fails.Take(s.Up, false)
	case s.Order != "":
		return 0, p.change(ctx, s)
	}
	return 0, nil
}

func (p *play) say(ctx context.Context, s suite.Step) (time.Duration, error) {
	for _, text := range s.Say {
		text = strings.ReplaceAll(text, placeOfCode, cmp.Or(p.code, noCode))
		a := cloudsim.Action{Customer: p.customer().Phone, Type: "text", Text: text}
		if s.Voice {
			a = cloudsim.Action{Customer: p.customer().Phone, Type: "audio", Voice: true, MIMEType: "audio/ogg", Data: []byte(spoken + text)}
		}
		if _, err := p.phone.Act(ctx, a); err != nil {
			return 0, fmt.Errorf("%w: the emulated phone: %w", runner.ErrCannot, err)
		}
		p.phone.Flush(ctx)
		p.now = p.now.Add(betweenBubbles)
	}
	return p.quiet(ctx)
}

// quiet lets the burst end and does what is due. A burst with a file in it has longer.
func (p *play) quiet(ctx context.Context) (time.Duration, error) {
	p.now = p.now.Add(pastQuiet)
	before := p.committed
	took, err := p.work(ctx)
	if err != nil || p.committed > before {
		return took, err
	}
	p.now = p.now.Add(pastFiles)
	more, err := p.work(ctx)
	return took + more, err
}

// tapped taps a button; a title that was not offered is written instead.
func (p *play) tapped(ctx context.Context, what string) (time.Duration, error) {
	b, err := runner.Button(p.offered, what)
	if err != nil {
		return 0, err
	}
	a := cloudsim.Action{Customer: p.customer().Phone, Type: "tap", MessageID: p.offeredID, Option: b.ID}
	if p.offeredID == "" {
		a = cloudsim.Action{Customer: p.customer().Phone, Type: "text", Text: b.Title}
	}
	if _, err := p.phone.Act(ctx, a); err != nil {
		return 0, fmt.Errorf("%w: the emulated phone: %w", runner.ErrCannot, err)
	}
	p.phone.Flush(ctx)
	return p.quiet(ctx)
}

// work does all that is due now, and gives the time that turns and sends took.
func (p *play) work(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	for range endless {
		did := false
		for _, step := range []func(context.Context) error{p.gateway.Fetch, p.gateway.Turn, p.gateway.Deliver, p.gateway.Carry} {
			err := step(ctx)
			if err != nil && !errors.Is(err, gateway.ErrNoWork) {
				return 0, fmt.Errorf("eval: %w", err)
			}
			did = did || err == nil
		}
		receipts := p.receipts
		p.receipts = nil
		for _, r := range receipts {
			did = true
			if err := p.gateway.TakeReceipt(ctx, r); err != nil {
				return 0, fmt.Errorf("eval: %w", err)
			}
		}
		p.phone.Flush(ctx)
		if !did {
			return time.Since(began), nil
		}
	}
	return 0, errors.New("eval: the work has no end")
}

// agent does what a person at the desk does.
func (p *play) agent(ctx context.Context, s suite.Step) (time.Duration, error) {
	a := gateway.Action{Agent: evalAgent, At: p.now}
	kinds := map[string]gateway.ActionKind{
		"take": gateway.ActionTake, "say": gateway.ActionReply, "verify": gateway.ActionVerify, "return": gateway.ActionReturn,
		"resolve": gateway.ActionResolve,
	}
	a.Kind, a.Text = kinds[s.Agent], s.Text
	open, err := p.open(ctx)
	switch {
	case err != nil:
		return 0, err
	case open && a.Kind == gateway.ActionTake:
		a.Kind, a.HandoffID = gateway.ActionClaim, p.handoff
	case open:
		a.HandoffID = p.handoff
	case a.Kind == gateway.ActionTake:
		a.ConversationID = p.conversation
	default:
		return 0, fmt.Errorf("%w: nobody at the desk has this conversation", runner.ErrCannot)
	}
	h, err := p.store.Act(ctx, a)
	if err != nil {
		return 0, fmt.Errorf("%w: the desk: %w", runner.ErrCannot, err)
	}
	p.handoff = h.ID
	return p.work(ctx)
}

// open tells whether the conversation's latest handoff is not done with.
func (p *play) open(ctx context.Context) (bool, error) {
	if p.handoff == "" {
		return false, nil
	}
	h, err := p.store.Handoff(ctx, p.handoff)
	if err != nil {
		return false, fmt.Errorf("eval: %w", err)
	}
	return h.State.Open(), nil
}

// again delivers the latest webhook so many times more.
func (p *play) again(ctx context.Context, times int) (time.Duration, error) {
	for range times {
		if p.last == nil {
			break
		}
		p.post(&answer{header: http.Header{}}, p.last.WithContext(ctx), p.body)
	}
	return p.quiet(ctx)
}

// change changes an order as the shop's system does.
func (p *play) change(ctx context.Context, s suite.Step) error {
	doc, found, err := p.doc(ctx, s.Order)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("%w: there is no order %s of this customer", runner.ErrCannot, s.Order)
	}
	for name, value := range s.Change {
		place := doc
		path := strings.Split(name, ".")
		for _, part := range path[:len(path)-1] {
			inner, _ := place[part].(map[string]any)
			if inner == nil {
				inner = map[string]any{}
			}
			place[part], place = inner, inner
		}
		place[path[len(path)-1]] = value
	}
	changed, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("eval: %w", err)
	}
	_, err = p.book.Put(ctx, []json.RawMessage{changed})
	return err
}

// doc reads an order, whoever's it is.
func (p *play) doc(ctx context.Context, number string) (doc map[string]any, found bool, err error) {
	owner := p.customer().Phone
	for _, o := range p.stocked {
		if orders.Digits(o.Number) == orders.Digits(number) && o.Customer.Phone != "" {
			owner = orders.Digits(o.Customer.Phone)
		}
	}
	list, err := p.book.Find(ctx, owner)
	if err != nil {
		return nil, false, fmt.Errorf("eval: %w", err)
	}
	for _, raw := range list {
		var one map[string]any
		if err := json.Unmarshal(raw, &one); err != nil {
			return nil, false, fmt.Errorf("eval: %w", err)
		}
		if strings.EqualFold(strings.TrimPrefix(fmt.Sprint(one["number"]), "#"), strings.TrimPrefix(number, "#")) {
			return one, true, nil
		}
	}
	return nil, false, nil
}

// Order implements runner.Talk: the fields of the document, those within others by a path
// such as "shipping.address".
func (p *play) Order(ctx context.Context, number string) (map[string]string, bool, error) {
	doc, found, err := p.doc(ctx, number)
	if err != nil || !found {
		return nil, false, err
	}
	fields := map[string]string{}
	flatten(fields, "", doc)
	return fields, true, nil
}

// Orders implements runner.Shelf: every order that the case may be about.
func (p *play) Orders(ctx context.Context) (map[string]map[string]string, error) {
	all := map[string]map[string]string{}
	for _, o := range p.stocked {
		fields, found, err := p.Order(ctx, o.Number)
		if err != nil {
			return nil, err
		}
		if found {
			all[o.Number] = fields
		}
	}
	return all, nil
}

func flatten(fields map[string]string, at string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			flatten(fields, strings.TrimPrefix(at+"."+name, "."), inner)
		}
	case []any:
		for i, inner := range v {
			flatten(fields, fmt.Sprintf("%s.%d", at, i), inner)
		}
	default:
		fields[at] = fmt.Sprint(v)
	}
}

// outcome is what the step led to.
func (p *play) outcome(ctx context.Context) (o runner.Outcome, err error) {
	if p.conversation == "" {
		return o, nil
	}
	for _, m := range p.got {
		r, _ := runner.Shown(m.Text, m.Content)
		o.Replies = append(o.Replies, r)
	}
	if o.Records, err = p.newTurns(ctx); err != nil {
		return o, err
	}
	after, err := p.store.Conversation(ctx, p.conversation)
	if err != nil {
		return o, fmt.Errorf("eval: %w", err)
	}
	for _, r := range o.Records {
		o.Actions = append(o.Actions, append(runner.Reads(r), runner.Proposed(r, after)...)...)
	}
	done, err := p.carried(ctx)
	o.Actions = append(o.Actions, done...)
	return o, err
}

// newTurns are the turns since the step before, oldest first.
func (p *play) newTurns(ctx context.Context) ([]gateway.Record, error) {
	var all []gateway.Record
	for after := ""; ; {
		list, next, err := p.store.Turns(ctx, p.conversation, gateway.Page{After: after, Limit: 200})
		if err != nil {
			return nil, fmt.Errorf("eval: %w", err)
		}
		if all = append(all, list...); next == "" {
			break
		}
		after = next
	}
	fresh := all[p.turns:]
	p.turns = len(all)
	return fresh, nil
}

// carried are the writes that were sent or ended since the step before.
func (p *play) carried(ctx context.Context) ([]runs.Action, error) {
	list, err := p.store.Commands(ctx, p.conversation)
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	var done []runs.Action
	for _, v := range list {
		if v.Command.Call.Kind == action.SendCode {
			continue
		}
		state := "sent"
		if v.Receipt != nil {
			state = string(v.Receipt.Outcome)
		}
		if p.commands[v.Command.ID] != state {
			p.commands[v.Command.ID] = state
			done = append(done, runner.Did(v.Command.Call, state))
		}
	}
	return done, nil
}

// End implements runner.Talk.
func (p *play) End() error {
	if p.close != nil {
		p.close()
	}
	p.rooms <- p.store
	return nil
}
