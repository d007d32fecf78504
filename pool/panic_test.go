package pool_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort/pool"
)

// S30: nothing that a callback does loses a place. The pool has one.
func TestFailingCallbacks(t *testing.T) {
	t.Parallel()
	endings := map[string]func(){
		"panics":               func() { panic("boom") },
		"panics with an error": func() { panic(errLost) },
		"ends its goroutine":   runtime.Goexit,
	}
	callbacks := map[string]func(cfg *pool.Config[*conn], fail func()){
		"Open": func(cfg *pool.Config[*conn], fail func()) {
			open := cfg.Open
			cfg.Open = func(ctx context.Context) (*conn, error) { fail(); return open(ctx) }
		},
		"Close": func(cfg *pool.Config[*conn], fail func()) { cfg.Close = func(*conn) { fail() } },
		"Alive": func(cfg *pool.Config[*conn], fail func()) { cfg.Alive = func(*conn) bool { fail(); return true } },
		"Ping": func(cfg *pool.Config[*conn], fail func()) {
			cfg.Ping = func(context.Context, *conn) error { fail(); return nil }
		},
		"NeedsReset": func(cfg *pool.Config[*conn], fail func()) {
			cfg.NeedsReset = func(*conn) bool { fail(); return false }
		},
		"Reset": func(cfg *pool.Config[*conn], fail func()) {
			cfg.Reset = func(context.Context, *conn) error { fail(); return nil }
		},
		"OnEvent": func(cfg *pool.Config[*conn], fail func()) { cfg.OnEvent = func(pool.Event) { fail() } },
	}
	for name, install := range callbacks {
		for how, end := range endings {
			if name == "OnEvent" && how == "ends its goroutine" {
				continue // it ends whatever goroutine it is told on, which is documented
			}
			bubble(t, name+" "+how, func(t *testing.T) {
				var failing atomic.Bool
				srv := &server{}
				cfg := pinging(srv)
				cfg.Size, cfg.PingAfter = 1, time.Second
				cfg.NeedsReset = func(c *conn) bool { return true }
				cfg.Reset = func(context.Context, *conn) error { return nil }
				install(&cfg, func() {
					if failing.Load() {
						end()
					}
				})
				p := open(t, cfg)
				use := func() {
					l, err := p.Acquire(t.Context())
					if err == nil {
						l.Release()
					}
				}
				failing.Store(true)
				for range 3 {
					var one sync.WaitGroup
					one.Go(use) // it may be ended
					one.Wait()
					synctest.Wait()
					time.Sleep(time.Minute)
					one.Go(use)
					one.Wait()
					p.Invalidate(errLost)
					synctest.Wait()
				}
				if n := p.Stats().Panics; (n > 0) != strings.HasPrefix(how, "panics") {
					t.Errorf("%d panics counted", n)
				}
				failing.Store(false)
				acquire(t, p).Release()
			})
		}
	}

	bubble(t, "reach the caller as an error", func(t *testing.T) {
		rec := &recorder{}
		cfg := (&server{}).config()
		cfg.Open = func(context.Context) (*conn, error) { panic(errRefused) }
		cfg.OnEvent = rec.record
		p := open(t, cfg)
		_, err := p.Acquire(t.Context())
		failure, ok := errors.AsType[*pool.PanicError](err)
		if !ok || failure.Callback != "Open" || len(failure.Stack) == 0 || !errors.Is(err, errRefused) {
			t.Errorf("Acquire: %v", err)
		}
		const want = "pool: open failed: pool: Config.Open panicked: connection refused"
		if err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if n := len(rec.of(pool.EventPanicked)); n != 1 {
			t.Errorf("%d panics told, want 1", n)
		}
	})
}
