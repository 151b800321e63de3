package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpus is where webhooks lie that nobody of this project wrote.
const corpus = "../../../shared/data/whatsapp"

// envelope is as much of a webhook as is needed to know what it holds.
type envelope struct {
	Entry []struct {
		Changes []struct {
			Field string
			Value struct {
				Messages []struct {
					ID   string
					Type string
					Text struct{ Body string }
				}
			}
		}
	}
}

// webhookFiles are the files of the corpus, with the texts of their messages by
// message id. Some of their authors used one id for several messages, which makes
// duplicates of all but the first to come in: those are left out of the texts.
func webhookFiles(t *testing.T) ([][]byte, map[string]string) {
	t.Helper()
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the webhooks that others wrote are not beside this checkout (../shared/data/whatsapp)")
	}
	files, err := filepath.Glob(corpus + "/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	texts, uses := map[string]string{}, map[string]int{}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
		var e envelope
		if json.Unmarshal(body, &e) != nil {
			continue
		}
		for _, entry := range e.Entry {
			for _, change := range entry.Changes {
				for _, m := range change.Value.Messages {
					uses[m.ID]++
					if m.Type == "text" && m.ID != "" {
						texts[m.ID] = m.Text.Body
					}
				}
			}
		}
	}
	maps.DeleteFunc(texts, func(id, _ string) bool { return uses[id] > 1 })
	if len(texts) == 0 {
		t.Fatal("no texts to look for")
	}
	return bodies, texts
}

// TestServeTakesEveryWebhook posts every file twice, as it is and in compact form:
// all are answered with 200, every text is found again under /api/v1, none twice,
// and every conversation is answered or handed over.
func TestServeTakesEveryWebhook(t *testing.T) {
	t.Parallel()
	onEveryMix(t, func(t *testing.T, s *shop) {
		bodies, texts := webhookFiles(t)
		for _, body := range bodies {
			var compact bytes.Buffer
			if json.Compact(&compact, body) != nil {
				compact.Write(body)
			}
			for _, form := range [][]byte{body, compact.Bytes()} {
				if code := s.post(form, testSecret); code != http.StatusOK {
					t.Errorf("a webhook of the corpus: %d", code)
				}
			}
		}
		s.eventually("every text", func() bool { return len(s.missingTexts(texts)) == 0 })
		s.eventually("every conversation settled", func() bool { return s.unsettled() == 0 })
	})
}

// missingTexts are the ids whose text the API does not show exactly once.
func (s *shop) missingTexts(texts map[string]string) []string {
	seen := map[string][]string{}
	for _, c := range s.all() {
		for _, m := range s.history(c.ID) {
			if m.Direction == "in" {
				seen[m.ProviderID] = append(seen[m.ProviderID], m.Text)
			}
		}
	}
	var missing []string
	for id, text := range texts {
		if !slices.Equal(seen[id], []string{text}) {
			missing = append(missing, id)
		}
	}
	return missing
}

type storedMessage struct {
	Direction, Text, Status string
	ProviderID              string `json:"provider_id"`
}

func (s *shop) history(id string) []storedMessage {
	var page struct{ Messages []storedMessage }
	s.call("GET", "/conversations/"+id+"/messages?limit=200", nil, &page)
	return page.Messages
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

// unsettled counts conversations that the customer wrote to and in which no turn
// has been committed.
func (s *shop) unsettled() int {
	n := 0
	for _, c := range s.all() {
		var page struct {
			Turns []struct{ Outcome string }
		}
		s.call("GET", "/conversations/"+c.ID+"/turns", nil, &page)
		wrote := slices.ContainsFunc(s.history(c.ID), func(m storedMessage) bool { return m.Direction == "in" })
		settled := slices.ContainsFunc(page.Turns, func(t struct{ Outcome string }) bool { return strings.EqualFold(t.Outcome, "committed") })
		if wrote && !settled {
			n++
		}
	}
	return n
}
