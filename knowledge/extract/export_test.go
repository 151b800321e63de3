package extract_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/knowledge"
)

// zendesk is an answer of the Help Center API with what can be asked for beside the
// articles.
const zendesk = `{
 "count": 5, "next_page": null, "page": 1,
 "articles": [
  {"id": 4711, "url": "https://shop.zendesk.com/api/v2/help_center/es/articles/4711.json", "html_url": "https://shop.zendesk.com/hc/es/articles/4711",
   "title": "Cómo devolver", "name": "Cómo devolver", "locale": "es", "source_locale": "es", "draft": false, "section_id": 7,
   "label_names": ["Devoluciones", "envío"], "user_segment_id": null, "permission_group_id": 3, "updated_at": "2026-01-02T03:04:05Z",
   "body": "<p>Tienes <strong>30 días</strong>.</p><script>x()</script><ul><li>Pide la etiqueta</li></ul><a href=\"/hc/es/articles/1\">Plazos</a>",
   "translations": [
     {"id": 1, "locale": "es", "title": "Cómo devolver", "body": "<p>Tienes <strong>30 días</strong>.</p><a href=\"/hc/es/articles/1\">Plazos</a>", "draft": false, "html_url": "https://shop.zendesk.com/hc/es/articles/4711"},
     {"id": 2, "locale": "en-us", "title": "How to return", "body": "<p>You have 30 days.</p>", "draft": false, "html_url": "https://shop.zendesk.com/hc/en-us/articles/4711"},
     {"id": 3, "locale": "fr", "title": "Retours", "body": "<p>30 jours.</p>", "draft": true}
   ]},
  {"id": 4712, "title": "Borrador", "locale": "es", "draft": true, "body": "<p>Aún no.</p>"},
  {"id": 4713, "title": "Para el equipo", "locale": "es", "draft": false, "user_segment_id": 99, "body": "<p>Reembolsa a mano.</p>"},
  {"id": 4714, "title": "Para quien ha entrado", "locale": "es", "draft": false, "user_segment_id": 98, "body": "<p>Tu cuenta.</p>"},
  {"id": 4715, "title": "Vacío", "locale": "es", "draft": false, "body": "<p> </p>"},
  {"id": 4716, "title": "Sin cuerpo", "locale": "es", "draft": false, "body": null}
 ],
 "sections": [{"id": 7, "name": "Cambios", "category_id": 8, "parent_section_id": null}],
 "categories": [{"id": 8, "name": "Pedidos"}],
 "user_segments": [{"id": 98, "user_type": "signed_in_users", "built_in": true}, {"id": 99, "user_type": "staff", "built_in": true}]
}`

func TestZendesk(t *testing.T) {
	t.Parallel()
	texts, err := extractAll(t, "export/articles.json", "", []byte(zendesk))
	if err != nil {
		t.Fatal(err)
	}
	tags := []string{"cambios", "devoluciones", "envío", "pedidos"}
	want := []knowledge.Extracted{
		{
			Name: "articles/4711/es", Place: "https://shop.zendesk.com/hc/es/articles/4711", Meta: knowledge.Meta{Title: "Cómo devolver", Locale: "es", Tags: tags},
			Body: "# Cómo devolver\n\nTienes **30 días**.\n\n[Plazos](https://shop.zendesk.com/hc/es/articles/1)\n", Format: knowledge.FormatMarkdown,
		},
		{
			Name: "articles/4711/en-us", Place: "https://shop.zendesk.com/hc/en-us/articles/4711", Meta: knowledge.Meta{Title: "How to return", Locale: "en-us", Tags: tags},
			Body: "# How to return\n\nYou have 30 days.\n", Format: knowledge.FormatMarkdown,
		},
		{
			Name: "articles/4713/es", Meta: knowledge.Meta{Title: "Para el equipo", Locale: "es", Audience: knowledge.AudienceAgent},
			Body: "# Para el equipo\n\nReembolsa a mano.\n", Format: knowledge.FormatMarkdown,
		},
		{
			Name: "articles/4714/es", Meta: knowledge.Meta{Title: "Para quien ha entrado", Locale: "es"},
			Body: "# Para quien ha entrado\n\nTu cuenta.\n", Format: knowledge.FormatMarkdown,
		},
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
}

// intercom is a list of articles as the Articles API gives it.
const intercom = `{"type": "list", "total_count": 3, "pages": {"type": "pages", "page": 1, "total_pages": 1}, "data": [
 {"id": "39", "type": "article", "workspace_id": "w", "title": "Envíos", "description": "Cuánto tarda un pedido", "body": "<h2>Plazos</h2><p class=\"no-margin\">Dos días.</p>",
  "author_id": 1, "state": "published", "url": "https://ayuda.tienda.example/es/articles/39-envios", "default_locale": "es",
  "tags": {"type": "tag.list", "tags": [{"type": "tag", "id": "1", "name": "Envíos"}]},
  "translated_content": {"type": "article_translated_content",
    "es": {"type": "article_content", "title": "Envíos", "body": "<p>Dos días.</p>", "state": "published"},
    "en": {"type": "article_content", "title": "Shipping", "description": "", "body": "<p>Two days.</p>", "state": "published", "url": "https://ayuda.tienda.example/en/articles/39"},
    "pt-BR": {"type": "article_content", "title": "Envio", "body": "<p>Dois dias.</p>", "state": "draft"},
    "de": null}},
 {"id": "40", "type": "article", "title": "Pronto", "body": "<p>x</p>", "state": "draft", "url": null, "default_locale": "es"},
 {"id": 41, "type": "internal_article", "title": "Caja", "body": "<p>Cierra a las ocho.</p>", "locale": "es"}
]}`

func TestIntercom(t *testing.T) {
	t.Parallel()
	texts, err := extractAll(t, "intercom.json", "", []byte(intercom))
	if err != nil {
		t.Fatal(err)
	}
	want := []knowledge.Extracted{
		{
			Name: "articles/39/es", Place: "https://ayuda.tienda.example/es/articles/39-envios",
			Meta: knowledge.Meta{Title: "Envíos", Locale: "es", Tags: []string{"envíos"}},
			Body: "# Envíos\n\nCuánto tarda un pedido\n\n## Plazos\n\nDos días.\n", Format: knowledge.FormatMarkdown,
		},
		{
			Name: "articles/39/en", Place: "https://ayuda.tienda.example/en/articles/39",
			Meta: knowledge.Meta{Title: "Shipping", Locale: "en", Tags: []string{"envíos"}},
			Body: "# Shipping\n\nTwo days.\n", Format: knowledge.FormatMarkdown,
		},
		{
			Name: "articles/41/es", Meta: knowledge.Meta{Title: "Caja", Locale: "es", Audience: knowledge.AudienceAgent},
			Body: "# Caja\n\nCierra a las ocho.\n", Format: knowledge.FormatMarkdown,
		},
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
}

func TestExportForms(t *testing.T) {
	t.Parallel()
	article := `{"id":1,"title":"Uno","locale":"es","body":"<p>uno</p>"}`
	for name, data := range map[string]string{
		"one article": `{"article":` + article + `}`, "a list": `[` + article + `]`, "lines": article + "\n" + `{"id":2,"title":"Dos","draft":true,"body":"<p>dos</p>"}`,
		"pages": `{"articles":[` + article + `]}` + "\n" + `{"articles":[]}` + "\n" + `{"sections":[{"id":3,"name":"x"}]}`,
	} {
		if got := one(t, name+".json", "", []byte(data)); got.Name != "articles/1/es" || got.Body != "# Uno\n\nuno\n" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	twins, err := extractAll(t, "a.json", "", []byte(`[`+article+`,`+article+`,{"title":"sin id","body":"<p>x</p>"}]`))
	if err != nil || len(twins) != 3 || twins[1].Name != "articles/1/es/2" || twins[2].Name != "articles/line-1" {
		t.Errorf("%v %+v", err, twins)
	}
}

func TestWrongExports(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ data, want string }{
		"drafts alone":  {`{"articles":[{"id":1,"title":"x","draft":true,"body":"<p>a</p>"}]}`, "no article of the export is published; 1 are drafts"},
		"no articles":   {`{"articles":[]}`, "holds no articles"},
		"sections":      {`{"sections":[{"id":1,"name":"x"}]}`, "holds no articles"},
		"a mixture":     {"{\"title\":\"x\",\"body\":\"<p>a</p>\"}\n{\"question\":\"a\",\"answer\":\"b\"}", "line 2: neither an article"},
		"a wrong type":  {"{\"articles\":[\n{\"title\":7,\"body\":\"<p>a</p>\"}]}", "the article in line 2: title is a number"},
		"too deep HTML": {`{"articles":[{"id":1,"title":"x","body":"` + strings.Repeat("<div>", 600) + `a"}]}`, "the article in line 1: the HTML can't be read"},
	} {
		if got := refusal(t, "a.json", "", []byte(test.data)); !strings.Contains(got, test.want) {
			t.Errorf("%s: %q does not say %q", name, got, test.want)
		}
	}
}

const notionID = "8c14a3b7b53f4b908b0f8db1eaa2fb87"

func TestNotion(t *testing.T) {
	t.Parallel()
	page := "# Devoluciones\n\nEtiquetas: Envíos, Islas\nResponsable: Ana\nEstado: Publicado\nIdioma: Español\nVálido desde: January 5, 2026\nMercado: mx, ES\nPúblico: Agentes\n\n" +
		"Mira [los plazos](Plazos%20" + notionID + ".md) y [la web](https://a.example/" + notionID + ").\n\nNota: guarda el recibo.\n"
	want := knowledge.Extracted{
		Meta: knowledge.Meta{
			Locale: "es", Audience: knowledge.AudienceAgent, Markets: []string{"ES", "MX"}, ValidFrom: "2026-01-05",
			Approver: "Ana", Tags: []string{"envíos", "islas"},
		},
		Aside:  knowledge.Meta{Title: "Devoluciones"},
		Body:   "# Devoluciones\n\nEstado: Publicado\n\nMira los plazos y [la web](https://a.example/" + notionID + ").\n\nNota: guarda el recibo.\n",
		Format: knowledge.FormatMarkdown,
	}
	if diff := cmp.Diff(want, one(t, "Ayuda/Devoluciones "+notionID+".md", "", []byte(page))); diff != "" {
		t.Error(diff)
	}
	// The same lines in any other file are its text.
	if got := one(t, "Ayuda/Devoluciones.md", "", []byte(page)); got.Body != page || got.Aside.Title != "" {
		t.Errorf("%+v", got)
	}
	for name, text := range map[string]string{
		"a text that begins with a colon": "# Uno\n\nNota: esto es texto\nque sigue aquí.\n",
		"no title":                        "Etiquetas: x\n\ntexto\n",
		"no text":                         "# Uno\n",
	} {
		if got := one(t, "Uno "+notionID+".md", "", []byte(text)); got.Body != text || got.Aside.Title != "Uno" {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestNotionPagesAndTables(t *testing.T) {
	t.Parallel()
	page := `<html><head><title>Plazos</title></head><body><article id="x" class="page sans"><header><h1 class="page-title">Plazos</h1>
<table class="properties"><tbody><tr><th>Tipo</th><td>Norma</td></tr></tbody></table></header><div class="page-body">
<p>Dos días. <a href="Otra%20` + notionID + `.html">Otra</a></p><ul class="toggle"><li><details open=""><summary>¿Islas?</summary><p>Cinco.</p></details></li></ul></div></article></body></html>`
	got := one(t, "Plazos "+notionID+".html", "", []byte(page))
	wantParts(t, got.Body, "# Plazos", "Tipo", "Norma", "Dos días. Otra", "¿Islas?", "Cinco.")
	table := one(t, "Normas "+notionID+"_all.csv", "", []byte("Name,Tipo,Nota\nPlazos,Norma,\"uno\ndos\"\nCambios,,\n"))
	want := knowledge.Extracted{
		Aside: knowledge.Meta{Title: "Normas"}, Format: knowledge.FormatMarkdown,
		Body: "# Normas\n\n## Plazos\n\n- Tipo: Norma\n- Nota: uno\n  dos\n\n## Cambios\n\n",
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Error(diff)
	}
	faq := one(t, "FAQ "+notionID+".csv", "", []byte("Pregunta,Respuesta\na,b\n"))
	if faq.Aside.Title != "FAQ" || faq.Format != knowledge.FormatFAQ || faq.Body != "question,answer\na,b\n" {
		t.Errorf("%+v", faq)
	}
}

// TestNotionRows reads rows of a database, which are pages: what says for whom they are
// counts, in both forms of an export, and an answer is the text of its question.
func TestNotionRows(t *testing.T) {
	t.Parallel()
	markdown := one(t, "¿Hay tallas "+notionID+".md", "", []byte("# ¿Hay tallas?\n\nRespuesta: Sí, hasta la 54.\nAudience: Agent\nCountry: ES, PT\nExpires: January 5, 2026 10:00 AM\nEstado: Listo\n"))
	meta := knowledge.Meta{Audience: knowledge.AudienceAgent, Markets: []string{"ES", "PT"}, ValidTo: "2026-01-05"}
	if diff := cmp.Diff(meta, markdown.Meta); diff != "" || markdown.Body != "# ¿Hay tallas?\n\nSí, hasta la 54.\nEstado: Listo\n" {
		t.Errorf("%q %s", markdown.Body, diff)
	}
	row := func(key, value string) string {
		return "<tr><th><span>" + key + "</span></th><td>" + value + "</td></tr>"
	}
	page := one(t, "¿Hay tallas "+notionID+".html", "", []byte(`<html><body><article class="page sans"><header><h1 class="page-title">¿Hay tallas?</h1><table class="properties"><tbody>`+
		row("Respuesta", "Sí, hasta la <b>54</b>.")+row("Audience", `<span class="selected-value">Agent</span>`)+row("Country", `<span>ES</span><span>PT</span>`)+
		row("Expires", "<time>@January 5, 2026</time>")+row("Estado", "Listo")+`</tbody></table></header><div class="page-body"></div></article></body></html>`))
	if diff := cmp.Diff(meta, page.Meta); diff != "" {
		t.Error(diff)
	}
	wantParts(t, page.Body, "# ¿Hay tallas?", "Estado", "Listo", "Sí, hasta la **54**.")
	wantNone(t, page.Body, "Respuesta", "Agent", "Country", "2026")
	alone := one(t, "Uno "+notionID+".html", "", []byte(`<html><body><article><h1>Uno</h1><table class="properties"><tbody>`+row("Audience", "Todos")+`</tbody></table><p>Ya está.</p></article></body></html>`))
	if alone.Meta.Audience != knowledge.AudienceCustomer || strings.Contains(alone.Body, "|") {
		t.Errorf("%+v", alone)
	}
	// A value that nobody understands must not be taken for none.
	for _, property := range []string{"Audience: Staff", "Market: Spain", "Expires: soon"} {
		strange := one(t, "Uno "+notionID+".md", "", []byte("# Uno\n\n"+property+"\n\nYa está.\n"))
		if _, err := knowledge.Parse("es/uno.md", strange, knowledge.Meta{}, "es"); err == nil {
			t.Errorf("%s passes", property)
		}
	}
}

// TestNotionLinks leaves what customers can follow.
func TestNotionLinks(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		"[a](B%20" + notionID + ".md)": "a", "[a](B%20(2)%20" + notionID + ".md)": "a", "[a](B.pdf)": "a", "![a](B/a.png)": "", "[a](https://b.example/(c))": "[a](https://b.example/(c))",
		"[a](mailto:b@c.example)": "[a](mailto:b@c.example)", "[a](tel:+34600)": "[a](tel:+34600)", "[a](#b)": "[a](#b)", "![a](https://b.example/c.png)": "![a](https://b.example/c.png)",
	} {
		if got := one(t, "Uno "+notionID+".md", "", []byte("# Uno\n\nx"+link+"y\n")); got.Body != "# Uno\n\nx"+want+"y\n" {
			t.Errorf("%s: %q", link, got.Body)
		}
	}
}

// TestArticleTables reads articles as tables, which many programs make of help centres.
func TestArticleTables(t *testing.T) {
	t.Parallel()
	texts, err := extractAll(t, "articles.csv", "", []byte("Article ID,Title,Body,State,URL,Locale,Tags\n"+
		"39,Envíos,\"<h2>Plazos</h2><p>Dos días.</p>\",published,https://ayuda.example/es/39,es,\"envíos, islas\"\n"+
		"40,Pronto,<p>x</p>,draft,,es,\n,,,,,,\n41,Archivo,<p>x</p>,archived,,es,\n42,Returns,30 days.,,,en,\n"))
	want := []knowledge.Extracted{
		{
			Name: "articles/39/es", Place: "https://ayuda.example/es/39", Meta: knowledge.Meta{Title: "Envíos", Locale: "es", Tags: []string{"envíos", "islas"}},
			Body: "# Envíos\n\n## Plazos\n\nDos días.\n", Format: knowledge.FormatMarkdown,
		},
		{Name: "articles/42/en", Meta: knowledge.Meta{Title: "Returns", Locale: "en"}, Body: "# Returns\n\n30 days.\n", Format: knowledge.FormatMarkdown},
	}
	if diff := cmp.Diff(want, texts); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	// Zendesk's restriction and its drafts are kept in a table, too.
	segment := one(t, "a.csv", "", []byte("id;title;body;locale;draft;user_segment_id\n1;A;<p>a</p>;es;false;99\n2;B;<p>b</p>;es;true;\n"))
	if segment.Meta.Audience != knowledge.AudienceAgent {
		t.Errorf("%+v", segment)
	}
	own := one(t, "a.csv", "", []byte("title,body,Público,Country,Expires\nA,a,Equipo,\"ES,PT\",2026-01-31\n"))
	if diff := cmp.Diff(knowledge.Meta{Title: "A", Audience: knowledge.AudienceAgent, Markets: []string{"ES", "PT"}, ValidTo: "2026-01-31"}, own.Meta); diff != "" {
		t.Error(diff)
	}
	if got := refusal(t, "a.csv", "", []byte("title,body,audiance\nA,a,agent\n")); !strings.Contains(got, "looks like audience") {
		t.Error(got)
	}
	if got := refusal(t, "a.csv", "", []byte("title,body,draft\nA,a,true\n")); !strings.Contains(got, "published") {
		t.Error(got)
	}
	if got := refusal(t, "a.csv", "", []byte("title,body\nA,\"a\n")); !strings.Contains(got, "line 2, column") {
		t.Error(got)
	}
}
