package knowledge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

// parse reads a file as the ingest does that hands over its text unchanged.
func parse(name, text, fallback string) ([]knowledge.Parsed, error) {
	e := knowledge.Extracted{Body: text, Format: knowledge.FormatMarkdown}
	if strings.HasSuffix(strings.ToLower(name), ".csv") {
		e.Format = knowledge.FormatFAQ
	}
	return knowledge.Parse(name, e, knowledge.Meta{}, fallback)
}

// of is the Meta of a document for customers.
func of(title, locale string) knowledge.Meta {
	return knowledge.Meta{Title: title, Locale: locale, Audience: knowledge.AudienceCustomer}
}

func TestParseMarkdown(t *testing.T) {
	t.Parallel()
	spanish := "El pedido llega en dos días y se puede devolver en un mes sin coste para el cliente, con su factura."
	tests := []struct {
		name, file, text, fallback string
		want                       knowledge.Meta
		suffix                     string
		chunks                     []piece
	}{
		{"folder", "shop/es/envios.md", "# Envíos\n\nYa.", "", of("Envíos", "es"), "", []piece{{"Envíos", "Ya."}}},
		{"innermost folder", "en/shop/ES/x.md", "Ya.", "", of("x", "es"), "", []piece{{"", "Ya."}}},
		{"suffix", "shop/returns.en.md", "Soon.", "es", of("returns", "en"), "", []piece{{"", "Soon."}}},
		{"default", "shop/returns.md", "Pronto.", "es", of("returns", "es"), "@es", []piece{{"", "Pronto."}}},
		{"by its words", "shop/x.md", spanish, "", of("x", "es"), "@es", []piece{{"", spanish}}},
		{"its words before the default", "shop/x.md", spanish, "pt", of("x", "es"), "@es", []piece{{"", spanish}}},
		{
			"front matter", "shop/en/x.markdown", "---\ntitle: \"Plazos: todos\"\n# a comment: here\nLang: es_MX\n---\n# Otro\n\nYa.", "",
			of("Plazos: todos", "es-mx"), "@es-mx",
			[]piece{{"Otro", "Ya."}},
		},
		{"same language in front matter", "shop/en/x.md", "---\nlocale: en\n---\nSoon.", "", of("x", "en"), "", []piece{{"", "Soon."}}},
		{
			"a name of its own", "shop/x.md", "---\nid: devoluciones\nlocale: es\n---\nYa.", "",
			knowledge.Meta{ID: "devoluciones", Title: "x", Locale: "es", Audience: knowledge.AudienceCustomer},
			"",
			[]piece{{"", "Ya."}},
		},
		{"a rule is no front matter", "es/x.md", "---\n\nA\n\n---\n\nB\n", "", of("x", "es"), "", []piece{{"", "---\n\nA\n\n---\n\nB"}}},
		{"a rule above a pair", "es/x.md", "---\nnota: A\n\nB\n", "", of("x", "es"), "", []piece{{"", "---\nnota: A\n\nB"}}},
		{"deeper heading is no title", "es/x.md", "## A\n\nB\n", "", of("x", "es"), "", []piece{{"A", "B"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := parse(test.file, test.text, test.fallback)
			if err != nil || len(parsed) != 1 {
				t.Fatalf("%d documents, %v", len(parsed), err)
			}
			if diff := cmp.Diff(test.chunks, pieces(parsed[0].Chunks)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
			parsed[0].Chunks = nil
			want := knowledge.Parsed{Meta: test.want, Suffix: test.suffix, Body: test.text, Format: knowledge.FormatMarkdown}
			if diff := cmp.Diff(want, parsed[0]); diff != "" {
				t.Errorf("document (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParsePrecedence: what a document says of itself counts more than what its export
// says, that more than the listing, and that more than the path.
func TestParsePrecedence(t *testing.T) {
	t.Parallel()
	e := knowledge.Extracted{
		Name: "articles/es/7", Body: "---\ntitle: Suyo\nvalid_to: 2026-12-31\n---\n# Otro\n\nYa.", Format: knowledge.FormatMarkdown,
		Meta: knowledge.Meta{Title: "Del export", Approver: "Ana", Markets: []string{"pt", "es"}},
	}
	base := knowledge.Meta{Title: "Del manifiesto", Approver: "Luis", Audience: knowledge.AudienceAgent, ValidFrom: "2026-01-01", Tags: []string{"Envíos"}}
	got, err := knowledge.Parse("export.en.json", e, base, "fr")
	if err != nil {
		t.Fatal(err)
	}
	want := knowledge.Meta{
		Title: "Suyo", Locale: "es", Audience: knowledge.AudienceAgent, Markets: []string{"ES", "PT"},
		ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Approver: "Ana", Tags: []string{"envíos"},
	}
	if diff := cmp.Diff(want, got[0].Meta); diff != "" {
		t.Errorf("Meta (-want +got):\n%s", diff)
	}
	base.ValidFrom = "2027-01-01"
	if _, err := knowledge.Parse("export.en.json", e, base, ""); err == nil || !strings.Contains(err.Error(), "valid_from 2027-01-01 is after valid_to 2026-12-31") {
		t.Errorf("days in the wrong order: %v", err)
	}
}

// TestParseAside: what a format says by the way counts less than the manifest and the
// path, and more than the words of the text, its heading and the default.
func TestParseAside(t *testing.T) {
	t.Parallel()
	const english = "This is the way in which it was and has been done by them for all of you, with what they have."
	page := knowledge.Meta{ID: "ignored", Title: "Ayuda", Locale: "pt", Audience: knowledge.AudienceAgent}
	tests := map[string]struct {
		name, body, locale string
		base, want         knowledge.Meta
		suffix             string
	}{
		"the format":       {"shop/x.html", "# Otro\n\n" + english, "es", knowledge.Meta{}, knowledge.Meta{Title: "Ayuda", Locale: "pt", Audience: "agent"}, "@pt"},
		"the folder":       {"shop/es/x.html", english, "", knowledge.Meta{}, knowledge.Meta{Title: "Ayuda", Locale: "es", Audience: "agent"}, ""},
		"the file's name":  {"shop/x.en.html", "Ya.", "", knowledge.Meta{}, knowledge.Meta{Title: "Ayuda", Locale: "en", Audience: "agent"}, ""},
		"the manifest":     {"shop/es/x.html", "Ya.", "", knowledge.Meta{Title: "Suyo", Locale: "en", Audience: "customer"}, knowledge.Meta{Title: "Suyo", Locale: "en", Audience: "customer"}, "@en"},
		"its front matter": {"shop/es/x.html", "---\nlang: fr\ntitle: Propio\n---\nYa.", "", knowledge.Meta{Title: "Suyo", Locale: "en"}, knowledge.Meta{Title: "Propio", Locale: "fr", Audience: "agent"}, "@fr"},
	}
	for name, test := range tests {
		e := knowledge.Extracted{Body: test.body, Aside: page, Format: knowledge.FormatMarkdown}
		got, err := knowledge.Parse(test.name, e, test.base, test.locale)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, got[0].Meta); diff != "" || got[0].Suffix != test.suffix {
			t.Errorf("%s: suffix %q, Meta (-want +got):\n%s", name, got[0].Suffix, diff)
		}
	}
}

// TestParseOffsets: offsets count from the start of the file, front matter
// included.
func TestParseOffsets(t *testing.T) {
	t.Parallel()
	text := "---\ntitle: Envíos\n---\n# Plazos\n\nDos días.\n\n# Precios\n\nGratis.\n"
	parsed, err := parse("es/x.md", text, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range parsed[0].Chunks {
		got = append(got, text[c.Start:c.End])
	}
	if diff := cmp.Diff([]string{"# Plazos\n\nDos días.", "# Precios\n\nGratis."}, got); diff != "" {
		t.Errorf("ranges (-want +got):\n%s", diff)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, text, want string }{
		{"empty", "es/x.md", "", "the document is empty"},
		{"blank", "es/x.md", "\u00a0 \n", "the document is empty"},
		{"front matter alone", "es/x.md", "---\ntitle: A\n---\n", "the document is empty"},
		{"latin-1", "es/x.md", "Envíos\nDevoluci\xf3n\n", "line 2: not valid UTF-8; save the file as UTF-8"},
		{"no language", "x.md", "Hola", "no language: put "},
		{"a wrong language", "x.md", "---\nlocale: Spanish!\n---\nHola", `front matter, line 2: "Spanish!" is not a language such as es or en`},
		{"a long language", "x.md", "---\nlocale: spanish\n---\nHola", `front matter, line 2: "spanish" is not a language such as es or en`},
		{"table without a question", "es/x.csv", "preguntas,answer\na,b\n", `line 1: the header has no column "question"; it must name question, answer and locale`},
		{"table without an answer", "es/x.csv", "question;respuestas\na;b\n", `line 1: the header has no column "answer"`},
		{"column named twice", "es/x.csv", "question,answer,Question\na,b,c\n", `line 1, column 3: the header names "Question" twice`},
		{"header alone", "es/x.csv", "question,answer\n", "no rows below the header: the document is empty"},
		{"empty question", "es/x.csv", "question,answer\na,b\n ,c\n", "line 3, column 1: the question is empty"},
		{"short row", "es/x.csv", "question,answer\na,b\n\nc\n", "line 4, column 2: the answer is empty"},
		{"two names for one column", "es/x.csv", "question,answer,lang,idioma\na,b,es,es\n", `line 1, column 4: the header names "idioma" twice`},
		{"endless question", "es/x.csv", "question,answer\n" + words(300, "cuánto") + ",b\n", "line 2, column 1: the question is too long; ask it in a sentence"},
		{"no language column", "x.csv", "question,answer\na,b\n", "no language: add a column locale"},
		{"a wrong day in a row", "es/x.csv", "question,answer,valid_to\na,b,31/12/2026\n", `line 2: valid_to "31/12/2026" is not a day: write it as 2026-01-31`},
		{"days in the wrong order", "es/x.csv", "question,answer,valid_from,valid_to\na,b,,\nc,d,2026-02-01,2026-01-01\n", "line 3: valid_from 2026-02-01 is after valid_to 2026-01-01"},
		{"no language in a row", "x.csv", "question,answer,locale\na,b,\n", "line 2: the locale is empty"},
		{"wrong language in a row", "x.csv", "question,answer,locale\na,b,es\nc,d,¿?\n", `line 3: "¿?" is not a language such as es or en`},
		{"open quote", "es/x.csv", "question,answer\na,\"b\nc,d\n", `record on line 2; parse error on line 3`},
		{"latin-1 table", "es/x.csv", "question,answer\nqu\xe9,b\n", "line 2: not valid UTF-8"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := parse(test.file, test.text, "")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, %v; want an error with %q", parsed, err, test.want)
			}
		})
	}
}

// FuzzParse: whatever the text, there is an error or documents that an index takes, and
// that come out the same when what is stored of them is parsed again.
func FuzzParse(f *testing.F) {
	f.Add("es/a.md", "---\ntitle: A\n---\n# B\n\nc", "")
	f.Add("a.csv", "question,answer,locale\na,b,es\n", "en")
	f.Add("a.csv", "question;answer\n\"a\";b\n", "es")
	f.Add("a.csv", "answer,question,tags,valid_to\n\"a \"\"b\"\"\nc\",d,\"x,y\",2026-01-01\n\n \"e\" , f ,,\n", "es")
	f.Add("a.csv", "question,answer\na,\""+strings.Repeat("Uno \"\"dos\"\". ", 300)+"\"\n", "es")
	f.Add("en/a.md", "---\n: x\n---\n\n\n", "")
	f.Add("a.md", "---\ntitle: A\n---\nx", " ")
	f.Add("a.md", "---\nlang: [es]\nmarkets: {a: b}\n---\nx", "")
	f.Fuzz(func(t *testing.T, name, text, fallback string) {
		if strings.TrimSpace(name) == "" || strings.ContainsRune(text, '\r') {
			t.Skip("sources have names, and an Extractor makes line ends plain")
		}
		parsed, err := parse(name, text, fallback)
		if (err == nil) != (len(parsed) > 0) {
			t.Fatalf("%d documents with the error %v", len(parsed), err)
		}
		if problem := unsound(name, parsed); problem != "" {
			t.Error(problem)
		}
	})
}

// unsound says what is wrong with documents, or nothing: the promises of Parse that hold
// for every text.
func unsound(name string, parsed []knowledge.Parsed) string {
	suffixes := map[string]bool{}
	for _, p := range parsed {
		if p.Locale == "" || p.Title == "" || knowledge.CountTokens(p.Title) > maxTitle || p.Audience == "" ||
			len(p.Chunks) == 0 || suffixes[p.Suffix] {
			return fmt.Sprintf("a document that no index takes: %+v", p)
		}
		suffixes[p.Suffix] = true
		if problem := brokenDocument(p); problem != "" {
			return problem
		}
		again, err := knowledge.Parse(name+p.Suffix, knowledge.Extracted{Body: p.Body, Format: p.Format, Meta: p.Meta}, knowledge.Meta{}, "")
		if err != nil || len(again) != 1 {
			return fmt.Sprintf("parsed again: %d documents, %v", len(again), err)
		}
		again[0].Suffix = p.Suffix // the names are no longer those of the source
		if diff := cmp.Diff(p, again[0]); diff != "" {
			return "parsed again (-before +after):\n" + diff
		}
	}
	return ""
}

// brokenDocument holds the chunks of a document to what Split promises; the header of a
// table and front matter are no passages.
func brokenDocument(p knowledge.Parsed) string {
	first := p.Chunks[0].Start
	if p.Format == knowledge.FormatMarkdown {
		if !strings.HasPrefix(p.Body, "---\n") && lost(p.Body[:first]) {
			return fmt.Sprintf("%q at the start is lost", p.Body[:first])
		}
		shifted := slices.Clone(p.Chunks)
		for i := range shifted {
			shifted[i].Start, shifted[i].End = shifted[i].Start-first, shifted[i].End-first
		}
		return broken(p.Body[first:], shifted)
	}
	at := first
	for i, c := range p.Chunks {
		switch {
		case c.Seq != i || c.Question == "" || strings.TrimSpace(c.Text) == "":
			return fmt.Sprintf("passage %d: %+v", i, c)
		case c.Start < at || c.End <= c.Start || c.End > len(p.Body) || lost(p.Body[at:c.Start]):
			return fmt.Sprintf("passage %d has the range %d to %d after %d of %d", i, c.Start, c.End, at, len(p.Body))
		case knowledge.CountTokens(knowledge.PromptText(c)) > maxTokens:
			return fmt.Sprintf("passage %d has %d tokens", i, knowledge.CountTokens(knowledge.PromptText(c)))
		}
		at = c.End
	}
	if lost(p.Body[at:]) {
		return fmt.Sprintf("%q at the end is lost", p.Body[at:])
	}
	return ""
}

// TestParseShortensTitles: whoever says it, a title is no longer than a heading, for it
// stands in front of every passage.
func TestParseShortensTitles(t *testing.T) {
	t.Parallel()
	offers, code := strings.Repeat("oferta ", 2000), strings.Repeat("GVzdKw", 400)
	short := strings.TrimSpace(strings.Repeat("oferta ", 29)) + "…"
	for name, c := range map[string]struct {
		e    knowledge.Extracted
		base knowledge.Meta
		file string
		want string
	}{
		"in front matter":   {knowledge.Extracted{Body: "---\ntitle: " + offers + "\n---\nYa."}, knowledge.Meta{}, "es/x.md", short},
		"of the extractor":  {knowledge.Extracted{Body: "Ya.", Aside: knowledge.Meta{Title: offers}}, knowledge.Meta{}, "es/x.md", short},
		"of the listing":    {knowledge.Extracted{Body: "Ya."}, knowledge.Meta{Title: offers}, "es/x.md", short},
		"in a column":       {knowledge.Extracted{Body: "pregunta,respuesta,titulo\nA,B," + offers, Format: knowledge.FormatFAQ}, knowledge.Meta{}, "es/x.csv", short},
		"the file's name":   {knowledge.Extracted{Body: "Ya."}, knowledge.Meta{}, "es/" + offers + ".md", short},
		"without spaces":    {knowledge.Extracted{Body: "Ya."}, knowledge.Meta{Title: code}, "es/x.md", code[:66] + "…"},
		"long, and allowed": {knowledge.Extracted{Body: "Ya."}, knowledge.Meta{Title: short}, "es/x.md", short},
	} {
		parsed, err := knowledge.Parse(c.file, c.e, c.base, "")
		if err != nil || len(parsed) != 1 {
			t.Errorf("%s: %d documents, %v", name, len(parsed), err)
			continue
		}
		if got := parsed[0].Title; got != c.want {
			t.Errorf("%s: %.300q, want %q", name, got, c.want)
		}
		if problem := unsound(c.file, parsed); problem != "" {
			t.Errorf("%s: %.300s", name, problem)
		}
	}
}

// TestParseAgain: a rebuild makes of what is stored what the ingest made of the source.
func TestParseAgain(t *testing.T) {
	t.Parallel()
	long := "---\ntitle: " + strings.Repeat("¿Uno, dos? ", 30) + "\n---\n"
	rapid.Check(t, func(t *rapid.T) {
		text := markdown().Draw(t, "text")
		matter := rapid.SampledFrom([]string{"", "---\ntitle: Uno\nlang: en\n---\n", long, "---\naudience: agente\ntags: [b, a]\nvalid_to: 2026-01-01\n---\n"}).Draw(t, "matter")
		parsed, err := parse("es/x.md", matter+strings.ReplaceAll(text, "\r\n", "\n"), "")
		if err != nil && !strings.Contains(err.Error(), "empty") && !strings.Contains(err.Error(), "front matter") {
			t.Fatal(err)
		}
		if problem := unsound("es/x.md", parsed); problem != "" {
			t.Fatal(problem)
		}
	})
}
