package retort

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
)

// Ask is a query and the variable for its answer, for [Together]: made by
// [Query.AllInto], [Query.OneInto], [Query.CountInto], [Selection.AllInto] and
// [Table.GetInto].
type Ask struct {
	prepare func(s *Session) (*asked, error)
}

// asked is an Ask on its way.
type asked struct {
	st     flight.Statement // without SQL: the answer is known already
	trip   query.Effects
	reset  func()
	finish func() error
}

// Together asks several queries in one round trip, each with a type of its own.
// Pending changes of the session fly before them.
//
//		var book *Book
//		var n int64
//		err := retort.Together(ctx, s, Books.GetInto(id, &book), Authors.Query().CountInto(&n))
//
//	  - Shape: outside a transaction with one snapshot for all, each query sees what
//	    is committed when its turn comes.
//	  - Errors: of all queries, joined, each with its number from 1: [ErrNotFound] and
//	    [ErrTooMany] where one row was asked for. Other answers are in their variables
//	    all the same, unless the round trip itself failed.
func Together(ctx context.Context, s *Session, asks ...Ask) error {
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	var errs []error
	var all []*asked
	var reads []flight.Statement
	t := trip{}
	for i, ask := range asks {
		if ask.prepare == nil {
			errs = append(errs, fmt.Errorf("retort: Together: query %d is empty; make it by AllInto, OneInto, CountInto or GetInto", i+1))
			continue
		}
		a, err := ask.prepare(s)
		if err != nil {
			errs = append(errs, numberedAsk(i, err))
			continue
		}
		all = append(all, a)
		t.opens, t.wrote = t.opens || a.trip.Opens(), t.wrote || a.trip.Writes
		if a.st.SQL != "" {
			reads = append(reads, a.st)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t.reset = func() {
		for _, a := range all {
			a.reset()
		}
	}
	if len(reads) > 0 {
		if err := s.readTrip(ctx, t, reads...); err != nil {
			return err
		}
	}
	for i, a := range all {
		if err := a.finish(); err != nil {
			errs = append(errs, numberedAsk(i, err))
		}
	}
	return errors.Join(errs...)
}

func numberedAsk(i int, err error) error {
	return fmt.Errorf("retort: Together: query %d: %w", i+1, err)
}

// AllInto asks for all rows; see [Query.All]. Relations are not loaded this way.
func (q *Query[T]) AllInto(rows *[]*T) Ask {
	return q.core().into("query.all", func(found []mapper.Object) error {
		*rows = mapper.Pointers[T](found)
		return nil
	})
}

// OneInto asks for the only row; see [Query.One].
func (q *Query[T]) OneInto(row **T) Ask {
	return q.capped(2).core().into("query.one", func(found []mapper.Object) error {
		*row = nil
		if len(found) == 1 {
			*row = mapper.At[T](found[0])
		}
		return q.core().only(len(found))
	})
}

func (q *rowQuery) into(label string, take func([]mapper.Object) error) Ask {
	return Ask{func(s *Session) (*asked, error) {
		sel, relations, err := q.prepare(s, label)
		if err != nil {
			return nil, err
		}
		if len(relations) > 0 {
			return nil, errors.New("it loads relations, which take a snapshot of their own; ask All of it")
		}
		st, err := sel.Rows()
		if err != nil {
			return nil, err
		}
		r := &receiver{table: sel.Table, expect: expected(sel.Limit)}
		return &asked{st: statement(st, r.row), trip: st.Effects, reset: r.reset, finish: func() error {
			load := r.load
			if sel.Lock != nil {
				load = r.reload
			}
			if r.objects == nil {
				r.objects = []mapper.Object{} // empty, and not nil
			}
			return take(load(s))
		}}, nil
	}}
}

// CountInto asks for the number of rows; see [Query.Count].
func (q *Query[T]) CountInto(n *int64) Ask {
	return Ask{func(s *Session) (*asked, error) {
		sel, _, err := q.core().prepare(s, "query.count")
		if err != nil {
			return nil, err
		}
		st, err := sel.Count()
		if err != nil {
			return nil, err
		}
		row := func(_ []flight.Field, values [][]byte) (err error) {
			*n, err = countOf(values[0])
			return err
		}
		return &asked{st: statement(st, row), trip: st.Effects, reset: func() {}, finish: func() error { return nil }}, nil
	}}
}

// AllInto asks for all rows; see [Selection.All].
func (x *Selection[R]) AllInto(rows *[]R) Ask {
	return Ask{func(s *Session) (*asked, error) {
		p, err := x.core().prepare(s, "select.all")
		if err != nil {
			return nil, err
		}
		found := []R{}
		row := func(fields []flight.Field, values [][]byte) error {
			found = append(found, *new(R))
			return p.decode(&found[len(found)-1], fields, values)
		}
		return &asked{st: statement(p.st, row), trip: p.st.Effects, reset: func() { found = found[:0] }, finish: func() error {
			*rows = found
			return nil
		}}, nil
	}}
}

// GetInto asks for the row with that primary key; see [Table.Get].
func (t *Table[T]) GetInto(key any, row **T) Ask {
	return t.declaration().getInto(reflect.TypeFor[T](), key, func(o mapper.Object) { *row = mapper.At[T](o) })
}

func (d *declaration) getInto(goType reflect.Type, key any, take func(mapper.Object)) Ask {
	return Ask{func(s *Session) (*asked, error) {
		compiled, err := d.tableOf(s, goType)
		if err != nil {
			return nil, err
		}
		k, err := compiled.ParseKey(key)
		if err != nil {
			return nil, fmt.Errorf("retort: Get %s: %w", compiled.Type, err)
		}
		take(mapper.Object{})
		if o, found := s.unit.Find(compiled, k); found {
			take(o)
			return &asked{reset: func() {}, finish: func() error { return nil }}, nil
		}
		if s.unit.Gone(compiled, k) {
			return nil, ErrNotFound
		}
		f, st, err := s.byKeyStatement("Get", compiled, key)
		if err != nil {
			return nil, err
		}
		return &asked{st: st, reset: f.reset, finish: func() error {
			if f.object.IsNil() {
				return ErrNotFound
			}
			take(s.unit.Load(compiled, f.object, f.then))
			return nil
		}}, nil
	}}
}
