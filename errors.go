package retort

import (
	"errors"
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// The facts that a program tests for with errors.Is. Each has an anchor in
// docs/errors.md.
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("retort: no such row; see docs/errors.md#not-found")

	// ErrTooMany: One found a second row.
	ErrTooMany = errors.New("retort: more than one row where one was expected; see docs/errors.md#too-many")

	// ErrStale: another transaction changed or deleted the row since it was read.
	ErrStale = pgerr.ErrStale

	// ErrBookmark: what [Query.Resume] got is no [Query.Bookmark] of the query's order.
	ErrBookmark = query.ErrBookmark

	// ErrNotLoaded: the relation was not asked for.
	ErrNotLoaded = errors.New("retort: the relation was not loaded; see docs/errors.md#not-loaded")

	// ErrReadOnly: a read-only session has something to write.
	ErrReadOnly = errors.New("retort: the session is read-only but has changes; see docs/errors.md#read-only")

	// ErrSessionClosed: the session was used after Close.
	ErrSessionClosed = errors.New("retort: the session is closed; see docs/errors.md#session-closed")

	// ErrSessionFailed: an earlier error ended the transaction; only Rollback
	// helps. What is returned wraps that error too, so that one which was
	// overlooked is answered, and repeated by [Run], for what it was.
	ErrSessionFailed = errors.New("retort: an earlier error ended this transaction; call Rollback before using the session again; see docs/errors.md#session-failed")

	// ErrConcurrentUse: two goroutines use one session.
	ErrConcurrentUse = errors.New("retort: the session is in use by another goroutine; give each goroutine a session of its own; see docs/errors.md#concurrent-use")

	// ErrNotRepeatable: with Config.Rehearse, the second run of a repeatable
	// function did not do what the first one did.
	ErrNotRepeatable = errors.New("retort: a function that is declared repeatable did something else in its second run; it must keep nothing of a run outside of itself; see docs/errors.md#not-repeatable")

	// ErrIterOpen: the session is used inside the loop over one of its iterators.
	ErrIterOpen = errors.New("retort: an iterator of this session is still open; end its loop first, or use a second session; see docs/errors.md#iter-open")

	// ErrEngineClosed: the engine was closed. It is a [pool.ErrClosed], too.
	ErrEngineClosed = fmt.Errorf("retort: the engine is closed; see docs/errors.md#engine-closed (%w)", pool.ErrClosed)

	// ErrCommitUnknown: the answer to COMMIT was lost. Nothing was sent twice.
	ErrCommitUnknown = pgerr.ErrCommitUnknown
)

// StaleError is [ErrStale] with its evidence.
//
//   - Shape: Key is the primary key's value, a [Key] when it has several columns;
//     the text does not show it. Keys are those of all rows that were not there,
//     of one statement and at most 100; Key is the first of them.
//   - Errors: Err is what the server said, nil where it just found no row.
type StaleError struct {
	Table string
	Key   any
	Keys  []any
	Err   error
}

// Error names the table and the remedy.
func (e *StaleError) Error() string {
	rows, were := "a row", "was"
	if len(e.Keys) > 1 {
		rows, were = fmt.Sprintf("%d rows", len(e.Keys)), "were"
	}
	return fmt.Sprintf("retort: %s of %q %s changed or deleted by another transaction since it was read; load it again and repeat the change; see docs/errors.md#stale", rows, e.Table, were)
}

// Is makes errors.Is(err, ErrStale) true.
func (e *StaleError) Is(target error) bool { return target == ErrStale }

// Unwrap gives Err.
func (e *StaleError) Unwrap() error { return e.Err }

// CommittedError says that the transaction was committed, but what had to follow
// failed: its answer, or a function that waited for COMMIT. Nothing of it must be
// run again.
type CommittedError struct{ Err error }

// Error says so.
func (e *CommittedError) Error() string {
	return fmt.Sprintf("retort: the transaction is committed, but what had to follow failed: %v; see docs/errors.md#committed-not-rendered", e.Err)
}

// Unwrap gives the cause.
func (e *CommittedError) Unwrap() error { return e.Err }

// ValueError is a value that PostgreSQL cannot store or a Go field cannot hold:
// text with a NUL or invalid UTF-8, a time out of range, an integer too large.
// It names the column and never the value.
type ValueError = mapper.ValueError

// explain turns what a flight reports into what a user can act on: constraint
// errors with their columns, and typed errors in place of SQLSTATEs.
func (e *Engine) explain(err error) error {
	if err == nil {
		return nil
	}
	var failed *flight.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if errors.Is(err, ErrCommitUnknown) {
		return err // whatever else was said before
	}
	if constraint := pgerr.Constraint(err); constraint != nil {
		constraint.Columns = e.models.constraintColumns(constraint)
		return constraint
	}
	if pgerr.Code(err) == "42704" && pgerr.KindOf(err) != pgerr.StaleRow { // undefined_object
		return e.explainMissing(err)
	}
	return err
}

// constraintColumns finds the columns of a constraint in the models: the server
// names them for NOT NULL only.
func (m *models) constraintColumns(c *pgerr.ConstraintError) []string {
	if len(c.Columns) > 0 {
		return c.Columns
	}
	t, ok := m.schema.Table(c.Table)
	if !ok {
		return nil
	}
	for _, u := range t.Uniques {
		if u.Name == c.Constraint {
			return slices.Clone(u.Columns) // the models are shared
		}
	}
	for _, f := range t.ForeignKeys {
		if f.Name == c.Constraint {
			return slices.Clone(f.Columns)
		}
	}
	if t.PrimaryKey != nil && t.PrimaryKey.Name == c.Constraint {
		return slices.Clone(t.PrimaryKey.Columns)
	}
	return nil
}

// CycleError says that rows refer to each other in a circle that no order of
// writing them satisfies. Nothing was sent.
type CycleError = unitofwork.CycleError

// SwapError says that rows exchange values of a unique constraint that is checked
// row by row. Nothing was sent.
type SwapError = unitofwork.SwapError

var errNoSession = errors.New("retort: the session is nil; begin one by Engine.Session, or use the one that Run or the handler was given")
