package desk_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
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

// TestRightPasswordAlwaysGetsIn: however often somebody else has guessed at the
// name, even from the same address.
func TestRightPasswordAlwaysGetsIn(t *testing.T) {
	t.Parallel()
	shop, hash := desktest.Shop(morning), hashed(t)
	synctest.Test(t, func(t *testing.T) {
		d := quietDesk(t, shop, hash, "ana", "bea")
		var took []time.Duration
		try := func(name, password, address string, status int) {
			began := time.Now()
			if got := signInFrom(d, name, password, address).Code; got != status {
				t.Errorf("%s from %s: status %d, not %d", name, address, got, status)
			}
			took = append(took, time.Since(began))
		}
		for i := range 12 {
			try("Ana", fmt.Sprint("guess", i), "192.0.2.1:1111", http.StatusUnauthorized)
		}
		try("ana", password, "192.0.2.1:2222", http.StatusSeeOther)
		try("ana", password, "192.0.2.1:2222", http.StatusSeeOther)
		const ms = time.Millisecond
		want := []time.Duration{0, 0, 0, 500 * ms, 1000 * ms, 2000 * ms, 4000 * ms, 8000 * ms, 16000 * ms, 16000 * ms, 16000 * ms, 16000 * ms, 16000 * ms, 0}
		if diff := cmp.Diff(want, took); diff != "" {
			t.Error(diff)
		}
	})
}

// TestGuessesDelayNobodyElse: neither other names behind the same proxy, nor the
// same name from another address, and none for ever.
func TestGuessesDelayNobodyElse(t *testing.T) {
	t.Parallel()
	shop, hash := desktest.Shop(morning), hashed(t)
	synctest.Test(t, func(t *testing.T) {
		d := quietDesk(t, shop, hash, "ana", "bea")
		for range 9 {
			signInFrom(d, "ana", "wrong guess", "[2001:db8:1:2::3]:1111")
		}
		began := time.Now()
		for name, from := range map[string]string{"bea": "[2001:db8:1:2::3]:1111", "ana": "[2001:db8:1:3::3]:1111"} {
			if got := signInFrom(d, name, password, from).Code; got != http.StatusSeeOther || time.Since(began) != 0 {
				t.Errorf("%s: status %d after %v", name, got, time.Since(began))
			}
		}
		signInFrom(d, "ana", "wrong guess", "[2001:db8:1:2::4]:1111")
		if took := time.Since(began); took != 16*time.Second {
			t.Errorf("an address of the same network waits %v", took)
		}
		<-time.After(15 * time.Minute)
		began = time.Now()
		if got := signInFrom(d, "ana", password, "[2001:db8:1:2::3]:1111").Code; got != http.StatusSeeOther || time.Since(began) != 0 {
			t.Errorf("a quarter of an hour later: status %d after %v", got, time.Since(began))
		}
	})
}

// TestGuessesAtOnce are no faster than one after another, and cost a bounded
// amount of work: the rest is asked to come back, and counts as no failure.
func TestGuessesAtOnce(t *testing.T) {
	t.Parallel()
	shop, hash := desktest.Shop(morning), hashed(t)
	synctest.Test(t, func(t *testing.T) {
		d := quietDesk(t, shop, hash, "ana", "bea")
		var mu sync.Mutex
		ended := map[string]int{}
		var group sync.WaitGroup
		began := time.Now()
		for range 200 {
			group.Go(func() {
				w := signInFrom(d, "ana", "wrong guess", "192.0.2.1:1111")
				mu.Lock()
				defer mu.Unlock()
				ended[fmt.Sprint(w.Code, " ", w.Header().Get("Retry-After"), " ", time.Since(began) >= 16*time.Second)]++
			})
		}
		synctest.Wait()
		mu.Lock()
		if got := signInFrom(d, "bea", password, "192.0.2.1:1111").Code; got != http.StatusSeeOther {
			t.Errorf("another agent meanwhile gets status %d", got)
		}
		busy := ended["503 5 false"]
		mu.Unlock()
		group.Wait()
		if early := ended["401  false"]; busy != 200-128-3 || early != 8 || ended["401  true"] != 128-5 {
			t.Errorf("they ended as %v, %d of them at once", ended, busy)
		}
	})
}

// TestSignInWhileOthersAreVerified waits for two seconds at the most.
func TestSignInWhileOthersAreVerified(t *testing.T) {
	t.Parallel()
	shop, hash := desktest.Shop(morning), hashed(t)
	synctest.Test(t, func(t *testing.T) {
		d := quietDesk(t, shop, hash, "ana")
		release := d.HoldHashing()
		began := time.Now()
		w := signInFrom(d, "ana", password, "192.0.2.1:1111")
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "Espera unos segundos") || time.Since(began) != 2*time.Second {
			t.Errorf("status %d after %v: %s", w.Code, time.Since(began), w.Body)
		}
		time.AfterFunc(time.Second, release)
		if got := signInFrom(d, "ana", password, "192.0.2.1:1111").Code; got != http.StatusSeeOther {
			t.Errorf("status %d when there is room again", got)
		}
	})
}

// hashed is the hash of the password that all agents have.
func hashed(t *testing.T) string {
	t.Helper()
	hash, err := desk.HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// quietDesk is a desk without a server, for tests of time.
func quietDesk(t *testing.T, shop *desktest.Store, hash string, agents ...string) *desk.Desk {
	t.Helper()
	for _, name := range agents {
		if err := shop.PutAgent(t.Context(), gateway.Agent{Name: name, PasswordHash: hash, CreatedAt: morning}); err != nil {
			t.Fatal(err)
		}
	}
	d, err := desk.New(desk.Config{Desk: shop, Agents: shop})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func signInFrom(d *desk.Desk, name, password, address string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/desk/sign-in", strings.NewReader(credentials(name, password).Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.RemoteAddr = address
	d.ServeHTTP(w, r)
	return w
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
