package retort

import (
	"context"
	"errors"
	"time"

	"github.com/retort-go/retort/internal/flight"
)

// rollbackTimeout bounds a ROLLBACK, which does not end with the caller's
// context. The server rolls back by itself when the connection is closed.
const rollbackTimeout = 5 * time.Second

// giveBack ends the loan of the connection, if there is one; a transaction that
// is still open on it is rolled back first.
func (s *Session) giveBack(ctx context.Context, cause error) {
	c := s.lease.Resource()
	if c == nil {
		return
	}
	if s.joined != nil {
		s.undoJoined(ctx)
		return
	}
	defer func() { // also when an observer panics
		s.beside.ended()
		s.eng.release(s.lease, cause)
		s.lease, s.open, s.wrote = loan{}, false, false
	}()
	if !c.Broken() && !c.Draining() && c.TxStatus() != 'I' {
		cause = errors.Join(cause, s.sendRollback(ctx))
	}
	s.tellRelease(ctx, cause)
}

// sendRollback ends the transaction whatever became of ctx. When that fails, the
// connection is closed instead, and with it the server rolls back.
func (s *Session) sendRollback(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	err := s.eng.observed(ctx, s.lease.Resource(), &flight.Flight{End: flight.Rollback}, 1)
	if err != nil {
		s.eng.log.WarnContext(ctx, "retort: ROLLBACK failed; the connection is closed instead", "error", err)
	}
	return err
}

// begin is the text that opens this session's transaction.
func (s *Session) begin() string { return s.opts.begin() }

func (o TxOptions) begin() string {
	text := "BEGIN"
	if o.Isolation != DefaultIsolation {
		text += " ISOLATION LEVEL " + string(o.Isolation)
	}
	if o.ReadOnly {
		text += " READ ONLY"
	}
	if o.Deferrable {
		text += " DEFERRABLE"
	}
	return text
}

// snapshotIsolation tells whether all statements of the session must see the
// same data, so that the first read opens the transaction.
func (s *Session) snapshotIsolation() bool {
	return s.opts.Isolation == RepeatableRead || s.opts.Isolation == Serializable
}
