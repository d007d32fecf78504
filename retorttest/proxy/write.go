package proxy

import (
	"net"
	"time"
)

// writeServer forwards the client's messages until the client or the server is
// gone. The client's end is passed on as an end, so that the server reads all
// that came before it.
func (l *link) writeServer() {
	for {
		messages := l.next(l.toServer)
		if messages == nil {
			closeWrite(l.upstream)
			return
		}
		batch, _, cut := l.judged(messages)
		if cut {
			l.mark() // before the server can answer
		}
		if len(batch) > 0 {
			if err := l.p.write(l.upstream, batch); err != nil {
				// Its last words may still be on the way to the client.
				l.discard(l.toServer)
				return
			}
		}
		if cut {
			l.cutNow()
			l.discard(l.toServer)
			return
		}
	}
}

// writeClient forwards the server's messages until the server is gone.
func (l *link) writeClient() {
	for {
		messages := l.next(l.toClient)
		if messages == nil {
			return
		}
		batch, passed, cut := l.judged(messages)
		if len(batch) > 0 {
			l.delivering(passed)
			if err := l.p.write(l.client, batch); err != nil && !l.isCut() {
				return
			}
		}
		if cut {
			l.cutNow()
			l.discard(l.toClient)
			return
		}
	}
}

// next waits for the queue's next parcel, until it is due and until the black
// hole lets it through; nil is the end of the stream or of the link.
func (l *link) next(from *queue) []Message {
	p := from.take(l.done)
	if p.messages == nil {
		return nil
	}
	if wait := time.Until(p.due); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-l.done:
			return nil
		}
	}
	for hole := l.p.barrier(); hole != nil; hole = l.p.barrier() {
		select {
		case <-hole:
		case <-l.done:
			return nil
		}
	}
	return p.messages
}

// judged returns what to forward, as bytes and as messages, and whether the
// connection is to be cut behind it.
func (l *link) judged(messages []Message) (batch []byte, passed []Message, cut bool) {
	if l.isCut() {
		return nil, nil, false
	}
	for _, arrived := range messages {
		for _, m := range l.refusals.rewrite(arrived) {
			verdict, code := l.p.judge(m)
			switch verdict {
			case cutBefore:
				return batch, passed, true
			case refuse:
				m.raw = l.refusals.refuse(m, code)
			}
			batch, passed = append(batch, m.raw...), append(passed, m)
			if verdict == cutAfter || m.fatal {
				return batch, passed, true
			}
		}
	}
	return batch, passed, false
}

// delivering counts the server's messages that are about to be written to the
// client, and ends its round trips.
func (l *link) delivering(messages []Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var counted []Message
	for _, m := range messages {
		if l.trip.ready {
			counted = append(counted, m)
		}
		if m.Type == 'Z' {
			l.began()
			l.trip.readyForQuery(len(l.fromClient.rest) > 0 || unread(l.raw))
		}
	}
	l.p.note(0, 0, 0, counted)
}

// write forwards bytes, in slices where that is asked for.
func (p *Proxy) write(to net.Conn, batch []byte) error {
	p.mu.Lock()
	slice := p.slice
	p.mu.Unlock()
	if slice <= 0 {
		slice = len(batch)
	}
	for len(batch) > 0 {
		n := min(slice, len(batch))
		if _, err := to.Write(batch[:n]); err != nil {
			return err
		}
		batch = batch[n:]
	}
	return nil
}

// cutNow ends the client's side at once and the server's once the server has
// read what was forwarded: a socket closed with a reset could lose that.
func (l *link) cutNow() {
	l.mark()
	l.client.Close()
	closeWrite(l.upstream)
	_ = l.upstream.SetReadDeadline(time.Now().Add(drainTime))
}

// mark has no more messages pass.
func (l *link) mark() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = true
}

func (l *link) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// discard empties a queue to the stream's end.
func (l *link) discard(from *queue) {
	for from.take(l.done).messages != nil {
	}
}

// closeWrite ends one direction, for TCP and Unix sockets alike.
func closeWrite(conn any) {
	if c, ok := conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
}
