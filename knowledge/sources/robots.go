package sources

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	"github.com/temoto/robotstxt"
	"golang.org/x/time/rate"
)

// maxRobots bounds robots.txt; search engines read half of that.
const maxRobots = 1 << 20

// host is what is known of one host during one listing and its reads.
type host struct {
	limiter *rate.Limiter

	mu     sync.Mutex
	asked  bool
	robots *robotstxt.RobotsData
	err    error // why it can't be read
}

// host is that of an address.
func (s *site) host(address *url.URL) *host {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := address.Scheme + "://" + address.Host
	if s.hosts[key] == nil {
		s.hosts[key] = &host{limiter: rate.NewLimiter(rate.Every(s.config.Interval), 1)}
	}
	return s.hosts[key]
}

// allowed says whether robots.txt lets this program read an address: ErrRobots if not.
func (s *site) allowed(ctx context.Context, address *url.URL) error {
	robots, err := s.robots(ctx, address)
	if err != nil {
		return err
	}
	at := address.EscapedPath()
	if address.RawQuery != "" {
		at += "?" + address.RawQuery
	}
	if !robots.FindGroup(s.agent).Test(at) {
		return ErrRobots
	}
	return nil
}

// robots reads a host's robots.txt once. A host that has none allows everything; one
// that can't say allows nothing, as the standard for it wants.
func (s *site) robots(ctx context.Context, address *url.URL) (*robotstxt.RobotsData, error) {
	h := s.host(address)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.asked {
		return h.robots, h.err
	}
	file := *address
	file.Path, file.RawPath, file.RawQuery = "/robots.txt", "", ""
	got, err := s.fetch(ctx, query{address: &file, limit: maxRobots, accept: "text/plain", free: true})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	h.asked = true
	h.robots, h.err = readRobots(got.data, err)
	if h.err == nil {
		delay := max(s.config.Interval, min(h.robots.FindGroup(s.agent).CrawlDelay, s.config.MaxWait))
		h.limiter.SetLimit(rate.Every(delay))
	}
	return h.robots, h.err
}

func readRobots(data []byte, err error) (*robotstxt.RobotsData, error) {
	var status *statusError
	none := errors.As(err, &status) && status.code >= 400 && status.code < 500 && status.code != http.StatusTooManyRequests
	switch {
	case errors.Is(err, ErrGone) || none:
		data = nil
	case errors.Is(err, ErrPrivate):
		return nil, err // it is the host's address that is wrong
	case err != nil:
		return nil, fmt.Errorf("nothing is read as long as the site's robots.txt can't be: %w", err)
	}
	robots, err := robotstxt.FromBytes(data)
	if err != nil {
		// A page in the place of the file, for example, holds no rules.
		robots, err = robotstxt.FromBytes(rules(data))
	}
	if err != nil {
		return nil, fmt.Errorf("%w: its robots.txt can't be understood (%w)", ErrAnswer, err)
	}
	return robots, nil
}

// rules are the lines of a robots.txt that mean something. One that nobody can follow
// must not void the others.
func rules(data []byte) []byte {
	var lines []string
	group := false
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(line, ":")
		keep := false
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "user-agent":
			group, keep = true, true
		case "allow", "disallow":
			keep = group
		case "crawl-delay":
			seconds, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			keep = group && err == nil && seconds >= 0 && seconds < 1e9
		case "sitemap":
			keep = true
		}
		if keep {
			lines = append(lines, strings.TrimRight(line, "\r\n"))
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// agentOf is the name that robots.txt is searched for.
func agentOf(userAgent string) string {
	name, _, _ := strings.Cut(userAgent, "/")
	name, _, _ = strings.Cut(strings.TrimSpace(name), " ")
	return name
}
