package browser

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Page is one tab.
//
//   - Concurrency: one goroutine at a time; each test opens its own.
type Page struct {
	tb     testing.TB
	ctx    context.Context // chromedp keeps the tab in it
	url    string
	record *record
	gate   *gate
}

// Open loads url in a new tab, with a cache and cookies of its own, and waits
// for its load event.
//
//   - Shape: url is absolute; its host is the one that [Page.Left] counts as home.
//   - Cleanup: the tab closes with the test.
func (b *Browser) Open(tb testing.TB, url string) *Page {
	tb.Helper()
	p := &Page{tb: tb, url: url, record: newRecord(), gate: openGate(tb)}
	behindGate := func(params *target.CreateBrowserContextParams) { params.ProxyServer = p.gate.URL() }
	ctx, cancel := chromedp.NewContext(b.ctx,
		chromedp.WithListener(p.record.event), chromedp.WithNewBrowserContext(behindGate))
	tb.Cleanup(cancel)
	p.ctx = ctx
	// The tab lives as long as the context of the first call, so that one has no deadline of a step.
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("browser: open a tab: %v", err)
	}
	step(p, "open", url, chromedp.Navigate(url))
	return p
}

// WaitVisible waits until an element that matches the CSS selector is shown.
func (p *Page) WaitVisible(css string) {
	p.tb.Helper()
	step(p, "wait for", css, chromedp.WaitVisible(chromedp.CSS(css)))
}

// WaitGone waits until no element matches the CSS selector.
func (p *Page) WaitGone(css string) {
	p.tb.Helper()
	step(p, "wait for the end of", css, chromedp.WaitNotPresent(chromedp.CSS(css)))
}

// Text returns what the first match of the CSS selector shows, trimmed.
func (p *Page) Text(css string) string {
	p.tb.Helper()
	return strings.TrimSpace(step(p, "read", css, chromedp.Text(chromedp.CSS(css))))
}

// Texts returns what every match of the CSS selector shows, trimmed, in
// document order; empty when nothing matches.
func (p *Page) Texts(css string) []string {
	p.tb.Helper()
	texts := Eval[[]string](p, "[...document.querySelectorAll("+quote(css)+")].map(e => (e.innerText ?? e.textContent).trim())")
	return texts
}

// Click clicks the first match of the CSS selector once it is shown.
func (p *Page) Click(css string) {
	p.tb.Helper()
	step(p, "click", css, chromedp.Click(chromedp.CSS(css)))
}

// Type types text into the first match of the CSS selector, key by key.
func (p *Page) Type(css, text string) {
	p.tb.Helper()
	step(p, "type into", css, chromedp.SendKeys(chromedp.CSS(css), text))
}

// Eval runs a JavaScript expression in the page and decodes its value.
func Eval[T any](p *Page, expression string) T {
	p.tb.Helper()
	return step(p, "evaluate", expression, chromedp.Evaluate[T](expression))
}

// Screenshot writes the visible part of the page to NAME.png in the test's
// artifact folder.
func (p *Page) Screenshot(name string) {
	p.tb.Helper()
	p.save(name, step(p, "photograph", p.url, chromedp.CaptureScreenshot()))
}

// Requests lists what the page has asked for so far, blocked requests
// included, in order.
func (p *Page) Requests() []Request {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	all := make([]Request, len(p.record.requests))
	for i, request := range p.record.requests {
		all[i] = *request
	}
	return all
}

// Left lists the requests to another host than the page's own, whether they
// were let through or not.
func (p *Page) Left() []Request {
	var left []Request
	for _, request := range p.Requests() {
		if leaves(request.URL, p.url) {
			left = append(left, request)
		}
	}
	return left
}

// Outside lists what came to the page's gate on its way off this machine,
// workers included: "GET http://host/path" or "CONNECT host:443", in order.
// None of it came through.
func (p *Page) Outside() []string { return p.gate.Seen() }

// Console lists what the page wrote to its console and what the browser wrote
// about it, exceptions included, in order.
func (p *Page) Console() []string {
	p.record.mu.Lock()
	defer p.record.mu.Unlock()
	return append([]string(nil), p.record.console...)
}

// step runs one action within stepTimeout. When it fails, so does the test,
// with what the page looked like.
func step[T any](p *Page, verb, object string, action chromedp.Action[T]) T {
	p.tb.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, stepTimeout)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		if shot, shotErr := chromedp.Run(p.ctx, chromedp.CaptureScreenshot()); shotErr == nil {
			p.save("failure", shot)
		}
		p.tb.Fatalf("browser: %s %s on %s: %v\nconsole:\n  %s", verb, object, p.url, err, strings.Join(p.Console(), "\n  "))
	}
	return value
}

func (p *Page) save(name string, png []byte) {
	p.tb.Helper()
	path := filepath.Join(p.tb.ArtifactDir(), name+".png")
	if err := os.WriteFile(path, png, 0o644); err != nil {
		p.tb.Fatalf("browser: %v", err)
	}
	p.tb.Logf("browser: screenshot of %s in %s", p.url, path)
}

// Quiet fails the test when something of the page came to the gate, was missing,
// or threw; or when the page asked another host for anything but refused, which
// its policy must have stopped.
func (p *Page) Quiet(refused ...string) {
	p.tb.Helper()
	if outside := p.Outside(); len(outside) > 0 {
		p.tb.Errorf("browser: on the network: %q", outside)
	}
	for _, request := range p.Requests() {
		if request.Status >= http.StatusBadRequest {
			p.tb.Errorf("browser: %v: status %d", request, request.Status)
		}
	}
	for _, request := range p.Left() {
		if !slices.Contains(refused, request.URL) || request.Failed != "csp" {
			p.tb.Errorf("browser: request to another host: %v", request)
		}
	}
	for _, line := range p.Console() {
		if strings.HasPrefix(line, "exception:") {
			p.tb.Errorf("browser: %s", line)
		}
	}
	p.tb.Logf("console:\n  %s", strings.Join(p.Console(), "\n  "))
}
