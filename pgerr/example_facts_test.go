package pgerr_test

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// What a program asks of an error, whoever returned it.
func ExampleConstraint() {
	err := fmt.Errorf("store the user: %w", &pgconn.PgError{
		Severity: "ERROR", Code: "23505", TableName: "users", ConstraintName: "uq_users_email",
	})
	if c := pgerr.Constraint(err); c != nil {
		fmt.Println(c.Kind, c.Constraint, c.Table)
	}
	fmt.Println(pgerr.Code(err), pgerr.Retryable(err), pgerr.Transient(err), pgerr.KindOf(err).Constraint())
	// Output:
	// unique uq_users_email users
	// 23505 false false true
}

// A conflict goes away when everything is run again; a server that stops, later.
func ExampleRetryable() {
	for _, code := range []string{"40001", "40P01", "57P01", "42601"} {
		err := pgerr.Wrap(&pgconn.PgError{Severity: "ERROR", Code: code})
		fmt.Println(code, pgerr.Retryable(err), pgerr.Transient(err))
	}
	// Output:
	// 40001 true true
	// 40P01 true true
	// 57P01 false true
	// 42601 false false
}

// Driver errors lose what must not be in a log.
func ExampleNewServerError() {
	err := pgerr.NewServerError(&pgconn.PgError{
		Severity: "ERROR", Code: "23505", Message: "duplicate key", Detail: "Key (email)=(ada@example.org) already exists.",
	})
	fmt.Println(err.Code, err.Kind)
	config, parseErr := pgconn.ParseConfig("postgres://app:s3cret@db.example.com/shop")
	if parseErr != nil {
		panic(parseErr)
	}
	fmt.Println(pgerr.NewConnectError(config, errors.New("s3cret was refused")).Err)
	// Output:
	// 23505 unique
	// the cause is withheld, since its text holds the password
}
