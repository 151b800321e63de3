package guard_test

import (
	"embed"
	"strings"
	"testing"

	"github.com/recado/recado/rag/guard"
)

// phrasings are messages of our own, one a line: human_es.txt and human_en.txt
// ask for a person, not_human.txt holds what only sounds alike.
//
//go:embed testdata/*.txt
var phrasings embed.FS

func readPhrasings(t *testing.T, name string) []string {
	t.Helper()
	data, err := phrasings.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	seen := map[string]bool{}
	for _, line := range lines {
		if line == "" || seen[line] {
			t.Errorf("%s: an empty line, or %q twice", name, line)
		}
		seen[line] = true
	}
	return lines
}

func TestAsksForPerson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want bool
		n    int
	}{{"human_es.txt", true, 150}, {"human_en.txt", true, 150}, {"not_human.txt", false, 100}} {
		lines := readPhrasings(t, c.name)
		if len(lines) < c.n {
			t.Errorf("%s holds %d phrasings, want at least %d", c.name, len(lines), c.n)
		}
		for _, text := range lines {
			if guard.AsksForPerson(text) != c.want {
				t.Errorf("%s: %q", c.name, text)
			}
		}
	}
}
