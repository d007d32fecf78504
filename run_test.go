package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// raise makes the server fail with an SQLSTATE, in a function of the database.
func raise(t *testing.T, b bench) func(ctx context.Context, s *retort.Session, code string) error {
	t.Helper()
	b.Exec(t, `CREATE FUNCTION fail(code text) RETURNS bigint LANGUAGE plpgsql AS
		$$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = code; END $$`)
	return func(ctx context.Context, s *retort.Session, code string) error {
		_, err := retort.SQL[int64]("SELECT fail($1)", code).One(ctx, s)
		return err
	}
}

func TestRunRepeats(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("two_serializable_transactions_in_conflict", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		var met sync.WaitGroup // both have read before either writes
		met.Add(2)
		var attempts atomic.Int32
		var work sync.WaitGroup
		results := make([]int64, 2)
		for i := range 2 {
			work.Go(func() {
				first := true
				n, err := retort.Run(ctx, b.Engine, retort.TxOptions{Isolation: retort.Serializable}, func(ctx context.Context, s *retort.Session) (int64, error) {
					attempts.Add(1)
					n, err := Counters.Query().Count(ctx, s)
					if err != nil {
						return 0, err
					}
					if first {
						first = false
						met.Done()
						met.Wait()
					}
					s.Add(&Counter{Name: fmt.Sprint("worker ", i), Value: n})
					return n, nil
				})
				if err != nil {
					t.Errorf("worker %d: %v", i, err)
				}
				results[i] = n
			})
		}
		work.Wait()
		if results[0]+results[1] != 1 || attempts.Load() < 3 {
			t.Errorf("counted %v in %d attempts: not serial", results, attempts.Load())
		}
		if diff := cmp.Diff([]string{"0", "1"}, b.Rows(t, "SELECT value FROM counters ORDER BY 1")); diff != "" {
			t.Error(diff)
		}
		b.idle(t)
	})
	t.Run("a_deadlock", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.Exec(t, "ALTER DATABASE "+`"`+b.Name()+`"`+" SET deadlock_timeout = '20ms'")
		commit(t, b.Engine, &Counter{Name: "a"}, &Counter{Name: "b"})
		var met, work sync.WaitGroup
		met.Add(2)
		var attempts atomic.Int32
		for _, order := range []string{"ab", "ba"} {
			work.Go(func() {
				first := true
				_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
					attempts.Add(1)
					for i, name := range strings.Split(order, "") {
						if i == 1 && first {
							first = false
							met.Done()
							met.Wait()
						}
						// Locked as it is read: a victim that reads again before the other has
						// committed would write the old value plus one.
						c, err := Counters.Where(retort.Eq(&Counters.C.Name, name)).ForUpdate().One(ctx, s)
						if err != nil {
							return nil, err
						}
						c.Value++
						if err := s.Flush(ctx); err != nil {
							return nil, err
						}
					}
					return nil, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		work.Wait()
		if diff := cmp.Diff([]string{"2", "2"}, b.Rows(t, "SELECT value FROM counters")); diff != "" {
			t.Error(diff)
		}
		// One victim makes 3; on a busy machine both see the deadlock and make more.
		if attempts.Load() < 3 {
			t.Errorf("%d attempts: there was no deadlock", attempts.Load())
		}
		b.idle(t)
	})
	t.Run("on_a_fresh_session_and_returns_the_committed_attempt", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		var sessions []*retort.Session
		got, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (string, error) {
			sessions = append(sessions, s)
			s.Add(&Counter{Name: fmt.Sprint("attempt ", len(sessions))})
			if len(sessions) < 3 {
				return "a failed attempt", fail(ctx, s, "40001")
			}
			return "the third", nil
		})
		must(t, err)
		if got != "the third" || len(sessions) != 3 || sessions[0] == sessions[1] {
			t.Errorf("got %q of %d sessions", got, len(sessions))
		}
		if diff := cmp.Diff([]string{"attempt 3"}, b.Rows(t, "SELECT name FROM counters")); diff != "" {
			t.Error(diff)
		}
		if err := sessions[0].Commit(ctx); !errors.Is(err, retort.ErrSessionClosed) {
			t.Errorf("the first session is not closed: %v", err)
		}
	})
	t.Run("also_when_the_function_overlooked_the_error", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		attempts := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			if attempts++; attempts == 1 {
				_ = fail(ctx, s, "40P01")
			}
			return nil, nil
		})
		must(t, err)
		if attempts != 2 {
			t.Errorf("%d attempts", attempts)
		}
	})
	t.Run("not_more_than_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		for given, want := range map[int]int{0: 6, 1: 1, 3: 3} {
			attempts := 0
			got, err := retort.Run(ctx, b.Engine, retort.TxOptions{MaxAttempts: given}, func(ctx context.Context, s *retort.Session) (string, error) {
				attempts++
				return "x", fail(ctx, s, "40001")
			})
			if pgerr.KindOf(err) != pgerr.Serialization || attempts != want || got != "" {
				t.Errorf("MaxAttempts %d: %d attempts, result %q, error %v", given, attempts, got, err)
			}
		}
		b.idle(t)
	})
	t.Run("not_other_errors", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		for _, code := range []string{"23505", "55P03", "57014", "22012"} {
			attempts := 0
			_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
				attempts++
				return nil, fail(ctx, s, code)
			})
			if pgerr.Code(err) != code || attempts != 1 {
				t.Errorf("%s: %d attempts, %v", code, attempts, err)
			}
		}
	})
	t.Run("not_an_unknown_commit", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutBefore(proxy.CommitReply)
		attempts := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			attempts++
			s.Add(&Counter{Name: "x"})
			return nil, nil
		})
		wantErr(t, err, retort.ErrCommitUnknown)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 || attempts != 1 {
			t.Errorf("%d rows of %d attempts", n, attempts)
		}
	})
	t.Run("not_when_the_caller_has_left", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		ctx, cancel := context.WithCancel(ctx)
		attempts := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{MaxAttempts: 100}, func(ctx context.Context, s *retort.Session) (any, error) {
			attempts++
			err := fail(ctx, s, "40001")
			cancel()
			return nil, err
		})
		if err == nil || attempts != 1 {
			t.Errorf("%d attempts, %v", attempts, err)
		}
	})
}

func TestRunEnds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	count := func(t *testing.T, b bench) int64 { return b.QueryInt(t, "SELECT count(*) FROM counters") }
	write := func(ctx context.Context, s *retort.Session) {
		s.Add(&Counter{Name: "x"})
		_ = s.Flush(ctx)
	}

	t.Run("by_an_error", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		mine := errors.New("mine")
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			write(ctx, s)
			return nil, mine
		})
		if !errors.Is(err, mine) || count(t, b) != 0 {
			t.Errorf("got %v and %d rows", err, count(t, b))
		}
		b.idle(t)
	})
	t.Run("by_a_panic_that_goes_on", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		func() {
			defer func() {
				if r := recover(); r != "mine" {
					t.Errorf("recovered %v", r)
				}
			}()
			_, _ = retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
				write(ctx, s)
				panic("mine")
			})
		}()
		b.idle(t)
		if count(t, b) != 0 {
			t.Error("committed")
		}
	})
	t.Run("by_Goexit_that_goes_on", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		exited := true
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
				write(ctx, s)
				runtime.Goexit()
				return nil, nil
			})
			exited = false
		}()
		<-done
		b.idle(t)
		if count(t, b) != 0 || !exited {
			t.Errorf("%d rows, exited %t", count(t, b), exited)
		}
	})
	t.Run("by_a_context_that_ended_before_COMMIT", func(t *testing.T) {
		t.Parallel()
		for _, flushed := range []bool{false, true} {
			b := newBench(t)
			ctx, cancel := context.WithCancel(ctx)
			_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
				s.Add(&Counter{Name: "x"})
				if flushed {
					must(t, s.Flush(ctx))
				}
				b.seen.take()
				cancel()
				return nil, nil
			})
			wantErr(t, err, context.Canceled)
			for _, f := range b.seen.take() {
				if f.End == "COMMIT" && !strings.Contains(f.Err.Error(), "not sent") {
					t.Errorf("flushed %t: COMMIT was sent", flushed)
				}
			}
			b.idle(t)
			if count(t, b) != 0 {
				t.Errorf("flushed %t: committed", flushed)
			}
		}
	})
	t.Run("with_a_COMMIT_that_outlives_its_context", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		b.Proxy.Before(proxy.CommitReply, func(proxy.Message) { cancel() })
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "x"})
			return nil, nil
		})
		must(t, err)
		if count(t, b) != 1 {
			t.Error("not committed")
		}
		b.idle(t)
	})
	t.Run("while_a_goroutine_still_uses_the_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		arrived, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		b.Proxy.Before(proxy.Runs("select 77"), func(proxy.Message) { close(arrived); <-goOn })
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			write(ctx, s)
			go func() {
				defer close(done)
				_, _ = s.Exec(context.WithoutCancel(ctx), "SELECT 77")
			}()
			<-arrived
			return nil, nil
		})
		wantErr(t, err, retort.ErrConcurrentUse)
		close(goOn)
		<-done
		b.idle(t)
		if count(t, b) != 0 {
			t.Error("committed")
		}
	})
	t.Run("with_what_the_function_committed_itself", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			write(ctx, s)
			must(t, s.Commit(ctx))
			must(t, s.Close(ctx))
			return nil, nil
		})
		wantErr(t, err, retort.ErrSessionClosed)
		if count(t, b) != 1 {
			t.Error("not committed")
		}
	})
}
