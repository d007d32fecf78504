package pool_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort/pool"
)

func TestRelease(t *testing.T) {
	t.Parallel()
	bubble(t, "closes the overflow when nobody waits", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow = 2, 3
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 5))
		synctest.Wait()
		if s := p.Stats(); s.Idle != 2 || s.Closed != (pool.Closed{Overflow: 3}) {
			t.Errorf("have %+v", s)
		}
	})

	bubble(t, "keeps the overflow for those who wait", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow = 1, 1
		p := open(t, cfg)
		held := acquireN(t, p, 2)
		c := begin(t.Context(), p)
		held[0].Release()
		l := c.lease(t, 0)
		if srv.tried() != 2 {
			t.Errorf("%d opens, want 2", srv.tried())
		}
		l.Release()
		held[1].Release()
	})

	// S34.
	bubble(t, "notices a second end and does nothing", func(t *testing.T) {
		rec := &recorder{}
		cfg := (&server{}).config()
		cfg.Size, cfg.OnEvent = 1, rec.record
		p := open(t, cfg)
		first := acquire(t, p)
		if !first.Release() {
			t.Fatal("the first release was not the first")
		}
		second := acquire(t, p) // the same resource, lent anew
		again := []bool{first.Release(), first.Discard(errLost), first.Invalidate(errLost)}
		if slices.Contains(again, true) {
			t.Errorf("ending an ended lease did something: %v", again)
		}
		if first.Resource() != nil {
			t.Error("an ended lease still gives access to what another one holds")
		}
		if second.Resource() == nil || now(p) != (gauges{InUse: 1}) {
			t.Errorf("the second borrower was disturbed: %+v", now(p))
		}
		if n := len(rec.of(pool.EventMisused)); n != 3 {
			t.Errorf("%d misuses told, want 3", n)
		}
		second.Release()
	})

	bubble(t, "is ended once by many at once", func(t *testing.T) {
		p := open(t, (&server{}).config())
		l := acquire(t, p)
		var ended atomic.Int64
		var all sync.WaitGroup
		for i := range 30 {
			all.Go(func() {
				end := []func() bool{
					l.Release,
					func() bool { return l.Discard(errLost) },
					func() bool { return l.Invalidate(errLost) },
				}[i%3]
				if end() {
					ended.Add(1)
				}
			})
		}
		all.Wait()
		if ended.Load() != 1 {
			t.Errorf("ended %d times", ended.Load())
		}
	})

	t.Run("of a zero lease does nothing", func(t *testing.T) {
		t.Parallel()
		var l pool.Lease[*conn]
		if l.Release() || l.Discard(nil) || l.Invalidate(nil) || l.Resource() != nil || l.Fresh() {
			t.Error("a zero lease is something")
		}
	})
}

// S37: what a borrower loses is found again.
func TestAbandonedLease(t *testing.T) {
	t.Parallel()
	events := make(chan pool.Event, 1)
	cfg := (&server{}).config()
	cfg.Size = 1
	cfg.OnEvent = func(e pool.Event) {
		if e.Kind == pool.EventClosed && e.Reason == pool.ReasonAbandoned {
			events <- e
		}
	}
	p := open(t, cfg)
	func() { acquire(t, p) }()
	waiting := make(chan pool.Lease[*conn])
	go func() {
		l, _ := p.Acquire(context.Background())
		waiting <- l
	}()
	for {
		runtime.GC()
		select {
		case <-events:
		default:
			runtime.Gosched()
			continue
		}
		break
	}
	l := <-waiting
	if l.Resource() == nil || l.Resource().id != 1 {
		t.Error("the waiter was not served")
	}
	l.Release()
	if s := p.Stats(); s.Closed.Abandoned != 1 {
		t.Errorf("have %+v", s)
	}
}

// A pool that nobody can close any more is no reason to keep what it holds.
func TestAbandonedPool(t *testing.T) {
	t.Parallel()
	closed := make(chan struct{}, 1)
	func() {
		cfg := (&server{}).config()
		cfg.Close = func(*conn) { closed <- struct{}{} }
		p, err := pool.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		acquire(t, p).Release()
	}()
	for {
		runtime.GC()
		select {
		case <-closed:
			return
		default:
			runtime.Gosched()
		}
	}
}

// S36: the variants of reset on return.
func TestReset(t *testing.T) {
	t.Parallel()
	resetting := func(reset func(context.Context, *conn) error) (*server, pool.Config[*conn]) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size = 1
		cfg.NeedsReset = func(c *conn) bool { return c.dirty.Load() }
		cfg.Reset = reset
		return srv, cfg
	}
	clean := func(_ context.Context, c *conn) error {
		time.Sleep(time.Second)
		c.resets.Add(1)
		c.dirty.Store(false)
		return nil
	}

	bubble(t, "leaves clean ones alone", func(t *testing.T) {
		srv, cfg := resetting(clean)
		p := open(t, cfg)
		acquire(t, p).Release()
		if got := now(p); got != (gauges{Idle: 1}) || srv.conns[0].resets.Load() != 0 {
			t.Errorf("have %+v after %d resets", got, srv.conns[0].resets.Load())
		}
	})

	bubble(t, "runs off the caller's path and before the next loan", func(t *testing.T) {
		_, cfg := resetting(clean)
		p := open(t, cfg)
		l := acquire(t, p)
		l.Resource().dirty.Store(true)
		start := time.Now()
		l.Release()
		if time.Since(start) != 0 {
			t.Error("Release waited for the reset")
		}
		if got := now(p); got != (gauges{InUse: 1}) {
			t.Errorf("while resetting: %+v", got)
		}
		l = acquire(t, p)
		if time.Since(start) != time.Second || l.Resource().dirty.Load() || l.Fresh() {
			t.Errorf("lent after %s, dirty %t", time.Since(start), l.Resource().dirty.Load())
		}
		l.Release()
	})

	bubble(t, "closes what it cannot clean", func(t *testing.T) {
		_, cfg := resetting(func(context.Context, *conn) error { return errLost })
		rec := &recorder{}
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		l := acquire(t, p)
		l.Resource().dirty.Store(true)
		l.Release()
		synctest.Wait()
		closed := rec.of(pool.EventClosed)
		if len(closed) != 1 || closed[0].Reason != pool.ReasonResetFailed || !errors.Is(closed[0].Err, errLost) {
			t.Errorf("closed: %+v", closed)
		}
	})

	bubble(t, "is bounded by ResetTimeout", func(t *testing.T) {
		_, cfg := resetting(func(ctx context.Context, _ *conn) error { <-ctx.Done(); return ctx.Err() })
		p := open(t, cfg)
		l := acquire(t, p)
		l.Resource().dirty.Store(true)
		l.Release()
		c := begin(t.Context(), p)
		time.Sleep(5 * time.Second)
		c.lease(t, 5*time.Second).Release()
	})

	bubble(t, "is not tried on what will be closed anyway", func(t *testing.T) {
		srv, cfg := resetting(clean)
		p := open(t, cfg)
		l := acquire(t, p)
		l.Resource().dirty.Store(true)
		p.Invalidate(errLost)
		l.Release()
		synctest.Wait()
		if n := srv.conns[0].resets.Load(); n != 0 || p.Stats().Closed != (pool.Closed{Invalidated: 1}) {
			t.Errorf("%d resets, closed %+v", n, p.Stats().Closed)
		}
	})

	bubble(t, "ends with the pool", func(t *testing.T) {
		_, cfg := resetting(func(ctx context.Context, _ *conn) error { <-ctx.Done(); return ctx.Err() })
		p := open(t, cfg)
		l := acquire(t, p)
		l.Resource().dirty.Store(true)
		l.Release()
		start := time.Now()
		if err := p.Close(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Close: %v after %s", err, time.Since(start))
		}
		if s := p.Stats(); s.Closed != (pool.Closed{Shutdown: 1}) {
			t.Errorf("closed %+v", s.Closed)
		}
	})
}
