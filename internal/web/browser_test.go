//go:build browser

package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/report/sheet"
	"github.com/meteora-fee-router/feeops/internal/web"
)

// done is seen when a deed was done.
var done = chromedp.WaitVisible(chromedp.CSS(`.band.good[role="status"]`))

// again makes a live page draw itself now, as it does when somebody comes back to it.
const again = `document.dispatchEvent(new Event("visibilitychange"))`

func TestBrowser_NoPageDoesWhatItsOwnPolicyForbidsOrAHostileNameSays(t *testing.T) {
	b, incident := newPlanted(t)
	tab := newTab(t, b)
	for _, path := range paths(incident) {
		tab.open(path)
		require.Empty(t, tab.complaints(), path)
	}
	tab.signIn(annToken)
	for _, path := range paths(incident) {
		tab.open(path)
		require.Empty(t, tab.complaints(), path)
		require.True(t, ask[bool](tab, `getComputedStyle(document.querySelector(".bar")).display === "flex"`), "%s has its style", path)
	}
	require.Empty(t, tab.foreign(), "nothing is loaded from elsewhere")
}

func TestBrowser_APhoneNeedsNoSidewaysScrolling(t *testing.T) {
	b, incident := newPlanted(t)
	tab := newTab(t, b)
	tab.signIn(annToken)
	for _, width := range []int64{320, 390, 768, 1280} {
		tab.look(width, 800, "light")
		for _, path := range paths(incident) {
			tab.open(path)
			require.LessOrEqual(t, ask[int64](tab, `document.documentElement.scrollWidth`), width, "%s at %d pixels", path, width)
			require.Empty(t, ask[[]string](tab, `[...document.querySelectorAll(".wide")].filter(e => e.scrollWidth > e.clientWidth + 1 && innerWidth <= 760).map(e => e.innerText.slice(0, 80))`), "%s at %d pixels: a table is cut off", path, width)
			require.Empty(t, ask[[]string](tab, `[...document.querySelectorAll("button, .button, nav a, input:not([type=hidden])")].filter(e => e.offsetParent && !e.classList.contains("link") && e.type !== "checkbox" && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 120))`),
				"%s at %d pixels: too small for a finger", path, width)
		}
	}
}

// contrast lists texts that cannot be read well: less than 4.5 to 1 against what is behind them, 3 to 1 for large ones.
const contrast = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); const d = canvas.getImageData(0, 0, 1, 1).data; return [d[0], d[1], d[2], d[3] / 255]; };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3])).concat(1);
  const behind = (e) => { const layers = []; for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); layers.push(c); if (c[3] === 1) break; } return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]); };
  const light = (c) => { const f = c.slice(0, 3).map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
  const out = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement, style = getComputedStyle(e);
    if (!n.data.trim() || !e.checkVisibility() || e.closest(".hidden, .skip, script, noscript, svg")) continue;
    const ground = behind(e), ink = over(rgba(style.color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x), ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700;
    if (ratio < (large ? 3 : 4.5)) out.push(ratio.toFixed(2) + " " + n.data.trim().slice(0, 40) + " ." + e.className);
  }
  return out;
})()`

func TestBrowser_EveryTextIsReadInLightAndDarkFreshAndOld(t *testing.T) {
	b, incident := newPlanted(t)
	require.NoError(t, b.store.SetSafety(t.Context(), domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "r", Actor: "ann", At: b.now()}))
	tab := newTab(t, b)
	tab.signIn(annToken)
	grounds := map[string]bool{}
	for _, age := range []time.Duration{0, 10 * time.Minute} {
		b.turn(noon.Add(age))
		for _, scheme := range []string{"light", "dark"} {
			tab.look(1280, 900, scheme)
			for _, path := range append(paths(incident), "/nothing") {
				tab.open(path)
				require.Empty(t, ask[[]string](tab, contrast), "%s in %s", path, scheme)
			}
			grounds[ask[string](tab, `getComputedStyle(document.documentElement).backgroundColor`)] = true
		}
	}
	require.Len(t, grounds, 2, "light and dark differ")
}

func TestBrowser_AgesGoOnAndOldFiguresSaySoByThemselves(t *testing.T) {
	b, _ := newPlanted(t)
	tab := newTab(t, b)
	tab.open("/vaults/alpha")
	require.True(t, ask[bool](tab, `document.getElementById("old").hidden`))
	before := ask[string](tab, `document.querySelector("[data-kind=left]").textContent`)
	// The machine slept: one clock stands, the other goes on.
	ask[chromedp.Void](tab, `{ const now = Date.now; Date.now = () => now() + 600000; }`)
	tab.until(`!document.getElementById("old").hidden && document.documentElement.classList.contains("gone-stale")`)
	require.Equal(t, "10m", ask[string](tab, `document.querySelector("#old [data-age]").textContent`))
	require.NotEqual(t, before, ask[string](tab, `document.querySelector("[data-kind=left]").textContent`), "the deadline comes nearer")
	require.Contains(t, ask[string](tab, `getComputedStyle(document.querySelector("h1 .state"), "::after").content`), "(old)")
}

func TestBrowser_AnOpenPageShowsWhatIsNewAndLeavesPeopleAlone(t *testing.T) {
	b, _ := newPlanted(t)
	tab := newTab(t, b)
	tab.open("/vaults/alpha")
	ask[chromedp.Void](tab, `document.querySelector("#pages summary").click()`)
	stop := domain.SafetyFlag{Kind: domain.SafetyStop, Reason: "a key was lost", Actor: "ann", At: b.now()}
	require.NoError(t, b.store.SetSafety(t.Context(), stop))
	b.turn(noon.Add(5 * time.Second))
	ask[chromedp.Void](tab, again)
	tab.until(`document.body.innerText.includes("Everything is stopped: a key was lost")`)
	require.True(t, ask[bool](tab, `document.getElementById("pages").open`), "what somebody opened stays open")

	tab.do(chromedp.SendKeys(chromedp.ID("investor"), "Recip"))
	require.NoError(t, b.store.ClearSafety(t.Context(), stop))
	b.turn(noon.Add(10 * time.Second))
	ask[chromedp.Void](tab, again)
	require.Equal(t, "Recip", ask[string](tab, `document.getElementById("investor").value`))
	require.True(t, ask[bool](tab, `document.body.innerText.includes("Everything is stopped")`), "nothing is drawn under somebody's hands")
	ask[chromedp.Void](tab, `document.activeElement.blur()`)
	ask[chromedp.Void](tab, again)
	tab.until(`!document.body.innerText.includes("Everything is stopped")`)
	require.Empty(t, tab.complaints())
}

func TestBrowser_AWorkerThatDoesNotAnswerIsSaid(t *testing.T) {
	b, _ := newPlanted(t)
	tab := newTab(t, b)
	tab.open("/")
	b.server.Close()
	ask[chromedp.Void](tab, again)
	tab.until(`!document.getElementById("silent").hidden`)
	require.Contains(t, ask[string](tab, `document.getElementById("silent").textContent`), "the worker does not answer")
}

func TestBrowser_AnOperatorSignsInAndStopsEverything(t *testing.T) {
	b, _ := newPlanted(t)
	tab := newTab(t, b)
	tab.look(390, 844, "dark")
	tab.signIn(annToken)
	tab.do(chromedp.Click(chromedp.CSS("a.danger")), chromedp.WaitVisible(chromedp.ID("stop-reason")), chromedp.SendKeys(chromedp.ID("stop-reason"), "two payouts too many"))
	tab.do(chromedp.Click(chromedp.CSS("form.box button.danger")))
	require.True(t, ask[bool](tab, `document.querySelector("[name=sure]").matches(":invalid")`), "nobody stops by one press")
	require.Empty(t, b.deeds.list())
	tab.do(chromedp.Click(chromedp.CSS("[name=sure]")), chromedp.Click(chromedp.CSS("form.box button.danger")))
	tab.do(done)
	require.Equal(t, []string{"stop by ann because two payouts too many"}, b.deeds.list())

	tab.open("/vaults/alpha")
	tab.do(chromedp.SendKeys(chromedp.ID("pause-reason"), "look at page 2\r"))
	tab.do(done)
	tab.open("/alerts")
	tab.do(chromedp.Click(chromedp.CSS(".buttons button")))
	tab.do(done)
	require.Equal(t, []string{"pause alpha by ann because look at page 2", "ack alpha/deadline_2h/1 by ann"}, b.deeds.list()[1:])
	require.Empty(t, tab.complaints())
}

func TestBrowser_PagesAreWholeWithoutScripts(t *testing.T) {
	b, _ := newPlanted(t)
	tab := newTab(t, b)
	tab.open("/sign-in")
	_, err := chromedp.Call(tab.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	require.NoError(t, err)
	tab.do(chromedp.SendKeys(chromedp.ID("token"), annToken), chromedp.Submit(chromedp.ID("token")), chromedp.WaitVisible(chromedp.CSS("a.danger")))
	tab.open("/vaults/alpha")
	text, err := chromedp.Run(tab.ctx, chromedp.Text(chromedp.CSS("main")))
	require.NoError(t, err)
	require.Contains(t, text, "0.299999 USDC")
	tab.do(chromedp.SendKeys(chromedp.ID("pause-reason"), "look"), chromedp.Submit(chromedp.ID("pause-reason")), chromedp.WaitVisible(chromedp.CSS(".band.good")))
	require.Equal(t, []string{"pause alpha by ann because look"}, b.deeds.list())
}

func TestBrowser_EveryFieldHasANameAndTheKeyboardReachesTheContent(t *testing.T) {
	b, incident := newPlanted(t)
	tab := newTab(t, b)
	tab.signIn(annToken)
	for _, path := range paths(incident) {
		tab.open(path)
		require.Equal(t, 1, ask[int](tab, `document.querySelectorAll("h1").length`), path)
		require.Empty(t, ask[[]string](tab, `[...document.querySelectorAll("input:not([type=hidden])")].filter(e => e.labels.length === 0).map(e => e.outerHTML)`), "%s: a field without a name", path)
		require.Empty(t, ask[[]string](tab, `[...document.querySelectorAll("a, button, summary")].filter(e => !e.textContent.trim() && !e.getAttribute("aria-label")).map(e => e.outerHTML)`), "%s: a link without words", path)
		require.Empty(t, ask[[]string](tab, `(() => { const ids = [...document.querySelectorAll("[id]")].map(e => e.id); return ids.filter((id, i) => ids.indexOf(id) !== i); })()`), "%s: an id twice", path)
	}
	tab.open("/")
	tab.do(chromedp.KeyEvent("\t"))
	require.Equal(t, "To the content", ask[string](tab, `document.activeElement.textContent`))
	tab.do(chromedp.KeyEvent("\r"))
	tab.until(`location.hash === "#main"`)
}

func TestBrowser_AReportKeepsItsStyleAndRunsNothing(t *testing.T) {
	dir := t.TempDir()
	files, err := sheet.RenderAll(sample{}, []string{"html"})
	require.NoError(t, err)
	_, err = sheet.Save(dir, "sample", append(files, sheet.File{Ext: "md", Body: []byte(hostile)}))
	require.NoError(t, err)
	evil := []byte("<!doctype html><style>p{color:red}</style><p>x</p><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">")
	_, err = sheet.Save(dir, "evil", []sheet.File{{Ext: "html", Body: evil}})
	require.NoError(t, err)
	b := newBench(t, func(p *web.Params) { p.Shelf = web.Folder{Dir: dir} })
	tab := newTab(t, b)
	tab.open("/reports/sample.html")
	require.Empty(t, tab.complaints())
	require.NotEqual(t, "Times New Roman", ask[string](tab, `getComputedStyle(document.body).fontFamily`))
	tab.open("/reports/sample.md")
	require.Equal(t, "text/plain", ask[string](tab, `document.contentType`))
	tab.open("/reports/evil.html")
	require.NotEqual(t, "ran", ask[string](tab, `document.title`))
	require.Equal(t, "null", ask[string](tab, `origin`), "it has no share in the page's origin")
	require.Empty(t, tab.foreign())
	code, _ := b.visitor().get("/reports/evil.html")
	require.Equal(t, http.StatusOK, code)
}
