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

// Every way in which a place becomes free must wake the oldest waiter at once.
func TestFreedCapacity(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		free func(p *pool.Pool[*conn], held pool.Lease[*conn])
	}{
		{"by release", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Release() }},
		{"by discard", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Discard(errLost) }},
		// S26: waiters are served when a connection is invalidated or the pool replaced.
		{"by invalidating the lease", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Invalidate(errLost) }},
		{"by invalidating the pool", func(p *pool.Pool[*conn], l pool.Lease[*conn]) { p.Invalidate(errLost); l.Release() }},
		{"by a death in use", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Resource().dead.Store(true); l.Release() }},
		{"by a reset", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) { l.Resource().dirty.Store(true); l.Release() }},
		{"by a failed reset", func(_ *pool.Pool[*conn], l pool.Lease[*conn]) {
			l.Resource().dirty.Store(true)
			l.Resource().silent.Store(true)
			l.Release()
		}},
	} {
		bubble(t, c.name, func(t *testing.T) {
			// No close ends before the test does, so none can do the waking.
			srv := &server{closed: make(chan struct{})}
			defer close(srv.closed)
			cfg := srv.config()
			cfg.Size, cfg.Overflow = 1, 1
			cfg.NeedsReset = func(c *conn) bool { return c.dirty.Load() }
			cfg.Reset = func(_ context.Context, c *conn) error {
				if c.silent.Load() {
					return errLost
				}
				c.dirty.Store(false)
				return nil
			}
			p := open(t, cfg)
			held := acquireN(t, p, 2)
			first, second := begin(t.Context(), p), begin(t.Context(), p)
			c.free(p, held[0])
			one := first.lease(t, 0)
			if second.done() {
				t.Fatal("the second waiter was served, too")
			}
			c.free(p, held[1])
			second.lease(t, 0).Release()
			one.Release()
		})
	}

	// SQLAlchemy's QueuePool lets waiters sleep their whole timeout here (S24).
	bubble(t, "by a failed open", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow, cfg.Timeout = 1, 1, 3*time.Second
		p := open(t, cfg)
		held := acquire(t, p)
		srv.set(func(s *server) { s.latency, s.refuse = 400*time.Millisecond, errRefused })
		doomed := begin(t.Context(), p)
		waiter := begin(t.Context(), p)
		srv.set(func(s *server) { s.latency, s.refuse = 0, nil })
		time.Sleep(400 * time.Millisecond)
		if err := doomed.err(t, 400*time.Millisecond); !errors.Is(err, errRefused) {
			t.Errorf("the caller whose open failed got %v", err)
		}
		// The next open waits a moment, and what is lent may come back meanwhile.
		time.Sleep(firstPause)
		synctest.Wait()
		if r := waiter.ended.Load(); r == nil || !r.lease.Release() {
			t.Error("the waiter was not served")
		}
		held.Release()
	})

	bubble(t, "not by an open that fails after its caller left with nothing lent", func(t *testing.T) {
		srv := &server{latency: time.Second, refuse: errRefused}
		cfg := srv.config()
		cfg.Size = 1
		p := open(t, cfg)
		gone := begin(t.Context(), p)
		waiter := begin(t.Context(), p)
		gone.cancel()
		srv.set(func(s *server) { s.latency, s.refuse = 0, nil })
		time.Sleep(time.Second)
		if err := waiter.err(t, time.Second); !errors.Is(err, errRefused) {
			t.Errorf("the caller that had waited for it got %v", err)
		}
	})

	// A close that hangs must not hold the place of what it closes.
	bubble(t, "before a hanging close has ended", func(t *testing.T) {
		srv := &server{closed: make(chan struct{})}
		cfg := srv.config()
		cfg.Size = 1
		p := open(t, cfg)
		held := acquire(t, p)
		waiter := begin(t.Context(), p)
		held.Discard(errLost)
		l := waiter.lease(t, 0)
		if s := p.Stats(); s.Closing != 1 || s.InUse != 1 {
			t.Errorf("have %+v", s)
		}
		l.Release()
		close(srv.closed)
	})
}

// S24, S30: a place is given back whatever fails.
func TestFailedOpen(t *testing.T) {
	t.Parallel()
	bubble(t, "leaks no place", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Size, cfg.Overflow = 2, 1
		p := open(t, cfg)
		for range 20 {
			if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
				t.Fatalf("Acquire: %v", err)
			}
		}
		if diff := cmp.Diff(gauges{}, now(p)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		srv.set(func(s *server) { s.refuse = nil })
		releaseAll(acquireN(t, p, 3))
		if s := p.Stats(); s.OpenFailed != 20 || s.Opened != 3 {
			t.Errorf("OpenFailed %d, Opened %d", s.OpenFailed, s.Opened)
		}
	})

	// A caller that was served by a release does not hear of its own failed open.
	bubble(t, "does not reach a caller that was served meanwhile", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size = 2
		p := open(t, cfg)
		held := acquire(t, p)
		srv.set(func(s *server) { s.latency, s.refuse = time.Second, errRefused })
		c := begin(t.Context(), p)
		held.Release()
		l := c.lease(t, 0)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := now(p); got != (gauges{InUse: 1}) {
			t.Errorf("have %+v", got)
		}
		l.Release()
	})
}

// A waiter that leaves in the moment of its hand-off must pass it on.
func TestCanceledWaiter(t *testing.T) {
	t.Parallel()
	bubble(t, "loses no hand-off", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = 1
		p := open(t, cfg)
		for range 200 {
			held := acquire(t, p)
			leaving, next := begin(t.Context(), p), begin(t.Context(), p)
			go leaving.cancel()
			held.Release()
			synctest.Wait()
			// Both are right: the hand-off or the cancellation came first.
			if r := leaving.ended.Load(); r == nil {
				t.Fatal("the one that left is still there")
			} else if r.err == nil {
				r.lease.Release()
			}
			next.lease(t, 0).Release()
		}
	})

	bubble(t, "says how long it waited and for what", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = 1
		p := open(t, cfg)
		held := acquire(t, p)
		why := errors.New("client left")
		ctx, cancel := context.WithCancelCause(t.Context())
		c := begin(ctx, p)
		time.Sleep(1500 * time.Millisecond)
		cancel(why)
		err := c.err(t, 1500*time.Millisecond)
		const want = "pool: gave up after 1.5s: context canceled (client left) (size 1, overflow 0, in use 1, idle 0, opening 0, waiting 1)"
		if err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		if !errors.Is(err, context.Canceled) || !errors.Is(err, why) {
			t.Errorf("%v is not its cause", err)
		}
		held.Release()
	})

	bubble(t, "says why nothing could be opened", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		p := open(t, srv.config())
		if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
			t.Fatalf("Acquire: %v", err)
		}
		srv.set(func(s *server) { s.hang = true })
		time.Sleep(firstPause)
		c := begin(t.Context(), p)
		c.cancel()
		err := c.err(t, 0)
		const want = "pool: gave up after 0s: context canceled (size 5, overflow 10, in use 0, idle 0, opening 1, waiting 0); last open failed: pool: open failed: connection refused"
		if err.Error() != want {
			t.Errorf("got  %v\nwant %v", err, want)
		}
		if errors.Is(err, errRefused) {
			t.Error("the failure of another attempt is taken for this one's")
		}
	})
}
