package extract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/knowledge/extract"
)

const shopPage = `<!doctype html><html lang="es-ES"><head><meta charset="utf-8">
<title>Devoluciones | Tienda Ejemplo</title><meta name="description" content="Todo sobre devoluciones">
<link rel="canonical" href="/ayuda/devoluciones"><style>p{color:red}</style><script>var carrito = 1</script></head>
<body><a class="skip-link" href="#c">Saltar al contenido</a>
<header><nav><ul><li><a href="/">Inicio</a></li><li><a href="/ofertas">Ofertas</a></li></ul></nav><h1>Devoluciones</h1></header>
<div id="onetrust-banner-sdk"><p>Usamos cookies. ¿Aceptas?</p><button>Aceptar</button></div>
<div class="cookie-banner">Más cookies</div>
<form action="/buscar"><label>Buscar</label><input name="q"></form>
<main id="c"><p>Puedes devolver en <b>30 días</b>. Mira <a href="plazos.html">los plazos</a>, <a href="#abajo">más abajo</a> o
<a href="javascript:abrir()">ábrelo</a>, <a href="mailto:hola@tienda.example">escribe</a>.</p>
<h2>Plazos</h2><table><thead><tr><th>Zona</th><th>Plazo</th></tr></thead><tbody>
<tr><td>Península</td><td>30 días</td></tr><tr><td rowspan="2">Islas</td><td>45 días</td></tr><tr><td>A|B</td></tr></tbody></table>
<h2>Pasos</h2><ol><li>Pide la etiqueta<ul><li>por correo</li><li>en tu cuenta</li></ul></li><li>Envía el paquete</li></ol>
<img src="caja.png" alt="Una caja cerrada"><aside><p>Nota: guarda el recibo.</p></aside>
<details><summary>¿Y si está roto?</summary><p>Lo paga la tienda.</p></details>
<dl><dt>SKU_12_A</dt><dd>Código del artículo</dd></dl><noscript>Activa JavaScript</noscript></main>
<footer><p>Calle Mayor 1</p></footer><script>medir()</script></body></html>`

func TestPage(t *testing.T) {
	t.Parallel()
	texts, err := newExtractor(t, extract.Config{}).Extract(t.Context(), "shop.example/ayuda/devoluciones?x=1", knowledge.File{
		Data: []byte(shopPage), ContentType: "text/html; charset=utf-8", Place: "https://shop.example/ayuda/devoluciones?x=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []knowledge.Extracted{{
		Place: "https://shop.example/ayuda/devoluciones",
		Aside: knowledge.Meta{Title: "Devoluciones", Locale: "es-es"}, Format: knowledge.FormatMarkdown,
		Body: `# Devoluciones

Puedes devolver en **30 días**. Mira [los plazos](https://shop.example/ayuda/plazos.html), más abajo o ábrelo, [escribe](mailto:hola@tienda.example).

## Plazos

| Zona | Plazo |
|---|---|
| Península | 30 días |
| Islas | 45 días |
| Islas | A\|B |

## Pasos

1. Pide la etiqueta
   
   - por correo
   - en tu cuenta
2. Envía el paquete

Una caja cerrada

Nota: guarda el recibo.

### ¿Y si está roto?

Lo paga la tienda.

**SKU_12_A**

Código del artículo
`,
	}}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Un texto que habla de envíos y plazos. ", 30)
	for name, test := range map[string]struct {
		page        string
		want, never []string
		title       string
	}{
		"no landmarks": {
			`<div id="header"><a href="/">Tienda</a></div><div class="main-menu"><a href="/a">Uno</a></div><div class="texto"><h1>Envíos</h1><p>` + long +
				`</p></div><div class="sidebar">Lo más visto</div><div id="footer">Calle Mayor</div>`,
			[]string{"# Envíos", "Un texto"},
			[]string{"Tienda", "Uno", "visto", "Calle"},
			"Envíos",
		},
		"an accordion whose answers are hidden": {
			`<div class="faq"><h3><button aria-expanded="false">¿Cuánto tarda?</button></h3><div hidden style="display:none" aria-hidden="true">Dos días.</div>
			<button aria-controls="r2">¿Hay tienda?</button><div id="r2" class="collapse">No, solo en línea.</div><button>Chatea</button></div>`,
			[]string{"### ¿Cuánto tarda?", "Dos días.", "¿Hay tienda?", "No, solo en línea."},
			[]string{"Chatea"},
			"",
		},
		"an accordion without any sign": {
			`<h1>FAQ</h1><h2>Envíos</h2><p>Dos días.</p><button class="acc">¿Puedo pagar a plazos?</button><div class="panel">Sí, en tres meses.</div>
			<button class="acc">¿Cobráis <b>comisión</b>?</button><div class="panel">No.</div><button>Chatea</button>`,
			[]string{"### ¿Puedo pagar a plazos?\n\nSí, en tres meses.\n\n### ¿Cobráis **comisión**?\n\nNo."},
			[]string{"Chatea"},
			"FAQ",
		},
		"an accordion of names": {
			`<div class="faq"><div class="item"><div class="q"><button class="accordion-button" type="button">Plazos</button></div><div class="panel"><p>30 días.</p></div></div>
			<ul><li><button>Gastos</button><div>Los paga la tienda.</div></li></ul></div>`,
			[]string{"## Plazos\n\n30 días.", "**Gastos**\n", "Los paga la tienda."},
			nil, "",
		},
		"a button above text": {
			`<main><h2>Garantía</h2><p>Tres años.</p><button>Pedir una reparación</button><p>La paga la tienda.</p></main>`,
			[]string{"Tres años.\n\n**Pedir una reparación**\n\nLa paga la tienda."},
			nil, "",
		},
		"conditions in what looks like chrome": {
			`<div class="wrap"><div id="header"><a href="/">Tienda</a></div><div class="texto"><h1>Cambios</h1><div class="header">Solo con el tique</div><p>En 30 días.</p>
			<aside>Excepción: la ropa interior no se devuelve.</aside><section id="menu">El menú infantil no se cambia.</section>
			<button>Sin tique no se cambia nada de lo comprado</button>
			<form><p>Gastos de devolución: 4,90 euros</p><input name="pedido"><button>Enviar</button></form></div><aside>Lo más visto</aside></div>`,
			[]string{"# Cambios", "Solo con el tique", "Excepción: la ropa interior", "El menú infantil", "Sin tique no", "Gastos de devolución: 4,90 euros"},
			[]string{"Tienda", "Enviar", "visto"},
			"Cambios",
		},
		"conditions on a flat page": {
			`<header><nav><a href="/">Inicio</a></nav></header><h1>Cambios</h1><p>En 30 días.</p><aside>Excepción: la ropa interior.</aside><div class="footer"><a href="/x">Aviso legal</a></div>`,
			[]string{"En 30 días.", "Excepción: la ropa interior."},
			[]string{"Inicio", "Aviso"},
			"Cambios",
		},
		"forms and links within the text": {
			`<main><h1>Ayuda</h1><p>` + long + `</p><form><label>Tu correo</label><input><label>Tu pedido</label><button>Enviar</button></form><aside><a href="/a">Otra</a></aside></main>`,
			[]string{"Un texto"},
			[]string{"Tu correo", "Enviar"},
			"Ayuda",
		},
		"a form around the page": {
			`<form id="aspnetForm"><input type="hidden" value="x"><h1>Pagos</h1><p>` + long + `</p><select><option>ES</option></select></form>`,
			[]string{"# Pagos", "Un texto"},
			[]string{"ES"},
			"Pagos",
		},
		"a page about cookies": {
			`<main class="cookie-policy"><h1>Política de cookies</h1><p>Qué cookies usamos.</p></main><div class="cookie-notice">Acepta</div>`,
			[]string{"# Política de cookies", "Qué cookies usamos."},
			[]string{"Acepta"},
			"Política de cookies",
		},
		"a main part that is none": {
			`<main><div id="slider">Oferta</div></main><div class="contenido"><h2>Garantía</h2><p>` + long + `</p></div>`,
			[]string{"Oferta", "## Garantía", "Un texto"},
			nil, "",
		},
		"an article with a header of its own": {
			`<header>Tienda</header><article class="page"><header><h1>Tallas</h1></header><p>` + long + `</p><footer>Revisado en mayo</footer></article>`,
			[]string{"# Tallas", "Un texto", "Revisado en mayo"},
			nil, "Tallas",
		},
		"a title of the window": {
			`<head><title>Garantía · Tienda</title></head><p>` + long + `</p>`, []string{"Un texto"}, nil, "Garantía",
		},
		"a title for others": {
			`<head><title>x - Tienda</title><meta property="og:title" content="Garantía de 3 años"></head><p>` + long + `</p>`,
			[]string{"Un texto"},
			nil, "Garantía de 3 años",
		},
		"nested tables for the layout": {
			`<table role="presentation"><tr><td><table><tr><th>Talla</th><th>Largo</th></tr><tr><td>M</td><td>70 cm</td></tr></table></td></tr></table>`,
			[]string{"Talla", "Largo", "M", "70 cm"},
			nil, "",
		},
		"links to elsewhere": {
			`<div><a href="/1">uno uno</a><a href="/2">dos dos</a><a href="/3">tres</a><a href="/4">cuatro</a><a href="/5">cinco</a></div><div><p>` + long + `</p></div>`,
			[]string{"Un texto"},
			[]string{"cuatro"},
			"",
		},
		"a heading without an end": {`<h1>Tallas<div><main><p>` + long + `</p></main></div>`, []string{"Un texto"}, nil, ""},
		"text with signs":          {`<p>1 < 2 &amp; 3 &gt; 2, A_B_C, 2*3*4, [nota], #1, ñ</p>`, []string{"1 < 2 & 3 > 2, A_B_C, 2*3*4, [nota], #1, ñ"}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := one(t, "a.html", "", []byte("<html>"+test.page+"</html>"))
			wantParts(t, got.Body, test.want...)
			wantNone(t, got.Body, test.never...)
			if test.title != "" && got.Aside.Title != test.title {
				t.Errorf("title %q", got.Aside.Title)
			}
		})
	}
}

func TestPagesWithoutText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ page, want string }{
		"scripts alone": {`<html><head><title>Tienda</title><script src="app.js"></script></head><body><div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript></body></html>`, "drawn by JavaScript"},
		"a spinner":     {`<body><div id="app">Cargando…</div><script>1</script></body>`, "drawn by JavaScript"},
		"menus alone":   {`<body><nav><a href="/">Inicio</a></nav><footer>Calle Mayor</footer></body>`, "no text besides menus"},
		"pictures":      {`<body><img src="a.png"></body>`, "no text"},
		"too deep":      {strings.Repeat("<div>", 2000) + "hola", "512"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := refusal(t, "a.html", "", []byte(test.page)); !strings.Contains(got, test.want) {
				t.Errorf("%q does not say %q", got, test.want)
			}
		})
	}
}

// TestHugePages wants small and large pages to stay in proportion, in size and time.
func TestHugePages(t *testing.T) {
	if testing.Short() {
		t.Skip("reads huge pages against the clock")
	}
	t.Parallel()
	rows := func(n int, row string) string { return "<table>" + strings.Repeat(row, n) + "</table>" }
	for name, page := range map[string]string{
		"spans":           rows(300, `<tr><td colspan="1000" rowspan="65534">a</td></tr>`),
		"one wide row":    "<table><tr>" + strings.Repeat("<td>a</td>", 3000) + "</tr>" + strings.Repeat("<tr><td>b</td></tr>", 3000) + "</table>",
		"a long table":    rows(20000, `<tr><td>Península</td><td>30 días</td><td>4,95 €</td></tr>`),
		"nested lists":    strings.Repeat("<ul><li>a", 250),
		"nested tables":   strings.Repeat("<table><tr><td>a", 120),
		"nested quotes":   strings.Repeat("<blockquote>a", 480),
		"nested forms":    strings.Repeat("<div><form></form>", 400) + strings.Repeat("texto ", 20000),
		"many asides":     strings.Repeat("<aside>Nota</aside>", 20000),
		"many buttons":    strings.Repeat("<button>Plazo</button><div>30 días</div>", 10000),
		"many paragraphs": strings.Repeat("<p>Un párrafo con <b>texto</b> y <a href='/x'>enlace</a>.</p>", 20000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			got := one(t, "a.html", "", []byte("<body>"+page+"</body>"))
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("%d bytes took %s", len(page), took)
			}
			if len(got.Body) > 20*len(page)+1000 {
				t.Errorf("%d bytes became %d", len(page), len(got.Body))
			}
		})
	}
}

// TestNoWordIsLost builds pages of known parts: all words of the content come out,
// once and in order.
func TestNoWordIsLost(t *testing.T) {
	t.Parallel()
	forms := []string{
		"<p>%s</p>", "<h2>%s</h2>", "<ul><li>%s</li></ul>", "<blockquote>%s</blockquote>", "<div><span>%s</span></div>",
		"<table><tr><th>%s</th></tr></table>", "<pre>%s</pre>", "<details><summary>%s</summary></details>", "<section><p><em>%s</em></p></section>",
		"<dl><dt>%s</dt></dl>", "<figure><figcaption>%s</figcaption></figure>", "<p><a href='https://a.example/x'>%s</a></p>", "<address>%s</address>",
	}
	e := newExtractor(t, extract.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "n")
		var page strings.Builder
		words := make([]string, n)
		for i := range n {
			words[i] = fmt.Sprintf("palabra%dñ", i)
			fmt.Fprintf(&page, rapid.SampledFrom(forms).Draw(rt, "form"), words[i])
		}
		around := rapid.SampledFrom([]string{"%s", "<main>%s</main>", "<nav>x</nav><article>%s</article><footer>y</footer>"}).Draw(rt, "around")
		got, err := e.Extract(t.Context(), "a.html", knowledge.File{Data: fmt.Appendf(nil, "<html><body>"+around+"</body></html>", page.String())})
		if err != nil {
			rt.Fatal(err)
		}
		rest := got[0].Body
		for _, word := range words {
			if strings.Count(got[0].Body, word) != 1 {
				rt.Fatalf("%s is not there once:\n%s", word, got[0].Body)
			}
			_, after, ok := strings.Cut(rest, word)
			if !ok {
				rt.Fatalf("%s is not in its place:\n%s", word, got[0].Body)
			}
			rest = after
		}
	})
}
