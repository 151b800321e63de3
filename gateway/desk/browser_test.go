package desk_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk"
	"github.com/recado/recado/gateway/desk/desktest"
)

// tab is a browser's tab on the desk.
type tab struct {
	t   *testing.T
	ctx context.Context
	b   *bundle
}

// openTab starts a browser without a window, or skips the test where there is
// none.
func openTab(t *testing.T, b *bundle) *tab {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("no Chromium or Chrome in PATH, so the pages are not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	tab := &tab{t: t, ctx: ctx, b: b}
	tab.do(chromedp.EmulateViewport(1280, 800))
	tab.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	tab.open("/desk/?lang=es")
	return tab
}

func (tab *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.t.Fatal(err)
	}
}

func (tab *tab) open(path string) {
	tab.t.Helper()
	tab.do(chromedp.Navigate(tab.b.server.URL+path), chromedp.WaitVisible(".live.on"))
}

// holds waits until an expression is true on the page, or on the one that comes after it: a
// press that leads to another page may take effect while the first one is asked.
func (tab *tab) holds(expression string) {
	tab.t.Helper()
	_, err := chromedp.Run(tab.ctx, chromedp.Poll[bool](expression))
	for err != nil && tab.ctx.Err() == nil && (strings.Contains(err.Error(), "navigated or closed") || strings.Contains(err.Error(), "find context")) {
		_, err = chromedp.Run(tab.ctx, chromedp.Poll[bool](expression))
	}
	if err != nil {
		shown, _ := chromedp.Run(tab.ctx, chromedp.Evaluate[string]("document.title + '\\n' + document.body.innerText"))
		tab.t.Fatalf("%s does not hold: %v\n%s", expression, err, shown)
	}
}

// arrive adds a conversation with a handoff, as a turn would.
func (b *bundle) arrive(id, name, text string) {
	who := gateway.Identity{Phone: "34600550777"}
	b.store.Put(gateway.Conversation{
		ID: id, Name: name, Contact: who, Language: "es", LastCustomerAt: morning, CreatedAt: morning, UpdatedAt: morning,
	})
	b.store.Say(id, desktest.In(id+"-1", text, morning))
	b.store.Open(gateway.Handoff{
		ID: "handoff-" + id, ConversationID: id, Contact: who, Name: name, Reason: gateway.ReasonNotCovered,
		State: gateway.HandoffQueued, CreatedAt: morning, UpdatedAt: morning,
		Packet: gateway.Packet{Wants: text, Language: "es", Draft: "Sí, abrimos."},
	})
}

// TestDeskInABrowser goes the way of an agent: a handoff appears, is claimed, more
// comes in while a reply is typed, and the reply shows.
func TestDeskInABrowser(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	tab := openTab(t, b)
	tab.open("/desk/")
	tab.do(chromedp.Evaluate[chromedp.Void]("window.same = true"))
	tab.holds("document.title.startsWith('(3) ')")
	b.arrive("ines", "Inés", "¿Abrís los domingos?")
	tab.do(chromedp.WaitVisible("#row-handoff-ines"), chromedp.WaitVisible("#arrived"))
	tab.holds("window.same && document.title.startsWith('(4) ')")
	tab.holds("document.getElementById('arrived').textContent.length > 10")

	tab.do(chromedp.Click("#take-handoff-ines"), chromedp.WaitVisible("#text"), chromedp.WaitVisible(".live.on"))
	tab.holds("location.pathname === '/desk/handoffs/handoff-ines' && !document.getElementById('claim')")
	tab.do(chromedp.Evaluate[chromedp.Void]("window.same = true"), chromedp.SendKeys("#text", "Sí, de diez"))
	b.store.Say("ines", desktest.In("ines-2", "Y los festivos?", morning))
	b.arrive("otto", "Otto", "Hello?")
	tab.do(chromedp.WaitVisible("#m-ines-2"), chromedp.WaitVisible("#queue-handoff-otto"))
	tab.holds("window.same && document.activeElement.id === 'text' && document.activeElement.value === 'Sí, de diez'")
	tab.do(chromedp.KeyEvent(" a dos"))
	tab.holds("document.getElementById('text').value === 'Sí, de diez a dos'")
	tab.do(chromedp.Click("#compose button.main"), chromedp.WaitVisible(".message.by-agent"), chromedp.WaitVisible(".live.on"))
	tab.holds("document.querySelector('.message.by-agent p').textContent === 'Sí, de diez a dos'")
	tab.holds("document.getElementById('text').value === ''")
	if m := b.last("ines"); m.Text != "Sí, de diez a dos" || m.Agent != "ana" {
		t.Errorf("said: %+v", m)
	}
}

// TestTextOutlivesWhatOthersDo holds that what was typed is not lost when the
// handoff is taken, and that the draft is added to it.
func TestTextOutlivesWhatOthersDo(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.arrive("ines", "Inés", "¿Abrís los domingos?")
	tab := openTab(t, b)
	tab.open("/desk/handoffs/handoff-ines")
	tab.do(chromedp.SendKeys("#text", "Hola."), chromedp.Click("#use-draft"))
	tab.holds("document.getElementById('text').value === 'Hola.\\n\\nSí, abrimos.' && document.activeElement.id === 'text'")
	tab.do(chromedp.Reload(), chromedp.WaitVisible("#text"), chromedp.WaitVisible(".live.on"))
	tab.holds("document.getElementById('text').value.startsWith('Hola.')")
	_, err := b.store.Act(t.Context(), gateway.Action{
		HandoffID: "handoff-ines", Kind: gateway.ActionClaim, Agent: "bea", At: morning,
	})
	if err != nil {
		t.Fatal(err)
	}
	tab.holds("document.getElementById('standing').textContent.includes('bea')")
	tab.holds("document.getElementById('text').value.startsWith('Hola.')")
	tab.do(chromedp.KeyEvent(" "), chromedp.Click("#compose button.main"), chromedp.WaitVisible(".problem"))
	tab.holds("document.getElementById('text').value.startsWith('Hola.')")
	tab.holds("document.querySelector('.problem').textContent.startsWith('Otra persona')")
	// The page that followed the refused form stays live.
	b.store.Say("ines", desktest.In("ines-2", "Gracias", morning))
	tab.do(chromedp.WaitVisible("#m-ines-2"))
	tab.holds("document.getElementById('text').value.startsWith('Hola.')")
}

// TestPagesFitTheScreen holds that nothing is wider than a small phone, and that a
// wide screen shows three columns.
func TestPagesFitTheScreen(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	b.arrive("long", strings.Repeat("W", 60), strings.Repeat("a", 500))
	tab := openTab(t, b)
	for _, width := range []int64{360, 768, 1000, 1280, 2000} {
		tab.do(chromedp.EmulateViewport(width, 800))
		for _, path := range []string{
			"/desk/", "/desk/?view=all", "/desk/handoffs/handoff-long", "/desk/handoffs/" + desktest.LuciaHandoff,
			"/desk/conversations/" + desktest.Lucia + "/why?turn=turn-unsure",
			sara, sara + "?quote=sB", sara + "/template?name=order_update&language=es", "/desk/channel",
			"/desk/conversations/" + desktest.Sara + "/history",
		} {
			tab.open(path)
			wide, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
			if err != nil || int64(wide) > width {
				t.Errorf("%s is %d wide on %d, %v", path, wide, width, err)
			}
		}
	}
	tab.open("/desk/handoffs/" + desktest.LuciaHandoff)
	places, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]float64](
		"['.queue', '.talk', '#packet'].map((s) => document.querySelector(s).getBoundingClientRect().left)"))
	if err != nil || len(places) != 3 || places[0] >= places[1] || places[1] >= places[2] {
		t.Errorf("the columns stand at %s, %v", fmt.Sprint(places), err)
	}
}

// TestTimesCountLikeTheServers holds that the script writes durations as the
// server does.
func TestTimesCountLikeTheServers(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.clock.advance(time.Since(morning))
	tab := openTab(t, b)
	before := b.get("/desk/", "es").body
	tab.open("/desk/")
	shown, err := chromedp.Run(tab.ctx, chromedp.Evaluate[[]string](
		"[...document.querySelectorAll('#rows time[data-since]')].map((t) => t.textContent)"))
	if err != nil || len(shown) != 4 {
		t.Fatalf("%v, %v", shown, err)
	}
	b.clock.advance(time.Since(b.clock.Now())) // an hour may have ended while the page was opened
	after := b.get("/desk/", "es").body
	for _, text := range shown {
		if !strings.Contains(before+after, ">"+text+"<") {
			t.Errorf("the script says %q and the server does not", text)
		}
	}
}

// TestFilesAndTemplatesInABrowser goes the way of an agent who answers a message with
// a file, and then sends a template.
func TestFilesAndTemplatesInABrowser(t *testing.T) {
	t.Parallel()
	b := gallery(t, "ana")
	photo := filepath.Join(t.TempDir(), "lámpara.jpg")
	if err := os.WriteFile(photo, []byte(jpeg), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := openTab(t, b)
	tab.open(sara)
	tab.do(chromedp.Evaluate[chromedp.Void]("window.same = true"), chromedp.SendKeys("#text", "Esta"))
	tab.do(chromedp.SetUploadFiles("#file", []string{photo}))
	// Choosing what to answer leaves the text and the file, and a change the choice.
	tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('.extras').open = true"),
		chromedp.Evaluate[chromedp.Void]("document.querySelector('#m-sB .quote-this').click()"))
	tab.holds("window.same && document.querySelector('[name=quote]')?.value === 'sB' && location.search === '?quote=sB'")
	b.store.Say(desktest.Sara, desktest.In("more", "¿Hola?", morning))
	tab.do(chromedp.WaitVisible("#m-more"))
	tab.holds("document.querySelector('[name=quote]')?.value === 'sB' && document.querySelector('.extras').open")
	tab.holds("document.getElementById('text').value === 'Esta' && document.getElementById('file').files.length === 1")
	tab.do(chromedp.Click("#compose button.main"), chromedp.WaitVisible(".notice:not(.arrived)"), chromedp.WaitVisible(".live.on"))
	m := b.last(desktest.Sara)
	if m.Text != "Esta" || m.Content == nil || m.Content.Kind != gateway.ContentImage || m.Quoted == nil {
		t.Fatalf("said %+v", m)
	}
	tab.holds("document.querySelector('[src$=\"" + m.Content.Media.FileID + "\"]') !== null")
	// The gallery's photo is shown by the page's own policy.
	tab.do(chromedp.Evaluate[chromedp.Void]("document.querySelector('#m-sK img').scrollIntoView()"))
	tab.holds("document.querySelector('#m-sK img').naturalWidth === 240")

	tab.do(chromedp.Click("#template"), chromedp.WaitVisible(".choices"))
	tab.do(chromedp.Click(`.choices a[href*="agent_reply_available"]`), chromedp.WaitVisible("#body-1"), chromedp.WaitVisible(".live.on"))
	tab.do(chromedp.SendKeys("#body-1", "Sara"), chromedp.SendKeys("#body-2", "la lámpara"))
	tab.holds("document.querySelector('.preview').innerText.includes('Hola, Sara. Ya tenemos una respuesta sobre la lámpara.')")
	tab.do(chromedp.Click("form.fill button.main"), chromedp.WaitVisible("#compose"), chromedp.WaitVisible(".live.on"))
	if m := b.last(desktest.Sara); m.Content == nil || m.Content.Template == nil || m.Content.Template.Body[1].Text != "la lámpara" {
		t.Errorf("sent %+v", m)
	}
}

// TestTooLargeAFileIsNotSent: the page says so before the upload.
func TestTooLargeAFileIsNotSent(t *testing.T) {
	t.Parallel()
	b := start(t, "ana", func(b *bundle, c *desk.Config) { c.Files, c.Vault, c.MaxUpload = b.store, b.vault, 10 })
	large := filepath.Join(t.TempDir(), "a.txt")
	if err := os.WriteFile(large, []byte("01234567890"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab := openTab(t, b)
	tab.open("/desk/handoffs/" + desktest.TomHandoff)
	tab.do(chromedp.SetUploadFiles("#file", []string{large}))
	tab.holds("document.getElementById('file').validationMessage.startsWith('El archivo es demasiado grande')")
	tab.do(chromedp.Click("#compose button.main"))
	if m := b.last(desktest.Tom); m.Author == gateway.AuthorAgent || b.vault.Len() != 0 {
		t.Errorf("it was sent: %+v", m)
	}
}
