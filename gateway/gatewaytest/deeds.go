package gatewaytest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// customerDoes is what the customer does with messages.
func (s *story) customerDoes(deed string) {
	s.Helper()
	word, rest, _ := strings.Cut(deed, " ")
	switch word {
	case "says":
		s.says(s.customer, "text", rest)
	case "sends":
		kind, caption, _ := strings.Cut(rest, " captioned ")
		if kind == "reaction" {
			caption = "👍"
		}
		s.says(s.customer, kind, caption)
	case "taps":
		if !s.taps(s.customer, strings.HasSuffix(rest, "yes"), strings.HasPrefix(rest, "the first")) {
			s.wrong("there is no such button")
		}
	case "revokes":
		s.about(s.lastMessage(), "revoke", "")
	case "edits":
		s.about(s.lastMessage(), "edit", strings.TrimPrefix(rest, "to "))
	default:
		s.wrong("no such deed of the customer")
	}
}

// lastMessage is the last one that the customer sent.
func (s *story) lastMessage() (last gateway.Event) {
	s.Helper()
	for _, e := range s.accepted {
		if e.Kind == gateway.EventMessage && e.From == s.customer {
			last = e
		}
	}
	if last.Message == nil {
		s.wrong("the customer has sent nothing")
	}
	return last
}

// numberChanges gives the customer another number, once in a story.
func (s *story) numberChanges() {
	s.Helper()
	was := s.customer
	s.customer = eva()
	s.signals(s.customer, &was)
}

func (s *story) strangerSays(text string) {
	s.Helper()
	s.stranger = ana()
	s.says(s.stranger, "text", text)
}

// file is what becomes of the file that has been due longest.
func (s *story) file(rest string) {
	s.Helper()
	words, err := "", error(nil)
	for _, sense := range []string{"is heard as ", "is seen as "} {
		if heard, ok := strings.CutPrefix(rest, sense); ok {
			rest, words = "arrives", heard
		}
	}
	switch rest {
	case "arrives":
	case "fails":
		err = gateway.ErrFileGone
	case "is late":
		err = errLate
	default:
		s.wrong("no such end of a file")
	}
	if !s.fetch(words, err) {
		s.wrong("no file is waited for")
	}
}

// status has the provider tell what became of the last message, with the class of the
// error if it failed.
func (s *story) status(rest string) {
	s.Helper()
	if len(s.took) == 0 {
		s.wrong("nothing was sent")
	}
	state, class, _ := strings.Cut(rest, ": ")
	s.reports(s.took[len(s.took)-1], gateway.DeliveryState(state), gateway.ErrorClass(class))
}

func (s *story) templateIsApproved() {
	s.Helper()
	if err := s.store.PutTemplates(s.ctx, []gateway.Template{reopenTemplate(s.now)}); err != nil {
		s.wrong("%v", err)
	}
}

// agent does what an agent does, with the customer's latest handoff or without one.
func (s *story) agent(rest string) {
	s.Helper()
	name, deed, _ := strings.Cut(rest, " ")
	refused, isRefused := strings.CutPrefix(deed, "is refused: ")
	err := s.agentDoes(name, refused)
	switch {
	case isRefused && err == nil:
		s.wrong("not refused")
	case isRefused && !errors.Is(err, gateway.ErrTaken) && !errors.Is(err, gateway.ErrClosed) && !errors.Is(err, gateway.ErrWindowClosed):
		s.wrong("refused with %v", err)
	case !isRefused && err != nil:
		s.wrong("%v", err)
	}
}

func (s *story) agentDoes(name, deed string) error {
	s.Helper()
	if deed == "takes the conversation" {
		return s.take(s.conversation(s.customer).ID, name)
	}
	list := s.handoffs(s.conversation(s.customer).ID)
	if len(list) == 0 {
		s.wrong("there is no handoff to do it with")
	}
	h := list[len(list)-1]
	if text, ok := strings.CutPrefix(deed, "sends template "); ok {
		return s.sendTemplate(h, name, text)
	}
	word, text, _ := strings.Cut(deed, " ")
	kind, ok := map[string]gateway.ActionKind{
		"takes": gateway.ActionClaim, "replies": gateway.ActionReply, "verifies": gateway.ActionVerify,
		"returns": gateway.ActionReturn, "resolves": gateway.ActionResolve,
	}[word]
	if !ok {
		s.wrong("no such deed of an agent")
	}
	return s.act(h, kind, name, text)
}

// sendTemplate has an agent send the template that asks the customer to write again.
func (s *story) sendTemplate(h gateway.Handoff, agent, text string) error {
	_, err := s.store.Act(s.ctx, gateway.Action{
		HandoffID: h.ID, Kind: gateway.ActionReply, Agent: agent, Text: text, At: s.now,
		Content: &gateway.Content{Kind: gateway.ContentTemplate, Template: &gateway.TemplateUse{Name: "reopen", Language: "es"}},
	})
	if err != nil {
		return fmt.Errorf("send a template: %w", err)
	}
	return nil
}

// receipt has the shop's system say what became of a command.
func (s *story) receipt(rest string) {
	s.Helper()
	outcome, note, _ := strings.Cut(rest, " ")
	var r action.Receipt
	found := len(s.trade.receipts) > 0
	switch outcome {
	case "comes":
		if found {
			r = s.trade.receipts[len(s.trade.receipts)-1]
		}
	case "of":
		for _, c := range s.trade.got {
			if found = c.Call.Kind == action.SendCode; found {
				r = s.trade.end(c, action.Done, "")
			}
		}
	default:
		r, found = s.trade.receipt(action.Outcome(outcome), note)
	}
	if !found {
		s.wrong("there is no command")
	}
	s.gives(r)
}

func (s *story) orderDoes(rest string) {
	s.Helper()
	switch rest {
	case "changes":
		s.trade.version++
	case "has shipped":
		s.trade.verdict = action.Verdict{Rule: "status"}
	case "needs a code":
		s.trade.level = assure.Code
	default:
		s.wrong("no such deed of an order")
	}
}

func (s *story) shopIs(rest string) {
	s.Helper()
	switch rest {
	case "is away":
		s.trade.away = true
	case "is back":
		s.trade.away = false
	case "sends no more codes":
		s.trade.often = true
	default:
		s.wrong("no such deed of the shop")
	}
}
