package retort_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestReadsBeforeTheFirstWriteHoldNoConnection(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, b.Engine, a)
	s := b.session(t)
	inUse := func(want int, after string) {
		t.Helper()
		if n := b.Engine.Stats().InUse; n != want {
			t.Errorf("after %s %d connections are in use, want %d", after, n, want)
		}
	}
	_, err := Authors.Get(ctx, s, a.ID)
	must(t, err)
	inUse(0, "Get")
	_, err = Authors.Query().All(ctx, s)
	must(t, err)
	inUse(0, "All")
	_, err = Authors.With(&Authors.C.Books).All(ctx, s)
	must(t, err)
	inUse(0, "With")
	_, err = Authors.Query().Count(ctx, s)
	must(t, err)
	inUse(0, "Count")
	for _, err := range Authors.Query().Iter(ctx, s) {
		must(t, err)
		inUse(1, "the first row of Iter")
	}
	inUse(0, "Iter")
	s.Add(newAuthor("b"))
	inUse(0, "Add")
	if s.Wrote() != true {
		t.Error("Wrote is false with a pending object")
	}
	_, err = Authors.Query().All(ctx, s)
	must(t, err)
	inUse(1, "a query with pending changes")
	must(t, s.Commit(ctx))
	inUse(0, "Commit")
	if s.Wrote() {
		t.Error("Wrote is true after Commit")
	}
	_, err = retort.SQL[int64]("SELECT 1::bigint").ReadOnly().One(ctx, s)
	must(t, err)
	b.idle(t)
	_, err = retort.SQL[int64]("SELECT 1::bigint").One(ctx, s)
	must(t, err)
	inUse(1, "raw SQL")
	if !s.Wrote() {
		t.Error("Wrote is false after raw SQL")
	}
	must(t, s.Rollback(ctx))
	b.idle(t)
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, level := range []retort.Isolation{retort.DefaultIsolation, retort.ReadCommitted, retort.RepeatableRead, retort.Serializable} {
		t.Run(strings.ReplaceAll("at "+string(level), " ", "_"), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.session(t, retort.TxOptions{Isolation: level})
			first, err := Counters.Query().Count(ctx, s)
			must(t, err)
			b.Exec(t, "INSERT INTO counters VALUES ('meanwhile', 1)")
			second, err := Counters.Query().Count(ctx, s)
			must(t, err)
			snapshot := level == retort.RepeatableRead || level == retort.Serializable
			if (first == second) != snapshot {
				t.Errorf("counted %d, then %d", first, second)
			}
			if got := b.Engine.Stats().InUse == 1; got != snapshot {
				t.Errorf("a connection is held: %t", got)
			}
			if s.Wrote() {
				t.Error("reading is not writing")
			}
			mode, err := retort.SQL[string]("SELECT current_setting('transaction_isolation')").One(ctx, s)
			must(t, err)
			if want := strings.ToLower(string(level)); level != "" && mode != want {
				t.Errorf("the transaction is at %q, want %q", mode, want)
			}
			must(t, s.Commit(ctx))
			b.idle(t)
		})
	}
	t.Run("read-only_deferrable_serializable", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t, retort.TxOptions{Isolation: retort.Serializable, ReadOnly: true, Deferrable: true})
		_, err := Counters.Query().Count(ctx, s)
		must(t, err)
		if got := b.seen.lines()[0]; got != "BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE" {
			t.Errorf("began with %q", got)
		}
		must(t, s.Commit(ctx))
	})
	t.Run("that_does_not_exist", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for _, opts := range []retort.TxOptions{{Isolation: "SERIALIZABLE; DROP TABLE books"}, {MaxAttempts: -1}, {MaxAttempts: 101}} {
			s := b.session(t, opts)
			for range 2 {
				_, err := Counters.Query().Count(ctx, s)
				wantErr(t, err, nil, "TxOptions.")
				_, err = s.Exec(ctx, "SELECT 1")
				wantErr(t, err, nil, "TxOptions.")
				must(t, s.Rollback(ctx)) // does not cure it
			}
		}
		if lines := b.seen.lines(); len(lines) > 0 {
			t.Errorf("sent %q", lines)
		}
	})
}

func TestRawSQLBelongsToTheTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	b.Exec(t, `CREATE FUNCTION reserve() RETURNS bigint LANGUAGE sql AS
		$$ INSERT INTO counters VALUES ('reserved', 1) RETURNING value $$`)
	count := func() int64 { return b.QueryInt(t, "SELECT count(*) FROM counters") }

	s := b.session(t)
	_, err := retort.SQL[int64]("SELECT reserve()").One(ctx, s)
	must(t, err)
	must(t, s.Rollback(ctx))
	if count() != 0 {
		t.Error("a function's insert outlived its rollback")
	}
	s.Add(&Counter{Name: "pending"})
	n, err := s.Exec(ctx, "UPDATE counters SET value = 7 WHERE name = $1", "pending")
	must(t, err)
	if n != 1 {
		t.Errorf("the SQL affected %d rows, want the pending one", n)
	}
	must(t, s.Rollback(ctx))
	_, err = retort.SQL[int64]("SELECT reserve()").ReadOnly().One(ctx, s)
	must(t, err)
	must(t, s.Rollback(ctx))
	if count() != 1 {
		t.Error("SQL that was declared read-only did not run on its own")
	}
}

// TestChildrenOfOneSnapshot puts a new child, and a new parent with one, between
// the statement that reads the parents and the one that reads their children.
func TestChildrenOfOneSnapshot(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	parents := Authors.OrderBy(retort.Asc(&Authors.C.Name)).With(&Authors.C.Books)

	// between runs sql when the parents have been read. The server executes both
	// statements without a pause, so the second waits for a lock that the test has.
	between := func(t *testing.T, b bench, read func() ([]*Author, error), sql ...string) []*Author {
		t.Helper()
		type answer struct {
			authors []*Author
			err     error
		}
		lock := b.Conn(t)
		exec := func(sql string) {
			_, err := lock.Exec(ctx, sql)
			must(t, err)
		}
		exec("BEGIN")
		exec("LOCK TABLE books IN ACCESS EXCLUSIVE MODE")
		done := make(chan answer, 1)
		go func() {
			authors, err := read()
			done <- answer{authors, err}
		}()
		waitFor(t, "the second statement to wait", func() bool {
			return b.QueryInt(t, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%"books"%'`) == 1
		})
		for _, q := range sql {
			exec(q)
		}
		exec("COMMIT")
		got := <-done
		must(t, got.err)
		return got.authors
	}
	shape := func(t *testing.T, authors []*Author) map[string]int {
		t.Helper()
		books := make(map[string]int)
		for _, a := range authors {
			all, err := a.Books.All()
			must(t, err)
			books[a.Name] = len(all)
		}
		return books
	}
	const newParent = `INSERT INTO authors (id, name, email) VALUES (gen_random_uuid(), 'new', 'new@x')`
	const newChild = `INSERT INTO books (id, author_id, title, genre, pages, sold, price, in_print, cover, tags, extra, seen_at)
		SELECT gen_random_uuid(), id, 'new', 'novel', 1, 0, 0, false, '', '{}', '{}', now() FROM authors`
	setup := func(t *testing.T) bench {
		b := newBench(t)
		a := newAuthor("old")
		s := b.session(t)
		s.Add(a)
		s.Add(newBook(a, "one"))
		must(t, s.Commit(ctx))
		b.seen.take()
		return b
	}
	t.Run("outside_a_transaction", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		s := b.session(t)
		var authors []*Author
		if n := b.RoundTrips(func() {
			authors = between(t, b, func() ([]*Author, error) { return parents.All(ctx, s) }, newParent, newChild)
		}); n != 1 {
			t.Errorf("%d round trips", n)
		}
		if diff := cmp.Diff(map[string]int{"old": 1}, shape(t, authors)); diff != "" {
			t.Error(diff)
		}
		if got := b.seen.lines()[0]; got != "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" {
			t.Errorf("began with %q", got)
		}
	})
	t.Run("inside_one_at_repeatable_read", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		s := b.session(t, retort.TxOptions{Isolation: retort.RepeatableRead})
		var authors []*Author
		if n := b.RoundTrips(func() {
			authors = between(t, b, func() ([]*Author, error) { return parents.All(ctx, s) }, newParent, newChild)
		}); n != 1 {
			t.Errorf("%d round trips", n)
		}
		if diff := cmp.Diff(map[string]int{"old": 1}, shape(t, authors)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("inside_one_at_read_committed_new_children_may_show_but_none_is_missing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		s := b.session(t)
		s.Add(&Counter{Name: "write"})
		must(t, s.Flush(ctx))
		authors := between(t, b, func() ([]*Author, error) { return parents.All(ctx, s) }, newParent, newChild)
		if diff := cmp.Diff(map[string]int{"old": 2}, shape(t, authors)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_parent_that_the_second_statement_missed_costs_a_second_trip", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		s := b.session(t)
		s.Add(&Counter{Name: "write"})
		must(t, s.Flush(ctx))
		// The first by name changes between the statements: with a limit of 1 the
		// second statement sees the other parent only.
		var authors []*Author
		if n := b.RoundTrips(func() {
			authors = between(t, b, func() ([]*Author, error) { return parents.Limit(1).All(ctx, s) },
				newParent, newChild, "UPDATE authors SET name = 'zz' WHERE name = 'old'")
		}); n != 2 {
			t.Errorf("%d round trips, want 2", n)
		}
		if diff := cmp.Diff(map[string]int{"old": 2}, shape(t, authors)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_failed_read_in_a_snapshot_harms_nothing", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		s := b.session(t)
		b.Exec(t, "ALTER TABLE books RENAME TO moved")
		_, err := parents.All(ctx, s)
		wantErr(t, err, nil, "books")
		b.idle(t)
		if _, err := Authors.Query().All(ctx, s); err != nil {
			t.Errorf("the session is not usable any more: %v", err)
		}
	})
	t.Run("a_lost_connection_in_a_snapshot_is_not_seen", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		must(t, b.Engine.Ping(ctx))
		cut := b.Proxy.CutBefore(proxy.Tag("COMMIT"))
		s := b.session(t)
		authors, err := parents.All(ctx, s)
		must(t, err)
		if cut.Fired() != 1 || len(authors) != 1 {
			t.Errorf("cut %d times, %d authors", cut.Fired(), len(authors))
		}
		if diff := cmp.Diff(map[string]int{"old": 1}, shape(t, authors)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDeferredConstraintFailsTheCommit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	e := &Event{What: "orphan"}
	s.Add(e)
	must(t, s.Flush(ctx))
	err := s.Commit(ctx)
	c := pgerr.Constraint(err)
	if c == nil || c.Kind != pgerr.ForeignKey || !cmp.Equal(c.Columns, []string{"book_id"}) {
		t.Fatalf("got %v", err)
	}
	must(t, s.Rollback(ctx))
	if e.ID != 0 {
		t.Error("the key of a row that was never committed is left")
	}
	// In one flight, too.
	s.Add(e)
	if c := pgerr.Constraint(s.Commit(ctx)); c == nil || c.Kind != pgerr.ForeignKey {
		t.Errorf("got %v", c)
	}
	must(t, s.Rollback(ctx))
	b.idle(t)
}
