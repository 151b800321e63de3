package cloudsim

import (
	"cmp"
	"errors"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/recado/recado/internal/web"
)

const (
	// keepAlive is how often a silent stream says that it is there.
	keepAlive = 20 * time.Second
	// maxForm is how large a posted form may be: the longest text, with every
	// character escaped.
	maxForm = 12*maxText + 1024
)

// page is what the templates are given.
type page struct {
	// Name is the template's.
	Name string
	// Me is the customer whose phone it is, People are all of them.
	Me     person
	People []person
	// Other is this page in the other language.
	Other       string
	Bubbles     []bubble
	Typing      bool
	Suggestions []string
	// Revision is that of what the page shows, for live updates.
	Revision int
	// Problem is a phrase, or empty.
	Problem string

	// The rest is set by show.

	Language, Version, Shop string
}

// ShopInitial is the letter in the shop's picture.
func (p page) ShopInitial() string { return initial(p.Shop) }

// person is one customer in the list.
type person struct {
	// Number is the place in the list from 1, which is also the address.
	Number int
	Name   string
	Phone  string
	Here   bool
	Unread int
}

// Initial is the letter in the person's picture.
func (p person) Initial() string { return initial(p.Name) }

// Tint chooses one of the colours of pictures.
func (p person) Tint() int { return p.Number % 6 }

// bubble is one message as the page shows it.
type bubble struct {
	ID   string
	Mine bool
	// Kind is the phrase for what isn't text, or empty.
	Kind     string
	Body     template.HTML
	Options  []option
	Reaction string
	At       time.Time
	Clock    string
	// Day stands above the first message of a day: "today", "yesterday" or a
	// date.
	Day string
	// Ticks is the phrase for how far a customer's message has come.
	Ticks string
}

// phonePage shows a customer's phone. What the shop has written counts as read
// from here on.
func (s *Simulator) phonePage(w http.ResponseWriter, r *http.Request) error {
	number := cmp.Or(r.PathValue("customer"), "1")
	s.mu.Lock()
	c, err := s.chatAt(number)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	s.seen(c)
	p := s.pageOf(c)
	s.mu.Unlock()
	p.Other = "?lang=" + map[string]string{"es": "en", "en": "es"}[languageOf(r)]
	if r.URL.Query().Get("problem") == "too_long" {
		p.Problem = "too_long"
	}
	return s.show(w, r, http.StatusOK, p)
}

// chatAt finds a customer by the place in the list. The lock is held.
func (s *Simulator) chatAt(number string) (*chat, error) {
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || n > len(s.chats) {
		return nil, errNoPage
	}
	return s.chats[n-1], nil
}

// pageOf takes a picture of everything that the page shows. The lock is held.
func (s *Simulator) pageOf(c *chat) page {
	now := s.config.Now()
	p := page{Name: "phone", Typing: c.isTyping(now), Suggestions: s.config.Suggestions}
	for i, each := range s.chats {
		who := person{
			Number: i + 1, Name: cmp.Or(each.customer.Name, "+"+each.customer.Phone),
			Phone: "+" + each.customer.Phone, Here: each == c,
		}
		for _, m := range each.messages {
			if !m.mine && m.step < stepRead {
				who.Unread++
			}
		}
		if who.Here {
			p.Me = who
		}
		p.People = append(p.People, who)
	}
	day := ""
	for _, m := range c.messages {
		b := bubbleOf(m, now)
		if b.Day == day {
			b.Day = ""
		} else {
			day = b.Day
		}
		p.Bubbles = append(p.Bubbles, b)
	}
	p.Revision, _ = s.revision(now)
	return p
}

func bubbleOf(m *message, now time.Time) bubble {
	at := m.at.In(now.Location())
	b := bubble{
		ID: m.id, Mine: m.mine, Body: render(m.text), Options: m.options, Reaction: m.reaction,
		At: m.at, Clock: at.Format("15:04"), Day: dayOf(at, now),
	}
	if _, named := phrases[m.kind]; named {
		b.Kind = m.kind
	}
	if m.mine {
		b.Ticks = m.step.status()
	}
	return b
}

func dayOf(at, now time.Time) string {
	switch day := at.Format(time.DateOnly); day {
	case now.Format(time.DateOnly):
		return "today"
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "yesterday"
	default:
		return day
	}
}

// initial is the first letter or digit of a name.
func initial(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return strings.ToUpper(string(r))
		}
	}
	return "•"
}

// typed takes what was typed or tapped on a page and goes back to it.
func (s *Simulator) typed(w http.ResponseWriter, r *http.Request) error {
	s.mu.Lock()
	c, err := s.chatAt(r.PathValue("customer"))
	s.mu.Unlock()
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return errForm
	}
	back := "/phone/" + r.PathValue("customer")
	switch {
	case r.PostForm.Has("photo"):
		s.sendPhoto(c)
	case r.PostForm.Has("option"):
		err = s.tap(c, r.PostForm.Get("message"), r.PostForm.Get("option"))
	default:
		_, err = s.Say(r.Context(), c.customer.Phone, r.PostForm.Get("text"))
	}
	switch {
	case errors.Is(err, errSaidTooMuch):
		back += "?problem=too_long"
	case errors.Is(err, errNothingSaid): // the button was pressed by mistake
	case err != nil:
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}

// revision counts all that pages can see, and tells when it will change by itself
// next, because a typing indicator ends. The lock is held.
func (s *Simulator) revision(now time.Time) (revision int, next time.Duration) {
	next = keepAlive
	for _, c := range s.chats {
		if c.isTyping(now) {
			next = min(next, c.typing.Sub(now))
		}
		revision += c.revision
	}
	return revision, next
}

// events tells an open page whenever something changed. It sends revisions and no
// content: the page fetches itself again. ?since= or Last-Event-ID is the revision
// that the page has; another one is answered at once.
func (s *Simulator) events(w http.ResponseWriter, r *http.Request) error {
	stream, err := web.NewStream(w, r)
	if err != nil {
		return err
	}
	seen := cmp.Or(stream.LastID, r.URL.Query().Get("since"))
	for {
		s.mu.Lock()
		revision, next := s.revision(s.config.Now())
		changed := s.changed
		s.mu.Unlock()
		if id := strconv.Itoa(revision); id != seen {
			if stream.Send(id, "change", id) != nil {
				return nil //nolint:nilerr // the browser is gone, and nobody is left to tell
			}
			seen = id
		}
		timer := time.NewTimer(next)
		select {
		case <-r.Context().Done():
			timer.Stop()
			return nil
		case <-s.ended:
			timer.Stop()
			return nil
		case <-changed:
			timer.Stop()
		case <-timer.C:
			if stream.KeepAlive() != nil {
				return nil //nolint:nilerr // as above
			}
		}
	}
}
