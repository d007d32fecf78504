package pool_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

type whoKey struct{}

func as(t *testing.T, name string) context.Context {
	t.Helper()
	return context.WithValue(t.Context(), whoKey{}, name)
}

func who(ctx context.Context) string {
	name, _ := ctx.Value(whoKey{}).(string)
	return name
}

func TestHolders(t *testing.T) {
	t.Parallel()
	bubble(t, "are named with what they hold, most first", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Timeout, cfg.Who = 4, 2*time.Second, who
		p := open(t, cfg)
		if got := p.Stats().Holders; got != nil {
			t.Errorf("nothing is lent, and %v", got)
		}
		take := func(name string) pool.Lease[*conn] {
			l, err := p.Acquire(as(t, name))
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
			return l
		}
		idle := take("GET /idle")
		held := []pool.Lease[*conn]{take("GET /b"), take("GET /a"), take("GET /a")}
		idle.Release()
		held = append(held, take("")) // the one that was idle
		want := []pool.Holder{
			{Name: "GET /a", Count: 2, Longest: 3 * time.Second},
			{Name: "", Count: 1, Longest: time.Second},
			{Name: "GET /b", Count: 1, Longest: 4 * time.Second},
		}
		if diff := cmp.Diff(want, p.Stats().Holders); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		_, err := p.Acquire(t.Context())
		const text = "pool: QueuePool limit of size 4 overflow 0 reached, connection timed out, timeout 2.00 (in use 4, idle 0, opening 0, waiting 1)" +
			"; held by GET /a 2 (longest 5s), others 1 (longest 3s), GET /b 1 (longest 6s); see docs/errors.md#pool-timeout"
		if err == nil || err.Error() != text {
			t.Errorf("got  %v\nwant %s", err, text)
		}
		if timeout, ok := errors.AsType[*pool.TimeoutError](err); !ok || len(timeout.Holders) != 3 {
			t.Errorf("got %#v", err)
		}
		// A hand-off, a discard, a lost lease.
		next := begin(as(t, "GET /next"), p)
		held[0].Release()
		held[1].Discard(errLost)
		l := next.lease(t, 0)
		want = []pool.Holder{{Name: "", Count: 1, Longest: 3 * time.Second}, {Name: "GET /a", Count: 1, Longest: 4 * time.Second}, {Name: "GET /next", Count: 1}}
		if diff := cmp.Diff(want, p.Stats().Holders); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		releaseAll(append(held[2:], l))
		if got := p.Stats().Holders; got != nil {
			t.Errorf("all is back, and %v", got)
		}
	})

	t.Run("forget a lease that was lost", func(t *testing.T) {
		t.Parallel()
		srv := &server{}
		cfg := srv.config()
		cfg.Who = who
		p, err := pool.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Acquire(as(t, "GET /leak")); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); len(p.Stats().Holders) > 0; {
			if time.Now().After(deadline) {
				t.Fatalf("still %v", p.Stats().Holders)
			}
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})

	bubble(t, "survive a Who that panics", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Who = func(context.Context) string { panic("no") }
		p := open(t, cfg)
		l := acquire(t, p)
		if diff := cmp.Diff([]pool.Holder{{Count: 1}}, p.Stats().Holders); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		l.Release()
		if p.Stats().Panics != 1 {
			t.Error("the panic was not counted")
		}
	})
}

func TestHeldLimit(t *testing.T) {
	t.Parallel()
	bubble(t, "tells of a lease once, with the stack of its borrower", func(t *testing.T) {
		srv, rec := &server{}, &recorder{}
		cfg := srv.config()
		cfg.Size, cfg.HeldLimit, cfg.Who, cfg.OnEvent = 1, 10*time.Second, who, rec.record
		p := open(t, cfg)
		for range 3 { // in time, however often
			l := acquire(t, p)
			time.Sleep(9 * time.Second)
			l.Release()
			time.Sleep(9 * time.Second)
		}
		if got := rec.of(pool.EventHeld); len(got) != 0 {
			t.Fatalf("told of %+v", got)
		}
		l := borrowForLong(t, p)
		time.Sleep(time.Minute)
		synctest.Wait()
		got := rec.of(pool.EventHeld)
		if len(got) != 1 || got[0].Duration != 10*time.Second || got[0].Holder != "GET /long" ||
			!strings.Contains(got[0].Stack, "borrowForLong") || !strings.Contains(got[0].Stack, "holder_test.go:") || !strings.HasPrefix(got[0].Stack, "github.com/retort-go/retort/pool_test.borrowForLong") {
			t.Fatalf("told of %+v", got)
		}
		l.Release()
		// A hand-off is a loan of its own.
		l = acquire(t, p)
		waiter := begin(as(t, "GET /waiter"), p)
		time.Sleep(5 * time.Second)
		l.Release()
		next := waiter.lease(t, 5*time.Second)
		time.Sleep(9 * time.Second)
		if got := rec.of(pool.EventHeld); len(got) != 1 {
			t.Errorf("told of %+v", got)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := rec.of(pool.EventHeld); len(got) != 2 || got[1].Holder != "GET /waiter" || !strings.HasPrefix(got[1].Stack, "github.com/retort-go/retort/pool_test.begin") {
			t.Errorf("told of %+v", got)
		}
		next.Discard(errLost)
	})
}

// borrowForLong is found in the stack.
//
//go:noinline
func borrowForLong(t *testing.T, p *pool.Pool[*conn]) pool.Lease[*conn] {
	t.Helper()
	l, err := p.Acquire(as(t, "GET /long"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
