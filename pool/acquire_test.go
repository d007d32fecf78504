package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

func TestAcquire(t *testing.T) {
	t.Parallel()

	// S20: size and overflow at each step.
	bubble(t, "counts size and overflow at each step", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size, cfg.Overflow = 2, 2
		p := open(t, cfg)
		var steps []gauges
		step := func() { synctest.Wait(); steps = append(steps, now(p)) }
		step()
		var leases []pool.Lease[*conn]
		for range 4 {
			leases = append(leases, acquire(t, p))
			step()
		}
		for _, l := range leases {
			l.Release()
			step()
		}
		l := acquire(t, p)
		step()
		l.Release()
		want := []gauges{
			{},
			{InUse: 1},
			{InUse: 2},
			{InUse: 3, Overflow: 1},
			{InUse: 4, Overflow: 2},
			{Idle: 1, InUse: 3, Overflow: 2},
			{Idle: 2, InUse: 2, Overflow: 2},
			{Idle: 2, InUse: 1, Overflow: 1},
			{Idle: 2},
			{Idle: 1, InUse: 1},
		}
		if diff := cmp.Diff(want, steps); diff != "" {
			t.Errorf("steps (-want +got):\n%s", diff)
		}
	})

	// S35, and the one default that differs from SQLAlchemy's.
	bubble(t, "lends the one used last first", func(t *testing.T) {
		p := open(t, (&server{}).config())
		releaseAll(acquireN(t, p, 3))
		var ids []int64
		for range 3 {
			l := acquire(t, p)
			defer l.Release()
			ids = append(ids, l.Resource().id)
		}
		if !slices.Equal(ids, []int64{2, 1, 0}) {
			t.Errorf("lent %v", ids)
		}
	})

	bubble(t, "opens no second one for one user at a time", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		for range 2000 {
			acquire(t, p).Release()
		}
		if srv.tried() != 1 {
			t.Errorf("opened %d", srv.tried())
		}
	})

	bubble(t, "serves waiters in arrival order and lets nobody overtake", func(t *testing.T) {
		cfg := (&server{}).config()
		cfg.Size = 1
		p := open(t, cfg)
		holder := acquire(t, p)
		calls := make([]*call, 5)
		for i := range calls {
			calls[i] = begin(t.Context(), p)
		}
		for i, c := range calls {
			// The newcomer asks in the same instant as the release; it must not win.
			newcomer := make(chan error, 1)
			holder.Release()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			go func() {
				l, err := p.Acquire(ctx)
				l.Release()
				newcomer <- err
			}()
			holder = c.lease(t, time.Duration(i)*time.Millisecond)
			if err := <-newcomer; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a newcomer overtook: %v", err)
			}
			cancel()
		}
		holder.Release()
	})

	// S25.
	bubble(t, "lets one hanging open block nobody else", func(t *testing.T) {
		srv := &server{hang: true}
		p := open(t, srv.config())
		stuck := begin(t.Context(), p)
		srv.set(func(s *server) { s.hang = false })
		for range 3 {
			acquire(t, p).Release()
		}
		// It took what the first of them had opened: it had come before.
		stuck.lease(t, 0).Release()
	})

	bubble(t, "gives what an impatient caller began to the next one", func(t *testing.T) {
		srv := &server{latency: time.Second}
		cfg := srv.config()
		cfg.Size = 1
		p := open(t, cfg)
		first := begin(t.Context(), p)
		second := begin(t.Context(), p)
		first.cancel()
		if err := first.err(t, 0); !errors.Is(err, context.Canceled) || second.done() {
			t.Fatalf("first got %v, second is done: %t", err, second.done())
		}
		time.Sleep(time.Second)
		l := second.lease(t, time.Second)
		if !l.Fresh() {
			t.Error("what was opened for another is not fresh")
		}
		l.Release()
		if srv.tried() != 1 {
			t.Errorf("%d opens, want 1", srv.tried())
		}
	})

	bubble(t, "keeps what an impatient caller began when nobody waits", func(t *testing.T) {
		srv := &server{latency: time.Second}
		p := open(t, srv.config())
		c := begin(t.Context(), p)
		c.cancel()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := now(p); got != (gauges{Idle: 1}) {
			t.Errorf("have %+v", got)
		}
		l := acquire(t, p)
		if l.Fresh() {
			t.Error("a resource that was idle is called fresh")
		}
		l.Release()
	})

	bubble(t, "hands the caller's values to Open but not its end", func(t *testing.T) {
		type key struct{}
		var got atomic.Value
		cfg := (&server{}).config()
		cfg.Open = func(ctx context.Context) (*conn, error) {
			time.Sleep(time.Second)
			got.Store(fmt.Sprint(ctx.Value(key{}), ctx.Err()))
			return &conn{}, nil
		}
		p := open(t, cfg)
		begin(context.WithValue(t.Context(), key{}, "span"), p).cancel()
		time.Sleep(2 * time.Second)
		if got.Load() != "span<nil>" {
			t.Errorf("Open saw %v", got.Load())
		}
	})

	bubble(t, "refuses a context that has ended", func(t *testing.T) {
		srv := &server{}
		p := open(t, srv.config())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.Acquire(ctx)
		if !errors.Is(err, context.Canceled) || srv.tried() != 0 {
			t.Errorf("Acquire: %v after %d attempts", err, srv.tried())
		}
		if n := p.Stats().Canceled; n != 1 {
			t.Errorf("Canceled is %d", n)
		}
	})

	// S32: the connect hook runs once per real connection.
	bubble(t, "calls a resource fresh exactly once", func(t *testing.T) {
		p := open(t, (&server{}).config())
		var fresh []bool
		for range 3 {
			l := acquire(t, p)
			fresh = append(fresh, l.Fresh())
			l.Release()
		}
		if !slices.Equal(fresh, []bool{true, false, false}) {
			t.Errorf("fresh: %v", fresh)
		}
	})
}

func TestAcquireWithoutWaiting(t *testing.T) {
	srv := &server{}
	cfg := srv.config()
	cfg.Recycle, cfg.PrePing, cfg.Ping = time.Hour, true, srv.ping
	p := open(t, cfg)
	acquire(t, p).Release()
	ctx := t.Context()
	allocs := testing.AllocsPerRun(1000, func() {
		l, err := p.Acquire(ctx)
		if err != nil {
			t.Fatal(err)
		}
		l.Release()
	})
	if allocs != 0 {
		t.Errorf("acquire and release allocate %v times, want 0", allocs)
	}
}
