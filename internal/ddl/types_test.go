package ddl_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/schema"
)

// clinic has enums of the same name in two namespaces, arrays of them, a type by
// its SQL, and functions in a namespace that take and give them.
func clinic() *schema.Schema {
	return &schema.Schema{
		Enums: []schema.Enum{
			{Name: "State", Values: []string{"in", "out"}},
			{Namespace: "Ward 1", Name: "State", Values: []string{"free", "used"}},
		},
		Tables: []schema.Table{{Namespace: "Ward 1", Name: "beds", Columns: []schema.Column{
			{Name: "state", Type: "Ward 1.State", NotNull: true, Default: "'free'"},
			{Name: "past", Type: "Ward 1.State[]"},
			{Name: "patient", Type: "State"},
			{Name: "seen", Type: "State[]", Default: "'{in}'"},
			{Name: "size", Type: "\"Ward 1\".size"},
			{Name: "next", Type: "Ward 1.State", Default: `"Ward 1".turn('used')`},
		}}},
		Objects: []schema.Object{
			{Kind: schema.Type, Name: `"Ward 1".size`, Create: `CREATE TYPE "Ward 1".size AS (state "Ward 1"."State", cm integer);`},
			{
				Kind: schema.Function, Namespace: "Ward 1", Name: "turn", Arguments: `"Ward 1"."State"`,
				Create: `CREATE FUNCTION {function}(s "Ward 1"."State") RETURNS "Ward 1"."State" LANGUAGE sql AS $$SELECT s$$`,
			},
			{Kind: schema.Function, Name: "turn", Arguments: "integer", Create: `CREATE FUNCTION turn(integer) RETURNS integer LANGUAGE sql AS $$SELECT 1$$`},
		},
	}
}

func TestCreateAllTypesInNamespaces(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	for _, want := range [][]string{
		{"schema Ward 1", "enum State", "enum State", `type "Ward 1".size`, `function turn("Ward 1"."State")`, "function turn(integer)", "table beds"},
		nil,
	} {
		got, err := createAll(t.Context(), conn, clinic())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	for _, c := range []struct {
		what, change string
		want         []string
	}{
		{what: "the_same"},
		{"a_label_there", `ALTER TYPE "Ward 1"."State" RENAME VALUE 'used' TO 'taken'`, []string{
			"enum Ward 1.State: value used: model present, database missing",
		}},
		{"an_enum_of_the_other_namespace", `ALTER TABLE "Ward 1".beds DROP past, ADD past "State"[]`, []string{
			`table Ward 1.beds: column past: model "Ward 1"."State"[], database "State"[]`,
		}},
		{"a_function_there", `CREATE OR REPLACE FUNCTION "Ward 1".turn(s "Ward 1"."State") RETURNS "Ward 1"."State" LANGUAGE sql AS $$SELECT null::"Ward 1"."State"$$`, []string{
			`function Ward 1.turn("Ward 1"."State"): line `,
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			exec(t, conn, "BEGIN; "+c.change)
			defer exec(t, conn, "ROLLBACK")
			_, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, clinic())
			got := differences(t, err)
			for i := range got {
				if i < len(c.want) && len(got[i]) > len(c.want[i]) && c.what == "a_function_there" {
					got[i] = got[i][:len(c.want[i])] // the whole texts follow
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if got := text(t, conn, "SELECT count(*)::text FROM pg_namespace WHERE nspname LIKE 'retort%'"); got != "0" {
		t.Errorf("%s scratch schemas are left", got)
	}
}

func TestCreateAllMakesTypesBeforeItCompares(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	if _, err := createAll(t.Context(), conn, clinic()); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, `DROP TABLE "Ward 1".beds; DROP TYPE "Ward 1".size`)
	got, err := createAll(t.Context(), conn, clinic())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`type "Ward 1".size`, "table beds"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	s := clinic()
	s.Objects[0].Name = "sizes"
	s.Tables = nil
	if _, err := createAll(t.Context(), conn, s); err == nil {
		t.Error("a type under another name than its SQL makes is no error")
	} else {
		t.Log(err)
	}
}
