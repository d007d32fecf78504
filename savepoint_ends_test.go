package retort_test

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestSavepoint_begins or does not: then its function does not run.
func TestSavepoint_begins(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, c := range map[string]struct {
		before func(b bench, s *retort.Session)
		want   error
		words  string
	}{
		"not_in_a_closed_session": {before: func(_ bench, s *retort.Session) { _ = s.Close(ctx) }, want: retort.ErrSessionClosed},
		"not_in_a_failed_session": {before: func(_ bench, s *retort.Session) { _, _ = s.Exec(ctx, "SELECT 1/0") }, want: retort.ErrSessionFailed},
		"not_behind_misuse":       {before: func(_ bench, s *retort.Session) { s.Add(7) }, words: "pass a pointer to a model"},
		"not_where_the_server_refuses_it": {
			before: func(b bench, _ *retort.Session) { b.Proxy.FailWith(proxy.Runs("SAVEPOINT retort_unit"), "53200") }, words: "53200",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.session(t)
			c.before(b, s)
			err := s.Savepoint(ctx, func(context.Context) error { t.Error("the function ran"); return nil })
			wantErr(t, err, c.want, c.words)
		})
	}
	t.Run("not_behind_a_hook_that_fails", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Hook(retort.Hooks{AfterFlush: func(context.Context, *retort.Session, *retort.Changes) error { return errNo }})
		s.Add(&Counter{Name: "c"})
		wantErr(t, s.Savepoint(ctx, func(context.Context) error { t.Error("the function ran"); return nil }), errNo)
		// Outside of a savepoint all is lost at once, and the connection given back.
		if in := b.Engine.Stats().InUse; in != 0 {
			t.Errorf("%d connections are still held", in)
		}
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
	})
	t.Run("with_names_of_their_own_and_all_are_released", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		must(t, s.Savepoint(ctx, func(ctx context.Context) error {
			_ = s.Savepoint(ctx, func(context.Context) error { return errNo })
			return nil
		}))
		want := []string{
			"BEGIN", "SAVEPOINT retort_unit_1", "SAVEPOINT retort_unit_2",
			"ROLLBACK TO SAVEPOINT retort_unit_2", "RELEASE SAVEPOINT retort_unit_2", "RELEASE SAVEPOINT retort_unit_1",
		}
		if diff := cmp.Diff(want, b.seen.lines()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestSavepoint_ends with the right error, and takes back no more and no less.
func TestSavepoint_ends(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("while_a_call_is_under_way", func(t *testing.T) {
		t.Parallel()
		for _, cause := range []error{nil, errNo} {
			b := newBench(t)
			s := b.session(t)
			goOn := func() {}
			err := s.Savepoint(ctx, func(context.Context) error {
				goOn = leaveCall(t, b, s)
				return cause
			})
			goOn()
			if cause != nil {
				wantErr(t, err, cause)
				continue
			}
			wantErr(t, err, retort.ErrConcurrentUse, "Savepoint")
		}
	})
	t.Run("while_rows_lie_open", func(t *testing.T) {
		t.Parallel()
		for _, cause := range []error{nil, errNo} {
			b := newBench(t)
			s := b.session(t)
			err := s.Savepoint(ctx, func(ctx context.Context) error {
				s.Add(&Counter{Name: "inside"})
				_, err := s.DBTX().Query(ctx, "SELECT generate_series(1, 10000)")
				must(t, err)
				return cause
			})
			if want := cause; want == nil {
				wantErr(t, err, retort.ErrRowsOpen, "Savepoint", "left the session in use")
			} else {
				wantErr(t, err, want)
			}
			s.Add(&Counter{Name: "behind"})
			must(t, s.Commit(ctx))
			if got := b.Rows(t, "SELECT name FROM counters"); !cmp.Equal(got, []string{"behind"}) {
				t.Errorf("%v: rows %v", cause, got)
			}
		}
	})
	t.Run("with_the_function's_own_error_where_a_statement_failed_too", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			_, _ = s.Exec(ctx, "SELECT 1/0")
			return errNo
		})
		if !errors.Is(err, errNo) || pgerr.Code(err) != "" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with_the_misuse_of_its_function", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		c := &Counter{Name: "c"}
		s.Add(c)
		err := s.Savepoint(ctx, func(context.Context) error {
			c.Value = 1
			s.Add(7)
			return nil
		})
		wantErr(t, err, nil, "pass a pointer to a model")
		must(t, s.Commit(ctx))
		if got := b.QueryInt(t, "SELECT value FROM counters"); got != 0 {
			t.Errorf("value %d", got)
		}
	})
	t.Run("alone_where_a_hook_fails_inside", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "outside"})
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			s.Hook(retort.Hooks{AfterFlush: func(_ context.Context, _ *retort.Session, c *retort.Changes) error { return errNo }})
			s.Add(&Counter{Name: "inside"})
			wantErr(t, s.Flush(ctx), errNo)
			return nil
		})
		wantErr(t, err, errNo)
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT name FROM counters"); !cmp.Equal(got, []string{"outside"}) {
			t.Errorf("rows %v", got)
		}
	})
	t.Run("everything_where_the_way_back_is_refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "outside"})
		b.Proxy.FailWith(proxy.Runs("ROLLBACK TO SAVEPOINT"), "53200")
		wantErr(t, s.Savepoint(ctx, func(context.Context) error {
			s.Add(&Counter{Name: "inside"})
			return errNo
		}), errNo)
		if in := b.Engine.Stats().InUse; in != 0 {
			t.Errorf("%d connections are still held", in)
		}
		err := s.Commit(ctx)
		wantErr(t, err, retort.ErrSessionFailed)
		if pgerr.Code(err) != "53200" {
			t.Errorf("got %v", err)
		}
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestSavepoint_among_savepoints_of_the_program tells by name what these undo.
func TestSavepoint_among_savepoints_of_the_program(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	undone := func(ctx context.Context, s *retort.Session, inside func(exec func(string))) error {
		tx, err := s.Pgx(ctx)
		if err != nil {
			return err
		}
		exec := func(sql string) {
			if err == nil {
				_, err = tx.Exec(ctx, sql)
			}
		}
		exec("SAVEPOINT x")
		s.Add(&Counter{Name: "behind x"})
		if err == nil {
			err = s.Flush(ctx)
		}
		if again := s.Savepoint(ctx, func(ctx context.Context) error {
			s.Add(&Counter{Name: "taken back"})
			err = errors.Join(err, s.Flush(ctx))
			inside(exec)
			return errNo
		}); !errors.Is(again, errNo) {
			return again
		}
		exec("ROLLBACK TO x")
		return err
	}
	for name, inside := range map[string]func(exec func(string)){
		"one_outside":                     func(func(string)) {},
		"one_of_the_same_name_was_inside": func(exec func(string)) { exec("SAVEPOINT x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			s := b.session(t)
			wantErr(t, undone(ctx, s, inside), retort.ErrSavepointUndone)
			wantErr(t, s.Commit(ctx), retort.ErrSavepointUndone)
		})
	}
}

// TestUnfinishedLoopEndsItsPart leaves a loop over rows unfinished, by iter.Pull, in a
// function of Savepoint and of RunIn: what these began ends with the session's next call.
func TestUnfinishedLoopEndsItsPart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pulled := func(s *retort.Session) (stop func()) {
		next, stop := iter.Pull2(Counters.Query().Iter(ctx, s))
		_, _, _ = next()
		return stop
	}
	for name, part := range map[string]func(s *retort.Session, fn func()) error{
		"Savepoint": func(s *retort.Session, fn func()) error {
			return s.Savepoint(ctx, func(context.Context) error { fn(); return nil })
		},
		"RunIn": func(s *retort.Session, fn func()) error {
			_, err := retort.RunIn(ctx, s, func(context.Context, *retort.Session) (any, error) { fn(); return nil, nil })
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			numbers(t, b, 3)
			s := b.session(t)
			stop := func() {}
			err := part(s, func() {
				s.Add(&Counter{Name: "inside"})
				stop = pulled(s)
			})
			wantErr(t, err, retort.ErrIterOpen)
			stop()
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed, name, "left the session in use")
			must(t, s.Rollback(ctx))
			s.Add(&Counter{Name: "behind"})
			must(t, s.Commit(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name IN ('inside', 'behind')"); n != 1 {
				t.Errorf("%d rows", n)
			}
			// Inside of a savepoint that ends as it should, no more than that is lost.
			s.Add(&Counter{Name: "outer"})
			err = s.Savepoint(ctx, func(context.Context) error {
				err := part(s, func() { stop = pulled(s) })
				stop()
				return err
			})
			wantErr(t, err, retort.ErrIterOpen)
			must(t, s.Commit(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = 'outer'"); n != 1 {
				t.Errorf("%d rows", n)
			}
			b.idle(t)
		})
	}
}
