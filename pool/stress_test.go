package pool_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retort-go/retort/pool"
)

// S23 and more: real time, real parallelism, everything going wrong at once. No
// resource may have two users, none may be beyond the limit, none may be lost.
func TestStress(t *testing.T) {
	t.Parallel()
	const size, overflow, users, rounds = 3, 4, 40, 300
	var open, peak, serial atomic.Int64
	p, err := pool.New(pool.Config[*conn]{
		Size: size, Overflow: overflow,
		Open: func(context.Context) (*conn, error) {
			if rand.IntN(10) == 0 {
				return nil, errRefused
			}
			return &conn{id: serial.Add(1)}, nil
		},
		Close:      func(c *conn) { c.closes.Add(1) },
		Alive:      func(c *conn) bool { return !c.dead.Load() },
		NeedsReset: func(c *conn) bool { return c.dirty.Load() },
		Reset: func(_ context.Context, c *conn) error {
			if rand.IntN(4) == 0 {
				return errLost
			}
			c.dirty.Store(false)
			return nil
		},
		PrePing: true, PingAfter: 50 * time.Microsecond,
		Ping: func(context.Context, *conn) error {
			if rand.IntN(100) == 0 {
				return errLost
			}
			return nil
		},
		Recycle: 20 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	use := func(c *conn) {
		for n, high := open.Add(1), peak.Load(); n > high && !peak.CompareAndSwap(high, n); high = peak.Load() {
		}
		if c.users.Add(1) != 1 || c.dirty.Load() || c.closes.Load() != 0 {
			t.Errorf("resource %d was lent twice, unclean or closed", c.id)
		}
		if rand.IntN(8) == 0 {
			time.Sleep(time.Duration(rand.IntN(50)) * time.Microsecond)
		}
		c.users.Add(-1)
		open.Add(-1)
	}
	var all sync.WaitGroup
	var served atomic.Int64
	for range users {
		all.Go(func() {
			for range rounds {
				ctx, cancel := context.Background(), context.CancelFunc(func() {})
				if rand.IntN(5) == 0 {
					ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(200))*time.Microsecond)
				}
				lease, err := p.Acquire(ctx)
				cancel()
				switch {
				case errors.Is(err, errRefused), errors.Is(err, context.DeadlineExceeded):
					continue
				case err != nil:
					t.Errorf("Acquire: %v", err)
					return
				}
				served.Add(1)
				c := lease.Resource()
				use(c)
				switch rand.IntN(20) {
				case 0:
					lease.Discard(errLost)
				case 1:
					lease.Invalidate(errLost)
				case 2:
					c.dead.Store(true)
					lease.Release()
				case 3:
					c.dirty.Store(true)
					lease.Release()
				default:
					lease.Release()
				}
			}
		})
	}
	all.Wait()
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	s := p.Stats()
	if peak.Load() > size+overflow || served.Load() == 0 {
		t.Errorf("%d served, at most %d at once, want at most %d", served.Load(), peak.Load(), size+overflow)
	}
	if s.Opened != s.Closed.Total() || s.Idle+s.InUse+s.Opening+s.Closing+s.Waiting != 0 {
		t.Errorf("not everything came back: %#v", s)
	}
	t.Logf("%d served; %#v", served.Load(), s)
}
