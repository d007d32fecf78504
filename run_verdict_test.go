package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// pauses is an observer that remembers how long was waited before a repetition.
type pauses struct {
	refusals
	before []time.Duration
}

func (p *pauses) SessionRetry(_ context.Context, info retort.RetryInfo) {
	p.before = append(p.before, info.Pause)
}

// leaveCall begins a call of s that the server answers when goOn is called, and returns
// once it is under way.
func leaveCall(t *testing.T, b bench, s *retort.Session) (goOn func()) {
	t.Helper()
	arrived, answer, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	b.Proxy.Before(proxy.Runs("select 77"), func(proxy.Message) { close(arrived); <-answer })
	go func() {
		defer close(done)
		_, _ = s.Exec(context.Background(), "SELECT 77") //retortvet:ignore session the call that a function left behind
	}()
	<-arrived
	return func() { close(answer); <-done }
}

// TestRunIn_verdicts are whose error it is that comes back, and what it costs.
func TestRunIn_verdicts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("a_call_that_was_left_behind_is_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		goOn := func() {}
		_, err := retort.RunIn(ctx, s, func(context.Context, *retort.Session) (int, error) {
			goOn = leaveCall(t, b, s)
			return 0, errNo
		})
		wantErr(t, err, errNo)
		wantErr(t, err, retort.ErrConcurrentUse)
		goOn()
	})
	t.Run("the_function's_own_error_is_returned_and_the_first_one_kept", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_, err := retort.RunIn(ctx, s, func(ctx context.Context, s *retort.Session) (int, error) {
			_, _ = s.Exec(ctx, "SELECT 1/0")
			return 0, errNo
		})
		wantErr(t, err, errNo)
		err = s.Commit(ctx)
		wantErr(t, err, retort.ErrSessionFailed)
		if pgerr.Code(err) != "22012" {
			t.Errorf("what failed first is forgotten: %v", err)
		}
	})
	t.Run("a_transaction_that_is_open_stays_open", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "flushed"})
		must(t, s.Flush(ctx))
		_ = val(retort.RunIn(ctx, s, func(context.Context, *retort.Session) (int, error) { return 0, nil }))(t)
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
}

// TestRun_verdicts are errors that must not look like others.
func TestRun_verdicts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("an_error_is_returned_as_it_is", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(context.Context, *retort.Session) (int, error) { return 0, errNo })
		if err != errNo { //nolint:errorlint // wrapped is what it must not be
			t.Errorf("got %v", err)
		}
	})
	t.Run("what_is_committed_is_not_repeated_whatever_fails_behind_it", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		attempts := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
			attempts++
			s.Add(&Counter{Name: fmt.Sprint(attempts)})
			s.AfterCommit(func(ctx context.Context) error {
				other := b.Engine.Session()
				defer other.Close(ctx)
				return fail(ctx, other, "40001")
			})
			return 0, nil
		})
		if _, ok := errors.AsType[*retort.CommittedError](err); !ok || !pgerr.Retryable(err) {
			t.Errorf("got %v; this test needs a committed unit with an error that asks for a repetition", err)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 || attempts != 1 {
			t.Errorf("%d rows of %d attempts", n, attempts)
		}
	})
	t.Run("the_input_is_the_caller's_own_where_nothing_is_repeated", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		in := &input{"x"}
		got := val(retort.InSession(b.Engine, retort.TxOptions{}, func(_ context.Context, _ *retort.Session, in *input) (*input, error) { return in, nil })(ctx, in))(t)
		if got != in {
			t.Error("the handler got a copy")
		}
	})
}

// TestRetries_cost what the budget and the pauses say.
func TestRetries_cost(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	open := func(t *testing.T, b bench, budget int, o retort.Observer) *retort.Engine {
		eng := val(retort.Open(retort.Config{Base: library, URL: b.URL(), RetryBudget: budget, Observer: o}))(t)
		t.Cleanup(func() { must(t, eng.Close(context.Background())) })
		return eng
	}
	t.Run("nothing_when_each_unit_is_committed_in_the_end", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		eng := open(t, b, 2, nil)
		for range 40 { // far more than flows back in that time
			attempts := 0
			_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
				if attempts++; attempts == 1 {
					return 0, fail(ctx, s, "40001")
				}
				return 0, nil
			})
			must(t, err)
		}
	})
	t.Run("an_error_where_nobody_looks_on", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		eng := open(t, b, 1, nil)
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			return 0, fail(ctx, s, "40001")
		})
		if _, spent := errors.AsType[*retort.RetryBudgetError](err); !spent {
			t.Errorf("got %v", err)
		}
	})
	t.Run("pauses_that_grow", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		fail := raise(t, b)
		seen := &pauses{}
		eng := open(t, b, -1, seen)
		_, err := retort.Run(ctx, eng, retort.TxOptions{MaxAttempts: 8}, func(ctx context.Context, s *retort.Session) (int, error) {
			return 0, fail(ctx, s, "40001")
		})
		wantErr(t, err, nil)
		long := false
		for i, p := range seen.before {
			if p < 0 || p >= 10*time.Millisecond<<i {
				t.Errorf("pause %d is %s", i, p)
			}
			long = long || p >= 10*time.Millisecond
		}
		if len(seen.before) != 7 || !long { // all of them that short: once in two million runs
			t.Errorf("pauses %v do not grow", seen.before)
		}
	})
}

// TestRun_rehearsals are runs under Config.Rehearse that go wrong.
func TestRun_rehearsals(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("that_fail_are_not_followed_by_another_run", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, retorttest.Twice)
		b.Exec(t, "INSERT INTO counters VALUES ('taken', 0)")
		for name, fn := range map[string]func(s *retort.Session) error{
			"by the function": func(*retort.Session) error { return errNo },
			"by its flush":    func(s *retort.Session) error { s.Add(&Counter{Name: "taken"}); return nil },
		} {
			runs := 0
			_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
				runs++
				return 0, fn(s)
			})
			if err == nil || errors.Is(err, retort.ErrNotRepeatable) || runs != 1 {
				t.Errorf("%s: %d runs, %v", name, runs, err)
			}
		}
	})
	t.Run("name_what_the_second_run_overlooked", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, retorttest.Twice)
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			s.Add(&Counter{Name: "x"})
			if runs++; runs == 2 {
				_, _ = s.Exec(ctx, "SELECT 1/0")
			}
			return 0, nil
		})
		wantErr(t, err, retort.ErrNotRepeatable)
		if pgerr.Code(err) != "22012" || runs != 2 {
			t.Errorf("%d runs: %v", runs, err)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("name_what_the_second_run_cannot_write", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, retorttest.Twice)
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			c := &Counter{Name: "x"}
			s.Add(c)
			must(t, s.Flush(ctx))
			if runs++; runs == 2 {
				c.Name = "another key"
			}
			return 0, nil
		})
		wantErr(t, err, retort.ErrNotRepeatable, "key")
	})
	t.Run("say_it_once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, retorttest.Twice)
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
			if runs++; runs == 1 {
				s.Add(&Counter{Name: "x"})
			}
			return 0, nil
		})
		wantErr(t, err, retort.ErrNotRepeatable)
		if strings.Count(err.Error(), "not-repeatable") != 1 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("do_not_take_a_session_from_a_call_that_was_left_behind", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, retorttest.Twice)
		goOn := func() {}
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
			goOn = leaveCall(t, b, s)
			return 0, nil
		})
		wantErr(t, err, retort.ErrConcurrentUse)
		goOn()
		b.idle(t)
	})
}

// TestRun_is_told_apart_from_a_failure_when_another_goroutine_holds_the_session: a
// goroutine that a function leaves behind may take the session at any moment. What it
// meets between COMMIT and Close is no failure of the unit.
func TestRun_is_told_apart_from_a_failure_when_another_goroutine_holds_the_session(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBench(t)
	stored := map[bool]int{}
	for i := range 60 {
		name := fmt.Sprint("n", i)
		var left sync.WaitGroup
		over := make(chan struct{})
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (*Counter, error) {
			c := &Counter{Name: name}
			s.Add(c)
			left.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
						_, _ = s.Exec(ctx, "SELECT 1") //retortvet:ignore session the goroutine that was left behind
					}
				}
			})
			return c, nil
		})
		close(over)
		left.Wait()
		committed, there := errors.AsType[*retort.CommittedError](err)
		if row := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = $1", name) == 1; row != (err == nil || there) {
			t.Fatalf("a row is there: %v, and the error is %v (%v)", row, err, committed)
		} else {
			stored[row]++
		}
	}
	t.Logf("%d units of work were committed, %d were not", stored[true], stored[false])
}
