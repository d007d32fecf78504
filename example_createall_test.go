package retort_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Every process of a service may call CreateAll when it starts: one creates, the
// others wait and find everything there.
func ExampleBase_CreateAll() {
	tb := &exampleTB{}
	defer tb.done()
	db := retorttest.NewDatabase(tb, retorttest.Template{}) // yours is in the URL of the Config
	ctx := context.Background()
	eng, err := retort.Open(retort.Config{Base: library, URL: db.URL()})
	must(tb, err)
	defer eng.Close(ctx)

	fmt.Println("first:", library.CreateAll(ctx, eng))
	fmt.Println("second:", library.CreateAll(ctx, eng))

	db.Exec(tb, "ALTER TABLE counters ALTER value TYPE integer, DROP CONSTRAINT pk_counters")
	var diff *retort.SchemaDiffError
	if err := library.CreateAll(ctx, eng); errors.As(err, &diff) {
		for _, d := range diff.Differences {
			fmt.Println(d)
		}
	}
	// Output:
	// first: <nil>
	// second: <nil>
	// table counters: column value: model bigint, database integer
	// table counters: constraint pk_counters: model PRIMARY KEY (name), database missing
}
