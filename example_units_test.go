package retort_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// A part of a unit of work that may fail alone.
func ExampleSession_Savepoint() {
	ctx, s, done := exampleSession()
	defer done()

	austen := exampleAuthor(ctx, s)
	err := s.Savepoint(ctx, func(ctx context.Context) error {
		austen.Name = "Jane A."
		s.Add(&Author{Name: "Jane", Email: "jane@example.org"}) // taken
		return s.Flush(ctx)
	})
	fmt.Println(pgerr.KindOf(err), austen.Name)
	fmt.Println(s.Commit(ctx))
	// Output:
	// unique Jane Austen
	// <nil>
}

// An object from an earlier session is brought into this one.
func ExampleTable_Merge() {
	ctx := context.Background()
	eng, done := exampleEngine()
	defer done()
	before := eng.Session()
	austen, err := Authors.Where(retort.Eq(&Authors.C.Name, "Jane Austen")).One(ctx, before)
	if err != nil || before.Close(ctx) != nil {
		fmt.Println(err)
		return
	}

	austen.Name = "J. Austen" // changed while no session had it
	s := eng.Session()
	defer s.Close(ctx)
	mine, err := Authors.Merge(ctx, s, austen)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(mine != austen, mine.Name, s.Commit(ctx), mine.Version.Version)
	// Output:
	// true J. Austen <nil> 2
}

// Changes of an object that was let go are not written.
func ExampleSession_Detach() {
	ctx, s, done := exampleSession()
	defer done()
	austen := exampleAuthor(ctx, s)
	austen.Name = "nobody"
	s.Detach(austen)
	fmt.Println(s.State(austen), s.Wrote())
	// Output:
	// detached false
}

// What was not flushed is dropped, and the row is read again when asked for.
func ExampleSession_Expire() {
	ctx, s, done := exampleSession()
	defer done()
	austen := exampleAuthor(ctx, s)
	austen.Name = "nobody"
	s.Expire(austen)
	fmt.Println(austen.Name)
	again, err := Authors.Get(ctx, s, austen.ID) // one round trip
	fmt.Println(again == austen, err)
	// Output:
	// Jane Austen
	// true <nil>
}

// Rows that exchange unique values are refused before anything is sent, unless the
// constraint may wait.
func ExampleSwapError() {
	ctx, s, done := exampleSession()
	defer done()
	authors, err := Authors.Query().All(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	authors[0].Email, authors[1].Email = authors[1].Email, authors[0].Email
	var swap *retort.SwapError
	if errors.As(s.Commit(ctx), &swap) {
		fmt.Println(swap.Table, swap.Columns, len(swap.Keys))
	}
	// Output:
	// authors [email] 2
}
