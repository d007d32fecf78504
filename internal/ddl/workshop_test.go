package ddl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

// workshop is a schema with what the library has no use for.
func workshop() *schema.Schema {
	return &schema.Schema{Tables: []schema.Table{{
		Name: "tools",
		Columns: []schema.Column{
			{
				Name: "id", Type: "bigint", NotNull: true, Identity: schema.IdentityAlways,
				Sequence: schema.Sequence{Start: 1000, Increment: 10}, Comment: "Printed on the tool's label",
			},
			{Name: "down", Type: "smallint", NotNull: true, Identity: schema.IdentityByDefault, Sequence: schema.Sequence{Increment: -1}},
			{Name: "name", Type: "text", NotNull: true, Collation: "C"},
			{Name: "kind", Type: "varchar(20)", NotNull: true},
			{Name: "width", Type: "integer"},
			{Name: "area", Type: "integer", Generated: "width * width -- mm²"},
			{Name: "sharp", Type: "boolean", NotNull: true, Generated: "kind IN ('saw', 'knife')", Comment: "It's sharp\nor not"},
			{Name: "hours", Type: "tstzrange"},
			{Name: "tags", Type: "text[]"},
			{Name: "lent", Type: "boolean", NotNull: true, Default: "('x'::varchar IN ('y', 'z'))"},
		},
		PrimaryKey: &schema.PrimaryKey{Name: "pk_tools", Columns: []string{"id", "kind"}},
		Checks:     []schema.Check{{Name: "ck_tools_sharp", Expression: "sharp OR name NOT IN ('a', 'b')"}},
		Uniques: []schema.Unique{
			{Name: "uq_tools_width_kind", Columns: []string{"width", "kind"}, NullsNotDistinct: true, Include: []string{"name", "area"}},
			{Name: "uq_tools_width", Columns: []string{"width"}, NullsNotDistinct: true, Include: []string{"name"}, Where: "sharp"},
		},
		Exclusions: []schema.Exclusion{
			{
				Name: "ex_tools_hours_kind", Include: []string{"width"}, Where: "kind IN ('saw', 'plane') -- sharp ones", Deferrable: schema.InitiallyDeferred,
				Parts: []schema.ExclusionPart{
					{IndexPart: schema.IndexPart{Column: "hours"}, Operator: "&&"},
					{IndexPart: schema.IndexPart{Expression: "int4range(width, area)", OperatorClass: "range_ops"}, Operator: "OPERATOR(pg_catalog.&&)"},
				},
			},
			{Name: "ex_tools_name", Method: "hash", Parts: []schema.ExclusionPart{{IndexPart: schema.IndexPart{Column: "name"}, Operator: "="}}},
		},
		Indexes: []schema.Index{
			{Name: "ix_tools_area", Parts: schema.Parts("area"), Where: "sharp"},
			{Name: "ix_tools_tags", Method: "gin", Parts: schema.Parts("tags"), Storage: "fastupdate = off"},
			{Name: "ix_tools_hours", Method: "gist", Parts: []schema.IndexPart{{Column: "hours", OperatorClass: "range_ops"}}, Include: []string{"id"}},
			{Name: "ix_tools_id", Method: "brin", Parts: []schema.IndexPart{{Column: "id", OperatorClass: "int8_bloom_ops(false_positive_rate = 0.05)"}}},
			{Name: "uq_tools_lower_name", Unique: true, NullsNotDistinct: true, Include: []string{"width"}, Storage: "fillfactor = 50", Parts: []schema.IndexPart{
				{Expression: "lower(name) -- folded", Collation: "C", OperatorClass: "text_pattern_ops", Desc: true, Nulls: schema.NullsLast},
				{Column: "kind", Collation: "POSIX", Nulls: schema.NullsFirst},
				{Expression: "kind IN ('a', 'b')"},
			}},
		},
		Unlogged: true,
		Storage:  "fillfactor = 70, toast.autovacuum_enabled = false",
		Comment:  "What hangs on the wall",
	}}}
}

func TestCreateAllOfWorkshop(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	want := []string{
		"table tools", "comment table", "comment column id", "comment column sharp", "unique index uq_tools_width",
		"index ix_tools_area", "index ix_tools_tags", "index ix_tools_hours", "index ix_tools_id", "unique index uq_tools_lower_name",
	}
	for range 2 {
		created, err := createAll(t.Context(), conn, workshop())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, created); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		want = nil
	}
	exec(t, conn, "INSERT INTO tools (name, kind, width) VALUES ('A', 'saw', 3), ('B', 'hammer', 4)")
	got := text(t, conn, "SELECT string_agg(concat_ws(' ', id, down, area, sharp), '; ' ORDER BY id) FROM tools")
	if want := "1000 -1 9 t; 1010 -2 16 f"; got != want {
		t.Errorf("the rows are %s, want %s", got, want)
	}
}

// Each case changes a database that holds the workshop, or what the models say
// of it, and says what CreateAll must see, nothing where want is empty.
func TestCreateAllComparesWorkshop(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	if _, err := createAll(t.Context(), conn, workshop()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, change string
		model        func(tools *schema.Table)
		want         []string
	}{
		{what: "the_same"},
		{what: "generated_expression", model: func(t *schema.Table) { t.Columns[5].Generated = "width * 2" }, want: []string{
			"table tools: column area: model GENERATED ALWAYS AS ((width * 2)) STORED, database GENERATED ALWAYS AS ((width * width)) STORED",
		}},
		{what: "generated_no_more", model: func(t *schema.Table) { t.Columns[5].Generated = "" }, want: []string{
			"table tools: column area: model no default, database GENERATED ALWAYS AS ((width * width)) STORED",
		}},
		{what: "kind_of_identity", change: "ALTER TABLE tools ALTER id SET GENERATED BY DEFAULT", want: []string{
			"table tools: column id: model GENERATED ALWAYS AS IDENTITY INCREMENT BY 10, database GENERATED BY DEFAULT AS IDENTITY INCREMENT BY 10",
		}},
		{what: "start_and_increment", change: "ALTER TABLE tools ALTER id SET START WITH 5 SET INCREMENT BY 2", want: []string{
			"table tools: column id: model GENERATED ALWAYS AS IDENTITY INCREMENT BY 10, database GENERATED ALWAYS AS IDENTITY INCREMENT BY 2",
			"table tools: column id: model START WITH 1000, database START WITH 5",
		}},
		{what: "start_that_no_model_declares", change: "ALTER TABLE tools ALTER down SET START WITH -20 RESTART"},
		{what: "collation", change: `ALTER TABLE tools ALTER name TYPE text COLLATE "POSIX"`, want: []string{
			`table tools: column name: model text COLLATE "C", database text COLLATE "POSIX"`,
		}},
		{
			what: "collation_of_another_schema", change: `CREATE SCHEMA other; CREATE COLLATION other."C" (locale = 'C'); ALTER TABLE tools ALTER name TYPE text COLLATE other."C"`,
			want: []string{`table tools: column name: model text COLLATE "C", database text COLLATE other."C"`},
		},
		{what: "comments", change: "COMMENT ON TABLE tools IS NULL; COMMENT ON COLUMN tools.id IS 'x'", want: []string{
			"table tools: comment: model What hangs on the wall, database missing",
			"table tools: comment of column id: model Printed on the tool's label, database x",
		}},
		{what: "comments_that_no_model_declares", change: "COMMENT ON COLUMN tools.name IS 'x'; COMMENT ON INDEX ix_tools_area IS 'x'"},
		{what: "storage", change: "ALTER TABLE tools RESET (fillfactor), SET (toast.autovacuum_enabled = true)", want: []string{
			"table tools: storage parameter fillfactor: model 70, database missing",
			"table tools: storage parameter toast.autovacuum_enabled: model false, database true",
		}},
		{what: "storage_that_no_model_declares", change: "ALTER TABLE tools SET (autovacuum_enabled = false)"},
		{what: "persistence", change: "ALTER TABLE tools SET LOGGED", want: []string{
			"table tools: persistence: model UNLOGGED, database LOGGED",
		}},
		{what: "primary_key", change: "ALTER TABLE tools DROP CONSTRAINT pk_tools, ADD CONSTRAINT pk_tools PRIMARY KEY (kind, id)", want: []string{
			"table tools: constraint pk_tools: model PRIMARY KEY (id, kind), database PRIMARY KEY (kind, id)",
		}},
		{what: "unique_nulls_and_include", model: func(t *schema.Table) { t.Uniques[0].NullsNotDistinct, t.Uniques[1].Include = false, nil }, want: []string{
			"table tools: constraint uq_tools_width_kind: model UNIQUE (width, kind) INCLUDE (name, area), database UNIQUE NULLS NOT DISTINCT (width, kind) INCLUDE (name, area)",
			"table tools: index uq_tools_width: model UNIQUE USING btree (width) NULLS NOT DISTINCT WHERE sharp, database UNIQUE USING btree (width) INCLUDE (name) NULLS NOT DISTINCT WHERE sharp",
		}},
		{what: "exclusion", model: func(t *schema.Table) {
			t.Exclusions[0].Parts, t.Exclusions[1].Deferrable = t.Exclusions[0].Parts[:1], schema.InitiallyImmediate
		}, want: []string{
			"table tools: constraint ex_tools_hours_kind: model EXCLUDE USING gist (hours WITH &&) INCLUDE (width) WHERE (((kind)::text = ANY ((ARRAY['saw'::character varying, 'plane'::character varying])::text[]))) DEFERRABLE INITIALLY DEFERRED, " +
				"database EXCLUDE USING gist (hours WITH &&, int4range(width, area) WITH &&) INCLUDE (width) WHERE (((kind)::text = ANY ((ARRAY['saw'::character varying, 'plane'::character varying])::text[]))) DEFERRABLE INITIALLY DEFERRED",
			"table tools: constraint ex_tools_name: model EXCLUDE USING hash (name WITH =) DEFERRABLE, database EXCLUDE USING hash (name WITH =)",
		}},
		{what: "missing_exclusion", change: "ALTER TABLE tools DROP CONSTRAINT ex_tools_name", want: []string{
			"table tools: constraint ex_tools_name: model EXCLUDE USING hash (name WITH =), database missing",
		}},
		{what: "indexes", model: func(t *schema.Table) {
			t.Indexes[0].Method, t.Indexes[1].Storage, t.Indexes[2].Include = "hash", "", nil
			t.Indexes[3].Parts[0].OperatorClass = ""
			t.Indexes[4].Unique, t.Indexes[4].NullsNotDistinct = false, false
			p := t.Indexes[4].Parts
			p[0].Collation, p[0].OperatorClass, p[0].Desc, p[0].Nulls, p[1].Nulls, p[2].Expression = "", "", false, "", "", "kind = 'a'"
		}, want: []string{
			"table tools: index ix_tools_area: model USING hash (area) WHERE sharp, database USING btree (area) WHERE sharp",
			"table tools: index ix_tools_hours: model USING gist (hours), database USING gist (hours) INCLUDE (id)",
			"table tools: index ix_tools_id: model USING brin (id), database USING brin (id int8_bloom_ops (false_positive_rate='0.05'))",
			"table tools: index ix_tools_tags: model USING gin (tags), database USING gin (tags) WITH (fastupdate=off)",
			`table tools: index uq_tools_lower_name: model USING btree (lower(name), kind COLLATE "POSIX", (((kind)::text = 'a'::text))) INCLUDE (width) WITH (fillfactor='50'), ` +
				`database UNIQUE USING btree (lower(name) text_pattern_ops DESC NULLS LAST, kind COLLATE "POSIX" NULLS FIRST, (((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))) INCLUDE (width) NULLS NOT DISTINCT WITH (fillfactor='50')`,
		}},
		// What pg_dump writes is parsed into other casts than what was written first.
		{what: "restored_from_a_dump", change: "ALTER TABLE tools DROP sharp CASCADE; ALTER TABLE tools ADD sharp boolean NOT NULL " +
			"GENERATED ALWAYS AS (((kind)::text = ANY ((ARRAY['saw'::character varying, 'knife'::character varying])::text[]))) STORED; " +
			"COMMENT ON COLUMN tools.sharp IS E'It''s sharp\\nor not'; " +
			"ALTER TABLE tools ALTER lent SET DEFAULT (('x'::character varying)::text = ANY ((ARRAY['y'::character varying, 'z'::character varying])::text[])); " +
			"ALTER TABLE tools ADD CONSTRAINT ck_tools_sharp CHECK ((sharp OR (name <> ALL (ARRAY['a'::text, 'b'::text])))); " +
			"ALTER TABLE tools DROP CONSTRAINT ex_tools_hours_kind; " +
			"ALTER TABLE tools ADD CONSTRAINT ex_tools_hours_kind EXCLUDE USING gist (hours WITH &&, int4range(width, area) WITH &&) INCLUDE (width) WHERE (((kind)::text = ANY ((ARRAY['saw'::character varying, 'plane'::character varying])::text[]))) DEFERRABLE INITIALLY DEFERRED; " +
			`DROP INDEX uq_tools_lower_name; CREATE UNIQUE INDEX uq_tools_lower_name ON public.tools USING btree (lower(name) COLLATE "C" text_pattern_ops DESC NULLS LAST, kind COLLATE "POSIX" NULLS FIRST, (((kind)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))) INCLUDE (width) NULLS NOT DISTINCT WITH (fillfactor='50'); ` +
			"CREATE UNIQUE INDEX uq_tools_width ON tools (width) INCLUDE (name) NULLS NOT DISTINCT WHERE sharp; " +
			"CREATE INDEX ix_tools_area ON public.tools USING btree (area) WHERE sharp"},
	} {
		t.Run(c.what, func(t *testing.T) {
			exec(t, conn, "BEGIN; "+c.change)
			defer exec(t, conn, "ROLLBACK")
			s := workshop()
			if c.model != nil {
				c.model(&s.Tables[0])
			}
			result, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, s)
			if diff := cmp.Diff(c.want, differences(t, err)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(result.Created) > 0 {
				t.Errorf("it created %v", result.Created)
			}
		})
	}
}
