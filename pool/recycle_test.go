package pool_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort/pool"
)

// steady is a source whose draws are all the same: 0 is no jitter at all.
type steady uint64

func (s steady) Uint64() uint64 { return uint64(s) }

// S28: recycling goes by age and happens at a loan only.
func TestRecycle(t *testing.T) {
	t.Parallel()
	bubble(t, "replaces at the first loan after the age, not before", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Recycle, cfg.Rand = 1800*time.Second, rand.New(steady(0))
		p := open(t, cfg)
		acquire(t, p).Release()
		time.Sleep(1800*time.Second - 1)
		l := acquire(t, p)
		if l.Resource().id != 0 {
			t.Error("replaced too early")
		}
		time.Sleep(time.Hour) // a borrower is not disturbed
		if l.Resource().closes.Load() != 0 {
			t.Error("closed while in use")
		}
		l.Release()
		if got := now(p); got != (gauges{Idle: 1}) {
			t.Errorf("replaced at release: %+v", got)
		}
		l = acquire(t, p)
		if l.Resource().id != 1 || !l.Fresh() {
			t.Errorf("lent %d after its age", l.Resource().id)
		}
		l.Release()
		time.Sleep(1800 * time.Second)
		acquire(t, p).Release()
		synctest.Wait()
		if s := p.Stats(); s.Closed != (pool.Closed{Recycled: 2}) {
			t.Errorf("closed %+v", s.Closed)
		}
	})

	bubble(t, "replaces at a hand-off, too", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size, cfg.Recycle = 1, time.Second
		p := open(t, cfg)
		held := acquire(t, p)
		c := begin(t.Context(), p)
		time.Sleep(time.Second)
		held.Release()
		l := c.lease(t, time.Second)
		if !l.Fresh() {
			t.Error("handed over an old one")
		}
		l.Release()
	})

	bubble(t, "does not end all at once what began together", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size, cfg.Recycle, cfg.Rand = 200, 1000*time.Second, rand.New(rand.NewPCG(1, 2))
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 200))
		recycled := func() int64 { return p.Stats().Closed.Recycled }
		time.Sleep(900*time.Second - 1)
		releaseAll(acquireN(t, p, 200))
		if n := recycled(); n != 0 {
			t.Fatalf("%d of 200 ended more than a tenth early", n)
		}
		var worst, before int64
		for range 102 {
			releaseAll(acquireN(t, p, 200))
			worst = max(worst, recycled()-before)
			before = recycled()
			if time.Sleep(time.Second); before == 200 {
				break
			}
		}
		if before != 200 || worst > 20 {
			t.Errorf("recycled %d of 200 within the last tenth, at most %d in a second; want 200 and at most 20", before, worst)
		}
	})
}
