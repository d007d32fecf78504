package retorttest_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// A loop that reads row by row fails the test. Here the failure is noted, to
// show how it begins.
func ExampleFailOnRepeats() {
	t := &exampleTB{}
	defer t.done()
	f := &failed{TB: t}
	k := retorttest.New(t, retort.NewBase(Pebbles), retorttest.FailOnRepeats(f, 5))
	k.Exec(t, "INSERT INTO pebbles (color) SELECT 'red' FROM generate_series(1, 8)")
	ctx := context.Background()
	s := k.Engine.Session()
	defer s.Close(ctx)
	for id := range int64(8) {
		if _, err := Pebbles.Get(ctx, s, id+1); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(len(f.texts), f.texts[0][:57])
	// Output: 1 retorttest: one session sent the same query 5 times from
}
