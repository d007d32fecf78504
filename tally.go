package retort

import (
	"context"
	"sync/atomic"
	"time"
)

// Tally counts what the sessions that use its context cost: round trips, the
// time they took, and the wait for connections. [Engine.WithTally] makes one.
//
//   - Shape: statements that travel together are one round trip; pings, resets
//     and the opening of connections are none.
//   - Concurrency: safe for many goroutines.
type Tally struct {
	trips, flying, waiting atomic.Int64
}

// Trips is the number of round trips.
func (t *Tally) Trips() int { return int(t.trips.Load()) }

// Time is how long the round trips took altogether.
func (t *Tally) Time() time.Duration { return time.Duration(t.flying.Load()) }

// Wait is how long connections were waited for altogether.
func (t *Tally) Wait() time.Duration { return time.Duration(t.waiting.Load()) }

func (t *Tally) flown(d time.Duration) {
	t.trips.Add(1)
	t.flying.Add(int64(d))
}

func (t *Tally) waited(d time.Duration) { t.waiting.Add(int64(d)) }

// tallyKey finds the Tally in a context.
type tallyKey struct{}

// WithTally returns a context whose use of this engine is counted in the tally.
func (e *Engine) WithTally(ctx context.Context) (context.Context, *Tally) {
	if !e.seen.Load() {
		e.seen.Store(true)
	}
	t := new(Tally)
	return context.WithValue(ctx, tallyKey{}, t), t
}

// tallyOf returns the tally of a context, nil without one.
func tallyOf(ctx context.Context) *Tally {
	t, _ := ctx.Value(tallyKey{}).(*Tally)
	return t
}
