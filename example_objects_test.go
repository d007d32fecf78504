package retort_test

import (
	"fmt"
	"strings"

	"github.com/retort-go/retort"
)

// What SQL can and models cannot say is registered by its statement.
func ExampleView() {
	base := retort.NewBase(
		retort.Extension("pg_trgm"),
		retort.View("busy", "CREATE VIEW busy AS SELECT 1 AS n"),
	)
	sql, err := base.SQL()
	fmt.Println(strings.TrimSpace(sql), err)
	// Output:
	// CREATE EXTENSION "pg_trgm";
	//
	// CREATE VIEW busy AS SELECT 1 AS n; <nil>
}

// A materialized view has its indexes and its comment with it; what the database lacks
// of it, a revision makes.
func ExampleSQLObject_Index() {
	totals := retort.View("totals", "CREATE MATERIALIZED VIEW totals AS SELECT name, sum(value) AS n FROM counters GROUP BY name").
		Index("totals_name", "CREATE UNIQUE INDEX totals_name ON totals (name)").
		Comment("Refreshed each night")
	sql, err := retort.NewBase(Counters, totals).SQL()
	fmt.Println(strings.TrimSpace(sql[strings.Index(sql, "CREATE UNIQUE"):]), err)
	// Output:
	// CREATE UNIQUE INDEX totals_name ON totals (name);
	//
	// COMMENT ON MATERIALIZED VIEW totals IS 'Refreshed each night'; <nil>
}

// A function has a comment, too; so have triggers, policies and sequences.
func ExampleSQLObject_Comment() {
	one := retort.Function("one", "", "CREATE FUNCTION {function}() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1").Comment("It's one")
	sql, err := retort.NewBase(one).SQL()
	fmt.Println(strings.TrimSpace(sql[strings.Index(sql, "COMMENT"):]), err)
	// Output:
	// COMMENT ON ROUTINE "one"() IS 'It''s one'; <nil>
}

// A sequence of its own counts what no column alone owns, such as invoices.
func ExampleSequence() {
	sql, err := retort.NewBase(retort.Sequence("invoice_numbers", "CREATE SEQUENCE invoice_numbers START WITH 1000")).SQL()
	fmt.Println(strings.TrimSpace(sql), err)
	// Output:
	// CREATE SEQUENCE invoice_numbers START WITH 1000; <nil>
}

// The first policy of a table switches its row security on.
func ExamplePolicy() {
	base := retort.NewBase(Counters, retort.Policy("seen", "counters",
		"CREATE POLICY seen ON {table} USING (n > 0)"))
	sql, err := base.SQL()
	fmt.Println(strings.TrimSpace(sql[strings.Index(sql, "ALTER TABLE"):]), err)
	// Output:
	// ALTER TABLE "counters" ENABLE ROW LEVEL SECURITY;
	//
	// CREATE POLICY seen ON "counters" USING (n > 0); <nil>
}

// An extension is made before the types and tables that need it.
func ExampleExtension() {
	sql, err := retort.NewBase(retort.Extension("hstore")).SQL()
	fmt.Println(strings.TrimSpace(sql), err)
	// Output:
	// CREATE EXTENSION "hstore"; <nil>
}

// Schema gives the models as values.
func ExampleBase_Schema() {
	s, err := retort.NewBase(Counters).Schema()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range s.Tables[0].Columns {
		fmt.Println(c.Name, c.Type)
	}
	// Output:
	// name text
	// value bigint
}
