package retort_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file below testdata.
func golden(t *testing.T, file, text string) {
	t.Helper()
	file = "testdata/" + file
	if *update {
		must(t, os.WriteFile(file, []byte(text), 0o600))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got), run with -update if that is meant:\n%s", file, diff)
	}
}

// withObjects is the library with a function and a trigger.
func withObjects() *retort.Base {
	return retort.NewBase(Authors, Books, Events, Counters, Genres,
		retort.Function("refuse_change", "", `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'events are kept as they are' USING ERRCODE = 'restrict_violation';
END $$`),
		retort.Trigger("events_stay", "events", `CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change()`),
	)
}

func TestBaseSQL(t *testing.T) {
	t.Parallel()
	text, err := withObjects().SQL()
	must(t, err)
	golden(t, "library.sql", text)
	for range 10 {
		again, err := withObjects().SQL()
		must(t, err)
		if again != text {
			t.Fatal("the same models give another text")
		}
	}
	if text, err := retort.NewBase().SQL(); text != "" || err != nil {
		t.Errorf("nothing: %q, %v", text, err)
	}
	if _, err := (*retort.Base)(nil).SQL(); err == nil || !strings.Contains(err.Error(), "NewBase") {
		t.Errorf("nil: %v", err)
	}
}

func TestCreateAllOfManyAtOnce(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	base := withObjects()
	var group sync.WaitGroup
	for range 8 {
		eng := open(t, retort.Config{Base: base, URL: db.URL()}) // as eight processes
		group.Go(func() {
			if err := base.CreateAll(t.Context(), eng); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	// Every row of these catalogs was written by one transaction, and stays.
	catalog := func() []string {
		return db.Rows(t, `SELECT 'relation', relname, oid, xmin FROM pg_class WHERE relnamespace = 'public'::regnamespace
			UNION ALL SELECT 'type', typname, oid, xmin FROM pg_type WHERE typnamespace = 'public'::regnamespace
			UNION ALL SELECT 'function', proname, oid, xmin FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			UNION ALL SELECT 'constraint', conname, oid, xmin FROM pg_constraint WHERE connamespace = 'public'::regnamespace
			UNION ALL SELECT 'trigger', tgname, oid, xmin FROM pg_trigger ORDER BY 1, 2, 3`)
	}
	once := catalog()
	writers := map[string]bool{}
	for _, row := range once {
		writers[row[strings.LastIndex(row, "|"):]] = true
	}
	if len(once) < 20 || len(writers) != 1 {
		t.Errorf("%d objects by %d transactions", len(once), len(writers))
	}
	eng := open(t, retort.Config{Base: base, URL: db.URL()})
	commit(t, eng, newAuthor("jane"))
	must(t, base.CreateAll(t.Context(), eng))
	if diff := cmp.Diff(once, catalog()); diff != "" {
		t.Errorf("another CreateAll changed something:\n%s", diff)
	}
	if n := db.QueryInt(t, "SELECT count(*) FROM authors"); n != 1 {
		t.Errorf("%d authors after another CreateAll", n)
	}
}

func TestCreateAllMakesWhatTheModelsSay(t *testing.T) {
	t.Parallel()
	base := withObjects()
	k := retorttest.New(t, base)
	ctx := t.Context()
	a := newAuthor("jane")
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(a)
	b := newBook(a, "Emma")
	s.Add(b)
	e := &Event{BookID: b.ID, What: "read"}
	s.Add(e)
	must(t, s.Commit(ctx))
	e.What = "changed"
	var server *pgerr.ServerError
	if err := s.Commit(ctx); !errors.As(err, &server) || server.Code != "23001" {
		t.Errorf("the trigger let it pass: %v", err)
	}
	must(t, s.Rollback(ctx))
	for name, object := range map[string]any{
		"ck_authors_name_not_empty":  &Author{Email: "x"},
		"uq_authors_email":           newAuthor("jane"),
		"fk_books_author_id_authors": newBook(newAuthor("nobody"), "x"),
		"uq_books_author_id_title":   newBook(a, "Emma"),
		"fk_events_book_id_books":    &Event{What: "x"}, // checked at COMMIT
	} {
		s.Add(object)
		var refused *pgerr.ConstraintError
		if err := s.Commit(ctx); !errors.As(err, &refused) || refused.Constraint != name {
			t.Errorf("%s: got %v", name, err)
		}
		must(t, s.Rollback(ctx))
	}
	out := newBook(a, "Emma")
	out.InPrint = false // the unique rule is for books in print
	s.Add(out)
	must(t, s.Commit(ctx))
}

func TestCreateAllRefusesDifferences(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, change string
		want         []string
	}{
		{"column_missing", "ALTER TABLE authors DROP note", []string{"table authors: column note: model", "missing"}},
		{"column_type", "ALTER TABLE counters ALTER value TYPE integer", []string{"table counters: column value: model", "bigint", "integer"}},
		{"column_nullable", "ALTER TABLE counters ALTER value DROP NOT NULL", []string{"column value", "NOT NULL"}},
		{"default", "ALTER TABLE authors ALTER version SET DEFAULT 2", []string{"table authors", "version"}},
		{"unique_missing", "ALTER TABLE authors DROP CONSTRAINT uq_authors_email", []string{"uq_authors_email", "missing"}},
		{"check_changed", "ALTER TABLE authors DROP CONSTRAINT ck_authors_name_not_empty, ADD CONSTRAINT ck_authors_name_not_empty CHECK (name <> 'x')", []string{"ck_authors_name_not_empty"}},
		{"index_missing", "DROP INDEX ix_authors_name", []string{"ix_authors_name", "missing"}},
		{"enum_label_missing", "ALTER TYPE genre RENAME VALUE 'poetry' TO 'verse'", []string{"genre", "poetry"}},
		{"a_view_in_the_place_of_a_table", "DROP TABLE counters; CREATE VIEW counters AS SELECT 1", []string{"counters", "view"}},
		{"trigger_missing", "DROP TRIGGER events_stay ON events", []string{"events_stay"}},
		{"function_changed", "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$", []string{"refuse_change"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			base := withObjects()
			k := retorttest.New(t, base)
			k.Exec(t, tc.change)
			err := base.CreateAll(t.Context(), k.Engine)
			var diff *retort.SchemaDiffError
			if !errors.As(err, &diff) || len(diff.Differences) == 0 {
				t.Fatalf("got %v", err)
			}
			text := err.Error()
			for _, want := range append(tc.want, "retort: CreateAll: ", "nothing was created", "docs/errors.md#create-all-differs") {
				if !strings.Contains(text, want) {
					t.Errorf("%q is not in\n%s", want, text)
				}
			}
			if n := k.Engine.Stats().InUse; n > 1 {
				t.Errorf("%d connections in use", n)
			}
			// The scratch schema is gone and the missing rest was not made.
			if n := k.QueryInt(t, "SELECT count(*) FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('public', 'information_schema')"); n != 0 {
				t.Errorf("%d schemas are left", n)
			}
		})
	}
}

func TestCreateAllDoesOtherThings(t *testing.T) {
	t.Parallel()
	t.Run("for_a_base_that_is_not_the_engines", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		eng := open(t, retort.Config{URL: db.URL()})
		must(t, retort.NewBase(Counters).CreateAll(t.Context(), eng))
		must(t, library.CreateAll(t.Context(), eng)) // what was there stays
		if n := db.QueryInt(t, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"); n != 4 {
			t.Errorf("%d tables", n)
		}
		if err := retort.NewBase(retort.NewTable[struct{ A string }]("x")).CreateAll(t.Context(), eng); err == nil || !strings.Contains(err.Error(), "no primary key") {
			t.Errorf("a broken base: %v", err)
		}
		if err := (*retort.Base)(nil).CreateAll(t.Context(), eng); err == nil || !strings.Contains(err.Error(), "NewBase") {
			t.Errorf("nil: %v", err)
		}
	})
	t.Run("at_read_committed_whatever_the_default_is", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		db.Exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`)
		eng := open(t, retort.Config{Base: library, URL: db.URL()})
		must(t, library.CreateAll(t.Context(), eng))
		must(t, library.CreateAll(t.Context(), eng))
	})
	t.Run("behind_a_pooler", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		eng := open(t, retort.Config{Base: withObjects(), URL: db.URL(), Pooler: true})
		must(t, withObjects().CreateAll(t.Context(), eng))
		must(t, withObjects().CreateAll(t.Context(), eng))
	})
	t.Run("in_the_first_schema_of_the_search_path", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		db.Exec(t, "CREATE SCHEMA app")
		eng := open(t, retort.Config{Base: library, URL: db.URL() + "&search_path=app"})
		must(t, library.CreateAll(t.Context(), eng))
		must(t, library.CreateAll(t.Context(), eng))
		commit(t, eng, newAuthor("jane"))
		if n := db.QueryInt(t, "SELECT count(*) FROM app.authors"); n != 1 {
			t.Errorf("%d authors", n)
		}
	})
	t.Run("and_gives_up_with_its_context", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, library)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := library.CreateAll(ctx, k.Engine); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("and_says_what_the_server_refused", func(t *testing.T) {
		t.Parallel()
		db := retorttest.NewDatabase(t, retorttest.Template{})
		eng := open(t, retort.Config{URL: db.URL()})
		err := retort.NewBase(Counters, retort.Trigger("t", "counters", "CREATE TRIGGER t AFTER INSERT ON counters FOR EACH ROW EXECUTE FUNCTION missing()")).CreateAll(t.Context(), eng)
		var server *pgerr.ServerError
		if !errors.As(err, &server) || !strings.Contains(err.Error(), "create trigger t of table counters") {
			t.Errorf("got %v", err)
		}
		if got := db.QueryString(t, "SELECT to_regclass('counters') IS NULL"); got != "t" {
			t.Error("a part was created")
		}
	})
}
