package pool_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

func TestInvalidate(t *testing.T) {
	t.Parallel()
	bubble(t, "closes idle ones at once and borrowed ones when they come back", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		leases := acquireN(t, p, 3)
		leases[0].Release()
		p.Invalidate(errLost)
		synctest.Wait()
		// S29: a soft invalidation lets the current use finish.
		if got := srv.closes(); !slices.Equal(got, []int64{1, 0, 0}) {
			t.Errorf("closed %v", got)
		}
		releaseAll(leases[1:])
		synctest.Wait()
		if got := srv.closes(); !slices.Equal(got, []int64{1, 1, 1}) {
			t.Errorf("closed %v", got)
		}
		if got := now(p); got != (gauges{}) {
			t.Errorf("have %+v", got)
		}
	})

	// S16: invalidate twice is a no-op for what is there.
	bubble(t, "closes each once however often it is called", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		l := acquire(t, p)
		p.Invalidate(errLost)
		p.Invalidate(errLost)
		l.Release()
		synctest.Wait()
		if got := srv.closes(); !slices.Equal(got, []int64{1}) {
			t.Errorf("closed %v", got)
		}
		l = acquire(t, p)
		if l.Resource().id != 1 || !l.Fresh() {
			t.Error("not replaced")
		}
		l.Release()
	})

	bubble(t, "condemns what was being opened", func(t *testing.T) {
		srv := &server{latency: time.Second}
		p := open(t, srv.config())
		c := begin(t.Context(), p)
		p.Invalidate(errLost)
		time.Sleep(2 * time.Second)
		l := c.lease(t, 2*time.Second)
		if l.Resource().id != 1 {
			t.Errorf("lent %d, which was begun before the invalidation", l.Resource().id)
		}
		l.Release()
	})

	// S27: exactly one new connect per waiter that is woken.
	bubble(t, "wakes a waiter with exactly one new open", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size = 1
		p := open(t, cfg)
		held := acquire(t, p)
		c := begin(t.Context(), p)
		held.Invalidate(errLost)
		c.lease(t, 0).Release()
		if srv.tried() != 2 {
			t.Errorf("%d opens in all, want 2", srv.tried())
		}
	})

	// S9: fifteen borrowers notice the same restart.
	bubble(t, "by many borrowers at once replaces each resource once", func(t *testing.T) {
		srv := &server{}
		rec := &recorder{}
		cfg := srv.config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		old := acquireN(t, p, 15)
		srv.killAll()
		for _, l := range old {
			go func() {
				l.Invalidate(errLost)
				acquire(t, p).Release()
			}()
		}
		synctest.Wait()
		if n := len(rec.of(pool.EventInvalidated)); n != 1 {
			t.Errorf("%d invalidations, want 1", n)
		}
		if n := srv.tried(); n > 30 {
			t.Errorf("%d opens in all, want at most 30", n)
		}
		if got := srv.closes()[:15]; !slices.Equal(got, slices.Repeat([]int64{1}, 15)) {
			t.Errorf("the old ones were closed %v times", got)
		}
	})

	bubble(t, "spares what was opened since", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		old := acquireN(t, p, 2)
		old[0].Invalidate(errLost)
		young := acquire(t, p)
		old[1].Invalidate(errLost)
		young.Release()
		l := acquire(t, p)
		if id := l.Resource().id; id != 2 {
			t.Errorf("lent %d, want 2 again", id)
		}
		l.Release()
		if diff := cmp.Diff(pool.Closed{Discarded: 2}, p.Stats().Closed); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
