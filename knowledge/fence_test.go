package knowledge_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// TestFrontMatterAsWritten takes front matter as people write it: nobody sees a space
// behind hyphens, or one hyphen too many.
func TestFrontMatterAsWritten(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"as it should be":         "---\naudience: agent\n---\nYa.",
		"spaces behind hyphens":   "--- \naudience: agent\n---\t\nYa.",
		"blank lines above":       "\n \n---\naudience: agent\n---\nYa.",
		"a comment above":         "<!-- de Marta -->\n---\naudience: agent\n---\nYa.",
		"a long comment above":    "<!-- de\n\nMarta -->\n\n---\naudience: agent\n---\nYa.",
		"more hyphens":            "-----\naudience: agent\n----\nYa.",
		"a space before":          " ---\naudience: agent\n---\nYa.",
		"an end as YAML knows it": "---\naudience: agent\n...\nYa.",
	} {
		parsed, err := parse("es/x.md", text, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := parsed[0]; got.Audience != knowledge.AudienceAgent || len(got.Chunks) != 1 || got.Chunks[0].Text != "Ya." {
			t.Errorf("%s: for %s, %+v", name, got.Audience, got.Chunks)
		}
		if c := parsed[0].Chunks[0]; text[c.Start:c.End] != "Ya." {
			t.Errorf("%s: the passage is said to be %q", name, text[c.Start:c.End])
		}
	}
}

// TestFrontMatterUnread keeps out what says for whom it is where nobody reads it.
func TestFrontMatterUnread(t *testing.T) {
	t.Parallel()
	const outside = " does not stand between two lines ---; write one above and one below, or put it otherwise if it is part of the text"
	for _, test := range []struct{ name, text, want string }{
		{"no end", "---\naudience: agent\n\nYa.", "front matter, line 2: it does not end; write a line --- below its last key"},
		{"no end, another key", "\n---\n# nuestro\ntitle: A\n\nYa.", "front matter, line 4: it does not end"},
		{"an end far away", "---\ntitle: A\n" + strings.Repeat("relleno: x\n", 10_000) + "---\nYa.", "front matter, line 2: it does not end"},
		{"TOML", "+++\ntitle = \"A\"\naudience = \"agent\"\n+++\nYa.", `front matter, line 3: "audience"` + outside},
		{"dashes of a word processor", "—\naudience: agent\n—\nYa.", `front matter, line 2: "audience"` + outside},
		{"a block of code", "```yaml\ntitle: A\naudience: agent\n```\nYa.", `front matter, line 3: "audience"` + outside},
		{"no lines at all", "title: A\naudience: agent\n\nYa.", `front matter, line 2: "audience"` + outside},
		{"below a list", "title: A\ntags:\n- a\n  b\nvalid_to: 2026-01-31\nYa.", `front matter, line 5: "valid_to"` + outside},
		{"a list of keys", "---\n- title: b\n- audience: agent\n---\nYa.", "front matter, line 2: it does not end"},
		{"a mistyped key in TOML", "+++\naudiance = agent\n+++\nYa.", `front matter, line 2: "audiance"` + outside},
		{"below the title", "# Reembolsos\n\n**Público:** interno\n\nYa.", `front matter, line 3: "Público"` + outside},
		{"markets", "Mercados: [ES, MX]\n\nYa.", `front matter, line 1: "Mercados"` + outside},
	} {
		_, err := parse("es/x.md", test.text, "")
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.name, err, test.want)
		}
	}
}

// TestTextLikeFrontMatter lets texts begin as texts do.
func TestTextLikeFrontMatter(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"---\n\nA\n\n---\n\nB\n",
		"Países: España, Portugal y México.\n\nYa.",
		"# Envíos\n\nPaíses: ES, PT\n\nYa.",
		"# Envíos\n\nPúblico: todos\n\nYa.",
		"Público: quien compra en la web.\n\nYa.",
		"=====\nDocumento: A\n=====\n\nYa.",
		"Hola.\n\naudience: agent",
		"Horario: de 9 a 14\n\nCaduca: nunca",
	} {
		if _, err := parse("es/x.md", text, ""); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestFrontMatterNeverPublic: however the lines around them are written, keys that
// restrict a document restrict it, or the document stays out.
func TestFrontMatterNeverPublic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		blank := rapid.SampledFrom([]string{"", "\n", "  \n\n", "<!-- x -->\n", "<!-- x\ny -->\n\n"})
		rule := rapid.SampledFrom([]string{"", "---", "--- ", "----", " ---", "—", "+++", "===", "***", "```", "```yaml", "~~~"})
		keys := rapid.SampledFrom([]string{"audience: agent", "Público: interno", "audience:agent", "audience = \"agent\"", "\"audience\": \"agent\"", "title: A\naudience: agent", "tags: [a]\n\naudience: agente"})
		text := blank.Draw(t, "above") + rule.Draw(t, "first") + "\n" + keys.Draw(t, "keys") + "\n" + rule.Draw(t, "last") + "\nYa.\n"
		parsed, err := parse("es/x.md", text, "")
		if err == nil && parsed[0].Audience != knowledge.AudienceAgent {
			t.Fatalf("%q is for customers: %+v", text, parsed[0].Chunks)
		}
	})
}
