package retort_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// faulty panics in one of its methods.
type faulty struct{ at atomic.Value }

func (f *faulty) reach(method string) {
	if f.at.Load() == method {
		panic("canary in " + method)
	}
}

func (f *faulty) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context {
	f.reach("FlightStart")
	return ctx
}
func (f *faulty) FlightEnd(context.Context, retort.FlightInfo)         { f.reach("FlightEnd") }
func (f *faulty) SessionEnd(context.Context, retort.SessionInfo)       { f.reach("SessionEnd") }
func (f *faulty) SessionRetry(context.Context, retort.RetryInfo)       { f.reach("SessionRetry") }
func (f *faulty) Acquired(context.Context, time.Duration, error)       { f.reach("Acquired") }
func (f *faulty) Released(_ context.Context, _ time.Duration, _ error) { f.reach("Released") }
func (f *faulty) PoolEvent(pool.Event)                                 { f.reach("PoolEvent") }

// An observer that panics costs its request, not the connections.
func TestObserver_that_panics_keeps_no_connection(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"FlightStart", "FlightEnd", "SessionEnd", "Acquired", "Released", "PoolEvent"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			f := &faulty{}
			b := newBench(t)
			eng := open(t, retort.Config{Base: library, URL: b.URL(), PoolSize: 2, Observer: f})
			unit := func(fail bool) (panicked bool, err error) {
				defer func() { panicked = recover() != nil }()
				_, err = retort.Run(t.Context(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
					_, err := s.Exec(ctx, "INSERT INTO counters VALUES ('a', 1) ON CONFLICT DO NOTHING")
					if fail {
						return 0, context.Canceled
					}
					return 0, err
				})
				return false, err
			}
			f.at.Store(method)
			for i := range 6 {
				if panicked, err := unit(i%2 == 0); !panicked && method != "PoolEvent" {
					t.Errorf("no panic: %v", err)
				}
			}
			f.at.Store("")
			waitFor(t, "all connections are back", func() bool { return eng.Stats().InUse == 0 })
			if _, err := unit(false); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}
