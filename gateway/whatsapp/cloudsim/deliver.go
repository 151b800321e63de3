package cloudsim

import (
	"bytes"
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
)

// webhook is one delivery that waits.
type webhook struct {
	value value
	// message is the customer's message in it, or nil for a status.
	message *message
}

// enqueue puts a webhook behind the others of its customer. The lock is held.
func (s *Simulator) enqueue(c *chat, w webhook) {
	s.queues[c] = append(s.queues[c], w)
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
		w, twice, ok := s.next(c)
		if !ok {
			return
		}
		body, err := metaJSON(s.envelope(w.value))
		if err != nil {
			s.config.Logger.ErrorContext(ctx, "webhook dropped", "error", err)
			continue
		}
		post := func(ctx context.Context) error { return s.post(ctx, body) }
		if !s.insist(ctx, "delivery", post) {
			s.putBack(c, w)
			return
		}
		if twice {
			s.insist(ctx, "delivery", post)
		}
		s.taken(c, w)
	}
}

// next takes a webhook from its customer's queue: the oldest, or the newest when
// the order is to be wrong.
func (s *Simulator) next(c *chat) (w webhook, twice, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	waiting := s.queues[c]
	if len(waiting) == 0 {
		delete(s.queues, c)
		return webhook{}, false, false
	}
	if last := len(waiting) - 1; s.faults.Reorder {
		w, s.queues[c] = waiting[last], waiting[:last]
	} else {
		w, s.queues[c] = waiting[0], waiting[1:]
	}
	return w, s.faults.Duplicate, true
}

func (s *Simulator) putBack(c *chat, w webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[c] = append([]webhook{w}, s.queues[c]...)
}

// taken gives a customer's message its second tick.
func (s *Simulator) taken(c *chat, w webhook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.message != nil && c.advance(w.message, stepDelivered) {
		s.announce()
	}
}

// insist repeats an attempt until it succeeds, and says whether it did before the
// context ended.
func (s *Simulator) insist(ctx context.Context, what string, attempt func(context.Context) error) bool {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		err := attempt(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.config.Logger.WarnContext(ctx, "webhook attempt failed", "attempt", what, "error", err, "retry_ms", pause.Milliseconds())
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return false
		case <-timer.C:
		}
	}
}

// post delivers one webhook once. Meta takes 200 alone for an answer.
func (s *Simulator) post(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.config.WebhookURL, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("make a webhook request: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hub-Signature-256", sign(s.config.AppSecret, body))
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
