package gateway

import (
	"errors"
	"math"
	"strings"
	"testing"
)

func TestCheckContent(t *testing.T) {
	t.Parallel()
	file := &OutgoingMedia{URL: "https://shop.example/a.png"}
	rows := func(n int) []ListRow {
		list := make([]ListRow, n)
		for i := range list {
			list[i] = ListRow{ID: strings.Repeat("r", i+1), Title: strings.Repeat("t", i+1)}
		}
		return list
	}
	button := []Button{{"a", "Sí"}}
	tests := []struct {
		name string
		text string
		c    *Content
		ok   bool
	}{
		{"text", "Hola", nil, true},
		{"nothing", " ", nil, false},
		{"as long as it may be", strings.Repeat("ñ", MaxText), &Content{Kind: ContentText}, true},
		{"too long", strings.Repeat("ñ", MaxText+1), nil, false},
		{"unknown", "Hola", &Content{Kind: "carousel"}, false},
		{"a button", "¿Sí?", &Content{Kind: ContentButtons, Buttons: button}, true},
		{"no button", "¿Sí?", &Content{Kind: ContentButtons}, false},
		{"four buttons", "¿Sí?", &Content{Kind: ContentButtons, Buttons: []Button{{"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}}}, false},
		{"two alike", "¿Sí?", &Content{Kind: ContentButtons, Buttons: []Button{{"a", "1"}, {"b", "1"}}}, false},
		{"a button without a name", "¿Sí?", &Content{Kind: ContentButtons, Buttons: []Button{{"a", " "}}}, false},
		{"buttons without a text", "", &Content{Kind: ContentButtons, Buttons: button}, false},
		{"buttons below a picture", "¿Sí?", &Content{Kind: ContentButtons, Buttons: button, HeaderMedia: &OutgoingMedia{Kind: ContentImage, ProviderID: "1"}}, true},
		{"buttons below a voice", "¿Sí?", &Content{Kind: ContentButtons, Buttons: button, HeaderMedia: &OutgoingMedia{Kind: ContentAudio, ProviderID: "1"}}, false},
		{"a picture and a line above", "¿Sí?", &Content{Kind: ContentButtons, Header: "x", Buttons: button, HeaderMedia: &OutgoingMedia{Kind: ContentImage, ProviderID: "1"}}, false},
		{"a list", "Elige", &Content{Kind: ContentList, List: &List{"Ver", []ListSection{{Rows: rows(10)}}}}, true},
		{"eleven rows", "Elige", &Content{Kind: ContentList, List: &List{"Ver", []ListSection{{Rows: rows(11)}}}}, false},
		{"an empty section", "Elige", &Content{Kind: ContentList, List: &List{"Ver", []ListSection{{"a", rows(1)}, {"b", nil}}}}, false},
		{"sections without titles", "Elige", &Content{Kind: ContentList, List: &List{"Ver", []ListSection{{Rows: rows(1)}, {Rows: rows(1)}}}}, false},
		{"a list that can't be opened", "Elige", &Content{Kind: ContentList, List: &List{"", []ListSection{{Rows: rows(1)}}}}, false},
		{"a picture above a list", "Elige", &Content{Kind: ContentList, List: &List{"Ver", []ListSection{{Rows: rows(1)}}}, HeaderMedia: &OutgoingMedia{Kind: ContentImage, ProviderID: "1"}}, false},
		{"a link", "Mira", &Content{Kind: ContentLink, Link: &Link{"Ver", "https://shop.example"}}, true},
		{"a link to nowhere", "Mira", &Content{Kind: ContentLink, Link: &Link{"Ver", "javascript:alert(1)"}}, false},
		{"a request", "¿Dónde?", &Content{Kind: ContentAskLocation}, true},
		{"a request without a text", "", &Content{Kind: ContentAskContact}, false},
		{"a picture", "", &Content{Kind: ContentImage, Media: file}, true},
		{"a picture without a file", "x", &Content{Kind: ContentImage}, false},
		{"a file with two names", "", &Content{Kind: ContentDocument, Media: &OutgoingMedia{URL: "https://a.example", FileID: "1"}}, false},
		{"a file of this machine", "", &Content{Kind: ContentDocument, Media: &OutgoingMedia{URL: "file:///etc/passwd"}}, false},
		{"a voice with words", "x", &Content{Kind: ContentAudio, Media: file}, false},
		{"a place", "", &Content{Kind: ContentLocation, Location: &Location{Latitude: 40, Longitude: -3}}, true},
		{"no place on earth", "", &Content{Kind: ContentLocation, Location: &Location{Latitude: 91}}, false},
		{"a place that is no number", "", &Content{Kind: ContentLocation, Location: &Location{Longitude: math.NaN()}}, false},
		{"a card", "", &Content{Kind: ContentCards, Cards: []Card{{Name: "Ana"}}}, true},
		{"a card of nobody", "", &Content{Kind: ContentCards, Cards: []Card{{}}}, false},
		{"a reaction", "", &Content{Kind: ContentReaction, Reaction: &Reaction{MessageID: "w", Emoji: "👍"}}, true},
		{"a reaction in words", "", &Content{Kind: ContentReaction, Reaction: &Reaction{MessageID: "w", Emoji: "hola"}}, false},
		{"a reaction taken back", "", &Content{Kind: ContentReaction, Reaction: &Reaction{MessageID: "w"}}, true},
		{"a reaction to nothing", "", &Content{Kind: ContentReaction, Reaction: &Reaction{Emoji: "👍"}}, false},
		{"a template", "", &Content{Kind: ContentTemplate, Template: &TemplateUse{Name: "a", Language: "es"}}, true},
		{"a template in no language", "", &Content{Kind: ContentTemplate, Template: &TemplateUse{Name: "a"}}, false},
	}
	for _, tt := range tests {
		err := CheckContent(tt.text, tt.c)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// TestTakeAndVerify: an agent takes what nobody asked them to, and only who has the
// conversation can say who the customer is.
func TestTakeAndVerify(t *testing.T) {
	t.Parallel()
	c := Conversation{ID: "c", Mode: ModeBot, Language: "en", Epoch: 3}
	taken, err := Take(c, Action{Kind: ActionTake, Agent: "Ana"})
	if err != nil || taken.Handoff.State != HandoffClaimed || taken.Handoff.Reason != ReasonAgent || taken.Handoff.Agent != "Ana" {
		t.Fatalf("%+v, %v", taken.Handoff, err)
	}
	if got := taken.Conversation; got.Mode != ModeAgent || got.Agent != "Ana" || got.Epoch != 4 {
		t.Errorf("the conversation is %+v", got)
	}
	if _, err := Take(c, Action{Kind: ActionTake, Agent: " "}); !errors.Is(err, ErrInvalid) {
		t.Errorf("nobody takes it: %v", err)
	}
	doubted := taken.Conversation
	doubted.DoubtedAt = doubted.DoubtedAt.AddDate(1, 0, 0)
	if _, err := Apply(taken.Handoff, doubted, Action{Kind: ActionVerify, Agent: "Luis"}); !errors.Is(err, ErrTaken) {
		t.Errorf("another agent verifies: %v", err)
	}
	verified, err := Apply(taken.Handoff, doubted, Action{Kind: ActionVerify, Agent: "Ana"})
	if err != nil || !verified.Conversation.DoubtedAt.IsZero() || verified.Conversation.Epoch != 4 {
		t.Errorf("%+v, %v", verified.Conversation, err)
	}
}
