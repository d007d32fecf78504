package retort

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/flight"
)

// commitSnapshot ends a snapshot; see commitRead.
const commitSnapshot = "/* retort:snapshot */ COMMIT"

// Snapshot runs SELECTs in one round trip; all of them see the database at the
// same moment. What they set for their transaction (set_config) ends with it.
//
//   - Shape: one list of rows for each statement, in order; every result column
//     must be of type text, NULL is read as "". No statement: no round trip.
//   - Errors: a column of another type, by name; the server refuses to write (25006).
//   - Concurrency: safe for many goroutines.
func (e *Engine) Snapshot(ctx context.Context, statements ...string) ([][][]string, error) {
	results := make([][][]string, len(statements))
	if len(statements) == 0 {
		return results, nil
	}
	t := trip{
		begin: snapshotBegin, raw: true, readOnly: true, closes: true,
		reset: func() { clear(results) },
	}
	for i, sql := range statements {
		if err := checkSQL(sql); err != nil {
			return nil, err
		}
		t.statements = append(t.statements, flight.Statement{SQL: sql, Raw: true, Row: func(fields []flight.Field, values [][]byte) error {
			row, err := texts(fields, values)
			results[i] = append(results[i], row)
			return err
		}})
	}
	t.statements = append(t.statements, flight.Statement{SQL: commitSnapshot})
	s := e.SessionWith(TxOptions{ReadOnly: true})
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	if err := s.ready(); err != nil {
		return nil, err
	}
	defer s.leave()
	if err := s.fly(ctx, t); err != nil {
		return nil, fmt.Errorf("retort: Snapshot: %w", err)
	}
	return results, nil
}

// texts copies one row.
func texts(fields []flight.Field, values [][]byte) ([]string, error) {
	row := make([]string, len(values))
	for i, v := range values {
		if fields[i].DataTypeOID != pgtype.TextOID {
			return nil, fmt.Errorf("retort: Snapshot: column %s is not of type text; write %s::text", fields[i].Name, fields[i].Name)
		}
		row[i] = string(v)
	}
	return row, nil
}
