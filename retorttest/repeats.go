package retorttest

import (
	"context"
	"testing"

	"github.com/retort-go/retort"
)

// FailOnRepeats fails the test when one session sends the same query limit times
// from one line: a loop that reads what one query could have read. It is a
// change for [New]:
//
//		kit := retorttest.New(t, base, retorttest.FailOnRepeats(t, 5))
//
//	  - Shape: the failure names the query, the file and the line. An Observer that is
//	    set already keeps being told.
//	  - Range: limit is 2 or more.
func FailOnRepeats(tb testing.TB, limit int) func(*retort.Config) {
	tb.Helper()
	return func(c *retort.Config) {
		c.RepeatLimit = limit
		c.Observer = retort.Observers(c.Observer, repeats{tb})
	}
}

// repeats fails a test.
type repeats struct{ tb testing.TB }

// FlightStart is of no interest.
func (repeats) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

// FlightEnd is of no interest.
func (repeats) FlightEnd(context.Context, retort.FlightInfo) {}

// QueryRepeated fails the test.
func (r repeats) QueryRepeated(_ context.Context, info retort.RepeatInfo) {
	r.tb.Errorf("retorttest: one session sent the same query %d times from %s:\n%s", info.Times, info.Caller, info.SQL)
}
