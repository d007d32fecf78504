package drift_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/drift"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) { retorttest.Main(m) }

// Note is the model of these tests.
type Note struct {
	ID   int64
	Text string
	Due  *string
}

func (Note) Define(d *retort.Definition[Note]) { d.PrimaryKey(&d.C.ID) }

var base = retort.NewBase(retort.NewTable[Note]("notes"))

const (
	first  = "-- revision: a1\n-- parents:\n\n-- +up\nCREATE TABLE notes (id bigint NOT NULL CONSTRAINT pk_notes PRIMARY KEY, text text NOT NULL);\n"
	second = "-- revision: b2\n-- parents: a1\n\n-- +up\nALTER TABLE notes ADD COLUMN due text;\n"
)

func history(tb testing.TB, files ...string) *migrate.History {
	tb.Helper()
	fsys := fstest.MapFS{}
	for _, f := range files {
		id := strings.TrimPrefix(strings.SplitN(f, "\n", 2)[0], "-- revision: ")
		fsys[id+".sql"] = &fstest.MapFile{Data: []byte(f)}
	}
	h, err := migrate.Read(fsys)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func open(tb testing.TB, setup string) (*retorttest.Database, *retort.Engine) {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	eng, err := retort.Open(retort.Config{URL: db.URL(), Base: base, PoolSize: 3})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.Background()) })
	if setup != "" {
		db.Exec(tb, setup)
	}
	return db, eng
}

func upgrade(tb testing.TB, eng *retort.Engine, h *migrate.History, target string) {
	tb.Helper()
	r, err := migrate.New(eng, h, migrate.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := r.Upgrade(tb.Context(), target); err != nil {
		tb.Fatal(err)
	}
}

func check(tb testing.TB, db *retorttest.Database, eng *retort.Engine, base *retort.Base, h *migrate.History, opts autogenerate.Options) *drift.Report {
	tb.Helper()
	r, err := drift.Check(tb.Context(), eng, base, h, drift.Config{Config: autogenerate.Config{ScratchURL: db.URL(), Options: opts}})
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files   []string
		applied string
		byHand  string
		want    string
	}{
		"all_agree": {files: []string{first, second}, applied: "head", want: "models, files and database agree\n"},
		"a_model_without_a_revision": {
			files: []string{first}, applied: "head",
			want: "models ≠ files (write a revision: revision --autogenerate)\n  add column notes.due\n" +
				"models ≠ database (see the pairs above; else write a revision)\n  add column notes.due\n",
		},
		"a_database_changed_by_hand": {
			files: []string{first, second}, applied: "head", byHand: "ALTER TABLE notes ALTER text DROP NOT NULL",
			want: "files ≠ database (somebody changed the database by hand: undo that, or write it down as a revision and stamp it)\n" +
				"  alter column notes.text: nullability: NULL → NOT NULL\n" +
				"models ≠ database (see the pairs above; else write a revision)\n  alter column notes.text: nullability: NULL → NOT NULL\n",
		},
		"a_revision_that_waits": {
			files: []string{first, second}, applied: "a1",
			want: "models ≠ database (one revision waits: upgrade heads)\n  add column notes.due\n",
		},
		"a_fix_by_hand_that_files_do_not_know": {
			files: []string{first}, applied: "head", byHand: "ALTER TABLE notes ADD due text",
			want: "models ≠ files (write a revision: revision --autogenerate)\n  add column notes.due\n" +
				"files ≠ database (somebody changed the database by hand: undo that, or write it down as a revision and stamp it)\n  drop column notes.due\n",
		},
		"nothing_applied_yet": {
			files: []string{first, second}, want: "models ≠ database (see the pairs above; else write a revision)\n  add table notes\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, eng := open(t, "")
			h := history(t, test.files...)
			if test.applied != "" {
				upgrade(t, eng, h, test.applied)
			}
			if test.byHand != "" {
				db.Exec(t, test.byHand)
			}
			r := check(t, db, eng, base, h, autogenerate.Options{})
			if diff := cmp.Diff(test.want, r.String()); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if r.Same() != (test.want == "models, files and database agree\n") {
				t.Errorf("Same is %t", r.Same())
			}
			if r.Unledgered != (test.applied == "") {
				t.Errorf("Unledgered is %t", r.Unledgered)
			}
		})
	}
}

// TestHalfOfARevision: a run that broke off is not somebody who changed the database.
func TestHalfOfARevision(t *testing.T) {
	t.Parallel()
	db, eng := open(t, "")
	h := history(t, first, second, "-- revision: c3\n-- parents: b2\n\n-- +up\nALTER TABLE notes ADD more text;\n\n-- +alone\nALTER TABLE nowhere ADD more text;\n")
	runner, err := migrate.New(eng, h, migrate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runner.Upgrade(t.Context(), "head"); err == nil {
		t.Fatal("nothing broke off")
	}
	db.Exec(t, "ALTER TABLE notes DROP due")
	h = history(t, first, second, "-- revision: c3\n-- parents: b2\n\n-- +up\nALTER TABLE notes ADD more text;\n\n-- +alone\nALTER TABLE notes ADD much text;\n")
	r := check(t, db, eng, base, h, autogenerate.Options{})
	if len(r.FilesDatabase) > 0 || r.Unfinished == nil || r.Unfinished.Revision != "c3" {
		t.Errorf("half of a revision is called a change by hand: %v, %v", r.FilesDatabase, r.Unfinished)
	}
	if want := "models ≠ database (revision c3 was begun and not ended: end it first)\n"; !strings.Contains(r.String(), want) {
		t.Errorf("it says\n%s", r)
	}
}

// books is what other tools leave in a database.
var books = map[string]string{
	"Alembic":        "CREATE TABLE alembic_version (version_num varchar(32) NOT NULL CONSTRAINT alembic_version_pkc PRIMARY KEY); INSERT INTO alembic_version VALUES ('ae1027a6acf')",
	"goose":          "CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp NOT NULL DEFAULT now())",
	"golang-migrate": "CREATE TABLE schema_migrations (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)",
}

// TestCoexistence: what others own is checked with no table of ours, and their books
// are never to be dropped.
func TestCoexistence(t *testing.T) {
	t.Parallel()
	for tool, sql := range books {
		t.Run(tool, func(t *testing.T) {
			t.Parallel()
			db, eng := open(t, sql+"; CREATE TABLE notes (id bigint NOT NULL CONSTRAINT pk_notes PRIMARY KEY, text text NOT NULL); CREATE TABLE theirs (id int)")
			const everything = "SELECT string_agg(relkind::text || ' ' || relname, ',' ORDER BY relname) FROM pg_class WHERE relnamespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname LIKE 'pg\\_%' OR nspname = 'information_schema')"
			before := query(t, eng, everything)
			for _, h := range []*migrate.History{nil, history(t, first, second)} {
				r := check(t, db, eng, base, h, autogenerate.Options{DropUnclaimed: true})
				if r.Keeper != tool || h != nil && !r.Unledgered || len(r.FilesDatabase) > 0 {
					t.Errorf("keeper %q, unledgered %t, %v", r.Keeper, r.Unledgered, r.FilesDatabase)
				}
				want := "models ≠ database (" + tool + " keeps this database: write its migration, or adopt the database)\n  add column notes.due\n  drop table theirs\n"
				if diff := cmp.Diff(want, r.String()); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			}
			if after := query(t, eng, everything); after != before {
				t.Errorf("the check left something behind\nbefore %s\nafter  %s", before, after)
			}
			upgrade(t, eng, history(t, "-- revision: c3\n-- parents:\n\n-- +up\nDROP TABLE theirs;\n"), "head")
			if after := query(t, eng, everything); after == before {
				t.Error("the control sees no change")
			}
		})
	}

	t.Run("our_own_books", func(t *testing.T) {
		t.Parallel()
		db, eng := open(t, "")
		upgrade(t, eng, history(t, first, second), "head")
		if r := check(t, db, eng, base, history(t, first, second), autogenerate.Options{DropUnclaimed: true}); !r.Same() || r.Keeper != "Retort" {
			t.Errorf("keeper %q\n%s", r.Keeper, r)
		}
	})

	t.Run("tables_of_the_same_name_are_ordinary", func(t *testing.T) {
		t.Parallel()
		db, eng := open(t, "CREATE TABLE migrations (id int, what text); CREATE TABLE schema_migrations (version text, bird text)")
		r := check(t, db, eng, base, nil, autogenerate.Options{DropUnclaimed: true})
		if n := strings.Count(r.String(), "drop table"); n != 2 {
			t.Errorf("%d tables are to be dropped\n%s", n, r)
		}
	})
}

func query(tb testing.TB, eng *retort.Engine, sql string) string {
	tb.Helper()
	rows, err := eng.Snapshot(tb.Context(), sql)
	if err != nil {
		tb.Fatal(err)
	}
	return rows[0][0][0]
}

func fingerprint(tb testing.TB, eng *retort.Engine) string {
	tb.Helper()
	f, err := drift.Fingerprint(tb.Context(), eng)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	const setup = `CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TABLE u (id int PRIMARY KEY);
		CREATE TABLE t (id int PRIMARY KEY, a text DEFAULT 'x', b int REFERENCES u, m mood, CHECK (b > 0)); CREATE INDEX ix ON t (a) WHERE b > 1; CREATE VIEW v AS SELECT id FROM t`
	_, one := open(t, setup)
	want := fingerprint(t, one)
	if len(want) != 32 {
		t.Errorf("fingerprint %q", want)
	}
	for name, sql := range map[string]string{
		"rows":         "INSERT INTO u VALUES (1)",
		"books":        strings.Join([]string{books["Alembic"], books["goose"], books["golang-migrate"]}, ";"),
		"another_path": "DROP VIEW v; ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a text DEFAULT 'x'; CREATE INDEX ix ON t (a) WHERE b > 1; CREATE VIEW v AS SELECT id FROM t",
		"statistics":   "ANALYZE t; COMMENT ON TABLE t IS 'x'",
	} {
		t.Run("same_with_"+name, func(t *testing.T) {
			t.Parallel()
			_, eng := open(t, setup+";"+sql)
			if got := fingerprint(t, eng); got != want {
				t.Errorf("it is %s, not %s", got, want)
			}
		})
	}
	for name, sql := range map[string]string{
		"column_added": "ALTER TABLE t ADD c int", "column_dropped": "ALTER TABLE t DROP a CASCADE", "type": "ALTER TABLE t ALTER b TYPE bigint",
		"modifier": "ALTER TABLE t ALTER a TYPE varchar(9)", "null": "ALTER TABLE t ALTER a SET NOT NULL", "default": "ALTER TABLE t ALTER a SET DEFAULT 'y'",
		"constraint": "ALTER TABLE t DROP CONSTRAINT t_b_check", "not_valid": "ALTER TABLE t ADD CHECK (b > 2) NOT VALID", "key": "ALTER TABLE t ADD UNIQUE (a)",
		"action": "ALTER TABLE t DROP CONSTRAINT t_b_fkey, ADD FOREIGN KEY (b) REFERENCES u ON DELETE CASCADE", "index": "DROP INDEX ix",
		"predicate": "DROP INDEX ix; CREATE INDEX ix ON t (a) WHERE b > 2", "order": "DROP INDEX ix; CREATE INDEX ix ON t (a DESC) WHERE b > 1",
		"label": "ALTER TYPE mood ADD VALUE 'odd'", "table": "CREATE TABLE x (id int)", "identity": "ALTER TABLE u ALTER id ADD GENERATED ALWAYS AS IDENTITY",
		"view": "CREATE OR REPLACE VIEW v AS SELECT id, a FROM t", "no_table": "DROP VIEW v; DROP TABLE t; DROP TABLE u; DROP TYPE mood",
	} {
		t.Run("differs_by_"+name, func(t *testing.T) {
			t.Parallel()
			_, eng := open(t, setup+";"+sql)
			if got := fingerprint(t, eng); got == want {
				t.Error("it is the same")
			}
		})
	}
}

func TestExpect(t *testing.T) {
	t.Parallel()
	db, _ := open(t, "CREATE TABLE t (id int)")
	// It only reads: a standby, and a role without rights, can be asked.
	eng, err := retort.Open(retort.Config{URL: db.URL() + "&options=-cdefault_transaction_read_only=on"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = eng.Close(context.Background()) })
	expect := drift.Expect(eng, fingerprint(t, eng))
	if err := expect(t.Context()); err != nil {
		t.Error(err)
	}
	db.Exec(t, "ALTER TABLE t ADD a int")
	if err := expect(t.Context()); err == nil || !strings.Contains(err.Error(), "docs/errors.md#fingerprint") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := expect(ctx); err == nil {
		t.Error("a cancelled context finds nothing wrong")
	}
}
