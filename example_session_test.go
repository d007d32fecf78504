package retort_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
)

// What a session knows of its objects, step by step.
func ExampleSession_Flush() {
	ctx, s, done := exampleSession()
	defer done()

	c := &Counter{Name: "visits", Value: 1}
	s.Add(c)
	fmt.Println(s.State(c), s.Wrote())
	if err := s.Flush(ctx); err != nil { // written, not committed
		panic(err)
	}
	fmt.Println(s.State(c))
	c.Value = 7
	if err := s.Refresh(ctx, c); err != nil { // as the database has it
		panic(err)
	}
	fmt.Println(c.Value)
	s.Delete(c)
	if err := s.Rollback(ctx); err != nil {
		panic(err)
	}
	fmt.Println(s.State(c), s.Wrote())
	// Output:
	// pending true
	// persistent
	// 1
	// transient false
}

// A handler that knows nothing of sessions outside of it: for jobs, gRPC, Huma.
func ExampleInSession() {
	eng, done := exampleEngine()
	defer done()
	count := retort.InSession(eng, retort.TxOptions{Repeatable: true},
		func(ctx context.Context, s *retort.Session, name *string) (*Counter, error) {
			c, err := Counters.Get(ctx, s, *name)
			if errors.Is(err, retort.ErrNotFound) {
				c = &Counter{Name: *name}
				s.Add(c)
			} else if err != nil {
				return nil, err
			}
			c.Value++
			return c, nil
		})
	name := "visits"
	for range 2 {
		c, err := count(context.Background(), &name)
		fmt.Println(c.Value, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// A report from one snapshot that changes nothing.
func ExampleEngine_SessionWith() {
	eng, done := exampleEngine()
	defer done()
	ctx := context.Background()
	s := eng.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead, ReadOnly: true})
	defer s.Close(ctx)
	n, err := Books.Query().Count(ctx, s)
	fmt.Println(n, err, s.ReadOnly())
	s.Add(&Counter{Name: "visits"})
	fmt.Println(errors.Is(s.Commit(ctx), retort.ErrReadOnly))
	// Output:
	// 3 <nil> true
	// true
}

// What a health check asks, and what it may tell.
func ExampleEngine_Ping() {
	eng, done := exampleEngine()
	defer done()
	fmt.Println(eng.Ping(context.Background()), eng.Stats().InUse, eng.Address().Host)
	// Output: <nil> 0 127.0.0.1
}

// Tools read what the models say.
func ExampleBase_Models() {
	models, err := library.Models()
	if err != nil {
		panic(err)
	}
	for _, m := range models {
		fmt.Println(m.Table.FullName(), len(m.Columns), m.Columns[0].Field, m.Columns[0].Made)
	}
	// Output:
	// authors 7 UUIDKey.ID true
	// books 16 UUIDKey.ID true
	// events 4 BigintKey.ID true
	// counters 2 Name false
}

// The keys that the client makes.
func ExampleUUIDv7() {
	first, err := retort.UUIDv7()
	if err != nil {
		panic(err)
	}
	second, err := retort.UUIDv7()
	random, other := retort.UUIDv4()
	fmt.Println(string(first[:]) < string(second[:]), random != first, err, other)
	// Output: true true <nil> <nil>
}
