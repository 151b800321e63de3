package sources

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/recado/recado/knowledge"
)

const (
	maxRedirects = 5
	maxAttempts  = 3
)

// errBroke is worth another try.
var errBroke = fmt.Errorf("%w: the connection broke in the middle", ErrAnswer)

// statusError is an answer with a status that gives no page.
type statusError struct {
	code int
	text string
}

// Error is a sentence with the status.
func (e *statusError) Error() string {
	return fmt.Sprintf("%v: %s (status %d)", ErrAnswer, e.text, e.code)
}

// Is says that it is an ErrAnswer.
func (e *statusError) Is(target error) bool { return target == ErrAnswer }

// query is what is asked of a site.
type query struct {
	address *url.URL
	// validator is that of what the index has, to get changes only.
	validator string
	limit     int64
	// accept says what is wanted, as the header does.
	accept string
	// free skips robots.txt, to get that file.
	free bool
}

// page is what a site gave.
type page struct {
	data        []byte
	contentType string
	validator   string
	address     *url.URL // where it was in the end
}

// fetch gets a page, through redirects on the same host. Each step is held to the same
// rules as the first.
func (s *site) fetch(ctx context.Context, q query) (page, error) {
	for hop := 0; ; hop++ {
		if !q.free {
			if err := s.allowed(ctx, q.address); err != nil {
				return page{}, err
			}
		}
		got, next, err := s.ask(ctx, q)
		if err != nil || next == nil {
			return got, err
		}
		if hop == maxRedirects {
			return page{}, fmt.Errorf("%w: it redirects more than %d times", ErrAnswer, maxRedirects)
		}
		if q.address, err = follow(q.address, next); err != nil {
			return page{}, err
		}
	}
}

// follow checks a redirect.
func follow(from, to *url.URL) (*url.URL, error) {
	next, err := cleanAddress(to)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: it redirects to an address that is none", ErrAnswer)
	case !sameHost(from, next):
		return nil, fmt.Errorf("%w (%s)", ErrElsewhere, next.Host)
	case from.Scheme == "https" && next.Scheme == "http":
		return nil, fmt.Errorf("%w: it redirects from https to http", ErrAnswer)
	}
	return next, nil
}

// ask sends a request, again when the site was busy or the connection broke.
func (s *site) ask(ctx context.Context, q query) (page, *url.URL, error) {
	for attempt := 1; ; attempt++ {
		if err := s.host(q.address).limiter.Wait(ctx); err != nil {
			return page{}, nil, err
		}
		got, next, wait, err := s.once(ctx, q, attempt)
		switch {
		case err == nil || wait < 0 || ctx.Err() != nil:
			return got, next, err
		case wait > s.config.MaxWait:
			return got, next, fmt.Errorf("%w; it asks to come back in %s", err, wait.Round(time.Second))
		case attempt == maxAttempts:
			return got, next, err
		}
		if err := sleep(ctx, wait); err != nil {
			return page{}, nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once sends one request. It gives the page, where it redirects to, or an error with the
// time after which another try may help, negative for never.
func (s *site) once(ctx context.Context, q query, attempt int) (page, *url.URL, time.Duration, error) {
	timed, cancel := context.WithTimeout(ctx, s.config.Timeout)
	defer cancel()
	request, err := s.request(timed, q)
	if err != nil {
		return page{}, nil, -1, err
	}
	backoff := min(time.Second<<(attempt-1), s.config.MaxWait)
	response, err := s.client.Do(request)
	if err != nil {
		again, why := s.unreached(ctx, err)
		if !again {
			backoff = -1
		}
		return page{}, nil, backoff, why
	}
	defer response.Body.Close() // only read from: nothing can be lost
	switch response.StatusCode {
	case http.StatusOK, http.StatusNonAuthoritativeInfo:
		got, err := s.body(ctx, q, response)
		if err != nil && !errors.Is(err, errBroke) {
			backoff = -1
		}
		return got, nil, backoff, err
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		next, err := response.Location()
		if err != nil {
			err = fmt.Errorf("%w: it redirects to an address that is none", ErrAnswer)
		}
		return page{}, next, -1, err
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return page{}, nil, s.retryAfter(response.Header, backoff), refusal(response.StatusCode)
	case http.StatusNotModified:
		if q.validator != "" {
			return page{}, nil, -1, knowledge.ErrNotModified
		}
	case http.StatusNotFound, http.StatusGone:
		return page{}, nil, -1, ErrGone
	}
	return page{}, nil, -1, refusal(response.StatusCode)
}

func (s *site) request(ctx context.Context, q query) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, q.address.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("%w: the address can't be asked", ErrAnswer)
	}
	request.Header.Set("User-Agent", s.config.UserAgent)
	request.Header.Set("Accept", q.accept)
	etag, modified := readValidator(q.validator)
	if etag != "" {
		request.Header.Set("If-None-Match", etag)
	}
	if modified != "" {
		request.Header.Set("If-Modified-Since", modified)
	}
	return request, nil
}

// refusal says in words what a status means.
func refusal(code int) error {
	text := "the answer is none that a page comes with"
	switch {
	case code == http.StatusUnauthorized || code == http.StatusForbidden || code == http.StatusUnavailableForLegalReasons:
		text = "the site does not let this program in"
	case code == http.StatusTooManyRequests:
		text = "the site wants fewer requests"
	case code == http.StatusServiceUnavailable:
		text = "the site is busy or under maintenance"
	case code >= 500:
		text = "the site has a problem of its own; what was read before stays"
	}
	return &statusError{code, text}
}

// retryAfter is how long the site wants to be left alone.
func (s *site) retryAfter(header http.Header, otherwise time.Duration) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(value); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1<<20)) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(s.config.Now()), 0)
	}
	return otherwise
}

// unreached says why there was no answer, and whether another try may help.
func (s *site) unreached(ctx context.Context, err error) (again bool, why error) {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the address is named already
	}
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, ErrPrivate):
		return false, ErrPrivate
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return false, fmt.Errorf("%w: no host has this name", ErrAnswer)
	case errors.As(err, &certificate):
		return false, fmt.Errorf("%w: its certificate is not valid (%w)", ErrAnswer, certificate.Err)
	case isTimeout(err):
		return false, fmt.Errorf("%w: it did not answer within %s", ErrAnswer, s.config.Timeout)
	}
	return true, fmt.Errorf("%w: %w", ErrAnswer, err)
}

func isTimeout(err error) bool {
	timed, ok := errors.AsType[net.Error](err)
	return ok && timed.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

func isNetwork(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok
}

// body reads an answer to its end.
func (s *site) body(ctx context.Context, q query, response *http.Response) (page, error) {
	got := page{contentType: response.Header.Get("Content-Type"), validator: newValidator(response.Header), address: q.address}
	if err := readableType(got.contentType); err != nil {
		return page{}, err
	}
	if encoding := response.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return page{}, fmt.Errorf("%w: it is packed as %q, which was not asked for", ErrAnswer, encoding)
	}
	if response.ContentLength > q.limit {
		return page{}, tooLarge(q.limit)
	}
	var err error
	got.data, err = readAll(ctx, response.Body, q.limit)
	switch {
	case err == nil:
		return got, nil
	case ctx.Err() != nil:
		return page{}, ctx.Err()
	case errors.Is(err, ErrTooLarge):
		return page{}, err
	case isTimeout(err):
		return page{}, fmt.Errorf("%w: it did not end within %s", ErrAnswer, s.config.Timeout)
	case errors.Is(err, io.ErrUnexpectedEOF) || isNetwork(err):
		return page{}, errBroke
	}
	return page{}, fmt.Errorf("%w: what it sent is damaged (%w)", ErrAnswer, err)
}

// readableType refuses what is surely no document, before it is loaded.
func readableType(contentType string) error {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return nil //nolint:nilerr // a type that can't be read says nothing
	}
	group, _, _ := strings.Cut(media, "/")
	switch group {
	case "image", "audio", "video", "font":
		return fmt.Errorf("%w: it is no document (%s)", ErrAnswer, media)
	}
	return nil
}

// newValidator keeps what a server calls the state of a page, so that a later request
// can ask for another state only.
func newValidator(header http.Header) string {
	state := url.Values{}
	if etag := header.Get("Etag"); etag != "" && len(etag) <= 512 {
		state.Set("etag", etag)
	}
	if modified := header.Get("Last-Modified"); modified != "" && len(modified) <= 64 {
		state.Set("modified", modified)
	}
	return state.Encode()
}

// readValidator is the opposite of newValidator. Other texts give nothing.
func readValidator(validator string) (etag, modified string) {
	state, err := url.ParseQuery(validator)
	if err != nil {
		return "", ""
	}
	return state.Get("etag"), state.Get("modified")
}
