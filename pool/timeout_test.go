package pool_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

// S22: the timeout is honored, below a second too, and never early.
func TestTimeout(t *testing.T) {
	t.Parallel()
	for _, timeout := range []time.Duration{time.Microsecond, 250 * time.Millisecond, 0, time.Hour} {
		bubble(t, "is exact at "+timeout.String(), func(t *testing.T) {
			cfg := (&server{}).config()
			cfg.Size, cfg.Timeout = 1, timeout
			p := open(t, cfg)
			held := acquire(t, p)
			want := timeout
			if want == 0 {
				want = 30 * time.Second
			}
			start := time.Now()
			_, err := p.Acquire(t.Context())
			if took := time.Since(start); took != want {
				t.Errorf("gave up after %s, want %s", took, want)
			}
			if _, ok := errors.AsType[*pool.TimeoutError](err); !ok || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Acquire: %v", err)
			}
			held.Release()
		})
	}

	bubble(t, "is the context's where that ends first", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = 1
		p := open(t, cfg)
		held := acquire(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Acquire(ctx)
		if _, ours := errors.AsType[*pool.TimeoutError](err); ours || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Acquire: %v", err)
		}
		held.Release()
	})

	bubble(t, "says what ran out", func(t *testing.T) {
		p := open(t, (&server{}).config())
		held := acquireN(t, p, 15)
		var calls []*call
		for range 42 {
			calls = append(calls, begin(t.Context(), p))
		}
		time.Sleep(30 * time.Second)
		err := calls[0].err(t, 30*time.Second)
		got, _ := errors.AsType[*pool.TimeoutError](err)
		want := &pool.TimeoutError{Timeout: 30 * time.Second, Size: 5, Overflow: 10, InUse: 15, Waiting: got.Waiting}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		// All 42 give up in the same instant; the one that saw the most saw all.
		most := 0
		for _, c := range calls {
			e, _ := errors.AsType[*pool.TimeoutError](c.err(t, 30*time.Second))
			most = max(most, e.Waiting)
		}
		if most != 42 {
			t.Errorf("at most %d were waiting, want 42", most)
		}
		releaseAll(held)
	})

	// A black hole: connect hangs until its context ends.
	bubble(t, "covers an open that hangs", func(t *testing.T) {
		srv := &server{hang: true}
		cfg := srv.config()
		cfg.Timeout = 2 * time.Second
		p := open(t, cfg)
		err := mustFail(t, p, 2*time.Second)
		const want = "pool: connection timed out while opening, timeout 2.00 (size 5, overflow 10, in use 0, idle 0, opening 1, waiting 0); see docs/errors.md#pool-timeout"
		const late = "pool: connection timed out while opening, timeout 2.00 (size 5, overflow 10, in use 0, idle 0, opening 0, waiting 0); last open failed: pool: open failed: context deadline exceeded; see docs/errors.md#pool-timeout"
		// Open's context and the wait end in the same instant; either may come first.
		if _, ok := errors.AsType[*pool.TimeoutError](err); !ok || (err.Error() != want && err.Error() != late) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("it is taken for the caller's own deadline")
		}
		synctest.Wait()
		if got := now(p); got != (gauges{}) {
			t.Errorf("the open is still there: %+v", got)
		}
	})

	bubble(t, "covers an open that ignores its context", func(t *testing.T) {
		release := make(chan struct{})
		srv := &server{}
		cfg := srv.config()
		cfg.Timeout = time.Second
		cfg.Open = func(ctx context.Context) (*conn, error) { <-release; return srv.open(ctx) }
		p := open(t, cfg)
		_ = mustFail(t, p, time.Second)
		close(release)
		synctest.Wait()
		if got := now(p); got != (gauges{Idle: 1}) {
			t.Errorf("have %+v", got)
		}
	})

	bubble(t, "keeps the cause of the last failed open", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow, cfg.Timeout = 1, 1, time.Second
		p := open(t, cfg)
		held := acquire(t, p)
		srv.set(func(s *server) { s.refuse = errRefused })
		if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
			t.Fatalf("Acquire: %v", err)
		}
		srv.set(func(s *server) { s.hang = true })
		e, _ := errors.AsType[*pool.TimeoutError](mustFail(t, p, time.Second))
		if e == nil || !errors.Is(e.Cause, errRefused) && !errors.Is(e.Cause, context.DeadlineExceeded) {
			t.Errorf("got %v", e)
		}
		held.Release()
	})

	bubble(t, "forgets a failed open once one has succeeded", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Size, cfg.Timeout = 1, time.Second
		p := open(t, cfg)
		if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
			t.Fatalf("Acquire: %v", err)
		}
		srv.set(func(s *server) { s.refuse = nil })
		held := acquire(t, p)
		if e, _ := errors.AsType[*pool.TimeoutError](mustFail(t, p, time.Second)); e == nil || e.Cause != nil {
			t.Errorf("got %v", e)
		}
		held.Release()
	})

	// The answer and the end of the wait cross: which is first does not matter, but
	// a place must not be lost.
	for name, answer := range map[string]func(*pool.Pool[*conn], pool.Lease[*conn]){
		"a release": func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Release() },
		"a death":   func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Resource().dead.Store(true); l.Release() },
		"a close": func(p *pool.Pool[*conn], l pool.Lease[*conn]) {
			go func() { _ = p.Close(context.Background()) }()
			l.Release()
		},
	} {
		bubble(t, "may cross "+name, func(t *testing.T) {
			for range 200 {
				cfg := (&server{}).config()
				cfg.Size, cfg.Timeout = 1, time.Second
				p, err := pool.New(cfg)
				if err != nil {
					t.Fatal(err)
				}
				held := acquire(t, p)
				go func() {
					time.Sleep(time.Second)
					answer(p, held)
				}()
				lease, err := p.Acquire(t.Context())
				_, timeout := errors.AsType[*pool.TimeoutError](err)
				if err != nil && !timeout && !errors.Is(err, pool.ErrClosed) {
					t.Fatalf("Acquire: %v", err)
				}
				lease.Release()
				synctest.Wait()
				if s := p.Stats(); s.InUse+s.Waiting+s.Opening != 0 {
					t.Fatalf("after %v: %#v", err, s)
				}
				if err := p.Close(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		})
	}

	bubble(t, "counts", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size, cfg.Timeout = 1, time.Second
		p := open(t, cfg)
		held := acquire(t, p)
		_ = mustFail(t, p, time.Second)
		c := begin(t.Context(), p)
		time.Sleep(500 * time.Millisecond)
		held.Release()
		c.lease(t, 500*time.Millisecond).Release()
		s := p.Stats()
		if s.Acquires != 3 || s.Waits != 2 || s.WaitTime != 1500*time.Millisecond || s.Timeouts != 1 {
			t.Errorf("have %+v", s)
		}
	})
}

// mustFail runs an Acquire that must fail after took.
func mustFail(t *testing.T, p *pool.Pool[*conn], took time.Duration) error {
	t.Helper()
	c := begin(t.Context(), p)
	time.Sleep(took)
	return c.err(t, took)
}

func TestTimeoutErrorText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  pool.TimeoutError
		want string
	}{
		{
			"has SQLAlchemy's wording and the numbers",
			pool.TimeoutError{Timeout: 30 * time.Second, Size: 5, Overflow: 10, InUse: 15, Waiting: 42},
			"pool: QueuePool limit of size 5 overflow 10 reached, connection timed out, timeout 30.00 (in use 15, idle 0, opening 0, waiting 42); see docs/errors.md#pool-timeout",
		},
		{
			"shows a tiny timeout",
			pool.TimeoutError{Timeout: 1500 * time.Microsecond, Size: 1, InUse: 1, Waiting: 1},
			"pool: QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 0.0015 (in use 1, idle 0, opening 0, waiting 1); see docs/errors.md#pool-timeout",
		},
		{
			"names no limit where there is none",
			pool.TimeoutError{Timeout: time.Second, Size: 5, Overflow: pool.Unlimited, InUse: 90, Opening: 2, Cause: errRefused},
			"pool: connection timed out while opening, timeout 1.00 (size 5, overflow -1, in use 90, idle 0, opening 2, waiting 0); last open failed: connection refused; see docs/errors.md#pool-timeout",
		},
		{
			"names no limit where the size has none",
			pool.TimeoutError{Timeout: time.Second, Size: pool.Unlimited, InUse: 90},
			"pool: connection timed out while opening, timeout 1.00 (size -1, overflow 0, in use 90, idle 0, opening 0, waiting 0); see docs/errors.md#pool-timeout",
		},
		{
			"counts all that is open, overflow included",
			pool.TimeoutError{Size: 3, Overflow: 2, InUse: 2, Idle: 2, Opening: 1},
			"pool: QueuePool limit of size 3 overflow 2 reached, connection timed out, timeout 0.00 (in use 2, idle 2, opening 1, waiting 0); see docs/errors.md#pool-timeout",
		},
		{
			"knows when there was room",
			pool.TimeoutError{Timeout: time.Second, Size: 3, Overflow: 2, InUse: 4},
			"pool: connection timed out while opening, timeout 1.00 (size 3, overflow 2, in use 4, idle 0, opening 0, waiting 0); see docs/errors.md#pool-timeout",
		},
		{
			"names three holders and says that there are more",
			pool.TimeoutError{Timeout: time.Second, Size: 4, InUse: 4, Holders: []pool.Holder{{Name: "a", Count: 1}, {Count: 1}, {Name: "c", Count: 1}, {Name: "d", Count: 1}}},
			"pool: QueuePool limit of size 4 overflow 0 reached, connection timed out, timeout 1.00 (in use 4, idle 0, opening 0, waiting 0)" +
				"; held by a 1 (longest 0s), others 1 (longest 0s), c 1 (longest 0s), …; see docs/errors.md#pool-timeout",
		},
		{
			"names those behind the one without a name",
			pool.TimeoutError{Timeout: time.Second, Size: 3, InUse: 3, Holders: []pool.Holder{{Count: 2}, {Name: "b", Count: 1}}},
			"pool: QueuePool limit of size 3 overflow 0 reached, connection timed out, timeout 1.00 (in use 3, idle 0, opening 0, waiting 0)" +
				"; held by others 2 (longest 0s), b 1 (longest 0s); see docs/errors.md#pool-timeout",
		},
		{
			"names the only holder",
			pool.TimeoutError{Timeout: time.Second, Size: 1, InUse: 1, Holders: []pool.Holder{{Name: "a", Count: 1}}},
			"pool: QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 1.00 (in use 1, idle 0, opening 0, waiting 0); held by a 1 (longest 0s); see docs/errors.md#pool-timeout",
		},
		{
			"names nobody where all have no name",
			pool.TimeoutError{Timeout: time.Second, Size: 1, InUse: 1, Holders: []pool.Holder{{Count: 1}}},
			"pool: QueuePool limit of size 1 overflow 0 reached, connection timed out, timeout 1.00 (in use 1, idle 0, opening 0, waiting 0); see docs/errors.md#pool-timeout",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.err.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
