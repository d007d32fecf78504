package pgerr

import (
	"errors"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConstraintError is a row that a constraint refused: what a service answers
// with 409 or 422.
//
//   - Errors: unwraps to the [*ServerError] it was made from.
type ConstraintError struct {
	Kind       Kind // Unique, ForeignKey, NotNull, Check or Exclusion
	Constraint string
	Namespace  string
	Table      string
	Columns    []string // filled in by who knows the model; may be empty
	Code       string   // SQLSTATE
	Err        error    `json:"-"`
}

// Constraint finds a constraint's refusal in err; it is nil without one.
//
// Columns holds the column that the server named, which it does for NOT NULL
// only; whoever knows the model completes it.
func Constraint(err error) *ConstraintError {
	if e, ok := errors.AsType[*ConstraintError](err); ok {
		return e
	}
	pe, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || !kindOfServer(pe).Constraint() {
		return nil
	}
	se, ok := errors.AsType[*ServerError](err)
	if !ok {
		se = NewServerError(pe)
	}
	ce := &ConstraintError{
		Kind: se.Kind, Constraint: se.Constraint, Namespace: se.Namespace,
		Table: se.Table, Code: se.Code, Err: se,
	}
	if se.Column != "" {
		ce.Columns = []string{se.Column}
	}
	return ce
}

// Error names the constraint, its table and its columns, never a value.
func (e *ConstraintError) Error() string {
	column := ""
	if len(e.Columns) == 1 {
		column = e.Columns[0]
	}
	text := "pgerr: " + constraintWords(e.Kind, e.Constraint, e.Table, column)
	if len(e.Columns) > 0 && e.Kind != NotNull {
		text += " (columns " + strings.Join(e.Columns, ", ") + ")"
	}
	return text + " (SQLSTATE " + e.Code + "); see docs/errors.md#constraint"
}

// Unwrap gives the error that this one was made from.
func (e *ConstraintError) Unwrap() error { return e.Err }
