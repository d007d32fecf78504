package ddl_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

// yard is a schema with objects that are created and not compared.
func yard() *schema.Schema {
	return &schema.Schema{
		Tables: []schema.Table{
			{
				Name: "tools", Columns: []schema.Column{{Name: "id", Type: "bigint", NotNull: true}, {Name: "tags", Type: "hstore"}, {Name: "number", Type: "bigint", Default: "nextval('numbers')"}},
				PrimaryKey: &schema.PrimaryKey{Name: "pk_tools", Columns: []string{"id"}},
			},
			{
				Namespace: "audit", Name: "o'dd", Columns: []schema.Column{{Name: "id", Type: "bigint", NotNull: true}},
				PrimaryKey: &schema.PrimaryKey{Name: "pk_odd", Columns: []string{"id"}},
			},
		},
		Objects: []schema.Object{
			{Kind: schema.Policy, Name: "mine", Table: "tools", Create: "CREATE POLICY mine ON {table} USING (id > 0)"},
			{Kind: schema.Policy, Name: "yours", Table: "tools", Create: "CREATE POLICY yours ON {table} USING (id > 1);"},
			{Kind: schema.Policy, Name: "mine", Namespace: "audit", Table: "o'dd", Create: "CREATE POLICY mine ON {table} USING (id > 0)"},
			{Kind: schema.View, Name: "sharp", Create: "CREATE VIEW sharp AS SELECT id FROM tools"},
			{
				Kind: schema.View, Name: "audit.counts", Create: "CREATE MATERIALIZED VIEW audit.counts AS SELECT count(*) AS n FROM sharp", Comment: "it's counted",
				Indexes: []schema.ObjectIndex{{Name: "counts_n", Create: "CREATE UNIQUE INDEX counts_n ON audit.counts (n);"}},
			},
			{Kind: schema.Extension, Name: "hstore"},
			{Kind: schema.SequenceObject, Name: "numbers", Create: "CREATE SEQUENCE numbers START 1000", Comment: "of tools"},
		},
	}
}

func TestObjectsThatAreNotCompared(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	want := []string{
		"schema audit", "extension hstore", "sequence numbers", "comment on sequence numbers", "table tools", "table o'dd", "view sharp", "view audit.counts",
		"index of view counts_n", "comment on view audit.counts",
		"row security tools", "policy mine", "policy yours", "row security o'dd", "policy mine",
	}
	for range 2 { // the second time everything is there
		created, err := createAll(t.Context(), conn, yard())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, created); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		want = nil
	}
	exec(t, conn, `DROP POLICY yours ON tools; DROP MATERIALIZED VIEW audit.counts`)
	created, err := createAll(t.Context(), conn, yard())
	if diff := cmp.Diff([]string{"view audit.counts", "index of view counts_n", "comment on view audit.counts", "row security tools", "policy yours"}, created); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	exec(t, conn, `DROP INDEX audit.counts_n`)
	created, err = createAll(t.Context(), conn, yard())
	if diff := cmp.Diff([]string{"index of view counts_n"}, created); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

func TestObjectsUnderAnotherName(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*schema.Schema){
		"view sharper":                       func(s *schema.Schema) { s.Objects[3].Name = "sharper" },
		"sequence digits":                    func(s *schema.Schema) { s.Objects[6].Name, s.Objects[6].Comment = "digits", "" },
		"index count_n of view audit.counts": func(s *schema.Schema) { s.Objects[4].Indexes[0].Name = "count_n" },
		"policy ours":                        func(s *schema.Schema) { s.Objects[0].Name = "ours" },
	} {
		s := yard()
		spoil(s)
		_, err := createAll(t.Context(), connect(t, newDatabase(t)), s)
		if err == nil || !strings.Contains(err.Error(), name+": its SQL made no") {
			t.Errorf("%s: CreateAll = %v", name, err)
		}
	}
}

func TestValidateObjects(t *testing.T) {
	t.Parallel()
	s := yard()
	s.Objects = append(s.Objects,
		schema.Object{Kind: schema.Policy, Name: "lost", Table: "nowhere", Create: "CREATE POLICY lost ON nowhere"},
		schema.Object{Kind: schema.View, Name: "", Create: "CREATE VIEW x AS SELECT 1"},
		schema.Object{Kind: schema.View, Name: "empty"},
		schema.Object{Kind: schema.Extension, Name: "hstore"},
		schema.Object{Kind: schema.Extension, Name: strings.Repeat("x", 64)},
		schema.Object{Kind: "window", Name: "w", Create: "x"},
		schema.Object{Kind: schema.SequenceObject, Name: "s", Table: "tools", Create: "CREATE SEQUENCE s"},
		schema.Object{Kind: schema.Extension, Name: "citext", Comment: "x"},
		schema.Object{Kind: schema.View, Name: "v", Create: "CREATE VIEW v AS SELECT 1", Indexes: []schema.ObjectIndex{{Name: "i", Create: "x"}}},
		schema.Object{Kind: schema.View, Name: "m", Create: "CREATE MATERIALIZED VIEW m AS SELECT 1", Indexes: []schema.ObjectIndex{{Name: "i"}, {Name: "i", Create: "x"}}},
		schema.Object{Kind: schema.View, Name: "n", Create: "CREATE VIEW n AS SELECT 1", Comment: "\x00"},
	)
	problems := ddl.Validate(s)
	for i, want := range []string{"no registered table", "no name", "SQL is empty", "registered twice", "63", "its kind is", "a table, arguments", "it has a comment", "only materialized views", "index i is empty", "index i is registered twice", "comment has a NUL"} {
		if i >= len(problems) || !strings.Contains(problems[i].Error(), want) {
			t.Errorf("problem %d of %v has no %q", i, problems, want)
		}
	}
}
