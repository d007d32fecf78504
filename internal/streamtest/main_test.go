package streamtest_test

import (
	"fmt"
	"iter"
	"testing"

	"go.uber.org/goleak"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

type counter struct {
	retort.UUIDKey
	Name  string
	Value int64
}

var counters = retort.NewTable[counter]("counters")

// numbered makes n counters, one at a time.
func numbered(n int) iter.Seq[*counter] {
	return func(yield func(*counter) bool) {
		for i := range n {
			if !yield(&counter{Name: fmt.Sprintf("%08d", i), Value: int64(i)}) {
				return
			}
		}
	}
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}
