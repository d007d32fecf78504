package autogenerate_test

import (
	"fmt"
	"testing"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/migrate/autogenerate"
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

// BenchmarkCompare builds 1,000 models of 10 columns in a scratch database, reads
// them and a live database, and compares; the promise is 5 s.
func BenchmarkCompare(b *testing.B) {
	db := newDatabase(b, "")
	models := many(1000)
	for _, st := range ddl.Create(models) {
		db.Exec(b, st.SQL)
	}
	cfg := config(b)
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
}
