package retort

import (
	"context"
	"fmt"
	"iter"
	"math"
	"reflect"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
)

// prepared is a statement that is ready to be sent, and how its rows are read.
type prepared struct {
	st      query.Statement
	scan    *mapper.Scan
	columns []int
	dec     *mapper.Decoder
	catalog *mapper.Catalog // knows the types that only the database numbers
}

func (x *selection) prepare(s *Session, label string) (*prepared, error) {
	if s == nil {
		return nil, errNoSession
	}
	scan, err := s.eng.scan(scanned{x.goType, x.row == nil})
	if err != nil {
		return nil, err
	}
	form, columns, err := x.build(scan)
	if err != nil {
		return nil, err
	}
	if x.name != "" {
		label += " " + x.name
	}
	p := &prepared{scan: scan, columns: columns, catalog: s.eng.models.catalog}
	p.st, err = query.Read(form, s.world(), label)
	return p, err
}

// decode reads one row into r, a pointer to a value of the type.
func (p *prepared) decode(r any, fields []flight.Field, values [][]byte) error {
	if p.dec == nil || !p.dec.Matches(fields) {
		var err error
		if p.dec, err = p.scan.Plan().DecoderWith(p.columns, mapper.OIDs(fields), p.catalog); err != nil {
			return fmt.Errorf("retort: reading %s: %w", p.scan.Plan().Type(), err)
		}
	}
	o, _ := p.scan.Plan().ObjectOf(r)
	if err := p.dec.Decode(o, values); err != nil {
		return fmt.Errorf("retort: reading %s: %w", p.scan.Plan().Type(), err)
	}
	return nil
}

// All reads all rows.
//
//   - Shape: one round trip; pending changes of the session fly with it. Empty and
//     not nil when there are none.
//   - Errors: what is wrong with the query, everything at once.
func (x *Selection[R]) All(ctx context.Context, s *Session) ([]R, error) {
	rows, _, err := x.read(ctx, s, "select.all", math.MaxInt)
	return rows, err
}

// First reads the first row of the order; without one the server chooses.
//
//   - Errors: [ErrNotFound].
func (x *Selection[R]) First(ctx context.Context, s *Session) (R, error) {
	rows, n, err := x.read(ctx, s, "select.first", 1)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return *new(R), err
	}
	return rows[0], nil
}

// One reads the only row.
//
//   - Errors: [ErrNotFound]; [ErrTooMany] when there is a second one.
func (x *Selection[R]) One(ctx context.Context, s *Session) (R, error) {
	rows, n, err := x.read(ctx, s, "select.one", 2)
	switch {
	case err != nil:
		return *new(R), err
	case n == 0:
		return *new(R), ErrNotFound
	case n > 1:
		return *new(R), fmt.Errorf("%w in a Select of %s", ErrTooMany, reflect.TypeFor[R]())
	}
	return rows[0], nil
}

// read keeps the first most rows and counts them all.
func (x *Selection[R]) read(ctx context.Context, s *Session, label string, most int) ([]R, int, error) {
	rows := []R{}
	n, err := x.core().each(ctx, s, label, most, func() any {
		rows = append(rows, *new(R))
		return &rows[len(rows)-1]
	}, func() { rows = rows[:0] })
	if err != nil {
		return nil, 0, err
	}
	return rows, n, nil
}

// each reads rows, the first most of them into what next gives, and counts them
// all. reset clears what next gave.
func (x *selection) each(ctx context.Context, s *Session, label string, most int, next func() any, reset func()) (n int, err error) {
	if most < math.MaxInt && (!x.limited || x.limit > most) && x.capable(most) {
		x = x.clone()
		x.cap(most)
	}
	p, err := x.prepare(s, label)
	if err != nil {
		return 0, err
	}
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	row := func(fields []flight.Field, values [][]byte) error {
		if n++; n > most {
			return nil
		}
		return p.decode(next(), fields, values)
	}
	t := trip{reset: func() { reset(); n = 0 }, opens: p.st.Opens(), wrote: p.st.Writes}
	err = s.readTrip(ctx, t, statement(p.st, row))
	return n, err
}

// capable tells whether a limit may be put on the statement without making one
// wider that the query has.
func (x *selection) capable(most int) bool {
	return x.base == nil || x.base.Limit < 0 || x.base.Limit > most
}

// Iter reads the rows one by one, in constant memory; see [Query.Iter].
func (x *Selection[R]) Iter(ctx context.Context, s *Session) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		if err := x.stream(ctx, s, yield); err != nil {
			yield(*new(R), err)
		}
	}
}

func (x *Selection[R]) stream(ctx context.Context, s *Session, yield func(R, error) bool) error {
	p, err := x.core().prepare(s, "select.iter")
	if err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		return err
	}
	defer s.leave()
	return s.iterate(ctx, p.st, func(fields []flight.Field, values [][]byte) (func() bool, error) {
		var r R
		if err := p.decode(&r, fields, values); err != nil {
			return nil, err
		}
		return func() bool { return yield(r, nil) }, nil
	})
}
