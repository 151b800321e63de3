package cloudsim_test

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// A suggestion is tapped in a real browser, and the shop's reply appears without
// reloading.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
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

// chromium is the path of a browser.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("there is no Chromium in PATH")
	return ""
}

// On a narrow screen each kind of message is shown and sent, much of it by
// keyboard alone.
func TestEachKindInABrowser(t *testing.T) {
	t.Parallel()
	browser := chromium(t)
	w := newWorld(t, noLimits)
	stop := w.run()
	picture, _ := stage(w, t)
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
	is := func(what, expression string) {
		t.Helper()
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression)); err != nil || !ok {
			t.Errorf("%s: %t, %v", what, ok, err)
		}
	}
	do("open", chromedp.EmulateViewport(360, 740), chromedp.Navigate(server.URL+"/phone/1?lang=es"), chromedp.WaitVisible(`#log .picture img`))
	is("nothing is wider than the screen", `document.documentElement.scrollWidth <= 360 && document.querySelector(".scroll").scrollWidth <= 360`)
	do("the picture is loaded", chromedp.Poll[chromedp.Void](`document.querySelector('img[src$="`+picture+`"]').naturalWidth > 0`))
	is("sound and film have players", `document.querySelectorAll("#log audio[controls], #log video[controls]").length == 2`)
	is("everything that can be used has a name", `[...document.querySelectorAll("button, a, summary, input:not([type=hidden]), textarea")].every((e) =>
		(e.textContent + (e.ariaLabel || "") + (e.labels?.[0]?.textContent || "") + (e.querySelector("img")?.alt || "")).trim())`)
	stop() // all that was staged is waiting or delivered; only what comes now is looked at
	w.control("/control/reset", `{}`)
	w.drainCame()
	w.run()
	w.say(lucia, "hola")
	w.wait(1)
	w.send("interactive", `{"type":"list","body":{"text":"Elige"},"action":{"button":"Ver","sections":[{"rows":[{"id":"r1","title":"Uno"}]}]}}`)
	w.wait(2)
	do("open the list by keyboard", chromedp.Navigate(server.URL+"/phone/1"), chromedp.WaitVisible(`.rows summary`),
		chromedp.Focus(`.rows summary`), chromedp.KeyEvent("\r"), chromedp.WaitVisible(`.rows button`), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	w.wait(1) // read
	if got := w.waitRaw(1)[0]; got.str("messages.0.interactive.list_reply.id") != "r1" {
		t.Errorf("chosen: %v", got)
	}
	do("react", chromedp.Click(`#log .theirs .more summary`), chromedp.Click(`#log .theirs .emoji button`), chromedp.WaitVisible(`#log .theirs .reaction`))
	if got := w.waitRaw(1)[0]; got.str("messages.0.reaction.emoji") != "👍" {
		t.Errorf("reacted: %v", got)
	}
	do("reply", chromedp.Click(`#log .theirs .more summary`), chromedp.Click(`#log .theirs .more a`), chromedp.WaitVisible(`#reply`),
		chromedp.SendKeys(`#text`, "¿Y el dos?\r"), chromedp.WaitVisible(`#log .quote`), chromedp.WaitNotPresent(`#reply`))
	if got := w.waitRaw(1)[0]; got.str("messages.0.context.id") == "" || got.str("messages.0.text.body") != "¿Y el dos?" {
		t.Errorf("replied: %v", got)
	}
	file := filepath.Join(t.TempDir(), "nota.png")
	if err := os.WriteFile(file, drawn(t), 0o600); err != nil {
		t.Fatal(err)
	}
	do("send a file", chromedp.Click(`.attach summary`), chromedp.SendKeys(`#file input[name=text]`, "Esta"),
		chromedp.SetUploadFiles(`#file input[type=file]`, []string{file}), chromedp.WaitVisible(`#log .mine .picture`))
	if got := w.waitRaw(1)[0]; got.str("messages.0.image.caption") != "Esta" || got.str("messages.0.image.mime_type") != "image/png" {
		t.Errorf("a file: %v", got)
	}
	do("send a place", chromedp.Click(`.attach summary`), chromedp.SendKeys(`.attach input[name=place]`, "Casa\r"), chromedp.WaitVisible(`#log .mine:last-of-type .media`))
	if got := w.waitRaw(1)[0]; got.str("messages.0.location.name") != "Casa" {
		t.Errorf("a place: %v", got)
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
