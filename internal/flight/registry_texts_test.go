package flight_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort/internal/flight"
)

// TestLargeTextsDoNotFillTheServer sends a statement in many sizes, as clients do who
// choose how many rows an INSERT has.
func TestLargeTextsDoNotFillTheServer(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	size := func(kib int) string { return "SELECT length('" + strings.Repeat("x", kib<<10) + "')" }
	small := "SELECT 1"
	for i := range 60 {
		fly(t, c, &flight.Flight{Statements: []flight.Statement{{SQL: size(100 + i)}}})
		fly(t, c, &flight.Flight{Statements: []flight.Statement{{SQL: small}}})
	}
	if n := known(t, c); n < 2 || n > 12 {
		t.Errorf("the server keeps %d statements of 100 KiB and more", n)
	}
	// One that is larger than all room is still prepared, and given up behind it.
	for range 3 {
		fly(t, c, &flight.Flight{Statements: []flight.Statement{{SQL: size(2 << 10)}}})
	}
	fly(t, c, &flight.Flight{Statements: []flight.Statement{{SQL: small}}})
	fly(t, c, &flight.Flight{Statements: []flight.Statement{{SQL: small}}})
	if n := known(t, c); n != 1 {
		t.Errorf("the server keeps %d statements, want the small one", n)
	}
}
