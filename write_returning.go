package retort

import (
	"context"
	"errors"
	"reflect"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
)

// Returned is a bulk write that gives back values of R.
type Returned[R any] struct {
	what string
	name string
	form func(*Session) (query.Form, *query.Returning, error)
	row  *R
	list []Target
}

// writing is an [Update], a [Delete] or an [Insert].
type writing interface {
	returning(s *Session) (f query.Form, r *query.Returning, what, name string, err error)
}

func (u *Update[T]) returning(s *Session) (query.Form, *query.Returning, string, string, error) {
	return u.core().returning(s)
}

func (d *Delete[T]) returning(s *Session) (query.Form, *query.Returning, string, string, error) {
	return d.core().returning(s)
}

func (b *bulk) returning(*Session) (query.Form, *query.Returning, string, string, error) {
	w := b.w
	what := "update.returning"
	if w.Kind == "DELETE" {
		what = "delete.returning"
	}
	return &w, &w.Returning, what, b.name, errors.Join(b.errs...)
}

// Returning gives back expressions of the written rows; row and targets are those
// of [Select].
func Returning[R any](w writing, row *R, targets ...Target) Returned[R] {
	_, _, what, name, _ := w.returning(nil)
	return Returned[R]{what: what, name: name, row: row, list: targets, form: func(s *Session) (query.Form, *query.Returning, error) {
		f, out, _, _, err := w.returning(s)
		return f, out, err
	}}
}

// rowsOf is the write inside another statement, a [CTE].
func (r Returned[R]) rowsOf(layout *mapper.Scan) (query.Form, error) {
	form, _, err := r.build(nil, layout)
	return form, err
}

func (r Returned[R]) rowType() *R { return nil }

func (r Returned[R]) build(s *Session, layout *mapper.Scan) (query.Form, []int, error) {
	form, out, err := r.form(s)
	if err != nil {
		return nil, nil, err
	}
	x := selection{base: &query.Select{}, goType: reflect.TypeFor[R](), row: r.row, targets: r.list}
	sel, columns, err := x.build(layout)
	if err != nil {
		return nil, nil, err
	}
	out.Items = sel.(*query.Select).Items
	return form, columns, nil
}

// All writes and returns one R for each row.
//
//   - Shape: one round trip, inside the session's transaction.
func (r Returned[R]) All(ctx context.Context, s *Session) ([]R, error) {
	if s == nil {
		return nil, errNoSession
	}
	scan, err := s.eng.scan(scanned{goType: reflect.TypeFor[R]()})
	if err != nil {
		return nil, err
	}
	form, columns, err := r.build(s, scan)
	if err != nil {
		return nil, err
	}
	p := prepared{scan: scan, columns: columns, catalog: s.eng.models.catalog}
	rows := []R{}
	_, err = s.write(ctx, form, label(r.what, r.name), func(fields []flight.Field, values [][]byte) error {
		rows = append(rows, *new(R))
		return p.decode(&rows[len(rows)-1], fields, values)
	}, func() { rows = rows[:0] })
	if err != nil {
		return nil, err
	}
	return rows, nil
}
