package retort

import (
	"context"
	"encoding/binary"
	"fmt"
	"iter"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/query"
)

// All reads all rows.
//
//   - Shape: one round trip, relations included; pending changes of the session
//     fly with it. Empty and not nil when there are none. A row that the session
//     already has is the object it has, with that object's values.
//   - Errors: what is wrong with the query, everything at once.
func (q *Query[T]) All(ctx context.Context, s *Session) ([]*T, error) {
	return q.all(ctx, s, "query.all")
}

func (q *Query[T]) all(ctx context.Context, s *Session, label string) ([]*T, error) {
	objects, err := q.core().read(ctx, s, label)
	if err != nil {
		return nil, err
	}
	return mapper.Pointers[T](objects), nil
}

// read is all without the type.
func (q *rowQuery) read(ctx context.Context, s *Session, label string) ([]mapper.Object, error) {
	sel, relations, err := q.prepare(s, label)
	if err != nil {
		return nil, err
	}
	if err := s.ready(); err != nil {
		return nil, err
	}
	defer s.leave()
	objects, err := s.selectRows(ctx, sel, relations)
	if objects == nil {
		objects = []mapper.Object{} // empty, and not nil
	}
	return objects, err
}

// First reads the first row of the order; without one the server chooses.
//
//   - Errors: [ErrNotFound].
func (q *Query[T]) First(ctx context.Context, s *Session) (*T, error) {
	rows, err := q.capped(1).all(ctx, s, "query.first")
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ErrNotFound
	}
	return rows[0], nil
}

// One reads the only row.
//
//   - Errors: [ErrNotFound]; [ErrTooMany] when there is a second one.
func (q *Query[T]) One(ctx context.Context, s *Session) (*T, error) {
	rows, err := q.capped(2).all(ctx, s, "query.one")
	if err != nil {
		return nil, err
	}
	if err := q.core().only(len(rows)); err != nil {
		return nil, err
	}
	return rows[0], nil
}

// only says what is wrong with n rows where one was asked for.
func (q *rowQuery) only(n int) error {
	switch n {
	case 0:
		return ErrNotFound
	case 1:
		return nil
	default:
		return fmt.Errorf("%w: rows of %q", ErrTooMany, q.of.name)
	}
}

// capped limits the query further, never wider.
func (q *Query[T]) capped(n int) *Query[T] {
	if q != nil && q.limited && q.limit < n {
		return q
	}
	return q.Limit(n)
}

// Count counts the rows, without order but with limit and page.
func (q *Query[T]) Count(ctx context.Context, s *Session) (int64, error) {
	return q.core().count(ctx, s)
}

func (q *rowQuery) count(ctx context.Context, s *Session) (int64, error) {
	var n int64
	err := q.scalar(ctx, s, "query.count", (*query.Select).Count, func(value []byte) (err error) {
		n, err = countOf(value)
		return err
	})
	return n, err
}

func countOf(value []byte) (int64, error) {
	if len(value) != 8 {
		return 0, fmt.Errorf("retort: count came back with %d bytes instead of 8", len(value))
	}
	return int64(binary.BigEndian.Uint64(value)), nil
}

// Exists tells whether there is a row.
func (q *Query[T]) Exists(ctx context.Context, s *Session) (bool, error) {
	return q.core().exists(ctx, s)
}

func (q *rowQuery) exists(ctx context.Context, s *Session) (bool, error) {
	var found bool
	err := q.scalar(ctx, s, "query.exists", (*query.Select).Exists, func(value []byte) error {
		if len(value) != 1 {
			return fmt.Errorf("retort: exists came back with %d bytes instead of 1", len(value))
		}
		found = value[0] != 0
		return nil
	})
	return found, err
}

func (q *rowQuery) scalar(ctx context.Context, s *Session, label string,
	build func(*query.Select) (query.Statement, error), take func([]byte) error,
) error {
	sel, _, err := q.prepare(s, label)
	if err != nil {
		return err
	}
	st, err := build(sel)
	if err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	return s.readTrip(ctx, trip{opens: st.Opens(), wrote: st.Writes}, statement(st, func(_ []flight.Field, values [][]byte) error { return take(values[0]) }))
}

// Iter reads the rows one by one, in constant memory. The objects are new and
// unknown to the session: changes of them are not written.
//
//   - Shape: one round trip; the connection is held until the loop ends. Ending
//     it early gives the connection up if much is left to read.
//   - Errors: yielded last, with a nil row. Other calls on the session inside the
//     loop get [ErrIterOpen]. Relations cannot be loaded this way.
func (q *Query[T]) Iter(ctx context.Context, s *Session) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		err := q.core().stream(ctx, s, func(o mapper.Object) bool { return yield(mapper.At[T](o), nil) })
		if err != nil {
			yield(nil, err)
		}
	}
}

func (q *rowQuery) stream(ctx context.Context, s *Session, yield func(mapper.Object) bool) error {
	sel, relations, err := q.prepare(s, "query.iter")
	if err != nil {
		return err
	}
	if len(relations) > 0 {
		return fmt.Errorf("retort: Iter does not load relations; use All, or read them for each page")
	}
	st, err := sel.Rows()
	if err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	t := sel.Table
	return s.iterate(ctx, st, func(fields []flight.Field, values [][]byte) (func() bool, error) {
		dec, err := t.Decoder(model.ResultAll, fields)
		if err != nil {
			return nil, fmt.Errorf("retort: reading %s: %w", t.Type, err)
		}
		o := t.Plan.New()
		if err := dec.Decode(o, values); err != nil {
			return nil, fmt.Errorf("retort: reading %s: %w", t.Type, err)
		}
		return func() bool { return yield(o) }, nil
	})
}
