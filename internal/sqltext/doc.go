// Package sqltext writes the small parts of SQL text: quoted names, quoted
// strings, placeholders, LIKE patterns.
//
// The one idea: text that came from elsewhere enters SQL through one of these
// functions or as a parameter, never by plain concatenation.
//
//	var b sqltext.Builder
//	b.WriteString("SELECT ")
//	b.Idents([]string{"id", "title"}, ", ")
//	b.WriteString(" FROM ")
//	b.Ident("books")
//	b.WriteString(" WHERE id = ")
//	b.Arg()
//	b.String() // SELECT "id", "title" FROM "books" WHERE id = $1
//
// It knows no statements, types or schemas and sends nothing; internal/ddl and
// the query builders of the root package sit above, only the standard library
// below.
package sqltext
