package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

const (
	holeTimeout  = 500 * time.Millisecond // a pool's promise
	holePatience = 2 * time.Second        // a caller's own limit
	holeOverrun  = 100 * time.Millisecond // what the promise may be exceeded by
	holeCallers  = 16
	holeSize     = 4
)

// BlackHole counts calls for a connection that took longer than the pool had
// promised, while a network swallows everything and closes nothing. Each round
// begins with warm connections and ends with a first success.
//
// pgxpool has no such promise: its PingTimeout and ConnectTimeout are set to what
// together is Retort's. The control is pgxpool as it comes.
func BlackHole(ctx context.Context, env *Env, rounds int) (Line, error) {
	line := Line{
		Number: 7, RedFrom: 1, Timed: true, Target: fmt.Sprintf("no overrun beyond %s", holeOverrun),
		What:      fmt.Sprintf("calls for a connection that overran their timeout of %s by more, in %d black holes", holeTimeout, rounds),
		ControlIs: "bare pgxpool, no timeouts set",
	}
	var err error
	if line.Retort, err = swallow(ctx, env, rounds, openRetortHole); err != nil {
		return line, err
	}
	if line.Pgxpool, err = swallow(ctx, env, rounds, openPgxpoolHole(true)); err != nil {
		return line, err
	}
	line.Control, err = swallow(ctx, env, 1, openPgxpoolHole(false))
	return line, err
}

// waits are how long calls for a connection took.
type waits struct {
	mu      sync.Mutex // guards what follows
	n       int
	late    []span // from the end of the promise to the end of the call
	longest time.Duration
}

// add is for a call that ends now.
func (w *waits) add(took time.Duration) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.n++
	w.longest = max(w.longest, took)
	if took > holeTimeout+holeOverrun {
		w.late = append(w.late, span{now.Add(holeTimeout - took), now})
	}
}

// side counts the calls that were late by themselves; the note says how many were
// not.
func (w *waits) side(first time.Duration, stood *stills) Side {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := Side{Of: w.n}
	forgiven := 0
	for _, late := range w.late {
		if late.length()-stood.during(late) > holeOverrun {
			s.Bad++
		} else {
			forgiven++
		}
	}
	s.Note = fmt.Sprintf("the longest took %s; first success %s after the hole at most", w.longest.Round(time.Millisecond), first.Round(time.Millisecond))
	if forgiven > 0 {
		s.Note += fmt.Sprintf("; %d more were late only by what the machine stood still, %s at a time at most", forgiven, stood.longest().Round(time.Millisecond))
	}
	return s
}

// caller asks for something small.
type caller struct {
	ask func(ctx context.Context) error
	end func()
}

type openCaller func(ctx context.Context, url string, seen *waits) (*caller, error)

// swallow makes black holes under callers.
func swallow(ctx context.Context, env *Env, rounds int, open openCaller) (found Side, err error) {
	_, base := itemsBase()
	db, p, err := env.proxied(ctx, base, itemsSQL)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	seen := &waits{}
	c, err := open(ctx, p.URL(), seen)
	if err != nil {
		return found, err
	}
	defer c.end()
	stood := watchStills()
	defer stood.stop()
	var first time.Duration
	for round := range rounds {
		var cold error
		warm, err := eventually(ctx, time.Minute, func() (bool, error) { // a busy machine may not open all in time at once
			cold = inParallel(holeCallers, 10*holeCallers, func(int) error { return c.ask(ctx) })
			return cold == nil, nil
		})
		if err != nil || !warm {
			return found, fmt.Errorf("before the hole: %w", errors.Join(err, cold))
		}
		p.BlackHole(true)
		over := time.Now().Add(5 * time.Second)
		_ = inParallel(holeCallers, holeCallers, func(int) error {
			for time.Now().Before(over) && ctx.Err() == nil {
				within, cancel := context.WithTimeout(ctx, holePatience)
				_ = c.ask(within) // fails: that is the hole
				cancel()
				_ = pause(ctx, time.Millisecond)
			}
			return nil
		})
		p.BlackHole(false)
		took, err := firstSuccess(ctx, c.ask)
		if err != nil {
			return found, err
		}
		first = max(first, took)
		env.Say("7: round %d of %d, first success after %s", round+1, rounds, took.Round(time.Millisecond))
	}
	if seen.n == 0 {
		return found, errors.New("nobody asked for a connection")
	}
	stood.stop()
	return seen.side(first, stood), nil
}

// firstSuccess asks again and again, for a minute at most.
func firstSuccess(ctx context.Context, ask func(context.Context) error) (time.Duration, error) {
	begun := time.Now()
	var last error
	ok, err := eventually(ctx, time.Minute, func() (bool, error) {
		within, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		last = ask(within)
		return last == nil, nil
	})
	if err == nil && !ok {
		err = fmt.Errorf("no success within a minute: %w", last)
	}
	return time.Since(begun), err
}

// acquired is an observer of the waits for connections.
type acquired struct{ seen *waits }

var _ retort.ConnectionObserver = acquired{}

// PoolEvent has nothing to add.
func (a acquired) PoolEvent(pool.Event) {}

// FlightStart has nothing to add.
func (a acquired) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

// FlightEnd has nothing to add.
func (a acquired) FlightEnd(context.Context, retort.FlightInfo) {}

// Acquired takes the time.
func (a acquired) Acquired(_ context.Context, wait time.Duration, _ error) { a.seen.add(wait) }

// Released has nothing to add.
func (a acquired) Released(context.Context, time.Duration, error) {}

func openRetortHole(ctx context.Context, url string, seen *waits) (*caller, error) {
	items, base := itemsBase()
	eng, err := retort.Open(retort.Config{
		URL: url, Base: base, PoolSize: holeSize, PoolTimeout: holeTimeout, Observer: acquired{seen},
	})
	if err != nil {
		return nil, err
	}
	return &caller{
		ask: func(ctx context.Context) error {
			_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (*Item, error) {
				return items.Get(ctx, s, int64(1))
			})
			return err
		},
		end: func() { closeEngine(eng) },
	}, nil
}

// openPgxpoolHole has the timeouts that pgxpool offers, or none.
func openPgxpoolHole(bounded bool) openCaller {
	return func(ctx context.Context, url string, seen *waits) (*caller, error) {
		cfg, err := pgxpool.ParseConfig(url)
		if err != nil {
			return nil, err
		}
		cfg.MaxConns = holeSize
		if bounded {
			cfg.PingTimeout, cfg.ConnConfig.ConnectTimeout = holeTimeout/2, holeTimeout/2
		}
		own, err := pgxpool.NewWithConfig(ctx, cfg)
		if err != nil {
			return nil, err
		}
		return &caller{
			ask: func(ctx context.Context) error {
				begun := time.Now()
				conn, err := own.Acquire(ctx)
				seen.add(time.Since(begun))
				if err != nil {
					return err
				}
				defer conn.Release()
				var n int64
				return conn.QueryRow(ctx, "SELECT n FROM items WHERE id = 1").Scan(&n)
			},
			end: own.Close,
		}, nil
	}
}
