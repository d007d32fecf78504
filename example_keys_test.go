package retort_test

import (
	"context"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// A key of several columns is one value: the same in Get, in StaleError and in
// a variable.
func ExampleKey() {
	ctx := context.Background()
	tb := &exampleTB{}
	defer tb.done()
	eng := retorttest.New(tb, shops).Engine
	s := eng.Session()
	defer s.Close(ctx)
	s.Add(&Seat{Hall: "Blue", Row: 2, No: 7})
	must(tb, s.Commit(ctx))

	key := retort.Key{"Blue", int32(2), int32(7)} // in the order of d.PrimaryKey
	seat, err := Seats.Get(ctx, s, key)
	fmt.Println(seat.Hall, seat.Row, seat.No, err)
	_, err = Seats.Get(ctx, s, "Blue")
	fmt.Println(err)
	// Output:
	// Blue 2 7 <nil>
	// retort: Get retort_test.Seat: the primary key has 3 columns ("hall", "row", "no"); pass retort.Key{…} with a value for each, not a string
}
