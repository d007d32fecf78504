package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// idleConnections are killed together, and used by as many goroutines.
const idleConnections = 10

// IdleKills counts requests that failed because the idle connections that they
// were given had just been killed. A third each are reads, writes without a
// read, and changes of what was read.
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
	line.Control = Side{Bad: line.Pgxpool.Bad, Of: line.Pgxpool.Of}
	return line, err
}

// killIdle kills ten at a time, when all are idle.
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
	if u.note != nil {
		found.Note = notes(found.Note, u.note())
	}
	if first != nil {
		found.Note = notes(found.Note, "the first: "+first.Error())
	}
	return found, nil
}

// round kills all idle connections and makes requests at once or, every other
// time, within the moment that a backend takes to die. Killing and asking at the
// same time would be another fault: a connection that is in use is killed.
func (u *user) round(ctx context.Context, db *database, draw *rand.Rand) (killed int, failed []error, err error) {
	type request struct {
		kind int
		id   int64
		lag  time.Duration
	}
	plan := make([]request, 2*idleConnections)
	spread := 1 + 2000*draw.IntN(2)
	for i := range plan {
		plan[i] = request{draw.IntN(len(u.requests)), 1 + draw.Int64N(20), time.Duration(draw.IntN(spread)) * time.Microsecond}
	}
	killed, err = db.count(ctx, "SELECT count(pg_terminate_backend(pid))"+others+" AND state = 'idle'")
	if err != nil {
		return killed, nil, err
	}
	var mu sync.Mutex // guards failed
	err = inParallel(idleConnections, len(plan), func(i int) error {
		if err := pause(ctx, plan[i].lag); err != nil {
			return err
		}
		within, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := u.requests[plan[i].kind](within, plan[i].id); err != nil {
			mu.Lock()
			defer mu.Unlock()
			failed = append(failed, err)
		}
		return nil
	})
	return killed, failed, err
}
