package gatewaytest

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

//go:embed testdata/conversations/*.txtar
var conversations embed.FS

// TestScripts plays the conversations of testdata/conversations, and random ones,
// through a gateway over the store.
//
// A script is a story: its first part says what it shows, and each line of the
// file "story" is one deed or one expectation. After each deed, everything that is
// due by the clock is done. Deeds are
//
//	customer says TEXT                  also: neighbour says TEXT
//	customer sends image                or any other type, "reaction" among them
//	customer sends image captioned TEXT
//	customer revokes                    the last message of theirs; also: edits to TEXT
//	customer taps yes                   below the newest proposal; also: no, the first yes
//	number changes                      the customer writes from another one from now on
//	stranger says TEXT                  from the number that the customer had
//	identity is doubted                 the channel tells so, without a change
//	file arrives                        and nobody hears or sees it; also: fails, is late
//	file is heard as TEXT               also: is seen as TEXT
//	duplicate                           the last webhook comes again
//	echo TEXT                           the shop writes from its phone app
//	time advances 2s
//	answer is TEXT; confidence 0.3      or: needs human, small talk, check fails, asked W1
//	answer is TEXT; clarify 0.2; asks back TEXT
//	answer is off topic                 or: to be suggested, with the reason
//	answer proposes                     to cancel the order, as the rules have it
//	receipt done R-1                    of the newest write; also: refused status, failed, of a code
//	receipt comes again                 the last one
//	order changes                       or: has shipped, needs a code
//	shop is away                        or: is back, sends no more codes
//	model is down                       or: knowledge is down, answerer panics, orders are down, all is well
//	next send fails                     or: is unknown, is lost, is rejected, waits 6s
//	next send is rejected: window       or any other class of errors
//	status delivered                    of the message that was sent last
//	status failed: unreachable          or any other class of errors
//	template is approved                the one that asks the customer to write again
//	agent ana takes                     or: replies TEXT, returns, resolves, verifies
//	agent ana takes the conversation    without being asked
//	agent ana sends template TEXT
//	agent luis is refused: takes
//	during the answer: DEED             happens while the next answer is made
//	during the send: DEED               happens while the next message is sent
//	during the fetch: DEED              happens while the next file is fetched
//	others work                         during something, what else is due is done
//	crash                               the process is killed; another one starts
//
// and expectations are
//
//	expect reply TEXT                   the next message from the bot holds TEXT
//	expect agent reply TEXT             the next message from an agent does
//	expect nothing                      no other message was sent
//	expect mode queued
//	expect handoff reason legal         or: wants, draft, promised, why, agent TEXT
//	expect no open handoff
//	expect rule triage                  of the last committed turn
//	expect turns superseded committed   the outcomes of all turns
//	expect asked TEXT                   the last question, its messages joined by " / "
//	expect status sent                  of the message that was written last
//	expect attempts 2                   how often the provider was asked to send
//	expect buttons Sí, No               below the last message that a line read; also: none
//	expect commands cancel_order        what was published, in order
//	expect language en
//	expect doubted                      or: not doubted, unreachable, reachable
//	expect marketing stop               or: marketing allowed
//
// A message that no line expects fails the story, and so does a broken invariant:
// they are all checked when the story is over.
func TestScripts(t *testing.T, place func(testing.TB) Open) {
	t.Helper()
	files, err := fs.Glob(conversations, "testdata/conversations/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no conversations: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(path.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			data, err := conversations.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			play(t, place(t), txtar.Parse(data))
		})
	}
	for i := range randomPlayers {
		t.Run(fmt.Sprint("Random", i+1), func(t *testing.T) {
			t.Parallel()
			testRandom(t, place)
		})
	}
}

// story plays the lines of one script.
type story struct {
	*world
	line string
	// customer is who it is about, and stranger who has the number that they left, once
	// they wrote.
	customer gateway.Identity
	stranger gateway.Identity
}

func play(t *testing.T, open Open, script *txtar.Archive) {
	t.Helper()
	if len(script.Comment) == 0 || len(script.Files) != 1 || script.Files[0].Name != "story" {
		t.Fatal("a script has a comment and one file, the story")
	}
	s := &story{world: newWorld(t.Context(), t, open), customer: ana()}
	defer s.close()
	for i, line := range strings.Split(string(script.Files[0].Data), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.line = fmt.Sprintf("line %d, %q", i+1, line)
		if what, ok := strings.CutPrefix(line, "expect "); ok {
			s.expect(what)
			continue
		}
		s.do(line)
		s.work()
	}
	s.line = "the end"
	s.nothingElse()
	s.holds(func() []gateway.Identity { return []gateway.Identity{s.customer, ben(), s.stranger} })
}

// wrong ends the story.
func (s *story) wrong(format string, args ...any) {
	s.Helper()
	s.Fatalf("%s: %s", s.line, fmt.Sprintf(format, args...))
}

// do does one deed, without the work that follows from it.
func (s *story) do(line string) {
	s.Helper()
	deeds := []struct {
		prefix string
		do     func(rest string)
	}{
		{"during the answer: ", func(rest string) { s.duringAnswer.add(func() { s.do(rest) }) }},
		{"during the send: ", func(rest string) { s.duringSend.add(func() { s.do(rest) }) }},
		{"during the fetch: ", func(rest string) { s.media.duringFetch.add(func() { s.do(rest) }) }},
		{"customer ", s.customerDoes},
		{"neighbour says ", func(rest string) { s.says(ben(), "text", rest) }},
		{"stranger says ", s.strangerSays},
		{"number changes", func(string) { s.numberChanges() }},
		{"identity is doubted", func(string) { s.signals(s.customer, nil) }},
		{"file ", s.file},
		{"duplicate", func(string) { s.again(len(s.accepted) - 1) }},
		{"echo ", func(rest string) { s.echoes(s.customer, rest) }},
		{"time advances ", s.timeAdvances},
		{"answer is off topic", func(string) { s.answer, s.answerErr, s.wants = rag.Answer{OffTopic: true}, nil, false }},
		{"answer is to be suggested, ", func(rest string) { s.answer.Suggest, s.answer.Stale = true, []string{rest} }},
		{"answer is ", s.answerIs},
		{"answer proposes", func(string) { s.answerErr, s.wants = nil, true }},
		{"receipt ", s.receipt},
		{"order ", s.orderDoes},
		{"shop ", s.shopIs},
		{"next send ", s.nextSend},
		{"status ", s.status},
		{"template is approved", func(string) { s.templateIsApproved() }},
		{"agent ", s.agent},
		{"crash", func(string) { s.crash() }},
		{"others work", func(string) { s.work() }},
		{"", s.weather},
	}
	for _, deed := range deeds {
		if rest, ok := strings.CutPrefix(line, deed.prefix); ok {
			deed.do(rest)
			return
		}
	}
}

func (s *story) timeAdvances(rest string) {
	s.Helper()
	d, err := time.ParseDuration(rest)
	if err != nil {
		s.wrong("%v", err)
	}
	s.now = s.now.Add(d)
}

// answerIs sets what the answerer says from now on.
func (s *story) answerIs(rest string) {
	s.Helper()
	parts := strings.Split(rest, ";")
	s.answer, s.answerErr, s.wants = goodAnswer(strings.TrimSpace(parts[0])), nil, false
	for _, part := range parts[1:] {
		part = strings.TrimSpace(part)
		word, value, _ := strings.Cut(part, " ")
		switch {
		case word == "confidence":
			s.answer.Confidence = s.number(value)
		case word == "clarify":
			s.answer.Clarify = s.number(value)
		case word == "asks":
			s.answer.AskBack = strings.TrimPrefix(value, "back ")
		case part == "needs human":
			s.answer.Draft.NeedsHuman = true
		case part == "small talk":
			s.answer.Draft.SmallTalk = true
		case part == "check fails":
			s.answer.Checks = append(s.answer.Checks, rag.Check{Name: "claims", Detail: "30 días"})
		case word == "asked":
			s.facts.Asked = []string{value}
		default:
			s.wrong("no such property of an answer: %s", part)
		}
	}
}

func (s *story) number(value string) float64 {
	s.Helper()
	n, err := strconv.ParseFloat(value, 64)
	if err != nil {
		s.wrong("%v", err)
	}
	return n
}

// weather is what goes wrong in the house.
func (s *story) weather(line string) {
	s.Helper()
	switch line {
	case "model is down":
		s.answer, s.answerErr = rag.Answer{}, fmt.Errorf("dial: %w", rag.ErrModel)
	case "knowledge is down":
		s.answer, s.answerErr = rag.Answer{}, fmt.Errorf("search: %w", rag.ErrRetrieval)
	case "answerer panics":
		s.duringAnswer.add(func() { panic("the customer's words") })
	case "orders are down":
		s.facts.Unavailable = true
	case "all is well":
		s.answer, s.answerErr, s.facts, s.wants = goodAnswer("Tarda de 3 a 5 días."), nil, rag.OrderFacts{}, false
	default:
		s.wrong("no such deed")
	}
}

func (s *story) nextSend(rest string) {
	s.Helper()
	rest, class, _ := strings.Cut(rest, ": ")
	s.refusal = gateway.ErrorClass(class)
	switch rest {
	case "fails":
		s.outcome = gateway.SendRetry
	case "is unknown":
		s.outcome = gateway.SendUnknown
	case "is rejected":
		s.outcome = gateway.SendRejected
	case "is lost":
		// The provider never hears of it, and we don't know.
		s.outcome, s.lost = gateway.SendUnknown, true
	default:
		wait, err := time.ParseDuration(strings.TrimPrefix(rest, "waits "))
		if err != nil {
			s.wrong("no such end of a send")
		}
		s.wait = wait
	}
}
