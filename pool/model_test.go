package pool_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/pool"
)

// TestModel drives a pool and a model of it, which is a few lists and no lock,
// through the same random histories, and compares them after every step.
func TestModel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		// Rapid asks a *testing.T for its deadline, which a bubble does not have.
		rapid.Check(struct{ *testing.T }{t}, func(rt *rapid.T) {
			m := newMachine(rt)
			defer m.end(rt)
			rt.Repeat(map[string]func(*rapid.T){
				"acquire":         m.acquire,
				"release":         m.release,
				"discard":         m.discard,
				"invalidateLease": m.invalidateLease,
				"invalidatePool":  m.invalidatePool,
				"openSucceeds":    m.openSucceeds,
				"openFails":       m.openFails,
				"cancel":          m.cancel,
				"kill":            m.kill,
				"wait":            m.wait,
				"":                m.compare,
			})
		})
	})
}

type ownerKey struct{}

// attempt is an open under way; the machine decides how it ends.
type attempt struct {
	outcome    chan *conn // nil refuses
	generation int
	round      int // failures before it began
}

// caller is one Acquire: of the pool in call, of the model in the rest.
type caller struct {
	*call
	id      int
	working bool
	got     *conn
	failed  bool
}

type machine struct {
	p     *pool.Pool[*conn]
	gates map[int]*attempt
	conns []*conn

	size, limit, total, generation, closed int
	born                                   map[*conn]int // generation
	fresh                                  map[*conn]bool
	idle                                   []*conn
	queue                                  []*caller
	callers                                []*caller
	opening                                []int // owners

	// What a gate does, but for the clock: time passes in wait only.
	window, rounds int
	paused         bool
	young          map[int]bool // of opening, those that began since the last wait
}

func newMachine(rt *rapid.T) *machine {
	size := rapid.IntRange(1, 3).Draw(rt, "size")
	overflow := rapid.IntRange(0, 2).Draw(rt, "overflow")
	m := &machine{size: size, limit: size + overflow, gates: map[int]*attempt{}, born: map[*conn]int{}, fresh: map[*conn]bool{}, young: map[int]bool{}}
	p, err := pool.New(pool.Config[*conn]{
		Size: size, Overflow: overflow, Timeout: 1000 * time.Hour,
		Open: func(ctx context.Context) (*conn, error) {
			select {
			case c := <-m.gates[ctx.Value(ownerKey{}).(int)].outcome:
				if c == nil {
					return nil, errRefused
				}
				return c, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		},
		Close: func(c *conn) { c.closes.Add(1) },
		Alive: func(c *conn) bool { return !c.dead.Load() },
	})
	if err != nil {
		rt.Fatal(err)
	}
	m.p = p
	return m
}

// The model: what the pool must do, said without concurrency.

func (m *machine) serve() {
	for {
		i := slices.IndexFunc(m.queue, func(c *caller) bool { return !c.working })
		if i < 0 || m.total == m.limit || m.window > 0 && (m.paused || len(m.young) >= m.window) {
			return
		}
		c := m.queue[i]
		m.young[c.id] = true
		m.gates[c.id].round = m.rounds
		c.working = true
		m.total++
		m.opening = append(m.opening, c.id)
		m.gates[c.id].generation = m.generation
	}
}

func (m *machine) drop(c *conn) {
	m.total--
	m.closed++
	delete(m.born, c)
}

func (m *machine) usable(c *conn) bool { return m.fresh[c] || !c.dead.Load() }

func (m *machine) put(c *conn) {
	switch {
	case m.born[c] != m.generation:
		m.drop(c)
	case len(m.queue) > 0:
		first := m.queue[0]
		m.queue = m.queue[1:]
		if m.usable(c) {
			m.lend(first, c)
			break
		}
		m.drop(c)
		m.queue = slices.Insert(m.queue, 0, first)
	case len(m.idle) >= m.size:
		m.drop(c)
	default:
		m.fresh[c] = false
		m.idle = append(m.idle, c)
	}
	m.serve()
}

func (m *machine) lend(to *caller, c *conn) {
	to.got = c
	m.fresh[c] = false
}

func (m *machine) suspect() { m.window = max(1, m.window) }

func (m *machine) forget() {
	m.generation++
	m.suspect()
	for _, c := range m.idle {
		m.drop(c)
	}
	m.idle = nil
}

// The actions: each does one thing to both.

func (m *machine) acquire(*rapid.T) {
	c := &caller{id: len(m.callers)}
	m.callers = append(m.callers, c)
	m.gates[c.id] = &attempt{outcome: make(chan *conn)}

	needy := slices.ContainsFunc(m.queue, func(c *caller) bool { return !c.working })
	for !needy && len(m.idle) > 0 && c.got == nil {
		top := m.idle[len(m.idle)-1]
		m.idle = m.idle[:len(m.idle)-1]
		if m.usable(top) {
			m.lend(c, top)
		} else {
			m.drop(top)
			m.suspect()
		}
	}
	if c.got == nil {
		m.queue = append(m.queue, c)
		m.serve()
	}
	c.call = begin(context.WithValue(context.Background(), ownerKey{}, c.id), m.p)
}

// borrower draws one of those who hold a resource.
func (m *machine) borrower(rt *rapid.T) *caller {
	var have []*caller
	for _, c := range m.callers {
		if c.got != nil {
			have = append(have, c)
		}
	}
	if len(have) == 0 {
		rt.Skip("nothing is lent")
	}
	return rapid.SampledFrom(have).Draw(rt, "borrower")
}

// taken ends the loan of c in the model.
func (c *caller) taken() *conn {
	r := c.got
	c.got = nil
	return r
}

func (m *machine) release(rt *rapid.T) {
	c := m.borrower(rt)
	m.put(c.taken())
	c.ended.Load().lease.Release()
}

func (m *machine) discard(rt *rapid.T) {
	c := m.borrower(rt)
	m.drop(c.taken())
	m.serve()
	c.ended.Load().lease.Discard(errLost)
}

func (m *machine) invalidateLease(rt *rapid.T) {
	c := m.borrower(rt)
	r := c.taken()
	if m.born[r] == m.generation {
		m.forget()
	}
	m.drop(r)
	m.serve()
	c.ended.Load().lease.Invalidate(errLost)
}

func (m *machine) invalidatePool(*rapid.T) {
	m.forget()
	m.serve()
	m.p.Invalidate(errLost)
}

// opener draws one of those whose open is under way, and ends it in the model.
func (m *machine) opener(rt *rapid.T) *caller {
	if len(m.opening) == 0 {
		rt.Skip("nothing is being opened")
	}
	i := rapid.IntRange(0, len(m.opening)-1).Draw(rt, "opener")
	c := m.callers[m.opening[i]]
	m.opening = slices.Delete(m.opening, i, i+1)
	delete(m.young, c.id)
	c.working = false
	return c
}

func (m *machine) openSucceeds(rt *rapid.T) {
	c := m.opener(rt)
	gate := m.gates[c.id]
	r := &conn{id: int64(len(m.conns))}
	m.conns = append(m.conns, r)
	m.born[r], m.fresh[r] = gate.generation, true
	m.paused = false
	if m.window > 0 {
		if m.window++; m.window >= m.limit {
			m.window = 0
		}
	}
	m.put(r)
	gate.outcome <- r
}

func (m *machine) openFails(rt *rapid.T) {
	c := m.opener(rt)
	m.total--
	if m.gates[c.id].round == m.rounds {
		m.rounds++
		m.window, m.paused = 1, true
	}
	m.queue = slices.DeleteFunc(m.queue, func(q *caller) bool {
		gone := q == c || m.total == 0 && !q.working
		q.failed = q.failed || gone
		return gone
	})
	m.serve()
	m.gates[c.id].outcome <- nil
}

func (m *machine) cancel(rt *rapid.T) {
	if len(m.queue) == 0 {
		rt.Skip("nobody waits")
	}
	i := rapid.IntRange(0, len(m.queue)-1).Draw(rt, "leaving")
	c := m.queue[i]
	m.queue = slices.Delete(m.queue, i, i+1)
	c.failed = true
	c.call.cancel()
}

func (m *machine) kill(rt *rapid.T) {
	open := slices.SortedFunc(maps.Keys(m.born), func(a, b *conn) int { return int(a.id - b.id) })
	if len(open) == 0 {
		rt.Skip("nothing is open")
	}
	rapid.SampledFrom(open).Draw(rt, "victim").dead.Store(true)
}

// wait lets every pause end, and every open under way count as one that hangs.
func (m *machine) wait(*rapid.T) {
	m.paused = false
	clear(m.young)
	window := m.window
	m.window = 0 // each second one more may begin
	m.serve()
	m.window = window
	clear(m.young)
	time.Sleep(time.Minute)
}

// compare checks that the pool is where the model is.
func (m *machine) compare(rt *rapid.T) {
	synctest.Wait()
	needy := 0
	for _, c := range m.queue {
		if !c.working {
			needy++
		}
	}
	want := gauges{
		Idle:     len(m.idle),
		InUse:    m.total - len(m.idle) - len(m.opening),
		Opening:  len(m.opening),
		Overflow: max(0, m.total-m.size),
		Waiting:  needy,
	}
	if diff := cmp.Diff(want, now(m.p)); diff != "" {
		rt.Fatalf("gauges (-want +got):\n%s", diff)
	}
	if n := m.p.Stats().Closed.Total(); n != int64(m.closed) {
		rt.Fatalf("closed %d, want %d", n, m.closed)
	}
	for _, c := range m.callers {
		if got, want := c.outcome(), c.expected(m); got != want {
			rt.Fatalf("caller %d: %s, want %s", c.id, got, want)
		}
	}
}

func (c *caller) outcome() string {
	switch r := c.ended.Load(); {
	case r == nil:
		return "waits"
	case errors.Is(r.err, errRefused), errors.Is(r.err, context.Canceled):
		return "failed"
	case r.err != nil:
		return r.err.Error()
	case r.lease.Resource() == nil:
		return "done"
	default:
		return fmt.Sprintf("has %d", r.lease.Resource().id)
	}
}

func (c *caller) expected(m *machine) string {
	switch {
	case slices.Contains(m.queue, c):
		return "waits"
	case c.failed:
		return "failed"
	case c.got == nil:
		return "done"
	default:
		return fmt.Sprintf("has %d", c.got.id)
	}
}

// end returns everything and checks that each resource was closed exactly once.
func (m *machine) end(rt *rapid.T) {
	for _, c := range m.callers {
		c.call.cancel()
		synctest.Wait()
		if r := c.ended.Load(); r != nil && r.err == nil {
			r.lease.Release()
		}
	}
	if err := m.p.Close(context.Background()); err != nil {
		rt.Errorf("Close: %v", err)
	}
	synctest.Wait()
	for _, c := range m.conns {
		if n := c.closes.Load(); n != 1 {
			rt.Errorf("resource %d was closed %d times", c.id, n)
		}
	}
}
