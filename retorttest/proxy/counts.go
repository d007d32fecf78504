package proxy

import (
	"maps"
	"slices"
)

// Counts is what went through the proxy since its start or the last Reset.
type Counts struct {
	RoundTrips  int // see the package's comment
	Accepted    int // TCP connections, cancel requests and failed attempts among them
	Connections int // sessions begun
	Peak        int // most sessions that were ready and open at once
	Cancels     int // cancel requests, which travel on connections of their own
	Syncs       int
	Parses      int
	Binds       int
	Queries     int   // of the simple protocol
	BytesIn     int64 // from clients
	BytesOut    int64 // from the server

	// Messages by type, start-up and authentication left out: one letter
	// means different things in the two directions.
	Frontend map[byte]int
	Backend  map[byte]int
}

// tally is the counts in the making; Proxy.mu guards it.
type tally struct {
	Counts
	statements []string
	executions []string
}

func newTally() tally {
	return tally{Counts: Counts{Frontend: make(map[byte]int), Backend: make(map[byte]int)}}
}

func (t *tally) add(m Message) {
	if !m.Frontend {
		t.Backend[m.Type]++
		return
	}
	t.Frontend[m.Type]++
	switch m.Type {
	case 'S':
		t.Syncs++
	case 'P':
		t.Parses++
		t.statements = append(t.statements, m.SQL)
	case 'B':
		t.Binds++
		t.executions = append(t.executions, m.SQL)
	case 'Q':
		t.Queries++
		t.statements = append(t.statements, m.SQL)
		t.executions = append(t.executions, m.SQL)
	}
}

// RoundTrips is how often a client waited for the server.
func (p *Proxy) RoundTrips() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.tally.RoundTrips
}

// Counts is a copy of all counters.
func (p *Proxy) Counts() Counts {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.tally.Counts
	c.Frontend, c.Backend = maps.Clone(c.Frontend), maps.Clone(c.Backend)
	return c
}

// Statements are the texts that the server had to parse, in their order: each
// Parse and each Query. A warm client adds none.
func (p *Proxy) Statements() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tally.statements)
}

// Executions are the texts that the server was asked to run, in their order:
// each Bind, by its statement's text, and each Query. A repeated query shows
// here as often as it ran.
//
//   - Shape: "" for a statement whose Parse did not go through this proxy.
func (p *Proxy) Executions() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.tally.executions)
}

// began counts a session that is ready for its first statement.
func (l *link) began() {
	if l.trip.ready {
		return
	}
	l.session = true
	l.p.mu.Lock()
	defer l.p.mu.Unlock()
	l.p.sessions++
	l.p.tally.Peak = max(l.p.tally.Peak, l.p.sessions)
}

// ended counts a session whose client has left. One that is replaced has always
// left before the other is ready: that takes several messages more.
func (l *link) ended() {
	l.mu.Lock()
	was := l.session
	l.session = false
	l.mu.Unlock()
	if was {
		l.p.mu.Lock()
		defer l.p.mu.Unlock()
		l.p.sessions--
	}
}

// Reset sets all counters to zero, but for Peak, which begins with what is open,
// and forgets the texts; delays and rules stay.
//
// A trip under way is counted where it began.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally = newTally()
	p.tally.Peak = p.sessions
}
