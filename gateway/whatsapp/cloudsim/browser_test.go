package cloudsim_test

import (
	"context"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A suggestion is tapped in a real browser, and the shop's reply appears without
// reloading.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
			break
		}
	}
	if browser == "" {
		t.Skip("there is no Chromium in PATH")
	}
	w := newWorld(t, nil)
	w.run()
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	t.Cleanup(w.EndStreams)
	ctx := newTab(t, browser)
	do := func(what string, steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, steps...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	do("open", chromedp.EmulateViewport(1200, 800), chromedp.Navigate(server.URL+"/phone/?lang=en"))
	do("tap", chromedp.Click(`.chips button:nth-of-type(2)`), chromedp.WaitVisible(`#log .mine .bubble`))
	said := w.wait(1)[0].Messages[0]
	if said.Text.Body != "How do I return something?" || said.From != lucia {
		t.Errorf("got %+v", said)
	}
	do("second tick", chromedp.WaitVisible(`#log .ticks.delivered`))
	w.post(sendURL, `{"messaging_product":"whatsapp","status":"read","message_id":"`+said.ID+`","typing_indicator":{"type":"text"}}`)
	do("typing", chromedp.WaitVisible(`#log .ticks.read`), chromedp.WaitVisible(`#typing .dots`))
	w.sendText(lucia, "Within *30 days*.\n\nSource: Returns")
	do("reply", chromedp.WaitVisible(`#log .theirs strong`), chromedp.WaitNotPresent(`#typing .dots`))
	var ladder []string
	for _, u := range w.wait(3) {
		ladder = append(ladder, u.Statuses[0].Status)
	}
	if got := strings.Join(ladder, " "); got != "sent delivered read" {
		t.Errorf("statuses: %s", got)
	}
	do("type", chromedp.SendKeys(`#text`, "thanks <3\r"), chromedp.WaitVisible(`#log .mine:nth-of-type(3)`))
	if got := w.wait(1)[0].Messages[0].Text.Body; got != "thanks <3" {
		t.Errorf("typed %q", got)
	}
	left, err := chromedp.Run(ctx, chromedp.Value(`#text`))
	if err != nil || left != "" {
		t.Errorf("%q is left to send, %v", left, err)
	}
}

// newTab starts a browser that asks nothing of the outside.
func newTab(t *testing.T, browser string) context.Context {
	t.Helper()
	options := append(
		chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()),
	)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	return ctx
}
