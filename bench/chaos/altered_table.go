package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

// Note has a column whose type is changed under load.
type Note struct {
	retort.BigintKey
	Body string
	N    int64
}

// alterSQL are changes that the same program lives with.
func alterSQL() []string {
	return []string{
		"ALTER TABLE notes ALTER COLUMN body TYPE varchar(200)",
		"ALTER TABLE notes ADD COLUMN more int",
		"ALTER TABLE notes ALTER COLUMN body TYPE text",
		"ALTER TABLE notes DROP COLUMN more",
	}
}

// AlteredTable counts requests that failed while a table was altered under ten
// warm connections with prepared statements: reads by key, the user's own SQL and
// changes of what was read, all repeatable.
//
// The control is bare pgxpool itself.
func AlteredTable(ctx context.Context, env *Env, changes int) (Line, error) {
	line := Line{
		Number: 13, RedFrom: 1, What: fmt.Sprintf("requests failed by %d times ALTER TABLE under %d warm connections", changes, idleConnections),
		ControlIs: "bare pgxpool",
	}
	var err error
	if line.Retort, err = alter(ctx, env, changes, openRetortNotes); err != nil {
		return line, err
	}
	line.Pgxpool, err = alter(ctx, env, changes, openPgxpoolNotes)
	line.Control = Side{Bad: line.Pgxpool.Bad, Of: line.Pgxpool.Of}
	return line, err
}

func notesBase() (*retort.Table[Note], *retort.Base) {
	table := retort.NewTable[Note]("notes")
	return table, retort.NewBase(table)
}

func alter(ctx context.Context, env *Env, changes int, open func(context.Context, string) (*user, error)) (found Side, err error) {
	_, base := notesBase()
	db, err := env.database(ctx, base, "INSERT INTO notes (body, n) SELECT 'x', 0 FROM generate_series(1, 20)")
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	u, err := open(ctx, db.url)
	if err != nil {
		return found, err
	}
	defer u.end()
	var (
		requests, failures atomic.Int64
		mu                 sync.Mutex // guards first
		first              error
		load               sync.WaitGroup
		stop               = make(chan struct{})
	)
	for worker := range idleConnections {
		draw := env.rand(13, worker)
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				kind, id := draw.IntN(len(u.requests)), 1+draw.Int64N(20)
				requests.Add(1)
				if err := u.requests[kind](ctx, id); err != nil {
					failures.Add(1)
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
				}
			}
		})
	}
	for i := range changes {
		before := requests.Load()
		ok, waited := eventually(ctx, outageTime, func() (bool, error) { return requests.Load() >= before+20*idleConnections, nil })
		if err = waited; err == nil && !ok {
			err = errors.New("the requests do not get through")
		}
		if err == nil {
			_, err = db.watch.Exec(ctx, alterSQL()[i%len(alterSQL())])
		}
		if err != nil {
			break
		}
	}
	if err == nil { // those that meet the last change
		err = pause(ctx, readyWithin)
	}
	close(stop)
	load.Wait()
	found = Side{Bad: int(failures.Load()), Of: int(requests.Load())}
	if first != nil {
		found.Note = "the first: " + first.Error()
	}
	env.Say("13: %s", found)
	return found, err
}

func openRetortNotes(_ context.Context, url string) (*user, error) {
	notes, base := notesBase()
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
		requests: []func(context.Context, int64) error{
			run(func(ctx context.Context, s *retort.Session, id int64) error {
				_, err := notes.Get(ctx, s, id)
				return err
			}),
			run(func(ctx context.Context, s *retort.Session, id int64) error {
				_, err := retort.SQL[string]("SELECT body FROM notes WHERE id = $1", id).ReadOnly().One(ctx, s)
				return err
			}),
			run(func(ctx context.Context, s *retort.Session, id int64) error {
				note, err := notes.Where(retort.Eq(&notes.C.ID, id)).ForUpdate().One(ctx, s)
				if err == nil {
					note.N++
				}
				return err
			}),
		},
		end: func() { closeEngine(eng) },
	}, nil
}

func openPgxpoolNotes(ctx context.Context, url string) (*user, error) {
	pool, err := newPool(ctx, url, idleConnections)
	if err != nil {
		return nil, err
	}
	return &user{requests: pgxpoolNotes(pool), end: pool.Close}, nil
}

func pgxpoolNotes(pool *pgxpool.Pool) []func(context.Context, int64) error {
	return []func(context.Context, int64) error{
		func(ctx context.Context, id int64) error {
			var body string
			return pool.QueryRow(ctx, "SELECT body FROM notes WHERE id = $1", id).Scan(&body)
		},
		func(ctx context.Context, id int64) error {
			var n int64
			var body string
			return pool.QueryRow(ctx, "SELECT n, body FROM notes WHERE id = $1", id).Scan(&n, &body)
		},
		func(ctx context.Context, id int64) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				var body string
				if err := tx.QueryRow(ctx, "SELECT body FROM notes WHERE id = $1 FOR UPDATE", id).Scan(&body); err != nil {
					return err
				}
				_, err := tx.Exec(ctx, "UPDATE notes SET n = n + 1 WHERE id = $1", id)
				return err
			})
		},
	}
}
