package ddl

import (
	"context"

	"github.com/retort-go/retort/schema"
)

// Querier runs SQL inside one transaction, which the caller opens, commits or
// rolls back.
//
//   - Shape: Exec runs one statement. Query returns its rows in order, every
//     value as text; all result columns are of type text and never NULL.
//   - Errors: as the caller makes them; [CreateAll] wraps and returns them.
type Querier interface {
	Exec(ctx context.Context, sql string) error
	Query(ctx context.Context, sql string) ([][]string, error)
}

// Result says what [CreateAll] did.
//
//   - Shape: Created holds the statements that ran, in order; empty when
//     everything was there.
type Result struct {
	Created []Statement
}

// CreateAll creates what is missing of s in the current schema.
func CreateAll(ctx context.Context, q Querier, s *schema.Schema) (Result, error) {
	panic("not yet")
}
