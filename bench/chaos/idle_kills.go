package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
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

// idleConnections are killed together, and used by as many goroutines.
const idleConnections = 10

// itemsSQL makes the rows that requests read and change.
const itemsSQL = "INSERT INTO items (n) SELECT 0 FROM generate_series(1, 20)"

// IdleKills counts requests that failed because the idle connections that they
// were given had just been killed. A third each are reads, writes without a
// read, and changes of what was read; some come in the moment of the kill.
//
// The control is bare pgxpool itself.
func IdleKills(ctx context.Context, env *Env, kills int) (Line, error) {
	line := Line{
		Number: 5, RedFrom: 1, What: fmt.Sprintf("requests failed by %d kills of idle connections, reused at once", kills),
		ControlIs: "bare pgxpool",
	}
	var err error
	if line.Retort, err = killIdle(ctx, env, kills, openRetortUser); err != nil {
		return line, err
	}
	line.Pgxpool, err = killIdle(ctx, env, kills, openPgxpoolUser)
	line.Control = line.Pgxpool
	return line, err
}

// user makes requests of the three kinds.
type user struct {
	hold     func(ctx context.Context) (letGo func(), err error) // borrows one connection
	requests []func(ctx context.Context, id int64) error
	end      func()
}

func itemsBase() (*retort.Table[Item], *retort.Base) {
	items := retort.NewTable[Item]("items")
	return items, retort.NewBase(items)
}

func openRetortUser(ctx context.Context, url string) (*user, error) {
	items, base := itemsBase()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: idleConnections})
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
		end: func() { _ = eng.Close(context.WithoutCancel(ctx)) },
	}, nil
}

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

// killIdle kills ten at a time.
func killIdle(ctx context.Context, env *Env, kills int, open func(context.Context, string) (*user, error)) (found Side, err error) {
	_, base := itemsBase()
	db, err := env.database(ctx, base, itemsSQL)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	u, err := open(ctx, db.url)
	if err != nil {
		return found, err
	}
	defer u.end()
	draw := env.rand(5, 0)
	killed := 0
	var first error
	for killed < kills {
		if n := borrowAll(ctx, idleConnections, u.hold); n != idleConnections {
			return found, fmt.Errorf("%d connections before a kill, want %d", n, idleConnections)
		}
		n, failed, err := u.round(ctx, db, draw)
		if err != nil {
			return found, err
		}
		if n == 0 {
			return found, errors.New("nothing was killed")
		}
		killed += n
		found.Of += 2 * idleConnections
		found.Bad += len(failed)
		if first == nil && len(failed) > 0 {
			first = failed[0]
		}
		env.Say("5: %d of %d connections killed, %d requests failed", killed, kills, found.Bad)
	}
	found.Note = fmt.Sprintf("%d killed", killed)
	if first != nil {
		found.Note = notes(found.Note, "the first: "+first.Error())
	}
	return found, nil
}

// round kills all idle connections and makes requests behind it or, every other
// time, beside it.
func (u *user) round(ctx context.Context, db *database, draw *rand.Rand) (killed int, failed []error, err error) {
	type request struct {
		kind int
		id   int64
		lag  time.Duration
	}
	plan := make([]request, 2*idleConnections)
	beside := draw.IntN(2) == 0
	for i := range plan {
		plan[i] = request{draw.IntN(len(u.requests)), 1 + draw.Int64N(20), 0}
		if beside {
			plan[i].lag = time.Duration(draw.IntN(2000)) * time.Microsecond
		}
	}
	var (
		mu    sync.Mutex // guards failed
		begin = make(chan struct{})
		done  = make(chan error, 1)
	)
	go func() {
		done <- inParallel(idleConnections, len(plan), func(i int) error {
			<-begin
			time.Sleep(plan[i].lag)
			within, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			if err := u.requests[plan[i].kind](within, plan[i].id); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
			return nil
		})
	}()
	if beside {
		close(begin)
	}
	killed, err = db.count(ctx, "SELECT count(pg_terminate_backend(pid))"+others+" AND state = 'idle'")
	if !beside {
		close(begin)
	}
	return killed, failed, errors.Join(err, <-done)
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
