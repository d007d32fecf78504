package lint_test

import (
	"fmt"

	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/lint"
)

// Check says what hurts in a revision, and what to write instead.
func ExampleCheck() {
	revision, err := migrate.Parse("4f1d_totals.sql", `-- revision: 4f1d
-- parents:

-- +up
CREATE INDEX ix_orders_placed ON orders (placed);
-- lint:ignore drop-column: nobody reads it since v41
ALTER TABLE orders DROP COLUMN note;
`)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range lint.Check(revision.Up, lint.Options{Version: 16}) {
		fmt.Println(f)
	}
	// Output:
	// line 5: danger index-not-concurrent: CREATE INDEX takes SHARE on orders while its indexes are built: writes wait
	//   instead: CREATE INDEX CONCURRENTLY ix_orders_placed ON orders (placed), outside a transaction; drop the index first if an earlier try left it invalid
	// line 7: danger drop-column: every value of orders.note is lost, and the release that still runs fails on it
	//   left so: nobody reads it since v41
}

// Read tells what a statement does to its tables.
func ExampleRead() {
	for _, a := range lint.Read("ALTER TABLE orders ADD COLUMN due date, ADD CHECK (total > 0)") {
		e := a.Effect()
		fmt.Printf("%s: %s\n", a.Form, e.Lock.On(a.Table, e.Span).Text)
	}
	// Output:
	// ADD COLUMN: ACCESS EXCLUSIVE on orders for a moment
	// ADD CHECK: ACCESS EXCLUSIVE on orders while all rows are read
}
