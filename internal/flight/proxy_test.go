package flight_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// verb is what the proxy does with one message.
type verb int

const (
	pass verb = iota
	cutBefore
	cutAfter
)

// proxy stands between a connection and PostgreSQL, counts round trips and cuts
// the line at a chosen message.
type proxy struct {
	ln       net.Listener
	upstream string
	wg       sync.WaitGroup

	mu          sync.Mutex // guards what follows
	conns       []net.Conn
	trips       int
	open        bool // a trip is under way …
	outstanding int  // … and so many Syncs of it are not answered
	fromServer  func(kind byte, body []byte) verb
	fromClient  func(kind byte, body []byte) verb
}

func startProxy(tb testing.TB, target string) (*proxy, string) {
	tb.Helper()
	u, err := url.Parse(target)
	if err != nil {
		tb.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &proxy{ln: ln, upstream: u.Host}
	p.wg.Go(p.serve)
	tb.Cleanup(func() {
		ln.Close()
		p.cut()
		p.wg.Wait()
	})
	u.Host = ln.Addr().String()
	return p, u.String()
}

// onServer and onClient choose what happens to each message from now on.
func (p *proxy) onServer(f func(kind byte, body []byte) verb) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fromServer = f
}

func (p *proxy) onClient(f func(kind byte, body []byte) verb) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fromClient = f
}

// countTrips forgets the count and returns it.
func (p *proxy) countTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.trips
	p.trips = 0
	return n
}

func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		c.Close()
	}
	p.conns = nil
}

func (p *proxy) serve() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.upstream)
		if err != nil {
			client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		p.wg.Go(func() { p.pumpClient(client, server) })
		p.wg.Go(func() { p.pumpServer(server, client) })
	}
}

func (p *proxy) pumpClient(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	r := bufio.NewReaderSize(from, 1<<20)
	startup, err := readBody(r)
	if err != nil {
		return
	}
	if _, err := to.Write(startup); err != nil {
		return
	}
	w := bufio.NewWriterSize(to, 1<<20)
	p.pump(r, w, func(kind byte, body []byte) verb {
		if !p.open && kind != 'X' && kind != 'p' {
			p.trips++
			p.open = true
		}
		if kind == 'S' || kind == 'Q' {
			p.outstanding++
		}
		if p.fromClient == nil {
			return pass
		}
		return p.fromClient(kind, body)
	})
}

func (p *proxy) pumpServer(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	started := false
	p.pump(bufio.NewReaderSize(from, 1<<20), bufio.NewWriterSize(to, 1<<20), func(kind byte, body []byte) verb {
		if kind == 'Z' && started {
			p.outstanding--
			p.open = p.outstanding > 0
		}
		started = started || kind == 'Z'
		if p.fromServer == nil {
			return pass
		}
		return p.fromServer(kind, body)
	})
}

// pump forwards messages; everything that arrived together is seen before any of
// it is passed on.
func (p *proxy) pump(r *bufio.Reader, w *bufio.Writer, see func(byte, []byte) verb) {
	defer func() { _ = w.Flush() }()
	for {
		kind, err := r.ReadByte()
		if err != nil {
			return
		}
		body, err := readBody(r)
		if err != nil {
			return
		}
		p.mu.Lock()
		do := see(kind, body[4:])
		p.mu.Unlock()
		if do == cutBefore {
			return
		}
		_ = w.WriteByte(kind)
		_, _ = w.Write(body)
		if do == cutAfter {
			return
		}
		if r.Buffered() == 0 {
			if w.Flush() != nil {
				return
			}
		}
	}
}

// readBody reads a message's length and what it counts.
func readBody(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.BigEndian.Uint32(head[:]))
	copy(body, head[:])
	_, err := io.ReadFull(r, body[4:])
	return body, err
}
