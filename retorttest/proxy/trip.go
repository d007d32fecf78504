package proxy

// trip follows one session's round trips; link.mu guards it.
type trip struct {
	ready       bool // start-up is over
	open        bool
	outstanding int // ReadyForQuery messages that the client may expect
}

// sent notes a client's message and reports whether a new trip begins with it.
func (t *trip) sent(typ byte) (begins bool) {
	switch typ {
	case 'X', 'd', 'c', 'f':
		// Terminate is never answered; COPY data belongs to the open trip.
		return false
	case 'Q', 'S', 'F':
		t.outstanding++
	}
	begins = !t.open
	t.open = true
	return begins
}

// readyForQuery notes one that is about to reach the client. More says that
// the client has sent something that it cannot have waited with.
func (t *trip) readyForQuery(more bool) {
	if !t.ready {
		t.ready = true
		return
	}
	t.outstanding = max(0, t.outstanding-1)
	if t.outstanding == 0 && !more {
		t.open = false
	}
}
