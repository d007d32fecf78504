package pool

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Pool lends resources of type R, at most Size plus Overflow at once.
//
//   - Concurrency: safe for many goroutines.
//   - Cleanup: [Pool.Close].
//   - Source: SQLAlchemy's QueuePool for the limits and their names;
//     docs/adr/0003-own-pool.md for what differs.
type Pool[R any] struct {
	cfg   Config[R] // resolved; never changed
	keep  int       // most that may be idle
	limit int       // most that may be open
	epoch time.Time // the pool's clock counts from here, monotonic
	timed bool      // whether a loan needs the time at all

	life    context.Context // ends at Close; what is being opened or pinged ends with it
	endLife context.CancelFunc
	drained chan struct{} // closed once the pool is closed and nothing is left
	panics  atomic.Int64

	// mu protects everything below; no callback runs while it is held.
	mu         sync.Mutex
	closed     bool
	gone       bool // drained is closed
	idle       []*slot[R]
	queue      queue[R]
	gate       gate
	needy      int         // callers in the queue without an open or a ping under way
	total      int         // places taken: idle, opening, lent, being pinged or reset
	opening    int         // of these, being opened
	closing    int         // being closed
	leaving    int         // of these, the ones that still hold a place; total has them
	crowd      []*farewell // of these, the ones whose grace is over
	generation uint64      // raised by an invalidation
	tickets    uint64      // calls of Acquire so far
	lastErr    error       // of the last open, nil when it succeeded
	staleCause error       // of the last invalidation
	loans      []*loan     // of all that are open; nil unless they are watched
	counts     counts
}

// New returns a pool that has opened nothing and runs no goroutine.
//
//   - Errors: everything that is wrong with cfg, joined.
//   - Cleanup: [Pool.Close].
func New[R any](cfg Config[R]) (*Pool[R], error) {
	cfg, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	p := &Pool[R]{
		cfg:     cfg,
		keep:    cfg.keep(),
		limit:   cfg.limit(),
		epoch:   time.Now(),
		timed:   cfg.Recycle > 0 || cfg.PrePing || cfg.OnEvent != nil || cfg.watched(),
		drained: make(chan struct{}),
	}
	p.life, p.endLife = context.WithCancel(context.Background())
	return p, nil
}

// Invalidate makes every resource that is open now unfit to be lent again: idle
// ones are closed at once, borrowed ones when they come back, those being opened
// when they are ready. Their borrowers are not disturbed.
//
// Call it when what the resources stand for has changed: other credentials, a
// failed-over server, altered tables.
func (p *Pool[R]) Invalidate(cause error) {
	p.mu.Lock()
	p.invalidate(cause)
	p.settle()
	p.mu.Unlock()
	p.emit(Event{Kind: EventInvalidated, Err: cause})
}

// clock is the time since the pool was made, on the monotonic clock.
func (p *Pool[R]) clock() time.Duration { return time.Since(p.epoch) }

// now is clock where a loan needs the time, and 0 where nothing looks at it.
func (p *Pool[R]) now() time.Duration {
	if !p.timed {
		return 0
	}
	return p.clock()
}

// The functions below need mu to be held. Whoever frees a place or makes a caller
// needy calls settle before unlocking.

// settle gives what is free to those who need it.
func (p *Pool[R]) settle() {
	for p.needy > 0 && p.serve() {
	}
	if p.closed && !p.gone && p.total == 0 && p.closing == 0 {
		p.gone = true
		close(p.drained)
	}
}

// serve takes one idle resource or one free place for the first needy caller, and
// reports whether there was one.
func (p *Pool[R]) serve() bool {
	if len(p.idle) == 0 {
		if p.total >= p.limit || !p.mayOpen() {
			return false
		}
		w := p.queue.firstNeedy(p.needy)
		p.employ(w)
		p.total++
		p.opening++
		go p.runOpen(w, p.generation, p.gate.begin(p.clock()))
		return true
	}
	s, now := p.pop(), p.now()
	switch {
	case s.expired(now):
		p.drop(s, ReasonRecycled, nil)
	case p.pingDue(s, now):
		w := p.queue.firstNeedy(p.needy)
		p.employ(w)
		go p.runPing(w, s)
	default:
		p.hand(p.queue.firstNeedy(p.needy), grant[R]{slot: s})
	}
	return true
}

// employ notes that w has an open or a ping of its own under way.
func (p *Pool[R]) employ(w *waiter[R]) {
	w.working = true
	p.needy--
}

// dismiss notes that the open or ping of w has ended.
func (p *Pool[R]) dismiss(w *waiter[R]) {
	w.working = false
	if w.queued {
		p.needy++
	}
}

// enqueue adds w where its ticket belongs. It may have an open of its own under
// way already, when it was handed something else meanwhile that was dead.
func (p *Pool[R]) enqueue(w *waiter[R]) {
	p.queue.insert(w)
	if !w.working {
		p.needy++
	}
}

// dequeue takes w out, which may be anywhere in the queue.
func (p *Pool[R]) dequeue(w *waiter[R]) {
	p.queue.remove(w)
	if !w.working {
		p.needy--
	}
}

// hand takes w out of the queue and gives it its answer.
func (p *Pool[R]) hand(w *waiter[R], g grant[R]) {
	p.dequeue(w)
	if g.slot != nil {
		p.note(g.slot, w.who, p.now())
	}
	w.ready <- g // never blocks: one answer per stay in the queue, and room for one
}

func (p *Pool[R]) pop() *slot[R] {
	last := len(p.idle) - 1
	s := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return s
}

func (p *Pool[R]) pingDue(s *slot[R], now time.Duration) bool {
	return p.cfg.PrePing && now-s.idleSince >= p.cfg.PingAfter
}

// invalidate raises the generation and closes what is idle.
func (p *Pool[R]) invalidate(cause error) {
	p.generation++
	p.staleCause = cause
	p.gate.suspect()
	for len(p.idle) > 0 {
		p.drop(p.pop(), ReasonInvalidated, cause)
	}
}

// newSlot makes the place of a resource that has just been opened.
func (p *Pool[R]) newSlot(resource R, generation uint64) *slot[R] {
	now := p.clock()
	s := &slot[R]{pool: p, resource: resource, generation: generation, opened: now, fresh: true}
	if p.cfg.Recycle > 0 {
		s.expires = now + p.cfg.Recycle - time.Duration(p.random()*recycleJitter*float64(p.cfg.Recycle))
	}
	p.keepLoan(s)
	s.watch()
	return s
}

func (p *Pool[R]) random() float64 {
	if p.cfg.Rand != nil {
		return p.cfg.Rand.Float64()
	}
	return rand.Float64()
}
