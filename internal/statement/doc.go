// Package statement asks the server what one SQL statement is: its parameters and
// result, the columns it uses, the tables it writes and what it leaves NULL there.
//
// The one idea: nothing is parsed here. The server describes the statement, plans
// it without running it, and says as the body of a function what that would depend
// on. All of it happens inside a transaction that the caller rolls back.
//
// It links pgx's connection. Above it sit retorttest, which describes what a build
// sends, and migrate/rolling, which describes it again on another schema.
package statement
