package pool

import (
	"context"
	"time"
)

// waiter is one call of Acquire that was not served at once.
type waiter[R any] struct {
	ctx    context.Context // the caller's; opens and pings made for it carry its values
	who    string          // as Config.Who calls it
	ticket uint64          // arrival order
	ready  chan grant[R]   // room for one
	since  time.Duration   // on the pool's clock

	// The pool's mu protects these.
	prev, next *waiter[R]
	queued     bool // in the queue: no answer was given yet
	working    bool // an open or a ping that it caused is under way
}

// grant is the answer to a waiter: a slot, or why there is none.
type grant[R any] struct {
	slot *slot[R]
	err  error
}

// queue holds waiters in the order of their tickets.
type queue[R any] struct {
	head, tail *waiter[R]
}

// insert puts w in its place. New callers belong at the tail; one that comes back
// because its hand-off was dead keeps its rank near the head.
func (q *queue[R]) insert(w *waiter[R]) {
	w.queued = true
	if q.tail == nil || q.tail.ticket < w.ticket {
		q.link(q.tail, w, nil)
		return
	}
	next := q.head
	for next.ticket < w.ticket {
		next = next.next
	}
	q.link(next.prev, w, next)
}

func (q *queue[R]) link(prev, w, next *waiter[R]) {
	w.prev, w.next = prev, next
	if prev == nil {
		q.head = w
	} else {
		prev.next = w
	}
	if next == nil {
		q.tail = w
	} else {
		next.prev = w
	}
}

// remove takes w out.
func (q *queue[R]) remove(w *waiter[R]) {
	if w.prev == nil {
		q.head = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.tail = w.prev
	} else {
		w.next.prev = w.prev
	}
	w.prev, w.next, w.queued = nil, nil, false
}

// firstNeedy returns the oldest waiter with nothing under way, of which there are
// needy, at least one.
func (q *queue[R]) firstNeedy(needy int) *waiter[R] {
	// A newcomer is often the only one, behind as many as are being opened.
	if needy == 1 && !q.tail.working {
		return q.tail
	}
	w := q.head
	for w.working {
		w = w.next
	}
	return w
}
