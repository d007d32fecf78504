package pool_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/retort-go/retort/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	errRefused = errors.New("connection refused")
	errLost    = errors.New("server closed the connection")
)

// firstPause is the longest that the first pause of an outage can be.
const firstPause = 10 * time.Millisecond

// conn is what the pools under test lend.
type conn struct {
	id     int64
	dead   atomic.Bool // Alive says no
	silent atomic.Bool // Ping fails, Alive does not know
	dirty  atomic.Bool // NeedsReset says yes
	resets atomic.Int64
	closes atomic.Int64
	users  atomic.Int64 // more than one at once is the worst that a pool can do
}

// server opens conns, and can be told how.
type server struct {
	mu       sync.Mutex
	conns    []*conn
	attempts int
	refuse   error
	latency  time.Duration
	hang     bool // Open blocks until its context ends
	began    []time.Time

	pings  atomic.Int64
	closed chan struct{} // Close blocks until this is closed; nil is never
}

func (s *server) open(ctx context.Context) (*conn, error) {
	s.mu.Lock()
	s.attempts++
	s.began = append(s.began, time.Now())
	refuse, latency, hang := s.refuse, s.latency, s.hang
	s.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if latency > 0 {
		select {
		case <-time.After(latency):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if refuse != nil {
		return nil, refuse
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &conn{id: int64(len(s.conns))}
	s.conns = append(s.conns, c)
	return c, nil
}

func (s *server) close(c *conn) {
	c.closes.Add(1)
	if s.closed != nil {
		<-s.closed
	}
}

func (s *server) ping(_ context.Context, c *conn) error {
	s.pings.Add(1)
	if c.dead.Load() || c.silent.Load() {
		return errLost
	}
	return nil
}

func (s *server) set(change func(*server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *server) tried() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// closes returns how often each conn was closed, by id.
func (s *server) closes() []int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n []int64
	for _, c := range s.conns {
		n = append(n, c.closes.Load())
	}
	return n
}

func (s *server) killAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.dead.Store(true)
	}
}

// config is a Config that lends the server's conns.
func (s *server) config() pool.Config[*conn] {
	return pool.Config[*conn]{
		Open:  s.open,
		Close: s.close,
		Alive: func(c *conn) bool { return !c.dead.Load() },
	}
}

// recorder collects events.
type recorder struct {
	mu     sync.Mutex
	events []pool.Event
}

func (r *recorder) record(e pool.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) of(kind pool.EventKind) []pool.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.events), func(e pool.Event) bool { return e.Kind != kind })
}

// bubble runs a test in virtual time.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// open makes a pool that is closed, and must then be empty, when the test ends.
func open(t *testing.T, cfg pool.Config[*conn]) *pool.Pool[*conn] {
	t.Helper()
	p, err := pool.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		if err := p.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		s := p.Stats()
		if left := s.Idle + s.InUse + s.Opening + s.Closing + s.Waiting; left != 0 || s.Opened != s.Closed.Total() {
			t.Errorf("after Close: %#v", s)
		}
	})
	return p
}

func acquire(t *testing.T, p *pool.Pool[*conn]) pool.Lease[*conn] {
	t.Helper()
	lease, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatalf("Acquire: %v", err)
	}
	return lease
}

// acquireN borrows n at once.
func acquireN(t *testing.T, p *pool.Pool[*conn], n int) []pool.Lease[*conn] {
	t.Helper()
	leases := make([]pool.Lease[*conn], 0, n)
	for range n {
		leases = append(leases, acquire(t, p))
	}
	return leases
}

func releaseAll(leases []pool.Lease[*conn]) {
	for _, l := range leases {
		l.Release()
	}
}

// call is an Acquire under way on a goroutine of its own.
type call struct {
	cancel context.CancelFunc
	ended  atomic.Pointer[result]
}

type result struct {
	lease pool.Lease[*conn]
	err   error
	took  time.Duration
}

// begin starts an Acquire and waits until it is served or blocked.
func begin(ctx context.Context, p *pool.Pool[*conn]) *call {
	ctx, cancel := context.WithCancel(ctx)
	c := &call{cancel: cancel}
	start := time.Now()
	go func() {
		lease, err := p.Acquire(ctx)
		c.ended.Store(&result{lease, err, time.Since(start)})
	}()
	synctest.Wait()
	return c
}

func (c *call) done() bool { return c.ended.Load() != nil }

// lease returns what the call must have got by now, after took.
func (c *call) lease(t *testing.T, took time.Duration) pool.Lease[*conn] {
	t.Helper()
	synctest.Wait()
	r := c.ended.Load()
	if r == nil {
		t.Fatal("still waiting")
	}
	if r.err != nil || r.took != took {
		t.Fatalf("got %v after %s, want a lease after %s", r.err, r.took, took)
	}
	return r.lease
}

// err returns the failure that the call must have come to by now, after took.
func (c *call) err(t *testing.T, took time.Duration) error {
	t.Helper()
	synctest.Wait()
	r := c.ended.Load()
	if r == nil {
		t.Fatal("still waiting")
	}
	if r.err == nil || r.took != took {
		t.Fatalf("got error %v after %s, want one after %s", r.err, r.took, took)
	}
	return r.err
}

// gauges is the part of Stats that says what there is now.
type gauges struct{ Idle, InUse, Opening, Overflow, Waiting int }

func now(p *pool.Pool[*conn]) gauges {
	s := p.Stats()
	return gauges{s.Idle, s.InUse, s.Opening, s.OverflowInUse, s.Waiting}
}
