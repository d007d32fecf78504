package retort_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
)

// What must not happen unless the row is there: it runs behind COMMIT, and
// closing the engine waits for it.
func ExampleSession_AfterCommit() {
	eng, done := exampleEngine()
	defer done()
	_, err := retort.Run(context.Background(), eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (bool, error) {
		s.Add(&Counter{Name: "visits"})
		s.AfterCommit(func(context.Context) error {
			fmt.Println("the row is there")
			return nil
		})
		return true, nil
	})
	if err != nil {
		panic(err)
	}
	// Output: the row is there
}

// Work that outlives its request, and that Close waits for.
func ExampleEngine_Go() {
	eng, done := exampleEngine()
	defer done()
	err := eng.Go(context.Background(), func(ctx context.Context) error {
		s := eng.Session()
		defer s.Close(ctx)
		n, err := Books.Query().Count(ctx, s)
		fmt.Println(n, "books")
		return err
	})
	if err != nil {
		panic(err)
	}
	// Output: 3 books
}
