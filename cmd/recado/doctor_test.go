package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
	"github.com/recado/recado/internal/demoshop"
	"github.com/recado/recado/internal/testservices"
)

const testAccount = "102290129340398"

// graph is a Graph API that answers by path; a path may have a status before its
// body. What is not in it does not exist.
type graph map[string]string

// healthyGraph is that of a business where all is well.
func healthyGraph() graph {
	return graph{
		"/v25.0/" + testNumber: `{"display_phone_number":"+1 555-078-3881","verified_name":"Lucky Shrub","quality_rating":"GREEN",
			"status":"CONNECTED","name_status":"APPROVED","throughput":{"level":"STANDARD"},"health_status":{"can_send_message":"AVAILABLE",
			"entities":[{"entity_type":"WABA","id":"` + testAccount + `","can_send_message":"AVAILABLE"},{"entity_type":"APP","id":"67","can_send_message":"AVAILABLE"}]}}`,
		"/v25.0/" + testAccount + "/subscribed_apps":   `{"data":[{"whatsapp_business_api_data":{"id":"67","name":"Recado"}}]}`,
		"/v25.0/" + testAccount + "/message_templates": `{"data":[{"name":"csat","language":"es","status":"APPROVED"}]}`,
	}
}

func (g graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, found := g[r.URL.Path]
	if !found {
		body = graphError(404, 100)
	}
	if status, rest, cut := strings.Cut(body, " "); cut && len(status) == 3 {
		var code int
		if n, _ := fmt.Sscan(status, &code); n == 1 {
			w.WriteHeader(code)
			body = rest
		}
	}
	fmt.Fprint(w, body)
}

// graphError is a refusal as the Graph API writes it, with texts that nobody may
// see again.
func graphError(status, code int) string {
	return fmt.Sprintf(`%d {"error":{"message":"s3cret +34600550101","code":%d,"error_data":{"details":"s3cret"}}}`, status, code)
}

// healthy is the environment of an installation without servers where all is well
// with the settings.
func healthy(t *testing.T, api http.Handler) map[string]string {
	t.Helper()
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	return map[string]string{
		"RECADO_DATA": t.TempDir(), "RECADO_API_TOKEN": "s3cret-api", "WHATSAPP_API_URL": server.URL + "/v25.0",
		"WHATSAPP_APP_SECRET": "s3cret-app", "WHATSAPP_VERIFY_TOKEN": "s3cret-verify", "WHATSAPP_ACCESS_TOKEN": "s3cret-token",
		"WHATSAPP_PHONE_NUMBER_ID": testNumber,
	}
}

// report is what `recado doctor --json` prints.
type report struct {
	OK       bool      `json:"ok"`
	Findings []finding `json:"findings"`
}

// diagnose runs the command and holds what it printed against what must never be
// printed.
func diagnose(t *testing.T, env map[string]string, args ...string) (report, int) {
	t.Helper()
	code, out, errs := tell(t, env, append([]string{"doctor", "--json"}, args...)...)
	var r report
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("status %d, %v: %s%s", code, err, out, errs)
	}
	for _, never := range []string{"s3cret", "34600550101", "dial tcp", "%!", "<nil>", "context deadline"} {
		if strings.Contains(out+errs, never) {
			t.Errorf("%q is printed: %s%s", never, out, errs)
		}
	}
	if r.OK != (code == exitOK) {
		t.Errorf("ok is %t with status %d", r.OK, code)
	}
	return r, code
}

func (r report) of(t *testing.T, name string) finding {
	t.Helper()
	i := slices.IndexFunc(r.Findings, func(f finding) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("there is no check %q in %+v", name, r.Findings)
	}
	return r.Findings[i]
}

// is wants a finding with a level and words in it; whoever reads a bad one has to
// learn what to do, unless another line says it.
func (r report) is(t *testing.T, name string, want level, words ...string) {
	t.Helper()
	f := r.of(t, name)
	for _, word := range words {
		if !strings.Contains(f.Text+" "+f.Advice, word) {
			t.Errorf("%s does not say %q: %+v", name, word, f)
		}
	}
	if f.Level != want {
		t.Errorf("%s is not %s: %+v", name, want, f)
	}
	if f.Level == levelFail && f.Advice == "" {
		t.Errorf("%s fails without advice: %+v", name, f)
	}
}

// webhookAt is a gateway's webhook for the callback's check.
func webhookAt(t *testing.T, verify string) string {
	t.Helper()
	h, err := whatsapp.NewWebhook(whatsapp.WebhookConfig{VerifyToken: verify, Accept: func(context.Context, []gateway.Event) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/webhooks/whatsapp", h)
	mux.HandleFunc("/parrot", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "welcome") })
	mux.Handle("/moved", http.RedirectHandler("/webhooks/whatsapp", http.StatusFound))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// TestDoctorWell: an installation where all is well has no failure, with files and
// with servers.
func TestDoctorWell(t *testing.T) {
	t.Parallel()
	for _, mix := range []string{"embedded", "servers"} {
		t.Run(mix, func(t *testing.T) {
			t.Parallel()
			env := healthy(t, healthyGraph())
			if mix == "servers" {
				env["DATABASE_URL"], env["REDIS_URL"] = testservices.Postgres(t), testservices.Redis(t)
			}
			if code, _, errs := tell(t, env, "migrate"); code != exitOK {
				t.Fatal(errs)
			}
			fill(t, env)
			r, code := diagnose(t, env, "--callback", webhookAt(t, "s3cret-verify")+"/webhooks/whatsapp")
			if code != exitOK {
				t.Errorf("status %d: %+v", code, r)
			}
			for _, name := range []string{
				"settings", "app secret", "verify token", "API token", "calibration", "access token", "number",
				"subscription", "templates", "database", "knowledge", "model", "embedding", "clock", "data folder",
			} {
				r.is(t, name, levelOK)
			}
			r.is(t, "number", levelOK, "Lucky Shrub", "quality green", "Messages can be sent")
			r.is(t, "subscription", levelOK, `"Recado" gets`)
			r.is(t, "callback", levelWarn, "answers", "HTTPS")
			r.is(t, "knowledge", levelOK, " es", " en", "documents")
			if mix == "servers" {
				r.is(t, "pgvector", levelOK, "0.")
				r.is(t, "database", levelOK, "Postgres 1")
				r.is(t, "clock", levelOK, "the database's")
				if f := r.of(t, "Redis"); f.Level == levelFail || !strings.Contains(f.Text, "round trip") {
					t.Errorf("Redis: %+v", f)
				}
				return
			}
			r.is(t, "Redis", levelOK, "within the gateway")
		})
	}
}

// TestDoctorOnTheEmulator: the emulated Cloud API knows number, account and
// templates, and a business there can fall ill as well.
func TestDoctorOnTheEmulator(t *testing.T) {
	t.Parallel()
	sim, err := cloudsim.New(cloudsim.Config{
		WebhookURL: "http://127.0.0.1:1/webhooks/whatsapp", AppSecret: "s3cret-app", AccessToken: "s3cret-token",
		PhoneNumberID: testNumber, Customers: []cloudsim.Customer{{Phone: demoshop.DemoPhone, Name: demoshop.DemoName}},
	})
	if err != nil {
		t.Fatal(err)
	}
	env := healthy(t, sim)
	r, _ := diagnose(t, env)
	r.is(t, "access token", levelOK)
	r.is(t, "number", levelOK, "connected", "quality green")
	r.is(t, "subscription", levelOK, "gets the account's webhooks")
	r.is(t, "templates", levelOK)
	r.is(t, "clock", levelOK)
	end := httptest.NewRequestWithContext(t.Context(), http.MethodDelete,
		"/v25.0/"+cloudsim.DefaultAccountID(testNumber)+"/subscribed_apps", http.NoBody)
	end.Header.Set("Authorization", "Bearer s3cret-token")
	sim.ServeHTTP(httptest.NewRecorder(), end)
	r, _ = diagnose(t, env)
	r.is(t, "subscription", levelFail, "no message arrives")
	env["WHATSAPP_ACCESS_TOKEN"] = "another-token"
	r, code := diagnose(t, env)
	if r.is(t, "access token", levelFail, "expired"); code != exitFailed {
		t.Errorf("status %d", code)
	}
}

// TestDoctorLines: for people there is one line for each check, with its mark in
// front, and the number of failures at the end.
func TestDoctorLines(t *testing.T) {
	t.Parallel()
	g := healthyGraph()
	g["/v25.0/"+testNumber] = strings.Replace(g["/v25.0/"+testNumber], "Lucky Shrub", `Lucky\u001b[2J\nShrub`, 1)
	env := healthy(t, g)
	env["RECADO_API_TOKEN"] = ""
	code, out, errs := tell(t, env, "doctor")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if code != exitOK || errs != "" || len(lines) != 21 || strings.Contains(out, "\x1b") {
		t.Errorf("status %d, %d lines: %s%s", code, len(lines), out, errs)
	}
	for _, line := range lines {
		if !strings.HasPrefix(line, "ok    ") && !strings.HasPrefix(line, "warn  ") {
			t.Errorf("the line has no mark: %s", line)
		}
	}
	if !strings.Contains(out, "warn  API token ") {
		t.Errorf("the warning is missing: %s", out)
	}
	holds(t, "whose conversations are tried", out, "conversations of customers who agreed")
	env["RECADO_REPLAY"], env["WHATSAPP_APP_SECRET"] = "everybody", ""
	code, out, errs = tell(t, env, "doctor", "--listen", "0.0.0.0:80")
	holds(t, "whose conversations are tried", out, "all customers who did not object", "privacy notice has to cover that")
	if code != exitFailed || !strings.Contains(out, "FAIL  app secret ") || !strings.Contains(errs, "1 of 21 checks failed") {
		t.Errorf("status %d: %s%s", code, out, errs)
	}
}

func TestDoctorUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"now"}, {"--callback", "desk.example.com"}, {"--no-such-flag"}, {"--embedding-dim", "s3cret"}} {
		code, _, errs := tell(t, nil, append([]string{"doctor"}, args...)...)
		if code != exitUsage || strings.Count(errs, "\n") != 1 || strings.Contains(errs, "s3cret") {
			t.Errorf("%q: status %d, %q", args, code, errs)
		}
	}
}

// TestDoctorSettings: what serve would refuse or warn of, without starting it.
func TestDoctorSettings(t *testing.T) {
	t.Parallel()
	r, code := diagnose(t, map[string]string{"RECADO_DATA": t.TempDir(), "WHATSAPP_API_URL": "http://127.0.0.1:1"})
	if code != exitFailed {
		t.Errorf("status %d", code)
	}
	r.is(t, "settings", levelFail, "WHATSAPP_ACCESS_TOKEN and WHATSAPP_PHONE_NUMBER_ID")
	r.is(t, "app secret", levelWarn, "without a signature")
	r.is(t, "verify token", levelWarn, "WHATSAPP_VERIFY_TOKEN")
	r.is(t, "API token", levelWarn, "RECADO_API_TOKEN")
	r.is(t, "access token", levelWarn, "settings above")
	r.is(t, "number", levelWarn, "above")
	r.is(t, "callback", levelWarn, "RECADO_PUBLIC_URL")
	r.is(t, "clock", levelWarn, "nothing listens")

	env := healthy(t, healthyGraph())
	maps.Copy(env, map[string]string{
		"WHATSAPP_APP_SECRET": "s3cret-old,s3cret-new", "WHATSAPP_ACCESS_TOKEN": "s3cret token",
		"RECADO_CALIBRATION": "/nowhere/at-all.json",
	})
	r, _ = diagnose(t, env)
	r.is(t, "app secret", levelWarn, "2 secrets")
	r.is(t, "access token", levelFail, "can't be a token")
	if f := r.of(t, "calibration"); f.Level != levelFail || !strings.Contains(f.Text, "RECADO_CALIBRATION") {
		t.Errorf("calibration: %+v", f)
	}
}

// TestDoctorToken: each way in which the channel can refuse leads to other advice.
func TestDoctorToken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer        string
		token, number level
		words         string
	}{
		"expired":     {graphError(401, 190), levelFail, levelWarn, "expired"},
		"permission":  {graphError(403, 10), levelFail, levelWarn, "whatsapp_business_messaging"},
		"permissions": {graphError(403, 200), levelFail, levelWarn, "permission"},
		"no number":   {graphError(400, 100), levelOK, levelFail, "accepts"},
		"too many":    {graphError(400, 80007), levelWarn, levelWarn, "too many calls"},
		"down":        {"503 upstream", levelWarn, levelWarn, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := healthyGraph()
			g["/v25.0/"+testNumber] = tt.answer
			r, _ := diagnose(t, healthy(t, g))
			r.is(t, "access token", tt.token, tt.words)
			r.is(t, "number", tt.number)
			r.is(t, "subscription", levelWarn)
			r.is(t, "clock", levelOK)
		})
	}
}

// TestDoctorNumber judges what the channel says of the number.
func TestDoctorNumber(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		old, new string
		want     level
		words    string
	}{
		"yellow":   {`"GREEN"`, `"YELLOW"`, levelWarn, "begin to complain"},
		"red":      {`"GREEN"`, `"RED"`, levelFail, "complain a lot"},
		"banned":   {`"CONNECTED"`, `"BANNED"`, levelFail, "status banned"},
		"pending":  {`"CONNECTED"`, `"PENDING"`, levelWarn, "should be connected"},
		"unnamed":  {`"APPROVED"`, `"DECLINED"`, levelWarn, "display name"},
		"limited":  {`"can_send_message":"AVAILABLE"`, `"can_send_message":"LIMITED"`, levelWarn, "limited"},
		"blocked":  {`"can_send_message":"AVAILABLE"`, `"can_send_message":"BLOCKED"`, levelFail, "can't be sent"},
		"nobody":   {`"verified_name":"Lucky Shrub",`, ``, levelOK, "Messages can be sent"},
		"entities": {`"AVAILABLE"},{`, `"BLOCKED","errors":[{"error_code":141010,"error_description":"s3cret"}]},{`, levelOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := healthyGraph()
			g["/v25.0/"+testNumber] = strings.Replace(g["/v25.0/"+testNumber], tt.old, tt.new, 1)
			r, _ := diagnose(t, healthy(t, g))
			r.is(t, "number", tt.want, tt.words)
		})
	}
	n := whatsapp.AccountNumber{CanSend: "BLOCKED", Entities: []whatsapp.AccountEntity{
		{Kind: "PHONE_NUMBER", CanSend: "AVAILABLE"}, {Kind: "WABA", CanSend: "BLOCKED", Codes: []string{"141010", "141006"}},
	}}
	if got := sending(n).Text; got != "Messages can't be sent, because of: waba (code 141010, 141006)." {
		t.Errorf("a blocked account is %q", got)
	}
}

// TestDoctorSubscription: no app, another app, another account and another address
// all mean that no message arrives here.
func TestDoctorSubscription(t *testing.T) {
	t.Parallel()
	const apps = "/v25.0/" + testAccount + "/subscribed_apps"
	for name, tt := range map[string]struct {
		apps, account, public string
		want                  level
		words                 string
	}{
		"none":            {`{"data":[]}`, "", "", levelFail, "step 8"},
		"another":         {`{"data":[{"whatsapp_business_api_data":{"id":"52","name":"Old bot"}}]}`, "", "", levelFail, "Old bot"},
		"both":            {`{"data":[{"whatsapp_business_api_data":{"id":"52","name":"Old bot"}},{"whatsapp_business_api_data":{"id":"67","name":"Recado"}}]}`, "", "", levelOK, "get the"},
		"elsewhere":       {`{"data":[{"override_callback_uri":"https://other.example/hook?t=s3cret","whatsapp_business_api_data":{"id":"67","name":"Recado"}}]}`, "", "http://127.0.0.1:1", levelWarn, "https://other.example/hook"},
		"here":            {`{"data":[{"override_callback_uri":"http://127.0.0.1:1/webhooks/whatsapp/","whatsapp_business_api_data":{"id":"67","name":"Recado"}}]}`, "", "http://127.0.0.1:1/", levelOK, "gets"},
		"no permission":   {graphError(403, 200), "", "", levelFail, "whatsapp_business_management"},
		"unknown account": {`{"data":[]}`, "1", "", levelFail, "WHATSAPP_BUSINESS_ACCOUNT_ID"},
		"down":            {"500 ", "", "", levelWarn, "status 500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := healthyGraph()
			g[apps] = tt.apps
			env := healthy(t, g)
			env["WHATSAPP_BUSINESS_ACCOUNT_ID"], env["RECADO_PUBLIC_URL"] = tt.account, tt.public
			r, _ := diagnose(t, env)
			r.is(t, "subscription", tt.want, tt.words)
		})
	}
	g := healthyGraph()
	g["/v25.0/7/subscribed_apps"] = g[apps]
	env := healthy(t, g)
	env["WHATSAPP_BUSINESS_ACCOUNT_ID"] = "7"
	r, _ := diagnose(t, env)
	r.is(t, "subscription", levelFail, "another account")
	g["/v25.0/"+testNumber] = `{"display_phone_number":"+1"}`
	delete(env, "WHATSAPP_BUSINESS_ACCOUNT_ID")
	r, _ = diagnose(t, env)
	r.is(t, "subscription", levelWarn, "WHATSAPP_BUSINESS_ACCOUNT_ID is not set")
	r.is(t, "templates", levelWarn, "WHATSAPP_BUSINESS_ACCOUNT_ID is not set")
}

// TestDoctorCallback asks a real webhook, and what may stand in its place.
func TestDoctorCallback(t *testing.T) {
	t.Parallel()
	ours, theirs := webhookAt(t, "s3cret-verify"), webhookAt(t, "another")
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	secure.Config.ErrorLog = nil
	t.Cleanup(secure.Close)
	for address, tt := range map[string]struct {
		want  level
		words string
	}{
		ours + "/webhooks/whatsapp":   {levelWarn, "Meta wants HTTPS"},
		theirs + "/webhooks/whatsapp": {levelFail, "refuses the verify token"},
		ours + "/parrot":              {levelFail, "does not repeat the challenge"},
		ours + "/moved":               {levelFail, "answers 302"},
		ours + "/":                    {levelFail, "answers 404"},
		secure.URL:                    {levelFail, "certificate is not trusted"},
		"http://127.0.0.1:1/x":        {levelFail, "nothing listens"},
	} {
		r, _ := diagnose(t, healthy(t, healthyGraph()), "--callback", address)
		r.is(t, "callback", tt.want, tt.words)
	}
	env := healthy(t, healthyGraph())
	env["RECADO_PUBLIC_URL"] = ours + "/"
	r, _ := diagnose(t, env)
	r.is(t, "callback", levelWarn, ours+"/webhooks/whatsapp answers")
}

func TestDoctorTemplates(t *testing.T) {
	t.Parallel()
	g := healthyGraph()
	const templates = "/v25.0/" + testAccount + "/message_templates"
	g[templates] = `{"data":[{"name":"a","language":"es","status":"APPROVED"},{"name":"b","language":"en","status":"PAUSED"},
		{"name":"c","language":"en","status":"REJECTED"},{"name":"d","language":"en","status":"APPROVED"}]}`
	r, _ := diagnose(t, healthy(t, g))
	r.is(t, "templates", levelWarn, "4 templates: 2 approved, 1 paused, 1 rejected.", "Paused: b (en).", "Rejected: c (en).")
	g[templates] = `{"data":[]}`
	r, _ = diagnose(t, healthy(t, g))
	r.is(t, "templates", levelOK, "none")
	if got := some([]string{"a", "b", "c", "d", "e", "f", "g"}); got != "a, b, c, d, e and 2 more" {
		t.Errorf("some of seven are %q", got)
	}
}

// TestDoctorClock: five seconds are the most that clocks may be apart.
func TestDoctorClock(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Date", time.Now().Add(-time.Duration(ahead.Load())).UTC().Format(http.TimeFormat))
		healthyGraph().ServeHTTP(w, r)
	})
	env := healthy(t, api)
	for skew, want := range map[time.Duration]level{
		0: levelOK, 3 * time.Second: levelOK, -3 * time.Second: levelOK, 9 * time.Second: levelFail, -time.Hour: levelFail,
	} {
		ahead.Store(int64(skew))
		r, _ := diagnose(t, env)
		r.is(t, "clock", want)
	}
	ahead.Store(int64(-2 * time.Hour))
	r, _ := diagnose(t, env)
	r.is(t, "clock", levelFail, "behind Meta's", "NTP")
}

// silent takes connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}
