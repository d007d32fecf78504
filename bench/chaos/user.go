package chaos

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

// Item is read and changed.
type Item struct {
	retort.BigintKey
	N int64
}

// itemsSQL makes the rows that requests read and change.
const itemsSQL = "INSERT INTO items (n) SELECT 0 FROM generate_series(1, 20)"

// user makes requests of the three kinds.
type user struct {
	hold     func(ctx context.Context) (letGo func(), err error) // borrows one connection
	requests []func(ctx context.Context, id int64) error
	end      func()
	note     func() string // what else was seen; nil for nothing
}

func itemsBase() (*retort.Table[Item], *retort.Base) {
	items := retort.NewTable[Item]("items")
	return items, retort.NewBase(items)
}

func openRetortUser(ctx context.Context, url string) (*user, error) {
	items, base := itemsBase()
	again := &resends{}
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: idleConnections, Observer: again})
	if err != nil {
		return nil, err
	}
	run := func(do func(ctx context.Context, s *retort.Session, id int64) error) func(context.Context, int64) error {
		return func(ctx context.Context, id int64) error {
			_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
				return 0, do(ctx, s, id)
			})
			return err
		}
	}
	return &user{
		hold: func(ctx context.Context) (func(), error) { return holdSession(ctx, eng, items) },
		requests: []func(context.Context, int64) error{
			run(func(ctx context.Context, s *retort.Session, id int64) error {
				_, err := items.Get(ctx, s, id)
				return err
			}),
			run(func(_ context.Context, s *retort.Session, _ int64) error {
				s.Add(&Item{N: 1})
				return nil
			}),
			run(func(ctx context.Context, s *retort.Session, id int64) error {
				item, err := items.Get(ctx, s, id)
				if err == nil {
					item.N++
				}
				return err
			}),
		},
		end:  func() { _ = eng.Close(context.WithoutCancel(ctx)) },
		note: func() string { return fmt.Sprintf("%d flights sent again", again.n.Load()) },
	}, nil
}

// resends counts flights that met a dying connection.
type resends struct{ n atomic.Int64 }

// FlightStart looks at the attempt.
func (r *resends) FlightStart(ctx context.Context, f retort.FlightInfo) context.Context {
	if f.Attempt > 1 {
		r.n.Add(1)
	}
	return ctx
}

// FlightEnd has nothing to add.
func (r *resends) FlightEnd(context.Context, retort.FlightInfo) {}

// holdSession borrows a connection for as long as its transaction is open.
func holdSession(ctx context.Context, eng *retort.Engine, items *retort.Table[Item]) (func(), error) {
	s := eng.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead, ReadOnly: true})
	letGo := func() { _ = s.Close(context.WithoutCancel(ctx)) }
	if _, err := items.Get(ctx, s, int64(1)); err != nil {
		letGo()
		return nil, err
	}
	return letGo, nil
}

func openPgxpoolUser(ctx context.Context, url string) (*user, error) {
	pool, err := newPool(ctx, url, idleConnections)
	if err != nil {
		return nil, err
	}
	return &user{
		hold: func(ctx context.Context) (func(), error) {
			conn, err := pool.Acquire(ctx)
			if err != nil {
				return nil, err
			}
			return conn.Release, nil
		},
		requests: pgxpoolRequests(pool),
		end:      pool.Close,
	}, nil
}

func pgxpoolRequests(pool *pgxpool.Pool) []func(context.Context, int64) error {
	const read = "SELECT n FROM items WHERE id = $1"
	return []func(context.Context, int64) error{
		func(ctx context.Context, id int64) error {
			var n int64
			return pool.QueryRow(ctx, read, id).Scan(&n)
		},
		func(ctx context.Context, _ int64) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO items (n) VALUES (1)")
				return err
			})
		},
		func(ctx context.Context, id int64) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				var n int64
				if err := tx.QueryRow(ctx, read, id).Scan(&n); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "UPDATE items SET n = $2 WHERE id = $1", id, n+1)
				return err
			})
		},
	}
}

// borrowAll tells how many of n connections can be borrowed at once, and gives
// them back.
func borrowAll(ctx context.Context, n int, borrow func(context.Context) (func(), error)) int {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	var mu sync.Mutex // guards back
	var back []func()
	_ = inParallel(n, n, func(int) error {
		letGo, err := borrow(ctx)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			back = append(back, letGo)
		}
		return nil
	})
	for _, letGo := range back {
		letGo()
	}
	return len(back)
}
