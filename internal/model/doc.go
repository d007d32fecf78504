// Package model holds compiled models: what a struct is to a table, ready to
// be read and written.
//
// The one idea: everything that can be known before the first query is worked
// out once, when the engine is opened. A [Table] joins the facts of package
// schema, the plan of package mapper and the role of each column (key, version,
// made by the server), and keeps the SQL texts that never change.
//
// It does no I/O and knows nothing of sessions. Above it sit internal/query,
// internal/unitofwork and the root package; below it schema, internal/mapper
// and internal/sqltext.
package model
