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

// BenchmarkDeadlines is what telling the server of a deadline adds to a unit of
// work: the same one without and with a deadline, in turns. ns/op is both together.
func BenchmarkDeadlines(b *testing.B) {
	k := retorttest.New(b, library)
	for _, of := range []retort.Deadlines{retort.DeadlinesOff, retort.DeadlinesOfTransactions, retort.DeadlinesEverywhere} {
		eng, err := retort.Open(retort.Config{Base: library, URL: k.URL(), Deadlines: of})
		must(b, err)
		b.Cleanup(func() { must(b, eng.Close(context.Background())) })
		a := newAuthor("a" + string(of))
		commit(b, eng, a)
		n := 0
		for name, work := range map[string]func(ctx context.Context) error{
			"read": func(ctx context.Context) error {
				s := eng.Session()
				defer s.Close(ctx)
				_, err := Authors.Get(ctx, s, a.ID)
				return err
			},
			"insert": func(ctx context.Context) error {
				n++
				s := eng.Session()
				defer s.Close(ctx)
				s.Add(&Author{Name: "x", Email: string(of) + strconv.Itoa(n)})
				return s.Commit(ctx)
			},
		} {
			b.Run(string(of)+"/"+name, func(b *testing.B) {
				var took [2][]time.Duration
				for b.Loop() {
					for way := range took {
						ctx, cancel := b.Context(), func() {}
						if way == 1 {
							ctx, cancel = context.WithTimeout(ctx, time.Minute)
						}
						start := time.Now()
						must(b, work(ctx))
						took[way] = append(took[way], time.Since(start))
						cancel()
					}
				}
				for _, t := range took {
					slices.Sort(t)
				}
				middle := len(took[0]) / 2
				b.ReportMetric(float64(took[0][middle].Nanoseconds())/1000, "µs-without")
				b.ReportMetric(float64(took[1][middle].Nanoseconds())/1000, "µs-with")
			})
		}
	}
}
