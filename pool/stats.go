package pool

import (
	"fmt"
	"time"
)

// Stats is a snapshot of a pool: its limits, what there is now, and what has
// happened since it was made.
//
//   - Shape: all of one moment. InUse, Idle and Opening are the places taken, and
//     those of Closing whose CloseGrace is not over; Opened is Closed.Total plus InUse plus Idle.
type Stats struct {
	Size     int // the limit of idle ones; Unlimited is -1
	Overflow int // how many more may be open; Unlimited is -1

	Idle          int // ready to be lent
	InUse         int // lent, being pinged or being reset
	Opening       int // being opened
	OverflowInUse int // places taken beyond Size; 0 with an unlimited Size
	Waiting       int // callers that wait for capacity; not those whose own open is under way
	// Holders are who has what is lent, those with most first; nil where
	// [Config].Who cannot tell. Resources being pinged or reset are nobody's.
	Holders []Holder

	Closing int // being closed; the server may still count them

	Acquires   int64         // calls of Acquire whose context had not ended before
	Waits      int64         // of these, the ones that had to wait for capacity, however that ended
	WaitTime   time.Duration // the time these took altogether
	Timeouts   int64         // calls that ended in a *TimeoutError
	Canceled   int64         // calls that ended because their context did
	Opened     int64         // resources opened
	OpenFailed int64         // opens that failed
	Closed     Closed        // resources closed, by reason
	Panics     int64         // callbacks that panicked
}

// Closed counts the resources that were closed, by [Reason].
type Closed struct {
	Recycled    int64
	Dead        int64
	Invalidated int64
	Overflow    int64
	Discarded   int64
	ResetFailed int64
	Abandoned   int64
	Shutdown    int64
}

// Total is the number of resources closed for any reason.
func (c Closed) Total() int64 {
	return c.Recycled + c.Dead + c.Invalidated + c.Overflow + c.Discarded + c.ResetFailed + c.Abandoned + c.Shutdown
}

func (c *Closed) add(why Reason) {
	switch why {
	case ReasonRecycled:
		c.Recycled++
	case ReasonDead:
		c.Dead++
	case ReasonInvalidated:
		c.Invalidated++
	case ReasonOverflow:
		c.Overflow++
	case ReasonDiscarded:
		c.Discarded++
	case ReasonResetFailed:
		c.ResetFailed++
	case ReasonAbandoned:
		c.Abandoned++
	case ReasonShutdown:
		c.Shutdown++
	}
}

// counts are the cumulative parts of Stats.
type counts struct {
	waits, timeouts, canceled, opened, openFailed int64
	waitTime                                      time.Duration
	closed                                        Closed
}

// Stats returns the pool's numbers as they are now.
func (p *Pool[R]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.stats()
	s.Holders = p.holders()
	return s
}

func (p *Pool[R]) stats() Stats {
	s := Stats{
		Size:       p.cfg.Size,
		Overflow:   p.cfg.Overflow,
		Idle:       len(p.idle),
		InUse:      p.total - len(p.idle) - p.opening - p.leaving,
		Opening:    p.opening,
		Waiting:    p.needy,
		Closing:    p.closing,
		Acquires:   int64(p.tickets),
		Waits:      p.counts.waits,
		WaitTime:   p.counts.waitTime,
		Timeouts:   p.counts.timeouts,
		Canceled:   p.counts.canceled,
		Opened:     p.counts.opened,
		OpenFailed: p.counts.openFailed,
		Closed:     p.counts.closed,
		Panics:     p.panics.Load(),
	}
	s.OverflowInUse = max(0, p.total-p.keep)
	return s
}

// String sums up in the words of SQLAlchemy's Pool.status, and how many wait.
// Unlike there, the overflow is never negative.
func (s Stats) String() string {
	return fmt.Sprintf("Pool size: %d  Connections in pool: %d Current Overflow: %d Current Checked out connections: %d Waiting: %d",
		s.Size, s.Idle, s.OverflowInUse, s.InUse, s.Waiting)
}
