package gatewaytest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/gateway"
)

func alertTests() []test {
	return []test{
		{"AlertsNewestFirst", testAlerts},
		{"AlertsRepeat", testAlertRepeats},
		{"AlertsAreSeen", testAlertSeen},
		{"AlertsSeenLongAgo", testAlertUnseen},
		{"AlertsComeAsEvents", testAlertEvent},
		{"TemplatesAreReplaced", testTemplates},
		{"AlertsChangeTemplates", testAlertTemplate},
	}
}

func (b *bundle) alert(subject, state string) gateway.Alert {
	return gateway.Alert{
		ID: gateway.NewID(), Kind: "message_template_status_update", Subject: subject, State: state, Level: gateway.AlertWarning,
		Detail: "porque\x00 sí", At: b.now,
	}
}

func (b *bundle) raise(a gateway.Alert) {
	b.Helper()
	b.ok("raise", b.store.Raise(b.Context(), a))
}

func (b *bundle) alerts() []gateway.Alert {
	b.Helper()
	list, _, err := b.store.Alerts(b.Context(), gateway.Page{Limit: 200})
	b.ok("alerts", err)
	return list
}

// alerted checks that there are just these alerts, newest first, whatever their ids.
func (b *bundle) alerted(want ...gateway.Alert) []gateway.Alert {
	b.Helper()
	got := b.alerts()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(gateway.Alert{}, "ID")); diff != "" {
		b.Errorf("alerts (-want +got):\n%s", diff)
	}
	return got
}

func testAlerts(b *bundle) {
	b.alerted()
	var want []string
	for i := range 5 {
		b.advance(time.Second)
		b.raise(b.alert(fmt.Sprint("plantilla ", i), "PAUSED"))
		want = append(want, fmt.Sprint("plantilla ", i))
	}
	late := b.alert("tarde", "PAUSED")
	late.At = epoch
	b.raise(late)
	b.crash()
	slices.Reverse(want)
	want = append(want, "tarde")
	var got []string
	ids := map[string]bool{}
	list := func(p gateway.Page) ([]gateway.Alert, string, error) { return b.store.Alerts(b.Context(), p) }
	for _, a := range pages(b, list) {
		got = append(got, a.Subject)
		ids[a.ID] = a.ID != ""
	}
	b.same("alerts", got, want)
	b.same("ids", len(ids), len(want))
	for _, cursor := range []string{"x", "-1", "===", "' or 1=1 --", strings.Repeat("9", 5000), "\x00"} {
		_, _, err := b.store.Alerts(b.Context(), gateway.Page{After: cursor})
		b.fails("alerts after "+cursor, err, gateway.ErrInvalid)
	}
}

// testAlertRepeats tells the same again, and the same with something else in between.
func testAlertRepeats(b *bundle) {
	paused := b.alert("a", "PAUSED")
	b.raise(paused)
	b.advance(time.Hour)
	other := b.alert("b", "PAUSED")
	b.raise(other)
	b.advance(time.Hour)
	again := b.alert("a", "PAUSED")
	again.Detail = "otra vez"
	b.raise(again)
	b.crash()
	paused.At = b.now
	b.alerted(paused, other)
	// Another level, state or kind is news, and so is the first one after it.
	b.advance(time.Hour)
	worse := b.alert("a", "PAUSED")
	worse.Level = gateway.AlertCritical
	b.raise(worse)
	b.advance(time.Hour)
	approved := b.alert("a", "APPROVED")
	b.raise(approved)
	b.advance(time.Hour)
	back := b.alert("a", "PAUSED")
	b.raise(back)
	b.advance(time.Hour)
	kind := b.alert("a", "PAUSED")
	kind.Kind = "message_template_quality_update"
	b.raise(kind)
	b.advance(time.Hour)
	b.raise(b.alert("a", "PAUSED"))
	back.At = b.now
	b.alerted(back, kind, approved, worse, paused, other)
}

func testAlertSeen(b *bundle) {
	b.raise(b.alert("a", "PAUSED"))
	want := b.alerts()[0]
	b.same("seen", want.SeenBy, "")
	b.advance(time.Minute)
	b.ok("see", b.store.SeeAlert(b.Context(), want.ID, "marta", b.now))
	want.SeenBy, want.SeenAt = "marta", b.now
	b.advance(time.Minute)
	b.ok("see again", b.store.SeeAlert(b.Context(), want.ID, "luis", b.now))
	b.crash()
	b.same("seen", b.alerts(), []gateway.Alert{want})
	for _, id := range []string{"", "x", gateway.NewID(), "'"} {
		b.fails("see nothing", b.store.SeeAlert(b.Context(), id, "marta", b.now), gateway.ErrNotFound)
	}
	// What changes is not seen yet.
	b.advance(time.Minute)
	b.raise(b.alert("a", "DISABLED"))
	b.same("seen", b.alerts()[0].SeenBy, "")
}

// testAlertUnseen repeats an alert that was seen: a day later somebody has to look
// again.
func testAlertUnseen(b *bundle) {
	b.raise(b.alert("a", "PAUSED"))
	id := b.alerts()[0].ID
	b.ok("see", b.store.SeeAlert(b.Context(), id, "marta", b.now))
	seen := b.now
	b.advance(23 * time.Hour)
	b.raise(b.alert("a", "PAUSED"))
	got := b.alerts()[0]
	b.same("seen", got.SeenBy, "marta")
	b.same("seen at", got.SeenAt, seen)
	b.same("at", got.At, b.now)
	b.advance(2 * time.Hour)
	b.raise(b.alert("a", "PAUSED"))
	got = b.alerts()[0]
	b.same("id", got.ID, id)
	b.same("seen", got.SeenBy, "")
	b.same("seen at", got.SeenAt, time.Time{})
	b.ok("see", b.store.SeeAlert(b.Context(), id, "luis", b.now))
	b.same("seen", b.alerts()[0].SeenBy, "luis")
}

// testAlertEvent has alerts come in as webhooks, where they have no id.
func testAlertEvent(b *bundle) {
	var events []gateway.Event
	var want []gateway.Alert
	for _, subject := range []string{"a", "b", "a"} {
		b.advance(time.Second)
		a := b.alert(subject, "PAUSED")
		a.ID, a.Template = "", &gateway.Template{Name: subject, Language: "es", Status: "PAUSED"}
		e := b.event(gateway.EventAlert, gateway.Identity{})
		e.At, e.Alert = a.At, &a
		events, want = append(events, e), append(want, a)
	}
	b.same("fresh", b.accept(events...), keys(events))
	b.alerted()
	b.crash()
	b.idle()
	got := b.alerted(want[2], want[1])
	if len(got) == 2 && (got[0].ID == "" || got[0].ID == got[1].ID) {
		b.Error("alerts have no ids of their own")
	}
	b.same("fresh again", b.accept(events...), []string(nil))
	b.idle()
	b.alerted(want[2], want[1])
	b.same("conversations", len(b.conversations("")), 0)
}

func template(name, language string) gateway.Template {
	return gateway.Template{
		Name: name, Language: language, Category: "UTILITY", Status: "APPROVED", Quality: "GREEN", Named: true, HeaderFormat: "TEXT",
		Header: "Pedido {{n}}", Body: "Hola\x00 {{nombre}}", Footer: "Cerería",
		Buttons:  []gateway.TemplateButton{{Type: "URL", Text: "Ver", URL: "https://example.com/{{1}}"}, {Type: "QUICK_REPLY", Text: "No"}},
		SyncedAt: epoch,
	}
}

func (b *bundle) templates() []gateway.Template {
	b.Helper()
	list, err := b.store.Templates(b.Context())
	b.ok("templates", err)
	return list
}

func testTemplates(b *bundle) {
	b.same("templates", b.templates(), []gateway.Template(nil))
	a, aEn, z := template("a", "es"), template("a", "en_US"), template("z", "es")
	b.ok("put", b.store.PutTemplates(b.Context(), []gateway.Template{z, a, aEn}))
	b.crash()
	b.same("templates", b.templates(), []gateway.Template{aEn, a, z})
	a.Status, a.Buttons = "REJECTED", nil
	m := gateway.Template{Name: "m", Language: "es", Body: "Hola"}
	b.ok("put", b.store.PutTemplates(b.Context(), []gateway.Template{m, a}))
	b.same("templates", b.templates(), []gateway.Template{a, m})
	b.ok("put", b.store.PutTemplates(b.Context(), nil))
	b.same("templates", b.templates(), []gateway.Template(nil))
}

// testAlertTemplate has alerts change templates: in one language, in all, and ones
// that are not there.
func testAlertTemplate(b *bundle) {
	es, en, other := template("a", "es"), template("a", "en"), template("b", "es")
	b.ok("put", b.store.PutTemplates(b.Context(), []gateway.Template{es, en, other}))
	change := func(t gateway.Template, state string) {
		b.Helper()
		b.advance(time.Minute)
		a := b.alert(t.Name+"/"+t.Language, state)
		a.Template = &t
		b.raise(a)
		b.same("template of the alert", b.alerts()[0].Template, &t)
	}
	change(gateway.Template{Name: "a", Language: "es", Status: "PAUSED"}, "PAUSED")
	es.Status = "PAUSED"
	b.same("one language", b.templates(), []gateway.Template{en, es, other})
	change(gateway.Template{Name: "a", Quality: "RED", Category: "MARKETING"}, "RED")
	es.Quality, es.Category, en.Quality, en.Category = "RED", "MARKETING", "RED", "MARKETING"
	b.same("all languages", b.templates(), []gateway.Template{en, es, other})
	change(gateway.Template{Name: "unknown", Language: "es", Status: "APPROVED"}, "APPROVED")
	change(gateway.Template{Name: "a", Language: "fr", Status: "DISABLED"}, "DISABLED")
	change(gateway.Template{Name: "b", Language: "es", Body: "otra cosa"}, "SAME")
	b.crash()
	b.same("nothing else", b.templates(), []gateway.Template{en, es, other})
	e := b.event(gateway.EventAlert, gateway.Identity{})
	a := b.alert("b", "DISABLED")
	a.Template = &gateway.Template{Name: "b", Language: "es", Status: "DISABLED"}
	e.Alert = &a
	b.filed(e)
	other.Status = "DISABLED"
	b.same("by a webhook", b.templates(), []gateway.Template{en, es, other})
}
