package retort_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

func TestRunIn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	type none struct{}
	nothing := func(context.Context, *retort.Session) (none, error) { return none{}, nil }

	t.Run("costs_nothing_and_ends_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "outer"})
		func() {
			got, err := retort.RunIn(ctx, s, func(_ context.Context, in *retort.Session) (string, error) {
				in.Add(&Counter{Name: "inner"})
				_, err := retort.RunIn(ctx, in, nothing)
				must(t, err)
				wantErr(t, in.Commit(ctx), retort.ErrNested)
				wantErr(t, in.Rollback(ctx), retort.ErrNested)
				return "result", nil
			})
			must(t, err)
			if got != "result" {
				t.Errorf("got %q", got)
			}
			must(t, s.Commit(ctx))
		}()
		if flights := b.seen.take(); len(flights) != 1 {
			t.Errorf("%d round trips: %+v", len(flights), flights)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 2 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("a_failure_fails_the_session", func(t *testing.T) {
		t.Parallel()
		mine := errors.New("mine")
		for how, fail := range map[string]func(ctx context.Context, s *retort.Session) (none, error){
			"error": func(context.Context, *retort.Session) (none, error) { return none{}, mine },
			"overlooked": func(ctx context.Context, s *retort.Session) (none, error) {
				_, _ = s.Exec(ctx, "SELECT 1/0")
				return none{}, nil
			},
			"panic":  func(context.Context, *retort.Session) (none, error) { panic(mine) },
			"Goexit": func(context.Context, *retort.Session) (none, error) { runtime.Goexit(); return none{}, nil },
		} {
			b := newBench(t)
			s := b.session(t)
			s.Add(&Counter{Name: "outer"})
			must(t, s.Flush(ctx))
			done := make(chan error, 1)
			go func() {
				err := errors.New("left")
				defer func() { _ = recover(); done <- err }()
				_, err = retort.RunIn(ctx, s, fail) //retortvet:ignore session one goroutine after the other: Goexit must not end the test
			}()
			err := <-done
			switch how {
			case "error":
				wantErr(t, err, mine)
				wantErr(t, s.Commit(ctx), mine)
			case "overlooked":
				wantErr(t, err, retort.ErrSessionFailed)
				if pgerr.Code(err) != "22012" {
					t.Errorf("%s: %v", how, err)
				}
			}
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
			must(t, s.Rollback(ctx))
			must(t, s.Commit(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
				t.Errorf("%s: %d rows", how, n)
			}
			b.idle(t)
		}
	})
	t.Run("rows_that_it_left_open_fail_the_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_, err := retort.RunIn(ctx, s, func(ctx context.Context, in *retort.Session) (none, error) {
			_, err := in.DBTX().Query(ctx, "SELECT generate_series(1, 10000)")
			return none{}, err
		})
		wantErr(t, err, retort.ErrRowsOpen, "RunIn", "left the session in use")
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
		must(t, s.Commit(ctx))
	})
	t.Run("not_in_a_hook_nor_in_a_closed_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Hook(retort.Hooks{BeforeFlush: func(ctx context.Context, s *retort.Session, _ *retort.Changes) error {
			_, err := retort.RunIn(ctx, s, nothing)
			wantErr(t, err, retort.ErrInHook)
			return nil
		}})
		s.Add(&Counter{Name: "x"})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		_, err := retort.RunIn(ctx, s, nothing)
		wantErr(t, err, retort.ErrSessionClosed)
	})
}
