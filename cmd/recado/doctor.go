package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"time"
	"unicode"

	"github.com/recado/recado/gateway/postgres"
	"github.com/recado/recado/gateway/whatsapp"
)

// checkTimeout bounds each check of the doctor.
const checkTimeout = 5 * time.Second

// level tells how bad a finding is.
type level string

// The levels. A warning does not change the exit status.
const (
	levelOK   level = "ok"
	levelWarn level = "warn"
	levelFail level = "fail"
)

// finding is what one check found: a sentence, and another that says what to do.
// Neither holds a secret, an address with a password in it, or a program's error.
type finding struct {
	Name   string `json:"name"`
	Level  level  `json:"level"`
	Text   string `json:"text"`
	Advice string `json:"advice,omitempty"`
}

func ok(format string, args ...any) finding {
	return finding{Level: levelOK, Text: fmt.Sprintf(format, args...)}
}

func warn(advice, format string, args ...any) finding {
	return finding{Level: levelWarn, Text: fmt.Sprintf(format, args...), Advice: advice}
}

func fail(advice, format string, args ...any) finding {
	return finding{Level: levelFail, Text: fmt.Sprintf(format, args...), Advice: advice}
}

// worse puts a further finding of the same check behind the ones before it; the
// worst level is the check's.
func (f finding) worse(next finding) finding {
	rank := map[level]int{levelOK: 0, levelWarn: 1, levelFail: 2}
	if rank[next.Level] > rank[f.Level] {
		f.Level = next.Level
	}
	f.Text = strings.TrimSpace(f.Text + " " + next.Text)
	f.Advice = strings.TrimSpace(f.Advice + " " + next.Advice)
	return f
}

// check is one row of the table of checks.
type check struct {
	name string
	run  func(ctx context.Context) finding
}

// doctor looks at everything that a gateway depends on and changes none of it.
// What one check has asked for, later ones use.
type doctor struct {
	settings settings
	// callback is the address of the webhook as the channel reaches it, or empty.
	callback string
	// timeout bounds each check.
	timeout time.Duration
	now     func() time.Time
	free    func(folder string) (bytes uint64, known bool)
	http    *http.Client
	log     *slog.Logger

	number   *memo[whatsapp.AccountNumber]
	database *memo[postgres.Health]
}

// memo asks once and keeps the answer, a failure too.
type memo[T any] struct {
	ask   func(ctx context.Context) (T, error)
	asked bool
	value T
	err   error
}

func (m *memo[T]) get(ctx context.Context) (T, error) {
	if !m.asked {
		m.value, m.err = m.ask(ctx)
		m.asked = true
	}
	return m.value, m.err
}

func newDoctor(s settings, callback string) *doctor {
	if callback == "" && s.PublicURL != "" {
		callback = strings.TrimRight(s.PublicURL, "/") + "/webhooks/whatsapp"
	}
	d := &doctor{
		settings: s, callback: callback, timeout: checkTimeout, now: time.Now, free: freeSpace, log: slog.New(slog.DiscardHandler),
		// A redirect would carry a token elsewhere, and the channel follows none.
		http: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	d.number = &memo[whatsapp.AccountNumber]{ask: d.askNumber}
	d.database = &memo[postgres.Health]{ask: d.askDatabase}
	return d
}

// checks are all of them, in the order in which they are made and shown: what
// others depend on comes first.
func (d *doctor) checks() []check {
	list := []check{
		{"settings", d.needed},
		{"app secret", d.appSecret},
		{"verify token", d.verifyToken},
		{"API token", d.apiToken},
		{"calibration", d.calibration},
		{"access token", d.accessToken},
		{"number", d.businessNumber},
		{"subscription", d.subscription},
		{"callback", d.callbackAnswers},
		{"templates", d.templates},
		{"database", d.store},
	}
	if d.settings.DatabaseURL != "" {
		list = append(list, check{"pgvector", d.extension})
	}
	list = append(list, []check{
		{"knowledge", d.knowledge},
		{"Redis", d.redis},
		{"commands", d.commands},
		{"model", d.model},
		{"embedding", d.embedding},
	}...)
	if d.settings.JudgeModel != "" {
		list = append(list, check{"judge", d.judge})
	}
	return append(list, []check{
		{"replay", d.replay},
		{"files", d.files},
		{"voice and photos", d.readers},
		{"clock", d.clock},
		{"data folder", d.dataFolder},
	}...)
}

// examine makes every check, each within its time, and gives each finding as soon
// as it is there.
func (d *doctor) examine(ctx context.Context, show func(finding)) []finding {
	var all []finding
	for _, c := range d.checks() {
		if ctx.Err() != nil {
			break // somebody does not want to wait
		}
		bounded, cancel := context.WithTimeout(ctx, d.timeout)
		f := c.run(bounded)
		cancel()
		f.Name = c.name
		all = append(all, f)
		show(f)
	}
	return all
}

func runDoctor(ctx context.Context, c console, args []string) error {
	var callback string
	var asJSON bool
	s, words, err := loadSettings(c, "doctor", args, func(set *flag.FlagSet) {
		set.StringVar(&callback, "callback", "", "webhook address to ask as Meta does; by default RECADO_PUBLIC_URL with /webhooks/whatsapp")
		set.BoolVar(&asJSON, "json", false, "print the findings as JSON")
	})
	if err != nil {
		return err
	}
	if len(words) > 0 {
		return usagef("doctor takes no arguments, only flags; got %q", words[0])
	}
	if wrong := wrongURL(callback, "is not a URL like https://desk.example.com/webhooks/whatsapp", "http", "https"); wrong != "" {
		return usagef("--callback %s", wrong)
	}
	show := func(f finding) { printFinding(c.out, f) }
	if asJSON {
		show = func(finding) {}
	}
	findings := newDoctor(s, callback).examine(ctx, show)
	if ctx.Err() != nil {
		return errors.New("the examination was interrupted")
	}
	return conclude(c.out, findings, asJSON)
}

// conclude prints what is printed at the end and gives the error that makes the
// exit status.
func conclude(out io.Writer, findings []finding, asJSON bool) error {
	failed := 0
	for _, f := range findings {
		if f.Level == levelFail {
			failed++
		}
	}
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(map[string]any{"ok": failed == 0, "findings": findings}); err != nil {
			return fmt.Errorf("write the findings: %w", err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(findings))
	}
	return nil
}

// printFinding writes one line. The mark at its start is made to be found: FAIL
// stands out by its letters, wherever colours don't.
func printFinding(w io.Writer, f finding) {
	mark := map[level]string{levelOK: "ok", levelWarn: "warn", levelFail: "FAIL"}[f.Level]
	line := fmt.Sprintf("%-4s  %-12s  %s", mark, f.Name, f.Text)
	if f.Advice != "" {
		line += " " + f.Advice
	}
	fmt.Fprintln(w, harmless(line))
}

// harmless leaves control characters out of a line: names come from other programs, and a
// terminal obeys such characters.
func harmless(line string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, line)
}

// why says in fixed words what is wrong with a connection: the network's own errors
// name addresses, and those of a URL everything that is in it.
func why(err error) string {
	var (
		name    *net.DNSError
		trust   *tls.CertificateVerificationError
		trouble net.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &trouble) && trouble.Timeout():
		return fmt.Sprintf("it did not answer within %d seconds", checkTimeout/time.Second)
	case errors.As(err, &trust):
		return "its certificate is not trusted"
	case errors.As(err, &name):
		return "its name can't be resolved"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at its address"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return "the connection was cut"
	case errors.Is(err, context.Canceled):
		return "the check was stopped"
	}
	return "the connection failed"
}

// sentence makes one of words that begin with a small letter.
func sentence(words string) string {
	if words == "" {
		return ""
	}
	return strings.ToUpper(words[:1]) + strings.TrimRight(words[1:], ".") + "."
}

// some names the first few of a list.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// count writes a number with its word in the right form.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// unset is what stands for a field that the other side left out.
func unset(value string) string { return cmp.Or(strings.ToLower(value), "not told") }
