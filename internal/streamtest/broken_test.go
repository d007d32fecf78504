package streamtest_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Rows that do not come to their end leave nothing: no row, no transaction, no
// connection that is lent, no goroutine (TestMain looks).
func TestCopyIn_of_rows_that_break_off(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(counters), func(c *retort.Config) { c.PoolSize = 1 })
	ctx := t.Context()
	broken := errors.New("rows")
	// after breaks off behind n rows: before and after some of them are on their way.
	after := func(n int, how func()) func(func(*counter) bool) {
		return func(yield func(*counter) bool) {
			for c := range numbered(n) {
				if !yield(c) {
					return
				}
			}
			how()
		}
	}
	gone := func(t *testing.T, s *retort.Session) {
		t.Helper()
		if err := s.Commit(ctx); err == nil || !strings.Contains(err.Error(), "panicked or exited") {
			t.Errorf("the session committed, or does not know why it may not: %v", err)
		}
		// On the only connection: it has come back.
		next := k.Engine.Session()
		defer next.Close(context.Background())
		if n, err := counters.Query().Count(ctx, next); n != 0 || err != nil {
			t.Errorf("%d rows were kept: %v", n, err)
		}
		must(t, s.Close(context.Background()))
	}
	for name, n := range map[string]int{"at_once": 0, "within_the_first_bytes": 10, "with_rows_on_their_way": 20_000} {
		t.Run("a_panic_goes_on_"+name, func(t *testing.T) {
			s := k.Engine.Session()
			func() {
				defer func() {
					if got, _ := recover().(error); !errors.Is(got, broken) {
						t.Errorf("recovered %v", got)
					}
				}()
				_, _ = counters.CopyIn(ctx, s, after(n, func() { panic(broken) }))
			}()
			gone(t, s)
		})
		t.Run("an_exit_goes_on_"+name, func(t *testing.T) {
			s := k.Engine.Session()
			done, returned := make(chan struct{}), false
			go func() {
				defer close(done)
				_, _ = counters.CopyIn(ctx, s, after(n, runtime.Goexit))
				returned = true
			}()
			<-done
			if returned {
				t.Error("the goroutine went on")
			}
			gone(t, s)
		})
	}

	t.Run("a_server_that_refuses_ends_the_rows", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		seen := 0
		_, err := counters.CopyIn(ctx, s, func(yield func(*counter) bool) {
			first := &counter{Name: "twice"}
			for yield(first) { // the key stands after the first time
				seen++
			}
		})
		if err == nil || !strings.Contains(err.Error(), "pk_counters") || seen == 0 {
			t.Errorf("after %d rows: %v", seen, err)
		}
	})

	t.Run("a_context_that_ends_ends_the_rows", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		s := k.Engine.Session()
		defer s.Close(context.Background())
		_, err := counters.CopyIn(ctx, s, func(yield func(*counter) bool) {
			for c := (&counter{}); yield(c); c = new(counter) {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})

	t.Run("a_loop_that_panics_gives_the_connection_up", func(t *testing.T) {
		s := k.Engine.Session()
		_, err := counters.CopyIn(ctx, s, numbered(20_000))
		must(t, err)
		func() {
			defer func() {
				if got, _ := recover().(error); !errors.Is(got, broken) {
					t.Errorf("recovered %v", got)
				}
			}()
			for _, err := range counters.Query().Iter(ctx, s) {
				must(t, err)
				panic(broken)
			}
		}()
		gone(t, s)
	})
}
