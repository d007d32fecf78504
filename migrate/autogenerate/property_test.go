package autogenerate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/ddl/ddltest"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// TestRandomModels: whatever stands before and after, the plan up leaves no
// difference, the plan down leads back, and both are the same when made again.
func TestRandomModels(t *testing.T) {
	t.Parallel()

	t.Run("schemas that models declare", func(t *testing.T) {
		t.Parallel()
		thereAndBack(t, func(rt *rapid.T, version int) (before, after string, differ bool) {
			s := ddltest.RandomSchema(rt, version)
			before = script(s)
			for i := range s.Tables {
				for range rapid.IntRange(0, 1).Draw(rt, "changes") {
					ddltest.Spoil(rt, &s.Tables[i])
				}
			}
			if rapid.Bool().Draw(rt, "from nothing") {
				before = ""
			}
			after = script(s)
			return before, after, before != after
		})
	})

	t.Run("anything that a server has", func(t *testing.T) {
		t.Parallel()
		thereAndBack(t, func(rt *rapid.T, version int) (before, after string, differ bool) {
			return randomDDL(rt, "before", version), randomDDL(rt, "after", version), false // unknown
		})
	})
}

// script creates what the models declare.
func script(s *schema.Schema) string {
	var b strings.Builder
	for _, st := range ddl.Create(s) {
		if st.Kind != ddl.KindNamespace || st.Name != "public" {
			b.WriteString(st.SQL + ";\n")
		}
	}
	return b.String()
}

func thereAndBack(t *testing.T, draw func(rt *rapid.T, version int) (before, after string, differ bool)) {
	one, two := newDatabase(t, ""), newDatabase(t, "")
	first, second := one.Conn(t), two.Conn(t)
	version := one.read(t).Version
	rapid.Check(t, func(rt *rapid.T) {
		before, after, changed := draw(rt, version)
		fill(rt, first, before)
		fill(rt, second, after)
		from, to := look(rt, one), look(rt, two)
		opts := autogenerate.Options{DropUnclaimed: rapid.Bool().Draw(rt, "drop what nobody claims")}
		plan := between(rt, from, to, opts)
		story := func() string {
			return before + "\n--\n" + after + "\n-- up\n" + autogenerate.Script(plan.Up) + "-- down\n" + autogenerate.Script(plan.Down)
		}
		if changed && len(plan.Up) == 0 {
			rt.Fatalf("it sees no difference\n%s", story())
		}
		if err := walk(rt, first, plan.Up); err != nil {
			rt.Fatalf("up: %v\n%s", err, story())
		}
		if left := differ(rt, look(rt, one), to, opts); len(left) > 0 {
			rt.Fatalf("up leaves\n%s\n%s", list(left), story())
		}
		if err := walk(rt, first, plan.Down); err != nil {
			rt.Fatalf("down: %v\n%s", err, story())
		}
		if left := differ(rt, look(rt, one), from, everything); len(left) > 0 {
			rt.Fatalf("down leaves\n%s\n%s", list(left), story())
		}
		again := between(rt, from, to, opts)
		if autogenerate.Script(again.Up)+autogenerate.Script(again.Down) != autogenerate.Script(plan.Up)+autogenerate.Script(plan.Down) {
			rt.Fatalf("another plan the second time\n%s", story())
		}
	})
}

func look(rt *rapid.T, db database) *catalog.Catalog {
	c, err := catalog.Read(rt.Context(), db.eng, catalog.Options{})
	if err != nil {
		rt.Fatal(err)
	}
	return c
}

func differ(rt *rapid.T, from, to *catalog.Catalog, opts autogenerate.Options) []autogenerate.Difference {
	out, err := autogenerate.Compare(from, to, opts)
	if err != nil {
		rt.Fatal(err)
	}
	return out
}

func between(rt *rapid.T, from, to *catalog.Catalog, opts autogenerate.Options) *autogenerate.Plan {
	return autogenerate.Build(from, to, differ(rt, from, to, opts))
}

func fill(rt *rapid.T, conn *pgx.Conn, sql string) {
	reset := `DROP SCHEMA IF EXISTS audit, "o""d.d", public CASCADE; CREATE SCHEMA public; COMMENT ON SCHEMA public IS 'standard public schema';`
	if _, err := conn.PgConn().Exec(rt.Context(), "BEGIN;"+reset+sql+"COMMIT").ReadAll(); err != nil {
		_, _ = conn.PgConn().Exec(context.WithoutCancel(rt.Context()), "ROLLBACK").ReadAll() // for the next try
		rt.Fatalf("the generator made SQL that does not work: %v\n%s", err, sql)
	}
}

// walk runs each step by itself, which is harder than together.
func walk(rt *rapid.T, conn *pgx.Conn, steps []autogenerate.Step) error {
	for _, s := range steps {
		if s.SQL == "" {
			continue
		}
		if _, err := conn.PgConn().Exec(rt.Context(), s.SQL).ReadAll(); err != nil {
			return fmt.Errorf("%s: %w", s.SQL, err)
		}
	}
	return nil
}

// randomDDL makes tables whose columns of one name can be cast into each other.
func randomDDL(rt *rapid.T, label string, version int) string {
	pick := func(what string, of ...string) string { return rapid.SampledFrom(of).Draw(rt, label+" "+what) }
	maybe := func(what, text string) string {
		if rapid.Bool().Draw(rt, label+" "+what) {
			return text
		}
		return ""
	}
	var b strings.Builder
	b.WriteString("CREATE TYPE mood AS ENUM (" + pick("labels", "'a','b'", "'a','b','c'", "'c','a'", "'z','a','b'") + ");\n")
	b.WriteString("CREATE DOMAIN word AS text" + pick("domain", "", " DEFAULT 'a'", " CHECK (VALUE <> 'q')", " NOT NULL") + ";\n")
	b.WriteString("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT " + pick("function", "1", "2") + "';\n")
	distinct := " NULLS NOT DISTINCT"
	if version < 150000 {
		distinct = ""
	}
	for i := range rapid.IntRange(0, 3).Draw(rt, label+" tables") {
		t := fmt.Sprintf("t%d", i)
		var lines []string
		add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
		add("id %s%s", pick("key", "int", "bigint"), pick("identity", "", " GENERATED ALWAYS AS IDENTITY", " GENERATED BY DEFAULT AS IDENTITY (INCREMENT BY 2)", " DEFAULT 7"))
		add("n %s%s", pick("number", "smallint", "int", "bigint"), pick("number's default", "", " DEFAULT 3", " NOT NULL", " DEFAULT f(2) NOT NULL", " UNIQUE"))
		if rapid.Bool().Draw(rt, label+" text") {
			add("s %s%s", pick("type", "text", "varchar(10)", "varchar(20)", "mood", "text COLLATE \"C\"", "word"), pick("default", "", " DEFAULT 'a'", " NOT NULL DEFAULT 'a'"))
			lines = append(lines, maybe("check", "CONSTRAINT "+t+"_s CHECK (s "+pick("operator", "<>", "=")+" 'a')"))
		}
		lines = append(lines, maybe("array", "a "+pick("array type", "text[]", "mood[]", "varchar(5)[]")+pick("array default", "", " DEFAULT '{}'")),
			maybe("time", `"At" `+pick("time type", "timestamptz", "timestamp", "date", "timestamptz(3)")+pick("time default", "", " DEFAULT now()")),
			maybe("generated", "g bigint GENERATED ALWAYS AS (n * "+pick("factor", "2", "3")+") STORED"),
			maybe("primary", "PRIMARY KEY ("+pick("primary columns", "id", "id, n")+")"),
			maybe("named unique", "CONSTRAINT "+t+"_u UNIQUE"+pick("nulls", "", distinct)+" (n, id)"+pick("deferrable", "", " DEFERRABLE")),
		)
		kept := lines[:0]
		for _, line := range lines {
			if line != "" {
				kept = append(kept, line)
			}
		}
		fmt.Fprintf(&b, "CREATE %sTABLE %s (%s)%s;\n", pick("persistence", "", "", "UNLOGGED "), t, strings.Join(kept, ", "), pick("storage", "", " WITH (fillfactor = 70)"))
		b.WriteString(maybe("index", fmt.Sprintf("CREATE %sINDEX %s_ix ON %s (n%s)%s;\n", pick("unique", "", "UNIQUE "), t, t, pick("order", "", " DESC", ", id"), pick("where", "", " WHERE id > 1"))))
		b.WriteString(maybe("comment", fmt.Sprintf("COMMENT ON COLUMN %s.n IS %s;\n", t, pick("words", "'it''s'", "'two'"))))
		b.WriteString(maybe("view", fmt.Sprintf("CREATE VIEW %s_v AS SELECT %s FROM %s;\n", t, pick("view columns", "n", "n, id", "id + n AS n"), t)))
		b.WriteString(maybe("policy", fmt.Sprintf("ALTER TABLE %s ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON %s USING (n > %s);\n", t, t, pick("limit", "1", "2"))))
	}
	return b.String()
}
