package pool

// Release gives the resource back and reports whether this call did: false means
// that the lease had ended before, and nothing was done.
//
//   - Shape: the oldest waiting caller gets it; else it becomes idle; else, with
//     Size idle already, it is closed. One that needs a reset is reset first, and
//     Release does not wait for that.
func (l Lease[R]) Release() bool {
	if !l.end() {
		return false
	}
	l.released()
	s, p := l.slot, l.slot.pool
	if p.cfg.NeedsReset != nil {
		needs, err := p.needsReset(s)
		if err != nil {
			p.discard(s, ReasonResetFailed, err)
			return true
		}
		if needs && p.current(s) {
			go p.runReset(s)
			return true
		}
	}
	p.giveBack(s)
	return true
}

// Discard closes the resource instead of giving it back and frees its place at
// once; it reports whether this call ended the lease. Call it when the resource
// is broken or its state unknown; cause is told to the observer.
func (l Lease[R]) Discard(cause error) bool {
	if !l.end() {
		return false
	}
	l.released()
	l.slot.pool.discard(l.slot, ReasonDiscarded, cause)
	return true
}

// Invalidate discards the resource and, unless that has been done since it was
// opened, invalidates all others as [Pool.Invalidate] does. Call it when the
// resource was lost in a way that the others share, such as a server's restart:
// many borrowers that notice it together replace each resource once.
func (l Lease[R]) Invalidate(cause error) bool {
	if !l.end() {
		return false
	}
	l.released()
	p := l.slot.pool
	p.mu.Lock()
	first := l.slot.generation == p.generation
	if first {
		p.invalidate(cause)
	}
	p.drop(l.slot, ReasonDiscarded, cause)
	p.settle()
	p.mu.Unlock()
	if first {
		p.emit(Event{Kind: EventInvalidated, Err: cause})
	}
	return true
}

// released tells the observer that the loan is over, before anybody else has the resource.
func (l Lease[R]) released() {
	if p := l.slot.pool; p.cfg.OnEvent != nil {
		p.emit(Event{Kind: EventReleased, Duration: p.clock() - l.slot.lentAt})
	}
}

// giveBack puts s where it is needed most.
func (p *Pool[R]) giveBack(s *slot[R]) {
	p.mu.Lock()
	p.put(s)
	p.settle()
	p.mu.Unlock()
}

// discard closes s and passes its place on.
func (p *Pool[R]) discard(s *slot[R], why Reason, cause error) {
	p.mu.Lock()
	p.drop(s, why, cause)
	p.settle()
	p.mu.Unlock()
}

// current ends the loan in the books, and reports whether s could be lent again.
func (p *Pool[R]) current(s *slot[R]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.noted(s) // while it is reset it is nobody's
	return !p.closed && s.generation == p.generation
}

// put hands s to the oldest caller, keeps it or closes it; mu is held.
func (p *Pool[R]) put(s *slot[R]) {
	p.noted(s)
	switch {
	case p.closed:
		p.drop(s, ReasonShutdown, nil)
	case s.generation != p.generation:
		p.drop(s, ReasonInvalidated, p.staleCause)
	case p.queue.head != nil && s.expires != 0 && s.expired(p.clock()):
		p.drop(s, ReasonRecycled, nil)
	case p.queue.head != nil:
		p.hand(p.queue.head, grant[R]{slot: s})
	case len(p.idle) >= p.keep:
		p.drop(s, ReasonOverflow, nil)
	default:
		s.fresh = false
		if p.cfg.PrePing {
			s.idleSince = p.clock()
		}
		p.idle = append(p.idle, s)
	}
}
