package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

// wordParts are the parts that Word writes beside the text, with Spanish style IDs.
var wordParts = []part{
	{"word/styles.xml", `<w:styles ` + wordSpace + `><w:docDefaults><w:rPrDefault><w:rPr><w:lang w:val="en-US"/></w:rPr></w:rPrDefault></w:docDefaults>
<w:style w:type="paragraph" w:styleId="Ttulo"><w:name w:val="Title"/></w:style>
<w:style w:type="paragraph" w:styleId="Ttulo1"><w:name w:val="heading 1"/></w:style>
<w:style w:type="paragraph" w:styleId="Ttulo2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Propio"><w:name w:val="Apartado"/><w:basedOn w:val="Ttulo2"/></w:style>
<w:style w:type="paragraph" w:styleId="Nivel"><w:name w:val="Nivel"/><w:pPr><w:outlineLvl w:val="2"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="Vieta"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr></w:pPr></w:style></w:styles>`},
	{"word/numbering.xml", `<w:numbering ` + wordSpace + `><w:abstractNum w:abstractNumId="10"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
<w:abstractNum w:abstractNumId="11"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl></w:abstractNum>
<w:num w:numId="1"><w:abstractNumId w:val="10"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="11"/></w:num></w:numbering>`},
	{"word/_rels/document.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="https://a.example/plazos" TargetMode="External"/>
<Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="javascript:x()" TargetMode="External"/></Relationships>`},
	{"word/footnotes.xml", `<w:footnotes ` + wordSpace + `><w:footnote w:type="separator" w:id="-1">` + para("", "raya") + `</w:footnote><w:footnote w:id="2">` + para("", "Salvo festivos.") + `</w:footnote></w:footnotes>`},
	{"docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Normas de la tienda</dc:title><dc:language>es-ES</dc:language></cp:coreProperties>`},
}

func numbered(list, level int, text string) string {
	return fmt.Sprintf(`<w:p><w:pPr><w:numPr><w:ilvl w:val="%d"/><w:numId w:val="%d"/></w:numPr></w:pPr><w:r><w:t>%s</w:t></w:r></w:p>`, level, list, text)
}

func TestWord(t *testing.T) {
	t.Parallel()
	body := para("Ttulo", "Devoluciones") + para("Ttulo1", "Plazos &amp; costes") +
		`<w:p><w:r><w:t xml:space="preserve">Tienes </w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>30 días</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>` +
		`<w:del><w:r><w:delText>15 días</w:delText></w:r></w:del><w:ins><w:r><w:t xml:space="preserve"> desde</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>oculto</w:t></w:r>` +
		`<w:r><w:t xml:space="preserve"> la entrega: </w:t></w:r><w:hyperlink r:id="rId1"><w:r><w:t>los plazos</w:t></w:r></w:hyperlink><w:hyperlink r:id="rId2"><w:r><w:t>, todos</w:t></w:r></w:hyperlink><w:r><w:t>.</w:t></w:r></w:p>` +
		para("Propio", "Lo que no") + para("Vieta", "Piercings") + numbered(1, 1, "y pendientes") + para("Vieta", "Bañadores") + para("Nivel", "Pasos") +
		numbered(2, 0, "Pide") + numbered(2, 0, "Envía") + para("", "Y ya está.") +
		`<w:tbl><w:tr><w:tc>` + para("", "Zona") + `</w:tc><w:tc>` + para("", "Plazo") + `</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>` + para("", "Islas") + `</w:tc><w:tc>` + para("", "45 días") + para("", "o más") +
		`</w:tc></w:tr><w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc><w:tc>` + para("", "a|b") + `</w:tc></w:tr></w:tbl>` +
		`<w:tbl><w:tr><w:tc>` + para("", "Un recuadro") + `</w:tc></w:tr></w:tbl>` +
		`<w:p><w:r><mc:AlternateContent xmlns:mc="x"><mc:Choice><w:txbxContent>` + para("", "En un cuadro") + `</w:txbxContent></mc:Choice><mc:Fallback><w:txbxContent>` + para("", "En un cuadro") + `</w:txbxContent></mc:Fallback></mc:AlternateContent></w:r><w:r><w:t>Fin</w:t><w:tab/><w:t>aquí</w:t><w:br/><w:t>ya</w:t></w:r></w:p>`
	want := knowledge.Extracted{
		Aside: knowledge.Meta{Title: "Normas de la tienda", Locale: "es-es"}, Format: knowledge.FormatMarkdown,
		Body: `# Devoluciones

# Plazos & costes

Tienes 30 días[^footnote2] desde la entrega: [los plazos](https://a.example/plazos), todos.

## Lo que no

- Piercings
   - y pendientes
- Bañadores

### Pasos

1. Pide
2. Envía

Y ya está.

| Zona | Plazo |
| --- | --- |
| Islas | 45 días<br>o más |
| Islas | a\|b |

Un recuadro

En un cuadro

Fin aquí
ya

[^footnote2]: Salvo festivos.
`,
	}
	if diff := cmp.Diff(want, one(t, "NORMAS.DOCX", "", newDOCX(t, body, wordParts...))); diff != "" {
		t.Error(diff)
	}
}

// TestWordWithoutStyles takes short strong paragraphs for headings, as people write
// who know no styles, and the language that most of the text has.
func TestWordWithoutStyles(t *testing.T) {
	t.Parallel()
	run := func(properties, text string) string {
		return `<w:p><w:r><w:rPr>` + properties + `</w:rPr><w:t>` + text + `</w:t></w:r></w:p>`
	}
	got := one(t, "a.docx", "", newDOCX(t, run("<w:b/>", "Envíos")+run(`<w:lang w:val="es-MX"/>`, "Tardan dos días en llegar.")+run(`<w:b w:val="0"/>`, "Nada más")))
	if want := "## Envíos\n\nTardan dos días en llegar.\n\nNada más\n"; got.Body != want || got.Aside.Locale != "es-mx" {
		t.Errorf("%+v", got)
	}
}

// TestWordWithoutStylesPart keeps headings by what Word, LibreOffice and Google call
// their styles, when the part that says so is missing or does not know the style.
func TestWordWithoutStylesPart(t *testing.T) {
	t.Parallel()
	outlined := `<w:p><w:pPr><w:outlineLvl w:val="1"/></w:pPr><w:r><w:t>Costes</w:t></w:r></w:p>`
	for name, test := range map[string]struct{ body, want string }{
		"English":       {para("Heading1", "A") + para("Heading2", "B") + para("Heading9", "C"), "# A\n\n## B\n\n###### C"},
		"Spanish":       {para("Ttulo1", "A") + para("Título2", "B") + para("Título 3", "C"), "# A\n\n## B\n\n### C"},
		"as it is said": {para("heading 1", "A") + para("Titulo2", "B") + para("Encabezado3", "C"), "# A\n\n## B\n\n### C"},
		"a title":       {para("Title", "A") + para("Ttulo", "B") + para("Título", "C"), "# A\n\n# B\n\n# C"},
		"an outline":    {outlined, "## Costes"},
		"others":        {para("Heading", "A") + para("Heading0", "B") + para("Ttulo1Car", "C") + para("Subttulo", "D"), "A\n\nB\n\nC\n\nD"},
	} {
		for part, parts := range map[string][]part{"missing": nil, "of others": wordParts[:1]} {
			if name == "Spanish" && parts != nil || name == "a title" && parts != nil {
				continue // it knows those
			}
			got := one(t, "a.docx", "", newDOCX(t, test.body+para("", "Ya."), parts...))
			if want := test.want + "\n\nYa.\n"; got.Body != want {
				t.Errorf("%s, styles %s: %q, want %q", name, part, got.Body, want)
			}
		}
	}
	// A style that the part knows is what the part says.
	styles := part{"word/styles.xml", `<w:styles ` + wordSpace + `><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="Quote"/></w:style></w:styles>`}
	if got := one(t, "a.docx", "", newDOCX(t, para("Heading1", "A"), styles)); got.Body != "A\n" {
		t.Errorf("%q", got.Body)
	}
}

func TestWrongWord(t *testing.T) {
	if testing.Short() {
		t.Skip("unpacks hundreds of megabytes")
	}
	t.Parallel()
	whole := newDOCX(t, para("", strings.Repeat("hola ", 2000)))
	bomb := newDOCX(t, "<w:p><w:r><w:t>"+strings.Repeat(" ", 140<<20)+"</w:t></w:r></w:p>")
	for name, test := range map[string]struct {
		data []byte
		want string
	}{
		"no text":         {newDOCX(t, "<w:p/>"), "empty"},
		"a zip of others": {[]byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "no Word file"},
		"cut":             {whole[:len(whole)/2], "is broken"},
		"broken XML":      {newDOCX(t, "<w:p><w:r>"), "document.xml"},
		"nested deep":     {newDOCX(t, strings.Repeat("<w:sdt>", 3000)), "nested too deep"},
		"a bomb":          {bomb, "too much text"},
		"far too long":    {newDOCX(t, para("", strings.Repeat("palabra ", 3<<20))), "too much text"},
		"many paragraphs": {newDOCX(t, strings.Repeat(para("", "a"), 300_000)), "too much text"},
		"an old one":      {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + strings.Repeat("\x00", 600)), "before 2007"},
		"a page":          {[]byte("<html>hola</html>"), "no Word file"},
	} {
		if len(test.data) > 4<<20 {
			t.Errorf("%s: the file has %d bytes", name, len(test.data))
		}
		if got := refusal(t, "a.docx", "", test.data); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q does not say %q", name, got, test.want)
		}
	}
}

// TestWideWordTables wants the size of a table to follow that of the file.
func TestWideWordTables(t *testing.T) {
	t.Parallel()
	cell := `<w:tc><w:tcPr><w:gridSpan w:val="99"/></w:tcPr>` + para("", "a") + `</w:tc>`
	data := `<w:tbl><w:tr>` + strings.Repeat(cell, 500) + `</w:tr>` + strings.Repeat(`<w:tr><w:tc>`+para("", "b")+`</w:tc></w:tr>`, 3000) + `</w:tbl>`
	got := one(t, "a.docx", "", newDOCX(t, data))
	if len(got.Body) > 4*len(data) || strings.Count(got.Body, "a") != 500 || strings.Count(got.Body, "b") != 3000 {
		t.Errorf("%d bytes became %d, with %d and %d cells", len(data), len(got.Body), strings.Count(got.Body, "a"), strings.Count(got.Body, "b"))
	}
}

// TestNoWordOfWordIsLost builds documents of known parts: all words come out, in
// order.
func TestNoWordOfWordIsLost(t *testing.T) {
	t.Parallel()
	forms := []func(string) string{
		func(w string) string { return para("", w) }, func(w string) string { return para("Ttulo1", w) }, func(w string) string { return numbered(2, 0, w) },
		func(w string) string {
			return `<w:tbl><w:tr><w:tc>` + para("", w) + `</w:tc><w:tc><w:p/></w:tc></w:tr></w:tbl>`
		},
		func(w string) string { return `<w:sdt><w:sdtContent>` + para("Vieta", w) + `</w:sdtContent></w:sdt>` },
		func(w string) string {
			return `<w:tbl><w:tr><w:tc><w:tbl><w:tr><w:tc>` + para("", w) + `</w:tc></w:tr></w:tbl></w:tc></w:tr></w:tbl>`
		},
		func(w string) string {
			return `<w:p><w:hyperlink r:id="rId1"><w:r><w:t>` + w + `</w:t></w:r></w:hyperlink></w:p>`
		},
	}
	e := newExtractor(t, extract.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		var body strings.Builder
		n := rapid.IntRange(1, 10).Draw(rt, "n")
		for i := range n {
			body.WriteString(rapid.SampledFrom(forms).Draw(rt, "form")(fmt.Sprintf("palabra%dñ", i)))
		}
		got, err := e.Extract(t.Context(), "a.docx", knowledge.File{Data: newDOCX(t, body.String(), wordParts[:3]...)})
		if err != nil {
			rt.Fatal(err)
		}
		rest := got[0].Body
		for i := range n {
			_, after, ok := strings.Cut(rest, fmt.Sprintf("palabra%dñ", i))
			if !ok {
				rt.Fatalf("word %d is not in its place:\n%s", i, got[0].Body)
			}
			rest = after
		}
	})
}
