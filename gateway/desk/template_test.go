package desk_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

const pau = "/desk/handoffs/" + desktest.PauHandoff

// template gives one of the gallery.
func (b *bundle) template(name, language string) gateway.Template {
	b.t.Helper()
	list, err := b.store.Templates(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, t := range list {
		if t.Name == name && t.Language == language {
			return t
		}
	}
	b.t.Fatalf("there is no template %s", name)
	return gateway.Template{}
}

func TestTemplatesToChooseFrom(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	// With the window closed nothing else can be sent.
	b.get(pau, "es").says(t, http.StatusOK, "solo llega una plantilla", `class="button main" id="template" href="`+pau+`/template"`)
	page := b.get(pau+"/template", "es")
	page.says(t, http.StatusOK, "Enviar una plantilla", "Elige una plantilla para ver cómo queda.", "Es para códigos de acceso")
	page.lacks(t, ">csat<", "y este cliente no la quiere")
	if es, en := strings.Index(page.body, ">es<"), strings.Index(page.body, ">en_GB<"); es < 0 || en < es {
		t.Errorf("the conversation's language stands at %d, the other at %d", es, en)
	}
	c, err := b.store.Conversation(t.Context(), desktest.Pau)
	if err != nil {
		t.Fatal(err)
	}
	c.Language = "en"
	b.store.Put(c)
	page = b.get(pau+"/template", "en")
	if es, en := strings.Index(page.body, ">es<"), strings.Index(page.body, ">en_GB<"); en < 0 || es < en {
		t.Errorf("the conversation's language stands at %d, the other at %d", en, es)
	}
	b.get(sara+"/template", "en").says(t, http.StatusOK, "It is marketing, and this customer wants none.")
	b.get(pau+"/template?name=none&language=es", "en").says(t, http.StatusNotFound)
	b.get(pau+"/template?name=csat&language=es", "en").says(t, http.StatusNotFound)
	b.get("/desk/handoffs/none/template", "en").says(t, http.StatusNotFound)
	b.post(pau+"/resolve", nil)
	b.get(pau+"/template", "en").leads(t, pau)
}

func TestTemplatesThatThereAreNone(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	paused := []gateway.Template{{Name: "csat", Language: "es", Status: "PAUSED", Body: "¿Qué tal?"}}
	if err := b.store.PutTemplates(t.Context(), paused); err != nil {
		t.Fatal(err)
	}
	b.get(pau+"/template", "es").says(t, http.StatusOK, "No hay plantillas aprobadas.")
	if err := b.store.PutTemplates(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b.get(pau+"/template", "en").says(t, http.StatusOK, "The templates have not been read from WhatsApp yet.")
	b.get("/desk/channel", "en").says(t, http.StatusOK, "The templates have not been read from WhatsApp yet.")
}

func TestPreviewOfATemplate(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	page := b.get(pau+"/template?name=order_update&language=es", "es")
	page.says(t, http.StatusOK, `name="header-pedido"`, `name="body-pedido"`, `name="body-fecha"`, `name="button-0"`,
		`<mark data-slot="body-fecha" data-empty="{{fecha}}">{{fecha}}</mark>`, `data-self="`+pau+`/template?language=es&amp;name=order_update"`)
	page = b.post(pau+"/template", form("do", "preview", "name", "order_update", "language", "es", "body-fecha", "3 de <marzo>"))
	page.says(t, http.StatusOK, `>3 de &lt;marzo&gt;</mark>`, `value="3 de &lt;marzo&gt;"`, `data-empty="{{pedido}}">{{pedido}}</mark>`)
	if m := b.last(desktest.Pau); m.Author == gateway.AuthorAgent {
		t.Errorf("a preview was sent: %+v", m)
	}
}

func TestSendingATemplate(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	for _, test := range []struct {
		fields map[string]string
		want   gateway.TemplateUse
	}{
		{
			map[string]string{"body-1": " Pau ", "body-2": "tu pedido"},
			gateway.TemplateUse{Name: "agent_reply_available", Language: "es", Body: []gateway.TemplateValue{{Text: "Pau"}, {Text: "tu pedido"}}},
		},
		{
			map[string]string{"header-pedido": "#W1", "body-pedido": "#W1", "body-fecha": "mañana", "button-0": "W1"},
			gateway.TemplateUse{
				Name: "order_update", Language: "es", Header: []gateway.TemplateValue{{Name: "pedido", Text: "#W1"}},
				Body:    []gateway.TemplateValue{{Name: "pedido", Text: "#W1"}, {Name: "fecha", Text: "mañana"}},
				Buttons: []gateway.TemplateButtonValue{{Index: 0, Value: "W1"}},
			},
		},
	} {
		values := form("do", "send", "once", "token", "name", test.want.Name, "language", test.want.Language)
		for name, value := range test.fields {
			values.Set(name, value)
		}
		for range 2 { // the second time it is the same one
			b.post(pau+"/template", values).leads(t, pau+"?done=template#reply")
		}
		m := b.last(desktest.Pau)
		if m.Content == nil || m.Content.Kind != gateway.ContentTemplate {
			t.Fatalf("said %+v", m)
		}
		stored := b.template(test.want.Name, "es")
		if diff := cmp.Diff(gateway.CompleteTemplate(stored, test.want), *m.Content.Template); diff != "" {
			t.Errorf("use (-want +got):\n%s", diff)
		}
		if want := gateway.TemplateText(stored, test.want); m.Text != strings.TrimSpace(want) {
			t.Errorf("the text is %q, want %q", m.Text, want)
		}
	}
	list, _, err := b.store.Messages(t.Context(), desktest.Pau, gateway.Page{})
	if err != nil || len(list) != 4 {
		t.Errorf("%d messages, %v; want the two of before and two templates", len(list), err)
	}
	b.get(pau+"?done=template", "es").says(t, http.StatusOK, "Plantilla en camino.", "Plantilla order_update (es)")
}

func TestTemplateWithAFile(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	values := form("do", "send", "once", "token", "name", "invoice", "language", "es")
	before := b.vault.Len()
	b.get(pau+"/template?name=invoice&language=es", "es").says(t, http.StatusOK, `enctype="multipart/form-data"`, "Documento de la cabecera")
	b.post(pau+"/template", values).says(t, http.StatusUnprocessableEntity, "la plantilla necesita un archivo")
	b.send(pau+"/template", values, upload{"a.jpg", jpeg}).says(t, http.StatusUnprocessableEntity, "la plantilla necesita un archivo", "Elige otra vez el archivo.")
	if b.vault.Len() != before {
		t.Error("a refused template left a file")
	}
	b.send(pau+"/template", values, upload{"Factura.pdf", pdf}).leads(t, pau+"?done=template#reply")
	m := b.last(desktest.Pau)
	media := m.Content.Template.HeaderMedia
	if media == nil || media.Kind != gateway.ContentDocument || media.Filename != "Factura.pdf" || b.content(media.FileID) != pdf {
		t.Errorf("the header is %+v", media)
	}
	b.get(pau, "es").says(t, http.StatusOK, "/desk/files/"+media.FileID+"?download=1", "Factura.pdf")
	// Without a place for files the template can't be chosen.
	bare := start(t, "ana", func(b *bundle, c *desk.Config) {
		desktest.Gallery(b.store, b.vault, morning)
		c.Channel = b.store
	})
	bare.get(pau+"/template", "en").says(t, http.StatusOK, "It has a file, and none can be attached here.")
}

func TestTemplateWithAPlace(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	err := b.store.PutTemplates(t.Context(), []gateway.Template{{
		Name: "pickup", Language: "es", Category: "UTILITY", Status: "APPROVED", HeaderFormat: "LOCATION", Body: "Recógelo aquí.",
	}})
	if err != nil {
		t.Fatal(err)
	}
	for place, ok := range map[[2]string]bool{
		{"40,4", "-3.7"}: true, {"91", "0"}: false, {"0", "181"}: false, {"NaN", "0"}: false, {"north", "0"}: false, {"", "0"}: false,
	} {
		a := b.post(pau+"/template", form("name", "pickup", "language", "es", "place-latitude", place[0], "place-longitude", place[1], "place-name", "Tienda"))
		if got := a.status == http.StatusSeeOther; got != ok {
			t.Errorf("%q: %d", place, a.status)
		}
	}
	want := &gateway.Location{Latitude: 40.4, Longitude: -3.7, Name: "Tienda"}
	if diff := cmp.Diff(want, b.last(desktest.Pau).Content.Template.HeaderLocation); diff != "" {
		t.Errorf("place (-want +got):\n%s", diff)
	}
	b.get(pau, "es").says(t, http.StatusOK, "mlat=40.4")
}

func TestRefusedTemplates(t *testing.T) {
	t.Parallel()
	full := func(name string) []string {
		return []string{"do", "send", "name", name, "language", "es", "body-1", "Ana", "body-2", "algo"}
	}
	for name, test := range map[string]struct {
		path   string
		fields []string
		status int
		es     string
	}{
		"a value is missing":       {pau, []string{"name", "agent_reply_available", "language", "es", "body-1", "Ana"}, 422, "le falta un valor"},
		"codes":                    {pau, full("sign_in"), 422, "Es para códigos de acceso"},
		"marketing after a stop":   {sara, full("spring_sale"), 422, "Es publicidad y este cliente no la quiere."},
		"one that is paused":       {pau, full("csat"), 404, "Aquí no hay nada"},
		"one that there is not":    {pau, full("none"), 404, "Aquí no hay nada"},
		"someone else has it":      {"/desk/handoffs/" + desktest.MartaHandoff, full("agent_reply_available"), 409, "Otra persona ya la atiende"},
		"a handoff there is not":   {"/desk/handoffs/none", full("agent_reply_available"), 404, "Aquí no hay nada"},
		"a form that is too large": {pau, append(full("agent_reply_available"), "x", strings.Repeat("x", 200<<10)), 413, "El formulario es demasiado grande"},
	} {
		b := gallery(t, "bea")
		b.post(test.path+"/template", form(test.fields...)).says(t, test.status, test.es)
		if m := b.last(desktest.Pau); m.Author == gateway.AuthorAgent || b.changed.Load() != 0 {
			t.Errorf("%s: it was sent", name)
		}
	}
	// What a check says is told, and what was written stays in the fields.
	b := gallery(t, "ana")
	b.post(pau+"/template", form("name", "agent_reply_available", "language", "es", "body-1", "a     b", "body-2", "algo")).
		says(t, http.StatusUnprocessableEntity, "WhatsApp no admitiría la plantilla", "four spaces in a row", `value="a     b"`)
	page := b.post(pau+"/template", form("name", "agent_reply_available", "language", "es", "body-2", "tu pedido"))
	page.says(t, http.StatusUnprocessableEntity, `name="body-2" value="tu pedido"`)
	if !regexp.MustCompile(`name="once" value="[^"]{10,}"`).MatchString(page.body) {
		t.Error("the form has no token")
	}
}
