package desk_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

const sara = "/desk/handoffs/" + desktest.SaraHandoff

// bubble cuts one message out of a page.
func (a answer) bubble(t *testing.T, id string) string {
	t.Helper()
	_, rest, found := strings.Cut(a.body, `<li id="m-`+id+`"`)
	if !found {
		t.Fatalf("there is no message %s", id)
	}
	bubble, _, _ := strings.Cut(rest, `<li id="m-`)
	return bubble
}

// TestEveryKindIsShown holds what people read of each kind of message, in both
// languages. The letters are those of the messages of the gallery.
func TestEveryKindIsShown(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	pages := map[string]answer{"es": b.get(sara, "es"), "en": b.get(sara, "en")}
	for _, test := range []struct {
		id             string
		es, en, always []string
	}{
		{
			"sB",
			[]string{"Llegó por un anuncio", "no lo des por cierto", "Pregunta por el producto"},
			[]string{"Came from an ad", "don&#39;t take it as true", "Asks about the product"},
			[]string{"Lámpara Alba: luz cálida", `href="https://anuncios.example.com/alba" rel="noreferrer noopener nofollow"`, "LAMP-ALBA-NG"},
		},
		{"sC", nil, nil, []string{"Sí, en nogal y en haya", "<li>Nogal</li><li>Haya</li>", `class="reaction" title=`, "🙏"}},
		{"sD", []string{"Ha elegido", "<b>Equipo</b>"}, []string{"Chose", "<b>Team</b>"}, []string{"<b>Nogal</b>", `<a href="#m-sC">`}},
		{"sE", []string{"aún no es un pedido"}, []string{"not an order yet"}, []string{"2 × <b>LAMP-ALBA-NG</b>", "59.90 EUR", "para el viernes"}},
		{"sF", nil, nil, []string{"☰ Ver horarios", "Viernes mañana <small>de 9 a 13 h</small>"}},
		{"sG", []string{"Ha elegido"}, []string{"Chose"}, []string{"<b>Viernes mañana</b>", "de 9 a 13 h"}},
		{"sH", []string{"Enviar ubicación"}, []string{"Send location"}, []string{"¿Dónde te la dejamos?"}},
		{
			"sI",
			[]string{"40,41678; −3,70379", "Ver en el mapa"},
			[]string{"40.41678; −3.70379", "See on a map"},
			[]string{"<b dir=\"auto\">Portería</b>", "https://www.openstreetmap.org/?mlat=40.41678&amp;mlon=-3.70379#map=17/40.41678/-3.70379"},
		},
		{"sJ", []string{"Copiar"}, []string{"Copy"}, []string{"Benito Sanz", `href="tel:&#43;34600550177"`, `data-copy="&#43;34 600 55 01 77"`, "benito@example.es"}},
		{
			"sK",
			[]string{"Descripción automática:", "Descargar", "kB ·"},
			[]string{"Automatic description:", "Download", "kB ·"},
			[]string{`<img class="image" src="/desk/files/` + desktest.Photo + `"`, "pantalla abollada", "Llegó así la que pedí", "😢"},
		},
		{"sN", []string{"<b>Cliente</b>"}, []string{"<b>Customer</b>"}, []string{"Llegó así la que pedí el mes pasado", "Lo siento mucho"}},
		{"sO", []string{"Reenviado"}, []string{"Forwarded"}, []string{"Factura W2024117.pdf", "PDF", "15 B", "/desk/files/" + desktest.Invoice + "?download=1"}},
		{
			"sP",
			[]string{"Nota de voz", "Transcripción automática:"},
			[]string{"Voice note", "Automatic transcript:"},
			[]string{`<audio controls preload="none" src="/desk/files/` + desktest.Voice, "prefiero que me la cambiéis"},
		},
		{"sQ", nil, nil, []string{`src="/desk/files/` + desktest.SentFile + `"`, "Esta es la de repuesto"}},
		{"sR", []string{"todavía llegando"}, []string{"still on its way"}, nil},
		{"sS", []string{"WhatsApp ya no tiene el archivo. Pide al cliente que lo envíe otra vez."}, []string{"Ask the customer to send it again."}, nil},
		{"sT", []string{"Ha rellenado"}, []string{"Filled in"}, []string{"dirección › calle", "Nogal 12", "<td dir=\"auto\">✓</td>"}},
		{"sU", []string{"que WhatsApp no transmite"}, []string{"WhatsApp does not pass on"}, []string{"131051"}},
		{"sV", []string{"solo se puede ver en la aplicación del teléfono"}, []string{"can only be seen in the phone app"}, []string{"131060"}},
		{"sW", []string{"El cliente eliminó este mensaje."}, []string{"The customer deleted this message."}, nil},
		{"sX", []string{"editado"}, []string{"edited"}, []string{"Os espero el viernes."}},
		{"sY", []string{"ha cambiado"}, []string{"has changed"}, []string{`class="line"`}},
		{"sa", []string{"Responde a un mensaje que no está aquí."}, []string{"Answers a message that is not here."}, []string{"Gracias 😊"}},
		{
			"s-failed",
			[]string{"WhatsApp dice", "Envíalo otra vez dentro de un rato."},
			[]string{"WhatsApp says", "Send it again in a while."},
			[]string{"Too many messages to this customer (131056)", "<q>Message failed to send because", `href="https://seguimiento.example.com/W2024117"`},
		},
	} {
		for language, words := range map[string][]string{"es": test.es, "en": test.en} {
			shown := pages[language].bubble(t, test.id)
			for _, word := range append(words, test.always...) {
				if !strings.Contains(shown, word) {
					t.Errorf("message %s in %s does not say %q:\n%s", test.id, language, word, shown)
				}
			}
		}
	}
	pages["es"].lacks(t, "flow_token", `id="m-sL"`, `id="m-sM"`)
}

func TestWithoutAVaultFilesAreNamedAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	desktest.Gallery(b.store, b.vault, morning)
	page := b.get(sara, "en")
	page.says(t, http.StatusOK, "Factura W2024117.pdf", "a photo")
	page.lacks(t, "/desk/files/", `type="file"`, "Send a template", "/desk/channel")
	for _, path := range []string{"/desk/files/" + desktest.Photo, "/desk/channel", sara + "/template"} {
		if got := b.get(path, "en").status; got != http.StatusNotFound && got != http.StatusSeeOther {
			t.Errorf("%s: %d", path, got)
		}
	}
	b.send(sara+"/reply", words("hola"), upload{"a.txt", "x"}).says(t, http.StatusUnprocessableEntity, "Aquí no se pueden adjuntar archivos")
}

// say adds a customer's message to Nora's conversation and gives its page.
func (b *bundle) say(m gateway.MessageView) answer {
	b.t.Helper()
	b.store.Say(desktest.Nora, m)
	return b.get("/desk/conversations/"+desktest.Nora, "en")
}

func TestReactionsFindTheirMessage(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	react := func(id, emoji, about string) gateway.MessageView {
		m := desktest.In(id, emoji, morning)
		m.Type, m.Message = "reaction", &gateway.Message{Type: "reaction", Text: emoji, QuotedID: about}
		return m
	}
	if got := b.say(react("r1", "👍", "wamid.n1")).bubble(t, "n1"); !strings.Contains(got, "👍") {
		t.Errorf("no reaction: %s", got)
	}
	got := b.say(react("r2", "❤️", "wamid.n1")).bubble(t, "n1")
	if strings.Contains(got, "👍") || !strings.Contains(got, "❤️") {
		t.Errorf("the newest reaction does not replace the one before: %s", got)
	}
	if got := b.say(react("r3", "", "wamid.n1")).bubble(t, "n1"); strings.Contains(got, `class="reaction"`) {
		t.Errorf("a reaction that was taken back is shown: %s", got)
	}
	b.say(react("r4", "😮", "wamid.gone")).says(t, http.StatusOK, `id="m-r4"`, "Reacted to an earlier message with", "😮")
	b.say(react("r5", "", "wamid.gone")).says(t, http.StatusOK, "Took back the reaction to an earlier message.")
}

func TestSignals(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	signal := func(id, kind, about string) gateway.MessageView {
		m := desktest.In(id, "", morning)
		m.Type, m.Message = kind, &gateway.Message{Type: kind, QuotedID: about}
		return m
	}
	b.say(signal("g1", "revoke", "wamid.n1")).lacks(t, `id="m-g1"`)
	b.say(signal("g2", "revoke", "wamid.gone")).says(t, http.StatusOK, `id="m-g2" class="line"`, "The customer deleted an earlier message.")
	b.say(signal("g3", "edit", "wamid.gone")).says(t, http.StatusOK, "The customer edited an earlier message.")
	b.say(signal("g4", "request_welcome", "")).says(t, http.StatusOK, "The customer opened the chat for the first time.")
	// What happens is no message that somebody waits for an answer to.
	b.post("/desk/handoffs/"+desktest.MartaHandoff+"/reply", words("Gracias."))
	b.store.Say(desktest.Marta, signal("g5", "system", ""))
	b.get("/desk/?view=mine", "en").lacks(t, `id="row-`+desktest.MartaHandoff+`" class="row awaits"`)
	b.store.Say(desktest.Marta, desktest.In("g6", "¿Y?", morning))
	b.get("/desk/?view=mine", "en").says(t, http.StatusOK, `id="row-`+desktest.MartaHandoff+`" class="row awaits"`)
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.get(sara, "es").says(t, http.StatusOK, "Puede que escriba otra persona.", "He comprobado quién es", "Este cliente no quiere publicidad.")
	b.post(sara+"/verify", nil).leads(t, sara+"?done=verify#reply")
	b.get(sara+"?done=verify", "en").says(t, http.StatusOK, "Noted: you have checked who is writing.")
	b.get(sara, "en").lacks(t, "Someone else may be writing.")

	c, err := b.store.Conversation(t.Context(), desktest.Tom)
	if err != nil {
		t.Fatal(err)
	}
	c.DoubtedAt, c.UnreachableAt = morning, morning
	c.Unreachable = &gateway.SendError{Code: 131026, Title: "Message undeliverable", Detail: "Recipient <b>gone</b>"}
	b.store.Put(c)
	page := b.get("/desk/handoffs/"+desktest.TomHandoff, "en")
	page.says(t, http.StatusOK, "WhatsApp can&#39;t reach this customer.", "Message undeliverable (131026)", "Recipient &lt;b&gt;gone&lt;/b&gt;",
		"Once the conversation is yours, you can note here")
	page.lacks(t, `action="/desk/handoffs/`+desktest.TomHandoff+`/verify"`)
}

// TestHostileContentStaysText puts markup and dangerous addresses into all that
// customers and ads can fill.
func TestHostileContentStaysText(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	const address = "javascript:alert(1)"
	m := desktest.In("evil", evil, morning)
	m.Type = evil
	m.Message = &gateway.Message{
		Type: evil, Text: evil, QuotedID: evil, Quoted: &gateway.Quote{Author: evil, Type: evil, Text: evil}, Forwarded: evil,
		Media:    &gateway.Media{FileID: evil, State: gateway.FileStored, Type: "text/html", Filename: evil, Words: evil},
		Location: &gateway.Location{Name: evil, Address: evil, URL: address},
		Cards:    []gateway.Card{{Name: evil, Organization: evil, Emails: []string{evil}, Phones: []gateway.CardPhone{{Phone: evil, WhatsApp: evil}}}},
		Choice:   &gateway.Choice{ID: evil, Title: evil, Description: evil},
		Form:     json.RawMessage(`{"<script>alert(1)</script>":"<img src=x onerror=alert(1)>"}`),
		Cart:     &gateway.Cart{Note: evil, Items: []gateway.CartItem{{ProductID: evil, Quantity: evil, Price: evil, Currency: evil}}},
		Product:  &gateway.Product{ProductID: evil, CatalogID: evil},
		Referral: &gateway.Referral{Kind: evil, Headline: evil, Body: evil, URL: address, MediaURL: address},
		Problem:  &gateway.SendError{Code: 1, Title: evil, Detail: evil},
	}
	b.store.Say(desktest.Sara, m)
	failed := desktest.In("evil-file", "", morning)
	failed.Message = &gateway.Message{Type: "document", Media: &gateway.Media{
		FileID: "x", State: gateway.FileFailed, Filename: evil, Error: &gateway.SendError{Title: evil},
	}}
	b.store.Say(desktest.Sara, failed)
	out := desktest.Out("evil-out", evil, morning, gateway.AuthorAgent, gateway.DeliveryRead)
	out.Content = &gateway.Content{
		Kind: gateway.ContentLink, Header: evil, Footer: evil, Link: &gateway.Link{Title: evil, URL: address},
		Buttons: []gateway.Button{{ID: evil, Title: evil}}, Media: &gateway.OutgoingMedia{URL: address, Filename: evil},
		List:     &gateway.List{Open: evil, Sections: []gateway.ListSection{{Title: evil, Rows: []gateway.ListRow{{Title: evil, Description: evil}}}}},
		Template: &gateway.TemplateUse{Name: evil, Language: evil},
	}
	b.store.Say(desktest.Sara, out)
	if err := b.store.Raise(t.Context(), gateway.Alert{Kind: evil, Subject: evil, State: evil, Detail: evil, Level: gateway.AlertCritical, At: morning}); err != nil {
		t.Fatal(err)
	}
	if err := b.store.PutTemplates(t.Context(), []gateway.Template{{
		Name: evil, Language: "es", Status: "APPROVED", Category: evil, Quality: evil, HeaderFormat: "TEXT", Header: evil + "{{1}}", Body: evil, Footer: evil,
		Buttons: []gateway.TemplateButton{{Type: "URL", Text: evil, URL: address + "{{1}}"}},
	}}); err != nil {
		t.Fatal(err)
	}
	choose := "?name=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&language=es"
	for _, path := range []string{sara, sara + "?quote=evil", "/desk/conversations/" + desktest.Sara + "/history", "/desk/channel", sara + "/template" + choose} {
		page := b.get(path, "en")
		page.says(t, http.StatusOK, "&lt;script&gt;alert(1)&lt;/script&gt;")
		page.lacks(t, "<script>alert", "<img src=x", `href="javascript:`, `src="javascript:`)
	}
}
