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
	return s.flush(ctx)
}

// flush is Flush for the holder of busy.
func (s *Session) flush(ctx context.Context) error {
	work, statements, err := s.pending(ctx, 0, false)
	if err != nil || work == nil {
		return err
	}
	return s.flushWork(ctx, work, statements)
}

// apply brings the objects in line with changes that were written in the open
// transaction.
func (s *Session) apply(ctx context.Context, work *unitofwork.Work) error {
	if err := s.unit.Apply(work, true); err != nil {
		s.giveUp(ctx, err)
		return err
	}
	s.beside.written += work.Rows()
	return s.afterFlush(ctx, work)
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
	return s.commit(ctx)
}

// commitAndEnd is Commit for who closes the session right behind it.
func (s *Session) commitAndEnd(ctx context.Context) error {
	if err := s.outside(); err != nil {
		return err
	}
	defer s.leave()
	s.unit.Ending = true
	return s.commit(ctx)
}

// commit is Commit for the holder of busy.
func (s *Session) commit(ctx context.Context) error {
	if s.nested > 0 {
		return ErrNested
	}
	if s.depth > 0 {
		return ErrInSavepoint
	}
	if s.joined != nil {
		return s.commitJoined(ctx)
	}
	work, statements, err := s.settled(ctx, !s.attests())
	if err != nil {
		return err
	}
	worked := work != nil || s.open
	if worked {
		t := trip{begin: s.begin(), statements: statements, work: work, end: flight.Commit}
		if err := s.attested(ctx, &t); err != nil {
			return err
		}
		err := s.fly(ctx, t)
		if _, committed := errors.AsType[*CommittedError](err); committed {
			return s.committed(ctx, true, err)
		}
		if err != nil {
			return err
		}
	}
	err = s.unit.Apply(work, false)
	s.unit.Commit()
	s.flushed(work)
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
	switch {
	case s.hooking:
		return ErrInHook
	case s.nested > 0:
		return ErrNested
	}
	if s.depth > 0 {
		return ErrInSavepoint
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
	s.mustBe()
	if err := s.enter(); err != nil {
		return false
	}
	defer s.leave()
	return s.wrote || s.unit.Dirty()
}

// pending encodes what the next flight has to write, with room for more
// statements; in a hook there is nothing. With commits, COMMIT rides along, and what
// is no part of a transaction yet is all of it. Before it, it writes what that waits for:
// rows whose keys the database makes and others take, in one flight for each such
// level.
//
//   - Errors: misuse; everything that cannot be written, joined. Nothing was sent
//     then for this level.
func (s *Session) pending(ctx context.Context, room int, commits bool) (*unitofwork.Work, []flight.Statement, error) {
	if err := s.misused(); err != nil {
		return nil, nil, err
	}
	for first := true; ; first = false {
		work, err := s.watchedWork(ctx, first)
		if err != nil {
			return nil, nil, err
		}
		if work == nil && room == 0 {
			return nil, nil, nil
		}
		if err := s.mayWrite(work); err != nil {
			return nil, nil, err
		}
		if commits && !s.open && !work.More() {
			work.Alone()
		}
		statements, err := work.Statements(room)
		if err != nil || !work.More() {
			return work, statements, err
		}
		if err := s.flushWork(ctx, work, statements); err != nil {
			return nil, nil, err
		}
	}
}

// flushWork sends work in the transaction that stays open.
func (s *Session) flushWork(ctx context.Context, work *unitofwork.Work, statements []flight.Statement) error {
	if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, work: work}); err != nil {
		return err
	}
	return s.apply(ctx, work)
}

func (s *Session) mayWrite(work *unitofwork.Work) error {
	for _, g := range work.Groups() {
		if s.opts.ReadOnly {
			return fmt.Errorf("%w: %s of %s", ErrReadOnly, g.Kind, g.Table.Type)
		}
		if g.Table.ReadOnly {
			return fmt.Errorf("%w: %s of %s in %q", ErrReadOnlyTable, g.Kind, g.Table.Type, g.Table.Name())
		}
	}
	return nil
}
