package schema_test

import (
	"testing"

	"github.com/retort-go/retort/schema"
)

func TestLookups(t *testing.T) {
	t.Parallel()
	s := &schema.Schema{Tables: []schema.Table{
		{Name: "a"},
		{Name: "b", Columns: []schema.Column{{Name: "id", Type: "uuid"}, {Name: "n", Type: "int"}}},
	}}

	t.Run("find_the_table_and_column_itself_not_a_copy", func(t *testing.T) {
		t.Parallel()
		table, ok := s.Table("b")
		if !ok || table != &s.Tables[1] {
			t.Fatalf("Table(b) = %p, %v, want %p", table, ok, &s.Tables[1])
		}
		if c, ok := table.Column("n"); !ok || c != &table.Columns[1] {
			t.Errorf("Column(n) = %v, %v", c, ok)
		}
	})

	t.Run("miss_names_that_are_not_there", func(t *testing.T) {
		t.Parallel()
		if table, ok := s.Table("B"); ok || table != nil {
			t.Errorf("Table(B) = %v, %v", table, ok)
		}
		if c, ok := s.Tables[0].Column("id"); ok || c != nil {
			t.Errorf("Column(id) = %v, %v", c, ok)
		}
	})
}
