package retort_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type outingSeason string

// Outing has a column of an enum that each tenant has for itself.
type Outing struct {
	retort.UUIDKey
	Season outingSeason
}

func (Outing) Define(*retort.Definition[Outing]) {}

var (
	outings    = retort.NewTable[Outing]("outings")
	outingBase = retort.NewBase(outings, retort.NewEnum[outingSeason]("season", "summer", "winter"))
)

// TestTenants_with_a_schema_each share connections by TxOptions.Settings.
func TestTenants_with_a_schema_each(t *testing.T) {
	t.Parallel()
	d := retorttest.NewDatabase(t, retorttest.Template{})
	for _, tenant := range []string{"ann", "bob"} {
		d.Exec(t, "CREATE SCHEMA "+tenant)
		must(t, outingBase.CreateAll(t.Context(), open(t, retort.Config{Base: outingBase, URL: d.URL() + "&search_path=" + tenant})))
	}
	d.Exec(t, "ALTER TABLE bob.outings ADD COLUMN notes text") // migrated first
	eng := open(t, retort.Config{Base: outingBase, URL: d.URL(), PoolSize: 1})
	for i := range 3 {
		for _, tenant := range []string{"ann", "bob"} {
			s := eng.SessionWith(retort.TxOptions{Settings: map[string]string{"Search_Path": tenant}})
			s.Add(&Outing{Season: "winter"})
			must(t, s.Flush(t.Context()))
			all, err := outings.Where(retort.Eq(&outings.C.Season, outingSeason("winter"))).All(t.Context(), s)
			must(t, err)
			raw, err := retort.SQL[int]("SELECT count(v.*) FROM outings v WHERE season = $1", outingSeason("winter")).One(t.Context(), s)
			must(t, err)
			if len(all) != i+1 || raw != i+1 {
				t.Errorf("%s has %d and %d outings, want %d", tenant, len(all), raw, i+1)
			}
			const count = "SELECT count(v.*) FROM outings v WHERE season = $1"
			var row, batched, standard int
			must(t, s.DBTX().QueryRow(t.Context(), count, "winter").Scan(&row))
			b := &pgx.Batch{}
			b.Queue(count, "winter").QueryRow(func(r pgx.Row) error { return r.Scan(&batched) })
			must(t, s.DBTX().SendBatch(t.Context(), b).Close())
			must(t, s.SQLDB().QueryRowContext(t.Context(), count, "winter").Scan(&standard))
			if row != i+1 || batched != i+1 || standard != i+1 {
				t.Errorf("beside its session %s has %d, %d and %d outings, want %d", tenant, row, batched, standard, i+1)
			}
			must(t, s.Commit(t.Context()))
			must(t, s.Close(t.Context()))
		}
	}
}
