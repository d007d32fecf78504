package retort

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/query"
	"github.com/retort-go/retort/pgerr"
)

// CopyIn writes rows by COPY, the fastest way into a table, as they come: a million
// rows need the memory of one. They go past the session; unset client-made keys
// are made and stay in the objects.
//
//   - Shape: one round trip, inside the session's transaction, which it opens; pending
//     changes go before. Returns how many rows were written.
//   - Errors: the first row that cannot be written: nothing is kept, as the
//     transaction fails. A column whose values have no binary form for COPY. Calls on
//     the session while rows are asked for get [ErrIterOpen].
//   - Cleanup: rows runs on the caller's goroutine. Its panic goes on after the
//     transaction was rolled back and the connection given back.
func (t *Table[T]) CopyIn(ctx context.Context, s *Session, rows iter.Seq[*T]) (int64, error) {
	compiled, err := t.declaration().tableOf(s, reflect.TypeFor[T]())
	if err != nil {
		return 0, err
	}
	if compiled.ReadOnly {
		return 0, fmt.Errorf("%w: CopyIn into %q", ErrReadOnlyTable, compiled.Name())
	}
	if s.opts.ReadOnly {
		return 0, fmt.Errorf("%w: CopyIn into %q", ErrReadOnly, compiled.Name())
	}
	now := s.moment()
	columns := compiled.InsertColumns()
	if len(columns) == 0 {
		return 0, fmt.Errorf("retort: CopyIn: the database makes all columns of %q; use Insert", compiled.Name())
	}
	if rows == nil {
		return 0, errors.New("retort: CopyIn: the rows are nil")
	}
	var args mapper.Args
	encode := func(out []byte, row *T) ([]byte, error) {
		o, ok := compiled.Plan.ObjectOf(row)
		if !ok {
			return nil, errors.New("retort: CopyIn: a row is nil")
		}
		if err := prepareObject(compiled, o, now); err != nil {
			return nil, err
		}
		args.Reset()
		out = binary.BigEndian.AppendUint16(out, uint16(len(columns)))
		for i, col := range columns {
			if err := compiled.Plan.Append(&args, o, col); err != nil {
				return nil, fmt.Errorf("retort: CopyIn: %w", err)
			}
			v := args.Values[i]
			if v == nil {
				out = append(out, 0xff, 0xff, 0xff, 0xff)
				continue
			}
			if args.Formats[i] != 1 {
				return nil, fmt.Errorf("retort: CopyIn: column %q has a type whose binary form is not known; use Insert", compiled.Columns[col].Name)
			}
			out = binary.BigEndian.AppendUint32(out, uint32(len(v)))
			out = append(out, v...)
		}
		return out, nil
	}
	names := make([]string, len(columns))
	for i, col := range columns {
		names[i] = compiled.Columns[col].Name
	}
	return s.copyIn(ctx, query.CopyIn(compiled, names), rowsInto(rows, encode))
}

// copyHeader begins a binary COPY: its signature, no flags, no extension.
const copyHeader = "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"

// copyChunk is how many bytes of rows are handed on together.
const copyChunk = 64 << 10

// rowsInto writes rows to w as a binary COPY.
func rowsInto[T any](rows iter.Seq[*T], encode func([]byte, *T) ([]byte, error)) func(io.Writer) error {
	return func(w io.Writer) error {
		buf := append(make([]byte, 0, copyChunk), copyHeader...)
		for row := range rows {
			var err error
			if buf, err = encode(buf, row); err != nil {
				return err
			}
			if len(buf) < copyChunk {
				continue
			}
			if _, err := w.Write(buf); err != nil {
				return err
			}
			buf = buf[:0]
		}
		_, err := w.Write(append(buf, 0xff, 0xff))
		return err
	}
}

// copyIn sends what rows writes as a statement of the session's next flight.
func (s *Session) copyIn(ctx context.Context, sql string, rows func(io.Writer) error) (int64, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	var failure error
	var handed bool
	st := flight.Statement{SQL: sql, Copy: func(w io.Writer) error {
		handed = true // the rows may not come a second time
		s.busy.Store(inIter)
		defer s.busy.Store(inCall)
		failure = rows(w)
		return failure
	}}
	t := trip{opens: true, wrote: true, tag: new(int64), handed: &handed}
	err := s.readTrip(ctx, t, st)
	if err != nil && failure != nil && !errors.Is(failure, flight.ErrCopied) {
		err = errors.Join(failure, err)
	}
	return *t.tag, err
}

// copying runs a COPY past the flights. Logs and observers are shown sql, in which
// the values of st are parameters.
func (s *Session) copying(ctx context.Context, st query.Statement, sql string, run func(context.Context, *pgconn.PgConn) (pgconn.CommandTag, error)) (int64, error) {
	v := &view{s: s}
	conn, err := v.enter(ctx, "")
	if err != nil {
		return 0, err
	}
	landed := false
	defer func() {
		if !landed { // the rows panicked or exited
			s.lost(ctx, errLeft)
		}
		s.leave()
	}()
	var tag pgconn.CommandTag
	err = errLeft
	var args []any
	if s.eng.echo.params {
		shown := statement(st, nil)
		args = params(&shown)
	}
	watched, done := s.eng.watched(ctx, []string{sql}, args)
	defer func() { done([]int64{tag.RowsAffected()}, err) }()
	tag, err = run(watched, conn.PgConn())
	err = s.eng.explain(pgerr.Wrap(err))
	landed = true
	err = s.used(ctx, err)
	return tag.RowsAffected(), err
}

// CopyFormat is the form in which [Selection.CopyTo] writes.
type CopyFormat string

// The forms of [Selection.CopyTo].
const (
	CopyCSV    CopyFormat = "FORMAT csv, HEADER" // with the names of the columns on the first line
	CopyText   CopyFormat = "FORMAT text"        // PostgreSQL's own, tabs between the columns
	CopyBinary CopyFormat = "FORMAT binary"
)

// CopyTo writes the rows to w by COPY, as the server sends them and without
// decoding any: the way to a CSV file. Returns how many rows there were.
//
//   - Shape: inside the session's transaction; pending changes are written first, in a
//     round trip of their own. COPY takes no parameters: values stand in its text, as quoted constants, for
//     the server alone; logs and observers are shown parameters.
//   - Errors: of w, after which the session has failed.
func (x *Selection[R]) CopyTo(ctx context.Context, s *Session, w io.Writer, format CopyFormat) (int64, error) {
	switch format {
	case CopyCSV, CopyText, CopyBinary:
	default:
		return 0, fmt.Errorf("retort: CopyTo: the format is none of CopyCSV, CopyText, CopyBinary")
	}
	if s == nil {
		return 0, errNoSession
	}
	form, _, err := x.core().build(nil)
	if err != nil {
		return 0, err
	}
	what := label("select.copy", x.name)
	st, err := query.Constant(form, s.world(), what)
	if err != nil {
		return 0, err
	}
	shown, err := query.Read(form, s.world(), what)
	if err != nil {
		return 0, err
	}
	sql := copyTo(st.SQL, format)
	//retortvet:ignore sqltext COPY takes no parameters: the values are constants, quoted by internal/query
	return s.copying(ctx, shown, copyTo(shown.SQL, format), func(ctx context.Context, c *pgconn.PgConn) (pgconn.CommandTag, error) {
		return c.CopyTo(ctx, w, sql)
	})
}

func copyTo(sql string, format CopyFormat) string {
	head, body, _ := strings.Cut(sql, "*/ ")
	return head + "*/ COPY (" + body + "\n) TO STDOUT (" + string(format) + ")"
}
