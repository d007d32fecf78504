package retort

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// trip is what a session wants to send in one round trip.
type trip struct {
	// begin opens a transaction if none is open; empty is autocommit.
	begin      string
	statements []flight.Statement
	end        flight.End

	// raw: not built by Retort. Nothing is known of its effects.
	raw bool

	// closes: the statements end their own read-only transaction.
	closes bool

	// reset clears what row callbacks gathered, before the trip is sent again.
	reset func()

	// changes ride along as the first statements.
	changes []*unitofwork.Change
}

// maxSends bounds how often one trip is sent: a restart of the server may have
// killed several idle connections, but a fresh one that fails is news.
const maxSends = 3

// fly sends a trip and settles the session's state by its outcome.
//
//   - Errors: explained. The session has failed when its transaction is lost.
func (s *Session) fly(ctx context.Context, t trip) error {
	landed := false
	defer func() {
		if !landed { // a loop over an iterator panicked or left by Goexit
			s.failed = s.failed || s.open
			s.giveBack(errLeft)
		}
	}()
	err := s.send(ctx, t)
	landed = true
	return err
}

// errLeft is why a connection is given up when the caller's loop did not return.
var errLeft = errors.New("retort: the loop over an iterator panicked or exited")

func (s *Session) send(ctx context.Context, t trip) error {
	f := flight.Flight{Statements: t.statements, End: t.end}
	if s.open {
		err := s.eng.observed(ctx, s.lease.Resource(), &f, 1)
		return s.settle(&t, err, false)
	}
	f.Begin = t.begin
	for attempt := 1; ; attempt++ {
		lease, err := s.eng.acquire(ctx)
		if err != nil {
			return err
		}
		s.lease = lease
		err = s.eng.observed(ctx, lease.Resource(), &f, attempt)
		if attempt < maxSends && s.mayResend(ctx, &t, err) {
			s.giveBack(err)
			if t.reset != nil {
				t.reset()
			}
			continue
		}
		s.open = t.begin != "" && !t.closes
		return s.settle(&t, err, true)
	}
}

// mayResend says whether the first flight of a transaction may be sent again on
// another connection: when it is certain that nothing of it can take effect, and
// the caller still waits. See docs/adr/0002-flights-on-pgconn.md.
func (s *Session) mayResend(ctx context.Context, t *trip, err error) bool {
	var failed *flight.Error
	if !errors.As(err, &failed) || ctx.Err() != nil {
		return false
	}
	broken := s.lease.Resource().Broken()
	switch failed.Outcome {
	case flight.NotExecuted:
		return broken
	case flight.Lost:
		return broken && !t.raw
	case flight.RolledBack, flight.Aborted, flight.Failed:
		return !t.raw && pgerr.KindOf(err) == pgerr.StalePlan
	default:
		return false
	}
}

// settle brings the session in line with what became of its trip. first: it was
// the first of its transaction.
func (s *Session) settle(t *trip, err error, first bool) error {
	if err == nil {
		if t.end != flight.Stay || !s.open {
			s.giveBack(nil)
		}
		return nil
	}
	var failed *flight.Error
	errors.As(err, &failed)
	explained := s.explain(t, failed)
	switch {
	case failed.Outcome == flight.NotExecuted && first, t.begin == "", t.closes:
		// Nothing was sent, or a read on its own: nothing of the session hangs on it.
		s.giveBack(failed.Err)
	case failed.Outcome == flight.NotExecuted && !s.lease.Resource().Broken():
		// Refused before it was sent; the open transaction goes on.
	default:
		s.failed = true
		s.giveBack(failed.Err)
	}
	if failed.Outcome == flight.Committed && t.end == flight.Commit {
		return &CommittedError{Err: explained}
	}
	return explained
}

// explain finds the change behind a failed statement.
func (s *Session) explain(t *trip, failed *flight.Error) error {
	err := s.eng.explain(failed)
	if failed.Statement < 0 || failed.Statement >= len(t.changes) {
		return err
	}
	c := t.changes[failed.Statement]
	if pgerr.KindOf(failed.Err) == pgerr.StaleRow {
		return &StaleError{Table: c.Table.Name(), Key: c.Key(), Err: failed.Err}
	}
	return fmt.Errorf("retort: %s %s: %w", c.Kind, c.Table.Name(), err)
}

// giveBack ends the loan of the connection; a transaction that is still open on
// it is rolled back first.
func (s *Session) giveBack(cause error) {
	c := s.lease.Resource()
	if c == nil {
		return
	}
	if !c.Broken() && c.TxStatus() != 'I' {
		ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
		defer cancel()
		if err := s.eng.observed(ctx, c, &flight.Flight{End: flight.Rollback}, 1); err != nil {
			cause = errors.Join(cause, err)
		}
	}
	s.eng.release(s.lease, cause)
	s.lease, s.open = pool.Lease[*flight.Conn]{}, false
}

// rollbackTimeout bounds a ROLLBACK, which does not end with the caller's
// context. The server rolls back by itself when the connection is closed.
const rollbackTimeout = 5 * time.Second

// begin is the text that opens this session's transaction.
func (s *Session) begin() string {
	text := "BEGIN"
	if s.opts.Isolation != DefaultIsolation {
		text += " ISOLATION LEVEL " + string(s.opts.Isolation)
	}
	if s.opts.ReadOnly {
		text += " READ ONLY"
	}
	if s.opts.Deferrable {
		text += " DEFERRABLE"
	}
	return text
}

// snapshotIsolation tells whether all statements of the session must see the
// same data, so that the first read opens the transaction.
func (s *Session) snapshotIsolation() bool {
	return s.opts.Isolation == RepeatableRead || s.opts.Isolation == Serializable
}
