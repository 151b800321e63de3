package cloudsim

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/recado/recado/internal/web"
)

const (
	// keepAlive is how often a silent stream says that it is there.
	keepAlive = 20 * time.Second
	// quoteLength is how much of a message is shown where another quotes it.
	quoteLength = 80
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
	// Blocks tells that the customer has blocked the shop, Stopped that there is
	// to be no marketing.
	Blocks, Stopped bool
	// Answering is the message that the next one quotes, Editing the one that it
	// replaces; both can be nil.
	Answering, Editing *bubble

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
	Kind string
	File *shownFile
	// Plain is the text as it was written.
	Plain   string
	Body    template.HTML
	Quote   *quoted
	Options []option
	// List is the button that opens the options, or empty.
	List string
	// Asks is "location" or "contact" when the shop asks for that.
	Asks string
	// Reaction is the shop's, Theirs the customer's.
	Reaction, Theirs string
	Edited, Revoked  bool
	// Forwarded tells that the customer passed it on, Marketing that it can be
	// answered by stopping such messages.
	Forwarded, Marketing bool
	At                   time.Time
	Clock                string
	// Day stands above the first message of a day: "today", "yesterday" or a
	// date.
	Day string
	// Ticks is the phrase for how far a customer's message has come.
	Ticks string
}

// Short is the beginning of the text.
func (b bubble) Short() string { return short(b.Plain) }

// Forwardable tells whether there is a text or a file to pass on.
func (b bubble) Forwardable() bool {
	if b.File != nil {
		return b.File.URL != "" && !b.File.External
	}
	return b.Plain != ""
}

// shownFile is a file in a bubble.
type shownFile struct {
	Kind, Name string
	// URL is here or, when External, elsewhere. It is empty for what is gone.
	URL      string
	External bool
	Voice    bool
}

// quoted is the message that another one answers, in short.
type quoted struct {
	ID   string
	Mine bool
	Text string
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
	p.choose(r.URL.Query().Get("reply"), r.URL.Query().Get("edit"))
	s.mu.Unlock()
	p.Other = "?lang=" + map[string]string{"es": "en", "en": "es"}[s.pages.Language(r)]
	if problem := r.URL.Query().Get("problem"); slices.Contains([]string{"too_long", "no_file", "no_place", "no_contact", "taken", "blocking"}, problem) {
		p.Problem = problem
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
	p := page{Name: "phone", Typing: c.isTyping(now), Suggestions: s.suggested(), Blocks: c.blocks, Stopped: c.stopped}
	for i, each := range s.chats {
		who := person{
			Number: i + 1, Name: cmp.Or(each.customer.Name, each.customer.Username, each.written()),
			Phone: each.written(), Here: each == c,
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
		b := s.bubbleOf(c, m, now)
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

// written is what a customer is known by who has no name.
func (c *chat) written() string {
	if c.customer.Phone != "" {
		return "+" + c.customer.Phone
	}
	return c.userID
}

// choose finds the message that is to be quoted or edited.
func (p *page) choose(reply, edit string) {
	for i := range p.Bubbles {
		b := &p.Bubbles[i]
		switch {
		case b.Revoked:
		case b.ID == reply:
			p.Answering = b
		case b.ID == edit && b.Mine:
			p.Editing = b
		}
	}
}

func (s *Simulator) bubbleOf(c *chat, m *message, now time.Time) bubble {
	at := m.at.In(now.Location())
	b := bubble{
		ID: m.id, Mine: m.mine, Plain: m.text, Body: render(m.text), Options: m.options, List: m.list,
		Reaction: m.reaction, Theirs: m.theirs, Edited: m.edited, Revoked: m.revoked,
		Forwarded: m.forwarded, Marketing: m.category == "marketing",
		At: m.at, Clock: at.Format("15:04"), Day: dayOf(at, now),
	}
	if m.asks == "location" || m.asks == "contact" {
		b.Asks = m.asks
	}
	if m.file != nil {
		b.File = s.fileOf(m.file, now)
	} else if _, named := phrases[m.kind]; named && !m.revoked {
		b.Kind = m.kind
	}
	if m.quotes != "" {
		if target := c.find(m.quotes); target != nil {
			b.Quote = &quoted{ID: target.id, Mine: target.mine, Text: short(target.text)}
		}
	}
	if m.mine {
		b.Ticks = m.step.status()
	}
	return b
}

// fileOf is a file as the page shows it. The lock is held.
func (s *Simulator) fileOf(a *attachment, now time.Time) *shownFile {
	f := &shownFile{Kind: a.Kind, Name: a.Name, Voice: a.Voice}
	if u := s.media.find(a.ID, now); u != nil {
		f.Name, f.URL = cmp.Or(a.Name, u.name), "/phone/media/"+u.id
	} else if isWeb(a.Link) {
		f.Name, f.URL, f.External = cmp.Or(a.Name, a.Link), a.Link, true
	}
	return f
}

// short is the beginning of a text, without marks.
func short(text string) string {
	text = strings.NewReplacer("*", "", "~", "", "`", "").Replace(strings.Join(strings.Fields(text), " "))
	if r := []rune(text); len(r) > quoteLength {
		return string(r[:quoteLength]) + "…"
	}
	return text
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
