package chaos

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

const (
	nestedRequests = 50
	nestedPatience = 500 * time.Millisecond // a pool's timeout
	nestedLimit    = 5 * time.Second        // when a request counts as one that hangs
)

// Fairness counts callers that were served before one that had come earlier, on a
// pool of one connection, and requests that never end or end without saying why,
// when each of fifty asks the same pool for a second connection while it holds one.
//
// The control has no queue: callers try until they get it. Its requests wait for
// ever.
func Fairness(ctx context.Context, env *Env, callers int) (line Line, err error) {
	line = Line{
		Number: 19, RedFrom: 1, Target: "first in, first out; detected, typed error",
		What: fmt.Sprintf("callers overtaken among %d on one connection, and hanging or unexplained requests of %d that ask for a second one",
			callers, nestedRequests),
		ControlIs: "pgxpool, callers that try again and again and wait without a limit",
	}
	db, err := env.database(ctx, retort.NewBase())
	if err != nil {
		return line, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	for _, side := range []struct {
		into *Side
		open func(context.Context, string) (*queueing, error)
	}{{&line.Retort, openRetortQueue}, {&line.Pgxpool, openPgxpoolQueue}, {&line.Control, openScramble}} {
		if *side.into, err = queueUp(ctx, env, db.url, callers, side.open); err != nil {
			return line, err
		}
		env.Say("19: %s", *side.into)
	}
	return line, nil
}

// queueing is a pool of one connection.
type queueing struct {
	borrow  func(ctx context.Context) (letGo func(), err error)
	waiting func() int // nil: nobody knows
	typed   func(error) bool
	end     func()
}

func queueUp(ctx context.Context, env *Env, url string, callers int, open func(context.Context, string) (*queueing, error)) (found Side, err error) {
	q, err := open(ctx, url)
	if err != nil {
		return found, err
	}
	defer q.end()
	overtaken, err := q.line(ctx, callers)
	if err != nil {
		return found, err
	}
	hung, unexplained := q.nested(ctx)
	return Side{
		Bad: overtaken + hung + unexplained, Of: callers + nestedRequests,
		Note: fmt.Sprintf("%d overtaken; %d hung for %s, %d ended without a typed error", overtaken, hung, nestedLimit, unexplained),
	}, nil
}

// line has callers come one after the other while the connection is away, and
// counts those that are served after a later one.
func (q *queueing) line(ctx context.Context, callers int) (overtaken int, err error) {
	letGo, err := q.borrow(ctx)
	if err != nil {
		return 0, err
	}
	var served atomic.Int64
	ranks := make([]int64, callers)
	var all sync.WaitGroup
	var failed atomic.Int64
	for i := range callers {
		all.Go(func() {
			letGo, err := q.borrow(ctx)
			if err != nil {
				failed.Add(1)
				return
			}
			ranks[i] = served.Add(1)
			letGo()
		})
		if err := q.queued(ctx, i+1); err != nil {
			letGo()
			return 0, err
		}
	}
	letGo()
	all.Wait()
	latest := int64(0)
	for _, rank := range ranks {
		if rank < latest {
			overtaken++
		}
		latest = max(latest, rank)
	}
	if n := failed.Load(); n > 0 {
		err = fmt.Errorf("%d callers were not served", n)
	}
	return overtaken, err
}

// queued waits until so many wait.
func (q *queueing) queued(ctx context.Context, n int) error {
	if q.waiting == nil {
		return pause(ctx, 200*time.Microsecond)
	}
	ok, err := eventually(ctx, 10*time.Second, func() (bool, error) { return q.waiting() >= n, nil })
	if err == nil && !ok {
		err = fmt.Errorf("%d callers wait, want %d", q.waiting(), n)
	}
	return err
}

// nested makes requests that ask for a second connection while they hold one.
func (q *queueing) nested(ctx context.Context) (hung, unexplained int) {
	within, cancel := context.WithTimeout(ctx, nestedLimit)
	defer cancel()
	var h, u atomic.Int64
	_ = inParallel(nestedRequests, nestedRequests, func(int) error {
		outer, err := q.borrow(within)
		if err == nil {
			var inner func()
			if inner, err = q.borrow(within); err == nil {
				inner()
			}
			outer()
		}
		switch {
		case err == nil, q.typed(err):
		case within.Err() != nil:
			h.Add(1)
		default:
			u.Add(1)
		}
		return nil
	})
	return int(h.Load()), int(u.Load())
}

func openRetortQueue(_ context.Context, url string) (*queueing, error) {
	eng, err := retort.Open(retort.Config{URL: url, PoolSize: 1, PoolTimeout: 30 * time.Second})
	if err != nil {
		return nil, err
	}
	short, err := retort.Open(retort.Config{URL: url, PoolSize: 1, PoolTimeout: nestedPatience})
	if err != nil {
		return nil, err
	}
	borrow := func(ctx context.Context) (func(), error) {
		from := eng
		if _, nested := ctx.Deadline(); nested {
			from = short
		}
		s := from.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead, ReadOnly: true})
		letGo := func() { _ = s.Close(context.WithoutCancel(ctx)) }
		_, err := retort.SQL[int32]("SELECT 1").ReadOnly().One(ctx, s)
		if err != nil {
			letGo()
			return nil, err
		}
		return letGo, nil
	}
	return &queueing{
		borrow:  borrow,
		waiting: func() int { return eng.Stats().Waiting },
		typed:   func(err error) bool { _, ok := errors.AsType[*pool.TimeoutError](err); return ok },
		end:     func() { closeEngine(eng); closeEngine(short) },
	}, nil
}

func openPgxpoolQueue(ctx context.Context, url string) (*queueing, error) {
	p, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	return &queueing{
		borrow: func(ctx context.Context) (func(), error) {
			conn, err := p.Acquire(ctx)
			if err != nil {
				return nil, err
			}
			return conn.Release, nil
		},
		typed: func(error) bool { return false },
		end:   p.Close,
	}, nil
}

// openScramble has callers that try.
func openScramble(ctx context.Context, url string) (*queueing, error) {
	q, err := openPgxpoolQueue(ctx, url)
	if err != nil {
		return nil, err
	}
	borrow, end := q.borrow, q.end
	place := make(chan struct{}, 1) // the one connection
	var conn func()
	q.borrow = func(ctx context.Context) (func(), error) {
		for wait := time.Duration(0); ; wait = (wait + 50*time.Microsecond) % (2 * time.Millisecond) {
			select {
			case place <- struct{}{}:
				if conn == nil {
					var err error
					if conn, err = borrow(ctx); err != nil {
						<-place
						return nil, err
					}
				}
				return func() { <-place }, nil
			default:
			}
			if err := pause(ctx, wait); err != nil {
				return nil, err
			}
		}
	}
	q.end = func() {
		if conn != nil {
			conn()
		}
		end()
	}
	return q, nil
}
