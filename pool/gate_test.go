package pool_test

import (
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/pool"
)

// attempts are the moments at which opens began.
func (s *server) attemptsAt() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]time.Time(nil), s.began...)
}

func TestOutage(t *testing.T) {
	t.Parallel()

	// The scoreboard's line 9 in virtual time.
	bubble(t, "has one prober however many wait", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size, cfg.Overflow, cfg.Timeout, cfg.Patience = 5, 10, time.Minute, time.Minute
		p := open(t, cfg)
		releaseAll(acquireN(t, p, 15))
		srv.killAll()
		srv.set(func(s *server) { s.refuse, s.latency = errRefused, time.Millisecond })
		warm := srv.tried()
		var waiting []*call
		for range 100 {
			waiting = append(waiting, begin(t.Context(), p))
			if got := now(p); got.Opening > 1 {
				t.Fatalf("%d opens at once in an outage", got.Opening)
			}
		}
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if n := srv.tried() - warm; n > 40 || n < 20 {
			t.Errorf("%d attempts in 10 s, want 20 to 40", n)
		}
		srv.set(func(s *server) { s.refuse = nil })
		time.Sleep(time.Second)
		served := 0
		for len(waiting) > 0 {
			synctest.Wait()
			var rest []*call
			for _, c := range waiting {
				if r := c.ended.Load(); r == nil {
					rest = append(rest, c)
				} else if r.err != nil {
					t.Fatalf("a caller got %v", r.err)
				} else {
					served++
					r.lease.Release()
				}
			}
			if len(rest) == len(waiting) {
				t.Fatalf("%d wait on", len(rest))
			}
			waiting = rest
		}
		if served != 100 {
			t.Errorf("%d served", served)
		}
	})

	bubble(t, "lengthens its pauses to 100 ms, and after a second to 800 ms", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Timeout, cfg.Patience, cfg.Rand = time.Minute, time.Minute, rand.New(rand.NewPCG(1, 2))
		p := open(t, cfg)
		c := begin(t.Context(), p)
		time.Sleep(20 * time.Second)
		c.cancel()
		at := srv.attemptsAt()
		want, begun := 10*time.Millisecond, at[0]
		for i := 1; i < len(at); i++ {
			if pause := at[i].Sub(at[i-1]); pause < want/2 || pause > want {
				t.Fatalf("pause %d is %s, want %s to %s", i, pause, want/2, want)
			}
			longest := 800 * time.Millisecond
			if at[i].Sub(begun) < time.Second {
				longest = 100 * time.Millisecond
			}
			want = min(2*want, longest)
		}
		if want != 800*time.Millisecond {
			t.Errorf("the last pause was %s", want)
		}
	})

	bubble(t, "hurries for half a second when success is said to be near", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Timeout, cfg.Patience = time.Minute, time.Minute
		var starting atomic.Bool
		cfg.Soon = func(err error) bool { return starting.Load() && errors.Is(err, errRefused) }
		p := open(t, cfg)
		c := begin(t.Context(), p)
		time.Sleep(5 * time.Second)
		starting.Store(true)
		time.Sleep(5 * time.Second)
		c.cancel()
		at, short := srv.attemptsAt(), 0
		var first, last time.Time
		for i := 1; i < len(at); i++ {
			if at[i].Sub(at[0]) > 4*time.Second && at[i].Sub(at[i-1]) <= 20*time.Millisecond {
				if short++; short == 1 {
					first = at[i]
				}
				last = at[i]
			}
		}
		if took := last.Sub(first); short < 20 || took > 510*time.Millisecond {
			t.Errorf("%d attempts within 20 ms of each other, over %s", short, took)
		}
	})

	bubble(t, "draws its pauses", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Timeout, cfg.Patience = time.Minute, time.Minute
		p := open(t, cfg)
		c := begin(t.Context(), p)
		time.Sleep(20 * time.Second)
		c.cancel()
		at, pauses := srv.attemptsAt(), map[time.Duration]bool{}
		for i := len(at) - 10; i < len(at); i++ {
			pauses[at[i].Sub(at[i-1])] = true
		}
		if len(pauses) < 5 {
			t.Errorf("ten pauses have %d lengths", len(pauses))
		}
	})

	// Each success lets one more begin, so that a server that has just come back
	// is not met by all at once.
	bubble(t, "ends slowly", func(t *testing.T) {
		srv := &server{refuse: errRefused, latency: time.Millisecond}
		cfg := srv.config()
		cfg.Size, cfg.Timeout, cfg.Patience = 100, time.Minute, time.Minute
		p := open(t, cfg)
		var waiting []*call
		for range 64 {
			waiting = append(waiting, begin(t.Context(), p))
		}
		time.Sleep(5 * time.Second)
		srv.set(func(s *server) { s.refuse, s.latency = nil, 100*time.Millisecond })
		for now(p).Opening == 0 {
			time.Sleep(time.Millisecond)
		}
		var rounds []int
		for range 5 {
			synctest.Wait()
			rounds = append(rounds, now(p).Opening)
			time.Sleep(100 * time.Millisecond)
		}
		if diff := cmp.Diff([]int{1, 2, 4, 8, 16}, rounds); diff != "" {
			t.Errorf("opens at once, round by round (-want +got):\n%s", diff)
		}
		time.Sleep(time.Second)
		for _, c := range waiting {
			c.ended.Load().lease.Release()
		}
	})

	bubble(t, "is not begun by callers that come one after the other", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		p := open(t, srv.config())
		for range 3 {
			// S4: each gets the answer of an attempt of its own.
			c := begin(t.Context(), p)
			if err := c.err(t, 0); !errors.Is(err, errRefused) {
				t.Errorf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if n := srv.tried(); n != 3 {
			t.Errorf("%d attempts for 3 callers", n)
		}
	})

	bubble(t, "answers all that wait when nothing is lent", func(t *testing.T) {
		srv := &server{latency: time.Millisecond, refuse: errRefused}
		cfg := srv.config()
		cfg.Size = 2
		p := open(t, cfg)
		var waiting []*call
		for range 10 {
			waiting = append(waiting, begin(t.Context(), p))
		}
		time.Sleep(time.Millisecond)
		for _, c := range waiting {
			if err := c.err(t, time.Millisecond); !errors.Is(err, errRefused) {
				t.Errorf("got %v", err)
			}
		}
	})

	bubble(t, "leaves those alone that can be served by what is lent", func(t *testing.T) {
		srv := &server{}
		cfg := srv.config()
		cfg.Size = 2
		p := open(t, cfg)
		held := acquire(t, p)
		srv.set(func(s *server) { s.refuse = errRefused })
		doomed := begin(t.Context(), p)
		_ = doomed.err(t, 0)
		srv.set(func(s *server) { s.hang = true })
		first, second := begin(t.Context(), p), begin(t.Context(), p)
		held.Release()
		l := first.lease(t, 0)
		if l.Fresh() || second.done() {
			t.Error("not served by what came back")
		}
		l.Release()
		second.lease(t, 0).Release()
	})

	bubble(t, "is sat out for Patience", func(t *testing.T) {
		srv := &server{refuse: errRefused}
		cfg := srv.config()
		cfg.Size, cfg.Patience = 1, 2*time.Second
		p := open(t, cfg)
		patient := begin(t.Context(), p)
		time.Sleep(1500 * time.Millisecond)
		late := begin(t.Context(), p)
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		if r := patient.ended.Load(); r == nil || !errors.Is(r.err, errRefused) || r.took < cfg.Patience || r.took > 3*time.Second {
			t.Errorf("got %+v", r)
		}
		if late.done() {
			t.Fatalf("got %+v", late.ended.Load())
		}
		srv.set(func(s *server) { s.refuse = nil })
		time.Sleep(time.Second)
		if r := late.ended.Load(); r == nil || !r.lease.Release() {
			t.Errorf("got %+v", r)
		}
	})
}

func TestSlowStart(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(p *pool.Pool[*conn], srv *server, held []pool.Lease[*conn]){
		"after an invalidation": func(p *pool.Pool[*conn], _ *server, held []pool.Lease[*conn]) {
			releaseAll(held)
			p.Invalidate(errLost)
		},
		"after a lost lease": func(_ *pool.Pool[*conn], _ *server, held []pool.Lease[*conn]) {
			releaseAll(held[1:])
			held[0].Invalidate(errLost)
		},
		"after a dead idle one": func(_ *pool.Pool[*conn], srv *server, held []pool.Lease[*conn]) {
			releaseAll(held)
			srv.killAll()
		},
	} {
		bubble(t, name, func(t *testing.T) {
			srv := &server{}
			cfg := srv.config()
			cfg.Size = 8
			p := open(t, cfg)
			lose(p, srv, acquireN(t, p, 4))
			srv.set(func(s *server) { s.latency = 10 * time.Millisecond })
			var waiting []*call
			for i, want := range []int{1, 1, 1, 1, 1, 1} {
				waiting = append(waiting, begin(t.Context(), p))
				if got := now(p); got.Opening != want {
					t.Fatalf("%d opens for %d callers, want %d", got.Opening, i+1, want)
				}
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if got := now(p); got.InUse != 1 || got.Opening != 2 {
				t.Fatalf("have %+v", got)
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			if got := now(p); got.InUse != 3 || got.Opening < 3 || got.Opening > 4 {
				t.Fatalf("have %+v", got)
			}
			time.Sleep(10 * time.Millisecond)
			synctest.Wait()
			for _, c := range waiting {
				c.ended.Load().lease.Release()
			}
		})
	}

	bubble(t, "is not what a pool begins with", func(t *testing.T) {
		srv := &server{latency: time.Second}
		p := open(t, srv.config())
		var waiting []*call
		for range 15 {
			waiting = append(waiting, begin(t.Context(), p))
		}
		if got := now(p); got.Opening != 15 {
			t.Errorf("have %+v", got)
		}
		time.Sleep(time.Second)
		for _, c := range waiting {
			c.lease(t, time.Second).Release()
		}
	})

	// S25: one connect that hangs does not block the others.
	bubble(t, "passes by an open that hangs for a second", func(t *testing.T) {
		srv := &server{hang: true}
		p := open(t, srv.config())
		p.Invalidate(errLost)
		stuck := begin(t.Context(), p)
		srv.set(func(s *server) { s.hang = false })
		next := begin(t.Context(), p)
		if next.done() {
			t.Fatal("two opens at once")
		}
		time.Sleep(time.Second)
		// The first to come takes the first that opens.
		stuck.lease(t, time.Second).Release()
		next.lease(t, time.Second).Release()
	})
}
