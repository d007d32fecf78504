package retort

import (
	"context"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/query"
)

// drainRows is how many rows are read and thrown away when a loop ends early,
// before closing the connection is cheaper than reading on.
const drainRows = 1000

// iterate hands out rows as they arrive. The session is marked as iterating, so
// that the loop's body cannot send something else on the connection.
//
// take decodes a row and returns what hands it out.
func (s *Session) iterate(ctx context.Context, st query.Statement, take func([]flight.Field, [][]byte) (func() bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// Inside a transaction the rest is read whatever it costs: giving up the
	// connection would lose the transaction.
	alone := !st.Opens() && !s.open && !s.snapshotIsolation() && !s.unit.Dirty()
	stopped, handed, left := false, false, 0
	row := func(fields []flight.Field, values [][]byte) error {
		if stopped {
			if left++; alone && left > drainRows {
				cancel()
			}
			return nil
		}
		hand, err := take(fields, values)
		if err != nil {
			return err
		}
		handed = true
		s.busy.Store(inIter)
		more := hand()
		s.busy.Store(inCall)
		stopped = !more
		return nil
	}
	err := s.readTrip(ctx, trip{handed: &handed, opens: st.Opens(), wrote: st.Writes}, statement(st, row))
	if stopped {
		// The loop is over and cannot be told. A transaction that was lost while the
		// rest was read is told by the session's next call.
		return nil
	}
	return err
}
