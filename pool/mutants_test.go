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

// The tests of this file are there because nothing else noticed when that code was
// broken on purpose; see docs/mutants.md.

func TestAcquireWithAnEndedContext(t *testing.T) {
	t.Parallel()
	bubble(t, "gets nothing, not even what is idle", func(t *testing.T) {
		rec := &recorder{}
		cfg := (&server{}).config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		acquire(t, p).Release()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.Acquire(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if got := rec.of(pool.EventCanceled); len(got) != 1 || !errors.Is(got[0].Err, context.Canceled) || p.Stats().Canceled != 1 {
			t.Errorf("told of %+v, counted %d", got, p.Stats().Canceled)
		}
	})
}

func TestInvalidateTellsOnce(t *testing.T) {
	t.Parallel()
	causes := func(rec *recorder) (all []error) {
		for _, e := range rec.of(pool.EventInvalidated) {
			all = append(all, e.Err)
		}
		return all
	}
	bubble(t, "with its cause, which a stale one is closed for", func(t *testing.T) {
		rec := &recorder{}
		cfg := (&server{}).config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		l := acquire(t, p)
		p.Invalidate(errLost)
		l.Release()
		synctest.Wait()
		if got := causes(rec); len(got) != 1 || !errors.Is(got[0], errLost) {
			t.Errorf("told of %v", got)
		}
		if got := rec.of(pool.EventClosed); len(got) != 1 || !errors.Is(got[0].Err, errLost) || got[0].Reason != pool.ReasonInvalidated {
			t.Errorf("closed as %+v", got)
		}
	})
	bubble(t, "however many pings fail", func(t *testing.T) {
		srv, rec := &server{}, &recorder{}
		cfg := srv.config()
		cfg.Size, cfg.PrePing, cfg.PingAfter, cfg.OnEvent = 2, true, time.Second, rec.record
		block := make(chan struct{})
		cfg.Ping = func(ctx context.Context, c *conn) error {
			<-block
			return srv.ping(ctx, c)
		}
		p := open(t, cfg)
		leases := acquireN(t, p, 2)
		for _, l := range leases {
			l.Resource().silent.Store(true)
		}
		releaseAll(leases)
		time.Sleep(2 * time.Second)
		one, other := begin(t.Context(), p), begin(t.Context(), p)
		close(block)
		one.lease(t, 0).Release()
		other.lease(t, 0).Release()
		if got := causes(rec); len(got) != 1 || !errors.Is(got[0], errLost) {
			t.Errorf("told of %v", got)
		}
	})
	bubble(t, "by a lease that tells of its end, too", func(t *testing.T) {
		rec := &recorder{}
		cfg := (&server{}).config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		l := acquire(t, p)
		time.Sleep(time.Second)
		if !l.Invalidate(errLost) || len(causes(rec)) != 1 {
			t.Errorf("told of %v", causes(rec))
		}
		if got := rec.of(pool.EventReleased); len(got) != 1 || got[0].Duration != time.Second {
			t.Errorf("told of %+v", got)
		}
	})
}

func TestSoonThatPanics(t *testing.T) {
	t.Parallel()
	bubble(t, "is counted and taken for no", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		calm := cfg
		calm.Soon = func(error) bool { return false }
		quiet := open(t, calm)
		if _, err := quiet.Acquire(t.Context()); !errors.Is(err, errRefused) || quiet.Stats().Panics != 0 {
			t.Errorf("error %v, %d panics", err, quiet.Stats().Panics)
		}
		cfg.Soon = func(error) bool { panic("no") }
		p := open(t, cfg)
		if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
			t.Errorf("error %v", err)
		}
		if n := p.Stats().Panics; n != 1 {
			t.Errorf("%d panics", n)
		}
	})
}

func TestUnlimitedSizeKeepsAll(t *testing.T) {
	t.Parallel()
	bubble(t, "however many come back", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = pool.Unlimited
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 30))
		synctest.Wait()
		if s := p.Stats(); s.Idle != 30 {
			t.Errorf("have %+v", s)
		}
	})
}

func TestReleaseReports(t *testing.T) {
	t.Parallel()
	bubble(t, "that it ended the lease, whatever becomes of the resource", func(t *testing.T) {
		for name, needs := range map[string]func(*conn) bool{
			"reset":  func(*conn) bool { return true },
			"clean":  func(*conn) bool { return false },
			"panics": func(*conn) bool { panic("no") },
		} {
			cfg := (&server{}).config()
			cfg.NeedsReset, cfg.Reset = needs, func(context.Context, *conn) error { return nil }
			p := open(t, cfg)
			l := acquire(t, p)
			if !l.Release() || l.Release() {
				t.Errorf("%s: wrong", name)
			}
			synctest.Wait()
			want := gauges{Idle: 1}
			if name == "panics" {
				want.Idle = 0
			}
			if diff := cmp.Diff(want, now(p)); diff != "" {
				t.Errorf("%s: (-want +got):\n%s", name, diff)
			}
		}
	})
}

func TestHangingClosesGiveWay(t *testing.T) {
	t.Parallel()
	bubble(t, "one by one, as those before them end", func(t *testing.T) {
		const grace = 100 * time.Millisecond
		srv := &server{closed: make(chan struct{})}
		cfg := srv.config()
		cfg.Size, cfg.CloseGrace, cfg.Timeout = 2, grace, time.Minute
		p := open(t, cfg)
		for range 2 { // two hang without a place, two more keep theirs
			for _, l := range acquireN(t, p, 2) {
				l.Discard(errLost)
			}
			time.Sleep(2 * grace)
		}
		one, other := begin(t.Context(), p), begin(t.Context(), p)
		if one.done() || other.done() {
			t.Fatal("a fifth one was opened while four hang")
		}
		srv.closed <- struct{}{} // the one that has hung longest, without a place
		first := one.lease(t, 0)
		if s := p.Stats(); other.done() || s.Closing != 3 {
			t.Fatalf("have %+v", s)
		}
		srv.closed <- struct{}{}
		second := other.lease(t, 0)
		if s := p.Stats(); s.Closing != 2 || s.InUse != 2 {
			t.Fatalf("have %+v", s)
		}
		releaseAll([]pool.Lease[*conn]{first, second})
		close(srv.closed)
		synctest.Wait()
		if s := p.Stats(); s.Closing != 0 || s.Idle != 2 {
			t.Errorf("have %+v", s)
		}
	})
}

func TestOpenThatEndsWithTheWait(t *testing.T) {
	t.Parallel()
	bubble(t, "is a timeout, whichever is noticed first", func(t *testing.T) {
		for range 100 {
			srv, rec := &server{hang: true}, &recorder{}
			cfg := srv.config()
			cfg.Timeout, cfg.OnEvent = time.Second, rec.record
			p := open(t, cfg)
			l, err := p.Acquire(t.Context())
			if _, ok := errors.AsType[*pool.TimeoutError](err); !ok {
				t.Fatalf("lease %+v, error %v", l, err)
			}
			if got := rec.of(pool.EventTimedOut); len(got) != 1 || p.Stats().Timeouts != 1 {
				t.Fatalf("told of %+v", got)
			}
		}
	})
}

func TestOpensAreNoWaits(t *testing.T) {
	t.Parallel()
	bubble(t, "but have a length of their own", func(t *testing.T) {
		srv, rec := &server{latency: time.Second}, &recorder{}
		cfg := srv.config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		time.Sleep(time.Minute)
		acquire(t, p).Release()
		if s := p.Stats(); s.Waits != 0 || s.WaitTime != 0 {
			t.Errorf("%d waits of %s", s.Waits, s.WaitTime)
		}
		if got := rec.of(pool.EventOpened); len(got) != 1 || got[0].Duration != time.Second {
			t.Errorf("told of %+v", got)
		}
	})
}

func TestHandOffAtTheLastMoment(t *testing.T) {
	t.Parallel()
	const moment = time.Second
	for name, c := range map[string]struct {
		cancels, dies bool
	}{
		"of a wait that times out":               {},
		"of a wait that is canceled":             {cancels: true},
		"of what is dead, before a timeout":      {dies: true},
		"of what is dead, before a cancellation": {cancels: true, dies: true},
	} {
		bubble(t, name, func(t *testing.T) {
			for range 200 {
				cfg := (&server{}).config()
				cfg.Size, cfg.Timeout = 1, moment
				ctx := t.Context()
				if c.cancels {
					cfg.Timeout = time.Hour
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, moment)
					defer cancel()
				}
				p := open(t, cfg)
				l := acquire(t, p)
				waiter := begin(ctx, p)
				time.Sleep(moment)
				l.Resource().dead.Store(c.dies)
				l.Release()
				synctest.Wait()
				r := waiter.ended.Load()
				if r == nil {
					t.Fatal("still waiting")
				}
				if r.err == nil {
					if r.lease.Resource() == nil || r.lease.Resource().dead.Load() {
						t.Fatal("a dead one was lent")
					}
					r.lease.Release()
					synctest.Wait()
				}
				if have := now(p); have.InUse+have.Opening+have.Waiting != 0 {
					t.Fatalf("have %+v after %v", have, r.err)
				}
				acquire(t, p).Release() // its place is free
			}
		})
	}
}

func TestOutageOfAnOldPool(t *testing.T) {
	t.Parallel()
	bubble(t, "is probed as often in its first second as that of a new one", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		time.Sleep(time.Hour)
		srv.mu.Lock()
		srv.refuse = errRefused
		srv.mu.Unlock()
		for begun := time.Now(); time.Since(begun) < time.Second; {
			if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
				t.Fatal(err)
			}
		}
		if n := srv.tried(); n < 10 {
			t.Errorf("%d attempts", n)
		}
	})
}
