package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
)

// Register is changed only by those who have seen its last value.
type Register struct {
	ID int64
	N  int64
	retort.Version
}

// Define declares the key, which the program knows.
func (Register) Define(d *retort.Definition[Register]) { d.PrimaryKey(&d.C.ID) }

// Job waits to be taken once.
type Job struct{ ID int64 }

// Define declares the key, which the program knows.
func (Job) Define(d *retort.Definition[Job]) { d.PrimaryKey(&d.C.ID) }

func storeBase() (*retort.Table[Register], *retort.Table[Job], *retort.Base) {
	registers, jobs := retort.NewTable[Register]("registers"), retort.NewTable[Job]("jobs")
	return registers, jobs, retort.NewBase(registers, jobs)
}

// errOther: the register has another value than expected, and no answer is missing.
var errOther = errors.New("chaos: another value")

// errEmpty: there was no job to take.
var errEmpty = errors.New("chaos: no job")

// store has registers and a queue. What they return is nil, errOther, errEmpty, or a
// failure that judge knows to read.
type store struct {
	read  func(ctx context.Context, register int64) (int64, error)
	swap  func(ctx context.Context, register, from, to int64) error
	push  func(ctx context.Context, job int64) error
	take  func(ctx context.Context, job *int64) error // sets job before its COMMIT
	judge func(error) belief
	end   func()
}

type openStore func(ctx context.Context, url string) (*store, error)

func openRetortStore(_ context.Context, url string) (*store, error) {
	registers, jobs, base := storeBase()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: historyWorkers, RetryBudget: -1})
	if err != nil {
		return nil, err
	}
	in := func(ctx context.Context, do func(context.Context, *retort.Session) error) error {
		_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) { return 0, do(ctx, s) })
		return err
	}
	next := jobs.OrderBy(retort.Asc(&jobs.C.ID)).Limit(1).ForUpdate(retort.SkipLocked())
	return &store{
		read: func(ctx context.Context, register int64) (n int64, err error) {
			err = in(ctx, func(ctx context.Context, s *retort.Session) error {
				r, err := registers.Get(ctx, s, register)
				if err == nil {
					n = r.N
				}
				return err
			})
			return n, err
		},
		swap: func(ctx context.Context, register, from, to int64) error {
			err := in(ctx, func(ctx context.Context, s *retort.Session) error {
				r, err := registers.Get(ctx, s, register)
				switch {
				case err != nil:
					return err
				case r.N != from:
					return errOther
				}
				r.N = to
				return nil
			})
			if errors.Is(err, retort.ErrStale) {
				return errOther
			}
			return err
		},
		push: func(ctx context.Context, job int64) error {
			return in(ctx, func(_ context.Context, s *retort.Session) error {
				s.Add(&Job{ID: job})
				return nil
			})
		},
		take: func(ctx context.Context, job *int64) error {
			return in(ctx, func(ctx context.Context, s *retort.Session) error {
				*job = 0 // of an attempt before
				found, err := next.All(ctx, s)
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return errEmpty
				}
				*job = found[0].ID
				s.Delete(found[0])
				return nil
			})
		},
		judge: func(err error) belief {
			switch {
			case err == nil:
				return stored
			case errors.Is(err, retort.ErrCommitUnknown):
				return unknown
			default:
				return absent
			}
		},
		end: func() { closeEngine(eng) },
	}, nil
}

// poolStore is a store over pgxpool: careful, or one that loses updates, since it
// does not look whether what it has read is still there.
func poolStore(careful bool) openStore {
	return func(ctx context.Context, url string) (*store, error) {
		pool, err := newPool(ctx, url, historyWorkers)
		if err != nil {
			return nil, err
		}
		s := &store{
			read: func(ctx context.Context, register int64) (n int64, err error) {
				err = pool.QueryRow(ctx, "SELECT n FROM registers WHERE id = $1", register).Scan(&n)
				return n, err
			},
			push: func(ctx context.Context, job int64) error {
				_, err := pool.Exec(ctx, "INSERT INTO jobs (id) VALUES ($1)", job)
				return err
			},
			// Without an SQLSTATE nobody knows.
			judge: func(err error) belief {
				switch {
				case err == nil:
					return stored
				case errors.Is(err, errEmpty) || strings.Contains(err.Error(), "SQLSTATE") || strings.Contains(err.Error(), "failed to connect"):
					return absent
				default:
					return unknown
				}
			},
			end: pool.Close,
		}
		lock, where := "", "WHERE id = $1"
		if careful {
			lock, where = " FOR UPDATE SKIP LOCKED", "WHERE id = $1 AND n = $3"
		}
		s.swap = func(ctx context.Context, register, from, to int64) error {
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error { return swapIn(ctx, tx, where, register, from, to) })
		}
		s.take = func(ctx context.Context, job *int64) error { return takeFrom(ctx, pool, lock, job) }
		return s, nil
	}
}

func swapIn(ctx context.Context, tx pgx.Tx, where string, register, from, to int64) error {
	var n int64
	if err := tx.QueryRow(ctx, "SELECT n FROM registers WHERE id = $1", register).Scan(&n); err != nil {
		return err
	}
	if n != from {
		return errOther
	}
	args := []any{register, to, from}
	if !strings.Contains(where, "$3") {
		args = args[:2]
	}
	tag, err := tx.Exec(ctx, "UPDATE registers SET n = $2 "+where, args...)
	if err == nil && tag.RowsAffected() == 0 {
		return errOther
	}
	return err
}

func takeFrom(ctx context.Context, pool *pgxpool.Pool, lock string, job *int64) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, "SELECT id FROM jobs ORDER BY id LIMIT 1"+lock).Scan(job)
		if errors.Is(err, pgx.ErrNoRows) {
			return errEmpty
		}
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "DELETE FROM jobs WHERE id = $1", *job)
		return err
	})
}

const (
	liveRegisters  = 4  // that are used at the same time
	registerLength = 40 // operations, after which it is left alone
)

// clerk works with a store and has all of it written down.
type clerk struct {
	*store
	registers, queue witness
	done             atomic.Int64
	next             atomic.Int64 // value or job, each once
}

// linearize counts registers and jobs that behave as no single copy would, under
// all faults.
func linearize(ctx context.Context, env *Env, operations, part int, open openStore) (found Side, err error) {
	db, err := newShaken(ctx, env,
		"CREATE TABLE registers (id bigint PRIMARY KEY, n bigint NOT NULL, version bigint NOT NULL)",
		"CREATE TABLE jobs (id bigint PRIMARY KEY)",
		fmt.Sprintf("INSERT INTO registers SELECT g, 0, 1 FROM generate_series(0, %d) g", operations))
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.stop(ctx)) }()
	s, err := open(ctx, db.p.URL())
	if err != nil {
		return found, err
	}
	c := &clerk{store: s}
	strike := make(chan struct{}, 1)
	strikes := operations/min(operations/2, operationsPerKill) - 1
	err = underFaults(ctx, db, env.rand(14, part), strike, func() error {
		return inParallel(historyWorkers, historyWorkers, func(worker int) error {
			draw := env.rand(14, part+1+worker)
			for c.done.Load() < int64(operations) && ctx.Err() == nil {
				if worker == 0 && strikes > 0 && c.done.Load() > int64(operations/(strikes+1)) {
					strikes--
					select {
					case strike <- struct{}{}:
					default: // the last one is not over
					}
				}
				c.work(ctx, worker, draw)
			}
			return ctx.Err()
		})
	})
	s.end()
	if err == nil {
		err = db.deserted(ctx)
	}
	if err != nil {
		return found, err
	}
	if err := c.look(ctx, db); err != nil {
		return found, err
	}
	lost, err := c.registers.wrong(registerModel())
	if err != nil {
		return found, err
	}
	twice, err := c.queue.wrong(queueModel())
	found = Side{Bad: lost + twice, Of: int(c.done.Load()), Note: fmt.Sprintf(
		"%d registers and %d jobs without an order; %d and %d calls written down; %s", lost, twice, len(c.registers.all), len(c.queue.all), db)}
	return found, err
}

// work is one call.
func (c *clerk) work(ctx context.Context, worker int, draw *rand.Rand) {
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var status belief
	switch draw.IntN(6) {
	case 0:
		status = c.registers.call(worker, func() (any, any, belief) {
			register := c.register(draw)
			n, err := c.read(within, register)
			if err != nil {
				return nil, nil, absent
			}
			return readRegister{int(register)}, int(n), stored
		})
	case 1, 2, 3:
		status = c.change(within, worker, draw)
	case 4:
		job := c.next.Add(1)
		status = c.queue.call(worker, func() (any, any, belief) { return push{int(job)}, true, c.judge(c.push(within, job)) })
	default:
		status = c.queue.call(worker, func() (any, any, belief) {
			var job int64
			err := c.take(within, &job)
			if job == 0 { // it was not known by the time of COMMIT
				return nil, nil, absent
			}
			return take{int(job)}, true, c.judge(err)
		})
	}
	if status == absent {
		_ = pause(ctx, time.Millisecond) // the server may be away
		return
	}
	c.done.Add(1)
}

// change reads a register and swaps what it has read.
func (c *clerk) change(ctx context.Context, worker int, draw *rand.Rand) belief {
	register := c.register(draw)
	from, err := c.read(ctx, register)
	if err != nil {
		return absent
	}
	to := c.next.Add(1)
	return c.registers.call(worker, func() (any, any, belief) {
		input := swap{int(register), int(from), int(to)}
		err := c.swap(ctx, register, from, to)
		if errors.Is(err, errOther) {
			return input, false, stored
		}
		return input, true, c.judge(err)
	})
}

// register draws one that is not old yet.
func (c *clerk) register(draw *rand.Rand) int64 {
	return c.done.Load()/(liveRegisters*registerLength)*liveRegisters + draw.Int64N(liveRegisters)
}

// look reads everything once more when nothing happens any more: what was
// acknowledged must be there, and a job that is left must not have been taken.
func (c *clerk) look(ctx context.Context, db *shaken) error {
	rows, err := db.watch.Query(ctx, "SELECT id, n FROM registers WHERE version > 1 OR n > 0")
	if err != nil {
		return err
	}
	var id, n int64
	if _, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error {
		c.registers.call(0, func() (any, any, belief) { return readRegister{int(id)}, int(n), stored })
		return nil
	}); err != nil {
		return err
	}
	jobs, err := db.watch.Query(ctx, "DELETE FROM jobs RETURNING id")
	if err != nil {
		return err
	}
	left := map[int]bool{}
	if _, err = pgx.ForEachRow(jobs, []any{&id}, func() error {
		left[int(id)] = true
		c.queue.call(0, func() (any, any, belief) { return take{int(id)}, true, stored })
		return nil
	}); err != nil {
		return err
	}
	for job := range int(c.next.Load()) {
		if !left[job+1] {
			c.queue.call(0, func() (any, any, belief) { return gone{job + 1}, true, stored })
		}
	}
	return nil
}
