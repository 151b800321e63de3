package desk_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

func TestChannelPage(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	for language, words := range map[string][]string{
		"es": {
			"Canal", "WhatsApp no acepta nada de este número", "Plantilla en pausa por quejas de clientes", "El número tiene mala calidad",
			"Visto por <bdi>bea</bdi>", "hay otro más nuevo", "en pausa", "calidad mala", "aprobada", "códigos de acceso", "avisos sin ver",
		},
		"en": {
			"Channel", "WhatsApp takes nothing from this number", "Template paused after customers&#39; complaints", "The number is of low quality",
			"Seen by <bdi>bea</bdi>", "there is a newer one", "paused", "quality low", "approved", "sign-in codes", "alerts not seen",
		},
	} {
		page := b.get("/desk/channel", language)
		page.says(t, http.StatusOK, words...)
		page.says(t, http.StatusOK, `<b class="unseen-alerts">2<span`, "190: access token expired", "csat (es)")
		if newest, oldest := strings.Index(page.body, "alert-alert-circuit"), strings.Index(page.body, "alert-alert-name"); newest < 0 || oldest < newest {
			t.Errorf("the newest alert stands at %d, the oldest at %d", newest, oldest)
		}
	}
}

// TestACriticalAlertIsOnAllPages until somebody has seen it.
func TestACriticalAlertIsOnAllPages(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	pages := []string{
		"/desk/", "/desk/?view=all", sara, pau + "/template", "/desk/conversations/" + desktest.Nora,
		"/desk/conversations/" + desktest.Lucia + "/why", "/desk/conversations/" + desktest.Lucia + "/history", "/desk/channel",
	}
	for _, path := range pages {
		b.get(path, "es").says(t, http.StatusOK, "Urgente:", "Ver el canal")
	}
	b.post("/desk/channel/alerts/alert-circuit/seen", nil).leads(t, "/desk/channel?done=seen")
	b.get("/desk/channel?done=seen", "en").says(t, http.StatusOK, "The alert is seen.", "Seen by <bdi>ana</bdi>", `<b class="unseen-alerts">1<span`)
	for _, path := range pages {
		b.get(path, "es").lacks(t, "Urgente:")
	}
	b.post("/desk/channel/alerts/alert-paused/seen", nil)
	b.get("/desk/", "en").lacks(t, "unseen-alerts")
	b.post("/desk/channel/alerts/none/seen", nil).says(t, http.StatusNotFound)
}

// TestANewerAlertEndsAnOlderOne: a template that is approved again is no matter any
// more.
func TestANewerAlertEndsAnOlderOne(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	err := b.store.Raise(t.Context(), gateway.Alert{
		Kind: "message_template_status_update", Subject: "csat (es)", State: "APPROVED", Level: gateway.AlertInfo, At: morning,
	})
	if err != nil {
		t.Fatal(err)
	}
	page := b.get("/desk/channel", "en")
	page.says(t, http.StatusOK, "Template approved: it can be sent.", `<b class="unseen-alerts">1<span`)
	page.lacks(t, `action="/desk/channel/alerts/alert-paused/seen"`)
}

func TestAlertsPage(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	for i := range 70 {
		err := b.store.Raise(t.Context(), gateway.Alert{
			Kind: "unheard_of", Subject: "s" + digits(int64(i)), Level: gateway.AlertInfo, At: morning.Add(-240*time.Hour - time.Duration(i)*time.Minute),
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	page := b.get("/desk/channel", "en")
	page.says(t, http.StatusOK, "WhatsApp tells of a change in the account.", `href="?after=50"`)
	page.lacks(t, "<bdi>s69</bdi>")
	b.get("/desk/channel?after=50", "en").says(t, http.StatusOK, "<bdi>s69</bdi>")
	b.get("/desk/channel?after=junk", "en").says(t, http.StatusBadRequest)
}

// TestAlertsAreLive: an open page hears of an alert though no conversation changed.
func TestAlertsAreLive(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.get("/desk/", "es").says(t, http.StatusOK, `-2" data-self="/desk/"`)
	s := b.listen("")
	first := s.next()
	if !strings.HasSuffix(first, "-2") {
		t.Fatalf("the state is %q", first)
	}
	if err := b.store.SeeAlert(t.Context(), "alert-circuit", "bea", morning); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(2 * time.Second)
	if next := s.next(); next != strings.TrimSuffix(first, "-2")+"-1" {
		t.Errorf("after an alert was seen the state is %q, before %q", next, first)
	}
}

func TestChannelOfAFailingStore(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.store.Fail(errors.New("disk on fire"))
	for _, path := range []string{"/desk/channel", pau + "/template"} {
		page := b.get(path, "en")
		page.says(t, http.StatusInternalServerError, "it is not your fault")
		page.lacks(t, "disk on fire")
	}
}
