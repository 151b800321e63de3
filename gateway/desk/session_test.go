package desk_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

func credentials(name, password string) url.Values {
	return url.Values{"name": {name}, "password": {password}}
}

// signIn gives a browser in which the agent is signed in.
func (b *bundle) signIn(name string) *http.Client {
	b.t.Helper()
	mine := b.browser
	defer func() { b.browser = mine }()
	b.browser = b.newBrowser()
	b.post("/desk/sign-in", credentials(name, password)).leads(b.t, "/desk/")
	return b.browser
}

func TestPagesAreForAgentsAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.get("/desk/", "es").leads(t, "/desk/sign-in")
	b.get("/desk/handoffs/"+desktest.TomHandoff+"?draft=1", "es").
		leads(t, "/desk/sign-in?next=%2Fdesk%2Fhandoffs%2Fhandoff-tom%3Fdraft%3D1")
	for _, path := range []string{
		"/desk/?view=all", "/desk/conversations/" + desktest.Tom, "/desk/conversations/" + desktest.Tom + "/why",
		"/desk/conversations/" + desktest.Tom + "/history",
	} {
		page := b.get(path, "en")
		page.lacks(t, "Tom Ashworth", "lawyer")
		if page.status != http.StatusSeeOther {
			t.Errorf("%s gives %d to a stranger", path, page.status)
		}
	}
	b.get("/desk/events", "es").says(t, http.StatusUnauthorized)
	b.get("/desk/static/desk.css", "es").says(t, http.StatusOK)
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	b.get("/desk/sign-in", "es").says(t, http.StatusOK, "Contraseña", "recado user add")
	b.get("/desk/sign-in", "en").says(t, http.StatusOK, "Password")
	form := credentials(" ana ", password)
	signed := b.post("/desk/sign-in?next=%2Fdesk%2Fhandoffs%2Fhandoff-tom", form)
	signed.leads(t, "/desk/handoffs/handoff-tom")
	cookie := signed.header.Get("Set-Cookie")
	for _, part := range []string{"recado_session=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=43200"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", strings.SplitN(cookie, ";", 2)[1], part)
		}
	}
	b.get("/desk/", "es").says(t, http.StatusOK, "<bdi>ana</bdi>", "Salir")
	b.get("/desk/sign-in", "es").leads(t, "/desk/")
	b.post("/desk/sign-out", nil).leads(t, "/desk/sign-in")
	b.get("/desk/", "es").leads(t, "/desk/sign-in")
	// The cookie of before is worth nothing, even if somebody kept it.
	r := b.request("GET", "/desk/", nil)
	r.Header.Set("Cookie", strings.SplitN(cookie, ";", 2)[0])
	b.do(r).leads(t, "/desk/sign-in")
}

func TestWrongPasswords(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	for _, c := range []url.Values{
		credentials("ana", "wrong horse"), credentials("nobody", password), credentials("", ""), credentials("ana", ""),
		credentials("ana", strings.Repeat("x", 2000)), credentials(`"><script>`, "x"),
	} {
		page := b.post("/desk/sign-in", c)
		page.says(t, http.StatusUnauthorized, "El nombre o la contraseña no son correctos")
		page.lacks(t, "<script>", "wrong horse")
		if page.header.Get("Set-Cookie") != "" {
			t.Error("a cookie was given")
		}
	}
	r := b.request("POST", "/desk/sign-in", credentials("ana", "no"))
	r.Header.Set("Accept-Language", "en")
	b.do(r).says(t, http.StatusUnauthorized, "The name or the password is wrong", `value="ana"`)
}

// TestNextStaysOnTheDesk holds that nobody is sent elsewhere after signing in.
func TestNextStaysOnTheDesk(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	for next, want := range map[string]string{
		"/desk/?view=mine":          "/desk/?view=mine",
		"https://evil.example.com/": "/desk/",
		"//evil.example.com/desk/":  "/desk/",
		"/\\evil.example.com":       "/desk/",
		"/desk/\\..\\evil":          "/desk/",
		"/admin":                    "/desk/",
		"javascript:alert(1)":       "/desk/",
		"/desk/sign-in?next=x":      "/desk/",
		"/desk/\r\nSet-Cookie: a=b": "/desk/",
		"%zz":                       "/desk/",
	} {
		b.browser = b.newBrowser()
		b.post("/desk/sign-in?next="+url.QueryEscape(next), credentials("ana", password)).leads(t, want)
	}
}

func TestSessionsExpire(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	b.browser = b.signIn("ana")
	b.clock.advance(12*time.Hour - time.Second)
	b.get("/desk/", "es").says(t, http.StatusOK)
	b.clock.advance(time.Second)
	b.get("/desk/", "es").leads(t, "/desk/sign-in")
	page := b.post("/desk/handoffs/"+desktest.TomHandoff+"/reply", words("My long <reply>"))
	page.says(t, http.StatusUnauthorized, "La sesión ha terminado y no se ha hecho nada.", "My long &lt;reply&gt;",
		"next=%2fdesk%2fhandoffs%2fhandoff-tom")
	if h := b.handoff(desktest.TomHandoff); h.Agent != "" {
		t.Error("the action was done without a session")
	}
}

func TestSessionsOfAnInventedCookie(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	for _, value := range []string{"", "x", strings.Repeat("a", 3000)} {
		r := b.request("GET", "/desk/", nil)
		r.Header.Set("Cookie", "recado_session="+value)
		b.do(r).leads(t, "/desk/sign-in")
	}
	b.browser = b.newBrowser()
	b.store.Fail(errors.New("away"))
	r := b.request("GET", "/desk/", nil)
	r.Header.Set("Cookie", "recado_session=x")
	b.do(r).says(t, http.StatusInternalServerError, "no es culpa tuya")
	b.post("/desk/sign-in", credentials("ana", password)).says(t, http.StatusInternalServerError)
}

func TestGuessingIsSlowedDown(t *testing.T) {
	t.Parallel()
	b := setup(t, "")
	b.addAgent("ana")
	b.addAgent("bea")
	for i := range 8 {
		b.post("/desk/sign-in", credentials("Ana", fmt.Sprint("guess", i))).says(t, http.StatusUnauthorized)
	}
	page := b.post("/desk/sign-in", credentials("ana", password))
	page.says(t, http.StatusTooManyRequests, "Demasiados intentos. Espera cinco minutos")
	if got := page.header.Get("Retry-After"); got != "300" {
		t.Errorf("Retry-After %q", got)
	}
	b.post("/desk/sign-in", credentials("bea", password)).leads(t, "/desk/")
	b.browser = b.newBrowser()
	b.clock.advance(5 * time.Minute)
	b.post("/desk/sign-in", credentials("ana", password)).leads(t, "/desk/")
}

func TestSecureCookies(t *testing.T) {
	t.Parallel()
	s := desktest.Shop(morning)
	d, err := desk.New(desk.Config{Desk: s, Agents: s, Secure: true, SessionLife: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	b := setup(t, "")
	b.store = s
	b.addAgent("ana")
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/desk/sign-in", strings.NewReader(credentials("ana", password).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	d.ServeHTTP(w, r)
	got := w.Header().Get("Set-Cookie")
	for _, part := range []string{"__Host-recado_session=", "Secure", "HttpOnly", "Path=/", "Max-Age=3600"} {
		if !strings.Contains(got, part) {
			t.Errorf("the cookie lacks %s", part)
		}
	}
}

func TestGuestNeedsNoSession(t *testing.T) {
	t.Parallel()
	b := setup(t, "demo")
	page := b.get("/desk/", "en")
	page.says(t, http.StatusOK, "<bdi>demo</bdi>", "(guest)")
	page.lacks(t, "Sign out")
	b.get("/desk/sign-in", "en").leads(t, "/desk/")
}
