package main

import (
	"testing"
)

// TestParts feeds recorded lines of go test, and shows that a missed limit and
// a benchmark that did not run are seen.
func TestParts(t *testing.T) {
	t.Parallel()
	all := samples{}
	for _, ns := range []string{"90", "10000", "80"} {
		err := all.add("./pool", "BenchmarkAcquireRelease/plain-4   10   "+ns+" ns/op   0 B/op   0 allocs/op\n"+
			"BenchmarkAcquireRelease/channel-4   10   180.0 ns/op   2.0 x/row   0 B/op   1 allocs/op\n")
		if err != nil {
			t.Fatal(err)
		}
	}
	results, err := all.results()
	if err == nil {
		t.Error("the benchmarks that did not run are not reported")
	}
	if len(results) != 1 || results[0].Ratio != 0.5 || !results[0].Kept || results[0].BaselineAllocs != 1 {
		t.Errorf("got %+v", results)
	}
	results[0].NS = 101
	results[0].judge(pairs[0])
	if results[0].Kept {
		t.Error("101 ns keeps a limit of 100 ns")
	}
	if err := all.add("./pool", "PASS\n"); err == nil {
		t.Error("output without a benchmark is accepted")
	}
}
