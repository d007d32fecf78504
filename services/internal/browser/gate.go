package browser

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// gate is an HTTP proxy that refuses everything and remembers it. Chromium
// goes to loopback addresses directly and everywhere else through its proxy,
// so what the gate has not seen has not left.
type gate struct {
	server *httptest.Server

	mu   sync.Mutex // guards seen
	seen []string
}

func openGate(tb testing.TB) *gate {
	g := &gate{}
	g.server = httptest.NewServer(g)
	tb.Cleanup(g.server.Close)
	return g
}

// URL is the proxy's address.
func (g *gate) URL() string { return g.server.URL }

// Seen lists the requests that came, in order.
func (g *gate) Seen() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.seen)
}

// ServeHTTP refuses.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := r.URL.String()
	if r.Method == http.MethodConnect {
		target = r.Host
	}
	g.mu.Lock()
	g.seen = append(g.seen, r.Method+" "+target)
	g.mu.Unlock()
	http.Error(w, "this test has no network", http.StatusForbidden)
}
