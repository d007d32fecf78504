package migrate_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
)

// BenchmarkStall measures what other queries wait while an upgrade waits for its lock
// behind a long reader: with the default of 1 s each is let through when the attempt
// ends. Run it with -benchtime 1x. Three attempts, four cores shared with other work:
// p99 1,000 ms, at most 1,001 ms.
func BenchmarkStall(b *testing.B) {
	const lock = time.Second
	for b.Loop() {
		db := newDatabase(b)
		db.upgrade(b, wide(b), "a")
		release := hogged(b, db, "SELECT count(*) FROM books")
		attempts := 0
		r := db.runner(b, wide(b), migrate.Options{LockTimeout: lock, OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.Retrying {
				if attempts++; attempts == 3 {
					release()
				}
			}
		}})
		ctx, stop := context.WithCancel(b.Context())
		var waits []time.Duration
		var reader sync.WaitGroup
		reader.Go(func() { waits = reads(ctx, db) })
		_, err := r.Upgrade(b.Context(), "head")
		stop()
		reader.Wait()
		if err != nil {
			b.Fatal(err)
		}
		slices.Sort(waits)
		b.ReportMetric(float64(waits[len(waits)*99/100].Milliseconds()), "ms-p99")
		b.ReportMetric(float64(waits[len(waits)-1].Milliseconds()), "ms-max")
		b.ReportMetric(float64(attempts), "attempts")
	}
}

// reads asks the table again and again, as a service would, and times each answer.
func reads(ctx context.Context, db database) []time.Duration {
	var waits []time.Duration
	for ctx.Err() == nil {
		begun := time.Now()
		s := db.eng.Session()
		_, err := retort.SQL[int64]("SELECT count(*) FROM books").ReadOnly().One(context.WithoutCancel(ctx), s)
		_ = s.Close(context.WithoutCancel(ctx))
		if err != nil && !strings.Contains(err.Error(), "cached plan") {
			return append(waits, time.Hour)
		}
		waits = append(waits, time.Since(begun))
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return waits
}
