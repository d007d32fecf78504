package pool

import (
	"runtime"
	"sync/atomic"
	"time"
	"weak"
)

// Lease is one resource, borrowed until it is ended by exactly one of
// [Lease.Release], [Lease.Discard] and [Lease.Invalidate].
//
//   - Shape: a small value; copies stand for the same loan. The zero Lease is
//     one that has ended.
//   - Concurrency: ending it is safe from any goroutine; the resource itself is
//     the borrower's alone.
//   - Cleanup: keep the lease as long as the resource is in use. One that is lost
//     without being ended is noticed at a garbage collection: its resource is
//     closed for [ReasonAbandoned] and its place is free again.
type Lease[R any] struct {
	slot   *slot[R]
	serial uint64
	fresh  bool
}

// Resource returns what is borrowed, or the zero R once the lease has ended.
func (l Lease[R]) Resource() R {
	if l.slot == nil || l.slot.serial.Load() != l.serial {
		var none R
		return none
	}
	return l.slot.resource
}

// Fresh reports whether the resource was opened for this loan and never used before.
func (l Lease[R]) Fresh() bool { return l.fresh }

// slot is the place of one open resource in its pool. Whoever holds it (the idle
// stack, a hand-off, a lease, a goroutine that pings or resets) holds it alone.
type slot[R any] struct {
	pool       *Pool[R]
	resource   R
	generation uint64        // of the pool when its Open began
	opened     time.Duration // on the pool's clock
	expires    time.Duration // on the pool's clock; 0 is never
	cleanup    runtime.Cleanup
	loan       *loan // nil unless loans are watched

	idleSince time.Duration // kept only where PrePing needs it
	lentAt    time.Duration // kept only where OnEvent needs it
	fresh     bool          // never lent and never idle

	// serial is odd while lent. A lease remembers the value it was lent under, so
	// it can be ended once and not touch a later loan of the same resource.
	serial atomic.Uint64
}

func (s *slot[R]) expired(now time.Duration) bool {
	return s.expires != 0 && now >= s.expires
}

// lend makes the lease of a slot that the calling goroutine holds.
func (s *slot[R]) lend() Lease[R] {
	l := Lease[R]{slot: s, serial: s.serial.Add(1), fresh: s.fresh}
	s.fresh = false
	return l
}

// end ends the loan and reports whether this call did it.
func (l Lease[R]) end() bool {
	if l.slot == nil {
		return false
	}
	if !l.slot.serial.CompareAndSwap(l.serial, l.serial+1) {
		l.slot.pool.emit(Event{Kind: EventMisused})
		return false
	}
	return true
}

// orphan is what is left of a slot whose lease was lost.
type orphan[R any] struct {
	pool     weak.Pointer[Pool[R]] // weak, or no pool that is dropped unclosed could be collected
	resource R
	opened   time.Duration
	loan     *loan
	close    func(R)
}

// watch arranges that a lent slot which nobody can return any more is reclaimed.
// It costs nothing per loan: the pool lets go of a slot while it is lent.
func (s *slot[R]) watch() {
	s.cleanup = runtime.AddCleanup(s, reclaim[R], orphan[R]{
		pool: weak.Make(s.pool), resource: s.resource, opened: s.opened, loan: s.loan, close: s.pool.cfg.Close,
	})
}

// reclaim runs on the runtime's cleanup goroutine, where a panic would end the
// process, and outside every synctest bubble, where a leak in a test makes one.
func reclaim[R any](o orphan[R]) {
	defer func() { _ = recover() }()
	p := o.pool.Value()
	if p == nil {
		go func() {
			defer func() { _ = recover() }()
			o.close(o.resource)
		}()
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.drop(&slot[R]{pool: p, resource: o.resource, opened: o.opened, loan: o.loan}, ReasonAbandoned, nil)
	p.settle()
}
