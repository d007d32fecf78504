package retort

import (
	"context"
	"fmt"
	"strings"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/flight"
)

// CreateAll creates what the database lacks of b: enums, tables, indexes,
// constraints, functions and triggers, in one transaction and under one lock, so
// that several processes may start at once. What exists is compared and never
// changed.
//
//   - Errors: a table that differs from its model, with each difference by name;
//     then nothing is created. Changing tables is the business of migrations.
func (b *Base) CreateAll(ctx context.Context, eng *Engine) error {
	compiled := eng.models
	if eng.base != b {
		var err error
		if compiled, err = compileBase(b); err != nil {
			return fmt.Errorf("retort: CreateAll: %w", err)
		}
	}
	_, err := Run(ctx, eng, TxOptions{}, func(ctx context.Context, s *Session) (ddl.Result, error) {
		return ddl.CreateAll(ctx, querier{s}, &compiled.schema)
	})
	if err != nil {
		return fmt.Errorf("retort: CreateAll: %w", err)
	}
	return nil
}

// SQL is the text that creates everything that b lists, for reading and for
// hashing: the same models give the same text.
//
//   - Errors: every problem of the models, as [Open] reports them.
func (b *Base) SQL() (string, error) {
	compiled, err := compileBase(b)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for _, st := range ddl.Create(&compiled.schema) {
		text.WriteString(st.SQL)
		text.WriteString(";\n\n")
	}
	return text.String(), nil
}

// querier runs the statements of package ddl in a session.
type querier struct{ s *Session }

func (q querier) Exec(ctx context.Context, sql string) error {
	_, err := q.s.raw(ctx, sql, nil, false, nil, nil)
	return err
}

func (q querier) Query(ctx context.Context, sql string) ([][]string, error) {
	var rows [][]string
	row := func(_ []flight.Field, values [][]byte) error {
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = string(v)
		}
		rows = append(rows, texts)
		return nil
	}
	_, err := q.s.raw(ctx, sql, nil, false, row, func() { rows = nil })
	return rows, err
}
