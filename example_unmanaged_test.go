package retort_test

import (
	"fmt"

	"github.com/retort-go/retort"
)

// A table of another program is read, and neither created nor changed.
func ExampleUnmanaged() {
	theirs := retort.NewTable[Counter]("rates", retort.Unmanaged, retort.ReadOnly)
	sql, err := retort.NewBase(theirs).SQL()
	fmt.Printf("%q %v\n", sql, err)
	// Output: "" <nil>
}
