package pool

import (
	"context"
	"errors"
	"time"
)

// Acquire lends one resource, waiting at most [Config].Timeout.
//
// An idle resource is lent at once, the one used last first; else a new one is
// opened while there is room; else callers queue in arrival order.
//
//   - Units: the wait covers queueing, opening and pinging together; nothing that
//     a callback does can make it longer, except an Alive that blocks.
//   - Errors: [*TimeoutError] after Timeout; an error that is ctx.Err() with the
//     pool's numbers when ctx ended first; [ErrClosed]; the wrapped error of Open
//     when the attempt made for this call failed, or one that it waited for.
//   - Concurrency: safe for many goroutines. No timer, goroutine or allocation
//     when an idle resource is at hand that need not be pinged.
//   - Cleanup: [Lease.Release], [Lease.Discard] or [Lease.Invalidate], once.
func (p *Pool[R]) Acquire(ctx context.Context) (Lease[R], error) {
	if ctx.Err() != nil {
		p.mu.Lock()
		err := p.canceled(ctx, 0)
		p.mu.Unlock()
		p.emit(Event{Kind: EventCanceled, Err: err})
		return Lease[R]{}, err
	}
	start, who := p.now(), p.name(ctx)
	p.mu.Lock()
	p.tickets++
	ticket := p.tickets
	// What is idle nobody needs (settle has seen to that), so taking it overtakes
	// nobody. An old or long idle one is left to serve, which knows what to do.
	for len(p.idle) > 0 {
		if top := p.idle[len(p.idle)-1]; top.expired(start) || p.pingDue(top, start) {
			break
		}
		s := p.pop()
		p.note(s, who, start)
		p.mu.Unlock()
		if p.alive(s) {
			return p.lend(s, start), nil
		}
		p.mu.Lock()
		p.drop(s, ReasonDead, nil)
		p.gate.suspect()
		p.settle()
	}
	return p.acquireSlow(ctx, ticket, who)
}

// acquireSlow queues the caller and waits; it is entered with mu held and leaves without.
func (p *Pool[R]) acquireSlow(ctx context.Context, ticket uint64, who string) (Lease[R], error) {
	if p.closed {
		p.mu.Unlock()
		return Lease[R]{}, ErrClosed
	}
	start := p.clock()
	w := &waiter[R]{ctx: ctx, who: who, ticket: ticket, ready: make(chan grant[R], 1), since: start}
	p.enqueue(w)
	p.settle()
	starved := w.queued && !w.working
	if starved {
		p.counts.waits++
	}
	p.mu.Unlock()

	lease, err := p.await(ctx, w, start)
	if starved {
		p.mu.Lock()
		p.counts.waitTime += p.clock() - start
		p.mu.Unlock()
	}
	return lease, err
}

// await takes the answer to w, or gives up when ctx or Timeout ends first.
func (p *Pool[R]) await(ctx context.Context, w *waiter[R], start time.Duration) (Lease[R], error) {
	timer := time.NewTimer(p.cfg.Timeout)
	defer timer.Stop()
	for {
		select {
		case g := <-w.ready:
			if g.err != nil {
				return Lease[R]{}, p.refused(g.err, start)
			}
			if p.usable(g.slot) {
				return p.lend(g.slot, start), nil
			}
			if err := p.requeue(w, g.slot); err != nil {
				return Lease[R]{}, err
			}
		case <-ctx.Done():
			return Lease[R]{}, p.leaveCanceled(ctx, w, start)
		case <-timer.C:
			return p.leaveTimedOut(w, start)
		}
	}
}

// usable reports whether a slot that was handed over can be lent. One that has
// just been opened is not asked.
func (p *Pool[R]) usable(s *slot[R]) bool { return s.fresh || p.alive(s) }

// requeue closes a dead hand-off and puts w back where it stood.
func (p *Pool[R]) requeue(w *waiter[R], dead *slot[R]) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(dead, ReasonDead, nil)
	if p.closed {
		p.settle()
		return ErrClosed
	}
	p.enqueue(w)
	p.settle()
	return nil
}

// refused turns the failure of the open made for this call into what Acquire
// returns. An Open whose context ended together with the wait is a timeout.
func (p *Pool[R]) refused(err error, start time.Duration) error {
	if errors.Is(err, ErrClosed) || p.clock()-start < p.cfg.Timeout {
		return err
	}
	p.mu.Lock()
	err = p.timedOut()
	p.mu.Unlock()
	p.emit(Event{Kind: EventTimedOut, Duration: p.cfg.Timeout, Err: err})
	return err
}

// leaveCanceled takes w out because ctx ended; what was handed to it at that
// moment goes to the next.
func (p *Pool[R]) leaveCanceled(ctx context.Context, w *waiter[R], start time.Duration) error {
	waited := p.clock() - start
	p.mu.Lock()
	err := p.canceled(ctx, waited)
	if w.queued {
		p.dequeue(w)
	} else if g := <-w.ready; g.slot != nil {
		p.put(g.slot)
	}
	p.settle()
	p.mu.Unlock()
	p.emit(Event{Kind: EventCanceled, Duration: waited, Err: err})
	return err
}

// leaveTimedOut takes w out because Timeout passed. What was handed to it at that
// moment is lent all the same: it came in time.
func (p *Pool[R]) leaveTimedOut(w *waiter[R], start time.Duration) (Lease[R], error) {
	p.mu.Lock()
	if !w.queued {
		p.mu.Unlock()
		g := <-w.ready
		if g.err != nil {
			return Lease[R]{}, p.refused(g.err, start)
		}
		if p.usable(g.slot) {
			return p.lend(g.slot, start), nil
		}
		p.mu.Lock()
		p.drop(g.slot, ReasonDead, nil)
		p.settle()
	}
	err := p.timedOut()
	if w.queued {
		p.dequeue(w)
	}
	p.mu.Unlock()
	p.emit(Event{Kind: EventTimedOut, Duration: p.cfg.Timeout, Err: err})
	return Lease[R]{}, err
}

// lend makes the lease of a slot that is fit to be used.
func (p *Pool[R]) lend(s *slot[R], start time.Duration) Lease[R] {
	l := s.lend()
	if p.cfg.OnEvent != nil {
		s.lentAt = p.clock()
		p.emit(Event{Kind: EventAcquired, Duration: s.lentAt - start})
	}
	if p.cfg.HeldLimit > 0 {
		p.limitHeld(s)
	}
	return l
}

// timedOut counts a timeout and describes it; mu is held.
func (p *Pool[R]) timedOut() error {
	p.counts.timeouts++
	s := p.stats()
	return &TimeoutError{
		Timeout: p.cfg.Timeout, Size: s.Size, Overflow: s.Overflow,
		InUse: s.InUse, Idle: s.Idle, Opening: s.Opening, Waiting: s.Waiting, Cause: p.lastErr,
		Holders: p.holders(),
	}
}

// canceled counts a caller that gave up and describes it; mu is held.
func (p *Pool[R]) canceled(ctx context.Context, waited time.Duration) error {
	p.counts.canceled++
	return &canceledError{err: ctx.Err(), cause: context.Cause(ctx), waited: waited, stats: p.stats(), last: p.lastErr}
}
