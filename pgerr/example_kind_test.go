package pgerr_test

import (
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// The server's detail quotes the row; the text of this package does not.
func ExampleKindOf() {
	err := pgerr.Wrap(&pgconn.PgError{
		Code: "23505", TableName: "accounts", ConstraintName: "uq_accounts_email",
		Message: `duplicate key value violates unique constraint "uq_accounts_email"`,
		Detail:  "Key (email)=(ann@example.org) already exists.",
	})
	if pgerr.KindOf(err) == pgerr.Unique {
		fmt.Println(err)
	}
	// Output:
	// pgerr: unique constraint "uq_accounts_email" on table "accounts" refused the row (SQLSTATE 23505); see docs/errors.md#constraint
}
