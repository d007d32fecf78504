package streamtest_test

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

const (
	million = 1_000_000
	limit   = 20 << 20
)

// growth watches what the program holds: what is alive on the heap, looked at in
// between, and the most that it ever occupied, where the system tells.
type growth struct {
	rows         int
	before, live int64
	occupied     int64
}

func newGrowth() *growth { return &growth{before: live(), occupied: occupied()} }

func live() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// occupied is the peak of the resident memory; 0 where it is not known.
func occupied() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	kib, _, _ := strings.Cut(after, "kB")
	n, _ := strconv.ParseInt(strings.TrimSpace(kib), 10, 64)
	return n << 10
}

func (g *growth) row() {
	if g.rows++; g.rows%(million/5) == 0 {
		g.live = max(g.live, live()-g.before)
	}
}

func (g *growth) peaks() (alive, resident int64) { return g.live, occupied() - g.occupied }

// TestAMillionRows streams them in and out, all in a process with nothing else in
// it. The connection is a direct one: the test kit's proxy keeps queues.
func TestAMillionRows(t *testing.T) {
	if testing.Short() || slow {
		t.Skip("takes seconds, and much longer under the race detector")
	}
	ctx := t.Context()
	base := retort.NewBase(counters)
	eng, err := retort.Open(retort.Config{URL: retorttest.NewDatabase(t, retorttest.Template{}).URL(), Base: base})
	must(t, err)
	defer func() { must(t, eng.Close(context.Background())) }()
	must(t, base.CreateAll(ctx, eng))
	s := eng.Session()
	defer s.Close(context.Background())
	_, err = counters.CopyIn(ctx, s, numbered(1)) // what is made once, plans and caches, is no growth
	must(t, err)

	g, sum := newGrowth(), int64(0)
	n, err := counters.CopyIn(ctx, s, func(yield func(*counter) bool) {
		for c := range numbered(million) {
			if g.row(); !yield(c) {
				return
			}
		}
	})
	must(t, err)
	for c, err := range counters.Query().Iter(ctx, s) {
		must(t, err)
		sum += c.Value
		g.row()
	}
	for v, err := range retort.Values(counters.Query(), retort.Col(&counters.C.Value)).Iter(ctx, s) {
		must(t, err)
		sum += v
		g.row()
	}
	if want := int64(million) * (million - 1); n != million || sum != want || g.rows != 3*million+2 {
		t.Errorf("%d rows written, %d seen, sum %d, want %d", n, g.rows, sum, want)
	}
	alive, resident := g.peaks()
	t.Logf("grew by %d KiB on the heap and %d KiB of resident memory", alive>>10, resident>>10)
	if alive > limit || resident > limit {
		t.Errorf("grew by %d bytes on the heap and %d of resident memory, more than %d", alive, resident, limit)
	}
}

// The control: what keeps its rows is seen to grow.
func TestGrowth_is_seen(t *testing.T) {
	g := newGrowth()
	var kept []*counter
	for c := range numbered(million) {
		kept = append(kept, c)
		g.row()
	}
	if alive, _ := g.peaks(); alive < 2*limit {
		t.Errorf("%d rows grew by %d bytes: the measure is broken", len(kept), alive)
	}
	runtime.KeepAlive(kept)
}
