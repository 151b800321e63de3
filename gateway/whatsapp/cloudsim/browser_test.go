package cloudsim_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tab is a phone's page in a real browser.
type tab struct {
	*world
	t       *testing.T
	ctx     context.Context
	address string
	opened  bool
}

// One browser shows all of these pages, each with an emulator of its own.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser := startBrowser(t)
	for name, test := range map[string]func(*tab){
		"live": pageIsLive, "shows": pageShowsEachKind, "sends": pageSendsEachKind, "answers": pageAnswersEachKind, "changes": pageChangesWhatIsThere,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, noLimits)
			server := httptest.NewServer(w)
			t.Cleanup(server.Close)
			t.Cleanup(w.EndStreams)
			ctx, cancel := chromedp.NewContext(browser)
			t.Cleanup(cancel)
			test(&tab{world: w, t: t, ctx: ctx, address: server.URL})
		})
	}
}

func (p *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, steps...); err != nil {
		p.t.Fatalf("%s: %v", what, err)
	}
}

// is holds that an expression is true on the page, at last. How long it takes is the
// machine's affair.
func (p *tab) is(what, expression string) {
	p.t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Poll[chromedp.Void](expression)); err != nil {
		p.t.Errorf("%s: %v", what, err)
	}
}

// narrow opens the first phone as a small one shows it.
func (p *tab) narrow() {
	p.t.Helper()
	p.do("open", chromedp.EmulateViewport(360, 740), chromedp.Navigate(p.address+"/phone/1?lang=es"), chromedp.WaitVisible(`#text`))
	p.opened = true
}

// gets holds that the next message that the shop gets is of a type and has
// something at a path, and waits until the page shows it, since it moves what is
// to be clicked next. Statuses, of messages and templates, are passed over.
func (p *tab) gets(kind, path, want string) raw {
	p.t.Helper()
	for {
		got := p.waitRaw(1)[0]
		if got.str("statuses.0.id") != "" || got["field"] == "message_template_status_update" {
			continue
		}
		if got.str("messages.0.type") != kind || got.str("messages.0."+path) != want {
			p.t.Errorf("got %v, want %s with %s %q", got, kind, path, want)
		}
		if !slices.Contains([]string{"reaction", "edit", "revoke", "system"}, kind) && p.opened {
			p.is("it is shown", `document.getElementById("`+got.str("messages.0.id")+`") !== null`)
		}
		return got
	}
}

// A suggestion is tapped, and the shop's reply appears without reloading.
func pageIsLive(p *tab) {
	p.run()
	p.do("open", chromedp.EmulateViewport(1200, 800), chromedp.Navigate(p.address+"/phone/?lang=en"))
	p.do("tap", chromedp.Click(`.chips button:nth-of-type(2)`), chromedp.WaitVisible(`#log .mine .bubble`))
	said := p.wait(1)[0].Messages[0]
	if said.Text.Body != "How do I return something?" || said.From != lucia {
		p.t.Errorf("got %+v", said)
	}
	p.do("second tick", chromedp.WaitVisible(`#log .ticks.delivered`))
	p.post(sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"`+said.ID+`","typing_indicator":{"type":"text"}}`)
	p.do("typing", chromedp.WaitVisible(`#log .ticks.read`), chromedp.WaitVisible(`#typing .dots`))
	p.sendText(lucia, "Within *30 days*.\n\nSource: Returns")
	p.do("reply", chromedp.WaitVisible(`#log .theirs strong`), chromedp.WaitNotPresent(`#typing .dots`))
	var ladder []string
	for _, u := range p.wait(3) {
		ladder = append(ladder, u.Statuses[0].Status)
	}
	if got := strings.Join(ladder, " "); got != "sent delivered read" {
		p.t.Errorf("statuses: %s", got)
	}
	p.do("type", chromedp.SendKeys(`#text`, "thanks <3\r"), chromedp.WaitVisible(`#log .mine:nth-of-type(3)`))
	if got := p.wait(1)[0].Messages[0].Text.Body; got != "thanks <3" {
		p.t.Errorf("typed %q", got)
	}
	p.is("nothing is left to send", `document.getElementById("text").value === ""`)
}

// On a narrow screen everything that the shop can send is to be seen.
func pageShowsEachKind(p *tab) {
	picture, _ := stage(p.world, p.t)
	p.send("document", `{"link":"https://shop.example/condiciones.pdf","filename":"condiciones.pdf"}`)
	p.narrow()
	p.is("nothing is wider than the screen", `document.documentElement.scrollWidth <= 360 && document.querySelector(".scroll").scrollWidth <= 360`)
	p.is("the picture is loaded", `document.querySelector('img[src$="`+picture+`"]').naturalWidth > 0`)
	p.is("sound and film have players", `document.querySelectorAll("#log audio[controls], #log video[controls]").length == 2`)
	p.is("everything that can be used has a name", `[...document.querySelectorAll("button, a, summary, input:not([type=hidden]), textarea")].every((e) =>
		(e.textContent + (e.ariaLabel || "") + (e.labels?.[0]?.textContent || "") + (e.querySelector("img")?.alt || "")).trim())`)
	for _, selector := range []string{
		`.mine .body strong`, `.theirs .body cite`, `.mine .reaction:not(:empty)`, `.options button[value=yes]`, `.rows button[value=n40] `,
		`.options a[href="https://shop.example/1"][rel~=noreferrer]`, `a.media[download]`, `a.media[href="https://shop.example/condiciones.pdf"]`,
		`input[name=answer]`, `button[name=share]`, `input[name=latitude][type=hidden]`, `.gone`, `.mine .quote`, `.ticks`,
	} {
		p.is(selector, `document.querySelector('#log `+selector+`') !== null`)
	}
	p.is("a place and a contact are there", `["Calle Mayor 1", "Marta Ruiz", "Muchas gracias", "editado"].every((s) => document.getElementById("log").textContent.includes(s))`)
}

// write puts a file into a folder for the browser to choose.
func (p *tab) write(name string, data []byte) string {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// What the page can send by itself, each becomes its own type.
func pageSendsEachKind(p *tab) {
	p.run()
	p.narrow()
	p.do("a text", chromedp.SendKeys(`#text`, "hola\r"))
	p.gets("text", "text.body", "hola")
	webp := []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
	for _, file := range []struct{ name, kind, mime string }{
		{"foto.png", "image", "image/png"},
		{"nota.ogg", "audio", "audio/ogg"},
		{"paseo.mp4", "video", "video/mp4"},
		{"factura.pdf", "document", "application/pdf"},
		{"gato.webp", "sticker", "image/webp"},
	} {
		data := map[string][]byte{"foto.png": drawn(p.t), "gato.webp": webp, "nota.ogg": []byte("OggS" + strings.Repeat("\x00", 60))}[file.name]
		if data == nil {
			data = []byte("%PDF-1.7")
		}
		p.do(file.name, chromedp.Click(`.attach summary`), chromedp.SetUploadFiles(`#file input[type=file]`, []string{p.write(file.name, data)}))
		p.gets(file.kind, file.kind+".mime_type", file.mime)
	}
	p.is("all of them are on the page", `["img", "audio", "video", "a.media", ".sticker img"].every((s) => document.querySelector("#log .mine " + s))`)
	attach := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		p.t.Helper()
		p.do(what, append([]chromedp.Action[chromedp.Void]{chromedp.Click(`.attach summary`)}, steps...)...)
	}
	attach("a place", chromedp.SendKeys(`.attach input[name=place]`, "Casa\r"))
	p.gets("location", "location.name", "Casa")
	attach("a contact", chromedp.SendKeys(`.attach input[name=contact]`, "Ana"), chromedp.SendKeys(`.attach input[name=contact] + *, .attach label:has(input[name=contact]) + label input`, "600 55 01 33\r"))
	p.gets("contacts", "contacts.0.phones.0.wa_id", "600550133")
	attach("an order", chromedp.Click(`.attach button[value=order]`))
	p.gets("order", "order.product_items.0.quantity", "1")
	attach("a poll", chromedp.Click(`.attach button[value=poll]`))
	p.gets("unsupported", "errors.0.code", "131051")
	attach("a new phone", chromedp.Click(`#deeds button[value=change_identity]`))
	p.gets("system", "system.type", "customer_identity_changed")
	attach("a new number", chromedp.SendKeys(`.attach label:has(+ button[value=change_number]) input`, "+34 600 55 01 99\r"))
	p.gets("system", "system.wa_id", "34600550199")
	p.is("the number is shown", `document.getElementById("people").textContent.includes("34600550199")`)
}

// What the shop sends is answered on the page, the list by keyboard alone.
func pageAnswersEachKind(p *tab) {
	p.control("/control/templates", `{"name":"rebajas","language":"es","category":"MARKETING","components":[{"type":"BODY","text":"Todo a mitad de precio."}]}`)
	tune := p.uploadFile("audio/ogg", append([]byte("OggS"), make([]byte, 200)...))
	p.say(lucia, "hola")
	p.send("interactive", `{"type":"button","body":{"text":"¿Sí?"},"action":{"buttons":[{"type":"reply","reply":{"id":"b1","title":"Sí"}}]}}`)
	p.send("interactive", `{"type":"list","body":{"text":"Elige"},"action":{"button":"Ver","sections":[{"rows":[{"id":"r1","title":"Uno"}]}]}}`)
	p.send("interactive", `{"type":"location_request_message","body":{"text":"¿Dónde?"},"action":{"name":"send_location"}}`)
	p.send("interactive", `{"type":"request_contact_info","body":{"text":"¿Tu número?"},"action":{"name":"request_contact_info"}}`)
	p.send("interactive", `{"type":"flow","body":{"text":"Cuenta"},"action":{"name":"flow","parameters":{"flow_message_version":"3","flow_id":"1","flow_cta":"Abrir","flow_token":"t"}}}`)
	p.send("template", template("csat", "es", ""))
	p.send("template", template("rebajas", "es", ""))
	p.send("audio", `{"id":"`+tune+`","voice":true}`)
	p.run()
	p.gets("text", "text.body", "hola")
	p.narrow()
	p.do("a button", chromedp.Click(`#log button[value=b1]`))
	p.gets("interactive", "interactive.button_reply.id", "b1")
	p.do("a row by keyboard", chromedp.Focus(`.rows summary`), chromedp.KeyEvent("\r"), chromedp.WaitVisible(`.rows button`), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	p.gets("interactive", "interactive.list_reply.id", "r1")
	p.do("the own place", chromedp.Click(`#log form:has(input[name=latitude]) button`))
	p.gets("location", "location.latitude", "40.4168")
	p.do("the own number", chromedp.Click(`#log button[name=share]`))
	p.gets("contacts", "contacts.0.origin", "contact_request")
	p.do("a form", chromedp.SendKeys(`#log input[name=answer]`, "se rompió\r"))
	p.gets("interactive", "interactive.nfm_reply.response_json", `{"answer":"se rompió","flow_token":"t"}`)
	p.do("a template's button", chromedp.Click(`#log button[value="Sí"]`))
	p.gets("button", "button.payload", "Sí")
	p.do("no more marketing", chromedp.Click(`#log button[value=stop]`), chromedp.WaitVisible(`#log button[value=resume]`))
	if got := p.waitRaw(1)[0].str("user_preferences.0.value"); got != "stop" {
		p.t.Errorf("preference %q", got)
	}
	p.is("the voice note is heard", `document.querySelector("audio[data-voice]").dispatchEvent(new Event("play"))`)
	if got := p.wait(1)[0].Statuses; len(got) != 1 || got[0].Status != "played" {
		p.t.Errorf("played: %+v", got)
	}
}

// Messages that are there are quoted, reacted to, edited, passed on and deleted,
// and the shop can be blocked.
func pageChangesWhatIsThere(p *tab) {
	p.run()
	mine := p.say(lucia, "hola")
	p.sendText(lucia, "Buenas")
	p.gets("text", "text.body", "hola")
	p.narrow()
	menu := func(whose, step string) {
		p.t.Helper()
		p.do(step, chromedp.Click(`#log .`+whose+` .more summary`), chromedp.Click(`#log .`+whose+` `+step))
	}
	p.do("react by keyboard", chromedp.Focus(`.theirs .more summary`), chromedp.KeyEvent("\r"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	p.gets("reaction", "reaction.emoji", "👍")
	p.is("the reaction is shown", `document.querySelector(".theirs .reaction").textContent === "👍"`)
	menu("theirs", `.emoji button:last-child`)
	p.gets("reaction", "reaction.emoji", "")
	p.is("it is gone", `document.querySelector(".theirs .reaction").textContent === ""`)
	menu("theirs", `.more a`)
	p.do("quote", chromedp.WaitVisible(`#reply`), chromedp.SendKeys(`#text`, "¿Y el dos?\r"), chromedp.WaitVisible(`#log .quote`), chromedp.WaitNotPresent(`#reply`))
	if got := p.gets("text", "text.body", "¿Y el dos?"); got.str("messages.0.context.from") != "34910500100" {
		p.t.Errorf("quoted: %v", got)
	}
	menu("mine", `.more a[href*=edit]`)
	p.do("edit", chromedp.WaitVisible(`#reply`), chromedp.SendKeys(`#text`, ", tienda\r"), chromedp.WaitNotPresent(`#reply`))
	p.gets("edit", "edit.message.text.body", "hola, tienda")
	menu("mine", `.more button[value=forward]`)
	p.gets("text", "context.forwarded", "true")
	p.do("it is marked", chromedp.WaitVisible(`#log .forwarded`))
	menu("mine", `.more button[name=revoke]`)
	p.gets("revoke", "revoke.original_message_id", mine)
	p.do("it is gone", chromedp.WaitVisible(`#log .gone`))
	p.do("block", chromedp.Click(`.attach summary`), chromedp.Click(`#deeds button[value=block]`),
		chromedp.SendKeys(`#text`, "¿hola?\r"), chromedp.WaitVisible(`#problem`))
	p.is("why it is not sent", `document.getElementById("problem").textContent.includes("bloqueado")`)
	p.do("unblock", chromedp.Click(`.attach summary`), chromedp.WaitVisible(`#deeds button[value=unblock]`), chromedp.Click(`#deeds button[value=unblock]`))
	p.do("say it again", chromedp.SendKeys(`#text`, "\r"))
	p.gets("text", "text.body", "¿hola?")
}

// startBrowser starts a browser that asks nothing of the outside.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(chromium(t)), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(fmt.Errorf("start the browser: %w", err))
	}
	return ctx
}

// chromium is the path of a browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium in PATH")
	return ""
}
