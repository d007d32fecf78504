package proxy

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Proxy is one listening port in front of one server.
//
//   - Concurrency: safe for many goroutines.
type Proxy struct {
	tb      testing.TB
	url     string
	address string         // where it listens
	work    sync.WaitGroup // every goroutine of the proxy

	listening sync.Mutex    // guards listener and closed
	listener  net.Listener  // nil while connections are refused
	accepting chan struct{} // closed when nobody accepts from listener any more
	closed    bool

	mu       sync.Mutex // guards what follows
	to       upstream   // where new connections lead
	tally    tally
	links    map[*link]struct{}
	seen     int // connections so far, for their numbers
	rules    []*Rule
	delay    time.Duration
	slice    int           // bytes for each write; 0 is all at once
	sessions int           // open now
	hole     chan struct{} // not nil: nothing passes until it is closed
}

// Start begins to listen on a free port of 127.0.0.1 in front of the server
// that upstreamURL names.
//
//   - Errors: the test fails.
//   - Cleanup: closed with the test; [Proxy.Close] does it earlier.
func Start(tb testing.TB, upstreamURL string) *Proxy {
	tb.Helper()
	p := &Proxy{tb: tb, address: "127.0.0.1:0", tally: newTally(), links: make(map[*link]struct{})}
	cfg := p.aim(upstreamURL)
	if err := p.listen(); err != nil {
		tb.Fatalf("proxy: %v", err)
	}
	p.url = throughProxy(upstreamURL, cfg, p.address)
	tb.Cleanup(p.Close)
	return p
}

// upstream is a server's address.
type upstream struct{ network, address string }

// aim has new connections lead to the server of a URL.
func (p *Proxy) aim(upstreamURL string) *pgconn.Config {
	p.tb.Helper()
	cfg, err := pgconn.ParseConfig(upstreamURL)
	if err != nil {
		p.tb.Fatalf("proxy: upstream: %v", err) // pgconn leaves the password out
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to.network, p.to.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	return cfg
}

// throughProxy is the upstream's URL with the proxy's address in it.
func throughProxy(upstream string, cfg *pgconn.Config, address string) string {
	u, err := url.Parse(upstream)
	if err != nil || !strings.HasPrefix(u.Scheme, "postgres") {
		u = &url.URL{Scheme: "postgres", Path: "/" + cfg.Database}
	}
	u.Host = address
	if u.User == nil {
		u.User = url.User(cfg.User)
		if cfg.Password != "" {
			u.User = url.UserPassword(cfg.User, cfg.Password)
		}
	}
	query := u.Query()
	for _, name := range []string{"host", "port", "sslmode", "sslnegotiation"} {
		query.Del(name)
	}
	query.Set("sslmode", "disable")
	u.RawQuery = query.Encode()
	return u.String()
}

// URL is the upstream's URL through this proxy, without TLS.
func (p *Proxy) URL() string { return p.url }

// Port is the port on 127.0.0.1.
func (p *Proxy) Port() int {
	_, port, _ := net.SplitHostPort(p.address)
	n, _ := strconv.Atoi(port)
	return n
}

// Close ends all connections and waits until nothing of the proxy runs. Further
// calls do nothing.
func (p *Proxy) Close() {
	p.listening.Lock()
	p.closed = true
	p.stopListening()
	p.listening.Unlock()
	for _, l := range p.open() {
		l.close()
	}
	p.work.Wait()
}

// open lists the connections. They are closed without a lock: closing a socket
// waits for its reader, which takes both.
func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Collect(maps.Keys(p.links))
}

// listen opens the port, the same one each time. The caller holds listening,
// or nobody else knows the proxy yet.
func (p *Proxy) listen() error {
	if p.closed {
		return nil
	}
	l, err := net.Listen("tcp4", p.address)
	for begin := time.Now(); err != nil && time.Since(begin) < 5*time.Second; {
		// Another program may use the port for a moment.
		time.Sleep(20 * time.Millisecond)
		l, err = net.Listen("tcp4", p.address)
	}
	if err != nil {
		return fmt.Errorf("no port: %w", err)
	}
	p.address = l.Addr().String()
	gone := make(chan struct{})
	p.listener, p.accepting = l, gone
	p.work.Go(func() { defer close(gone); p.accept(l) })
	return nil
}

// stopListening closes the port; the caller holds listening. The kernel has closed
// it when the goroutine that accepts has let go of it.
func (p *Proxy) stopListening() {
	if p.listener != nil {
		p.listener.Close()
		<-p.accepting
		p.listener = nil
	}
}

func (p *Proxy) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return // the listener was closed
		}
		p.work.Go(func() { p.serve(conn.(*net.TCPConn)) })
	}
}

// serve runs one connection to its end.
func (p *Proxy) serve(client *net.TCPConn) {
	p.mu.Lock()
	p.tally.Accepted++
	to := p.to
	p.mu.Unlock()
	upstream, err := net.DialTimeout(to.network, to.address, 10*time.Second)
	if err != nil {
		client.Close()
		return
	}
	l, err := p.newLink(client, upstream)
	if err != nil {
		client.Close()
		upstream.Close()
		return
	}
	l.run()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// barrier is closed when messages may pass, nil when they may at once.
func (p *Proxy) barrier() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hole
}
