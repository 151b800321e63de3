package report_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/recado/recado/evals/report"
)

// tab is a browser's tab on a report in a file.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// openTab starts a browser without a window, or skips the test where there is none. What
// goes wrong in a page is kept in window.wrong.
func openTab(t *testing.T) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes most of the time; without -short it is tried")
	}
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Skip("no Chromium or Chrome in PATH, so reports are not tried in a browser")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	tab := &tab{t: t, ctx: ctx}
	tab.do(chromedp.EmulateViewport(1280, 800))
	tab.ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return tab
}

func (tab *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.t.Fatal(err)
	}
}

// open writes a report to a file and goes there, until the list of cases is shown.
func (tab *tab) open(v report.View) {
	tab.t.Helper()
	file := filepath.Join(tab.t.TempDir(), "report.html")
	if err := os.WriteFile(file, written(tab.t, func(w io.Writer) error { return report.WriteHTML(w, v) }), 0o600); err != nil {
		tab.t.Fatal(err)
	}
	tab.do(chromedp.Navigate("file://"+file), chromedp.WaitVisible("#list"))
}

// holds waits until an expression is true on the page.
func (tab *tab) holds(expression string) {
	tab.t.Helper()
	if _, err := chromedp.Run(tab.ctx, chromedp.Poll[bool](expression)); err != nil {
		shown, _ := chromedp.Run(tab.ctx, chromedp.Evaluate[string]("document.title + '\\n' + location.hash + '\\n' + document.body.innerText"))
		tab.t.Fatalf("%s does not hold: %v\n%.3000s", expression, err, shown)
	}
}

func (tab *tab) eval(expression string) {
	tab.t.Helper()
	tab.do(chromedp.Evaluate[chromedp.Void](expression))
}

// pick chooses in a filter as a person would.
func (tab *tab) pick(filter, value string) {
	tab.t.Helper()
	tab.eval(`{ const s = document.getElementById("` + filter + `"); s.value = "` + value + `"; s.dispatchEvent(new Event(s.tagName === "INPUT" ? "input" : "change")) }`)
}

const (
	cases = "document.querySelectorAll('.case').length"
	// quiet holds while no text of a customer has become more than text.
	quiet = "window.owned === undefined && document.querySelectorAll('main img, main iframe, #list script').length === 0"
)

func (tab *tab) filters() {
	tab.t.Helper()
	tab.holds(cases + " === 64")
	tab.pick("filter-s", "failed")
	tab.holds(cases + " === 24 && document.getElementById('count').textContent.startsWith('24 of 64')")
	tab.pick("filter-l", "es")
	tab.holds(cases + " === 12")
	tab.pick("filter-t", "actions")
	tab.holds(cases + " === 2 && document.querySelector('.case').dataset.name === 'cancel-shipped/es'")
	tab.pick("filter-q", "nothing like that")
	tab.holds(cases + " === 0 && document.getElementById('list').textContent.length > 10")
	for _, one := range []string{"s", "l", "t", "q"} {
		tab.pick("filter-"+one, "")
	}
	tab.pick("filter-q", "CUANTOS dias")
	tab.holds(cases + " === 2")
	tab.pick("filter-q", "")
}

// TestReportInABrowser goes the way of a person who reads a report: filters, opens a case
// with its whole record, sorts a table, and changes the language.
func TestReportInABrowser(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	base := earlierRun(t)
	tab.open(report.View{Run: sampleRun(t), Base: &base})
	tab.filters()

	tab.pick("filter-s", "changed")
	tab.holds(cases + " === 4")
	tab.pick("filter-s", "")
	tab.do(chromedp.Click(`[data-name="where-is-order/en"] summary`), chromedp.WaitVisible(`[data-name="where-is-order/en"] .side-by-side`))
	tab.holds(`[...document.querySelectorAll('[data-name="where-is-order/en"] del')].some((d) => d.textContent.includes('tomorrow'))`)
	tab.holds(`document.querySelector('[data-name="where-is-order/en"] ins').textContent.length > 0`)
	tab.holds(`[...document.querySelectorAll('[data-name="where-is-order/en"] details .quote')].some((q) => q.textContent.startsWith('Tienes 30 días naturales'))`)
	tab.eval(`document.querySelector('[data-name="where-is-order/en"] > summary').focus()`)
	tab.do(chromedp.KeyEvent("\r"))
	tab.holds(`!document.querySelector('[data-name="where-is-order/en"]').open`)

	tab.eval(`location.hash = "#case=markup/en"`)
	tab.holds(`document.querySelector('[data-name="markup/en"]').open && document.querySelector('[data-name="markup/en"] .told') !== null`)
	tab.eval(`for (const d of document.querySelectorAll('.case')) d.open = true; location.hash = "#case=markup/es/typos"`)
	tab.holds(`[...document.querySelectorAll('.case')].every((c) => c.querySelector('.inside > *'))`)
	tab.holds(quiet + ` && document.querySelector('[data-name="markup/es"] .told').textContent.includes('<script>window.owned = 1</script>')`)

	tab.do(chromedp.Click(`.words[lang="en"] .sortable th:nth-child(2) button`))
	tab.holds(`(() => { const n = [...document.querySelector('.words[lang="en"] .sortable').tBodies[0].rows].map((r) => +r.cells[1].textContent); return n.every((v, i) => !i || n[i - 1] <= v) })()`)
	tab.holds(`document.querySelector('.words[lang="en"] .sortable th:nth-child(2)').getAttribute('aria-sort') === 'ascending'`)
	tab.do(chromedp.Click("#switch"))
	tab.holds(`document.documentElement.lang === 'es' && document.querySelector('.words[lang="en"]').offsetParent === null && document.querySelector('#cases h2').textContent === 'Casos'`)
	tab.holds(`!document.body.innerText.includes('[undefined]') && !/\[\w+_?\w+\]/.test(document.querySelector('#cases').innerText.replaceAll(/\[x\]|\[31m|\[0m/g, ''))`)
}

// TestReportIsWalkedByKeysAndLinks holds that keys go through the cases, that the address says
// what is shown, and that opening that address shows it again.
func TestReportIsWalkedByKeysAndLinks(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	tab.open(report.View{Run: sampleRun(t)})
	tab.do(chromedp.KeyEvent("f"))
	tab.holds(cases + " === 24 && location.hash === '#status=failed'")
	tab.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"), chromedp.KeyEvent("k"), chromedp.KeyEvent("n"))
	second := "document.querySelectorAll('.case')[1]"
	tab.holds(second + ".open && document.querySelectorAll('.case[open]').length === 1 && " + second + ".querySelector('.why') !== null")
	tab.holds("new URLSearchParams(location.hash.slice(1)).get('case') === " + second + ".dataset.name")
	tab.do(chromedp.KeyEvent("p"))
	tab.holds("document.querySelectorAll('.case')[0].open && document.querySelectorAll('.case[open]').length === 1")
	tab.eval("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: '/', bubbles: true, cancelable: true }))")
	tab.holds("document.activeElement.id === 'filter-q'")
	tab.do(chromedp.KeyEvent("jk"))
	tab.holds("document.getElementById('filter-q').value === 'jk' && " + cases + " === 0")
	tab.eval("document.getElementById('clear').click()")
	tab.holds(cases + " === 64 && location.hash === ''")

	tab.eval(`document.querySelector('.words[lang="en"] .causes a[href="#cause=held_right"]').click()`)
	tab.holds(cases + " === 4 && document.getElementById('filter-w').value === 'held_right'")
	tab.eval("location.hash = '#tag=hostile&language=es&variant=written'")
	tab.holds(cases + " === 2 && document.getElementById('filter-v').value === 'written'")
	tab.do(chromedp.Reload(), chromedp.WaitVisible("#list"))
	tab.holds(cases + " === 2")
	tab.eval("document.querySelector('.case').open = true; document.querySelector('#switch').click()")
	tab.holds("document.documentElement.lang === 'es' && " + cases + " === 2")
}

// TestReportAddressSaysWhatIsShown holds that what the browser tells late (that a case was
// opened, that a link was followed) does not leave the address of something else behind.
func TestReportAddressSaysWhatIsShown(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	tab.open(report.View{Run: sampleRun(t)})
	tab.pick("filter-s", "failed")
	tab.eval(`{
		const box = document.querySelector('.case');
		box.addEventListener('toggle', () => { window.told = location.hash; });
		box.open = true;
		document.getElementById('clear').click();
	}`)
	tab.holds("window.told !== undefined")
	tab.holds("window.told === '' && " + cases + " === 64")

	tab.eval(`addEventListener('hashchange', () => { window.followed = location.hash; });
		location.hash = '#tag=hostile&language=es&variant=written';
		document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'f', bubbles: true, cancelable: true }))`)
	tab.holds("window.followed !== undefined")
	tab.holds("window.followed === '#language=es&tag=hostile&variant=written' && " + cases + " === 2")
	tab.eval("history.replaceState = () => { throw new Error('too many changes') }")
	tab.pick("filter-q", "nothing like that")
	tab.holds(cases + " === 0")
}

// TestReportFitsTheScreen holds that nothing is wider than a small phone, with every case
// open, and that each picture is there.
func TestReportFitsTheScreen(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	base := earlierRun(t)
	tab.open(report.View{Run: sampleRun(t), Base: &base, Language: "es"})
	tab.eval(`for (const d of document.querySelectorAll('.case')) d.open = true`)
	tab.holds(`[...document.querySelectorAll('.case')].every((c) => c.querySelector('.inside > *'))`)
	tab.eval(`for (const d of document.querySelectorAll('.case details')) d.open = true`)
	for _, width := range []int64{360, 768, 1440} {
		tab.do(chromedp.EmulateViewport(width, 900))
		wide, err := chromedp.Run(tab.ctx, chromedp.Evaluate[int]("document.documentElement.scrollWidth"))
		if err != nil || int64(wide) > width {
			t.Errorf("the report is %d wide on %d, %v", wide, width, err)
		}
	}
	tab.holds(`document.querySelectorAll('.words[lang="es"] svg.plot').length === 2 && document.querySelector('.words[lang="es"] .confusion td.wrong') !== null`)
}

// TestLargeReportOpensQuickly: thousands of cases are listed, and one of them opened, in
// seconds.
func TestLargeReportOpensQuickly(t *testing.T) {
	t.Parallel()
	tab := openTab(t)
	tab.open(report.View{Run: sampleOf(t, 1, 157)})
	tab.holds(cases + " === 100 && !document.getElementById('more').hidden")
	shown, err := chromedp.Run(tab.ctx, chromedp.Evaluate[float64]("performance.now()"))
	if err != nil || shown > 30_000 {
		t.Errorf("the list of 5,024 cases took %.0f ms, %v", shown, err)
	}
	tab.eval(`window.began = performance.now(); document.querySelector('.case summary').click()`)
	tab.holds(`document.querySelector('.case .told') !== null`)
	took, err := chromedp.Run(tab.ctx, chromedp.Evaluate[float64]("performance.now() - window.began"))
	t.Logf("listed in %.0f ms, a case opened in %.0f ms", shown, took)
	if err != nil || took > 15_000 {
		t.Errorf("a case took %.0f ms, %v", took, err)
	}
}
