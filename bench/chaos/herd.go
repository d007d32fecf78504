package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

const (
	attemptsTarget = 40 // in herdTime
	herdTime       = 10 * time.Second
	herdWaiters    = 100
	herdSize       = 5
	herdOverflow   = 10
)

type openHerd func(ctx context.Context, url string, tried *connects) (*caller, error)

// Herd counts attempts to connect beyond 40 while a database is away for 10 s and
// 100 callers want it, and connections beyond the pool's limit, from before the
// outage to after it.
//
// The control is bare pgxpool itself.
func Herd(ctx context.Context, env *Env, rounds int) (Line, error) {
	line := Line{
		Number: 9, RedFrom: 1, Target: fmt.Sprintf("%d attempts; limit %d", attemptsTarget, herdSize+herdOverflow),
		What: fmt.Sprintf("attempts to connect beyond %d in an outage of %s with %d waiters, and connections over the limit, ever; the worst of %d",
			attemptsTarget, herdTime, herdWaiters, rounds),
		ControlIs: "bare pgxpool",
	}
	var err error
	if line.Retort, err = herd(ctx, env, rounds, openRetortHerd); err != nil {
		return line, err
	}
	line.Pgxpool, err = herd(ctx, env, 1, openPgxpoolHerd)
	line.Control = Side{Bad: line.Pgxpool.Bad, Of: line.Pgxpool.Of}
	return line, err
}

func herd(ctx context.Context, env *Env, rounds int, open openHerd) (found Side, err error) {
	db, err := env.database(ctx, retort.NewBase())
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	for range rounds {
		one, err := herdOnce(ctx, env, db, open)
		if err != nil {
			return found, err
		}
		if found.Note == "" || one.Bad > found.Bad {
			found = one
		}
		env.Say("9: %s", one)
	}
	return found, nil
}

func herdOnce(ctx context.Context, env *Env, db *database, open openHerd) (found Side, err error) {
	p, err := env.Proxy(db.url)
	if err != nil {
		return found, err
	}
	defer p.Close()
	tried := &connects{}
	c, err := open(ctx, p.URL(), tried)
	if err != nil {
		return found, err
	}
	defer c.end()
	var waiters sync.WaitGroup
	stop := make(chan struct{})
	for range herdWaiters {
		waiters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				within, cancel := context.WithTimeout(ctx, 30*time.Second)
				if c.ask(within) != nil {
					_ = pause(ctx, time.Millisecond)
				}
				cancel()
			}
		})
	}
	err = pause(ctx, time.Second)
	p.RefuseConnections(true)
	before := tried.n.Load()
	p.ResetConnections()
	err = errors.Join(err, pause(ctx, herdTime))
	attempts := int(tried.n.Load() - before)
	p.RefuseConnections(false)
	took, failed := firstSuccess(ctx, c.ask)
	err = errors.Join(err, failed, pause(ctx, time.Second))
	close(stop)
	waiters.Wait()
	peak := p.Counts().Peak
	over := max(0, peak-herdSize-herdOverflow)
	return Side{
		Bad: max(0, attempts-attemptsTarget) + over, Of: attempts, After: true,
		Note: fmt.Sprintf("%d attempts; %d connections at most; first success after %s", attempts, peak, took.Round(time.Millisecond)),
	}, err
}

func openRetortOutage(ctx context.Context, url string, _ *waits) (*caller, error) {
	return openRetortHerd(ctx, url, &connects{})
}

func openPgxpoolOutage(ctx context.Context, url string, _ *waits) (*caller, error) {
	return openPgxpoolHerd(ctx, url, &connects{})
}

// connects counts attempts to connect. It is a tracer for pgx.
type connects struct{ n atomic.Int64 }

// TraceConnectStart counts.
func (c *connects) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	c.n.Add(1)
	return ctx
}

// TraceConnectEnd has nothing to add.
func (c *connects) TraceConnectEnd(context.Context, pgx.TraceConnectEndData) {}

// TraceQueryStart has nothing to add.
func (c *connects) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd has nothing to add.
func (c *connects) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func openRetortHerd(_ context.Context, url string, tried *connects) (*caller, error) {
	eng, err := retort.Open(retort.Config{URL: url, PoolSize: herdSize, MaxOverflow: herdOverflow, PgxTracer: tried})
	if err != nil {
		return nil, err
	}
	return &caller{
		ask: func(ctx context.Context) error {
			s := eng.Session()
			defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
			_, err := retort.SQL[int32]("SELECT 1").ReadOnly().One(ctx, s)
			return err
		},
		end: func() { closeEngine(eng) },
	}, nil
}

func openPgxpoolHerd(ctx context.Context, url string, tried *connects) (*caller, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns, cfg.ConnConfig.Tracer = herdSize+herdOverflow, tried
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return &caller{
		ask: func(ctx context.Context) error {
			var n int32
			return pool.QueryRow(ctx, "SELECT 1").Scan(&n)
		},
		end: pool.Close,
	}, nil
}
