package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

const (
	clients     = 16 // leave at random points
	capacity    = 8  // connections that a pool may open
	leakers     = 3  // requests of the control
	slowSQL     = "SELECT pg_sleep(0.005)"
	hotSQL      = "UPDATE items SET n = n + 1 WHERE id = 1" // everybody waits for everybody
	shortestOut = 20 * time.Microsecond
)

// Cancelled counts what is left over after requests whose clients left at random
// points: goroutines, connections that no pool owns, locks, transactions left
// open, and places missing from the pool. It must run alone in its process.
//
// The control's handler begins a session of its own and a goroutine, and forgets
// both; each of the five numbers must show it.
func Cancelled(ctx context.Context, env *Env, requests int) (Line, error) {
	line := Line{
		Number: 11, RedFrom: 1, What: fmt.Sprintf("left over after %d requests cancelled at random points", requests),
		ControlIs: fmt.Sprintf("Retort, %d requests to a handler that forgets its session and a goroutine", leakers),
	}
	left, note, err := leave(ctx, env, requests, openRetortHost)
	if err != nil {
		return line, err
	}
	line.Retort = left.side(requests, note)
	left, note, err = leave(ctx, env, requests, openPgxpoolHost)
	if err != nil {
		return line, err
	}
	line.Pgxpool = left.side(requests, note)
	left, note, err = leave(ctx, env, 0, openLeakingHost)
	if err != nil {
		return line, err
	}
	line.Control = left.side(leakers, note)
	for name, n := range left.all() {
		if n < 1 {
			line.Blind = append(line.Blind, fmt.Sprintf("%d %s left over", n, name))
		}
	}
	return line, nil
}

// host is a service with a pool of its own.
type host struct {
	routes http.Handler
	owned  func() (open, inUse int)                          // connections, as the pool says
	borrow func(ctx context.Context) (letGo func(), e error) // one of them
	points func() (waiting, working int64)                   // requests given up at the pool's queue, connections closed
	end    func()

	patience time.Duration // until it must be clean
	forget   func()        // lets go what the control has leaked; nil elsewhere
}

// routes are the same at each host, with those that hold a lock or a connection
// for long in the minority: else all would leave in the pool's queue.
func routes() []string {
	return []string{"/read", "/read", "/write", "/write", "/change", "/change", "/slow", "/hot"}
}

func openRetortHost(ctx context.Context, url string) (*host, error) {
	items, base := itemsBase()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: 4, MaxOverflow: capacity - 4})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	route := func(path string, do func(ctx context.Context, s *retort.Session) error) {
		mux.Handle("POST "+path, web.Handle(eng, func(ctx context.Context, s *retort.Session, _ *struct{}) (*struct{}, error) {
			return nil, do(ctx, s)
		}, web.Logger(quiet())))
	}
	exec := func(sql ...string) func(context.Context, *retort.Session) error {
		return func(ctx context.Context, s *retort.Session) error {
			for _, text := range sql {
				if _, err := s.Exec(ctx, text); err != nil {
					return err
				}
			}
			return nil
		}
	}
	route("/read", func(ctx context.Context, s *retort.Session) error {
		_, err := items.Get(ctx, s, 2+rand.Int64N(10))
		return err
	})
	route("/write", func(_ context.Context, s *retort.Session) error {
		s.Add(&Item{N: 1})
		return nil
	})
	route("/change", func(ctx context.Context, s *retort.Session) error {
		item, err := items.Get(ctx, s, 2+rand.Int64N(10))
		if err == nil {
			item.N++
		}
		return err
	})
	route("/slow", exec(slowSQL))
	route("/hot", exec(hotSQL, slowSQL))
	return engineHost(eng, items, mux), nil
}

// engineHost is a host whose connections are those of eng.
func engineHost(eng *retort.Engine, items *retort.Table[Item], routes http.Handler) *host {
	return &host{
		routes: routes,
		owned: func() (int, int) {
			stats := eng.Stats()
			return stats.Idle + stats.InUse, stats.InUse + stats.Opening + stats.Closing
		},
		borrow:   func(ctx context.Context) (func(), error) { return holdSession(ctx, eng, items) },
		points:   func() (int64, int64) { return eng.Stats().Canceled, eng.Stats().Closed.Discarded },
		end:      func() { closeEngine(eng) },
		patience: settleTime,
	}
}

func closeEngine(eng *retort.Engine) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = eng.Close(ctx) // what it could not close is counted
}

func openPgxpoolHost(ctx context.Context, url string) (*host, error) {
	pool, err := newPool(ctx, url, capacity)
	if err != nil {
		return nil, err
	}
	requests := pgxpoolRequests(pool)
	mux := http.NewServeMux()
	route := func(path string, do func(ctx context.Context) error) {
		mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
			if err := do(r.Context()); err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		})
	}
	for i, path := range []string{"/read", "/write", "/change"} {
		route(path, func(ctx context.Context) error { return requests[i](ctx, 2+rand.Int64N(10)) })
	}
	route("/slow", func(ctx context.Context) error { return inTx(ctx, pool, slowSQL) })
	route("/hot", func(ctx context.Context) error { return inTx(ctx, pool, hotSQL, slowSQL) })
	return &host{
		routes: mux,
		owned: func() (int, int) {
			stats := pool.Stat()
			return int(stats.TotalConns()), int(stats.AcquiredConns() + stats.ConstructingConns())
		},
		borrow: func(ctx context.Context) (func(), error) {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				return nil, err
			}
			return conn.Release, nil
		},
		points: func() (int64, int64) {
			stats := pool.Stat()
			return stats.CanceledAcquireCount(), stats.NewConnsCount() - int64(stats.TotalConns())
		},
		end:      pool.Close,
		patience: settleTime,
	}, nil
}

func inTx(ctx context.Context, pool *pgxpool.Pool, sql ...string) error {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }() // as pgx's own examples do
	for _, text := range sql {
		if _, err := tx.Exec(ctx, text); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// openLeakingHost has one handler, which leaks a goroutine, a session of its
// engine, and one of an engine that nobody knows: its connection is what the
// host's pool does not own.
func openLeakingHost(_ context.Context, url string) (*host, error) {
	items, base := itemsBase()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: capacity})
	if err != nil {
		return nil, err
	}
	hidden, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: capacity})
	if err != nil {
		return nil, err
	}
	var leaked []*retort.Session // by one request after the other
	never := make(chan struct{})
	h := engineHost(eng, items, web.Handle(eng, func(ctx context.Context, _ *retort.Session, _ *struct{}) (*struct{}, error) {
		go func() { <-never }()
		for _, from := range []*retort.Engine{eng, hidden} {
			s := from.Session()
			leaked = append(leaked, s)
			s.Add(&Item{N: 1})
			if err := s.Flush(ctx); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}, web.Logger(quiet())))
	h.patience = controlTime
	h.forget = func() {
		close(never)
		for _, s := range leaked {
			_ = s.Close(context.Background())
		}
		closeEngine(hidden)
	}
	return h, nil
}

// leave makes requests that are given up, or the control's, and measures.
func leave(ctx context.Context, env *Env, requests int, open func(context.Context, string) (*host, error)) (left leftovers, note string, err error) {
	_, base := itemsBase()
	db, err := env.database(ctx, base, itemsSQL)
	if err != nil {
		return left, "", err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	before := goroutines()
	h, err := open(ctx, db.url)
	if err != nil {
		return left, "", err
	}
	s, err := newSite(h.routes)
	if err != nil {
		h.end()
		return left, "", err
	}
	if h.forget != nil {
		for range leakers {
			if _, err := s.send(ctx, http.MethodPost, "/write", ""); err != nil {
				return left, "", errors.Join(err, s.close())
			}
		}
	} else {
		if note, err = s.walkOut(ctx, env, requests); err != nil {
			h.end()
			return left, "", errors.Join(err, s.close())
		}
		waiting, working := h.points()
		note = fmt.Sprintf("%d left waiting for a connection, %d while one worked for them; %s", waiting, working, note)
	}
	if left, err = db.leftovers(ctx, h); err != nil {
		return left, "", err
	}
	if err := s.close(); err != nil {
		return left, "", err
	}
	if h.forget != nil {
		left.goroutines = goroutinesBeyond(before, h.patience)
		h.forget()
		h.end()
		return left, note, nil
	}
	h.end()
	left.goroutines = goroutinesBeyond(before, h.patience)
	return left, note, nil
}

// walkOut makes requests until so many were given up by their clients.
func (s *site) walkOut(ctx context.Context, env *Env, requests int) (string, error) {
	var cancelled, answered atomic.Int64
	draws := make([]*rand.Rand, clients)
	for i := range draws {
		draws[i] = env.rand(11, i)
	}
	begun := time.Now()
	err := inParallel(clients, clients, func(client int) error {
		for cancelled.Load() < int64(requests) {
			if err := ctx.Err(); err != nil {
				return err
			}
			left, err := s.visit(ctx, draws[client])
			if err != nil {
				return err
			}
			if !left {
				answered.Add(1)
			} else if n := cancelled.Add(1); n%2000 == 0 {
				env.Say("11: %d of %d requests given up", n, requests)
			}
			if answered.Load() > 20*int64(requests)+1000 {
				return fmt.Errorf("only %d of %d requests were given up in time", cancelled.Load(), requests)
			}
		}
		return nil
	})
	return fmt.Sprintf("%d more were answered, in %.0f s", answered.Load(), time.Since(begun).Seconds()), err
}

// visit makes one request and leaves, mostly; one in ten leaves in the middle of
// its own request.
func (s *site) visit(ctx context.Context, draw *rand.Rand) (left bool, err error) {
	path := routes()[draw.IntN(len(routes()))]
	longest := []int{1_000, 6_000, 40_000}[draw.IntN(3)]
	after := shortestOut + time.Duration(draw.IntN(longest))*time.Microsecond
	if draw.IntN(10) == 0 {
		return true, s.hangUp(path, after)
	}
	within, cancel := context.WithTimeout(ctx, after)
	defer cancel()
	_, err = s.send(within, http.MethodPost, path, "")
	if err == nil {
		return false, nil
	}
	if within.Err() == nil && !errors.Is(err, context.DeadlineExceeded) { // a dial ends a little before its context
		return false, err
	}
	return true, nil
}

// hangUp closes the connection within the body that it has announced.
func (s *site) hangUp(path string, after time.Duration) error {
	conn, err := net.DialTimeout("tcp", s.addr, 10*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
	time.Sleep(after)
	return err
}
