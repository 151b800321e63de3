package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/whatsapp"
)

// corpus is where webhooks lie that nobody of this project wrote.
const corpus = "../../../shared/data/whatsapp"

// webhookFiles are the files of the corpus that are webhooks or may come as such.
func webhookFiles(t *testing.T) [][]byte {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the webhooks that others wrote are not beside this checkout (../shared/data/whatsapp)")
	}
	files, err := filepath.Glob(corpus + "/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no webhooks: %v", err)
	}
	var bodies [][]byte
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body, ownIDs(body, i))
	}
	return bodies
}

// ownIDs gives the messages of a file ids of their own: many authors wrote the same
// one into all, which makes duplicates of all but the first.
func ownIDs(body []byte, file int) []byte {
	events, err := whatsapp.Parse(body, time.Now())
	if err != nil {
		return body
	}
	done := map[string]bool{"": true}
	for _, e := range events {
		if e.Message == nil || done[e.Message.ProviderID] {
			continue
		}
		id := e.Message.ProviderID
		done[id] = true
		body = bytes.ReplaceAll(body, []byte(`"`+id+`"`), fmt.Appendf(nil, `"%s.%d"`, id, file))
	}
	return body
}

// expected are the messages that a person has to see, by provider id, as they are read
// one by one. Some authors used one id for several messages, which makes duplicates of
// all but the first to come in: those are left out, and so are messages that a later one
// edits or withdraws.
func expected(t *testing.T, bodies [][]byte) map[string]gateway.Message {
	t.Helper()
	found, uses := map[string]gateway.Message{}, map[string]map[string]bool{}
	changed := map[string]bool{}
	for _, body := range bodies {
		events, err := whatsapp.Parse(body, time.Now())
		if err != nil {
			continue
		}
		for _, e := range events {
			m := e.Message
			if m == nil || m.ProviderID == "" || e.From.IsZero() || e.Kind == gateway.EventUnreadable {
				continue
			}
			if uses[m.ProviderID] == nil {
				uses[m.ProviderID] = map[string]bool{}
			}
			uses[m.ProviderID][string(e.Kind)+string(e.Raw)] = true
			found[m.ProviderID] = *m
			if m.Type == "edit" || m.Type == "revoke" {
				changed[m.QuotedID], changed[m.ProviderID] = true, true
			}
		}
	}
	maps.DeleteFunc(found, func(id string, _ gateway.Message) bool { return len(uses[id]) > 1 || changed[id] })
	if len(found) < 50 {
		t.Fatalf("only %d messages to look for", len(found))
	}
	return found
}

// forms are a webhook as it stands in the file, and as the channel writes it: without
// white space, in ASCII, with escaped slashes.
func forms(body []byte) [][]byte {
	var compact bytes.Buffer
	if json.Compact(&compact, body) != nil {
		return [][]byte{body}
	}
	var wire bytes.Buffer
	for _, r := range compact.String() {
		switch {
		case r == '/':
			wire.WriteString(`\/`)
		case r < 0x80:
			wire.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&wire, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&wire, `\u%04x`, r)
		}
	}
	return [][]byte{body, bytes.ReplaceAll(wire.Bytes(), []byte(`\\/`), []byte(`\/`))}
}

// merged puts the entries of all webhooks into one.
func merged(t *testing.T, bodies [][]byte) []byte {
	t.Helper()
	var all []json.RawMessage
	for _, body := range bodies {
		var one struct {
			Object string
			Entry  []json.RawMessage
		}
		if json.Unmarshal(body, &one) == nil && one.Object == "whatsapp_business_account" {
			all = append(all, one.Entry...)
		}
	}
	body, err := json.Marshal(map[string]any{"object": "whatsapp_business_account", "entry": all})
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// TestServeTakesEveryWebhook posts every file twice, as it is and as the channel writes
// it, in any order, and all of them as one: each is answered with 200, every message is
// found again under /api/v1 with all that it holds, none twice, and every conversation
// is answered or handed over.
func TestServeTakesEveryWebhook(t *testing.T) {
	t.Parallel()
	onEveryMix(t, func(t *testing.T, s *shop) {
		bodies := webhookFiles(t)
		var posts [][]byte
		for _, body := range bodies {
			for _, form := range forms(body) {
				posts = append(posts, form, form)
			}
		}
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(posts), func(a, b int) { posts[a], posts[b] = posts[b], posts[a] })
		for _, body := range append(posts, merged(t, bodies)) {
			if code := s.post(body, testSecret); code != http.StatusOK {
				t.Errorf("a webhook of the corpus: %d", code)
			}
		}
		want := expected(t, bodies)
		var missing []string
		s.eventually("every message", func() bool { missing = s.missing(want); return len(missing) == 0 })
		s.eventually("every conversation settled", func() bool { return s.unsettled() == 0 })
		s.holdsContent(want)
	})
}

// missing are the ids of messages that the API does not show exactly once.
func (s *shop) missing(want map[string]gateway.Message) []string {
	seen := map[string]int{}
	for _, c := range s.all() {
		for _, m := range s.history(c.ID) {
			seen[m.ProviderID]++
		}
	}
	var missing []string
	for id, m := range want {
		if seen[id] != 1 {
			missing = append(missing, m.Type)
		}
	}
	return missing
}

// holdsContent holds every message as the API shows it against what was read.
func (s *shop) holdsContent(want map[string]gateway.Message) {
	s.t.Helper()
	for _, c := range s.all() {
		for _, got := range s.history(c.ID) {
			m, known := want[got.ProviderID]
			if !known {
				continue
			}
			if got.Type != m.Type || got.Text != m.Text {
				s.t.Errorf("a message of type %s with %d characters is shown as %s with %d", m.Type, len(m.Text), got.Type, len(got.Text))
			}
			if diff := cmp.Diff(members(s.t, m), members(s.t, got.Content)); diff != "" {
				s.t.Errorf("the content of a message of type %s (-read +shown):\n%s", m.Type, diff)
			}
		}
	}
}

// members are those parts of a message that are shown as they were read. Of a file, the
// API shows what became of it; that there is one is compared.
func members(t *testing.T, message any) map[string]any {
	t.Helper()
	text, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	all, kept := map[string]any{}, map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"location", "cards", "choice", "form", "cart", "product", "referral", "forwarded", "problem"} {
		if value, ok := all[name]; ok {
			kept[name] = value
		}
	}
	if media, ok := all["media"].(map[string]any); ok {
		kept["media"] = fmt.Sprint(media["mime"], media["filename"])
		if media["filename"] == nil {
			kept["media"] = fmt.Sprint(media["mime"], "")
		}
	}
	return kept
}

type storedMessage struct {
	Direction, Type, Text, Status string
	ProviderID                    string `json:"provider_id"`
	Content                       map[string]any
}

func (s *shop) history(id string) []storedMessage {
	var all []storedMessage
	for after := ""; ; {
		var page struct {
			Messages []storedMessage
			Next     string
		}
		s.call("GET", "/conversations/"+id+"/messages?limit=200&cursor="+url.QueryEscape(after), nil, &page)
		all = append(all, page.Messages...)
		if page.Next == "" {
			return all
		}
		after = page.Next
	}
}

func (s *shop) all() []seenConversation {
	var list []seenConversation
	for after := ""; ; {
		var page struct {
			Conversations []seenConversation
			Next          string
		}
		s.call("GET", "/conversations?limit=200&cursor="+url.QueryEscape(after), nil, &page)
		list = append(list, page.Conversations...)
		if page.Next == "" {
			return list
		}
		after = page.Next
	}
}

// unsettled counts conversations in which the customer said something and no turn
// has been committed.
func (s *shop) unsettled() int {
	n := 0
	for _, c := range s.all() {
		var page struct {
			Turns []struct{ Outcome string }
		}
		s.call("GET", "/conversations/"+c.ID+"/turns", nil, &page)
		wrote := slices.ContainsFunc(s.history(c.ID), func(m storedMessage) bool {
			return m.Direction == "in" && !slices.Contains([]string{"system", "request_welcome", "call_permission_reply", "edit", "revoke"}, m.Type)
		})
		settled := slices.ContainsFunc(page.Turns, func(t struct{ Outcome string }) bool { return strings.EqualFold(t.Outcome, "committed") })
		if wrote && !settled {
			n++
		}
	}
	return n
}
