package knowledge_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// maxTokens is the cap that Split promises for what a prompt says of a chunk, and maxTitle
// that of headings and titles.
const (
	maxTokens = 512
	maxTitle  = 40
)

func words(n int, word string) string { return strings.TrimSpace(strings.Repeat(word+" ", n)) }

// piece is what a test compares of a chunk.
type piece struct{ Heading, Text string }

func pieces(chunks []knowledge.Chunk) []piece {
	var list []piece
	for _, c := range chunks {
		list = append(list, piece{c.Heading, c.Text})
	}
	return list
}

func TestSplit(t *testing.T) {
	t.Parallel()
	half, nearly := words(136, "medio"), words(320, "casi")
	row := "| Zona | Precio |\n"
	table := row + "| --- | --- |\n" + strings.Repeat("| Península | 3,90 € |\n", 40)
	tests := []struct {
		name, markdown string
		want           []piece
	}{
		{"nothing", " \n\t\n", nil},
		{"one paragraph", "Envíos en 24 horas.", []piece{{"", "Envíos en 24 horas."}}},
		{
			"sections", "# Envíos\n\nA toda España.\n\n## Plazos\n\n2 días.\n\n## Precios\n\nGratis.\n\n# Pagos\n\nCon tarjeta.\n",
			[]piece{{"Envíos", "A toda España."}, {"Envíos > Plazos", "2 días."}, {"Envíos > Precios", "Gratis."}, {"Pagos", "Con tarjeta."}},
		},
		{
			"skipped levels", "### Deep\n\na\n\n# Top\n\nb\n\n#### Deeper\n\nc\n\n## Middle\n\nd\n",
			[]piece{{"Deep", "a"}, {"Top", "b"}, {"Top > Deeper", "c"}, {"Top > Middle", "d"}},
		},
		{"markup in headings", "# *Cómo* devolver [algo](/x) `ya`\n\nAsí.\n", []piece{{"Cómo devolver algo ya", "Así."}}},
		{"underlined heading", "Envíos\n======\n\nRápidos.\n", []piece{{"Envíos", "Rápidos."}}},
		{"empty sections", "# A\n\n# B\n\n## C\n", []piece{{"A", "# A"}, {"B > C", "# B\n\n## C"}}},
		{"gathered", "uno\n\ndos\n\ntres\n", []piece{{"", "uno\n\ndos\n\ntres"}}},
		{"not gathered beyond the target", half + "\n\n" + half + "\n", []piece{{"", half}, {"", half}}},
		{"a last sentence stays", nearly + " " + words(60, "fin") + "\n", []piece{{"", nearly + " " + words(60, "fin")}}},
		{"a list stays whole", "- " + words(200, "a") + "\n- " + words(200, "b") + "\n", []piece{{"", "- " + words(200, "a") + "\n- " + words(200, "b")}}},
		{
			"a list keeps its introduction", half + "\n\nHacen falta:\n\n- " + words(200, "a") + "\n",
			[]piece{{"", half}, {"", "Hacen falta:\n\n- " + words(200, "a")}},
		},
		{
			"a question keeps its answer", "# Ayuda\n\n## ¿Cómo devuelvo algo?\n\n" + half + "\n\n" + half + "\n\n" + half + "\n\n## Otros\n\n" + half + "\n\n" + half,
			[]piece{{"Ayuda > ¿Cómo devuelvo algo?", half + "\n\n" + half + "\n\n" + half}, {"Ayuda > Otros", half}, {"Ayuda > Otros", half}},
		},
		{"a paragraph marked as a heading", "# " + words(60, "largo") + "\n\nSí.\n", []piece{{"", "# " + words(60, "largo") + "\n\nSí."}}},
		{"a table stays whole", "# Precios\n\n" + table, []piece{{"Precios", strings.TrimSpace(table)}}},
		{"code is no heading", "```\n# no\n```\n", []piece{{"", "```\n# no\n```"}}},
		{"hash without a space", "#no es título\n", []piece{{"", "#no es título"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chunks := knowledge.Split(test.markdown)
			if diff := cmp.Diff(test.want, pieces(chunks)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
			if problem := broken(test.markdown, chunks); problem != "" {
				t.Error(problem)
			}
		})
	}
}

// TestSplitCutsWhereItHurtsLeast: a long paragraph ends at a sentence, a long
// list at a line.
func TestSplitCutsWhereItHurtsLeast(t *testing.T) {
	t.Parallel()
	sentence := "Puede devolver los productos que compró en un plazo de treinta días naturales. "
	for _, c := range knowledge.Split(strings.Repeat(sentence, 60)) {
		if !strings.HasSuffix(c.Text, ".") || !strings.HasPrefix(c.Text, "Puede") {
			t.Errorf("a sentence was cut: %q", c.Text)
		}
	}
	line := "- Península y Baleares: " + words(10, "zona") + "\n"
	chunks := knowledge.Split(strings.Repeat(line, 100))
	if len(chunks) < 3 {
		t.Errorf("a list of %d runes gave %d chunks", utf8.RuneCountInString(strings.Repeat(line, 100)), len(chunks))
	}
	for _, c := range chunks {
		if !strings.HasPrefix(c.Text, "- Península") || !strings.HasSuffix(c.Text, "zona") {
			t.Errorf("a line was cut: %q", c.Text)
		}
	}
}

// TestSplitRepeats: whoever reads the second half of a table knows its columns, and of
// a list what it lists. What is repeated is outside of the piece's range.
func TestSplitRepeats(t *testing.T) {
	t.Parallel()
	header := "| Zona | Precio |\n| --- | --- |"
	table := header + "\n" + strings.Repeat("| Península y Baleares | 3,90 € |\n", 120)
	item := "- " + words(30, "paso") + "\n  - " + words(10, "detalle") + "\n"
	tests := []struct{ name, markdown, repeated, starts string }{
		{"table", "# Precios\n\nAntes.\n\n" + table + "\nDespués.\n", header, "| Península"},
		{"list", "# Pasos\n\nAntes.\n\nPara devolver algo:\n\n" + strings.Repeat(item, 40), "Para devolver algo:", "- paso"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			chunks := knowledge.Split(test.markdown)
			if problem := broken(test.markdown, chunks); problem != "" {
				t.Error(problem)
			}
			with := 0
			for _, c := range chunks {
				if !strings.HasPrefix(c.Text, test.repeated+"\n") {
					continue
				}
				with++
				if raw := test.markdown[c.Start:c.End]; with > 1 && !strings.HasPrefix(raw, test.starts) {
					t.Errorf("piece %d begins in the middle: %q", c.Seq, raw)
				}
			}
			if with < 3 {
				t.Errorf("%d of %d pieces begin with %q", with, len(chunks), test.repeated)
			}
		})
	}
}

// broken says what is wrong with the chunks of a text, or nothing: the promises of
// Split that hold for every text.
func broken(text string, chunks []knowledge.Chunk) string {
	at := 0
	for i, c := range chunks {
		switch {
		case c.Seq != i:
			return fmt.Sprintf("chunk %d has the number %d", i, c.Seq)
		case c.Start < at || c.End <= c.Start || c.End > len(text):
			return fmt.Sprintf("chunk %d has the range %d to %d after %d of %d", i, c.Start, c.End, at, len(text))
		case lost(text[at:c.Start]):
			return fmt.Sprintf("%q before chunk %d is lost", text[at:c.Start], i)
		case !utf8.ValidString(text[c.Start:c.End]):
			return fmt.Sprintf("chunk %d cuts a rune", i)
		case !covers(text, c):
			return fmt.Sprintf("chunk %d says %q, its range %q", i, c.Text, text[c.Start:c.End])
		case strings.TrimSpace(c.Text) == "" || strings.TrimSpace(c.Text) != c.Text:
			return fmt.Sprintf("chunk %d is blank or has blank ends: %q", i, c.Text)
		case knowledge.CountTokens(knowledge.PromptText(c)) > maxTokens:
			return fmt.Sprintf("chunk %d has %d tokens", i, knowledge.CountTokens(knowledge.PromptText(c)))
		}
		at = c.End
	}
	if lost(text[at:]) {
		return fmt.Sprintf("%q at the end is lost", text[at:])
	}
	return ""
}

// covers says whether the chunk's text is the end of its range, behind lines that the
// text before the range has already.
func covers(text string, c knowledge.Chunk) bool {
	raw := text[c.Start:c.End]
	if strings.HasSuffix(raw, c.Text) {
		return true
	}
	repeated, ok := strings.CutSuffix(c.Text, "\n"+raw)
	return ok && strings.Contains(text[:c.Start], repeated)
}

func lost(gap string) bool {
	return strings.IndexFunc(gap, func(r rune) bool { return !unicode.IsSpace(r) }) >= 0
}

// markdown draws documents from the pieces that parsers stumble over.
func markdown() *rapid.Generator[string] {
	word := rapid.SampledFrom([]string{"envío", "a", "ñ", "退款", "🎁", "e\u0301", "3,90", "**no**", "[a](b)", "`x`", "<b>", "&amp;", "\u00a0", strings.Repeat("z", 700)})
	line := rapid.Custom(func(t *rapid.T) string {
		start := rapid.SampledFrom([]string{"", "", "# ", "## ", "###### ", "- ", "1. ", "> ", "    ", "\t", "| ", "```", "~~~", "---", "===", "***", "[x]: /y", "<div>", "<!--", "-->"}).Draw(t, "start")
		end := rapid.SampledFrom([]string{"", ".", "?", " |", " |\n| - |", "\\"}).Draw(t, "end")
		return start + strings.Join(rapid.SliceOfN(word, 0, 40).Draw(t, "words"), " ") + end
	})
	return rapid.Custom(func(t *rapid.T) string {
		separator := rapid.SampledFrom([]string{"\n", "\n\n", "\r\n", "\n \n"}).Draw(t, "separator")
		return strings.Join(rapid.SliceOfN(line, 0, 30).Draw(t, "lines"), separator)
	})
}

func TestSplitKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := markdown().Draw(t, "text")
		if problem := broken(text, knowledge.Split(text)); problem != "" {
			t.Fatalf("%s\ntext: %q", problem, text)
		}
	})
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", "# A\n\nb", "a\n===\n", "- a\n\n  b\n- c", "| a |\n| - |\n| b |", "```\nx\n```", "[a]: b\n\nc", "<div>\n\n# x", "\x00\n# a",
		"> # a\n> b", "a\r\nb", "1. a\n   - b", "~~~\n", strings.Repeat("x", 4100), "# " + strings.Repeat("y ", 2100),
		"a:\n- b\n" + strings.Repeat("- c d e\n", 300), "x\n| a | b |\n| - | - |\n" + strings.Repeat("| c | d |\n", 200),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			t.Skip("sources that are not UTF-8 are refused before they are split")
		}
		if problem := broken(text, knowledge.Split(text)); problem != "" {
			t.Error(problem)
		}
	})
}

// TestSplitRealDocuments runs over a policy that nobody wrote for this splitter.
func TestSplitRealDocuments(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "shared", "data", "*", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("the shared data sets are not beside the repository")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if problem := broken(string(data), knowledge.Split(string(data))); problem != "" {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
	}
}
