package retort_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
)

// Many rows are changed a batch at a time, each in a transaction of its own.
func ExampleBatches() {
	eng, done := exampleEngine()
	defer done()
	n, err := retort.Batches(context.Background(), eng, Books.Query(), retort.BatchOptions{},
		func(_ context.Context, _ *retort.Session, books []*Book) error {
			for _, b := range books {
				b.Sold++
			}
			return nil
		})
	fmt.Println(n, err)
	// Output: 3 <nil>
}
