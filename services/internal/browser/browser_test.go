//go:build pages

package browser_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/services/internal/browser"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const untidy = `<!doctype html><title>Untidy</title>
<link rel="icon" href="data:,">
<h1>Hello</h1><p>one</p><p>two</p>
<input id="name"><button onclick="document.querySelector('h1').innerText = 'Hello ' + document.querySelector('#name').value">greet</button>
<img src="http://logo.example/logo.svg">
<script src="/own.js"></script>`

// The control of every test that says "no request leaves": here one does, once
// let through by the page and once blocked, and both must show.
func TestPages_record_what_a_page_asks_for(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /open", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(untidy)) })
	mux.HandleFunc("GET /strict", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "img-src 'self' data:")
		_, _ = w.Write([]byte(untidy))
	})
	mux.HandleFunc("GET /own.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		_, _ = w.Write([]byte(`console.warn("from own.js"); throw new Error("broken")`))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	b := browser.Start(t)

	t.Run("let through by the page, stopped at the gate", func(t *testing.T) {
		page := b.Open(t, server.URL+"/open")
		left := page.Left()
		if len(left) != 1 || left[0].URL != "http://logo.example/logo.svg" || left[0].Failed == "csp" {
			t.Errorf("left: %v, want the logo, not blocked by a policy", left)
		}
		if outside := page.Outside(); !slices.Equal(outside, []string{"GET http://logo.example/logo.svg"}) {
			t.Errorf("at the gate: %q, want the logo and nothing of the browser's own", outside)
		}
	})

	t.Run("blocked by the page's policy", func(t *testing.T) {
		page := b.Open(t, server.URL+"/strict")
		left := page.Left()
		if len(left) != 1 || left[0].Failed != "csp" {
			t.Errorf("left: %v, want the logo, blocked by the policy", left)
		}
		if outside := page.Outside(); len(outside) > 0 {
			t.Errorf("at the gate: %q", outside)
		}
	})

	t.Run("with its own requests and its console", func(t *testing.T) {
		page := b.Open(t, server.URL+"/open")
		own := slices.ContainsFunc(page.Requests(), func(r browser.Request) bool {
			return r.URL == server.URL+"/own.js" && r.Kind == "Script" && r.Status == http.StatusOK
		})
		if !own {
			t.Errorf("requests: %v, want /own.js with status 200", page.Requests())
		}
		console := strings.Join(page.Console(), "\n")
		if !strings.Contains(console, "from own.js") || !strings.Contains(console, "broken") {
			t.Errorf("console:\n%s\nwant the warning and the exception", console)
		}
	})
}

func TestPages_read_and_use_a_page(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(untidy)) }))
	t.Cleanup(server.Close)
	page := browser.Start(t).Open(t, server.URL)

	if got := page.Texts("p"); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("texts: %q", got)
	}
	if got := page.Texts("h6"); len(got) != 0 {
		t.Errorf("texts of nothing: %q", got)
	}
	page.Type("#name", "Ada")
	page.Click("button")
	if got := page.Text("h1"); got != "Hello Ada" {
		t.Errorf("heading: %q", got)
	}
	if got := browser.Eval[int](page, "document.querySelectorAll('p').length"); got != 2 {
		t.Errorf("paragraphs: %d", got)
	}
}
