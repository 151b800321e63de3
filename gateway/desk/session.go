package desk

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/web"
)

// maxHashing is how many passwords are verified at once; each takes 19 MiB. Others
// wait for hashingWait, and are then asked to come back.
const (
	maxHashing  = 2
	hashingWait = 2 * time.Second
)

// maxForm is the largest form in bytes: a reply of the greatest length, encoded,
// and room.
const maxForm = 128 << 10

// agentHandler answers a request of a signed-in agent.
type agentHandler func(w http.ResponseWriter, r *http.Request, agent string) error

// signed lets only agents through and sends everybody else to the sign-in page.
func (d *Desk) signed(h agentHandler) web.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		agent, err := d.agent(r)
		if errors.Is(err, gateway.ErrNotFound) {
			return d.sendToSignIn(w, r)
		}
		if err != nil {
			return err
		}
		w.Header().Set("Cache-Control", "no-store")
		return h(w, r, agent)
	}
}

// agent gives the name of who is signed in, or gateway.ErrNotFound.
func (d *Desk) agent(r *http.Request) (string, error) {
	if d.config.GuestAgent != "" {
		return d.config.GuestAgent, nil
	}
	cookie, err := r.Cookie(d.cookieName())
	if err != nil {
		return "", gateway.ErrNotFound
	}
	s, err := d.config.Agents.Session(r.Context(), tokenHash(cookie.Value), d.config.Now())
	if err != nil {
		return "", fmt.Errorf("read a session: %w", err)
	}
	return s.Agent, nil
}

func (d *Desk) sendToSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Path == "/desk/events" {
		// A stream can't show a page; the script sees the status and says so.
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	if r.Method == http.MethodPost {
		return d.askAgain(w, r)
	}
	to := "/desk/sign-in"
	if r.URL.Path != "/desk/" {
		to += "?next=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// askAgain answers a form that came after the session was over. What was written
// is shown, so that it is not lost.
func (d *Desk) askAgain(w http.ResponseWriter, r *http.Request) error {
	view := signInView{Next: "/desk/", Text: writtenText(w, r)}
	if id := r.PathValue("id"); id != "" {
		view.Next = "/desk/handoffs/" + url.PathEscape(id)
	}
	p := page{Name: "sign-in", Title: "sign_in", Self: "/desk/sign-in", Problem: "session_over", Content: view}
	return d.show(w, r, http.StatusUnauthorized, p)
}

// writtenText is the text of a form, of which nothing else is looked at: whoever sent
// it may be anybody. In one with a file the text comes first.
func writtenText(w http.ResponseWriter, r *http.Request) string {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if !hasParts(r) {
		return r.PostFormValue("text")
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return ""
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return ""
		}
		if part.FormName() == "text" {
			text, err := io.ReadAll(part)
			if err != nil {
				return ""
			}
			return string(text)
		}
	}
}

// cookieName ties the cookie to the host over HTTPS (RFC 6265bis, section 4.1.3.2).
func (d *Desk) cookieName() string {
	if d.config.Secure {
		return "__Host-recado_session"
	}
	return "recado_session"
}

func (d *Desk) setCookie(w http.ResponseWriter, value string, life time.Duration) {
	maxAge := int(life.Seconds())
	if life <= 0 {
		maxAge = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name: d.cookieName(), Value: value, Path: "/", MaxAge: maxAge,
		Secure: d.config.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func tokenHash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// signInView is what the sign-in page shows. Text is what could not be sent.
type signInView struct{ Name, Next, Text string }

func (d *Desk) signInPage(w http.ResponseWriter, r *http.Request) error {
	_, err := d.agent(r)
	if err == nil {
		http.Redirect(w, r, next(r), http.StatusSeeOther)
		return nil
	}
	if !errors.Is(err, gateway.ErrNotFound) {
		return err
	}
	p := page{Name: "sign-in", Title: "sign_in", Content: signInView{Next: next(r)}}
	return d.show(w, r, http.StatusOK, p)
}

// next is where to go after signing in: a page of the desk, whatever was asked.
func next(r *http.Request) string {
	to := r.FormValue("next")
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(u.Path, "/desk/") ||
		strings.HasPrefix(u.Path, "/desk/sign-in") || strings.ContainsAny(to, "\\\r\n") {
		return "/desk/"
	}
	return to
}

func (d *Desk) signIn(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	name, password := strings.TrimSpace(r.PostFormValue("name")), r.PostFormValue("password")
	again := page{Name: "sign-in", Title: "sign_in", Content: signInView{Name: name, Next: next(r)}}
	ok, err := d.check(r, name, password)
	switch {
	case errors.Is(err, errBusy):
		w.Header().Set("Retry-After", "5")
		again.Problem = "sign_in_busy"
		return d.show(w, r, http.StatusServiceUnavailable, again)
	case err != nil:
		return err
	case !ok:
		again.Problem = "sign_in_wrong"
		return d.show(w, r, http.StatusUnauthorized, again)
	}
	if err := d.begin(w, r, name); err != nil {
		return err
	}
	http.Redirect(w, r, next(r), http.StatusSeeOther)
	return nil
}

// check tells whether that is the agent's password. It takes longer after
// failures; what could not be looked at gives errBusy and counts as no failure.
func (d *Desk) check(r *http.Request, name, password string) (ok bool, err error) {
	this, err := d.attempts.begin(name, address(r), d.config.Now())
	if err != nil {
		return false, err
	}
	defer func() { d.attempts.end(this, ok, err, d.config.Now()) }()
	if this.wait > 0 && !d.pause(r, nil, this.wait) {
		return false, cmp.Or(r.Context().Err(), errBusy)
	}
	return d.knows(r, name, password)
}

// knows verifies a password. It takes as long for a name that does not exist.
func (d *Desk) knows(r *http.Request, name, password string) (bool, error) {
	agent, err := d.config.Agents.Agent(r.Context(), name)
	exists := err == nil
	if errors.Is(err, gateway.ErrNotFound) {
		agent.PasswordHash = nobody
	} else if err != nil {
		return false, fmt.Errorf("read an agent: %w", err)
	}
	timer := time.NewTimer(hashingWait)
	defer timer.Stop()
	select {
	case d.hashing <- struct{}{}:
		defer func() { <-d.hashing }()
	case <-timer.C:
		return false, errBusy
	case <-r.Context().Done():
		return false, fmt.Errorf("wait to verify a password: %w", r.Context().Err())
	}
	ok, err := verify(agent.PasswordHash, password)
	return ok && exists, err
}

// begin starts a session: a random token in the cookie, its hash in the store.
func (d *Desk) begin(w http.ResponseWriter, r *http.Request, agent string) error {
	token, now := rand.Text(), d.config.Now()
	s := gateway.Session{TokenHash: tokenHash(token), Agent: agent, ExpiresAt: now.Add(d.config.SessionLife)}
	if err := d.config.Agents.PutSession(r.Context(), s, now); err != nil {
		return fmt.Errorf("keep a session: %w", err)
	}
	d.setCookie(w, token, d.config.SessionLife)
	return nil
}

func (d *Desk) signOut(w http.ResponseWriter, r *http.Request) error {
	if cookie, err := r.Cookie(d.cookieName()); err == nil {
		if err := d.config.Agents.DropSession(r.Context(), tokenHash(cookie.Value)); err != nil {
			return fmt.Errorf("end a session: %w", err)
		}
	}
	d.setCookie(w, "", 0)
	http.Redirect(w, r, "/desk/sign-in", http.StatusSeeOther)
	return nil
}
