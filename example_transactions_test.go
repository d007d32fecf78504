package retort_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/retort-go/retort"
)

// Settings hold for one transaction and travel with its BEGIN: a tenant for
// row-level security, a role, time limits.
func ExampleTxOptions() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	opts := retort.TxOptions{
		Settings:         map[string]string{"app.tenant": "acme"},
		StatementTimeout: 2 * time.Second,
		LockTimeout:      500 * time.Millisecond,
	}
	tenant, err := retort.Run(ctx, eng, opts, func(ctx context.Context, s *retort.Session) (string, error) {
		return retort.SQL[string]("SELECT current_setting('app.tenant')").ReadOnly().One(ctx, s)
	})
	fmt.Println(tenant, err)
	// Output: acme <nil>
}

// A function that wants a transaction, called from one that has begun it.
func ExampleRunIn() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	reserve := func(_ context.Context, s *retort.Session) (string, error) {
		s.Add(&Counter{Name: "reserved"})
		return "reserved", nil
	}
	got, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (string, error) {
		s.Add(&Counter{Name: "ordered"})
		return retort.RunIn(ctx, s, reserve) // one COMMIT, in the end
	})
	fmt.Println(got, err)
	// Output: reserved <nil>
}

// What must not happen unless the change is stored.
func ExampleSession_AfterCommit() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	send := func(text string) error {
		fmt.Println("sent:", text)
		return nil
	}
	_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
		s.Add(&Counter{Name: "orders", Value: 1})
		s.AfterCommit(func(context.Context) error { return send("thank you") })
		fmt.Println("nothing is sent yet")
		return nil, nil
	})
	fmt.Println(err)
	// Output:
	// nothing is sent yet
	// sent: thank you
	// <nil>
}

// Hooks of one session; those of Config.Hooks are called for every session.
func ExampleSession_Hook() {
	ctx, s, done := exampleSession()
	defer done()

	s.Hook(retort.Hooks{
		BeforeFlush: func(_ context.Context, s *retort.Session, c *retort.Changes) error {
			for _, a := range Authors.Inserted(c) {
				s.Add(&Counter{Name: "author " + a.Name}) // written in the same round trip
			}
			return nil
		},
		AfterCommit: func(_ context.Context, c *retort.Changes) error {
			for change := range c.All() {
				fmt.Println(change.Kind, change.Table)
			}
			return nil
		},
	})
	s.Add(&Author{Name: "Emily Brontë", Email: "emily@example.org"})
	fmt.Println(s.Commit(ctx))
	// Output:
	// INSERT authors
	// INSERT counters
	// <nil>
}

// A change of a whole table, one transaction a batch.
func ExampleBatches() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	raise := func(_ context.Context, _ *retort.Session, books []*Book) error {
		for _, b := range books {
			b.Price *= 1.1
		}
		return nil
	}
	rows, err := retort.Batches(ctx, eng, Books.Where(retort.Eq(&Books.C.InPrint, true)), retort.BatchOptions{Size: 2}, raise)
	if stopped, ok := errors.AsType[*retort.BatchError](err); ok {
		log.Printf("go on with .After(%v...)", stopped.Position)
	}
	fmt.Println(rows, err)
	// Output: 3 <nil>
}

// Work behind the answer, which Close waits for.
func ExampleEngine_Go() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()

	err := eng.Go(ctx, func(ctx context.Context) error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "indexed"})
			s.AfterCommit(func(context.Context) error {
				fmt.Println("indexed")
				return nil
			})
			return nil, nil
		})
		return err
	})
	fmt.Println(err)
	fmt.Println(eng.Close(ctx))
	// Unordered output:
	// <nil>
	// indexed
	// <nil>
}
