package whatsapp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

const (
	token = "EAAtoken"
	phone = "34600111222"
)

func outgoing() *gateway.Outgoing {
	return &gateway.Outgoing{
		ID: "0190a5e2-7c3b-7000-8000-000000000001", Channel: "100", To: gateway.Identity{Phone: phone},
		Text: "Tarda **5 días**", Attempt: 1,
	}
}

// channel answers as a handler says and gives the client's result and log.
func channel(t *testing.T, h http.HandlerFunc, change func(*ClientConfig)) (gateway.SendResult, string) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return sendTo(t, server.URL, change)
}

func sendTo(t *testing.T, address string, change func(*ClientConfig)) (gateway.SendResult, string) {
	t.Helper()
	var log bytes.Buffer
	config := ClientConfig{
		BaseURL: address + "/v25.0", Token: token, Now: func() time.Time { return noon },
		Logger: slog.New(slog.NewJSONHandler(&log, nil)),
	}
	if change != nil {
		change(&config)
	}
	c, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	result, err := c.Send(t.Context(), outgoing())
	if err != nil {
		t.Fatal(err)
	}
	checkPrivate(t, result, log.String())
	return result, log.String()
}

// checkPrivate holds that neither the log nor the reason tells whom it was about
// or what opens the account.
func checkPrivate(t *testing.T, r gateway.SendResult, log string) {
	t.Helper()
	reason := ""
	if r.Error != nil {
		reason = r.Error.Title
	}
	for _, secret := range []string{token, phone, "wamid", "Tarda", "5 d"} {
		if strings.Contains(log+reason, secret) {
			t.Errorf("%q is told: %s %s", secret, log, reason)
		}
	}
	if (r.Outcome == gateway.SendAccepted) != (r.Error == nil) {
		t.Errorf("outcome %s, error %v", r.Outcome, r.Error)
	}
	timed := r.Outcome == gateway.SendRetry || r.Outcome == gateway.SendUnknown
	if timed != !r.RetryAt.IsZero() || timed && !r.RetryAt.After(noon) {
		t.Errorf("outcome %s, again at %v", r.Outcome, r.RetryAt)
	}
}

// answer gives a fixed answer.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const accepted = `{"messaging_product":"whatsapp","contacts":[{"input":"+34600111222","wa_id":"34600111222"}],` +
	`"messages":[{"id":"wamid.ACCEPTED","message_status":"accepted"}]}`

func TestNewClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]ClientConfig{
		"no token":    {},
		"blank token": {Token: " "},
		"two tokens":  {Token: "a b"},
		"no address":  {Token: "a", BaseURL: "graph.facebook.com/v25.0"},
		"other":       {Token: "a", BaseURL: "ftp://graph.facebook.com"},
		"password":    {Token: "a", BaseURL: "https://me:hush@graph.facebook.com/v25.0"},
		"query":       {Token: "a", BaseURL: "https://graph.facebook.com/v25.0?access_token=hush"},
		"nonsense":    {Token: "a", BaseURL: "https://hush\x7f"},
	} {
		client, err := NewClient(c)
		if err == nil || client != nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c, err := NewClient(ClientConfig{Token: " a\n"})
	if err != nil || c.base.String() != DefaultBaseURL || c.config.Token != "a" {
		t.Errorf("%v %v", c, err)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	result, log := channel(t, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := map[string]string{
			"method": r.Method, "path": r.URL.EscapedPath(), "token": r.Header.Get("Authorization"),
			"type": r.Header.Get("Content-Type"), "body": string(body),
		}
		want := map[string]string{
			"method": "POST", "path": "/v25.0/100/messages", "token": "Bearer " + token, "type": "application/json",
			"body": `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+34600111222","type":"text",` +
				`"text":{"body":"Tarda *5 días*","preview_url":false},"biz_opaque_callback_data":"0190a5e2-7c3b-7000-8000-000000000001"}`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		_, _ = io.WriteString(w, accepted)
	}, nil)
	if result.Outcome != gateway.SendAccepted || result.ProviderID != "wamid.ACCEPTED" || !json.Valid(result.Payload) || log != "" {
		t.Errorf("%+v %s", result, log)
	}
}

// A message without a channel goes out from the configured number; one without
// either is not tried, nor one to nobody.
func TestSendFromWhere(t *testing.T) {
	t.Parallel()
	var path atomic.Value
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path.Store(r.URL.EscapedPath())
		_, _ = io.WriteString(w, accepted)
	}))
	t.Cleanup(server.Close)
	for name, c := range map[string]struct{ channel, number, path string }{
		"number":   {"", "200", "/200/messages"},
		"channel":  {"100", "200", "/100/messages"},
		"a way up": {"../1?x=#", "200", "/..%2F1%3Fx=%23/messages"},
		"neither":  {"", "", ""},
	} {
		path.Store("")
		client, err := NewClient(ClientConfig{BaseURL: server.URL, Token: token, PhoneNumberID: c.number})
		if err != nil {
			t.Fatal(err)
		}
		o := outgoing()
		o.Channel = c.channel
		result, err := client.Send(t.Context(), o)
		if err != nil || path.Load() != c.path || (result.Outcome == gateway.SendAccepted) != (c.path != "") {
			t.Errorf("%s: %v %+v %v", name, path.Load(), result, err)
		}
		o.To = gateway.Identity{}
		if result, err := client.Send(t.Context(), o); err != nil || result.Outcome != gateway.SendRejected {
			t.Errorf("%s to nobody: %+v %v", name, result, err)
		}
	}
}

// refused makes an error as the channel writes it, with the number in its details.
func refused(code string) string {
	return `{"error":{"message":"Refused ` + phone + `","type":"OAuthException","code":` + code +
		`,"error_data":{"messaging_product":"whatsapp","details":"` + phone + `"},"fbtrace_id":"Atrace"}}`
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	const retry, unknown, rejected = gateway.SendRetry, gateway.SendUnknown, gateway.SendRejected
	for name, c := range map[string]struct {
		status  int
		body    string
		outcome gateway.SendOutcome
		code    int
	}{
		"number too fast, as documented": {400, refused("130429"), retry, 130429},
		"number too fast, 429":           {429, refused("130429"), retry, 130429},
		"number too fast, 500":           {500, refused("130429"), retry, 130429},
		"pair too fast":                  {400, refused("131056"), retry, 131056},
		"app too fast":                   {400, refused("4"), retry, 4},
		"account too fast":               {400, refused("80007"), retry, 80007},
		"429 of a proxy":                 {429, "slow down", retry, 0},
		"429 of another code":            {429, refused("131047"), retry, 131047},
		"passing":                        {400, refused("131000"), retry, 131000},
		"passing, not listed":            {400, `{"error":{"code":777,"is_transient":true}}`, retry, 777},
		"not passing, not listed":        {400, `{"error":{"code":777,"is_transient":false}}`, rejected, 777},
		"code in quotes":                 {400, refused(`"131047"`), rejected, 131047},
		"token":                          {401, refused("190"), retry, 190},
		"token of no code":               {401, refused("0"), retry, 0},
		"permission":                     {403, refused("200"), retry, 200},
		"not registered":                 {400, refused("133010"), retry, 133010},
		"registration":                   {400, refused("133005"), retry, 133005},
		"window":                         {400, refused("131047"), rejected, 131047},
		"not on WhatsApp":                {400, refused("131026"), rejected, 131026},
		"identity":                       {400, refused("137000"), rejected, 137000},
		"parameter":                      {400, refused("100"), rejected, 100},
		"template":                       {404, refused("132001"), rejected, 132001},
		"nobody knows":                   {400, refused("987654"), rejected, 987654},
		"broken":                         {500, refused("131000"), unknown, 131000},
		"broken, of a proxy":             {502, "<html>Bad gateway</html>", unknown, 0},
		"gateway timeout":                {504, "", unknown, 0},
		"400 of a proxy":                 {400, "<html>no</html>", rejected, 0},
		"403 of a wall":                  {403, "<html>blocked</html>", rejected, 0},
		"404 of a wrong address":         {404, "", rejected, 0},
		"400 in a list":                  {400, `[{"error":{}}]`, rejected, 0},
		"error of no code":               {400, `{"error":{"message":"x"}}`, rejected, 0},
		"error of a word":                {400, `{"error":"x"}`, rejected, 0},
		"error in a 200":                 {200, refused("131047"), rejected, 131047},
		"200 of a proxy":                 {200, "<html>welcome</html>", unknown, 0},
		"200 of nothing":                 {200, "", unknown, 0},
		"200 without an id":              {200, `{"messages":[{}]}`, unknown, 0},
		"200 cut short":                  {200, accepted[:len(accepted)-3], unknown, 0},
		"201":                            {201, accepted, gateway.SendAccepted, 0},
		"huge 200":                       {200, `{"x":"` + strings.Repeat("x", 2*maxResponse) + `"}`, unknown, 0},
		"huge 400":                       {400, strings.Repeat("x", 2*maxResponse), rejected, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, _ := channel(t, answer(c.status, c.body), nil)
			code := 0
			if result.Error != nil {
				code = result.Error.Code
			}
			if result.Outcome != c.outcome || code != c.code {
				t.Errorf("%s: %+v", result.Outcome, result.Error)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status         int
		header         string
		atLeast, below time.Duration
	}{
		"seconds":          {429, "90", 90 * time.Second, 91 * time.Second},
		"a date":           {429, noon.Add(2 * time.Minute).Format(http.TimeFormat), 2 * time.Minute, 121 * time.Second},
		"for ever":         {429, "99999999999", time.Hour, time.Hour + 1},
		"a far date":       {429, noon.AddDate(1, 0, 0).Format(http.TimeFormat), time.Hour, time.Hour + 1},
		"the past":         {429, noon.AddDate(-1, 0, 0).Format(http.TimeFormat), 2 * time.Second, 3 * time.Second},
		"negative":         {429, "-5", 2 * time.Second, 3 * time.Second},
		"nonsense":         {429, "soon", 2 * time.Second, 3 * time.Second},
		"none":             {429, "", 2 * time.Second, 3 * time.Second},
		"not available":    {503, "120", 2 * time.Minute, 121 * time.Second},
		"reconcile anyway": {503, "1", gateway.ReconcileAfter, gateway.ReconcileAfter + 1},
	} {
		result, _ := channel(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", c.header)
			w.WriteHeader(c.status)
		}, nil)
		if wait := result.RetryAt.Sub(noon); wait < c.atLeast || wait >= c.below {
			t.Errorf("%s: again in %v", name, wait)
		}
	}
}

// The waits grow, end at the longest, and differ between messages.
func TestWaits(t *testing.T) {
	t.Parallel()
	for code := range rulings {
		r := rule(code)
		if r.title == "" || strings.ContainsAny(r.title, "0123456789") {
			t.Errorf("%d: title %q", code, r.title)
		}
		if r.outcome != gateway.SendRetry {
			if r.outcome != gateway.SendRejected || r.first != 0 {
				t.Errorf("%d: %+v", code, r)
			}
			continue
		}
		for attempt := -1; attempt < 100; attempt++ {
			if wait := r.wait("a", attempt); wait < r.first || wait > r.longest*5/4 {
				t.Errorf("%d: attempt %d waits %v", code, attempt, wait)
			}
		}
	}
	r := rule(131056)
	if r.wait("a", 3) < 2*r.wait("a", 1)*4/5 || r.wait("a", 1) == r.wait("b", 1) && r.wait("a", 1) == r.wait("c", 1) {
		t.Error("the waits don't grow, or are all the same")
	}
}

// stuck takes the request and doesn't answer before the client is gone.
func stuck(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// hangUp closes the connection after the request was read, having written that.
func hangUp(t *testing.T, first string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, first)
		_ = conn.Close()
	}
}

// Once the request may have been written, nobody knows.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	hurry := func(c *ClientConfig) { c.HTTP = &http.Client{Timeout: 100 * time.Millisecond} }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		change  func(*ClientConfig)
	}{
		"no answer in time": {stuck, hurry},
		"hung up":           {hangUp(t, ""), nil},
		"nonsense":          {hangUp(t, "SSH-2.0\r\n"), nil},
		"half a head":       {hangUp(t, "HTTP/1.1 200 OK\r\nContent-Le"), nil},
		"half an answer":    {hangUp(t, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"messages\""), nil},
		"half a refusal":    {hangUp(t, "HTTP/1.1 400 Bad\r\nContent-Length: 500\r\n\r\n{\"error\""), nil},
	} {
		result, log := channel(t, c.handler, c.change)
		if result.Outcome != gateway.SendUnknown || !result.RetryAt.Equal(noon.Add(gateway.ReconcileAfter)) || log == "" {
			t.Errorf("%s: %+v", name, result)
		}
	}
}

// tripper is a transport that tells nothing of its way.
type tripper func(*http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// While there was no connection, trying again is free.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	secure := httptest.NewTLSServer(answer(200, accepted))
	t.Cleanup(secure.Close)
	secure.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	dial := func(err error) func(*ClientConfig) {
		return func(c *ClientConfig) {
			c.HTTP = &http.Client{Transport: &http.Transport{
				DialContext: func(context.Context, string, string) (net.Conn, error) { return nil, err },
			}}
		}
	}
	trip := func(err error) func(*ClientConfig) {
		return func(c *ClientConfig) {
			c.HTTP = &http.Client{Transport: tripper(func(*http.Request) (*http.Response, error) { return nil, err })}
		}
	}
	name := &net.DNSError{Err: "no such host", Name: "graph", IsNotFound: true}
	for what, c := range map[string]struct {
		address string
		change  func(*ClientConfig)
		outcome gateway.SendOutcome
	}{
		"refused":                        {closed.URL, nil, gateway.SendRetry},
		"no such name":                   {closed.URL, dial(name), gateway.SendRetry},
		"no route":                       {closed.URL, dial(errors.New("no route")), gateway.SendRetry},
		"a certificate nobody signed":    {secure.URL, nil, gateway.SendRetry},
		"no such name, told":             {closed.URL, trip(name), gateway.SendRetry},
		"no dial, told":                  {closed.URL, trip(&net.OpError{Op: "dial", Err: io.EOF}), gateway.SendRetry},
		"no write, told":                 {closed.URL, trip(&net.OpError{Op: "write", Err: io.EOF}), gateway.SendUnknown},
		"a transport that tells nothing": {closed.URL, trip(io.EOF), gateway.SendUnknown},
	} {
		result, log := sendTo(t, c.address, c.change)
		if result.Outcome != c.outcome || log == "" {
			t.Errorf("%s: %s", what, result.Outcome)
		}
	}
}

// The token goes to the channel and nowhere else.
func TestRedirects(t *testing.T) {
	t.Parallel()
	var reached atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		reached.Store(true)
		_, _ = io.WriteString(w, accepted)
	}))
	t.Cleanup(elsewhere.Close)
	follow := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	for _, status := range []int{301, 302, 303, 307, 308} {
		result, _ := channel(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, status)
		}, func(c *ClientConfig) { c.HTTP = follow })
		if result.Outcome != gateway.SendRejected || reached.Load() {
			t.Errorf("%d: %+v, followed: %v", status, result, reached.Load())
		}
	}
	if follow.CheckRedirect(nil, nil) != nil {
		t.Error("the caller's client was changed")
	}
}

// A context that ends while the channel is silent leaves the outcome open; one
// that ended before costs nothing.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel() // the message is there by now
		stuck(w, r)
	}))
	t.Cleanup(server.Close)
	c, err := NewClient(ClientConfig{BaseURL: server.URL, Token: token})
	if err != nil {
		t.Fatal(err)
	}
	if result, err := c.Send(ctx, outgoing()); err != nil || result.Outcome != gateway.SendUnknown {
		t.Errorf("%+v %v", result, err)
	}
	if result, err := c.Send(ctx, outgoing()); err != nil || result.Outcome != gateway.SendRetry {
		t.Errorf("%+v %v", result, err)
	}
}
