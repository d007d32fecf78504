package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestTwoGoroutines(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	// held starts a call that is under way until release.
	held := func(t *testing.T, b bench, s *retort.Session) (release func() error) {
		arrived, goOn, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		b.Proxy.Before(proxy.Runs("select 77"), func(proxy.Message) { close(arrived); <-goOn })
		go func() {
			_, err := s.Exec(ctx, "SELECT 77")
			done <- err
		}()
		<-arrived
		return func() error { close(goOn); return <-done }
	}
	t.Run("the_second_is_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "c"})
		s := b.session(t)
		release := held(t, b, s)
		_, getErr := Counters.Get(ctx, s, "c")
		_, execErr := s.Exec(ctx, "SELECT 1")
		for call, err := range map[string]error{
			"Get": getErr, "Exec": execErr, "Flush": s.Flush(ctx), "Commit": s.Commit(ctx),
			"Rollback": s.Rollback(ctx), "Refresh": s.Refresh(ctx, &Counter{}),
		} {
			if !errors.Is(err, retort.ErrConcurrentUse) {
				t.Errorf("%s says %v", call, err)
			}
		}
		for _, err := range Counters.Query().Iter(ctx, s) {
			wantErr(t, err, retort.ErrConcurrentUse)
		}
		must(t, release())
		must(t, s.Commit(ctx))
	})
	t.Run("a_refused_Add_fails_the_commit", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		release := held(t, b, s)
		s.Add(&Counter{Name: "lost"})
		must(t, release())
		wantErr(t, s.Flush(ctx), retort.ErrConcurrentUse)
		wantErr(t, s.Commit(ctx), retort.ErrConcurrentUse)
		must(t, s.Rollback(ctx))
		must(t, s.Commit(ctx))
	})
	t.Run("close_under_a_call_takes_effect_when_it_ends", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.Engine.Session()
		s.Add(&Counter{Name: "lost"})
		must(t, s.Flush(ctx))
		release := held(t, b, s)
		wantErr(t, s.Close(ctx), retort.ErrConcurrentUse)
		must(t, release())
		wantErr(t, s.Commit(ctx), retort.ErrSessionClosed)
		must(t, s.Close(ctx))
		b.idle(t)
	})
	t.Run("many_at_once_corrupt_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		var work sync.WaitGroup
		for i := range 8 {
			work.Go(func() {
				for n := range 50 {
					s.Add(&Counter{Name: fmt.Sprint(i, "/", n)})
					_ = s.Wrote()
					_ = s.State(&Counter{})
					_, err := Counters.Get(ctx, s, "none")
					if err != nil && !errors.Is(err, retort.ErrConcurrentUse) && !errors.Is(err, retort.ErrNotFound) {
						t.Errorf("got %v", err)
					}
				}
			})
		}
		work.Wait()
		must(t, s.Close(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
}

func TestClosedSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.Engine.Session()
	s.Add(&Counter{Name: "never"})
	must(t, s.Flush(ctx))
	must(t, s.Close(ctx))
	must(t, s.Close(ctx))
	s.Add(&Counter{Name: "late"})
	_, err := Counters.Get(ctx, s, "x")
	wantErr(t, err, retort.ErrSessionClosed)
	wantErr(t, s.Flush(ctx), retort.ErrSessionClosed)
	wantErr(t, s.Commit(ctx), retort.ErrSessionClosed)
	wantErr(t, s.Rollback(ctx), retort.ErrSessionClosed)
	if s.Wrote() {
		t.Error("a closed session has changes")
	}
	if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
		t.Errorf("%d rows", n)
	}
	b.idle(t)
}

// numbers fills counters with 1 to n.
func numbers(t *testing.T, b bench, n int) {
	t.Helper()
	b.Exec(t, "INSERT INTO counters SELECT lpad(i::text, 6, '0'), i FROM generate_series(1, $1::int) AS i", n)
}

func TestIter(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	inOrder := Counters.OrderBy(retort.Asc(&Counters.C.Name))

	t.Run("other_calls_in_the_loop_are_refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 3)
		s := b.session(t)
		for c, err := range inOrder.Iter(ctx, s) {
			must(t, err)
			_, getErr := Counters.Get(ctx, s, "x")
			for call, err := range map[string]error{
				"Get": getErr, "Flush": s.Flush(ctx), "Commit": s.Commit(ctx), "Rollback": s.Rollback(ctx),
			} {
				if !errors.Is(err, retort.ErrIterOpen) {
					t.Errorf("%s says %v", call, err)
				}
			}
			c.Value = 99 // unknown to the session
		}
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT max(value) FROM counters"); n != 3 {
			t.Error("a streamed object was written")
		}
		for _, err := range inOrder.Iter(ctx, s) {
			must(t, err)
			s.Add(&Counter{Name: "in the loop"})
			break
		}
		wantErr(t, s.Commit(ctx), retort.ErrIterOpen)
		must(t, s.Rollback(ctx))
	})
	for _, test := range []struct {
		name string
		rows int
		tx   bool
	}{{"few", 10, false}, {"many", 20000, false}, {"many_in_a_transaction", 20000, true}} {
		t.Run("break_among_"+test.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			numbers(t, b, test.rows)
			s := b.session(t)
			if test.tx {
				s.Add(&Counter{Name: "tx"})
				must(t, s.Flush(ctx))
			}
			seen := 0
			for _, err := range inOrder.Iter(ctx, s) {
				must(t, err)
				if seen++; seen == 2 {
					break
				}
			}
			must(t, s.Commit(ctx))
			if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = 'tx'"); (n == 1) != test.tx {
				t.Error("the transaction was lost")
			}
			b.idle(t)
		})
	}
	t.Run("break_and_then_the_connection_dies", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 20000)
		s := b.session(t)
		s.Add(&Counter{Name: "tx"})
		must(t, s.Flush(ctx))
		for _, err := range inOrder.Iter(ctx, s) { // a second call of the body would panic
			must(t, err)
			b.Proxy.ResetConnections()
			break
		}
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
		b.idle(t)
	})
	t.Run("rows_that_were_seen_do_not_come_twice", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 20000)
		s := b.session(t)
		seen := 0
		var last error
		for _, err := range inOrder.Iter(ctx, s) {
			if err != nil {
				last = err
				continue
			}
			if seen++; seen == 3 {
				b.Proxy.ResetConnections()
			}
			if seen > 20000 {
				t.Fatal("the query was sent again")
			}
		}
		if last == nil {
			t.Error("the loss of the connection was not told")
		}
		b.idle(t)
	})
	t.Run("but_before_the_first_one_it_is_sent_again", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 3)
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutBefore(proxy.Backend('D'))
		s := b.session(t)
		seen := 0
		for _, err := range inOrder.Iter(ctx, s) {
			must(t, err)
			seen++
		}
		if seen != 3 {
			t.Errorf("%d rows", seen)
		}
	})
	t.Run("panic_and_Goexit_leak_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 20000)
		for _, tx := range []bool{false, true} {
			for name, leave := range map[string]func(){"panic": func() { panic("x") }, "Goexit": runtime.Goexit} {
				s := b.session(t)
				if tx {
					s.Add(&Counter{Name: "tx"})
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					defer func() { _ = recover() }()
					for _, err := range inOrder.Iter(ctx, s) {
						if err != nil {
							t.Error(err)
						}
						leave()
					}
				}()
				<-done
				if n := b.Engine.Stats().InUse; n != 0 {
					t.Errorf("%s: %d connections in use", name, n)
				}
				err := s.Commit(ctx)
				if tx {
					wantErr(t, err, retort.ErrSessionFailed)
				} else {
					must(t, err)
				}
				must(t, s.Close(ctx))
			}
		}
		for _, f := range b.seen.take() {
			if f.Err == nil && len(f.Statements) > 0 && f.Rows == nil {
				t.Errorf("the observer was not told the end of %+v", f)
			}
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = 'tx'"); n != 0 {
			t.Error("a transaction that was left was committed")
		}
		b.idle(t)
	})
	t.Run("cancelled_in_the_middle", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 20000)
		s := b.session(t)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		var last error
		for _, err := range inOrder.Iter(ctx, s) {
			cancel()
			last = err
			time.Sleep(time.Millisecond) // the rows may all be here before another goroutine has seen the end
		}
		wantErr(t, last, context.Canceled)
		b.idle(t)
	})
}
