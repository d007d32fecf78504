package autogenerate_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// many is a schema of tables with ten columns each.
func many(tables int) *schema.Schema {
	s := &schema.Schema{}
	for i := range tables {
		t := schema.Table{
			Name: fmt.Sprintf("t%d", i), Columns: []schema.Column{{Name: "id", Type: "bigint", NotNull: true}},
			PrimaryKey: &schema.PrimaryKey{Name: fmt.Sprintf("pk_t%d", i), Columns: []string{"id"}},
			Indexes:    []schema.Index{{Name: fmt.Sprintf("ix_t%d", i), Parts: schema.Parts("c1")}},
		}
		for j := range 9 {
			t.Columns = append(t.Columns, schema.Column{Name: fmt.Sprintf("c%d", j), Type: "text", Default: "'x'"})
		}
		s.Tables = append(s.Tables, t)
	}
	return s
}

// BenchmarkCompare builds models of 10 columns in a scratch database, reads them
// and a live database, and compares. The promise is 5 s and 200 MiB for 1,000
// tables, at a cost that grows with their number; ms/table shows that it does.
func BenchmarkCompare(b *testing.B) {
	for _, tables := range []int{250, 1000} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			db := newDatabase(b, "")
			models := many(tables)
			for _, st := range ddl.Create(models) {
				db.Exec(b, st.SQL)
			}
			cfg := config(b)
			most := watchHeap(b)
			for b.Loop() {
				database := db.read(b)
				built, err := autogenerate.ReadSchema(b.Context(), models, database, cfg)
				if err != nil {
					b.Fatal(err)
				}
				if n := len(compare(b, database, built, autogenerate.Options{})); n != 0 {
					b.Fatal(n)
				}
			}
			b.ReportMetric(float64(most())/(1<<20), "MiB-heap")
			b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N*tables), "ms/table")
		})
	}
}

// BenchmarkBuild plans the creation of models in an empty database and back,
// which needs no server.
func BenchmarkBuild(b *testing.B) {
	for _, tables := range []int{250, 1000, 4000} {
		b.Run(fmt.Sprintf("tables=%d", tables), func(b *testing.B) {
			empty, models := &catalog.Catalog{Version: 150000, Namespace: "public"}, &catalog.Catalog{Version: 150000, Namespace: "public"}
			for i := range tables {
				t := catalog.Table{Namespace: "public", Name: fmt.Sprintf("t%05d", i)}
				for j := range 10 {
					t.Columns = append(t.Columns, catalog.Column{Name: fmt.Sprintf("c%d", j), Type: "text", NotNull: true})
				}
				t.Indexes = []catalog.Index{{Name: t.Name + "_ix", Definition: "USING btree (c1)", Keys: []string{"c1"}, Valid: true}}
				models.Tables, models.Order = append(models.Tables, t), append(models.Order, t.Ref())
			}
			for b.Loop() {
				if plan := autogenerate.Build(empty, models, compare(b, empty, models, autogenerate.Options{})); len(plan.Up) < tables {
					b.Fatal(len(plan.Up))
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*tables), "µs/table")
		})
	}
}

// watchHeap returns a function that tells the largest heap since.
func watchHeap(b *testing.B) func() uint64 {
	b.Helper()
	stop, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapAlloc)
			select {
			case <-tick.C:
			case <-stop:
				most <- peak
				return
			}
		}
	}()
	return func() uint64 {
		close(stop)
		return <-most
	}
}
