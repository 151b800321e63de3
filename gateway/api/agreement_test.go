package api_test

import (
	"net/http"
	"testing"

	"github.com/recado/recado/gateway/api"
	"github.com/recado/recado/gateway/desk/desktest"
)

func TestAgreement(t *testing.T) {
	t.Parallel()
	b := setup(t)
	type agreement struct {
		Consent, Agent string
		At             *string
	}
	place := "/api/v1/conversations/" + desktest.Nora + "/agreement"
	if got := get[agreement](t, b, place, "agreement"); got.Consent != "unset" || got.Agent != "" || got.At != nil {
		t.Errorf("at first %+v", got)
	}
	for _, test := range []struct{ body, consent, agent string }{
		{`{"consent": "given", "agent": "ana"}`, "given", "ana"}, {`{"consent": "withheld"}`, "withheld", "api"}, {`{"consent": "unset"}`, "unset", "api"},
	} {
		changed := *b.changed
		if w := b.call("PUT", place, test.body); w.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", test.body, w.Code, w.Body)
		}
		got := get[agreement](t, b, place, "agreement")
		if got.Consent != test.consent || got.Agent != test.agent || got.At == nil || *b.changed != changed+1 {
			t.Errorf("%s gives %+v", test.body, got)
		}
	}
	for body, want := range map[string]int{
		`{"consent": "perhaps"}`: http.StatusBadRequest, `{}`: http.StatusBadRequest, ``: http.StatusBadRequest, `[`: http.StatusBadRequest,
	} {
		if w := b.call("PUT", place, body); w.Code != want {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	for _, method := range []string{"GET", "PUT"} {
		if w := b.call(method, "/api/v1/conversations/none/agreement", `{"consent": "given"}`); w.Code != http.StatusNotFound {
			t.Errorf("%s of nobody: %d", method, w.Code)
		}
	}
	none, err := api.New(api.Config{Desk: b.store, Orders: b.book, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	b.API = none
	if w := b.call("PUT", place, `{"consent": "given"}`); w.Code != http.StatusNotFound {
		t.Errorf("without agreements: %d", w.Code)
	}
}
