package pool_test

import (
	"context"
	"testing"
	"time"

	"github.com/retort-go/retort/pool"
)

// BenchmarkAcquireRelease is the uncontended path: one goroutine, one idle resource.
func BenchmarkAcquireRelease(b *testing.B) {
	alive := func(*int) bool { return true }
	ping := func(context.Context, *int) error { return nil }
	for _, c := range []struct {
		name string
		cfg  pool.Config[*int]
	}{
		{"plain", pool.Config[*int]{}},
		{"alive", pool.Config[*int]{Alive: alive}},
		{"origins", pool.Config[*int]{
			Alive: alive, PrePing: true, Ping: ping, Recycle: 30 * time.Minute,
			NeedsReset: func(*int) bool { return false }, Reset: ping,
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			p := benchPool(b, c.cfg)
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				lease, err := p.Acquire(ctx)
				if err != nil {
					b.Fatal(err)
				}
				lease.Release()
			}
		})
	}
	b.Run("channel", func(b *testing.B) {
		p := newChannelPool(5)
		ctx := b.Context()
		b.ReportAllocs()
		for b.Loop() {
			r, err := p.acquire(ctx)
			if err != nil {
				b.Fatal(err)
			}
			p.release(r)
		}
	})
}

// BenchmarkContended has 64 goroutines per processor share five resources.
func BenchmarkContended(b *testing.B) {
	b.Run("pool", func(b *testing.B) {
		p := benchPool(b, pool.Config[*int]{Size: 5})
		ctx := b.Context()
		b.ReportAllocs()
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				lease, err := p.Acquire(ctx)
				if err != nil {
					b.Error(err)
					return
				}
				lease.Release()
			}
		})
	})
	b.Run("channel", func(b *testing.B) {
		p := newChannelPool(5)
		ctx := b.Context()
		b.ReportAllocs()
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				r, err := p.acquire(ctx)
				if err != nil {
					b.Error(err)
					return
				}
				p.release(r)
			}
		})
	})
}

func benchPool(b *testing.B, cfg pool.Config[*int]) *pool.Pool[*int] {
	b.Helper()
	cfg.Open = func(context.Context) (*int, error) { return new(int), nil }
	cfg.Close = func(*int) {}
	p, err := pool.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

// channelPool is the pool that one writes in ten lines: no overflow, no recycling,
// no liveness, no invalidation, no numbers. It is the yardstick for speed.
type channelPool chan *int

func newChannelPool(size int) channelPool {
	p := make(channelPool, size)
	for range size {
		p <- new(int)
	}
	return p
}

func (p channelPool) acquire(ctx context.Context) (*int, error) {
	select {
	case r := <-p:
		return r, nil
	default:
	}
	timer := time.NewTimer(30 * time.Second)
	defer timer.Stop()
	select {
	case r := <-p:
		return r, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-timer.C:
		return nil, context.DeadlineExceeded
	}
}

func (p channelPool) release(r *int) { p <- r }
