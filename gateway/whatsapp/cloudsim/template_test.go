package cloudsim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// fillable are templates of each kind of parameter.
func fillable() []cloudsim.Template {
	part := func(kind, format, text string, buttons ...cloudsim.TemplateButton) cloudsim.TemplateComponent {
		return cloudsim.TemplateComponent{Type: kind, Format: format, Text: text, Buttons: buttons}
	}
	return []cloudsim.Template{
		{Name: "positional", Language: "es", Components: []cloudsim.TemplateComponent{
			part("HEADER", "TEXT", "Pedido {{1}}"), part("BODY", "", "Hola {{1}}, llega el {{2}}, {{1}}."), part("FOOTER", "", "Nogal"),
			part("BUTTONS", "", "", cloudsim.TemplateButton{Type: "QUICK_REPLY", Text: "Vale"}, cloudsim.TemplateButton{Type: "URL", Text: "Seguir", URL: "https://x.test/{{1}}"}),
		}},
		{Name: "named", Format: "NAMED", Language: "es", Components: []cloudsim.TemplateComponent{part("BODY", "", "Hola {{who}}, el {{day}}.")}},
		{Name: "picture", Language: "es", Components: []cloudsim.TemplateComponent{part("HEADER", "IMAGE", ""), part("BODY", "", "Mira.")}},
		{Name: "code", Language: "es", Components: []cloudsim.TemplateComponent{part("BODY", "", "Usa esto."), part("BUTTONS", "", "", cloudsim.TemplateButton{Type: "COPY_CODE", Text: "Copiar"})}},
		{Name: "paused", Language: "es", Status: "PAUSED", Components: []cloudsim.TemplateComponent{part("BODY", "", "x")}},
		{Name: "disabled", Language: "es", Status: "DISABLED", Components: []cloudsim.TemplateComponent{part("BODY", "", "x")}},
		{Name: "pending", Language: "es", Status: "PENDING", Components: []cloudsim.TemplateComponent{part("BODY", "", "x")}},
		{Name: "sale", Language: "es", Category: "MARKETING", Components: []cloudsim.TemplateComponent{part("BODY", "", "Rebajas.")}},
		{Name: "otp", Language: "es", Category: "AUTHENTICATION", Components: []cloudsim.TemplateComponent{part("BODY", "", "Tu código.")}},
	}
}

func template(name, language, components string) string {
	return fmt.Sprintf(`{"name":%q,"language":{"code":%q},"components":[%s]}`, name, language, components)
}

func TestTemplatesAreHeldAgainstTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { noLimits(c); c.Templates = fillable() })
	text := func(s string) string { return `{"type":"text","text":"` + s + `"}` }
	named := func(name, s string) string {
		return `{"type":"text","parameter_name":"` + name + `","text":"` + s + `"}`
	}
	body := func(parameters ...string) string {
		return `{"type":"body","parameters":[` + strings.Join(parameters, ",") + `]}`
	}
	header := `{"type":"header","parameters":[` + text("W1") + `]},`
	link := `,{"type":"button","sub_type":"url","index":"1","parameters":[` + text("A-17") + `]}`
	tap := `,{"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"ok-1"}]}`
	ok := header + body(text("Ana"), text("lunes")) + tap + link
	image := `{"type":"header","parameters":[{"type":"image","image":{"link":"https://x.test/a.png"}}]}`
	tests := []struct {
		name, part string
		want       int
	}{
		{"all there", template("positional", "es", ok), 0},
		{"other language", template("positional", "en", ok), 132001},
		{"unknown", template("nothing", "es", ""), 132001},
		{"pending", template("pending", "es", ""), 132001},
		{"paused", template("paused", "es", ""), 132015},
		{"disabled", template("disabled", "es", ""), 132016},
		{"no name", template("", "es", ""), 131008},
		{"one too few", template("positional", "es", header+body(text("Ana"))+link), 132000},
		{"one too many", template("positional", "es", header+body(text("Ana"), text("b"), text("c"))+link), 132000},
		{"no header", template("positional", "es", body(text("Ana"), text("b"))+link), 132000},
		{"no link", template("positional", "es", header+body(text("Ana"), text("b"))), 132000},
		{"another kind of button", template("positional", "es", header+body(text("Ana"), text("b"))+link+strings.Replace(tap, "quick_reply", "url", 1)), 132012},
		{"no such button", template("positional", "es", header+body(text("Ana"), text("b"))+strings.Replace(link, `"1"`, `"5"`, 1)), 132000},
		{"a name where there are places", template("positional", "es", header+body(named("who", "Ana"), text("b"))+link), 100},
		{"empty", template("positional", "es", header+body(text(" "), text("b"))+link), 131008},
		{"line break", template("positional", "es", header+body(text(`a\nb`), text("b"))+link), 132018},
		{"tab", template("positional", "es", header+body(text(`a\tb`), text("b"))+link), 132018},
		{"five spaces", template("positional", "es", header+body(text("a     b"), text("b"))+link), 132018},
		{"four spaces", template("positional", "es", header+body(text("a    b"), text("b"))+link), 0},
		{"too long", template("positional", "es", header+body(text(times(600)), text("b"))+link), 132005},
		{"image for text", template("positional", "es", header+body(`{"type":"image","image":{"link":"https://x.test"}}`, text("b"))+link), 132012},
		{"named", template("named", "es", body(named("day", "lunes"), named("who", "Ana"))), 0},
		{"no names", template("named", "es", body(text("Ana"), text("lunes"))), 100},
		{"wrong name", template("named", "es", body(named("whom", "Ana"), named("day", "lunes"))), 100},
		{"one name twice", template("named", "es", body(named("who", "Ana"), named("who", "lunes"))), 100},
		{"picture", template("picture", "es", image), 0},
		{"no picture", template("picture", "es", ""), 132012},
		{"text for a picture", template("picture", "es", `{"type":"header","parameters":[`+text("x")+`]}`), 132012},
		{"code", template("code", "es", `{"type":"button","sub_type":"copy_code","index":"0","parameters":[{"type":"coupon_code","coupon_code":"X1"}]}`), 0},
		{"no code", template("code", "es", ""), 131008},
	}
	for _, test := range tests {
		if got := w.send("template", test.part); got != test.want {
			t.Errorf("%s gives %d, want %d", test.name, got, test.want)
		}
	}
	if status, _ := w.post(sendURL, `{"messaging_product":"whatsapp","to":"`+lucia+`","type":"template","template":`+template("nothing", "es", "")+`}`); status != http.StatusNotFound {
		t.Errorf("an unknown template gives %d", status)
	}
	_, page := w.page("/phone/1", "es")
	for _, want := range []string{
		"<strong>Pedido W1</strong><br/>Hola Ana, llega el lunes, Ana.<br/><em>Nogal</em>", `value="ok-1">Vale`, "https://x.test/A-17",
		"Hola Ana, el lunes.", "Copiar: X1",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not on the page", want)
		}
	}
}

func TestATemplatesButtonComesBackAsAButton(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run()
	if got := w.send("template", template("csat", "es", "")); got != 0 {
		t.Fatal(got)
	}
	id := w.wait(2)[0].Statuses[0].ID
	w.act(`{"customer":"` + lucia + `","type":"tap","message_id":"` + id + `","option":"Sí"}`)
	got := w.waitRaw(1)[0]
	if got.str("messages.0.type") != "button" || got.str("messages.0.button.payload") != "Sí" || got.str("messages.0.context.id") != id {
		t.Errorf("got %v", got)
	}
}

func TestWhoWantsNoMarketingGetsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.Templates = fillable() })
	w.run()
	w.act(`{"customer":"` + lucia + `","type":"preferences","value":"stop"}`)
	got := w.waitRaw(1)[0]
	if got["field"] != "user_preferences" || got.str("user_preferences.0.value") != "stop" || got.str("user_preferences.0.wa_id") != lucia {
		t.Errorf("got %v", got)
	}
	w.send("template", template("sale", "es", ""))
	if s := w.wait(1)[0].Statuses[0]; s.Status != "failed" || s.Errors[0].Code != 131050 {
		t.Errorf("marketing: %+v", s)
	}
	w.send("template", template("code", "es", `{"type":"button","sub_type":"COPY_CODE","index":"0","parameters":[{"type":"coupon_code","coupon_code":"X1"}]}`))
	if s := w.wait(2)[0].Statuses[0]; s.Status != "sent" {
		t.Errorf("utility: %+v", s)
	}
	w.act(`{"customer":"` + lucia + `","type":"preferences","value":"resume"}`)
	w.wait(1)
	w.send("template", template("sale", "es", ""))
	if s := w.wait(2)[0].Statuses[0]; s.Status != "sent" || s.Pricing.Category != "marketing" {
		t.Errorf("marketing after resuming: %+v", s)
	}
}

func TestAnAuthenticationTemplateNeedsAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) {
		c.Templates = fillable()
		c.Customers = append(c.Customers, cloudsim.Customer{UserID: "ES.1abc"})
	})
	for name, want := range map[string]int{"otp": 131062, "sale": 0} {
		_, answer := w.post(sendURL, `{"messaging_product":"whatsapp","recipient":"ES.1abc","type":"template","template":`+template(name, "es", "")+`}`)
		if code(t, answer) != want {
			t.Errorf("%s gives %s", name, answer)
		}
	}
}

func TestTheListOfTemplatesHasPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID, c.Templates = "777", fillable() })
	var names []string
	next := "/v25.0/777/message_templates?limit=4"
	for pages := 0; next != ""; pages++ {
		var page struct {
			Data   []cloudsim.Template
			Paging struct{ Next string }
		}
		status, answer := w.get(next)
		if err := json.Unmarshal([]byte(answer), &page); err != nil || status != 200 || pages > 5 {
			t.Fatalf("%d %s", status, answer)
		}
		for _, each := range page.Data {
			names = append(names, each.Name)
		}
		next = strings.TrimPrefix(page.Paging.Next, "http://example.com")
	}
	want := []string{"positional", "named", "picture", "code", "paused", "disabled", "pending", "sale", "otp"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for query, want := range map[string]int{"status=PAUSED": 1, "name=sale&language=es": 1, "category=UTILITY": 7, "language=en": 0} {
		_, answer := w.get("/v25.0/777/message_templates?" + query)
		if got := strings.Count(answer, `"components"`); got != want {
			t.Errorf("%s gives %d", query, got)
		}
	}
	for _, query := range []string{"limit=0", "limit=x", "after=x"} {
		if status, _ := w.get("/v25.0/777/message_templates?" + query); status != 400 {
			t.Errorf("%s gives %d", query, status)
		}
	}
}

func TestATemplatesStateIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.AccountID = "777" })
	w.run()
	const path = "/v25.0/777/message_templates"
	create := `{"name":"back_soon","language":"es","category":"UTILITY","components":[{"type":"BODY","text":"Volvemos el {{1}} sin falta."}]}`
	if status, answer := w.post(path, create); status != 200 || !strings.Contains(answer, `"PENDING"`) {
		t.Fatalf("%d %s", status, answer)
	}
	for _, bad := range []string{
		create, `{"name":"Back","language":"es","components":[{"type":"BODY","text":"x"}]}`,
		`{"name":"back","language":"es","components":[{"type":"BODY","text":"{{1}} x"}]}`, `{"name":"back","language":"es"}`, `[`,
	} {
		if status, answer := w.post(path, bad); status != 400 {
			t.Errorf("%s gives %d %s", bad, status, answer)
		}
	}
	w.control("/control/templates", `{"name":"back_soon","language":"es","status":"APPROVED"}`)
	w.control("/control/templates", `{"name":"back_soon","language":"es","status":"PAUSED","reason":"LOW_QUALITY"}`)
	r := httptest.NewRequest(http.MethodDelete, path+"?name=back_soon", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	if status, answer := w.do(r); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
	if status, _ := w.do(r); status != 400 {
		t.Errorf("deleted twice: %d", status)
	}
	for i, want := range []string{"APPROVED NONE", "PAUSED LOW_QUALITY", "DELETED NONE"} {
		got := w.waitRaw(1)[0]
		if got["field"] != "message_template_status_update" || got.str("event")+" "+got.str("reason") != want ||
			got.str("message_template_name") != "back_soon" || got["time"] == nil {
			t.Errorf("webhook %d is %v", i, got)
		}
	}
}
