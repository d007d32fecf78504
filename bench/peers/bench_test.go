package peers_test

import (
	"testing"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/pgxtuned"
	"github.com/retort-go/retort/bench/peers/withretort"
)

// BenchmarkWorkload runs each workload inside the process, for profiles:
//
//	go test -run '^$' -bench Workload/W4/retort -memprofile mem.out ./bench/peers
func BenchmarkWorkload(b *testing.B) {
	for k, w := range peers.Workloads(peers.BulkSize) {
		for _, entrant := range []struct {
			name string
			open peers.Opener
		}{{"retort", withretort.Open}, {"pgx-tuned", pgxtuned.Open}} {
			b.Run(w.Name+"/"+entrant.name, func(b *testing.B) {
				e, err := entrant.open(b.Context(), peers.Config{URL: seeded(b).URL(), Pool: 2})
				if err != nil {
					b.Fatal(err)
				}
				defer e.Close()
				b.ReportAllocs()
				for n := 100 * k * peers.Users; b.Loop(); n++ {
					if _, err := w.Do(b.Context(), e, n); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
