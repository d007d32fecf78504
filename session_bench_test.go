package retort_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// straight opens an engine without a proxy in between.
func straight(b *testing.B) *retort.Engine {
	b.Helper()
	k := retorttest.New(b, library)
	eng, err := retort.Open(retort.Config{Base: library, URL: k.URL()})
	must(b, err)
	b.Cleanup(func() { must(b, eng.Close(context.Background())) })
	return eng
}

// BenchmarkGet reads one row by key in a session of its own.
func BenchmarkGet(b *testing.B) {
	eng := straight(b)
	ctx := b.Context()
	a := newAuthor("a")
	commit(b, eng, a)
	b.ReportAllocs()
	for b.Loop() {
		s := eng.Session()
		if _, err := Authors.Get(ctx, s, a.ID); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNobodyLooks is what observers, tracers and the log cost where there are
// none: the same flight, once past them and once by way of them, in turns. The
// ratio's distance from 1 is the machine's noise.
func BenchmarkNobodyLooks(b *testing.B) {
	fly, done, err := retort.Fly(b.Context(), straight(b))
	must(b, err)
	defer done()
	var took [2][]time.Duration
	b.ReportAllocs()
	for b.Loop() {
		for way, bare := range []bool{true, false} {
			start := time.Now()
			must(b, fly(bare))
			took[way] = append(took[way], time.Since(start))
		}
	}
	for _, t := range took {
		slices.Sort(t)
	}
	middle := len(took[0]) / 2
	b.ReportMetric(float64(took[1][middle])/float64(took[0][middle]), "seen/bare")
}

// BenchmarkInsertCommit writes one row in a session of its own.
func BenchmarkInsertCommit(b *testing.B) {
	eng := straight(b)
	ctx := b.Context()
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		s := eng.Session()
		n++
		s.Add(&Author{Name: "x", Email: strconv.Itoa(n)})
		if err := s.Commit(ctx); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadChangeCommit is the life of a PATCH.
func BenchmarkReadChangeCommit(b *testing.B) {
	eng := straight(b)
	ctx := b.Context()
	commit(b, eng, &Counter{Name: "c"})
	b.ReportAllocs()
	for b.Loop() {
		s := eng.Session()
		c, err := Counters.Get(ctx, s, "c")
		if err != nil {
			b.Fatal(err)
		}
		c.Value++
		if err := s.Commit(ctx); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
