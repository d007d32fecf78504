package bench

import (
	"context"
	"fmt"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Count is a row that is changed often: without a version, times or an index to
// be kept, so that what is measured is the session's part as far as possible.
type Count struct {
	ID    int64
	Value int64
}

// Define declares what the fields cannot say.
func (Count) Define(d *retort.Definition[Count]) { d.PrimaryKey(&d.C.ID) }

// BenchmarkFlush measures what one object costs in a flush, for few and for many:
// clean ones, and changed ones that are committed each time, since a transaction
// that updates its rows again and again makes the server look through all their
// versions. cpu-ns/object is the processor time of this process, client and
// driver: the server is another.
//
// One run, in ns of processor time for an object, on a machine that was busy with
// other things:
//
//	objects    100    1,000    10,000    100,000
//	clean       43       39        40         48
//	changed  2,046    1,284     1,685      1,756
func BenchmarkFlush(b *testing.B) {
	ctx := context.Background()
	counts := retort.NewTable[Count]("counts")
	countBase := retort.NewBase(counts)
	for _, what := range []string{"clean", "changed"} {
		for _, n := range []int{100, 1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/%d", what, n), func(b *testing.B) {
				db := retorttest.NewDatabase(b, retorttest.Template{})
				eng, err := retort.Open(retort.Config{Base: countBase, URL: db.URL()})
				check(b, err)
				defer func() { _ = eng.Close(ctx) }()
				check(b, countBase.CreateAll(ctx, eng))
				s := eng.Session()
				defer func() { _ = s.Close(ctx) }()
				list := make([]*Count, n)
				for i := range list {
					list[i] = &Count{ID: int64(i + 1)}
					s.Add(list[i])
				}
				check(b, s.Commit(ctx))
				before := processorTime()
				for b.Loop() {
					if what == "changed" {
						for _, c := range list {
							c.Value++
						}
					}
					check(b, s.Commit(ctx))
				}
				objects := float64(b.N) * float64(n)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/objects, "ns/object")
				b.ReportMetric(float64(processorTime()-before)/objects, "cpu-ns/object")
			})
		}
	}
}
