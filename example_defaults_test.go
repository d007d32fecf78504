package retort_test

import (
	"context"
	"fmt"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Sample has times that the program makes, and a note that older rows lack.
type Sample struct {
	retort.BigintKey
	retort.AppTimestamps
	Note string
}

// Define lets the column be NULL, where the field cannot.
func (Sample) Define(d *retort.Definition[Sample]) { d.Column(&d.C.Note).NullAsZero() }

// Samples is a table of its own Base: the example needs a clock.
var Samples = retort.NewTable[Sample]("samples")

// The program's clock makes the times, not the database's, so that a test can stop
// it; a flush writes them as it writes all that is set.
func ExampleAppTimestamps() {
	tb := &exampleTB{}
	defer tb.done()
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	eng := retorttest.New(tb, retort.NewBase(Samples), func(c *retort.Config) {
		c.Clock = func() time.Time { return noon }
	}).Engine
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)

	sample := &Sample{Note: "dry"}
	s.Add(sample)
	err := s.Flush(ctx)
	fmt.Println(sample.CreatedAt, sample.UpdatedAt.Equal(noon), err)
	// Output: 2026-03-01 12:00:00 +0000 UTC true <nil>
}

// NULL is read as the zero value, which is written as such.
func ExampleColumnDef_NullAsZero() {
	tb := &exampleTB{}
	defer tb.done()
	eng := retorttest.New(tb, retort.NewBase(Samples)).Engine
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)

	_, err := s.Exec(ctx, "INSERT INTO samples (created_at, updated_at) VALUES (now(), now())")
	if err != nil {
		fmt.Println(err)
		return
	}
	sample, err := Samples.Query().One(ctx, s)
	fmt.Printf("%q %v\n", sample.Note, err)
	// Output: "" <nil>
}
