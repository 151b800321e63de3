package label

import (
	"context"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/recado/recado/gateway"
)

// TestKeys labels with keys alone, in a browser.
func TestKeys(t *testing.T) {
	t.Parallel()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("no Chromium or Chrome in PATH, so the labelling page is not tried in a browser")
	}
	b := open(t)
	var cases []Case
	for range 4 {
		cases = append(cases, CaseOf(b.turn(nil), .5))
	}
	keeper := InStore{Store: b.store, By: "ana"}
	address := browse(t, cases, keeper).address
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	do := func(what string, action chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, action); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	at := func(n int) {
		t.Helper()
		holds := fmt.Sprintf("document.readyState === 'complete' && document.querySelector('form.say')?.getAttribute('action') === '/cases/%d'", n)
		for ctx.Err() == nil {
			// While the page before gives way there is nothing to ask.
			if shown, err := chromedp.Run(ctx, chromedp.Evaluate[bool](holds)); err == nil && shown {
				return
			}
			<-time.After(20 * time.Millisecond)
		}
		t.Fatalf("case %d is not shown", n)
	}
	do("size", chromedp.EmulateViewport(360, 740)) // a phone has the note too
	do("open", chromedp.Navigate(address+"/"))
	at(1)
	for i, key := range []string{"1", "2", "s"} {
		do(key, chromedp.KeyEvent(key))
		at(i + 2)
	}
	do("u", chromedp.KeyEvent("u"))
	at(2)
	do("3", chromedp.KeyEvent("3"))
	at(4)
	// Keys in a note are letters.
	do("note", chromedp.SendKeys("#note", "21u"))
	at(4)
	const fits = `document.documentElement.scrollWidth <= 360 && document.querySelector('#note').value === '21u' &&
		getComputedStyle(document.body).backgroundColor !== 'rgba(0, 0, 0, 0)'`
	if fine, err := chromedp.Run(ctx, chromedp.Evaluate[bool](fits)); err != nil || !fine {
		t.Errorf("the page does not fit a phone, has no colours, or lost the note: %v", err)
	}
	words, err := keeper.Words(t.Context(), cases)
	if err != nil || len(words) != 2 || words[cases[0].ID].Verdict != gateway.VerdictRight || words[cases[1].ID].Verdict != gateway.VerdictUnsure {
		t.Errorf("words %+v, %v", words, err)
	}
}
