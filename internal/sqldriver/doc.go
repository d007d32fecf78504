// Package sqldriver lets code for database/sql run on connections of Retort's.
//
// The one idea: a driver connection keeps nothing. It is opened when database/sql
// takes it for one use and closed when that use ends, so that the pool behind it,
// not database/sql's, decides what stays open. Opening is a loan, not a dial.
//
//	db := sql.OpenDB(&sqldriver.Connector{Open: lend})
//
// No statement is ever sent twice: database/sql repeats what a driver calls
// [driver.ErrBadConn], and this one never does, not even for a statement without
// arguments, which pgx's own adapter does.
//
// It does not lend connections or know of sessions: the root package does both,
// behind [Link]. It stands on pgx.
package sqldriver
