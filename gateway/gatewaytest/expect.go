package gatewaytest

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/recado/recado/gateway"
)

// expect checks one expectation.
func (s *story) expect(what string) {
	s.Helper()
	checks := []struct {
		prefix string
		check  func(rest string)
	}{
		{"reply ", func(rest string) { s.reply(gateway.AuthorBot, rest) }},
		{"agent reply ", func(rest string) { s.reply(gateway.AuthorAgent, rest) }},
		{"nothing", func(string) { s.nothingElse() }},
		{"mode ", func(rest string) { s.equal("mode", string(s.conversation(s.customer).Mode), rest) }},
		{"handoff ", s.handoff},
		{"no open handoff", func(string) { s.oneOpenHandoff(s.customer); s.noneOpen() }},
		{"rule ", func(rest string) { s.equal("rule", s.lastRule(), rest) }},
		{"turns ", func(rest string) { s.equal("outcomes", s.outcomes(), rest) }},
		{"asked ", func(rest string) { s.equal("question", s.asked, rest) }},
		{"status ", func(rest string) { s.equal("status", s.lastStatus(), rest) }},
		{"attempts ", func(rest string) { s.equal("attempts", strconv.Itoa(s.attempts), rest) }},
		{"buttons ", func(rest string) { s.equal("buttons", s.buttons(), rest) }},
		{"commands ", func(rest string) { s.equal("commands", s.published(), rest) }},
		{"language ", func(rest string) { s.equal("language", s.conversation(s.customer).Language, rest) }},
		{"doubted", func(string) { s.doubted(true) }},
		{"not doubted", func(string) { s.doubted(false) }},
		{"unreachable", func(string) { s.unreachable(true) }},
		{"reachable", func(string) { s.unreachable(false) }},
		{"marketing ", func(rest string) { s.marketing(rest) }},
	}
	for _, c := range checks {
		if rest, ok := strings.CutPrefix(what, c.prefix); ok {
			c.check(rest)
			return
		}
	}
	s.wrong("no such expectation")
}

func (s *story) equal(what, got, want string) {
	s.Helper()
	if got != want {
		s.wrong("the %s is %q", what, got)
	}
}

// reply reads the next message that the provider took.
func (s *story) reply(by gateway.Author, text string) {
	s.Helper()
	if s.seen == len(s.took) {
		s.wrong("nothing was sent")
	}
	m := s.took[s.seen]
	s.seen++
	if m.Author != by || !strings.Contains(m.Text, text) {
		s.wrong("%s wrote %q", m.Author, m.Text)
	}
}

func (s *story) nothingElse() {
	s.Helper()
	if s.seen < len(s.took) {
		s.wrong("%s wrote %q", s.took[s.seen].Author, s.took[s.seen].Text)
	}
}

// handoff checks a part of the customer's latest handoff.
func (s *story) handoff(rest string) {
	s.Helper()
	list := s.handoffs(s.conversation(s.customer).ID)
	if len(list) == 0 {
		s.wrong("there is no handoff")
	}
	h := list[len(list)-1]
	part, want, _ := strings.Cut(rest, " ")
	got, ok := map[string]string{
		"reason": string(h.Reason), "state": string(h.State), "agent": h.Agent, "wants": h.Packet.Wants,
		"draft": h.Packet.Draft, "promised": h.Packet.Promised, "why": h.Packet.Why,
	}[part]
	if !ok || want == "" {
		s.wrong("no such part of a handoff")
	}
	if exact := part == "reason" || part == "state" || part == "agent"; exact && got != want || !strings.Contains(got, want) {
		s.wrong("it is %q", got)
	}
}

// buttons are those below the last message that was read.
func (s *story) buttons() string {
	var titles []string
	if m := s.took[max(s.seen-1, 0)]; m.Content != nil {
		for _, b := range m.Content.Buttons {
			titles = append(titles, b.Title)
		}
	}
	return cmp.Or(strings.Join(titles, ", "), "none")
}

// published are the kinds of the commands that the shop's system got.
func (s *story) published() string {
	var kinds []string
	for _, c := range s.trade.got {
		kinds = append(kinds, string(c.Call.Kind))
	}
	return cmp.Or(strings.Join(kinds, " "), "none")
}

func (s *story) noneOpen() {
	s.Helper()
	for _, h := range s.handoffs(s.conversation(s.customer).ID) {
		if h.State.Open() {
			s.wrong("there is one for %s", h.Reason)
		}
	}
}

func (s *story) doubted(want bool) {
	s.Helper()
	if at := s.conversation(s.customer).DoubtedAt; at.IsZero() == want {
		s.wrong("the identity was doubted at %s", at)
	}
}

func (s *story) unreachable(want bool) {
	s.Helper()
	if c := s.conversation(s.customer); c.UnreachableAt.IsZero() == want || (c.Unreachable == nil) == want {
		s.wrong("the customer could not be reached at %s, for %v", c.UnreachableAt, c.Unreachable)
	}
}

func (s *story) marketing(want string) {
	s.Helper()
	got := s.conversation(s.customer).Marketing
	if got == "" {
		got = "allowed"
	}
	s.equal("marketing", got, want)
}

// lastRule is the rule of the customer's last committed turn.
func (s *story) lastRule() (rule string) {
	s.Helper()
	for _, r := range s.records(s.conversation(s.customer).ID) {
		if r.Outcome == gateway.OutcomeCommitted {
			rule = r.Decision.Rule
		}
	}
	return rule
}

// outcomes are those of all turns of the customer, in order.
func (s *story) outcomes() string {
	s.Helper()
	var all []string
	for _, r := range s.records(s.conversation(s.customer).ID) {
		all = append(all, string(r.Outcome))
	}
	return strings.Join(all, " ")
}

// lastStatus is the delivery state of the newest message out that is ours to send.
func (s *story) lastStatus() (status string) {
	s.Helper()
	for _, m := range s.messages(s.conversation(s.customer).ID) {
		echo := m.Author == gateway.AuthorAgent && m.Agent == ""
		if m.Direction == "out" && !echo {
			status = m.Status
		}
	}
	return status
}
