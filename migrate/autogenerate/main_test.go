package autogenerate_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/retorttest"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func TestMain(m *testing.M) {
	// A walk of a random model takes a quarter of a second; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "25"); err != nil {
		panic(err)
	}
	retorttest.Main(m)
}

// database is one database with an engine on it.
type database struct {
	*retorttest.Database
	eng *retort.Engine
}

func newDatabase(tb testing.TB, sql string) database {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	eng := engine(tb, db.URL())
	if sql != "" {
		db.Exec(tb, sql)
	}
	return database{db, eng}
}

func engine(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{URL: url, Base: retort.NewBase()})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	return eng
}

func (d database) read(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, err := catalog.Read(tb.Context(), d.eng, catalog.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// apply runs steps as their modes say.
func (d database) apply(tb testing.TB, steps []autogenerate.Step) {
	tb.Helper()
	var together []string
	run := func(sql ...string) {
		if len(sql) > 0 {
			d.Exec(tb, "BEGIN; "+strings.Join(sql, "; ")+"; COMMIT")
		}
	}
	for _, s := range steps {
		switch {
		case s.SQL == "":
			continue
		case s.Mode == autogenerate.Together:
			together = append(together, s.SQL)
			continue
		}
		run(together...)
		together = nil
		if s.Mode == autogenerate.Alone {
			run(s.SQL)
		} else {
			d.Exec(tb, s.SQL)
		}
	}
	run(together...)
}

// everything asks for all drops but those of partitions.
var everything = autogenerate.Options{DropUnclaimed: true}

func compare(tb testing.TB, db, models *catalog.Catalog, opts autogenerate.Options) []autogenerate.Difference {
	tb.Helper()
	differences, err := autogenerate.Compare(db, models, opts)
	if err != nil {
		tb.Fatal(err)
	}
	return differences
}

func list(differences []autogenerate.Difference) string {
	var b strings.Builder
	for _, d := range differences {
		b.WriteString(d.String() + "\n")
	}
	return b.String()
}

func has(steps []autogenerate.Step, kind autogenerate.HazardKind) bool {
	for _, s := range steps {
		for _, h := range s.Hazards {
			if h.Kind == kind {
				return true
			}
		}
	}
	return false
}

// golden compares text with a file of testdata.
func golden(tb testing.TB, name, text string) {
	tb.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		tb.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

// archive writes a case as a txtar file.
func archive(before, after string, differences []autogenerate.Difference, plan *autogenerate.Plan) string {
	return fmt.Sprintf("-- before.sql --\n%s\n-- after.sql --\n%s\n-- differences --\n%s-- up.sql --\n%s-- down.sql --\n%s",
		before, after, list(differences), autogenerate.Script(plan.Up), autogenerate.Script(plan.Down))
}
