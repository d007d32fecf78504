package pool_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	bubble(t, "tell the life of a resource in order", func(t *testing.T) {
		srv := &server{latency: time.Second}
		rec := &recorder{}
		cfg := srv.config()
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		l := acquire(t, p)
		time.Sleep(2 * time.Second)
		l.Release()
		l = acquire(t, p)
		time.Sleep(3 * time.Second)
		l.Discard(errLost)
		synctest.Wait()
		want := []pool.Event{
			{Kind: pool.EventOpened, Duration: time.Second},
			{Kind: pool.EventAcquired, Duration: time.Second},
			{Kind: pool.EventReleased, Duration: 2 * time.Second},
			{Kind: pool.EventAcquired},
			{Kind: pool.EventReleased, Duration: 3 * time.Second},
			{Kind: pool.EventClosed, Reason: pool.ReasonDiscarded, Duration: 5 * time.Second, Err: errLost},
		}
		same := cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })
		if diff := cmp.Diff(want, rec.events, same); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})

	bubble(t, "tell of what failed", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		rec := &recorder{}
		cfg := srv.config()
		cfg.Size, cfg.Timeout, cfg.OnEvent = 1, time.Second, rec.record
		p := open(t, cfg)
		if _, err := p.Acquire(t.Context()); err == nil {
			t.Fatal("Acquire succeeded")
		}
		srv.set(func(s *server) { s.refuse = nil })
		held := acquire(t, p)
		_ = mustFail(t, p, time.Second)
		c := begin(t.Context(), p)
		c.cancel()
		_ = c.err(t, 0)
		held.Release()
		for _, kind := range []pool.EventKind{pool.EventOpenFailed, pool.EventTimedOut, pool.EventCanceled} {
			if got := rec.of(kind); len(got) != 1 || got[0].Err == nil {
				t.Errorf("%s: %+v", kind, got)
			}
		}
	})

	t.Run("have names", func(t *testing.T) {
		t.Parallel()
		seen := map[string]bool{}
		for k := pool.EventOpened; k <= pool.EventHeld; k++ {
			seen["event "+k.String()] = true
		}
		for r := pool.ReasonRecycled; r <= pool.ReasonShutdown; r++ {
			seen["reason "+r.String()] = true
		}
		if len(seen) != 19 || seen["event unknown"] || seen["reason unknown"] {
			t.Errorf("names: %v", seen)
		}
		if got := fmt.Sprint(pool.EventKind(0), pool.Reason(99)); got != "unknown unknown" {
			t.Errorf("zero and unheard-of values are called %q", got)
		}
	})
}

func TestStatsString(t *testing.T) {
	t.Parallel()
	got := pool.Stats{Size: 5, Idle: 1, OverflowInUse: 2, InUse: 6, Waiting: 3}.String()
	const want = "Pool size: 5  Connections in pool: 1 Current Overflow: 2 Current Checked out connections: 6 Waiting: 3"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
