package retort_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

// witness has every method that an observer can have.
type witness struct {
	mu       sync.Mutex
	engine   *retort.Engine
	ends     []string // ending, a slash, cause
	errs     []error
	retries  []retort.RetryInfo
	routes   []string // of acquires
	acquired int
	refused  []error
	released []time.Duration
	events   map[pool.EventKind]int
}

func (w *witness) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }
func (w *witness) FlightEnd(context.Context, retort.FlightInfo)                         {}
func (w *witness) ObserveEngine(e *retort.Engine)                                       { w.engine = e }

func (w *witness) SessionEnd(_ context.Context, s retort.SessionInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, string(s.End)+"/"+s.Cause)
	w.errs = append(w.errs, s.Err)
}

func (w *witness) SessionRetry(_ context.Context, r retort.RetryInfo) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retries = append(w.retries, r)
}

func (w *witness) Acquired(ctx context.Context, wait time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.routes = append(w.routes, retort.LabelsOf(ctx).Route)
	if err != nil {
		w.refused = append(w.refused, err)
		return
	}
	w.acquired++
}

func (w *witness) Released(_ context.Context, held time.Duration, _ error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.released = append(w.released, held)
}

func (w *witness) PoolEvent(e pool.Event) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.events == nil {
		w.events = map[pool.EventKind]int{}
	}
	w.events[e.Kind]++
}

// take returns the endings since the last call.
func (w *witness) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := w.ends
	w.ends = nil
	return ends
}

func watched(tb testing.TB, change ...func(*retort.Config)) (*retorttest.Kit, *witness) {
	tb.Helper()
	w := &witness{}
	return retorttest.New(tb, library, append(change, func(c *retort.Config) { c.Observer = w })...), w
}

func TestSessionObserver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	own := errors.New("mine")
	insert := func(name string) func(context.Context, *retort.Session) (int, error) {
		return func(_ context.Context, s *retort.Session) (int, error) {
			s.Add(&Counter{Name: name})
			return 0, nil
		}
	}
	failing := func(err error) func(context.Context, *retort.Session) (int, error) {
		return func(ctx context.Context, s *retort.Session) (int, error) {
			s.Add(&Counter{Name: "dropped"})
			must(t, s.Flush(ctx))
			return 0, err
		}
	}
	run := func(k *retorttest.Kit, fn func(context.Context, *retort.Session) (int, error)) error {
		_, err := retort.Run(ctx, k.Engine, retort.TxOptions{MaxAttempts: 1}, fn)
		return err
	}
	tests := []struct {
		name string
		do   func(t *testing.T, k *retorttest.Kit)
		want []string
	}{
		{"commit", func(t *testing.T, k *retorttest.Kit) { must(t, run(k, insert("a"))) }, []string{"commit/"}},
		{"nothing_of_a_session_that_only_reads", func(t *testing.T, k *retorttest.Kit) {
			must(t, run(k, func(ctx context.Context, s *retort.Session) (int, error) {
				_, err := Counters.Query().All(ctx, s)
				return 0, err
			}))
		}, nil},
		{"nothing_of_a_session_that_did_nothing_and_failed", func(_ *testing.T, k *retorttest.Kit) {
			_ = run(k, func(context.Context, *retort.Session) (int, error) { return 0, own })
		}, nil},
		{"an_error_of_the_function", func(_ *testing.T, k *retorttest.Kit) { _ = run(k, failing(own)) }, []string{"rollback/error"}},
		{"an_error_before_anything_was_sent", func(_ *testing.T, k *retorttest.Kit) {
			_ = run(k, func(_ context.Context, s *retort.Session) (int, error) {
				s.Add(&Counter{Name: "never sent"})
				return 0, own
			})
		}, []string{"rollback/error"}},
		{"a_panic", func(_ *testing.T, k *retorttest.Kit) {
			defer func() { _ = recover() }()
			_ = run(k, func(ctx context.Context, s *retort.Session) (int, error) {
				must(t, s.Flush(ctx))
				s.Add(&Counter{Name: "p"})
				panic("boom")
			})
		}, []string{"rollback/panic"}},
		{"a_constraint", func(_ *testing.T, k *retorttest.Kit) { _ = run(k, insert("taken")) }, []string{"rollback/unique"}},
		{"a_constraint_that_the_function_hides", func(_ *testing.T, k *retorttest.Kit) {
			_ = run(k, func(ctx context.Context, s *retort.Session) (int, error) {
				s.Add(&Counter{Name: "taken"})
				_ = s.Flush(ctx)
				return 0, own
			})
		}, []string{"rollback/unique"}},
		{"SQL_that_the_server_refuses", func(_ *testing.T, k *retorttest.Kit) {
			_ = run(k, func(ctx context.Context, s *retort.Session) (int, error) {
				_, err := s.Exec(ctx, "SELECT nonsense")
				return 0, err
			})
		}, []string{"rollback/sql"}},
		{"a_context_that_ended", func(_ *testing.T, k *retorttest.Kit) { _ = run(k, failing(context.Canceled)) }, []string{"rollback/canceled"}},
		{"a_deadline", func(_ *testing.T, k *retorttest.Kit) { _ = run(k, failing(context.DeadlineExceeded)) }, []string{"rollback/timeout"}},
		{"the_program's_own_Rollback_and_then_Close", func(t *testing.T, k *retorttest.Kit) {
			s := k.Engine.Session()
			s.Add(&Counter{Name: "r"})
			must(t, s.Flush(ctx))
			must(t, s.Rollback(ctx))
			must(t, s.Close(ctx))
		}, []string{"rollback/program"}},
		{"two_commits_of_one_session", func(t *testing.T, k *retorttest.Kit) {
			s := k.Engine.Session()
			for _, name := range []string{"c1", "c2"} {
				s.Add(&Counter{Name: name})
				must(t, s.Commit(ctx))
			}
			must(t, s.Close(ctx))
		}, []string{"commit/", "commit/"}},
		{"raw_SQL_that_ends_the_transaction", func(_ *testing.T, k *retorttest.Kit) {
			_ = run(k, func(ctx context.Context, s *retort.Session) (int, error) {
				_, err := s.Exec(ctx, "ROLLBACK")
				return 0, err
			})
		}, []string{"by_sql/"}},
	}
	k, w := watched(t)
	k.Exec(t, "INSERT INTO counters (name, value) VALUES ('taken', 0)")
	t.Run("of_a_joined_transaction_only_what_is_dropped", func(t *testing.T) {
		tx, err := k.Conn(t).Begin(ctx)
		must(t, err)
		s, err := k.Engine.Join(tx)
		must(t, err)
		s.Add(&Counter{Name: "joined"})
		must(t, s.Commit(ctx))
		s.Add(&Counter{Name: "undone"})
		must(t, s.Flush(ctx))
		must(t, s.Close(ctx))
		must(t, tx.Rollback(ctx))
		if diff := cmp.Diff([]string{"rollback/program"}, w.take()); diff != "" {
			t.Error(diff)
		}
	})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.do(t, k)
			if diff := cmp.Diff(tt.want, w.take()); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a_commit_whose_answer_was_lost", func(t *testing.T) {
		must(t, run(k, insert("warm")))
		w.take()
		k.Proxy.CutBefore(proxy.CommitReply)
		if err := run(k, insert("unknown")); !errors.Is(err, retort.ErrCommitUnknown) {
			t.Fatalf("got %v", err)
		}
		if diff := cmp.Diff([]string{"unknown/"}, w.take()); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("retries", func(t *testing.T) {
		n := 0
		_, err := retort.Run(ctx, k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			if n++; n < 3 {
				_, err := s.Exec(ctx, "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$")
				return 0, err
			}
			return 0, nil
		})
		must(t, err)
		if len(w.retries) != 2 || w.retries[0].Attempt != 1 || w.retries[1].Attempt != 2 || w.retries[1].Err == nil {
			t.Errorf("got %+v", w.retries)
		}
		if diff := cmp.Diff([]string{"rollback/serialization", "rollback/serialization"}, w.take()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestConnectionObserver(t *testing.T) {
	t.Parallel()
	k, w := watched(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow, c.PoolTimeout = 1, 0, time.Second })
	if w.engine != k.Engine {
		t.Error("the observer does not know its engine")
	}
	ctx := retort.WithLabels(t.Context(), retort.Labels{Route: "GET /x"})
	holder := k.Engine.Session()
	holder.Add(&Counter{Name: "held"})
	must(t, holder.Flush(ctx))
	other := k.Engine.Session()
	if _, err := Counters.Get(ctx, other, "held"); err == nil {
		t.Fatal("the pool of one lent two")
	}
	time.Sleep(10 * time.Millisecond)
	must(t, holder.Commit(ctx))
	must(t, holder.Close(ctx))
	must(t, other.Close(ctx))
	if w.acquired != 1 || len(w.refused) != 1 || len(w.released) != 1 {
		t.Fatalf("acquired %d, refused %v, released %v", w.acquired, w.refused, w.released)
	}
	if w.released[0] < 50*time.Millisecond {
		t.Errorf("held %s only", w.released[0])
	}
	if diff := cmp.Diff([]string{"GET /x", "GET /x"}, w.routes); diff != "" {
		t.Error(diff)
	}
	if w.events[pool.EventOpened] != 1 || w.events[pool.EventTimedOut] != 1 {
		t.Errorf("events %v", w.events)
	}
}

func TestObservers(t *testing.T) {
	t.Parallel()
	if retort.Observers() != nil || retort.Observers(nil, nil) != nil {
		t.Error("none is something")
	}
	one := &witness{}
	if retort.Observers(nil, one) != one {
		t.Error("one is not itself")
	}
	seen := &recorder{}
	k := retorttest.New(t, library, func(c *retort.Config) { c.Observer = retort.Observers(seen, one) })
	_, err := retort.Run(t.Context(), k.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (int, error) {
		s.Add(&Counter{Name: "x"})
		return 0, nil
	})
	must(t, err)
	if len(seen.take()) != 1 || one.acquired != 1 || len(one.released) != 1 || one.engine != k.Engine || one.events[pool.EventOpened] != 1 {
		t.Errorf("somebody was not told: %+v", one)
	}
	if diff := cmp.Diff([]string{"commit/"}, one.take()); diff != "" {
		t.Error(diff)
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx, tally := k.Engine.WithTally(t.Context())
	s := k.Engine.Session()
	s.Add(&Counter{Name: "x"}, &Counter{Name: "y"})
	must(t, s.Flush(ctx))
	must(t, s.Commit(ctx))
	_, err := Counters.Get(t.Context(), s, "z") // not in the tally's context
	if !errors.Is(err, retort.ErrNotFound) {
		t.Fatal(err)
	}
	must(t, s.Close(ctx))
	if tally.Trips() != 2 || tally.Time() <= 0 || tally.Wait() <= 0 {
		t.Errorf("trips %d, time %s, wait %s", tally.Trips(), tally.Time(), tally.Wait())
	}
}

func TestAddress_is_that_of_the_URL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]retort.Address{
		"postgres://u:p@db.example:6543/shop?sslmode=prefer":           {Host: "db.example", Port: 6543, Database: "shop"},
		"postgres://u@a:1,b:2/shop?sslmode=disable":                    {Database: "shop"},
		"postgres:///shop?host=/run/postgresql&user=u&sslmode=disable": {Host: "/run/postgresql", Port: 5432, Database: "shop"},
	} {
		eng, err := retort.Open(retort.Config{URL: url})
		must(t, err)
		if got := eng.Address(); got != want {
			t.Errorf("%s: got %+v, want %+v", url, got, want)
		}
		must(t, eng.Close(t.Context()))
	}
}
