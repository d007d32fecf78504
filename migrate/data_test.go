package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
)

// moves is a revision whose function adds one to n of every row, two rows at a time.
func moves(tb testing.TB, fail func(b *migrate.Batch) error) (*migrate.History, migrate.Options) {
	h := files(tb, "a:\n-- +up\nCREATE TABLE t AS SELECT i AS id, 0 AS n FROM generate_series(1, 7) i;\n", "b: a\n-- +up\n-- +call\n-- +down\n-- +call\n")
	move := func(ctx context.Context, s *retort.Session, b *migrate.Batch) error {
		b.Total = 7
		if err := fail(b); err != nil {
			return err
		}
		last, err := retort.SQL[string]("UPDATE t SET n = n + 1 WHERE id IN (SELECT id FROM t WHERE id > ('0' || $1)::int ORDER BY id LIMIT 2) RETURNING id::text", b.Cursor).All(ctx, s)
		if err != nil || len(last) == 0 {
			return err
		}
		b.Cursor, b.Rows, b.More = last[len(last)-1], b.Rows+int64(len(last)), true
		return nil
	}
	return h, migrate.Options{Functions: map[string]migrate.Functions{"b": {Up: move, Down: move}}}
}

func TestRunner_moves_data_in_batches(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const counts = "SELECT string_agg(n::text, '' ORDER BY id) FROM t"

	t.Run("and_goes_on_where_it_was_broken_off", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		boom := errors.New("boom")
		h, opts := moves(t, func(b *migrate.Batch) error {
			if b.Rows == 4 {
				return boom
			}
			return nil
		})
		_, err := db.runner(t, h, opts).Upgrade(ctx, "head")
		if !errors.Is(err, boom) || db.ask(t, counts) != "1111000" {
			t.Fatalf("got %v, and rows %s", err, db.ask(t, counts))
		}
		st, err := db.runner(t, h, opts).Status(ctx)
		if err != nil || len(st.Journal) == 0 || st.Journal[len(st.Journal)-1].Rows != 4 || st.Journal[len(st.Journal)-1].Cursor != "4" || st.Journal[len(st.Journal)-1].Done {
			t.Errorf("Status: %+v, %v", st, err)
		}
		var seen []string
		h, opts = moves(t, func(*migrate.Batch) error { return nil })
		opts.OnEvent = func(e migrate.Event) {
			if e.Kind == migrate.BatchDone {
				seen = append(seen, fmt.Sprintf("%d/%d", e.Rows, e.Total))
			}
		}
		if _, err := db.runner(t, h, opts).Upgrade(ctx, "head"); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(seen, " ") + " " + db.ask(t, counts); got != "6/7 7/7 7/7 1111111" {
			t.Errorf("it went on by %s", got)
		}
		if did, err := db.runner(t, h, opts).Downgrade(ctx, "-1"); err != nil || ids(did) != "b" || db.ask(t, counts) != "2222222" {
			t.Errorf("the way back: %s, %v, %s", ids(did), err, db.ask(t, counts))
		}
	})

	t.Run("whose_end_is_the_runner's", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h, opts := moves(t, nil)
		opts.Functions = map[string]migrate.Functions{"b": {Down: opts.Functions["b"].Down, Up: func(ctx context.Context, s *retort.Session, _ *migrate.Batch) error {
			if _, err := s.Exec(ctx, "UPDATE t SET n = 9"); err != nil {
				return err
			}
			return s.Commit(ctx)
		}}}
		_, err := db.runner(t, h, opts).Upgrade(ctx, "head")
		if !errors.Is(err, retort.ErrNested) || db.ask(t, counts) != "0000000" {
			t.Errorf("got %v, and rows %s", err, db.ask(t, counts))
		}
	})

	t.Run("until_the_caller_has_enough", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		stopped, stop := context.WithCancel(ctx)
		h, opts := moves(t, func(b *migrate.Batch) error {
			if b.Rows == 2 {
				stop()
			}
			return nil
		})
		_, err := db.runner(t, h, opts).Upgrade(stopped, "head")
		if !errors.Is(err, context.Canceled) || db.ask(t, counts) != "1100000" {
			t.Errorf("got %v, and rows %s", err, db.ask(t, counts))
		}
		if got := db.ask(t, "SELECT coalesce(token, 'free') FROM retort_revisions_lease"); got != "free" {
			t.Errorf("the lock is %s", got)
		}
	})
}

// What stands outside of transactions is judged by the catalog.
func TestRunner_heals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("an_index_that_could_not_be_built", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		h := files(t, "a:\n-- +up\nCREATE TABLE t AS SELECT 1 AS id FROM generate_series(1, 2);\n", "b: a\n-- +up\n-- +outside\nCREATE UNIQUE INDEX CONCURRENTLY \"Ix t\" ON t (id);\n")
		_, err := db.runner(t, h).Upgrade(ctx, "head")
		want[*migrate.StepError](t, err, "step 1 of 1 up of revision b")
		if got := db.ask(t, "SELECT count(*)::text FROM pg_index WHERE indrelid = 't'::regclass"); got != "0" {
			t.Errorf("%s indexes are left", got)
		}
		db.Exec(t, "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)")
		db.upgrade(t, h, "head")
		if got := db.ask(t, "SELECT indisvalid::text FROM pg_index WHERE indrelid = 't'::regclass"); got != "true" {
			t.Errorf("the index is valid: %s", got)
		}
	})

	t.Run("an_index_that_somebody_left_invalid", func(t *testing.T) {
		t.Parallel()
		db := newDatabase(t)
		db.Exec(t, "CREATE TABLE t AS SELECT 1 AS id FROM generate_series(1, 2)")
		conn := db.Conn(t)
		if _, err := conn.Exec(ctx, "CREATE UNIQUE INDEX CONCURRENTLY ix ON t (id)"); err == nil {
			t.Fatal("the index was built")
		}
		db.Exec(t, "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t)")
		const text = "a:\n-- +up\n-- +outside\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix ON t (id);\n"
		var healed []string
		r := db.runner(t, files(t, text), migrate.Options{OnEvent: func(e migrate.Event) {
			if e.Kind == migrate.Healing {
				healed = append(healed, e.Text)
			}
		}})
		if _, err := r.Upgrade(ctx, "head"); err != nil {
			t.Fatal(err)
		}
		if got := db.ask(t, "SELECT indisvalid::text FROM pg_index WHERE indrelid = 't'::regclass"); got != "true" || len(healed) != 1 || !strings.Contains(healed[0], "public.ix") {
			t.Errorf("the index is valid: %s; healed %q", got, healed)
		}
	})
}
