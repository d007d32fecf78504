package pool_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort/pool"
)

func TestClose(t *testing.T) {
	t.Parallel()
	bubble(t, "refuses newcomers and waiters at once", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = 1
		p := open(t, cfg)
		held := acquire(t, p)
		waiter := begin(t.Context(), p)
		go func() { _ = p.Close(context.Background()) }()
		synctest.Wait()
		if err := waiter.err(t, 0); !errors.Is(err, pool.ErrClosed) {
			t.Errorf("the waiter got %v", err)
		}
		if _, err := p.Acquire(t.Context()); !errors.Is(err, pool.ErrClosed) {
			t.Errorf("the newcomer got %v", err)
		}
		held.Release()
	})

	// S33: dispose closes what is idle and leaves alone what is borrowed.
	bubble(t, "waits for borrowers and does not disturb them", func(t *testing.T) {
		p := open(t, (&server{}).config())
		held := acquireN(t, p, 2)
		held[0].Release()
		c := held[1].Resource()
		start := time.Now()
		go func() {
			time.Sleep(3 * time.Second)
			if c.closes.Load() != 0 {
				t.Error("closed under its borrower")
			}
			held[1].Release()
		}()
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("took %s, want 3s", took)
		}
		if c.closes.Load() != 1 {
			t.Error("not closed")
		}
	})

	bubble(t, "says how many were out when it gave up, and closes them later", func(t *testing.T) {
		p := open(t, (&server{}).config())
		held := acquireN(t, p, 3)
		c := held[0].Resource()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.Close(ctx)
		const want = "pool: close gave up with 3 still in use, 0 opening, 0 closing; each is closed when it is done: context deadline exceeded"
		if err == nil || err.Error() != want || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		releaseAll(held)
		if err := p.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
		if c.closes.Load() != 1 {
			t.Error("not closed when it came back")
		}
	})

	bubble(t, "may be called again and by many", func(t *testing.T) {
		p := open(t, (&server{}).config())
		held := acquireN(t, p, 5)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if err := p.Close(t.Context()); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		}
		synctest.Wait()
		releaseAll(held)
		all.Wait()
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Close(ended); err != nil {
			t.Errorf("Close of a closed pool: %v", err)
		}
	})

	bubble(t, "ends what is being opened", func(t *testing.T) {
		srv := &server{hang: true}
		p := open(t, srv.config())
		c := begin(t.Context(), p)
		start := time.Now()
		if err := p.Close(t.Context()); err != nil || time.Since(start) != 0 {
			t.Errorf("Close: %v after %s", err, time.Since(start))
		}
		if err := c.err(t, 0); !errors.Is(err, pool.ErrClosed) {
			t.Errorf("Acquire: %v", err)
		}
	})

	bubble(t, "closes what was opened too late", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Open = func(context.Context) (*conn, error) {
			time.Sleep(time.Second)
			return srv.open(context.Background())
		}
		p := open(t, cfg)
		begin(t.Context(), p)
		start := time.Now()
		if err := p.Close(t.Context()); err != nil || time.Since(start) != time.Second {
			t.Errorf("Close: %v after %s", err, time.Since(start))
		}
		if got := srv.closes(); len(got) != 1 || got[0] != 1 {
			t.Errorf("closed %v", got)
		}
	})

	// The caller is past the queue when the pool closes: what it was handed is being
	// asked, and is dead.
	bubble(t, "refuses a caller whose hand-off was dead", func(t *testing.T) {
		srv := &server{}
		answer := make(chan bool)
		cfg := srv.config()
		cfg.Size, cfg.Alive = 1, func(*conn) bool { return <-answer }
		p := open(t, cfg)
		held := acquire(t, p)
		c := begin(t.Context(), p)
		held.Release()
		synctest.Wait()
		go func() { _ = p.Close(context.Background()) }()
		synctest.Wait()
		answer <- false
		if err := c.err(t, 0); !errors.Is(err, pool.ErrClosed) {
			t.Errorf("Acquire: %v", err)
		}
		if srv.tried() != 1 {
			t.Errorf("%d opens, want 1", srv.tried())
		}
	})

	bubble(t, "waits for slow closes", func(t *testing.T) {
		srv := &server{closed: make(chan struct{})}
		p := open(t, srv.config())
		releaseAll(acquireN(t, p, 2))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := p.Close(ctx); err == nil {
			t.Error("did not wait")
		}
		close(srv.closed)
	})

	bubble(t, "of an empty pool takes no time even with an ended context", func(t *testing.T) {
		p := open(t, (&server{}).config())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
}
