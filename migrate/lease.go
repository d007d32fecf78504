package migrate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	rnd "math/rand/v2"
	"sync"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// hold is the ledger's lock in the hands of one run.
//
// The lease row is the lock: its token is looked for, and its row locked, in each
// transaction of the run, so nobody takes the lock over while a step is open, and a
// run that lost it cannot commit. The heartbeat keeps it from expiring. The advisory
// lock only says sooner that a holder is gone.
type hold struct {
	r      *Runner
	token  string
	outer  *outer
	opts   retort.TxOptions
	cancel context.CancelCauseFunc
	beat   sync.WaitGroup
	stop   chan struct{}
}

// try takes the lock if it is free; else it gives nil.
func (r *Runner) try(ctx context.Context, o *outer) (*hold, error) {
	proved, err := o.tryLock(ctx, r.sql.lease)
	if err != nil {
		return nil, fmt.Errorf("migrate: take the lock: %w", err)
	}
	h := &hold{r: r, token: rand.Text(), outer: o, opts: r.txOptions(r.opts.Lease, o.noticed)}
	got := int64(0)
	err = r.tx(ctx, h.opts, func(ctx context.Context, s *retort.Session) error {
		var err error
		if got, err = exec(ctx, s, r.sql.lockLease, proved); err != nil || got == 0 {
			return err
		}
		_, err = exec(ctx, s, r.sql.takeLease, h.token, r.opts.Who, o.pid, proved, r.opts.Lease.Milliseconds())
		return err
	})
	if retryable(err) {
		err, got = nil, 0
	}
	if err != nil {
		return nil, fmt.Errorf("migrate: take the lock: %w", explainAccess(err, r))
	}
	if got == 0 {
		o.unlock(ctx, r.sql.lease)
		return nil, nil
	}
	if !proved {
		h.prove(ctx)
	}
	return h, nil
}

// prove takes the advisory lock later, when the lease came first: a runner that
// waits holds it for a moment each time that it looks. Without it, only the end of
// the lease tells others that this run is gone.
func (h *hold) prove(ctx context.Context) {
	for range 10 {
		if sleep(ctx, 20*time.Millisecond) != nil {
			return
		}
		if proved, err := h.outer.tryLock(ctx, h.r.sql.lease); err != nil || proved {
			if proved {
				_ = h.tx(ctx, h.opts, func(ctx context.Context, s *retort.Session) error {
					_, err := exec(ctx, s, h.r.sql.watchLease, h.token)
					return err
				})
			}
			return
		}
	}
}

// refusePooler compares the server process that the connection was told of with the
// one that answers. It comes first: settings of the run would stay with connections
// that the pooler hands to others.
func (r *Runner) refusePooler(ctx context.Context, s *retort.Session) error {
	tx, err := s.Pgx(ctx)
	if err != nil {
		return err
	}
	conn := tx.Conn()
	if conn == nil {
		return nil
	}
	var pid uint32
	if err := tx.QueryRow(ctx, "/* retort:migrate.session */ SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return err
	}
	if told := conn.PgConn().PID(); told != 0 && told != pid {
		return &PoolerError{}
	}
	return nil
}

// keep begins the heartbeat. The context ends when the lock is lost.
func (h *hold) keep(ctx context.Context) context.Context {
	ctx, h.cancel = context.WithCancelCause(ctx)
	h.stop = make(chan struct{})
	h.beat.Go(func() { h.renew(ctx) })
	return ctx
}

// renew is the heartbeat. When the database is out of reach it goes on trying until
// the lease must have ended.
func (h *hold) renew(ctx context.Context) {
	lease := h.r.opts.Lease
	good := time.Now()
	for {
		select {
		case <-h.stop:
			return
		case <-ctx.Done():
			return
		case <-time.After(lease / 4):
		}
		begun := time.Now()
		once, cancel := context.WithTimeout(ctx, lease/4)
		n := int64(0)
		err := h.r.tx(once, h.opts, func(ctx context.Context, s *retort.Session) error {
			var err error
			n, err = exec(ctx, s, h.r.sql.renewLease, h.token, lease.Milliseconds())
			return err
		})
		cancel()
		switch {
		case err == nil && n == 1:
			good = begun
		case err == nil, time.Since(good) > lease:
			h.cancel(&LostLockError{Ledger: h.r.sql.revisions})
			return
		}
	}
}

// free ends the heartbeat and gives the lock back, whatever became of ctx.
func (h *hold) free(ctx context.Context) {
	close(h.stop)
	h.cancel(nil)
	h.beat.Wait()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	// First, so that whoever comes next gets both.
	h.outer.unlock(ctx, h.r.sql.lease)
	// What cannot be given back expires.
	_ = h.r.tx(ctx, h.opts, func(ctx context.Context, s *retort.Session) error {
		_, err := exec(ctx, s, h.r.sql.freeLease, h.token)
		return err
	})
}

// tx runs fn in a transaction that is undone unless the lock is still held.
func (h *hold) tx(ctx context.Context, opts retort.TxOptions, fn func(ctx context.Context, s *retort.Session) error) error {
	err := h.r.tx(ctx, opts, func(ctx context.Context, s *retort.Session) error {
		n, err := exec(ctx, s, h.r.sql.fence, h.token)
		if err != nil {
			return err
		}
		if n == 0 {
			return &LostLockError{Ledger: h.r.sql.revisions}
		}
		return fn(ctx, s)
	})
	return h.cause(ctx, err)
}

// cause is why the run was ended, where that is known better than by err.
func (h *hold) cause(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if why, ok := errors.AsType[*LostLockError](context.Cause(ctx)); ok {
		return why
	}
	return err
}

// errGone says that a transaction whose COMMIT got no answer was not committed, and
// cannot be any more: it can be run again.
var errGone = errors.New("the answer to COMMIT was lost, and nothing was committed")

// settled tells, after a COMMIT whose answer was lost, what the ledger says: it waits
// until the transaction has ended, whose lock on the lease row is in the way.
func (h *hold) settled(ctx context.Context, cause error, ask func(s *snapshot) bool) error {
	if pgerr.KindOf(cause) != pgerr.CommitUnknown {
		return cause
	}
	for attempt := 1; ; attempt++ {
		err := h.r.tx(ctx, h.opts, func(ctx context.Context, s *retort.Session) error {
			n, err := exec(ctx, s, h.r.sql.settleLease, h.token)
			if err == nil && n == 0 {
				return &LostLockError{Ledger: h.r.sql.revisions}
			}
			return err
		})
		if err == nil {
			break
		}
		if lost(err) || attempt == h.r.opts.Attempts {
			return errors.Join(cause, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return errors.Join(cause, err)
		}
	}
	s, err := h.r.read(ctx)
	if err != nil {
		return errors.Join(cause, err)
	}
	if ask(s) {
		return nil
	}
	return fmt.Errorf("%w: %w", errGone, cause)
}

// pause waits before the next attempt: longer each time, up to 10 s, and never as
// long as others do.
func pause(ctx context.Context, attempt int) error {
	most := min(100*time.Millisecond<<min(attempt, 8), 10*time.Second)
	return sleep(ctx, most/2+rnd.N(most/2+1))
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
