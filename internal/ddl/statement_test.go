package ddl_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

func TestCreate(t *testing.T) {
	t.Parallel()

	t.Run("writes_text_that_a_person_can_read", func(t *testing.T) {
		t.Parallel()
		golden(t, "testdata/library.sql", script(library()))
		golden(t, "testdata/workshop.sql", script(workshop()))
		golden(t, "testdata/offices.sql", script(offices()))
	})

	t.Run("writes_nothing_for_nothing", func(t *testing.T) {
		t.Parallel()
		if got := ddl.Create(&schema.Schema{}); len(got) != 0 {
			t.Errorf("Create of an empty schema = %v", got)
		}
	})
}

func TestCreateTable(t *testing.T) {
	t.Parallel()

	t.Run("leaves_types_that_are_no_enums_alone", func(t *testing.T) {
		t.Parallel()
		table := &schema.Table{Name: "t", Columns: []schema.Column{
			{Name: "a", Type: "timestamp(3) with time zone"},
			{Name: "b", Type: "mood[][]"},
			{Name: "c", Type: "other.mood"},
		}}
		want := "CREATE TABLE \"t\" (\n    \"a\" timestamp(3) with time zone,\n    \"b\" \"mood\"[][],\n    \"c\" other.mood\n)"
		got := ddl.CreateTable(table, []schema.Enum{{Name: "mood", Values: []string{"ok"}}})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("writes_a_table_without_columns", func(t *testing.T) {
		t.Parallel()
		if got := ddl.CreateTable(&schema.Table{Name: "t"}, nil); got != `CREATE TABLE "t" ()` {
			t.Errorf("CreateTable = %s", got)
		}
	})
}

func script(s *schema.Schema) string {
	var b strings.Builder
	for _, st := range ddl.Create(s) {
		b.WriteString("-- " + string(st.Kind) + " " + st.Name)
		if st.Table != "" && st.Table != st.Name {
			b.WriteString(" of " + st.Table)
		}
		b.WriteString("\n" + st.SQL + ";\n\n")
	}
	return b.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines(string(want)), lines(got)); diff != "" {
		t.Errorf("%s differs (-want +got), -update writes it anew:\n%s", path, diff)
	}
}
