package knowledge_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
)

func TestFrontMatter(t *testing.T) {
	t.Parallel()
	full := knowledge.Meta{
		ID: "dev-1", Title: "Devoluciones", Locale: "es-mx", Audience: knowledge.AudienceAgent, Markets: []string{"ES", "MX"},
		ValidFrom: "2026-01-01", ValidTo: "2026-12-31", Approver: "Ana Ruiz", Tags: []string{"cambios", "ropa de baño"},
	}
	plain := of("x", "es")
	with := func(change func(*knowledge.Meta)) knowledge.Meta {
		m := plain
		change(&m)
		return m
	}
	tests := []struct {
		name, matter string
		want         knowledge.Meta
	}{
		{
			"in English", "id: dev-1\ntitle: Devoluciones\nlocale: es-MX\naudience: agents\nmarkets: [mx, ES]\nvalid_from: 2026-01-01\n" +
				"valid_to: 2026-12-31\napprover: Ana Ruiz\ntags:\n  - Ropa de baño\n  - cambios\n  - Cambios\n", full,
		},
		{
			"in Spanish", "ID: dev-1\nTítulo: 'Devoluciones'\nidioma: es_mx\npúblico: Agente\nmercados: es, mx ES\nválido_desde: 2026-01-01\n" +
				"válido-hasta: \"2026-12-31\"\nResponsable: Ana Ruiz\netiquetas: cambios; Ropa de baño\n", full,
		},
		{
			"as tables have it", "identificador: dev-1\ndocumento: Devoluciones\nlengua: ES_MX\ndestinatarios: Equipo\npaíses: es; MX\nVigente desde: 2026-01-01\n" +
				"expires: 2026-12-31\naprobado-por: Ana Ruiz\nlabels: [cambios, Ropa de baño]\n", full,
		},
		{"until a day", "valid_until: 2026-12-31\ncountry: fr\nidioma: es\n", with(func(m *knowledge.Meta) { m.ValidTo, m.Markets = "2026-12-31", []string{"FR"} })},
		{"what others write", "layout: page\nweight: 3\nauthor: {name: Ana}\ntags: []\ntitle:\ndraft: false\n", plain},
		{"a number for a title", "title: 404\n", with(func(m *knowledge.Meta) { m.Title = "404" })},
		{"a text of several lines", "title: |\n  Uno\n  dos\ntags: >\n  a,\n  b\n", with(func(m *knowledge.Meta) { m.Title, m.Tags = "Uno dos", []string{"a", "b"} })},
		{"Norway", "market: no\n", with(func(m *knowledge.Meta) { m.Markets = []string{"NO"} })},
		{"comments", "# title: A\ntitle: B # C\n", with(func(m *knowledge.Meta) { m.Title = "B" })},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := parse("es/x.md", "---\n"+test.matter+"---\nYa.\n", "")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, parsed[0].Meta); diff != "" {
				t.Errorf("Meta (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]piece{{"", "Ya."}}, pieces(parsed[0].Chunks)); diff != "" {
				t.Errorf("chunks (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFrontMatterErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, matter, want string }{
		{"a colon in a value", "id: a\ntitle: Plazos: todos\n", "front matter, line 3: not readable as YAML: "},
		{"a tab", "id: a\n\ttitle: b\n", "not readable as YAML"},
		{"a key twice", "title: a\ntitle: b\n", "front matter, line 3: not readable as YAML: "},
		{"an open quote", "title: \"a\nid: b\n", "not readable as YAML"},
		{"an audience nobody is", "title: a\naudience: everyone\n", `front matter, line 3: audience "everyone" is not known: write customer or agent`},
		{"a market that is none", "markets: [ES, Spain]\n", `front matter, line 2: market "SPAIN" is not a country: write two letters such as ES or MX`},
		{"a region that is no country", "market: \"419\"\n", `market "419" is not a country`},
		{"a day that is none", "valid_from: 2026-02-30\n", `front matter, line 2: valid_from "2026-02-30" is not a day: write it as 2026-01-31`},
		{"days in the wrong order", "valid_from: 2026-02-01\nvalid_to: 2026-01-01\n", "valid_from 2026-02-01 is after valid_to 2026-01-01"},
		{"a mapping for a text", "approver: {name: Ana}\n", "front matter, line 2: approver must be a text or a list of texts"},
		{"lists in a list", "tags: [[a], b]\n", "front matter, line 2: tags must be a text or a list of texts"},
		{"a mistyped key", "title: a\n# for us\naudiance: agent\n", `front matter, line 4: "audiance" is not known and looks like audience; write it so, or give it another name if it is something else`},
		{"a mistyped key in quotes", "\"válido hast\": 2026-01-01\n", `front matter, line 2: "válido hast" is not known and looks like válido_hasta`},
		{"a key in quotes", "'audience': everyone\n", `front matter, line 2: audience "everyone" is not known`},
		{"two names of one key", "valid_to: 2026-01-01\nexpires: 2027-01-01\n", `front matter, line 3: "expires" and "valid_to" both mean valid_to; keep one of them`},
		{"an alias", "layout: &x a\ntitle: *x\n", "front matter, line 3: title must be a text or a list of texts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := parse("es/x.md", "---\n"+test.matter+"---\nYa.\n", "")
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %+v, %v; want an error with %q", parsed, err, test.want)
			}
		})
	}
}

// TestFrontMatterIsBody: what only looks like front matter is not lost.
func TestFrontMatterIsBody(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"---\n# Solo: un comentario\n---\nYa.",
		"---\n- a: b\n- c\n---\nYa.",
		"---\nrelleno: A\n" + strings.Repeat("relleno: x\n", 10_000) + "---\nYa.",
	} {
		parsed, err := parse("es/x.md", text, "")
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
			continue
		}
		if problem := broken(text, parsed[0].Chunks); problem != "" {
			t.Errorf("%.40q: %s", text, problem)
		}
	}
}

// metas draws what people and exports say, clean or not.
func metas() *rapid.Generator[knowledge.Meta] {
	return rapid.Custom(func(t *rapid.T) knowledge.Meta {
		day := rapid.SampledFrom([]string{"", "2026-01-31", "2026-12-31"})
		text := rapid.SampledFrom([]string{"", "a", " Uno  dos "})
		return knowledge.Meta{
			ID: text.Draw(t, "id"), Title: text.Draw(t, "title"), Approver: text.Draw(t, "approver"),
			Locale:    rapid.SampledFrom([]string{"", "es", "es_MX", "EN"}).Draw(t, "locale"),
			Audience:  knowledge.Audience(rapid.SampledFrom([]string{"", "agent", "Clientes"}).Draw(t, "audience")),
			Markets:   rapid.SliceOfN(rapid.SampledFrom([]string{"ES", "mx", "gb", "uk", ""}), 0, 4).Draw(t, "markets"),
			ValidFrom: day.Draw(t, "from"), ValidTo: day.Draw(t, "to"),
			Tags: rapid.SliceOfN(rapid.SampledFrom([]string{"B", "a", "", "ñ, Ñ"}), 0, 4).Draw(t, "tags"),
		}
	})
}

func TestMetaProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m, base := metas().Draw(t, "m"), metas().Draw(t, "base")
		if diff := cmp.Diff(m, m.Over(m)); diff != "" {
			t.Fatalf("over itself (-want +got):\n%s", diff)
		}
		over := m.Over(base)
		for _, field := range [][3]string{
			{m.ID, base.ID, over.ID},
			{m.Title, base.Title, over.Title},
			{m.Locale, base.Locale, over.Locale},
			{string(m.Audience), string(base.Audience), string(over.Audience)},
			{m.ValidFrom, base.ValidFrom, over.ValidFrom},
			{m.ValidTo, base.ValidTo, over.ValidTo},
			{m.Approver, base.Approver, over.Approver},
			{strings.Join(m.Markets, "+"), strings.Join(base.Markets, "+"), strings.Join(over.Markets, "+")},
		} {
			if want := field[0]; field[2] != want && (want != "" || field[2] != field[1]) {
				t.Fatalf("%q over %q is %q", field[0], field[1], field[2])
			}
		}
		checked, err := m.Check()
		if err != nil {
			if m.ValidTo == "" || m.ValidFrom <= m.ValidTo {
				t.Fatalf("%+v: %v", m, err)
			}
			return
		}
		again, err := checked.Check()
		if diff := cmp.Diff(checked, again); diff != "" || err != nil {
			t.Fatalf("checked twice: %v (-once +twice):\n%s", err, diff)
		}
	})
}

func TestMetaCheck(t *testing.T) {
	t.Parallel()
	got, err := knowledge.Meta{Title: " A\n b ", Locale: "es_ES", Markets: []string{"uk", "ES", "GB"}, Tags: []string{"Envíos", "a"}}.Check()
	want := knowledge.Meta{Title: "A b", Locale: "es-es", Markets: []string{"ES", "GB"}, Tags: []string{"a", "envíos"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, m := range []knowledge.Meta{{Locale: "spanish"}, {Audience: "all"}, {Markets: []string{"XX1"}}, {ValidTo: "soon"}, {Markets: []string{"ZZ"}}} {
		if got, err := m.Check(); err == nil {
			t.Errorf("%+v passed as %+v", m, got)
		}
	}
}

// FuzzFrontMatter: no front matter ends the program or takes for ever, and errors fit
// on a line.
func FuzzFrontMatter(f *testing.F) {
	for _, seed := range []string{
		"title: a\ntags: [b, c]", "a: &x [*x]", "? a\n: b", "<<: *x", "!!binary a: b", "a: {b: [", "title: >-\n  a\n\n  b", "- a: b", "\"\\u0000\": a",
		"locale: ~", "a:\n- b\n -c", "%YAML 1.2\n--- \na: b", "title: !!str 1", "x: 0x1F\nid: 0o7", strings.Repeat("a: {", 200), strings.Repeat("[", 500) + ": a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, matter string) {
		if strings.ContainsRune(matter, '\r') {
			t.Skip("an Extractor makes line ends plain")
		}
		parsed, err := parse("es/x.md", "---\n"+matter+"\n---\nYa.\n", "")
		if err != nil && strings.ContainsAny(err.Error(), "\n") {
			t.Errorf("an error of several lines: %q", err)
		}
		if problem := unsound("es/x.md", parsed); problem != "" {
			t.Error(problem)
		}
	})
}
