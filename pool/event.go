package pool

import "time"

// Event is one thing that happened in a pool, as told to [Config].OnEvent.
//
//   - Shape: events of one resource arrive in order; those of different
//     goroutines may be told in another order than they happened.
type Event struct {
	Kind EventKind

	// Reason says why; set for [EventClosed] only.
	Reason Reason

	// Duration is the time the kind speaks of.
	Duration time.Duration

	// Err is what went wrong, nil where nothing did.
	Err error

	// Holder and Stack are set for [EventHeld] only: what Who says of the borrower,
	// and the callers of its Acquire, two lines for each, the innermost first.
	Holder, Stack string
}

// EventKind says what an [Event] is about and what its Duration measures.
type EventKind uint8

// The kinds of events.
const (
	EventOpened      EventKind = iota + 1 // a resource was opened; Duration is how long that took
	EventOpenFailed                       // Open failed with Err after Duration
	EventAcquired                         // a resource was lent; Duration is how long the caller waited
	EventReleased                         // a lease ended; Duration is how long it was held
	EventTimedOut                         // Acquire gave up after Duration, which is Timeout
	EventCanceled                         // Acquire's context ended after Duration
	EventClosed                           // a resource is about to be closed; Duration is its age
	EventInvalidated                      // all that were open became invalid, because of Err
	EventMisused                          // a lease was ended a second time; nothing was done
	EventPanicked                         // a callback panicked; Err is a *PanicError
	EventHeld                             // a lease is out for longer than HeldLimit; Duration is how long
)

// String returns the kind in words.
func (k EventKind) String() string {
	switch k {
	case EventOpened:
		return "opened"
	case EventOpenFailed:
		return "open failed"
	case EventAcquired:
		return "acquired"
	case EventReleased:
		return "released"
	case EventTimedOut:
		return "timed out"
	case EventCanceled:
		return "canceled"
	case EventClosed:
		return "closed"
	case EventInvalidated:
		return "invalidated"
	case EventMisused:
		return "misused"
	case EventPanicked:
		return "panicked"
	case EventHeld:
		return "held too long"
	}
	return "unknown"
}

// Reason says why a resource was closed.
type Reason uint8

// The reasons to close a resource.
const (
	ReasonRecycled    Reason = iota + 1 // older than Recycle
	ReasonDead                          // Alive said no, or Ping failed
	ReasonInvalidated                   // opened before an invalidation
	ReasonOverflow                      // came back when Size were idle already
	ReasonDiscarded                     // its borrower discarded it
	ReasonResetFailed                   // Reset failed
	ReasonAbandoned                     // its lease was lost without being ended
	ReasonShutdown                      // the pool closed
)

// String returns the reason in words.
func (r Reason) String() string {
	switch r {
	case ReasonRecycled:
		return "recycled"
	case ReasonDead:
		return "dead"
	case ReasonInvalidated:
		return "invalidated"
	case ReasonOverflow:
		return "overflow"
	case ReasonDiscarded:
		return "discarded"
	case ReasonResetFailed:
		return "reset failed"
	case ReasonAbandoned:
		return "abandoned"
	case ReasonShutdown:
		return "shutdown"
	}
	return "unknown"
}

// emit tells the observer; callers hold no lock.
func (p *Pool[R]) emit(e Event) {
	if p.cfg.OnEvent == nil {
		return
	}
	// An observer that fails must not cost a lease that is on its way to a caller.
	defer func() {
		if recover() != nil {
			p.panics.Add(1)
		}
	}()
	p.cfg.OnEvent(e)
}
