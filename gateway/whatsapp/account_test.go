package whatsapp

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

const businessID = "102290129340398"

// accountOf is a client of a channel that answers as a handler says.
func accountOf(t *testing.T, h http.HandlerFunc) *Account {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	a, err := NewAccount(ClientConfig{BaseURL: server.URL + "/v25.0", Token: token, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNewAccountNamesTheWrongField(t *testing.T) {
	t.Parallel()
	if _, err := NewAccount(ClientConfig{}); err == nil || !strings.Contains(err.Error(), "Token") {
		t.Errorf("without a token: %v", err)
	}
}

const wholeNumber = `{"display_phone_number":"+1 555-078-3881","verified_name":"Lucky Shrub","quality_rating":"GREEN","status":"CONNECTED",
	"name_status":"APPROVED","throughput":{"level":"HIGH"},"whatsapp_business_manager_messaging_limit":"TIER_2K",
	"webhook_configuration":{"application":"https://a.example/","whatsapp_business_account":"https://w.example/"},
	"health_status":{"can_send_message":"LIMITED","entities":[
		{"entity_type":"PHONE_NUMBER","id":"100","can_send_message":"AVAILABLE"},
		{"entity_type":"WABA","id":"102290129340398","can_send_message":"LIMITED","errors":[{"error_code":141010,"error_description":"+34 600 111 222"}]},
		{"entity_type":"APP","id":670843887433847,"can_send_message":"AVAILABLE"}]},"id":"100"}`

func TestNumber(t *testing.T) {
	t.Parallel()
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.Path != "/v25.0/100" || r.Header.Get("Authorization") != "Bearer "+token {
			t.Errorf("%s %s with %q", r.Method, r.URL.Path, r.Header.Get("Authorization"))
		}
		answer(200, wholeNumber)(w, r)
	})
	got, err := a.Number(t.Context(), "100")
	if err != nil {
		t.Fatal(err)
	}
	want := AccountNumber{
		Display: "+1 555-078-3881", Name: "Lucky Shrub", NameStatus: "APPROVED", Quality: "GREEN", Status: "CONNECTED",
		Throughput: "HIGH", Limit: "TIER_2K", CanSend: "LIMITED", Callback: "https://w.example/",
		Entities: []AccountEntity{
			{Kind: "PHONE_NUMBER", ID: "100", CanSend: "AVAILABLE"},
			{Kind: "WABA", ID: businessID, CanSend: "LIMITED", Codes: []string{"141010"}},
			{Kind: "APP", ID: "670843887433847", CanSend: "AVAILABLE"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("number (-want +got):\n%s", diff)
	}
	if got.App() != "670843887433847" || (AccountNumber{}).App() != "" {
		t.Errorf("the app is %q", got.App())
	}
}

// TestNumberOfAnOldVersion: one field that the version does not know must not hide
// the number.
func TestNumberOfAnOldVersion(t *testing.T) {
	t.Parallel()
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Query().Get("fields"), "health_status") {
			answer(400, refused("100"))(w, r)
			return
		}
		answer(200, `{"display_phone_number":"+1 555","quality_rating":"UNKNOWN"}`)(w, r)
	})
	got, err := a.Number(t.Context(), "100")
	if diff := cmp.Diff(AccountNumber{Display: "+1 555", Quality: "UNKNOWN"}, got); err != nil || diff != "" {
		t.Errorf("%v, number (-want +got):\n%s", err, diff)
	}
}

func TestSubscribedApps(t *testing.T) {
	t.Parallel()
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v25.0/"+businessID+"/subscribed_apps" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		answer(200, `{"data":[{"whatsapp_business_api_data":{"id":"67","link":"https://l.example/","name":"Jaspers"}},
			{"override_callback_uri":"https://o.example/x","whatsapp_business_api_data":{"id":"52","name":"Finds"}}]}`)(w, r)
	})
	got, err := a.SubscribedApps(t.Context(), businessID)
	want := []AccountApp{{ID: "67", Name: "Jaspers"}, {ID: "52", Name: "Finds", Callback: "https://o.example/x"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, apps (-want +got):\n%s", err, diff)
	}
}

// TestTemplatesOfManyPages: the cursor is followed and the address beside it is
// not, which could lead the token to somebody else.
func TestTemplatesOfManyPages(t *testing.T) {
	t.Parallel()
	strangers := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the token was carried elsewhere")
	}))
	t.Cleanup(strangers.Close)
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("after"))
		paging := `,"paging":{"cursors":{"after":"` + strconv.Itoa(page+1) + `"},"next":"` + strangers.URL + `"}`
		if page == 2 {
			paging = `,"paging":{"cursors":{"after":"9"}}`
		}
		answer(200, `{"data":[{"name":"t`+strconv.Itoa(page)+`","language":"es","category":"UTILITY","status":"PAUSED",
			"quality_score":{"score":"RED"}}]`+paging+`}`)(w, r)
	})
	got, err := a.Templates(t.Context(), businessID)
	var want []AccountTemplate
	for page := range 3 {
		want = append(want, AccountTemplate{
			Name: "t" + strconv.Itoa(page), Language: "es", Category: "UTILITY", Status: "PAUSED", Quality: "RED",
		})
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, templates (-want +got):\n%s", err, diff)
	}
}

// TestSyncTemplates: what the channel leaves out or writes in another way is no
// trouble, and each page is read.
func TestSyncTemplates(t *testing.T) {
	t.Parallel()
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		if r.URL.Path != "/v25.0/"+businessID+"/message_templates" || !strings.Contains(q.Get("fields"), "components") || !strings.Contains(q.Get("fields"), "parameter_format") {
			t.Errorf("asked for %s", r.URL)
		}
		if q.Get("after") == "2" {
			answer(200, `{"data":[{"name":"b","language":"en","parameter_format":"POSITIONAL","components":[1,{"type":"CAROUSEL","cards":[]},{"type":"header","format":"image"},{"type":"BUTTONS","buttons":"x"}]}]}`)(w, r)
			return
		}
		answer(200, `{"data":[{"name":"a","language":"es","category":"UTILITY","status":"APPROVED","quality_score":{"score":"GREEN"},"parameter_format":"NAMED",
			"components":[{"type":"HEADER","text":"Hola {{name}}"},{"type":"BODY","text":"Va {{id}}.","example":{}},{"type":"FOOTER","text":"f"},
			{"type":"BUTTONS","buttons":[{"type":"URL","text":"Ver","url":"https://t.es/{{1}}"},{"type":"PHONE_NUMBER","text":"Llamar","phone_number":"+1"}]}]}],
			"paging":{"cursors":{"after":"2"},"next":"https://x.example"}}`)(w, r)
	})
	got, err := a.SyncTemplates(t.Context(), businessID)
	want := []gateway.Template{
		{
			Name: "a", Language: "es", Category: "UTILITY", Status: "APPROVED", Quality: "GREEN", Named: true, HeaderFormat: "TEXT",
			Header: "Hola {{name}}", Body: "Va {{id}}.", Footer: "f", SyncedAt: noon,
			Buttons: []gateway.TemplateButton{{Type: "URL", Text: "Ver", URL: "https://t.es/{{1}}"}, {Type: "PHONE_NUMBER", Text: "Llamar"}},
		},
		{Name: "b", Language: "en", HeaderFormat: "IMAGE", SyncedAt: noon},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, templates (-want +got):\n%s", err, diff)
	}
	if _, err := accountOf(t, answer(403, refused("10"))).SyncTemplates(t.Context(), businessID); !errors.As(err, new(*AccountError)) {
		t.Errorf("refused: %v", err)
	}
}

// TestPagesEnd: a list that says of each page that another follows is not read for
// ever.
func TestPagesEnd(t *testing.T) {
	t.Parallel()
	asked := 0
	a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		answer(200, `{"data":[{}],"paging":{"cursors":{"after":"`+strconv.Itoa(asked)+`"},"next":"https://x.example"}}`)(w, r)
	})
	if got, err := a.Templates(t.Context(), businessID); err != nil || len(got) != mostAccountPages {
		t.Errorf("%d templates, %v", len(got), err)
	}
}

// TestAccountRefusals: what is wrong is told apart by the code, and the error
// repeats nothing of the answer.
func TestAccountRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status                     int
		body                       string
		token, permission, missing bool
	}{
		"expired":          {401, refused("190"), true, false, false},
		"no user":          {400, refused("0"), true, false, false},
		"proxy's 401":      {401, "no", true, false, false},
		"permission":       {403, refused("10"), false, true, false},
		"permissions":      {403, refused("200"), false, true, false},
		"no such number":   {400, refused("100"), false, false, true},
		"deleted":          {404, refused("33"), false, false, true},
		"proxy's 404":      {404, "<html>", false, false, true},
		"too many":         {400, refused("80007"), false, false, false},
		"server":           {500, "", false, false, false},
		"redirect":         {302, "", false, false, false},
		"code not known":   {400, refused("987654"), false, false, false},
		"half a refusal":   {400, `{"error":{"code":`, false, false, false},
		"error is no code": {400, `{"error":{"code":"x"}}`, false, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := accountOf(t, answer(tt.status, tt.body)).SubscribedApps(t.Context(), businessID)
			var got *AccountError
			if !errors.As(err, &got) {
				t.Fatalf("the error is %v", err)
			}
			if got.Status != tt.status || got.Token() != tt.token || got.Permission() != tt.permission || got.Missing() != tt.missing {
				t.Errorf("%+v: token %t, permission %t, missing %t", got, got.Token(), got.Permission(), got.Missing())
			}
			if got.Title == "" || strings.Contains(err.Error(), phone) || strings.Contains(err.Error(), businessID) {
				t.Errorf("the text is %q", err)
			}
		})
	}
}

// TestAccountNoAnswer: the error is not the network's, which would name the
// address with the ids in it.
func TestAccountNoAnswer(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(nil)
	gone.Close()
	nobody, err := NewAccount(ClientConfig{BaseURL: gone.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for name, read := range map[string]func() error{
		"nobody listens": func() error { _, err := nobody.Number(t.Context(), "100"); return err },
		"no clock":       func() error { _, err := nobody.Skew(t.Context()); return err },
		"nonsense":       func() error { _, err := accountOf(t, answer(200, "[]")).Templates(t.Context(), businessID); return err },
		"hung up": func() error {
			_, err := accountOf(t, hangUp(t, "")).SubscribedApps(t.Context(), businessID)
			return err
		},
		"too late": func() error { _, err := accountOf(t, stuck).Number(late, "100"); return err },
	} {
		err := read()
		if !errors.Is(err, ErrNoAnswer) || strings.Contains(err.Error(), businessID) || strings.Contains(err.Error(), token) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSkew: every answer has a date, and no token is needed for one.
func TestSkew(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 90 * time.Second, -time.Hour} {
		a := accountOf(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				t.Error("the token was sent")
			}
			w.Header().Set("Date", noon.Add(-ahead).UTC().Format(http.TimeFormat))
			w.WriteHeader(http.StatusBadRequest)
		})
		got, err := a.Skew(t.Context())
		if err != nil || (got-ahead).Abs() > time.Second {
			t.Errorf("%v ahead is measured as %v, %v", ahead, got, err)
		}
	}
	undated := accountOf(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["Date"] = nil })
	if _, err := undated.Skew(t.Context()); !errors.Is(err, ErrNoAnswer) {
		t.Errorf("without a date: %v", err)
	}
}

func FuzzAccount(f *testing.F) {
	f.Add([]byte(wholeNumber))
	f.Add([]byte(`{"health_status":{"entities":[1,{"errors":{}}]},"throughput":[],"webhook_configuration":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		top, ok := decode(body)
		if !ok {
			return
		}
		n := readNumber(top)
		if len(n.Entities) == 0 && n.App() != "" {
			t.Errorf("the app %q comes from nowhere", n.App())
		}
		readApp(top)
		readTemplate(top)
		readWholeTemplate(top, noon)
	})
}
