package proxy

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// drainTime is how long a server may take to read what was sent before a cut.
const drainTime = 5 * time.Second

var errProxyClosed = errors.New("proxy: closed")

// link is one client's connection and its twin to the server. Each direction
// is a reader, which parses and counts, a queue, and a writer, which delays,
// asks the rules and forwards.
type link struct {
	p        *Proxy
	id       int
	client   *net.TCPConn
	raw      syscall.RawConn // of client
	upstream net.Conn

	toServer, toClient *queue
	done               chan struct{}
	closing            sync.Once
	refusals           refusals

	// mu guards what follows. The client's bytes are read while it is held, so
	// that the other direction knows at each moment what the client has sent.
	mu         sync.Mutex
	trip       trip
	session    bool // counted as one that is open
	fromClient frames
	statements map[string]string // SQL by prepared name
	cut        bool              // by a rule: nothing more is forwarded
}

func (p *Proxy) newLink(client *net.TCPConn, upstream net.Conn) (*link, error) {
	raw, err := client.SyscallConn()
	if err != nil {
		return nil, err
	}
	l := &link{
		p: p, client: client, raw: raw, upstream: upstream,
		toServer: newQueue(), toClient: newQueue(),
		done: make(chan struct{}), statements: make(map[string]string),
	}
	l.fromClient.untyped = true
	p.listening.Lock()
	defer p.listening.Unlock()
	if p.closed {
		return nil, errProxyClosed
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	l.id = p.seen
	p.links[l] = struct{}{}
	return l, nil
}

func (l *link) run() {
	var wg sync.WaitGroup
	wg.Go(func() { l.readClient(); l.ended(); l.pass(l.toServer, nil) })
	wg.Go(func() { l.readServer(); l.pass(l.toClient, nil) })
	wg.Go(l.writeServer)
	wg.Go(func() { l.writeClient(); l.close() })
	wg.Wait()
}

// close ends both sockets at once.
func (l *link) close() {
	l.closing.Do(func() {
		close(l.done)
		l.client.Close()
		l.upstream.Close()
	})
}

// pass queues messages for the other side, none for the stream's end.
func (l *link) pass(to *queue, messages []Message) bool {
	l.p.mu.Lock()
	delay := l.p.delay
	l.p.mu.Unlock()
	return to.put(parcel{time.Now().Add(delay), messages}, l.done)
}

// readClient reads until the client is gone.
func (l *link) readClient() {
	buf := make([]byte, 64<<10)
	for {
		var messages []Message
		var refused int
		var bad error
		err := readLocked(l.client, l.raw, &l.mu, buf, func(chunk []byte) {
			messages, refused, bad = l.take(chunk)
		})
		for range refused {
			if _, err := l.client.Write([]byte{'N'}); err != nil {
				return
			}
		}
		if len(messages) > 0 && !l.pass(l.toServer, messages) || err != nil || bad != nil {
			return
		}
	}
}

// take parses and counts what the client sent; refused is how many requests
// for encryption are in it. The caller holds mu.
func (l *link) take(chunk []byte) (messages []Message, refused int, err error) {
	data := l.fromClient.add(chunk)
	begins := 0
	var counted []Message
	for {
		m, after, ok, err := l.fromClient.next(data)
		if err != nil || !ok {
			l.fromClient.keep(data)
			l.p.note(int64(len(chunk)), 0, begins, counted)
			return messages, refused, err
		}
		data = after
		m.Conn, m.Frontend = l.id, true
		if l.fromClient.untyped {
			switch code := startupCode(m.Body); code {
			case sslRequest, gssRequest:
				refused++
				continue
			default:
				l.fromClient.untyped = false
				l.p.began(code == cancelRequest)
			}
		} else if l.trip.ready {
			l.resolve(&m)
			if l.trip.sent(m.Type) {
				begins++
			}
			counted = append(counted, m)
		}
		messages = append(messages, m)
	}
}

// resolve finds the SQL text that belongs to a client's message.
func (l *link) resolve(m *Message) {
	switch m.Type {
	case 'Q':
		m.SQL = cstring(m.Body)
	case 'P':
		name, sql := cstrings(m.Body)
		m.SQL = sql
		l.statements[name] = sql
	case 'B':
		_, name := cstrings(m.Body)
		m.SQL = l.statements[name]
	}
}

// readServer reads until the server is gone.
func (l *link) readServer() {
	buf := make([]byte, 64<<10)
	var frames frames
	for {
		n, err := l.upstream.Read(buf)
		data := frames.add(buf[:n])
		var messages []Message
		for {
			m, after, ok, bad := frames.next(data)
			if bad != nil {
				return
			}
			if !ok {
				break
			}
			data = after
			m.Conn = l.id
			messages = append(messages, m)
		}
		frames.keep(data)
		l.p.note(0, int64(n), 0, nil)
		if len(messages) > 0 && !l.pass(l.toClient, messages) || err != nil {
			return
		}
	}
}

// note adds to the proxy's counters.
func (p *Proxy) note(in, out int64, trips int, messages []Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tally.BytesIn += in
	p.tally.BytesOut += out
	p.tally.RoundTrips += trips
	for _, m := range messages {
		p.tally.add(m)
	}
}

// began counts a start-up packet.
func (p *Proxy) began(cancel bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if cancel {
		p.tally.Cancels++
	} else {
		p.tally.Connections++
	}
}
