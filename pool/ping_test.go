package pool_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort/pool"
)

func pinging(srv *server) pool.Config[*conn] {
	cfg := srv.config()
	cfg.PrePing, cfg.Ping = true, srv.ping
	return cfg
}

func TestPrePing(t *testing.T) {
	t.Parallel()
	// S1: a brand-new one is never pinged.
	bubble(t, "skips what was just opened", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.PingAfter = time.Nanosecond
		p := open(t, cfg)
		acquire(t, p).Release()
		if n := srv.pings.Load(); n != 0 {
			t.Errorf("%d pings", n)
		}
	})

	bubble(t, "asks after PingAfter of idleness and not before", func(t *testing.T) {
		srv := &server{}
		p := open(t, pinging(srv))
		acquire(t, p).Release()
		time.Sleep(30*time.Second - 1)
		l := acquire(t, p)
		if n := srv.pings.Load(); n != 0 {
			t.Errorf("pinged %d times before its time", n)
		}
		time.Sleep(time.Hour) // not idle
		l.Release()
		acquire(t, p).Release()
		if n := srv.pings.Load(); n != 0 {
			t.Errorf("pinged %d times though it was in use", n)
		}
		time.Sleep(30 * time.Second)
		acquire(t, p).Release()
		if n := srv.pings.Load(); n != 1 {
			t.Errorf("pinged %d times after 30 s, want 1", n)
		}
	})

	// S2: with the smallest PingAfter, at every other checkout.
	bubble(t, "asks every time with a PingAfter of 1 ns", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.PingAfter = time.Nanosecond
		p := open(t, cfg)
		for range 5 {
			acquire(t, p).Release()
			time.Sleep(time.Nanosecond)
		}
		if n := srv.pings.Load(); n != 4 {
			t.Errorf("%d pings for 5 loans, want 4", n)
		}
	})

	bubble(t, "is off by default", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.PrePing = false
		p := open(t, cfg)
		acquire(t, p).Release()
		time.Sleep(time.Hour)
		acquire(t, p).Release()
		if n := srv.pings.Load(); n != 0 {
			t.Errorf("%d pings", n)
		}
	})

	// S3, S5 and S8: one failed ping replaces all that are as old, each once.
	bubble(t, "survives a restart with one ping", func(t *testing.T) {
		srv := &server{}
		p := open(t, pinging(srv))
		releaseAll(acquireN(t, p, 3))
		for _, c := range srv.conns {
			c.silent.Store(true)
		}
		time.Sleep(time.Minute)
		leases := acquireN(t, p, 3)
		if n := srv.pings.Load(); n != 1 {
			t.Errorf("%d pings, want 1", n)
		}
		for _, l := range leases {
			if !l.Fresh() {
				t.Errorf("lent the stale one %d", l.Resource().id)
			}
		}
		releaseAll(leases)
		synctest.Wait()
		if s := p.Stats(); s.Closed != (pool.Closed{Dead: 1, Invalidated: 2}) {
			t.Errorf("closed %+v", s.Closed)
		}
	})

	bubble(t, "spares what was opened between two that fail", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.Ping = func(context.Context, *conn) error { time.Sleep(500 * time.Millisecond); return errLost }
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 2))
		time.Sleep(time.Minute)
		first := begin(t.Context(), p)
		time.Sleep(250 * time.Millisecond)
		second := begin(t.Context(), p)
		time.Sleep(250 * time.Millisecond)
		first.lease(t, 500*time.Millisecond).Release()
		// The second took that one; it is idle again when its own ping fails.
		second.lease(t, 250*time.Millisecond).Release()
		time.Sleep(250 * time.Millisecond)
		synctest.Wait()
		if s := p.Stats(); s.Closed != (pool.Closed{Dead: 2}) || s.Idle != 1 {
			t.Errorf("have %#v", s)
		}
	})

	// S4: the server is still down.
	bubble(t, "tells the caller when nothing can be opened", func(t *testing.T) {
		srv := &server{}
		p := open(t, pinging(srv))
		acquire(t, p).Release()
		srv.killAll()
		srv.set(func(s *server) { s.refuse = errRefused })
		time.Sleep(time.Minute)
		for range 3 {
			if _, err := p.Acquire(t.Context()); !errors.Is(err, errRefused) {
				t.Fatalf("Acquire: %v", err)
			}
			if got := now(p); got != (gauges{}) {
				t.Fatalf("have %+v", got)
			}
		}
		srv.set(func(s *server) { s.refuse = nil })
		acquire(t, p).Release()
	})

	bubble(t, "is bounded by PingTimeout", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.PingTimeout = 300 * time.Millisecond
		cfg.Ping = func(ctx context.Context, _ *conn) error { <-ctx.Done(); return ctx.Err() }
		p := open(t, cfg)
		acquire(t, p).Release()
		time.Sleep(time.Minute)
		c := begin(t.Context(), p)
		time.Sleep(300 * time.Millisecond)
		l := c.lease(t, 300*time.Millisecond)
		if !l.Fresh() {
			t.Error("lent one that did not answer")
		}
		l.Release()
	})

	bubble(t, "holds back nobody else", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		var pings atomic.Int64
		cfg.Ping = func(ctx context.Context, _ *conn) error {
			if pings.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 2))
		time.Sleep(time.Minute)
		stuck := begin(t.Context(), p)
		other := begin(t.Context(), p)
		// The one that answered goes to whoever asked first.
		stuck.lease(t, 0).Release()
		other.lease(t, 0).Release()
	})

	bubble(t, "ends with the pool", func(t *testing.T) {
		srv := &server{}
		cfg := pinging(srv)
		cfg.PingTimeout = time.Hour
		cfg.Ping = func(ctx context.Context, _ *conn) error { <-ctx.Done(); return ctx.Err() }
		p := open(t, cfg)
		acquire(t, p).Release()
		time.Sleep(time.Minute)
		c := begin(t.Context(), p)
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := c.err(t, 0); !errors.Is(err, pool.ErrClosed) {
			t.Errorf("Acquire: %v", err)
		}
		if s := p.Stats(); s.Closed != (pool.Closed{Shutdown: 1}) {
			t.Errorf("closed %+v", s.Closed)
		}
	})
}

func TestAlive(t *testing.T) {
	t.Parallel()
	// S31: what rejects a resource at checkout gets the caller another one.
	bubble(t, "passes over the dead", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		releaseAll(acquireN(t, p, 3))
		srv.conns[2].dead.Store(true)
		srv.conns[1].dead.Store(true)
		l := acquire(t, p)
		if l.Resource().id != 0 {
			t.Errorf("lent %d", l.Resource().id)
		}
		l.Release()
		synctest.Wait()
		if s := p.Stats(); s.Closed != (pool.Closed{Dead: 2}) || s.Idle != 1 {
			t.Errorf("have %+v", s)
		}
	})

	bubble(t, "lets 100 kills of idle ones fail nobody", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		for range 10 {
			releaseAll(acquireN(t, p, 10))
			srv.killAll()
			for _, l := range acquireN(t, p, 10) {
				if l.Resource().dead.Load() {
					t.Fatal("lent a dead one")
				}
				l.Release()
			}
			synctest.Wait()
		}
	})

	// S6: without any check the first statement fails, never the checkout.
	bubble(t, "may be missing", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Alive = nil
		p := open(t, cfg)
		acquire(t, p).Release()
		srv.killAll()
		l := acquire(t, p)
		if !l.Resource().dead.Load() {
			t.Error("who noticed?")
		}
		l.Discard(errLost)
	})

	// The rank of a waiter survives a dead hand-off.
	bubble(t, "costs a waiter neither its place in the queue nor its life", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow = 1, 1
		p := open(t, cfg)
		held := acquireN(t, p, 2)
		srv.set(func(s *server) { s.latency = time.Second })
		first, second := begin(t.Context(), p), begin(t.Context(), p)
		held[0].Resource().dead.Store(true)
		held[0].Release() // first gets it, finds it dead, opens
		synctest.Wait()
		if first.done() || second.done() {
			t.Fatal("a dead one was lent")
		}
		held[1].Release() // and this comes before the open has ended
		first.lease(t, 0).Release()
		l := second.lease(t, 0)
		l.Release()
	})
}
