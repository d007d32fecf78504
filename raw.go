package retort

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/pgerr"
)

// Raw is a statement in the user's own SQL whose rows are read into values of T:
// a struct, matched by column name, or a single value such as int64 or string.
//
//   - Shape: a value; one statement, whose parameters are $1, $2 … and never part
//     of the text. Arguments travel as text and the server infers their types,
//     where it cannot, by a cast such as $1::uuid.
//
// It can stand inside built queries, as the source of a [Sub] or [CTE], in [Exists],
// [InQuery] and [Scalar]. There its arguments are those of a [Fragment].
type Raw[T any] struct {
	sql      string
	args     []any
	readOnly bool
}

// SQL declares a statement. Its arguments are $1, $2 …, or named by a single [Args]:
// retort.SQL[int64]("SELECT … WHERE id = @id", retort.Args{"id": id}). What it does is not known, so it opens the session's
// transaction; a SELECT that changes nothing says so with [Raw.ReadOnly].
func SQL[T any](sql string, args ...any) Raw[T] { return Raw[T]{sql: sql, args: args} }

// ReadOnly declares that the statement changes nothing: outside a transaction it
// runs on its own, and holds no connection afterwards.
func (r Raw[T]) ReadOnly() Raw[T] {
	r.readOnly = true
	return r
}

// rowsOf is the statement inside another one.
func (r Raw[T]) rowsOf(layout *mapper.Scan) (query.Form, error) {
	pieces, err := fragment("SQL", r.sql, r.args)
	if err != nil {
		return nil, err
	}
	own := &query.Own{Pieces: pieces, ReadOnly: r.readOnly}
	if layout == nil { // compared and not read
		return own, nil
	}
	plan := layout.Plan()
	for i := range plan.Len() {
		if c := plan.Column(i); !isRelation(c.Field.Type) {
			own.Names, own.Nullable = append(own.Names, c.Name), append(own.Nullable, plan.Nullable(i))
		}
	}
	return own, nil
}

func (r Raw[T]) rowType() *T { return nil }

// All runs the statement and reads all rows.
//
//   - Shape: one round trip. Empty and not nil when there are none. The values are
//     new and unknown to the session.
//   - Errors: a column without a field or a field without a column, by name, also
//     when no row came; a NULL for a field that is no pointer.
func (r Raw[T]) All(ctx context.Context, s *Session) ([]T, error) {
	rows, _, err := r.read(ctx, s, math.MaxInt)
	return rows, err
}

// One runs the statement and reads its only row.
//
//   - Errors: [ErrNotFound], [ErrTooMany], and as [Raw.All].
func (r Raw[T]) One(ctx context.Context, s *Session) (T, error) {
	rows, n, err := r.read(ctx, s, 1)
	switch {
	case err != nil:
		return *new(T), err
	case n == 0:
		return *new(T), ErrNotFound
	case n > 1:
		return *new(T), fmt.Errorf("%w: the SQL returned %d", ErrTooMany, n)
	}
	return rows[0], nil
}

// read keeps the first most rows and counts them all.
func (r Raw[T]) read(ctx context.Context, s *Session, most int) (rows []T, n int, err error) {
	if s == nil {
		return nil, 0, errNoSession
	}
	scan, err := s.eng.scan(scanned{goType: reflect.TypeFor[T]()})
	if err != nil {
		return nil, 0, err
	}
	rows = []T{}
	var dec *mapper.Decoder
	row := func(fields []flight.Field, values [][]byte) error {
		if n++; n > most {
			return nil
		}
		if dec == nil || !dec.Matches(fields) {
			var err error
			if dec, err = scan.DecoderWith(fields, s.eng.models.catalog); err != nil {
				return err
			}
		}
		rows = append(rows, *new(T))
		o, _ := scan.Plan().ObjectOf(&rows[len(rows)-1])
		if err := dec.Decode(o, values); err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
		return nil
	}
	empty := func(fields []flight.Field) error { // a mistake shows before the first row is there
		_, err := scan.DecoderWith(fields, s.eng.models.catalog)
		return err
	}
	st := flight.Statement{SQL: r.sql, Raw: true, Row: row, Empty: empty}
	if _, err := s.raw(ctx, st, r.args, r.readOnly, func() { rows, n = rows[:0], 0 }); err != nil {
		return nil, 0, err
	}
	return rows, n, nil
}

// Exec runs a statement in the user's own SQL inside the session's transaction;
// pending changes fly before it in the same round trip.
//
//   - Shape: the number of rows that it affected.
func (s *Session) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return s.raw(ctx, flight.Statement{SQL: sql, Raw: true}, args, false, nil)
}

// raw sends the user's own SQL, st without its arguments.
func (s *Session) raw(ctx context.Context, st flight.Statement, args []any, readOnly bool, reset func()) (int64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	sql, encoded, err := s.rawText(st.SQL, args)
	if err != nil {
		return 0, err
	}
	st.SQL = sql
	st.Args, st.Formats = encoded.Values, encoded.Formats
	t := trip{raw: true, readOnly: readOnly, reset: reset}
	if err := s.takeAlong(ctx, &t, 1); err != nil {
		return 0, err
	}
	at, work := len(t.statements), t.work
	t.statements = append(t.statements, st)
	if !readOnly || work != nil || s.open || s.snapshotIsolation() {
		t.begin = s.begin()
	}
	s.scope(&t)
	if err := s.fly(ctx, t); err != nil {
		return 0, explainRaw(err, len(st.Args))
	}
	if err := s.apply(ctx, work); err != nil {
		return 0, err
	}
	return t.statements[at].Tag.RowsAffected(), nil
}

// takesParameters reports whether a text has a $1; one in a string counts, too, as
// the server looks closer.
func takesParameters(sql string) bool {
	for {
		_, after, found := strings.Cut(sql, "$")
		if !found {
			return false
		}
		if after != "" && '1' <= after[0] && after[0] <= '9' {
			return true
		}
		sql = after
	}
}

// rawText is the user's own SQL with its arguments numbered and encoded.
func (s *Session) rawText(sql string, args []any) (string, mapper.Args, error) {
	var encoded mapper.Args
	if err := checkSQL(sql); err != nil {
		return "", encoded, err
	}
	sql, args, err := arrange("SQL", sql, args)
	if err != nil {
		return "", encoded, err
	}
	if len(args) > 0 && !takesParameters(sql) {
		return "", encoded, fmt.Errorf("retort: SQL: arguments: %d given, and no $1 in the text; parameters are $1, $2 … or @name with retort.Args, never ?", len(args))
	}
	for i, arg := range args {
		if _, err := s.eng.models.types.AppendText(&encoded, arg); err != nil {
			return "", encoded, fmt.Errorf("retort: SQL: argument $%d: %w", i+1, err)
		}
	}
	return sql, encoded, nil
}

// checkSQL refuses what is no statement, before it costs a round trip.
func checkSQL(sql string) error {
	if strings.TrimSpace(sql) == "" {
		return errors.New("retort: SQL: the statement is empty")
	}
	if err := sqltext.CheckLiteral(sql); err != nil {
		return fmt.Errorf("retort: SQL: %w", err)
	}
	return nil
}

// explainRaw says that the user's own SQL failed, unless it was a change that
// flew with it.
func explainRaw(err error, args int) error {
	server, ok := errors.AsType[*pgerr.ServerError](err)
	if ok && server.Code == "08P01" && server.Severity == "ERROR" {
		// It is of the class of lost connections, which a caller would try again.
		return fmt.Errorf("retort: SQL: the statement has another number of parameters $1, $2 … than the %d given", args)
	}
	if ok && server.Code == "42601" && server.Err.Routine == "exec_parse_message" {
		return fmt.Errorf("retort: SQL: one statement per call; split them: %w", err)
	}
	if strings.HasPrefix(err.Error(), "retort: ") {
		return err
	}
	return fmt.Errorf("retort: SQL: %w", err)
}

// scanned is what the rows of a result are read into: a value of the type, or a
// struct of them; single for a struct that is a value.
type scanned struct {
	goType reflect.Type
	single bool
}

// scan finds or makes the plan that reads rows.
func (e *Engine) scan(into scanned) (*mapper.Scan, error) {
	if scan, ok := e.scans.Load(into); ok {
		return scan.(*mapper.Scan), nil
	}
	plan := e.models.types.ScanPlan
	if into.single {
		plan = e.models.types.ValuePlan
	}
	scan, err := plan(into.goType)
	if err != nil {
		return nil, fmt.Errorf("retort: SQL: %w", err)
	}
	kept, _ := e.scans.LoadOrStore(into, scan)
	return kept.(*mapper.Scan), nil
}
