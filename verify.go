package retort

import (
	"context"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/flight"
)

// Verify looks for everything in the database that does not do for the engine's
// models: missing tables and columns, other types, NULL where the model has none
// or the other way round, columns that no INSERT would fill, missing unique rules
// and foreign keys, enum values that one side does not know. It changes nothing;
// run it at the start of a service or in a test of its migrations.
//
//   - Shape: unmanaged and read-only tables are looked at, too; types may differ
//     there as long as the Go field can hold them. Names of constraints, checks,
//     plain indexes, defaults, functions and triggers are compared by
//     [Base.CreateAll] only. A few round trips in one read-only transaction.
//   - Errors: a [*VerifyError] that lists every mismatch and what to do about it;
//     else as of any read.
func (e *Engine) Verify(ctx context.Context) error {
	using := make([]ddl.Using, len(e.models.tables))
	for i, t := range e.models.tables {
		left := make([]bool, len(t.Columns))
		for c := range t.Columns {
			left[c] = t.Columns[c].ServerMade
		}
		using[i] = ddl.Using{ReadOnly: t.ReadOnly, Left: left, Reads: func(column int, oid uint32) bool {
			_, err := t.Plan.DecoderOf([]int{column}, []uint32{oid}, t.Catalog.Names())
			return err == nil
		}}
	}
	s := e.SessionWith(TxOptions{Isolation: RepeatableRead, ReadOnly: true})
	err := ddl.Verify(ctx, reader{s}, &e.models.schema, using)
	if closing := s.Close(ctx); err == nil {
		err = closing
	}
	return err
}

// VerifyError is what [Engine.Verify] found, each mismatch with its remedy.
type VerifyError = ddl.VerifyError

// Mismatch is one point in which a database does not do for the models.
type Mismatch = ddl.Mismatch

// reader runs the catalog queries of package ddl, which change nothing.
type reader struct{ s *Session }

func (r reader) Exec(ctx context.Context, sql string) error {
	_, err := r.s.raw(ctx, flight.Statement{SQL: sql, Raw: true}, nil, true, nil)
	return err
}

func (r reader) Query(ctx context.Context, sql string) ([][]string, error) {
	var rows textRows
	_, err := r.s.raw(ctx, flight.Statement{SQL: sql, Raw: true, Row: rows.add}, nil, true, rows.reset)
	return rows, err
}

// textRows gathers rows whose values are all texts.
type textRows [][]string

func (r *textRows) add(_ []flight.Field, values [][]byte) error {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	*r = append(*r, texts)
	return nil
}

func (r *textRows) reset() { *r = nil }
