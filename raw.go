package retort

import (
	"context"
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
)

// Raw is a statement in the user's own SQL whose rows are read into values of T:
// a struct, matched by column name, or a single value such as int64 or string.
//
//   - Shape: a value; parameters are $1, $2 … and never part of the text.
type Raw[T any] struct {
	sql      string
	args     []any
	readOnly bool
}

// SQL declares a statement. What it does is not known, so it opens the session's
// transaction; a SELECT that changes nothing says so with [Raw.ReadOnly].
func SQL[T any](sql string, args ...any) Raw[T] { return Raw[T]{sql: sql, args: args} }

// ReadOnly declares that the statement changes nothing: outside a transaction it
// runs on its own, and holds no connection afterwards.
func (r Raw[T]) ReadOnly() Raw[T] {
	r.readOnly = true
	return r
}

// All runs the statement and reads all rows.
//
//   - Shape: one round trip. Empty and not nil when there are none. The values are
//     new and unknown to the session.
//   - Errors: a column without a field or a field without a column, by name; a
//     NULL for a field that is no pointer.
func (r Raw[T]) All(ctx context.Context, s *Session) ([]T, error) {
	scan, err := s.eng.scan(reflect.TypeFor[T]())
	if err != nil {
		return nil, err
	}
	rows := []T{}
	var dec *mapper.Decoder
	row := func(fields []flight.Field, values [][]byte) error {
		if dec == nil || !dec.Matches(fields) {
			var err error
			if dec, err = scan.Decoder(fields); err != nil {
				return fmt.Errorf("retort: SQL: %w", err)
			}
		}
		rows = append(rows, *new(T))
		o, _ := scan.Plan().ObjectOf(&rows[len(rows)-1])
		return dec.Decode(o, values)
	}
	if _, err := s.raw(ctx, r.sql, r.args, r.readOnly, row, func() { rows = rows[:0] }); err != nil {
		return nil, err
	}
	return rows, nil
}

// One runs the statement and reads its only row.
//
//   - Errors: [ErrNotFound], [ErrTooMany], and as [Raw.All].
func (r Raw[T]) One(ctx context.Context, s *Session) (T, error) {
	rows, err := r.All(ctx, s)
	switch {
	case err != nil:
		return *new(T), err
	case len(rows) == 0:
		return *new(T), ErrNotFound
	case len(rows) > 1:
		return *new(T), fmt.Errorf("%w: the SQL returned %d", ErrTooMany, len(rows))
	}
	return rows[0], nil
}

// Exec runs a statement in the user's own SQL inside the session's transaction;
// pending changes fly before it in the same round trip.
//
//   - Shape: the number of rows that it affected.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return s.raw(ctx, sql, args, false, nil, nil)
}

// raw sends the user's own SQL.
func (s *Session) raw(ctx context.Context, sql string, args []any, readOnly bool,
	row func([]flight.Field, [][]byte) error, reset func(),
) (int64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	st := flight.Statement{SQL: sql, Raw: true, Row: row}
	var encoded mapper.Args
	for i, arg := range args {
		if _, err := mapper.AppendText(&encoded, arg); err != nil {
			return 0, fmt.Errorf("retort: SQL: argument $%d: %w", i+1, err)
		}
	}
	st.Args, st.Formats = encoded.Values, encoded.Formats
	changes, statements, err := s.pending(1)
	if err != nil {
		return 0, err
	}
	t := trip{statements: append(statements, st), changes: changes, raw: true, readOnly: readOnly, reset: reset}
	if !readOnly || len(changes) > 0 || s.open || s.snapshotIsolation() {
		t.begin = s.begin()
	}
	if err := s.fly(ctx, t); err != nil {
		return 0, err
	}
	if err := s.apply(ctx, changes); err != nil {
		return 0, err
	}
	return t.statements[len(t.statements)-1].Tag.RowsAffected(), nil
}

// scan finds or makes the plan that reads rows into t.
func (e *Engine) scan(t reflect.Type) (*mapper.Scan, error) {
	if scan, ok := e.scans.Load(t); ok {
		return scan.(*mapper.Scan), nil
	}
	scan, err := mapper.ScanPlan(t)
	if err != nil {
		return nil, fmt.Errorf("retort: SQL: %w", err)
	}
	kept, _ := e.scans.LoadOrStore(t, scan)
	return kept.(*mapper.Scan), nil
}
