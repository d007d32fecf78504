package catalog_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate/catalog"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// TestRead holds the facts of a database with one of everything to a golden file.
func TestRead(t *testing.T) {
	t.Parallel()
	sql, err := os.ReadFile(filepath.Join("testdata", "everything.sql"))
	if err != nil {
		t.Fatal(err)
	}
	k := kit(t, "")
	text := string(sql)
	if k.QueryInt(t, "SELECT current_setting('server_version_num')::bigint") < 150000 {
		text = strings.ReplaceAll(text, " NULLS NOT DISTINCT", "")
	}
	k.Exec(t, text)
	c := read(t, k, catalog.Options{Grants: true})

	t.Run("finds_one_of_everything", func(t *testing.T) {
		if c.Version/10000 != 15 {
			t.Skip("the golden file is rendered by PostgreSQL 15, which is in every run")
		}
		got := *c
		got.Database, got.Version = "", 0
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", "everything.json")
		if *update {
			if err := os.WriteFile(golden, append(text, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(text)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})

	t.Run("takes_one_round_trip", func(t *testing.T) {
		ctx, tally := k.Engine.WithTally(t.Context())
		if _, err := catalog.Read(ctx, k.Engine, catalog.Options{Grants: true}); err != nil || tally.Trips() != 1 {
			t.Errorf("%d round trips, %v", tally.Trips(), err)
		}
	})

	t.Run("leaves_out_grants_unless_asked", func(t *testing.T) {
		if asked, unasked := len(c.Grants), len(read(t, k, catalog.Options{}).Grants); asked == 0 || unasked != 0 {
			t.Errorf("%d grants when asked for, %d when not", asked, unasked)
		}
	})

	t.Run("says_the_same_twice", func(t *testing.T) {
		if diff := cmp.Diff(c, read(t, k, catalog.Options{Grants: true})); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("leaves_out_what_an_extension_owns", func(t *testing.T) {
		if n := k.QueryInt(t, "SELECT count(*) FROM pg_proc WHERE proname LIKE 'hstore%'"); n == 0 {
			t.Fatal("hstore brought no function: the check sees nothing")
		}
		for _, f := range c.Functions {
			if strings.Contains(f.Name, "hstore") {
				t.Errorf("function %s", f.Name)
			}
		}
		if _, ok := c.Type("public", "hstore"); ok {
			t.Error("type hstore")
		}
	})

	t.Run("puts_everything_behind_what_it_depends_on", func(t *testing.T) {
		at := map[catalog.Ref]int{}
		for i, ref := range c.Order {
			at[ref] = i
		}
		for _, u := range c.Uses {
			if at[u.By] < at[u.On] {
				t.Errorf("%s comes before %s", u.By, u.On)
			}
		}
		if len(c.Uses) < 10 {
			t.Errorf("only %d uses", len(c.Uses))
		}
	})
}

func TestOptions(t *testing.T) {
	t.Parallel()
	k := kit(t, `CREATE SCHEMA audit; CREATE SCHEMA "o.dd"; CREATE TABLE a (id int); CREATE TABLE b (id int);
CREATE TABLE audit.a (id int); CREATE TABLE audit."x/y" (id int); CREATE TABLE "o.dd".a (id int)`)
	for _, test := range []struct {
		name string
		opts catalog.Options
		want []string
	}{
		{"keep_everything_by_default", catalog.Options{}, []string{"audit.a", "audit.x/y", "o.dd.a", "public.a", "public.b"}},
		{"keep_a_schema", catalog.Options{Include: []string{"audit"}}, []string{"audit.a", "audit.x/y"}},
		{"keep_names", catalog.Options{Include: []string{"*.a"}}, []string{"audit.a", "o.dd.a", "public.a"}},
		{"drop_before_they_keep", catalog.Options{Include: []string{"public", "audit"}, Exclude: []string{"public.b", "audit.x*"}}, []string{"audit.a", "public.a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, table := range read(t, k, test.opts).Tables {
				if len(table.Columns) != 1 {
					t.Errorf("%s has %d columns", table.Name, len(table.Columns))
				}
				got = append(got, table.Namespace+"."+table.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, pattern := range []string{"[", "public.[", ".a"} {
		t.Run("refuse_"+pattern, func(t *testing.T) {
			t.Parallel()
			if _, err := catalog.Read(t.Context(), k.Engine, catalog.Options{Exclude: []string{pattern}}); err == nil || !strings.Contains(err.Error(), pattern) {
				t.Errorf("Read = %v", err)
			}
		})
	}
}

func TestSurroundings(t *testing.T) {
	t.Parallel()

	t.Run("an_empty_database_is_empty", func(t *testing.T) {
		t.Parallel()
		c := read(t, kit(t, ""), catalog.Options{Grants: true})
		if len(c.Tables)+len(c.Types)+len(c.Functions)+len(c.Order) != 0 || c.Namespace != "public" || c.Version < 140000 {
			t.Errorf("%+v", c)
		}
	})

	t.Run("no_current_schema_qualifies_every_name", func(t *testing.T) {
		t.Parallel()
		k := kit(t, "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (m mood)")
		k.Exec(t, "ALTER DATABASE "+k.Name()+" SET search_path = nowhere")
		c := read(t, k, catalog.Options{})
		if c.Namespace != "" || c.Tables[0].Columns[0].Type != "public.mood" {
			t.Errorf("%q, %+v", c.Namespace, c.Tables[0].Columns)
		}
	})

	t.Run("settings_of_the_connection_do_not_show", func(t *testing.T) {
		t.Parallel()
		k := kit(t, "CREATE TABLE t (at timestamptz DEFAULT '2024-01-02 03:04:05+00', every interval DEFAULT '1 day 2 hours')")
		want := read(t, k, catalog.Options{}).Tables
		k.Exec(t, "ALTER DATABASE "+k.Name()+" SET timezone = 'Asia/Tokyo'; ALTER DATABASE "+k.Name()+
			" SET datestyle = 'German'; ALTER DATABASE "+k.Name()+" SET intervalstyle = 'iso_8601'; ALTER DATABASE "+k.Name()+" SET quote_all_identifiers = on")
		other, err := catalog.Read(t.Context(), kitOn(t, k.URL()), catalog.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, other.Tables); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("a_cancelled_context_is_an_error", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := catalog.Read(ctx, kit(t, "").Engine, catalog.Options{}); err == nil {
			t.Error("no error")
		}
	})

	t.Run("many_goroutines_read_the_same", func(t *testing.T) {
		t.Parallel()
		k := kit(t, "CREATE TABLE t (id int PRIMARY KEY)")
		want := read(t, k, catalog.Options{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got, err := catalog.Read(t.Context(), k.Engine, catalog.Options{})
				if err != nil || !cmp.Equal(want, got) {
					t.Errorf("%v, %s", err, cmp.Diff(want, got))
				}
			})
		}
		wg.Wait()
	})

	t.Run("circles_are_broken_by_name", func(t *testing.T) {
		t.Parallel()
		c := read(t, kit(t, `CREATE TABLE b (id int); CREATE FUNCTION f(b) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
ALTER TABLE b ADD CHECK (f(b.*) > 0)`), catalog.Options{})
		var got []string
		for _, ref := range c.Order {
			got = append(got, ref.String())
		}
		slices.Sort(got)
		if diff := cmp.Diff([]string{"function public.f(b)", "table public.b"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// BenchmarkRead reads 500 tables of 10 columns; the promise is 1 s.
func BenchmarkRead(b *testing.B) {
	k := kit(b, "")
	var sql strings.Builder
	for i := range 500 {
		fmt.Fprintf(&sql, `CREATE TABLE t%d (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text NOT NULL DEFAULT 'x', b int CHECK (b > 0),
c timestamptz DEFAULT now(), d numeric(10,2), e uuid, f jsonb, g text[], h date, i int REFERENCES t%d); CREATE INDEX ON t%d (lower(a)) WHERE b > 1;`, i, max(i-1, 0), i)
	}
	k.Exec(b, sql.String())
	for b.Loop() {
		if n := len(read(b, k, catalog.Options{}).Tables); n != 500 {
			b.Fatal(n)
		}
	}
}
