package retort

import (
	"context"
	"errors"
	"fmt"
)

const (
	defaultBatch = 1000
	maxBatch     = 100_000
)

// BatchOptions say how [Batches] walks.
type BatchOptions struct {
	// Size is how many rows a batch has. Default 1000. Range 1 to 100,000.
	Size int

	// Tx is what kind of transaction each batch is.
	Tx TxOptions
}

// BatchError is where [Batches] stopped. Everything up to Position is committed.
//
//   - Shape: Rows and Batches count what is committed. Position is the key of the
//     last row of it, for [Query.After]; nil when there is nothing. After
//     [ErrCommitUnknown] the batch behind Position may be committed, too.
type BatchError struct {
	Rows     int64
	Batches  int
	Position []any
	Err      error
}

// Error says how far it came, not the key.
func (e *BatchError) Error() string {
	return fmt.Sprintf("retort: Batches stopped behind %d rows in %d batches, which are committed; continue with Query.After(BatchError.Position...); see docs/errors.md#batches: %v",
		e.Rows, e.Batches, e.Err)
}

// Unwrap gives the reason.
func (e *BatchError) Unwrap() error { return e.Err }

// Batches walks the rows of a query in the order of their primary key, in batches
// that are a transaction each: fn gets the rows of one and changes them, and what
// it did is committed before the next are read. So a change of a whole table holds
// no long transaction and no more than one batch in memory.
//
// Rows that are added behind the position meanwhile are met, others are not. To go
// on where an earlier walk stopped, give its key: q.After(err.Position...).
//
//   - Shape: the number of rows. Two round trips for a batch that changes something,
//     one for a batch that does not. As with [Run], fn runs again on a fresh session
//     with rows read anew when the database asks for it.
//   - Errors: a [*BatchError] around fn's error, ctx's or that of a batch, which is
//     rolled back. A query with an order, a limit, an offset, groups or Distinct has no
//     walk by key.
//   - Concurrency: the batches run one after the other. Two walks at once should lock
//     what they read, by [Query.ForUpdate].
func Batches[T any](ctx context.Context, eng *Engine, q *Query[T], opts BatchOptions, fn func(ctx context.Context, s *Session, rows []*T) error) (int64, error) {
	w := walk[T]{eng: eng, opts: opts, fn: fn}
	if err := w.prepare(q); err != nil {
		return 0, err
	}
	done := BatchError{Position: q.core().after}
	for {
		if done.Err = ctx.Err(); done.Err != nil {
			return done.Rows, &done
		}
		n, last, err := w.batch(ctx)
		if _, committed := errors.AsType[*CommittedError](err); (err == nil || committed) && n > 0 {
			done.Rows, done.Batches, done.Position = done.Rows+int64(n), done.Batches+1, last
			w.q = w.q.After(last...)
		}
		if done.Err = err; err != nil {
			return done.Rows, &done
		}
		if n < w.size() {
			return done.Rows, nil
		}
	}
}

// walk is one call of Batches.
type walk[T any] struct {
	eng  *Engine
	opts BatchOptions
	fn   func(context.Context, *Session, []*T) error
	q    *Query[T]
}

func (w *walk[T]) size() int {
	if w.opts.Size == 0 {
		return defaultBatch
	}
	return w.opts.Size
}

// prepare makes the query of the first batch.
func (w *walk[T]) prepare(q *Query[T]) error {
	q = q.clone() // which is none of no table, where it is nil
	switch c := q.more; {
	case w.fn == nil:
		return errors.New("retort: Batches: the function is nil")
	case w.opts.Size < 0 || w.opts.Size > maxBatch:
		return fmt.Errorf("retort: Batches: Size is %d; give 1 to %d rows, or 0 for %d", w.opts.Size, maxBatch, defaultBatch)
	case len(q.order) > 0:
		return errors.New("retort: Batches walks in the order of the primary key; leave OrderBy out")
	case q.limited, c != nil && c.offset != 0:
		return errors.New("retort: Batches reads all rows of the query, Size at a time; leave Limit and Offset out")
	case c != nil && (c.distinct || len(c.distinctOn)+len(c.group)+len(c.having) > 0):
		return errors.New("retort: Batches walks rows by their key; leave Distinct, GroupBy and Having out, or move them into a subquery")
	}
	s := w.eng.Session()
	t, err := q.of.tableOf(s, q.goType)
	if err != nil {
		return err
	}
	c, _ := t.Plan.ObjectOf(q.of.standIn.Any())
	key := t.Plan.FieldPointer(c, t.Plan.Column(t.Key[0]).Field)
	w.q = q.OrderBy(Order{Field: key}).Limit(w.size()) // and the key's other columns follow
	return nil
}

// batch runs one transaction, and says how many rows it had and where it ended.
func (w *walk[T]) batch(ctx context.Context) (n int, last []any, err error) {
	_, err = Run(ctx, w.eng, w.opts.Tx, func(ctx context.Context, s *Session) (struct{}, error) {
		n, last = 0, nil
		rows, err := w.q.all(ctx, s, "batches.read")
		if err != nil || len(rows) == 0 {
			return struct{}{}, err
		}
		// Before fn, which may change the row or delete it.
		if last, err = w.q.Position(s, rows[len(rows)-1]); err != nil {
			return struct{}{}, err
		}
		n = len(rows)
		return struct{}{}, w.fn(ctx, s, rows)
	})
	return n, last, err
}
