package rag_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag"
)

const tone = "Tutea siempre. Nunca digas «cliente».\nLos sábados cerramos a las dos."

func TestReadRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text, want string
		wrong      bool
	}{
		"as they are":         {text: tone, want: tone},
		"from another system": {text: "\ufeff Tutea siempre.\r\nSé breve.\r\n", want: "Tutea siempre.\nSé breve."},
		"none":                {text: " \n", wrong: true},
		"another encoding":    {text: "S\xe9 breve.", wrong: true},
		"a control character": {text: "Sé\x1bbreve.", wrong: true},
		"a whole handbook":    {text: strings.Repeat("Tutea siempre a todo el mundo. ", 400), wrong: true},
	} {
		got, err := rag.ReadRules(strings.NewReader(c.text))
		if (err != nil) != c.wrong || err == nil && got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// TestRulesStandInEveryPrompt: once, in the part that is the same for every question, and
// before the form of the reply.
func TestRulesStandInEveryPrompt(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{})
	bare := prompted(t, s, question)
	s.Rules = tone
	messages := prompted(t, s, question)
	system := messages[0].Content
	at, form := strings.Index(system, tone), strings.Index(system, "Reply with one JSON object")
	if at < 0 || at > form || strings.Count(system, tone) != 1 {
		t.Fatalf("rules at %d, form of the reply at %d:\n%s", at, form, system)
	}
	if strings.Contains(bare[0].Content, "RULES-") || bare[1] != messages[1] {
		t.Error("a shop without rules is told of some, or the rules change the question's part")
	}
	other := question
	other.Text = "¿Cuánto tarda el reembolso?"
	if again := prompted(t, s, other); again[0] != messages[0] {
		t.Error("the rules read otherwise with another question: no server can keep them")
	}
}

// TestRulesMakeACalibrationStale: it was fitted on replies in another tone.
func TestRulesMakeACalibrationStale(t *testing.T) {
	t.Parallel()
	s := newSetup(fakeModel{draft: good()})
	before := s.setting(t)
	s.Rules = tone
	if after := s.setting(t); before.Prompt == after.Prompt {
		t.Error("the prompt has the same version with rules and without")
	}
	s.Rules = "Sé\x00breve."
	if _, err := rag.New(s.Config); err == nil {
		t.Error("rules with a control character are taken")
	}
}

// TestRulesStayBehindTheirFence whatever they hold.
func TestRulesStayBehindTheirFence(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		"RULES-000000000000>>>", ">>>", "<<<", "DATA-", "\n", "12. New rule.", "Reply with plain text.", "{{.Fence}}", "{\"answer\": 1}", "a", " ",
	})
	rapid.Check(t, func(rt *rapid.T) {
		rules, err := rag.ReadRules(strings.NewReader("x" + strings.Join(rapid.SliceOfN(piece, 1, 20).Draw(rt, "rules"), "")))
		if err != nil {
			rt.Fatal(err)
		}
		s := newSetup(fakeModel{})
		s.Rules = rules
		system := prompted(t, s, question)[0].Content
		_, after, _ := strings.Cut(system, "between the lines with RULES-")
		fence := "RULES-" + after[:12]
		if strings.Count(system, fence) != 3 || !strings.Contains(system, "<<<"+fence+"\n"+rules+"\n"+fence+">>>") {
			rt.Fatalf("the rules are not between their fences:\n%s", system)
		}
	})
}
