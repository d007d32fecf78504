package chaos

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// host is a service with a pool of its own.
type host struct {
	routes http.Handler
	owned  func() (open, inUse int)                          // connections, as the pool says
	borrow func(ctx context.Context) (letGo func(), e error) // one of them
	healed func() int64                                      // connections that only the garbage collector gave back; nil without
	points func() (waiting, working int64)                   // requests given up at the pool's queue, connections closed
	end    func()

	patience time.Duration // until it must be clean
	forget   func()        // lets go what the control has leaked; nil elsewhere
}

// routes are the same at each host, with those that hold a lock or a connection
// for long in the minority: else all would leave in the pool's queue.
func routes() []string {
	return []string{"/read", "/read", "/write", "/write", "/change", "/change", "/slow", "/hot", "/think", "/deaf"}
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
	route("/think", func(ctx context.Context, s *retort.Session) error {
		if err := exec(quickSQL)(ctx, s); err != nil {
			return err
		}
		return pause(ctx, thinkTime)
	})
	route("/deaf", func(ctx context.Context, s *retort.Session) error {
		if err := exec(quickSQL)(ctx, s); err != nil {
			return err
		}
		time.Sleep(thinkTime)
		return nil
	})
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
		healed:   func() int64 { return eng.Stats().Closed.Abandoned },
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
	route("/slow", func(ctx context.Context) error { return inTx(ctx, pool, nil, slowSQL) })
	route("/hot", func(ctx context.Context) error { return inTx(ctx, pool, nil, hotSQL, slowSQL) })
	route("/think", func(ctx context.Context) error {
		return inTx(ctx, pool, func() error { return pause(ctx, thinkTime) }, quickSQL)
	})
	route("/deaf", func(ctx context.Context) error {
		return inTx(ctx, pool, func() error { time.Sleep(thinkTime); return nil }, quickSQL)
	})
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

// inTx runs sql, and then do unless it is nil.
func inTx(ctx context.Context, pool *pgxpool.Pool, do func() error, sql ...string) error {
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
	if do != nil {
		if err := do(); err != nil {
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
