package migrate_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
)

// slow makes a table of which each row takes a while to be looked at, and has a page
// of its own.
const slow = `a:
-- +up
CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL UNSAFE AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN n; END $$;
CREATE TABLE t (id int, filler text);
ALTER TABLE t ALTER filler SET STORAGE plain;
INSERT INTO t SELECT n, repeat('x', 7000) FROM generate_series(1, 60) n;
CREATE INDEX ix ON t (id);
CREATE TABLE copy (id int CHECK (slow(id) > 0));
`

// TestRunner_tells_how_far_a_statement_is: what the server knows of a long statement
// is told while it runs, and of others that nothing is known.
func TestRunner_tells_how_far_a_statement_is(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		sql     string
		command string
		phase   string
		total   func(total int64) bool
	}{
		"CREATE_INDEX":              {"CREATE INDEX slow ON t (slow(id));", "CREATE INDEX", "building index: scanning table", func(n int64) bool { return n == 60 }},
		"CREATE_INDEX_CONCURRENTLY": {"-- +outside\nCREATE INDEX CONCURRENTLY slow ON t (slow(id));", "CREATE INDEX CONCURRENTLY", "building index: scanning table", func(n int64) bool { return n == 60 }},
		"REINDEX":                   {"CREATE INDEX slow ON copy (slow(id)); INSERT INTO copy SELECT generate_series(1, 40); REINDEX INDEX slow;", "REINDEX", "building index: scanning table", nil},
		"CLUSTER":                   {"CREATE INDEX slow ON t (slow(id)); CLUSTER t USING ix;", "CLUSTER", "rebuilding index", func(n int64) bool { return n == 0 }},
		"COPY":                      {"DO $$ BEGIN EXECUTE format('COPY t (id) TO %L', current_setting('data_directory') || '/copied'); EXECUTE format('COPY copy FROM %L', current_setting('data_directory') || '/copied'); END $$;", "COPY FROM", "copying rows", func(n int64) bool { return n > 100 }},
		"ANALYZE":                   {"CREATE INDEX slow ON t (slow(id)); ANALYZE t;", "ANALYZE", "", func(n int64) bool { return n == 60 }},
		"nothing_is_known":          {"INSERT INTO copy SELECT generate_series(1, 40);", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := newDatabase(t)
			var seen, all []migrate.Progress
			running := 0
			h := files(t, slow, "b: a\n-- +up\n"+test.sql+"\n")
			_, err := db.runner(t, h, migrate.Options{LockTimeout: 10 * time.Millisecond, OnEvent: func(e migrate.Event) {
				if e.Kind != migrate.Running || e.Revision.ID != "b" {
					return
				}
				running++
				if e.Elapsed <= 0 || e.Step == 0 {
					t.Errorf("after %v of step %d", e.Elapsed, e.Step)
				}
				if p := e.Progress; p != nil {
					all = append(all, *p)
					if p.Command == test.command && strings.Contains(p.Phase, test.phase) && (test.total == nil || test.total(p.Total)) {
						seen = append(seen, *p)
					}
				}
			}}).Upgrade(t.Context(), "head")
			if err != nil {
				t.Fatal(err)
			}
			if test.command == "" {
				if len(all) > 0 || running == 0 {
					t.Errorf("%d looks saw %v", running, all)
				}
				return
			}
			if len(seen) == 0 {
				t.Fatalf("%d looks saw %v", running, all)
			}
			for i := range seen {
				p := &seen[i]
				if p.Done < 0 || p.Total > 0 && p.Done > p.Total || p.Unit == "" {
					t.Errorf("%+v", *p)
				}
			}
			t.Logf("%d of %d looks, the last %+v", len(seen), running, seen[len(seen)-1])
		})
	}
}

// TestRunner_watches_with_the_smallest_pool: beside the run's own connections one is
// free for a look, and for the heartbeat.
func TestRunner_watches_with_the_smallest_pool(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	eng := small(t, db.URL())
	looks := 0
	h := files(t, slow, "b: a\n-- +up\nINSERT INTO copy SELECT generate_series(1, 150);\n")
	_, err := runner(t, eng, h, migrate.Options{Lease: time.Second, LockTimeout: 10 * time.Millisecond, OnEvent: func(e migrate.Event) {
		if e.Kind == migrate.Running {
			looks++
		}
	}}).Upgrade(t.Context(), "head")
	if err != nil || looks == 0 {
		t.Errorf("%d looks, %v", looks, err)
	}
}

// small is an engine with as few connections as a run takes.
func small(tb testing.TB, url string) *retort.Engine {
	tb.Helper()
	eng, err := retort.Open(retort.Config{URL: url, PoolSize: 3})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = eng.Close(context.WithoutCancel(tb.Context())) })
	return eng
}
