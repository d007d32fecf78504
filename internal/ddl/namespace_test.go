package ddl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

// offices is a schema whose tables are in three namespaces and share a name.
func offices() *schema.Schema {
	id := []schema.Column{
		{Name: "id", Type: "bigint", NotNull: true, Comment: "x"},
		{Name: "kind", Type: "varchar(9)"},
		{Name: "up", Type: "bigint"},
	}
	table := func(namespace, up string) schema.Table {
		return schema.Table{
			Namespace: namespace, Name: "papers", Columns: id, Comment: "Papers of " + namespace,
			PrimaryKey: &schema.PrimaryKey{Name: "pk_papers", Columns: []string{"id"}},
			Checks:     []schema.Check{{Name: "ck_papers_kind", Expression: "kind IN ('a', 'b')"}},
			Uniques:    []schema.Unique{{Name: "uq_papers_up", Columns: []string{"up"}, Where: "kind IN ('a', 'b')"}},
			ForeignKeys: []schema.ForeignKey{{
				Name: "fk_papers_up_papers", Columns: []string{"up"}, RefNamespace: up, RefTable: "papers", RefColumns: []string{"id"},
			}},
		}
	}
	return &schema.Schema{
		Tables: []schema.Table{table("", "Odd \"one'.x"), table("audit", ""), table("Odd \"one'.x", "audit")},
		Objects: []schema.Object{
			{
				Kind: schema.Function, Name: "keep",
				Create: "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NULL; END$$",
			},
			{
				Kind: schema.Trigger, Name: "papers_keep", Namespace: "audit", Table: "papers",
				Create: "CREATE TRIGGER papers_keep BEFORE DELETE ON {table} FOR EACH ROW WHEN (OLD.kind IN ('a', 'b')) EXECUTE FUNCTION keep()",
			},
		},
	}
}

func TestCreateAllInNamespaces(t *testing.T) {
	t.Parallel()
	created := []string{
		"schema audit", "schema Odd \"one'.x", "function keep()",
		"table papers", "comment table", "comment column id", "table papers", "comment table", "comment column id",
		"table papers", "comment table", "comment column id",
		"unique index uq_papers_up", "unique index uq_papers_up", "unique index uq_papers_up",
		"foreign key fk_papers_up_papers", "foreign key fk_papers_up_papers", "foreign key fk_papers_up_papers", "trigger papers_keep",
	}

	for name, path := range map[string]string{
		"outside_of_search_path":                  "public",
		"of_which_some_are_in_search_path":        `"$user", public, audit`,
		"of_which_all_are_in_search_path":         `public,"Odd ""one'.x",   AUDIT`,
		"when_the_first_in_search_path_is_no_one": "nope, public",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := connect(t, newDatabase(t))
			exec(t, conn, "SET search_path TO "+path)
			for _, want := range [][]string{created, nil} {
				got, err := createAll(t.Context(), conn, offices())
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			if got := text(t, conn, "SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'retort%'"); got != "0" {
				t.Errorf("%s scratch schemas are left", got)
			}
		})
	}

	t.Run("creates_what_one_of_them_lacks", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		if _, err := createAll(t.Context(), conn, offices()); err != nil {
			t.Fatal(err)
		}
		exec(t, conn, "DROP TABLE audit.papers CASCADE; ALTER TABLE \"Odd \"\"one'.x\".papers DROP up, ADD up bigint")
		s := offices()
		s.Tables[2].ForeignKeys, s.Tables[2].Uniques = nil, nil
		got, err := createAll(t.Context(), conn, s)
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"table papers", "comment table", "comment column id", "unique index uq_papers_up", "foreign key fk_papers_up_papers", "trigger papers_keep"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})

	t.Run("knows_the_current_schema_by_its_name", func(t *testing.T) {
		t.Parallel()
		conn := connect(t, newDatabase(t))
		exec(t, conn, "CREATE TABLE main (id bigint PRIMARY KEY)")
		s := &schema.Schema{Tables: []schema.Table{
			{Name: "main", Columns: []schema.Column{{Name: "id", Type: "bigint", NotNull: true}}, PrimaryKey: &schema.PrimaryKey{Name: "main_pkey", Columns: []string{"id"}}},
			{
				Namespace: "public", Name: "sub", Columns: []schema.Column{{Name: "id", Type: "bigint"}},
				ForeignKeys: []schema.ForeignKey{{Name: "fk", Columns: []string{"id"}, RefTable: "main", RefColumns: []string{"id"}}},
			},
		}}
		for _, want := range [][]string{{"table sub", "foreign key fk"}, nil} {
			got, err := createAll(t.Context(), conn, s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		}
	})
}

func TestCreateAllComparesNamespaces(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	if _, err := createAll(t.Context(), conn, offices()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, change string
		want         []string
	}{
		{what: "the_same"},
		{"a_key_into_another_namespace", "ALTER TABLE audit.papers DROP CONSTRAINT fk_papers_up_papers, " +
			"ADD CONSTRAINT fk_papers_up_papers FOREIGN KEY (up) REFERENCES audit.papers", []string{
			"table audit.papers: constraint fk_papers_up_papers: model FOREIGN KEY (up) REFERENCES papers(id), database FOREIGN KEY (up) REFERENCES audit.papers(id)",
		}},
		{"columns_comments_and_indexes_there", "ALTER TABLE audit.papers ALTER up SET NOT NULL; COMMENT ON TABLE audit.papers IS NULL; DROP INDEX audit.uq_papers_up", []string{
			"table audit.papers: comment: model Papers of audit, database missing",
			"table audit.papers: column up: model NULL, database NOT NULL",
			"table audit.papers: index uq_papers_up: model UNIQUE USING btree (up) WHERE ((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])), database missing",
		}},
		{"a_trigger_there", "DROP TRIGGER papers_keep ON audit.papers", []string{
			"table audit.papers: trigger papers_keep: model BEFORE DELETE FOR EACH ROW WHEN (((old.kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))) EXECUTE FUNCTION keep(), database missing",
		}},
		{what: "restored_from_a_dump", change: "ALTER TABLE audit.papers DROP CONSTRAINT ck_papers_kind; " +
			"ALTER TABLE audit.papers ADD CONSTRAINT ck_papers_kind CHECK (((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))); " +
			"DROP INDEX audit.uq_papers_up; CREATE UNIQUE INDEX uq_papers_up ON audit.papers USING btree (up) WHERE ((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])); " +
			"DROP TRIGGER papers_keep ON audit.papers; CREATE TRIGGER papers_keep BEFORE DELETE ON audit.papers FOR EACH ROW WHEN (((old.kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[]))) EXECUTE FUNCTION public.keep()"},
	} {
		t.Run(c.what, func(t *testing.T) {
			exec(t, conn, "BEGIN; "+c.change)
			defer exec(t, conn, "ROLLBACK")
			_, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, offices())
			if diff := cmp.Diff(c.want, differences(t, err)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
