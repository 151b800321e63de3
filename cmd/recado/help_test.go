package main

import (
	"strings"
	"testing"
)

// Help begins with examples and a command's own flags, and settings come last.
func TestHelpByExample(t *testing.T) {
	t.Parallel()
	for _, words := range evalCommandNames() {
		out := told(t, nil, "eval", words, "--help")
		if !strings.HasPrefix(out, "For example:\n  recado eval ") || !strings.Contains(out, words) {
			t.Errorf("eval %s --help begins with %.200q", words, out)
		}
	}
	out := told(t, nil, "eval", "run", "--help")
	own, settings := strings.Index(out, "  --filter TAG"), strings.Index(out, "Settings are flags here too")
	if own < 0 || settings < own || strings.Contains(out, "whatsapp") {
		t.Errorf("flags and settings are not apart: %d, %d", own, settings)
	}
	if out := told(t, nil, "serve", "--help"); strings.Contains(out, "For example") || !strings.Contains(out, "(RECADO_") {
		t.Errorf("serve --help begins with %.200q", out)
	}
	if code, _, errs := tell(t, nil, "eval", "schema", "x"); code != exitUsage || !strings.Contains(errs, "no arguments") {
		t.Errorf("status %d, %s", code, errs)
	}
}

func evalCommandNames() []string {
	var names []string
	for name := range evalCommands() {
		names = append(names, name)
	}
	return names
}
