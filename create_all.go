package retort

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/schema"
)

// CreateAll creates what the database lacks of b: enums, tables, indexes,
// constraints, functions and triggers, in one transaction and under one lock, so
// that several processes may start at once. What exists is compared and never
// changed.
//
//   - Shape: one transaction at READ COMMITTED, of several round trips. A process
//     that comes second waits for the first and finds everything there.
//   - Errors: a [*SchemaDiffError] that lists every difference by name; nothing is
//     created then, as changing tables is the business of migrations. What the
//     server refuses is returned as from any session.
//   - Source: docs/errors.md#create-all-differs, docs/limits.md#create-all.
func (b *Base) CreateAll(ctx context.Context, eng *Engine) error {
	compiled := eng.models
	if eng.base != b {
		var err error
		if compiled, err = compileBase(b); err != nil {
			return numbered("CreateAll", err)
		}
	}
	// A higher level would read the catalog as it was before the lock was there.
	_, err := Run(ctx, eng, TxOptions{Isolation: ReadCommitted, SkipOutcome: true}, func(ctx context.Context, s *Session) (ddl.Result, error) {
		return ddl.CreateAll(ctx, querier{s}, &compiled.schema)
	})
	if err != nil {
		return fmt.Errorf("retort: CreateAll: %w", err)
	}
	if len(eng.models.catalog.Missing()) > 0 {
		eng.models.catalog.Again() // they may be there now
	}
	return nil
}

// SchemaDiffError says in what the database differs from the models, each
// difference with its table, its part and both sides as the server writes them.
type SchemaDiffError = ddl.DiffError

// SQL is the text that creates everything that b lists, for reading and for
// hashing: the same models give the same text.
//
//   - Errors: every problem of the models, as [Open] reports them.
func (b *Base) SQL() (string, error) {
	compiled, err := compileBase(b)
	if err != nil {
		return "", numbered("SQL", err)
	}
	var text strings.Builder
	for _, st := range ddl.Create(&compiled.schema) {
		text.WriteString(st.SQL)
		text.WriteString(";\n\n")
	}
	return text.String(), nil
}

// Schema is everything that b lists as values, for tools that compare or plan.
//
//   - Shape: a new value at each call.
//   - Errors: every problem of the models, as [Open] reports them.
func (b *Base) Schema() (*schema.Schema, error) {
	compiled, err := compileBase(b)
	if err != nil {
		return nil, numbered("Schema", err)
	}
	return &compiled.schema, nil
}

// querier runs the statements of package ddl in a session.
type querier struct{ s *Session }

func (q querier) Exec(ctx context.Context, sql string) error {
	_, err := q.s.raw(ctx, flight.Statement{SQL: sql, Raw: true}, nil, false, nil)
	return err
}

func (q querier) Query(ctx context.Context, sql string) ([][]string, error) {
	var rows textRows
	_, err := q.s.raw(ctx, flight.Statement{SQL: sql, Raw: true, Row: rows.add}, nil, false, rows.reset)
	return rows, err
}
