// Package ddl turns schema facts into SQL text and creates them in a database.
//
// The one idea: the server compares. A model that meets existing tables is
// built once more in a scratch schema that is rolled back, both sides are read
// through the same catalog queries, as the server itself renders them, and only
// then are two texts compared.
//
//	for _, statement := range ddl.Create(s) {
//		fmt.Println(statement.SQL + ";")
//	}
//
// [Validate] finds what is wrong with a schema without a database, [Create]
// writes it as statements in an order that works, [CreateAll] creates what is
// missing and refuses what differs.
//
// It changes nothing that exists: no ALTER of a column, no DROP; that is the
// work of migrate. It opens no connections; the caller lends a [Querier]. The
// root package sits above, schema and internal/sqltext below.
package ddl
