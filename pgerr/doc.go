// Package pgerr names failures: what PostgreSQL or the way to it said, as a
// [Kind] a program can switch on and a text that is safe to log.
//
// The one idea: a server's message may quote the row that it refused, so the
// texts of this package are made of names (constraint, table, column,
// SQLSTATE) and never of values.
//
//	if pgerr.KindOf(err) == pgerr.Unique {
//		// answer 409
//	}
//
// It classifies and never acts: retrying, answering and logging belong to the
// packages above. It stands at the bottom of the house and imports only pgx's
// pgconn; internal/flight, the root package and web sit on it.
package pgerr
