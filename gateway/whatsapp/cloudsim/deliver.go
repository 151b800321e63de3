package cloudsim

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// firstRetry is the pause after a first failure; it doubles up to lastRetry.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
	// answerRead is how much of an answer is read, so that the connection can be
	// used again.
	answerRead = 1 << 16
	// maxRequest is how large a request with several changes is at most.
	maxRequest = 3 << 20
)

// webhook is one change that waits to be delivered.
type webhook struct {
	// field is the kind of change, "messages" when empty.
	field string
	value any
	// status tells that it says how far a message has come.
	status bool
	// chat is the customer it is about, or nil.
	chat *chat
	// message is the customer's message in it, or nil.
	message *message

	// The rest is what a fault makes of it.

	twice bool
	wait  time.Duration
	forge string
	merge bool
}

// enqueue puts a webhook behind the others of its customer, or where a fault wants
// it. Those of no customer, and those to be sent together, have a queue of their
// own under nil. The lock is held.
func (s *Simulator) enqueue(c *chat, w webhook) {
	if !s.subscribed {
		return
	}
	w.chat = c
	f := s.strikeWebhook(&w)
	switch {
	case f.Drop:
		return
	case f.Batch > 1:
		s.queues[nil] = append(s.queues[nil], w)
	case f.Reorder:
		s.queues[c] = append([]webhook{w}, s.queues[c]...)
	default:
		s.queues[c] = append(s.queues[c], w)
	}
	s.announce()
}

// Run delivers webhooks until the context ends, which is its only way to end and
// gives no error. It starts with the handshake that Meta does when the webhook's
// address is entered. Webhooks of one customer go out one after the other, those
// of different customers side by side; each is repeated, with growing pauses,
// until the answer is 200. What waits when Run ends is delivered by the next Run.
func (s *Simulator) Run(ctx context.Context) error {
	if s.config.VerifyToken != "" {
		s.insist(ctx, "handshake", s.handshake)
	}
	var workers sync.WaitGroup
	defer workers.Wait()
	busy, free := map[*chat]bool{}, make(chan *chat)
	for ctx.Err() == nil {
		changed := s.start(busy, func(c *chat) {
			workers.Go(func() {
				s.drain(ctx, c)
				select {
				case free <- c:
				case <-ctx.Done():
				}
			})
		})
		select {
		case <-ctx.Done():
		case <-changed:
		case c := <-free:
			delete(busy, c)
		}
	}
	return nil
}

// Flush delivers what waits, in the calling goroutine, and returns when nothing does or the
// context ends. It stands in for Run where a clock of its own decides what comes when; both
// at once are a mistake.
func (s *Simulator) Flush(ctx context.Context) {
	for ctx.Err() == nil {
		c, waits := s.waiting()
		if !waits {
			return
		}
		s.drain(ctx, c)
	}
}

// waiting gives a customer with webhooks that wait.
func (s *Simulator) waiting() (*chat, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, waiting := range s.queues {
		if len(waiting) > 0 {
			return c, true
		}
	}
	return nil, false
}

// start starts a worker for each customer who needs and lacks one, and gives the
// channel that says when to look again.
func (s *Simulator) start(busy map[*chat]bool, work func(*chat)) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c, waiting := range s.queues {
		if len(waiting) > 0 && !busy[c] {
			busy[c] = true
			work(c)
		}
	}
	return s.changed
}

// drain delivers what waits for one customer.
func (s *Simulator) drain(ctx context.Context, c *chat) {
	for {
		if c == nil && !s.gather(ctx) {
			return
		}
		waiting := s.next(c)
		if len(waiting) == 0 {
			return
		}
		if !s.deliver(ctx, waiting) {
			s.putBack(c, waiting)
			return
		}
		s.taken(waiting)
	}
}

// deliver sends webhooks in one request, and says whether they were taken before
// the context ended.
func (s *Simulator) deliver(ctx context.Context, webhooks []webhook) bool {
	wait, forge, twice := time.Duration(0), "", false
	for _, w := range webhooks {
		wait, forge, twice = max(wait, w.wait), cmp.Or(forge, w.forge), twice || w.twice
	}
	body, err := metaJSON(s.envelope(webhooks))
	if err != nil {
		s.config.Logger.ErrorContext(ctx, "webhook dropped", "error", err)
		return true
	}
	if !pause(ctx, wait) {
		return false
	}
	if forge != "" {
		s.forge(ctx, body, forge)
	}
	post := func(ctx context.Context) error { return s.post(ctx, body, sign(s.config.AppSecret, body)) }
	if !s.insist(ctx, "delivery", post) {
		return false
	}
	if twice {
		s.insist(ctx, "delivery", post)
	}
	return true
}

// forge sends a request once whose signature doesn't fit, and counts what came of
// it.
func (s *Simulator) forge(ctx context.Context, body []byte, how string) {
	signature := sign(s.config.AppSecret, body)
	switch how {
	case "missing":
		signature = ""
	case "body":
		body = bytes.Replace(body, []byte("whatsapp"), []byte("whatsApp"), 1)
	default:
		signature = sign("another "+s.config.AppSecret, body)
	}
	err := s.post(ctx, body, signature)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Forged++
	if err == nil {
		s.stats.ForgedTaken++
	}
}

// pause waits, and says whether the context lasted.
func pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// gather waits until as many changes are there as are to be sent together, or
// until it has waited long enough. It says whether the context lasted.
func (s *Simulator) gather(ctx context.Context) bool {
	var timeout <-chan time.Time
	for {
		s.mu.Lock()
		f, waiting, changed := s.faults, len(s.queues[nil]), s.changed
		s.mu.Unlock()
		if f.Batch < 2 || waiting == 0 || waiting >= f.Batch {
			return ctx.Err() == nil
		}
		if timeout == nil {
			timer := time.NewTimer(time.Duration(f.BatchWaitMS) * time.Millisecond)
			defer timer.Stop() //nolint:gocritic // made once at most
			timeout = timer.C
		}
		select {
		case <-ctx.Done():
			return false
		case <-changed:
		case <-timeout:
			return true
		}
	}
}

// next takes the oldest webhook of a customer, or all that are to be sent
// together.
func (s *Simulator) next(c *chat) []webhook {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.queues[c]
	if len(waiting) == 0 {
		delete(s.queues, c)
		return nil
	}
	count := 1
	if c == nil {
		count = s.fitting(waiting[:min(len(waiting), max(1, s.faults.Batch))])
	}
	s.queues[c] = waiting[count:]
	return waiting[:count:count]
}

// fitting counts how many changes fit into one request, of which one always
// does. The lock is held.
func (s *Simulator) fitting(waiting []webhook) int {
	size := 0
	for i, w := range waiting {
		body, err := metaJSON(s.envelope([]webhook{w}))
		size += len(body)
		if err == nil && size > maxRequest && i > 0 {
			return i
		}
	}
	return len(waiting)
}

func (s *Simulator) putBack(c *chat, webhooks []webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[c] = append(webhooks, s.queues[c]...)
}

// taken gives customers' messages their second tick.
func (s *Simulator) taken(webhooks []webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range webhooks {
		if w.message != nil && w.chat.advance(w.message, stepDelivered) {
			s.announce()
		}
	}
}

// insist repeats an attempt until it succeeds, and says whether it did before the
// context ended.
func (s *Simulator) insist(ctx context.Context, what string, attempt func(context.Context) error) bool {
	for wait := firstRetry; ; wait = min(2*wait, lastRetry) {
		err := attempt(ctx)
		if ctx.Err() == nil || err == nil {
			s.count(err == nil)
		}
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.config.Logger.WarnContext(ctx, "webhook attempt failed", "attempt", what, "error", err, "retry_ms", wait.Milliseconds())
		if !pause(ctx, wait) {
			return false
		}
	}
}

func (s *Simulator) count(taken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if taken {
		s.stats.Delivered++
	} else {
		s.stats.Failed++
	}
}

// post delivers one webhook once. Meta takes 200 alone for an answer.
func (s *Simulator) post(ctx context.Context, body []byte, signature string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a webhook request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	if signature != "" {
		r.Header.Set("X-Hub-Signature-256", signature)
	}
	_, err = s.do(r)
	return err
}

// handshake asks for the challenge as Meta does before the first delivery.
func (s *Simulator) handshake(ctx context.Context) error {
	challenge, err := rand.Int(rand.Reader, big.NewInt(1<<31))
	if err != nil {
		return fmt.Errorf("make a challenge: %w", err)
	}
	target, err := url.Parse(s.config.WebhookURL)
	if err != nil {
		return fmt.Errorf("read the webhook's address: %w", err)
	}
	query := target.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", challenge.String())
	query.Set("hub.verify_token", s.config.VerifyToken)
	target.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return fmt.Errorf("make a handshake request: %w", err)
	}
	answer, err := s.do(r)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(answer, []byte(challenge.String())) != 1 {
		return errors.New("the answer is not the challenge")
	}
	return nil
}

// do sends a request and gives the body of an answer that is 200. An error leaves
// out the address, which can hold the verify token.
func (s *Simulator) do(r *http.Request) ([]byte, error) {
	r.Header.Set("User-Agent", "facebookexternalua")
	answer, err := s.config.HTTP.Do(r)
	if err != nil {
		if outer, ok := errors.AsType[*url.Error](err); ok {
			err = outer.Err
		}
		return nil, fmt.Errorf("reach the webhook: %w", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, answerRead))
	if err != nil {
		return nil, fmt.Errorf("read the webhook's answer: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the webhook answered %d", answer.StatusCode)
	}
	return body, nil
}
