package proxy

import (
	"net"
	"slices"
	"time"
)

// Delay holds every message back for d, in each direction: a request and its
// answer take 2·d longer. Messages that travel together stay together, so a
// delay costs by the round trip and not by the message. Default 0.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = max(0, d)
}

// Rule is a fault that waits for its message.
type Rule struct {
	p     *Proxy
	match func(Message) bool
	after bool
	do    func(Message) // nil: cut the connection
	code  string        // not empty: refuse the statement with this SQLSTATE

	left  int // how often it may still fire, negative for always; Proxy.mu
	fired int // Proxy.mu
}

// CutBefore closes both sides of a connection instead of forwarding the first
// message that matches; what came before it was forwarded.
//
// The server reads what was forwarded to it before it sees the end; the client
// sees an end of file or a reset. Package proxy has ready-made matchers; a
// matcher may keep state but is called by several goroutines.
func (p *Proxy) CutBefore(match func(Message) bool) *Rule {
	return p.rule(&Rule{match: match})
}

// CutAfter closes both sides of a connection when the first message that
// matches was forwarded.
func (p *Proxy) CutAfter(match func(Message) bool) *Rule {
	return p.rule(&Rule{match: match, after: true})
}

// Before calls do before the first message that matches is forwarded; the
// connection's direction waits for its return. It is how a test gets between
// two statements.
func (p *Proxy) Before(match func(Message) bool, do func(Message)) *Rule {
	return p.rule(&Rule{match: match, do: do})
}

func (p *Proxy) rule(r *Rule) *Rule {
	p.mu.Lock()
	defer p.mu.Unlock()
	r.p, r.left = p, 1
	p.rules = append(p.rules, r)
	return r
}

// Times lets the rule fire n times instead of once, always if n is negative;
// 0 ends it.
func (r *Rule) Times(n int) *Rule {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	r.left = n
	return r
}

// Fired is how often the rule has fired.
func (r *Rule) Fired() int {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	return r.fired
}

// verdict is what the rules make of one message.
type verdict int

const (
	forward verdict = iota
	cutBefore
	cutAfter
	refuse
)

// judge asks all rules; matchers run without a lock, so that they may call the
// proxy's methods. With refuse comes the SQLSTATE.
func (p *Proxy) judge(m Message) (verdict, string) {
	p.mu.Lock()
	rules := slices.Clone(p.rules)
	p.mu.Unlock()
	result := forward
	for _, r := range rules {
		if !r.match(m) || !r.take() {
			continue
		}
		switch {
		case r.do != nil:
			r.do(m)
		case r.code != "":
			return refuse, r.code
		case !r.after:
			return cutBefore, ""
		default:
			result = cutAfter
		}
	}
	return result, ""
}

func (r *Rule) take() bool {
	r.p.mu.Lock()
	defer r.p.mu.Unlock()
	if r.left == 0 {
		return false
	}
	if r.left > 0 {
		r.left--
	}
	r.fired++
	return true
}

// Slice forwards at most n bytes at a time, in both directions, 1 for the worst
// that a network may do to a message; 0 forwards what there is. Default 0.
func (p *Proxy) Slice(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slice = n
}

// Redirect leads new connections to the server of upstreamURL, as a name or an
// address does that has moved; open ones stay where they are. URL stays the same,
// so the other server must know its user and database.
//
// A URL where nothing listens makes an outage in which attempts are counted, by
// [Counts].Accepted.
//
//   - Errors: the test fails when the URL cannot be read.
func (p *Proxy) Redirect(upstreamURL string) {
	p.tb.Helper()
	p.aim(upstreamURL)
}

// BlackHole while on lets nothing through in either direction and closes
// nothing, as a network does that drops packets. Switched off, what was sent
// meanwhile arrives.
func (p *Proxy) BlackHole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case on && p.hole == nil:
		p.hole = make(chan struct{})
	case !on && p.hole != nil:
		close(p.hole)
		p.hole = nil
	}
}

// ResetConnections breaks all open connections with a TCP reset on both sides,
// as a middlebox or a crash does, and returns how many there were.
func (p *Proxy) ResetConnections() int {
	links := p.open()
	for _, l := range links {
		for _, conn := range []net.Conn{l.client, l.upstream} {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
		}
		l.close()
	}
	return len(links)
}

// RefuseConnections while on has new connections refused, as when no server
// listens; open ones stay.
func (p *Proxy) RefuseConnections(on bool) {
	p.tb.Helper()
	p.listening.Lock()
	defer p.listening.Unlock()
	switch {
	case on:
		p.stopListening()
	case !on && p.listener == nil:
		if err := p.listen(); err != nil {
			p.tb.Errorf("proxy: listen again: %v", err)
		}
	}
}
