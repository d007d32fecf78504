package migrate_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) {
	child()
	retorttest.Main(m)
}

var update = flag.Bool("update", false, "write the golden files in testdata anew")

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

// database is one database with an engine on it.
type database struct {
	*retorttest.Database
	eng *retort.Engine
}

func newDatabase(tb testing.TB) database {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	return database{db, open(tb, db.URL())}
}

func open(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{URL: url})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.WithoutCancel(tb.Context())) })
	return eng
}

// files makes a history of texts: each is "id: parents" on its first line and the
// rest of a revision's file below.
func files(tb testing.TB, texts ...string) *migrate.History {
	tb.Helper()
	var out []*migrate.Revision
	for i, text := range texts {
		first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
		id, parents, _ := strings.Cut(first, ":")
		r, err := migrate.Parse("migrations/"+id+"_test.sql", "-- revision: "+id+"\n-- parents: "+parents+"\n-- message: make "+id+"\n"+rest)
		if err != nil {
			tb.Fatal(err)
		}
		r.Created = time.Unix(int64(i), 0)
		out = append(out, r)
	}
	h, err := migrate.NewHistory(out...)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func (d database) runner(tb testing.TB, h *migrate.History, opts ...migrate.Options) *migrate.Runner {
	tb.Helper()
	return runner(tb, d.eng, h, opts...)
}

func runner(tb testing.TB, eng *retort.Engine, h *migrate.History, opts ...migrate.Options) *migrate.Runner {
	tb.Helper()
	opts = append(opts, migrate.Options{})
	r, err := migrate.New(eng, h, opts[0])
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func (d database) upgrade(tb testing.TB, h *migrate.History, target string) {
	tb.Helper()
	if _, err := d.runner(tb, h).Upgrade(tb.Context(), target); err != nil {
		tb.Fatal(err)
	}
}

// ask gives the rows of a query, columns parted by |, rows by commas.
func (d database) ask(tb testing.TB, sql string) string {
	tb.Helper()
	rows, err := d.eng.Snapshot(tb.Context(), sql)
	if err != nil {
		tb.Fatal(err)
	}
	var out []string
	for _, row := range rows[0] {
		out = append(out, strings.Join(row, "|"))
	}
	return strings.Join(out, ",")
}

// current is what the ledger says is applied.
func (d database) current(tb testing.TB) string {
	tb.Helper()
	return d.ask(tb, "SELECT id, state FROM retort_revisions ORDER BY id")
}
