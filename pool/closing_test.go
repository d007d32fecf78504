package pool_test

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestCloseGrace(t *testing.T) {
	t.Parallel()
	const grace = 100 * time.Millisecond

	bubble(t, "keeps the place until Close returns", func(t *testing.T) {
		srv := &server{closed: make(chan struct{})}
		cfg := srv.config()
		cfg.Size, cfg.CloseGrace = 1, grace
		p := open(t, cfg)
		l := acquire(t, p)
		waiter := begin(t.Context(), p)
		l.Discard(errLost)
		synctest.Wait()
		if s := p.Stats(); waiter.done() || s.Closing != 1 || s.InUse != 0 || s.Opening != 0 {
			t.Fatalf("have %+v", s)
		}
		time.Sleep(grace / 2)
		close(srv.closed)
		waiter.lease(t, grace/2).Release()
	})

	bubble(t, "frees the place of a Close that hangs", func(t *testing.T) {
		srv := &server{closed: make(chan struct{})}
		cfg := srv.config()
		cfg.Size, cfg.CloseGrace = 1, grace
		p := open(t, cfg)
		l := acquire(t, p)
		waiter := begin(t.Context(), p)
		l.Discard(errLost)
		time.Sleep(grace)
		waiter.lease(t, grace).Release()
		if s := p.Stats(); s.Closing != 1 || s.Idle != 1 {
			t.Errorf("have %+v", s)
		}
		close(srv.closed)
	})

	bubble(t, "lets at most as many hang as may be open", func(t *testing.T) {
		srv := &server{closed: make(chan struct{})}
		cfg := srv.config()
		cfg.Size, cfg.CloseGrace, cfg.Timeout = 2, grace, time.Minute
		p := open(t, cfg)
		for range 2 { // two hang, and two more that keep their places
			for _, l := range acquireN(t, p, 2) {
				l.Discard(errLost)
			}
		}
		waiter := begin(t.Context(), p)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if s := p.Stats(); waiter.done() || s.Closing != 4 || s.Opening != 0 || srv.tried() != 4 {
			t.Fatalf("have %+v after %d opens", s, srv.tried())
		}
		close(srv.closed)
		waiter.lease(t, 30*time.Second).Release()
		synctest.Wait()
		if s := p.Stats(); s.Closing != 0 || s.Idle != 1 {
			t.Errorf("have %+v", s)
		}
	})
}
