package retort

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/unitofwork"
)

// ErrInSavepoint says: Commit or Rollback was called inside the function of
// [Session.Savepoint], which ends with its own return only.
var ErrInSavepoint = errors.New("retort: Commit and Rollback end the whole unit of work, which is not this function's inside Savepoint; return nil to keep what it did, or an error to take it back; see docs/errors.md#in-savepoint")

// Savepoint runs fn as a part of the unit of work that can fail alone. What is
// pending is written first; when fn returns an error, or panics, the database and
// the objects go back to where they were then, and the session goes on.
//
// What goes back: fields, relations, states, additions and deletions of objects.
// Objects that fn added are transient again; those that fn read first have the
// values that they were read with, are expired and their relations not loaded, since
// their rows may be others now. Other fields that are no columns stay as fn left
// them. A failed statement inside, such as a violated constraint, fails the session
// only until fn returns.
//
//   - Shape: two round trips, each with what was pending: one begins, one ends. They
//     may be nested.
//   - Errors: fn's own, once all is taken back; what writing its changes returns.
//     Commit and Rollback inside are [ErrInSavepoint]. When the connection is lost
//     the whole unit of work is.
//   - Concurrency: fn has the session to itself, on the caller's goroutine.
func (s *Session) Savepoint(ctx context.Context, fn func(ctx context.Context) error) (err error) {
	p, err := s.beginPoint(ctx)
	if err != nil {
		return err
	}
	cause := errPanicked // unless fn returns
	defer func() {
		if end := s.endPoint(ctx, p, cause); err == nil {
			err = end
		}
	}()
	cause = fn(ctx)
	return cause
}

// point is an open savepoint.
type point struct {
	name   string
	unit   *unitofwork.Point
	after  int // functions of AfterCommit
	told   int // changes that hooks are told of
	misuse int

	written, raw int // of beside: changes, and savepoints of the user's own
	tx           uint64
}

const savepointLabel = "/* retort:session.savepoint */ "

func (s *Session) beginPoint(ctx context.Context) (*point, error) {
	if err := s.outside(); err != nil {
		return nil, err
	}
	defer s.leave()
	work, statements, err := s.settled(ctx, false)
	if err != nil {
		return nil, err
	}
	p := &point{name: "retort_unit_" + strconv.Itoa(s.depth+1)}
	statements = append(statements, flight.Statement{SQL: savepointLabel + "SAVEPOINT " + p.name})
	if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, work: work}); err != nil {
		return nil, err
	}
	if err := s.apply(ctx, work); err != nil {
		return nil, err
	}
	s.depth++
	p.unit = s.unit.Point()
	p.after, p.told, p.misuse, p.tx = len(s.after), len(s.work), len(s.misuse), s.beside.tx
	p.written, p.raw = s.beside.written, len(s.beside.savepoints)
	return p, nil
}

// endPoint keeps what was done since p, or takes it back when cause is set.
func (s *Session) endPoint(ctx context.Context, p *point, cause error) error {
	if left := s.closeRows(); left != nil && cause == nil {
		cause = errLeftInUse("Savepoint", left)
	}
	if err := s.enter(); err != nil {
		left := errLeftInUse("Savepoint", err)
		s.endLater(left, func() {
			s.depth--
			s.unit.Pass(p.unit)
		})
		if cause != nil {
			return cause
		}
		return left
	}
	defer s.leave()
	s.depth--
	if cause == nil && s.failed != nil {
		cause = fmt.Errorf("%w: %w", ErrSessionFailed, s.failed) // and fn said nothing
	}
	if cause == nil {
		cause = s.keepPoint(ctx, p)
	}
	if cause != nil {
		s.undoPoint(ctx, p)
		return cause
	}
	s.unit.Pass(p.unit)
	return nil
}

// closeRows closes rows that a function of the program's has left open, and says so.
func (s *Session) closeRows() error {
	o := s.rows.Load()
	if o == nil {
		return nil
	}
	o.abandon()
	return ErrRowsOpen
}

func errLeftInUse(call string, err error) error {
	return fmt.Errorf("retort: %s: the function left the session in use: %w", call, err)
}

func (s *Session) keepPoint(ctx context.Context, p *point) error {
	if !s.open || s.beside.tx != p.tx {
		return fmt.Errorf("retort: Savepoint: its transaction has ended inside the function")
	}
	s.depth++ // a failed statement of fn's is taken back alone
	defer func() { s.depth-- }()
	work, statements, err := s.settled(ctx, false)
	if err != nil {
		return err
	}
	statements = append(statements, flight.Statement{SQL: savepointLabel + "RELEASE SAVEPOINT " + p.name})
	if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, work: work}); err != nil {
		return err
	}
	return s.apply(ctx, work)
}

// undoPoint goes back to p, unless the transaction is lost.
func (s *Session) undoPoint(ctx context.Context, p *point) {
	if !s.open || s.beside.tx != p.tx || s.lease.Resource().Broken() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	err := s.eng.observed(ctx, s.lease.Resource(), &flight.Flight{Statements: []flight.Statement{
		{SQL: savepointLabel + "ROLLBACK TO SAVEPOINT " + p.name}, {SQL: savepointLabel + "RELEASE SAVEPOINT " + p.name},
	}}, 1)
	if err != nil {
		s.failed = s.eng.explain(err)
		s.giveBack(ctx, err)
		return
	}
	s.told = time.Time{} // what the server was told inside is forgotten
	s.failed, s.beside.aborted, s.beside.written = nil, nil, p.written
	s.beside.savepoints = s.beside.savepoints[:min(p.raw, len(s.beside.savepoints))]
	s.misuse = s.misuse[:min(p.misuse, len(s.misuse))]
	s.after, s.work = s.after[:min(p.after, len(s.after))], s.work[:min(p.told, len(s.work))]
	s.unit.Return(p.unit)
}

// giveUp fails the session: inside a savepoint until that is taken back, else its
// transaction is.
func (s *Session) giveUp(ctx context.Context, err error) {
	s.failed = err
	if s.depth == 0 || !s.open {
		s.giveBack(ctx, err)
	}
}
