package llm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sashabaranov/go-openai"
)

// The pauses between attempts: each is random between 0 and a bound that doubles.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 8 * time.Second
)

// caller makes attempts until one succeeds or none can.
type caller struct {
	timeout time.Duration
	retries int
	slots   chan struct{}
	breaker breaker
	log     *slog.Logger
	now     func() time.Time
}

// connect checks what models and embedders have in common. limit is the largest
// response in bytes, and check, if not nil, refuses a body.
func connect(c Config, limit int64, check func([]byte) *failure) (*caller, *openai.Client, error) {
	if err := c.check(); err != nil {
		return nil, nil, err
	}
	c.Timeout = cmp.Or(c.Timeout, 15*time.Second)
	c.Retries = max(cmp.Or(c.Retries, 2), 0)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.HTTP == nil {
		c.HTTP = newHTTP(c.Concurrency)
	}
	setup := openai.DefaultConfig(c.APIKey)
	if c.BaseURL != "" {
		setup.BaseURL = strings.TrimRight(c.BaseURL, "/")
	}
	setup.HTTPClient = doer{client: c.HTTP, limit: limit, now: c.Now, check: check}
	calls := &caller{
		timeout: c.Timeout, retries: c.Retries, slots: make(chan struct{}, c.Concurrency), log: c.Logger, now: c.Now,
	}
	return calls, openai.NewClientWithConfig(setup), nil
}

// check names the field that is wrong and repeats no secret.
func (c Config) check() error {
	switch {
	case c.Model == "":
		return errors.New("Config.Model is missing")
	case c.APIKey == "" && c.BaseURL == "":
		return errors.New("Config.APIKey is missing: OpenAI's own server needs one")
	case strings.ContainsFunc(c.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("Config.APIKey holds a character that no key has, such as a line break")
	case c.Timeout < 0:
		return fmt.Errorf("Config.Timeout is negative: %v", c.Timeout)
	case c.Concurrency < 0:
		return fmt.Errorf("Config.Concurrency is negative: %d", c.Concurrency)
	}
	if c.BaseURL == "" {
		return nil
	}
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return errors.New("Config.BaseURL is no address such as https://host/v1")
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return errors.New("Config.BaseURL ends before the question mark")
	}
	return nil
}

// newHTTP is a client that keeps a connection for each request that runs at once.
// An API answers where it is asked: a redirect would carry prompts elsewhere.
func newHTTP(connections int) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true,
			MaxIdleConnsPerHost: connections, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// do tries until it works, another attempt can't help, or there is no time for
// one. Its error is a failure.
func (c *caller) do(ctx context.Context, call func(context.Context) error) error {
	for attempt := 0; ; attempt++ {
		f := c.once(ctx, call)
		if f == nil {
			return nil
		}
		pause := c.pause(attempt, f.after)
		if !f.retry || attempt >= c.retries || !fits(ctx, c.now(), pause) {
			return f
		}
		c.log.WarnContext(ctx, "a call to the model server failed and is repeated",
			"attempt", attempt+1, "failure", f.what, "status", f.status, "pause_ms", pause.Milliseconds())
		if err := wait(ctx, pause); err != nil {
			return explain(ctx, err)
		}
	}
}

// once makes one attempt when there is a slot and the breaker allows it.
func (c *caller) once(ctx context.Context, call func(context.Context) error) *failure {
	if c.breaker.open(c.now()) {
		return resting()
	}
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		// The server is not to blame that others were before.
		return &failure{what: "there was no time left", cause: ctx.Err()}
	}
	if !c.breaker.allow(c.now()) {
		return resting()
	}
	f := c.attempt(ctx, call)
	if f == nil {
		c.breaker.report(alive, c.now())
		return nil
	}
	c.breaker.report(f.server, c.now())
	return f
}

func (c *caller) attempt(ctx context.Context, call func(context.Context) error) *failure {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	if err := call(limited); err != nil {
		return explain(ctx, err)
	}
	return nil
}

func resting() *failure {
	return &failure{what: "the server failed several times in a row and is left alone for a moment"}
}

// pause is a random part of a bound that doubles with every attempt, after what
// the server asked for.
func (c *caller) pause(attempt int, after time.Duration) time.Duration {
	bound := min(firstPause<<min(attempt, 10), longestPause)
	return after + rand.N(bound)
}

// fits tells whether there is time for the pause and something after it.
func fits(ctx context.Context, now time.Time, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || now.Add(pause).Before(deadline)
}

func wait(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
