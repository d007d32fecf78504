package run

import (
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort/bench/peers"
)

// One cell of each kind is filled, in processes of their own.
func TestStand_measures_a_cell(t *testing.T) {
	t.Parallel()
	stand, err := NewStand(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stand.Close)
	list, err := Build(t.Context(), t.TempDir(), []string{Retort, PgxTuned})
	if err != nil {
		t.Fatal(err)
	}
	workloads := peers.Workloads(peers.BulkSize)
	reads := workloads[:1]
	if err := stand.Agree(t.Context(), list, reads); err != nil {
		t.Error(err)
	}
	const short = 20 * time.Millisecond
	cells, err := stand.Measure(t.Context(), list, reads[0], Plan{Pool: 2, Clients: 4, Warm: short, Load: short, Slices: 2, Inside: short, Far: short})
	if err != nil || len(cells) != len(list) {
		t.Fatal(cells, err)
	}
	for i, p := range list {
		c := cells[i]
		for name, v := range map[string]float64{
			"requests per second": c.RPS, "p99": c.P99MS, "ns": c.NS, "allocations": c.Allocs, "bytes": c.Bytes,
			"requests": float64(c.Request), "round trips": c.Trips,
		} {
			if v <= 0 {
				t.Errorf("%s: no %s in %+v", p.Name, name, c)
			}
		}
		if c.FarMS < 1 {
			t.Errorf("%s: %v ms where a round trip alone takes 1 ms", p.Name, c.FarMS)
		}
	}

	t.Run("more slices than the numbers of requests have room for", func(t *testing.T) {
		if _, err := stand.Measure(t.Context(), list, reads[0], Plan{Slices: maxSlices + 1}); err == nil {
			t.Error("it was measured")
		}
	})

	t.Run("an entrant that cannot start says why", func(t *testing.T) {
		if _, err := start(t.Context(), list[1], peers.Config{URL: "nonsense://", Pool: 1}); err == nil {
			t.Error("it started")
		} else if !strings.Contains(err.Error(), "cannot parse") {
			t.Errorf("got %v", err)
		}
	})
}
