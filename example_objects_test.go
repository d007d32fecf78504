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
