package replay_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/evals/replay"
)

var names = []string{"OPENAI_API_KEY", "RECADO_CHAT_MODEL", "RECADO_RULES"}

func TestReadCandidate(t *testing.T) {
	t.Parallel()
	threshold := .8
	for text, want := range map[string]replay.Candidate{
		"":           {},
		"# nothing":  {},
		"name: same": {Name: "same"},
		"name: x\nsettings:\n  RECADO_CHAT_MODEL: small\n  RECADO_RULES: ''\nthreshold: 0.8\nknowledge: new": {
			Name: "x", Settings: map[string]string{"RECADO_CHAT_MODEL": "small", "RECADO_RULES": ""}, Threshold: &threshold, Knowledge: "new",
		},
		"search: true": {Search: true},
	} {
		got, err := replay.ReadCandidate(strings.NewReader(text), names)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestWrongCandidates(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"name: x\ntreshold: 1":                 `line 2: "treshold" is not known; a candidate has knowledge, name, search, settings, threshold`,
		"settings:\n  CHAT_MODEL: x":           "line 2: CHAT_MODEL is no setting that changes answers (write RECADO_CHAT_MODEL)",
		"settings:\n  chat-model: x":           "(write RECADO_CHAT_MODEL)",
		"settings:\n  RECADO_LISTEN: x":        "line 2: RECADO_LISTEN is no setting that changes answers; those are OPENAI_API_KEY",
		"- a list":                             "line 1: a candidate is a list of lines such as KEY: value",
		"settings: [a]":                        "line 1: settings is a list of lines such as KEY: value",
		"threshold: 3":                         "threshold 3 is not a probability",
		"threshold: much":                      "the YAML can't be read",
		"knowledge: a\nsearch: true":           "exclude each other",
		"name: [":                              "the YAML can't be read",
		"name: " + strings.Repeat("x", 70<<10): "larger than 64 KB",
	} {
		_, err := replay.ReadCandidate(strings.NewReader(text), names)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q gives %v, which lacks %q", text, err, want)
		}
	}
}

func FuzzReadCandidate(f *testing.F) {
	for _, text := range []string{"", "name: x", "settings:\n  A: b\n", "? a", "- a", "a: &b *b", "\x00", "name: !!binary x", "settings: {RECADO_RULES: 3}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := replay.ReadCandidate(strings.NewReader(text), names)
		if err != nil {
			return
		}
		for name := range c.Settings {
			if !strings.Contains(strings.Join(names, " "), name) {
				t.Errorf("%q gives the setting %q", text, name)
			}
		}
	})
}

func TestChangesTellNoKey(t *testing.T) {
	t.Parallel()
	c := replay.Candidate{Settings: map[string]string{"OPENAI_API_KEY": "sk-secret", "RECADO_CHAT_MODEL": "small", "RECADO_RULES": ""}, Knowledge: "new"}
	want := []string{"OPENAI_API_KEY: another key", "RECADO_CHAT_MODEL: small", "RECADO_RULES: nothing", "knowledge: new"}
	if diff := cmp.Diff(want, c.Changes()); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}
