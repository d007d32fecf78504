package retort

import (
	"context"
	"errors"
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
	if err := s.outside(); err != nil {
		return err
	}
	defer s.leave()
	changes, statements, err := s.pending(ctx, 0)
	if err != nil || len(changes) == 0 {
		return err
	}
	if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, changes: changes}); err != nil {
		return err
	}
	return s.apply(ctx, changes)
}

// apply brings the objects in line with changes that were written in the open
// transaction.
func (s *Session) apply(ctx context.Context, changes []*unitofwork.Change) error {
	if err := s.unit.Apply(changes, true); err != nil {
		s.failed = err
		s.giveBack(ctx, err)
		return err
	}
	s.beside.written += len(changes)
	return s.afterFlush(ctx, changes)
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
	if err := s.outside(); err != nil {
		return err
	}
	defer s.leave()
	if s.joined != nil {
		return s.commitJoined(ctx)
	}
	changes, statements, err := s.settled(ctx)
	if err != nil {
		return err
	}
	worked := len(changes) > 0 || s.open
	if worked {
		err := s.fly(ctx, trip{begin: s.begin(), statements: statements, changes: changes, end: flight.Commit})
		if _, committed := errors.AsType[*CommittedError](err); committed {
			return s.committed(ctx, true, err)
		}
		if err != nil {
			return err
		}
	}
	err = s.unit.Apply(changes, false)
	s.unit.Commit()
	s.flushed(changes)
	if err != nil {
		s.failed = &CommittedError{Err: err} // told when the session ends
	} else if worked {
		s.tellCommit(ctx)
	}
	return s.committed(ctx, worked, s.failed)
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
	if s.hooking {
		return ErrInHook
	}
	s.rollback(ctx, nil)
	return nil
}

// rollback drops everything; cause is why, where the session itself is well.
func (s *Session) rollback(ctx context.Context, cause error) {
	dropped := s.dropping(cause)
	defer s.tellDrop(ctx, dropped, s.work)
	s.unit.Rollback()
	s.misuse, s.failed, s.after, s.work = nil, nil, nil, nil
	s.stray.Store(nil)
	s.giveBack(ctx, nil)
}

// Wrote tells whether the session has changes that are not committed: pending
// ones, or a transaction that wrote or ran raw SQL. It does no I/O.
func (s *Session) Wrote() bool {
	if err := s.enter(); err != nil {
		return false
	}
	defer s.leave()
	return s.wrote || s.unit.Dirty()
}

// pending encodes the changes of all objects, with room for more statements. In
// a hook there are none.
//
//   - Errors: misuse; everything that cannot be written, joined. The session is as
//     it was.
func (s *Session) pending(ctx context.Context, room int) ([]*unitofwork.Change, []flight.Statement, error) {
	if err := s.misused(); err != nil {
		return nil, nil, err
	}
	changes, err := s.watchedChanges(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(changes) > 0 && s.opts.ReadOnly {
		return nil, nil, fmt.Errorf("%w: %s of %s", ErrReadOnly, changes[0].Kind, changes[0].Table.Type)
	}
	for _, c := range changes {
		if c.Table.ReadOnly {
			return nil, nil, fmt.Errorf("%w: %s of %s in %q", ErrReadOnlyTable, c.Kind, c.Table.Type, c.Table.Name())
		}
	}
	if len(changes)+room == 0 {
		return nil, nil, nil
	}
	statements := make([]flight.Statement, 0, len(changes)+room)
	var errs []error
	for _, c := range changes {
		st, err := c.Statement()
		if err != nil {
			errs = append(errs, err)
		}
		statements = append(statements, st)
	}
	if len(errs) > 0 {
		return nil, nil, errors.Join(errs...)
	}
	return changes, statements, nil
}
