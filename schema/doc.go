// Package schema says what exists: tables, columns, indexes, constraints,
// enums and registered SQL objects, as plain values.
//
// The one idea: a schema is data. The root package compiles models into it,
// internal/ddl turns it into SQL text, later rooms compare two of them. Nothing
// here does I/O, knows Go types or imports another package of the house.
//
//	t := schema.Table{Name: "books", Columns: []schema.Column{
//		{Name: "id", Type: "uuid", NotNull: true},
//		{Name: "title", Type: "text", NotNull: true},
//	}, PrimaryKey: &schema.PrimaryKey{Name: "pk_books", Columns: []string{"id"}}}
//
// Identifiers are held as written, without quotes; types, defaults, checks and
// predicates are SQL text.
package schema
