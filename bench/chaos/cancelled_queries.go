package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
)

const (
	cancelWorkers   = 20
	cancelPool      = 10
	cancelAfter     = 40 * time.Millisecond
	victims         = 4  // callers that cancel nothing
	reconnectTarget = 20 // for each 1,000 cancelled
)

// CancelledQueries counts connections that were opened anew beyond 20 for each
// 1,000 queries whose context ended while they ran, and queries of others that
// were cancelled in their place.
//
// The control is bare pgxpool itself.
func CancelledQueries(ctx context.Context, env *Env, queries int) (Line, error) {
	line := Line{
		Number: 12, RedFrom: 1, Target: fmt.Sprintf("%d for each 1,000; 0", reconnectTarget),
		What:      fmt.Sprintf("reconnects beyond %d, and queries of others that were cancelled, by %d cancelled queries", max(1, queries*reconnectTarget/1000), queries),
		ControlIs: "bare pgxpool",
	}
	var err error
	if line.Retort, err = cancelQueries(ctx, env, queries, openRetortSleeper); err != nil {
		return line, err
	}
	line.Pgxpool, err = cancelQueries(ctx, env, queries, openPgxpoolSleeper)
	line.Control = Side{Bad: line.Pgxpool.Bad, Of: line.Pgxpool.Of}
	return line, err
}

// sleeper runs queries that take as long as they are told.
type sleeper struct {
	sleep func(ctx context.Context, seconds float64) error
	end   func()
}

func openRetortSleeper(_ context.Context, url string) (*sleeper, error) {
	eng, err := retort.Open(retort.Config{URL: url, PoolSize: cancelPool})
	if err != nil {
		return nil, err
	}
	return &sleeper{
		sleep: func(ctx context.Context, seconds float64) error {
			s := eng.Session()
			defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
			_, err := retort.SQL[string]("SELECT pg_sleep($1)::text", seconds).ReadOnly().One(ctx, s)
			return err
		},
		end: func() { closeEngine(eng) },
	}, nil
}

func openPgxpoolSleeper(ctx context.Context, url string) (*sleeper, error) {
	pool, err := newPool(ctx, url, cancelPool)
	if err != nil {
		return nil, err
	}
	return &sleeper{
		sleep: func(ctx context.Context, seconds float64) error {
			_, err := pool.Exec(ctx, "SELECT pg_sleep($1)", seconds)
			return err
		},
		end: pool.Close,
	}, nil
}

func cancelQueries(ctx context.Context, env *Env, queries int, open func(context.Context, string) (*sleeper, error)) (found Side, err error) {
	db, p, err := env.proxied(ctx, retort.NewBase())
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	s, err := open(ctx, p.URL())
	if err != nil {
		return found, err
	}
	defer s.end()
	if err := inParallel(cancelPool, cancelPool, func(int) error { return s.sleep(ctx, 0.1) }); err != nil {
		return found, err
	}
	p.Reset()

	var others sync.WaitGroup
	var mu sync.Mutex // guards foreign and asked
	foreign, asked, failed := 0, 0, 0
	stop := make(chan struct{})
	for range victims {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				err := s.sleep(ctx, 0.005)
				refused, ok := errors.AsType[*pgconn.PgError](err)
				mu.Lock()
				asked++
				switch {
				case ok && refused.Code == "57014":
					foreign++
				case err != nil:
					failed++
				}
				mu.Unlock()
			}
		})
	}
	err = inParallel(cancelWorkers, queries, func(i int) error {
		within, cancel := context.WithTimeout(ctx, cancelAfter)
		defer cancel()
		if s.sleep(within, 1) == nil {
			return errors.New("a query that sleeps for a second has ended before")
		}
		if i%500 == 499 {
			env.Say("12: %d of %d queries cancelled", i+1, queries)
		}
		return nil
	})
	close(stop)
	others.Wait()
	c := p.Counts()
	return Side{
		Bad: max(0, c.Connections-max(1, queries*reconnectTarget/1000)) + foreign, Of: queries, After: true,
		Note: fmt.Sprintf("%d connections opened anew, %d requests to cancel; of %d queries of others %d were cancelled and %d failed otherwise",
			c.Connections, c.Cancels, asked, foreign, failed),
	}, err
}
