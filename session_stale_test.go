package retort_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

func TestChangedRowsAreNoticedInTheSameTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	change := func(s *retort.Session, a *Author) { a.Name = "mine" }
	remove := func(s *retort.Session, a *Author) { s.Delete(a) }
	for name, test := range map[string]struct {
		meanwhile string
		do        func(*retort.Session, *Author)
	}{
		"update_of_a_changed_row": {"UPDATE authors SET version = version + 1 WHERE id = $1", change},
		"update_of_a_deleted_row": {"DELETE FROM authors WHERE id = $1", change},
		"delete_of_a_changed_row": {"UPDATE authors SET version = version + 1 WHERE id = $1", remove},
		"delete_of_a_deleted_row": {"DELETE FROM authors WHERE id = $1", remove},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAuthor(name)
			commit(t, b.Engine, a)
			s := b.session(t)
			mine, err := Authors.Get(ctx, s, a.ID)
			must(t, err)
			b.Exec(t, test.meanwhile, a.ID)
			test.do(s, mine)
			companion := newAuthor("with " + name)
			s.Add(companion)
			if n := b.RoundTrips(func() { err = s.Commit(ctx) }); n != 1 {
				t.Errorf("%d round trips", n)
			}
			wantErr(t, err, retort.ErrStale, `"authors"`, "load it again")
			if stale, ok := errors.AsType[*retort.StaleError](err); !ok || stale.Key != a.ID || stale.Table != "authors" {
				t.Errorf("got %#v", stale)
			}
			if pgerr.Retryable(err) || pgerr.KindOf(err) != pgerr.StaleRow {
				t.Errorf("kind %s", pgerr.KindOf(err))
			}
			must(t, s.Rollback(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE id = $1 OR name = 'mine'", companion.ID); n != 0 {
				t.Error("a part of the transaction was committed")
			}
			b.idle(t)
		})
	}
	t.Run("without_a_version_only_a_missing_row_is_stale", func(t *testing.T) {
		commit(t, b.Engine, &Counter{Name: "c"})
		s := b.session(t)
		c, err := Counters.Get(ctx, s, "c")
		must(t, err)
		b.Exec(t, "UPDATE counters SET value = 5")
		c.Value = 6
		must(t, s.Commit(ctx))
		b.Exec(t, "DELETE FROM counters")
		c.Value = 7
		wantErr(t, s.Commit(ctx), retort.ErrStale, `"counters"`)
		must(t, s.Rollback(ctx))
	})
	t.Run("a_setting_of_that_name_is_the_user's_own_fault_but_harmless", func(t *testing.T) {
		a := newAuthor("set")
		commit(t, b.Engine, a)
		s := b.session(t)
		mine, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		_, err = s.Exec(ctx, "SELECT set_config('retort.stale_row', 'boo', true)")
		must(t, err)
		b.Exec(t, "UPDATE authors SET version = version + 1 WHERE id = $1", a.ID)
		mine.Name = "mine"
		if err := s.Commit(ctx); err == nil {
			t.Error("a stale update was committed")
		}
	})
}

func TestNoUpdateIsLost(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const workers, each = 16, 5
	a := newAuthor("0")
	commit(t, b.Engine, a)
	var work sync.WaitGroup
	for range workers {
		work.Go(func() {
			for done := 0; done < each; {
				switch err := increment(t.Context(), b.Engine, a); {
				case err == nil:
					done++
				case !errors.Is(err, retort.ErrStale):
					t.Errorf("got %v", err)
					return
				}
			}
		})
	}
	work.Wait()
	if got := b.QueryString(t, "SELECT length(name) - 1 || ' of version ' || version FROM authors"); got != "80 of version 81" {
		t.Errorf("%s, want 80 of version 81", got)
	}
	b.idle(t)
}

// increment makes the author's name longer.
func increment(ctx context.Context, eng *retort.Engine, a *Author) error {
	_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (*Author, error) {
		mine, err := Authors.Get(ctx, s, a.ID)
		if err == nil {
			mine.Name += "+"
		}
		return mine, err
	})
	return err
}

func TestReadOnlySessions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, b.Engine, a)
	readOnly := retort.TxOptions{ReadOnly: true}

	t.Run("read_without_a_transaction", func(t *testing.T) {
		s := b.session(t, readOnly)
		b.seen.take()
		_, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		must(t, s.Commit(ctx))
		if lines := b.seen.lines(); len(lines) != 1 || !s.ReadOnly() {
			t.Errorf("sent %q, ReadOnly is %t", lines, s.ReadOnly())
		}
	})
	for name, change := range map[string]func(*retort.Session, *Author){
		"INSERT of retort_test.Author": func(s *retort.Session, _ *Author) { s.Add(newAuthor("n")) },
		"UPDATE of retort_test.Author": func(_ *retort.Session, a *Author) { a.Name = "x" },
		"DELETE of retort_test.Author": func(s *retort.Session, a *Author) { s.Delete(a) },
	} {
		t.Run("refuse_"+name[:6], func(t *testing.T) {
			s := b.session(t, readOnly)
			mine, err := Authors.Get(ctx, s, a.ID)
			must(t, err)
			change(s, mine)
			b.seen.take()
			wantErr(t, s.Commit(ctx), retort.ErrReadOnly, name)
			wantErr(t, s.Flush(ctx), retort.ErrReadOnly)
			_, err = Authors.Query().All(ctx, s)
			wantErr(t, err, retort.ErrReadOnly)
			_, err = s.Exec(ctx, "SELECT 1")
			wantErr(t, err, retort.ErrReadOnly)
			if lines := b.seen.lines(); len(lines) > 0 {
				t.Errorf("sent %q", lines)
			}
			must(t, s.Rollback(ctx))
			must(t, s.Commit(ctx))
		})
	}
	t.Run("let_the_server_refuse_raw_SQL", func(t *testing.T) {
		s := b.session(t, readOnly)
		_, err := s.Exec(ctx, "DELETE FROM authors")
		if pgerr.KindOf(err) != pgerr.ReadOnly {
			t.Errorf("got %v", err)
		}
	})
}

func TestSessionFailed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	commit(t, b.Engine, newAuthor("taken"))

	s := b.session(t)
	first := newAuthor("first")
	s.Add(first)
	must(t, s.Flush(ctx))
	s.Add(newAuthor("taken"))
	err := s.Flush(ctx)
	wantErr(t, err, nil, "INSERT authors", "uq_authors_email")
	if n := b.Engine.Stats().InUse; n != 0 {
		t.Error("a failed session holds a connection")
	}
	b.seen.take()
	_, getErr := Authors.Get(ctx, s, first.ID)
	_, allErr := Authors.Query().All(ctx, s)
	_, execErr := s.Exec(ctx, "SELECT 1")
	_, rawErr := retort.SQL[int64]("SELECT 1::bigint").ReadOnly().All(ctx, s)
	for call, err := range map[string]error{
		"Get": getErr, "All": allErr, "Exec": execErr, "SQL": rawErr,
		"Flush": s.Flush(ctx), "Commit": s.Commit(ctx), "Refresh": s.Refresh(ctx, first),
	} {
		if !errors.Is(err, retort.ErrSessionFailed) || pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("%s says %v, want ErrSessionFailed and its cause", call, err)
		}
	}
	for _, err := range Authors.Query().Iter(ctx, s) {
		wantErr(t, err, retort.ErrSessionFailed)
	}
	if lines := b.seen.lines(); len(lines) > 0 {
		t.Errorf("sent %q", lines)
	}
	must(t, s.Rollback(ctx))
	s.Add(first)
	must(t, s.Commit(ctx))
	b.idle(t)
}

func TestRawSQLCannotEndTheTransactionUnnoticed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for _, sql := range []string{"COMMIT", "ROLLBACK", "commit and chain", "/* x */ END", "ABORT"} {
		t.Run(sql, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.session(t)
			s.Add(&Counter{Name: "before"})
			must(t, s.Flush(ctx))
			_, err := s.Exec(ctx, sql)
			wantErr(t, err, nil, "raw SQL ended the session's transaction")
			s.Add(&Counter{Name: "after"})
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
			must(t, s.Rollback(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = 'after'"); n != 0 {
				t.Error("the session wrote outside a transaction")
			}
			b.idle(t)
		})
	}
	t.Run("savepoints_are_allowed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		for _, sql := range []string{
			"INSERT INTO counters VALUES ('kept', 1)", "SAVEPOINT x", "INSERT INTO counters VALUES ('undone', 1)", "ROLLBACK TO x", "RELEASE x",
		} {
			_, err := s.Exec(ctx, sql)
			must(t, err)
		}
		must(t, s.Commit(ctx))
		if got := b.QueryString(t, "SELECT string_agg(name, ' ') FROM counters"); got != "kept" {
			t.Errorf("rows: %s", got)
		}
	})
	t.Run("BEGIN_in_a_read-only_statement_opens_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_, err := retort.SQL[int64]("BEGIN").ReadOnly().All(ctx, s)
		must(t, err)
		b.idle(t)
	})
}
