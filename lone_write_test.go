package retort_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// loneWrites are units of work that write one row and nothing else.
var loneWrites = []struct {
	name      string
	sql       string
	do        func(*retort.Session, *Author, *Counter)
	meanwhile string // what makes it stale
}{
	{
		"an update", `UPDATE "counters" SET "value" = $2 WHERE "name" = $1`,
		func(_ *retort.Session, _ *Author, c *Counter) { c.Value++ }, "DELETE FROM counters",
	},
	{
		"a deletion", `DELETE FROM "counters" WHERE "name" = $1`,
		func(s *retort.Session, _ *Author, c *Counter) { s.Delete(c) }, "DELETE FROM counters",
	},
	{
		"an update of a version", `UPDATE "authors" SET "name" = $3, "updated_at" = now(), "version" = "version" + 1 WHERE "id" = $1 AND "version" = $2 RETURNING "updated_at", "version"`,
		func(_ *retort.Session, a *Author, _ *Counter) { a.Name = "mine" }, "UPDATE authors SET version = 9",
	},
	{
		"a deletion of a version", `DELETE FROM "authors" WHERE "id" = $1 AND "version" = $2`,
		func(s *retort.Session, a *Author, _ *Counter) { s.Delete(a) }, "UPDATE authors SET version = 9",
	},
}

// loneRows stores an author and a counter, and reads them in a session of its own.
func loneRows(t *testing.T, b bench, opts ...retort.TxOptions) (*retort.Session, *Author, *Counter) {
	t.Helper()
	b.Exec(t, "DELETE FROM authors")
	b.Exec(t, "DELETE FROM counters")
	a := newAuthor("theirs")
	commit(t, b.Engine, a, &Counter{Name: "c"})
	s := b.session(t, opts...)
	a, err := Authors.Get(t.Context(), s, a.ID)
	must(t, err)
	c, err := Counters.Get(t.Context(), s, "c")
	must(t, err)
	b.seen.take()
	return s, a, c
}

// TestLoneWrites writes one row in a transaction of its own, which needs no guard:
// where the row is gone, there is nothing to undo.
func TestLoneWrites(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var told hookLog
	b := newBench(t, func(c *retort.Config) {
		h := told.all("engine")
		h.BeforeFlush = nil
		c.Hooks = []retort.Hooks{h}
	})
	for _, w := range loneWrites {
		t.Run(w.name, func(t *testing.T) {
			s, a, c := loneRows(t, b)
			told.take()
			w.do(s, a, c)
			if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 1 {
				t.Errorf("%d round trips", n)
			}
			if diff := cmp.Diff([]string{"BEGIN", w.sql, "COMMIT"}, b.seen.lines()); diff != "" {
				t.Error(diff)
			}
			if lines := told.take(); len(lines) != 1 || !strings.Contains(lines[0], "committed") {
				t.Errorf("hooks heard %q", lines)
			}
		})
		t.Run(w.name+" that comes too late", func(t *testing.T) {
			s, a, c := loneRows(t, b)
			key := any(a.ID)
			if strings.Contains(w.sql, "counters") {
				key = "c"
			}
			b.Exec(t, w.meanwhile)
			told.take()
			w.do(s, a, c)
			var err error
			if n := b.RoundTrips(func() { err = s.Commit(ctx) }); n != 1 {
				t.Errorf("%d round trips", n)
			}
			wantErr(t, err, retort.ErrStale, "load it again")
			stale, ok := errors.AsType[*retort.StaleError](err)
			if !ok || stale.Key != key || !cmp.Equal(stale.Keys, []any{key}) || pgerr.KindOf(err) != pgerr.StaleRow || pgerr.Retryable(err) {
				t.Errorf("%#v of kind %s", stale, pgerr.KindOf(err))
			}
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed, "changed or deleted by another transaction")
			must(t, s.Rollback(ctx))
			if lines := told.take(); len(lines) != 1 || !strings.Contains(lines[0], "dropped") {
				t.Errorf("hooks heard %q", lines)
			}
			if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE name = 'mine'"); n != 0 {
				t.Error("it was written")
			}
			b.idle(t)
		})
	}
}

// TestOtherWritesAreGuarded has the same writes in transactions that hold more, of
// which nothing may stay.
func TestOtherWritesAreGuarded(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plain := newBench(t)
	hooked := newBench(t, func(c *retort.Config) {
		c.Hooks = []retort.Hooks{{AfterFlush: func(context.Context, *retort.Session, *retort.Changes) error { return nil }}}
	})
	for _, where := range []struct {
		name string
		b    bench
		end  func(s *retort.Session, write func()) error
	}{
		{"beside another row", plain, func(s *retort.Session, write func()) error {
			s.Add(newAuthor("companion"))
			write()
			return s.Commit(ctx)
		}},
		{"behind a flush", plain, func(s *retort.Session, write func()) error {
			s.Add(newAuthor("companion"))
			must(t, s.Flush(ctx))
			write()
			return s.Commit(ctx)
		}},
		{"behind raw SQL", plain, func(s *retort.Session, write func()) error {
			_, err := s.Exec(ctx, "INSERT INTO counters VALUES ('companion', 1)")
			must(t, err)
			write()
			return s.Commit(ctx)
		}},
		{"in a flush", plain, func(s *retort.Session, write func()) error {
			write()
			return s.Flush(ctx)
		}},
		{"before a read", plain, func(s *retort.Session, write func()) error {
			write()
			_, err := Books.Query().Count(ctx, s)
			return err
		}},
		{"in a savepoint", plain, func(s *retort.Session, write func()) error {
			return s.Savepoint(ctx, func(context.Context) error { write(); return nil })
		}},
		{"before a hook that may write more", hooked, func(s *retort.Session, write func()) error {
			write()
			return s.Commit(ctx)
		}},
	} {
		for _, w := range loneWrites {
			t.Run(w.name+" "+where.name, func(t *testing.T) {
				s, a, c := loneRows(t, where.b)
				where.b.Exec(t, w.meanwhile)
				wantErr(t, where.end(s, func() { w.do(s, a, c) }), retort.ErrStale)
				if sent := strings.Join(where.b.seen.lines(), "\n"); !strings.Contains(sent, "retort.stale_row") {
					t.Errorf("without a guard: %s", sent)
				}
				must(t, s.Rollback(ctx))
				if n := where.b.QueryInt(t, "SELECT (SELECT count(*) FROM authors WHERE name <> 'theirs') + (SELECT count(*) FROM counters WHERE name <> 'c')"); n != 0 {
					t.Errorf("%d rows of the transaction stayed", n)
				}
				where.b.idle(t)
			})
		}
	}
	t.Run("beside the row of an outcome", func(t *testing.T) {
		b := newTill(t)
		p := &Payment{}
		commit(t, b.Engine, p)
		s := b.session(t)
		p, err := Payments.Get(ctx, s, p.ID)
		must(t, err)
		b.Exec(t, "UPDATE payments SET version = 9")
		p.Amount = 7
		wantErr(t, s.Commit(ctx), retort.ErrStale)
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM commit_outcomes"); n != 1 {
			t.Errorf("%d outcomes of one COMMIT", n)
		}
		skips := b.session(t, retort.TxOptions{SkipOutcome: true})
		if p, err = Payments.Get(ctx, skips, p.ID); err != nil {
			t.Fatal(err)
		}
		b.seen.take()
		p.Amount = 8
		must(t, skips.Commit(ctx))
		if lines := b.seen.lines(); len(lines) != 3 || !strings.HasPrefix(lines[1], "UPDATE ") {
			t.Errorf("sent %q", lines)
		}
	})
}

// TestLoneWritesOfSeveralRows has a primary key that the database knows nothing of.
func TestLoneWritesOfSeveralRows(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s, _, c := loneRows(t, b)
	b.Exec(t, "CREATE TABLE more_counters () INHERITS (counters)")
	b.Exec(t, "INSERT INTO more_counters VALUES ('c', 5)")
	c.Value = 7
	err := s.Commit(ctx)
	committed, ok := errors.AsType[*retort.CommittedError](err)
	if !ok || !strings.Contains(committed.Error(), "wrote 2 rows with one key") || errors.Is(err, retort.ErrStale) {
		t.Errorf("got %v", err)
	}
	if n := b.QueryInt(t, "SELECT sum(value) FROM counters"); n != 14 {
		t.Errorf("a sum of %d, want 14", n)
	}
	wantState(t, s, c, "detached")
	must(t, s.Rollback(ctx))
	b.idle(t)
}

// TestLoneWritesUnderIsolation leaves the verdict to the server, which repeats help.
func TestLoneWritesUnderIsolation(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, level := range []retort.Isolation{retort.RepeatableRead, retort.Serializable} {
		for _, meanwhile := range []string{"DELETE FROM counters", "UPDATE counters SET value = 5"} {
			s, _, c := loneRows(t, b, retort.TxOptions{Isolation: level})
			b.Exec(t, meanwhile)
			c.Value = 7
			if err := s.Commit(t.Context()); pgerr.KindOf(err) != pgerr.Serialization || errors.Is(err, retort.ErrStale) {
				t.Errorf("%s, %s: got %v", level, meanwhile, err)
			}
			must(t, s.Rollback(t.Context()))
		}
	}
}
