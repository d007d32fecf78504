package retort

import (
	"context"
	"fmt"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/unitofwork"
)

// Flush writes the pending changes and keeps the transaction open.
//
//   - Shape: one round trip, none when nothing changed. Server-made values are in
//     the objects afterwards.
//   - Errors: misuse; [*pgerr.ConstraintError]; [ErrStale]; [ErrReadOnly]. After a
//     failed statement only Rollback helps.
func (s *Session) Flush(ctx context.Context) error {
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	changes, statements, err := s.pending()
	if err != nil || len(changes) == 0 {
		return err
	}
	if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, changes: changes}); err != nil {
		return err
	}
	s.unit.Apply(changes, true)
	return nil
}

// Commit writes the pending changes and commits, in one round trip; a session
// that did nothing makes none. COMMIT is not cut short when ctx ends: it waits
// for the answer, at most Config.CommitTimeout. A ctx that has ended before
// sends nothing.
//
//   - Shape: objects stay readable and in the session; their server-made values
//     are in them.
//   - Errors: as [Session.Flush], and [ErrCommitUnknown] when the answer was lost.
//     Nothing is ever sent twice that may have been committed.
func (s *Session) Commit(ctx context.Context) error {
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	changes, statements, err := s.pending()
	if err != nil {
		return err
	}
	if len(changes) > 0 || s.open {
		err := s.fly(ctx, trip{begin: s.begin(), statements: statements, changes: changes, end: flight.Commit})
		if err != nil {
			return err
		}
	}
	s.unit.Apply(changes, false)
	s.unit.Commit()
	return nil
}

// Rollback drops the pending changes, ends the transaction and empties the
// session, which can be used again. The objects keep the values that the program
// gave them and are detached; what the database had made for them in this
// transaction is taken back. It does not end with ctx.
//
//   - Shape: one round trip if a transaction is open, else none.
func (s *Session) Rollback(ctx context.Context) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.rollback(ctx)
}

func (s *Session) rollback(ctx context.Context) error {
	s.unit.Rollback()
	s.misuse, s.failed = nil, false
	s.stray.Store(nil)
	if !s.open {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	err := s.eng.observed(ctx, s.lease.Resource(), &flight.Flight{End: flight.Rollback}, 1)
	s.giveBack(err)
	if err != nil {
		// The connection is closed, and with it the server rolls back.
		s.eng.log.WarnContext(ctx, "retort: ROLLBACK failed; the connection was closed instead", "error", err)
	}
	return nil
}

// Wrote tells whether the session has changes that are not committed: pending
// ones, or an open transaction. It does no I/O.
func (s *Session) Wrote() bool {
	if err := s.enter(); err != nil {
		return false
	}
	defer s.leave()
	return s.open || s.unit.Dirty()
}

// pending encodes the changes of all objects.
func (s *Session) pending() ([]*unitofwork.Change, []flight.Statement, error) {
	if err := s.misused(); err != nil {
		return nil, nil, err
	}
	changes, err := s.unit.Changes()
	if err != nil || len(changes) == 0 {
		return nil, nil, err
	}
	if s.opts.ReadOnly {
		return nil, nil, fmt.Errorf("%w: %s of %s", ErrReadOnly, changes[0].Kind, changes[0].Table.Type)
	}
	statements := make([]flight.Statement, len(changes))
	for i, c := range changes {
		if statements[i], err = c.Statement(); err != nil {
			return nil, nil, err
		}
	}
	return changes, statements, nil
}
