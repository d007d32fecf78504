package pool

import (
	"context"
	"fmt"
	"time"
)

// The run functions are goroutines, one per callback. Each does its bookkeeping
// in a deferred call, so that neither a panic nor runtime.Goexit loses a place.

// runOpen opens a resource for w and gives it to whoever is first by then.
func (p *Pool[R]) runOpen(w *waiter[R], generation uint64, a *attempt) {
	var resource R
	err := errExited
	start := p.clock()
	defer func() { p.opened(w, a, generation, resource, err, p.clock()-start) }()
	ctx, cancel := p.callbackContext(w.ctx, p.cfg.Timeout)
	defer cancel()
	resource, err = p.open(ctx)
}

func (p *Pool[R]) open(ctx context.Context) (resource R, err error) {
	defer p.recovered("Open", &err)
	return p.cfg.Open(ctx)
}

// opened books the end of an open.
func (p *Pool[R]) opened(w *waiter[R], a *attempt, generation uint64, resource R, err error, took time.Duration) {
	kind, soon := EventOpened, false
	if err != nil {
		kind, soon = EventOpenFailed, p.soon(err)
		err = fmt.Errorf("pool: open failed: %w", err)
	}
	// Before the resource is anybody else's, so that its events keep their order.
	p.emit(Event{Kind: kind, Duration: took, Err: err})

	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening--
	p.lastErr = err
	p.dismiss(w)
	p.gate.end(a)
	if err == nil {
		p.counts.opened++
		p.gate.succeeded(p.limit)
		p.put(p.newSlot(resource, generation))
	} else {
		p.counts.openFailed++
		p.total--
		p.gate.failed(a, p.clock(), soon, p.random())
		p.refuse(w, err)
	}
	p.settle()
}

// soon asks whether a failed open says that success is near.
func (p *Pool[R]) soon(failed error) (yes bool) {
	if p.cfg.Soon == nil {
		return false
	}
	defer func() {
		if v := recover(); v != nil {
			_ = p.panicked("Soon", v)
		}
	}()
	return p.cfg.Soon(failed)
}

// runPing asks a long idle resource, for w.
func (p *Pool[R]) runPing(w *waiter[R], s *slot[R]) {
	err := errExited
	defer func() { p.pinged(w, s, err) }()
	ctx, cancel := p.callbackContext(w.ctx, p.cfg.PingTimeout)
	defer cancel()
	err = p.ping(ctx, s)
}

func (p *Pool[R]) ping(ctx context.Context, s *slot[R]) (err error) {
	defer p.recovered("Ping", &err)
	return p.cfg.Ping(ctx, s.resource)
}

// pinged books the end of a ping. A failed one condemns all that are as old; so
// the caller gets one opened since, and no second ping, however many were idle.
func (p *Pool[R]) pinged(w *waiter[R], s *slot[R], err error) {
	p.mu.Lock()
	p.dismiss(w)
	first := false
	switch {
	case err == nil || p.closed:
		p.put(s)
	default:
		first = s.generation == p.generation
		if first {
			p.invalidate(err)
		}
		p.drop(s, ReasonDead, err)
	}
	p.settle()
	p.mu.Unlock()
	if first {
		p.emit(Event{Kind: EventInvalidated, Err: err})
	}
}

// runReset cleans a resource that came back and gives it to whoever is first by then.
func (p *Pool[R]) runReset(s *slot[R]) {
	err := errExited
	defer func() { p.wasReset(s, err) }()
	ctx, cancel := p.callbackContext(context.Background(), p.cfg.ResetTimeout)
	defer cancel()
	err = p.reset(ctx, s)
}

func (p *Pool[R]) reset(ctx context.Context, s *slot[R]) (err error) {
	defer p.recovered("Reset", &err)
	return p.cfg.Reset(ctx, s.resource)
}

// wasReset books the end of a reset.
func (p *Pool[R]) wasReset(s *slot[R], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil || p.closed {
		p.put(s)
	} else {
		p.drop(s, ReasonResetFailed, err)
	}
	p.settle()
}

// alive asks a resource that the calling goroutine holds.
func (p *Pool[R]) alive(s *slot[R]) bool {
	if p.cfg.Alive == nil {
		return true
	}
	ok, _ := p.ask("Alive", p.cfg.Alive, s, ReasonDead)
	return ok
}

// needsReset asks whether a resource that comes back must be reset.
func (p *Pool[R]) needsReset(s *slot[R]) (bool, error) {
	return p.ask("NeedsReset", p.cfg.NeedsReset, s, ReasonResetFailed)
}

// ask runs a callback on the caller's own goroutine. One that panics answers no,
// with an error; one that ends the goroutine costs the resource on the way out.
func (p *Pool[R]) ask(callback string, question func(R) bool, s *slot[R], why Reason) (yes bool, err error) {
	answered := false
	defer func() {
		if answered {
			return
		}
		if v := recover(); v != nil {
			err = p.panicked(callback, v)
			return
		}
		p.discard(s, why, errExited)
	}()
	yes = question(s.resource)
	answered = true
	return yes, nil
}

// callbackContext carries the values of the caller but not its end, since what is
// begun for one caller may serve another; it ends with the pool.
func (p *Pool[R]) callbackContext(caller context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(caller), timeout)
	stop := context.AfterFunc(p.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}
