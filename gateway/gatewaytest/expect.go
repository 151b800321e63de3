package gatewaytest

import (
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
		{"mode ", func(rest string) { s.equal("mode", string(s.conversation(ana()).Mode), rest) }},
		{"handoff ", s.handoff},
		{"no open handoff", func(string) { s.oneOpenHandoff(ana()); s.noneOpen() }},
		{"rule ", func(rest string) { s.equal("rule", s.lastRule(), rest) }},
		{"turns ", func(rest string) { s.equal("outcomes", s.outcomes(), rest) }},
		{"asked ", func(rest string) { s.equal("question", s.asked, rest) }},
		{"status ", func(rest string) { s.equal("status", s.lastStatus(), rest) }},
		{"attempts ", func(rest string) { s.equal("attempts", strconv.Itoa(s.attempts), rest) }},
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
	list := s.handoffs(s.conversation(ana()).ID)
	if len(list) == 0 {
		s.wrong("there is no handoff")
	}
	h := list[len(list)-1]
	part, want, _ := strings.Cut(rest, " ")
	got, ok := map[string]string{
		"reason": string(h.Reason), "state": string(h.State), "agent": h.Agent, "wants": h.Packet.Wants,
		"draft": h.Packet.Draft, "promised": h.Packet.Promised,
	}[part]
	if !ok || want == "" {
		s.wrong("no such part of a handoff")
	}
	if exact := part == "reason" || part == "state" || part == "agent"; exact && got != want || !strings.Contains(got, want) {
		s.wrong("it is %q", got)
	}
}

func (s *story) noneOpen() {
	s.Helper()
	for _, h := range s.handoffs(s.conversation(ana()).ID) {
		if h.State.Open() {
			s.wrong("there is one for %s", h.Reason)
		}
	}
}

// lastRule is the rule of the customer's last committed turn.
func (s *story) lastRule() (rule string) {
	s.Helper()
	for _, r := range s.records(s.conversation(ana()).ID) {
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
	for _, r := range s.records(s.conversation(ana()).ID) {
		all = append(all, string(r.Outcome))
	}
	return strings.Join(all, " ")
}

// lastStatus is the delivery state of the newest message out that is ours to send.
func (s *story) lastStatus() (status string) {
	s.Helper()
	list, _, err := s.store.Messages(s.ctx, s.conversation(ana()).ID, gateway.Page{Limit: 200})
	if err != nil {
		s.wrong("messages: %v", err)
	}
	for _, m := range list {
		echo := m.Author == gateway.AuthorAgent && m.Agent == ""
		if m.Direction == "out" && !echo {
			status = m.Status
		}
	}
	return status
}
