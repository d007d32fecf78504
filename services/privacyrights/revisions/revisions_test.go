package revisions_test

import (
	"context"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/services/privacyrights/model"
	"github.com/retort-go/retort/services/privacyrights/revisions"
)

var update = flag.Bool("update", false, "write schema.sql anew")

func TestMain(m *testing.M) { retorttest.Main(m) }

// ledger is what the runner's own tables are called.
const ledger = "public.retort_revisions*"

// upgraded is a database that the revisions made, and an engine on it.
func upgraded(t *testing.T) *retort.Engine {
	t.Helper()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	eng, err := retort.Open(retort.Config{Base: model.Base(), URL: db.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	if _, err := runner(t, eng).Upgrade(t.Context(), "head"); err != nil {
		t.Fatal(err)
	}
	return eng
}

func runner(t *testing.T, eng *retort.Engine) *migrate.Runner {
	t.Helper()
	history, err := revisions.History()
	if err != nil {
		t.Fatal(err)
	}
	r, err := migrate.New(eng, history, migrate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t *testing.T, eng *retort.Engine) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Read(t.Context(), eng, catalog.Options{Exclude: []string{ledger}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// plan leads from nothing to the schema.
func plan(t *testing.T, c *catalog.Catalog) string {
	t.Helper()
	empty := retorttest.NewDatabase(t, retorttest.Template{})
	eng, err := retort.Open(retort.Config{URL: empty.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	nothing := read(t, eng)
	differences, err := autogenerate.Compare(nothing, c, autogenerate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return autogenerate.Script(autogenerate.Build(nothing, c, differences).Up)
}

// schema.sql is what a reviewer sees of a change: all that the revisions make.
func TestSchema(t *testing.T) {
	t.Parallel()
	c := read(t, upgraded(t))
	if c.Version/10000 != 15 {
		t.Skipf("schema.sql is as PostgreSQL 15 writes it, and this is %d", c.Version/10000)
	}
	got := "-- What the revisions make, as PostgreSQL 15 writes it. Written by a test:\n" +
		"-- go test ./services/privacyrights/revisions -update\n\n" + plan(t, c)
	if *update {
		if err := os.WriteFile("../schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("../schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("schema.sql (-file +revisions); -update writes it:\n%s", diff)
	}
}

// The revisions lead to what the models say, and back to nothing.
func TestRevisions(t *testing.T) {
	t.Parallel()
	eng := upgraded(t)
	differences := func() []autogenerate.Difference {
		t.Helper()
		candidate, err := autogenerate.Generate(t.Context(), eng, model.Base(), autogenerate.Config{
			Read: catalog.Options{Exclude: []string{ledger}}, Options: autogenerate.Options{DropUnclaimed: true},
			ScratchURL: retorttest.Server(t).URL("postgres"),
		})
		if err != nil {
			t.Fatal(err)
		}
		return candidate.Differences
	}
	for _, d := range differences() {
		t.Errorf("the models say otherwise: %s", d)
	}
	if _, err := runner(t, eng).Downgrade(t.Context(), "base"); err != nil {
		t.Fatal(err)
	}
	c := read(t, eng)
	if left := len(c.Tables) + len(c.Types) + len(c.Functions); left > 0 {
		t.Errorf("down leaves %d things: %v", left, c.Order)
	}
	// The control: without the revisions there are differences.
	if len(differences()) == 0 {
		t.Error("an empty database is what the models say?")
	}
}
