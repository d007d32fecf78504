package retort

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/retort-go/retort/pgerr"
)

const (
	defaultAttempts = 6 // where three attempts in ten fail, 99.9 % of the units are committed
	firstPause      = 10 * time.Millisecond
	longestPause    = time.Second
)

// Run executes fn as one unit of work and commits it. When the database reports
// a serialization failure, a deadlock or, inside a transaction, a plan that is
// older than its table, everything is repeated: fn runs again
// on a fresh session, after a pause with full jitter, as long as the engine's
// retry budget lasts.
//
// Side effects outside the database belong behind Run, since fn may run several
// times; a panic or runtime.Goexit in fn rolls back and goes on.
//
//   - Shape: what fn returned in the attempt that was committed.
//   - Errors: of fn or of COMMIT; the last one when all attempts were used up,
//     within a [*RetryBudgetError] when Config.RetryBudget was.
//     [ErrCommitUnknown] is never repeated, a [*NotCommittedError] is.
func Run[R any](ctx context.Context, eng *Engine, opts TxOptions, fn func(context.Context, *Session) (R, error)) (R, error) {
	opts.Repeatable = true
	var result R
	err := eng.repeat(ctx, opts, func(act *rehearsal) error {
		return eng.once(ctx, opts, act, func(s *Session) error {
			var err error
			result, err = fn(ctx, s)
			return err
		})
	})
	if err != nil {
		return *new(R), err
	}
	return result, nil
}

// InSession turns a function that works in a session into one that does not know
// of it: each call is one unit of work, committed before it returns. It fits
// Huma, gRPC and jobs alike.
//
//   - Errors: of fn or of COMMIT. fn's error, panic or runtime.Goexit rolls back,
//     and so does a ctx that has ended before COMMIT was sent.
//   - Shape: with opts.Repeatable each attempt gets a fresh session and a copy of
//     *in as it was.
func InSession[In, M any](eng *Engine, opts TxOptions, fn func(context.Context, *Session, *In) (*M, error)) func(context.Context, *In) (*M, error) {
	return func(ctx context.Context, in *In) (*M, error) {
		var out *M
		err := eng.repeat(ctx, opts, func(act *rehearsal) error {
			own := in
			if in != nil && opts.Repeatable {
				fresh := *in
				own = &fresh
			}
			return eng.once(ctx, opts, act, func(s *Session) error {
				var err error
				out, err = fn(ctx, s, own)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		return out, nil
	}
}

// InSessionView is [InSession] with a view, which makes the answer from the
// confirmed object: it runs after COMMIT, when server-made values are there.
//
//   - Shape: view is not called when fn returned no object; the answer is nil then.
//   - Errors: as InSession; a panic in view is a [*CommittedError].
func InSessionView[In, M, Out any](eng *Engine, opts TxOptions, fn func(context.Context, *Session, *In) (*M, error), view func(*M) *Out) func(context.Context, *In) (*Out, error) {
	call := InSession(eng, opts, fn)
	return func(ctx context.Context, in *In) (*Out, error) {
		m, err := call(ctx, in)
		if m == nil { // as with every error
			return nil, err
		}
		return rendered(m, view)
	}
}

func rendered[M, Out any](m *M, view func(*M) *Out) (out *Out, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &CommittedError{Err: &caught{"the view", r}}
		}
	}()
	return view(m), nil
}

// caught is what a function of the program's panicked with.
type caught struct {
	what  string // "the view"
	value any
}

// Error says what the runtime found. What the program itself panicked with may
// hold the values of a row: only its type is told.
func (p *caught) Error() string {
	if e, ok := p.value.(runtime.Error); ok {
		return p.what + " panicked: " + e.Error()
	}
	return fmt.Sprintf("%s panicked with a %T", p.what, p.value)
}

// Unwrap gives the value, where it is an error.
func (p *caught) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// once runs fn in a session and commits, or rolls back.
func (e *Engine) once(ctx context.Context, opts TxOptions, act *rehearsal, fn func(*Session) error) (err error) {
	s := e.SessionWith(opts)
	s.deadline = e.deadlineOf(ctx)
	defer func() {
		// Also on the way of a panic or Goexit, which go on.
		if closing := s.Close(ctx); err == nil && closing != nil {
			err = &CommittedError{Err: closing} // whoever holds the session closes it
		}
	}()
	s.cause = errPanicked // unless it returns
	if s.cause = fn(s); s.cause == nil {
		s.cause = act.end(ctx, s)
	}
	return s.cause
}

// repeat runs attempt again while the database asks for it.
func (e *Engine) repeat(ctx context.Context, opts TxOptions, attempt func(*rehearsal) error) error {
	act, err := e.rehearsed(opts, attempt)
	if err != nil {
		return err
	}
	attempts := opts.MaxAttempts
	if attempts == 0 {
		attempts = defaultAttempts
	}
	if !opts.Repeatable {
		attempts = 1
	}
	pause := firstPause
	for i := 1; ; i++ {
		err := attempt(act)
		if err == nil && opts.Repeatable {
			e.retries.put()
		}
		if err == nil || i >= attempts || !repeatable(err) {
			return act.verdict(err)
		}
		if !e.retries.take() {
			if e.told.retries != nil {
				e.told.retries.RetryRefused(ctx, RetryInfo{Attempt: i, Err: err})
			}
			return act.verdict(&RetryBudgetError{Attempts: i, Err: err})
		}
		wait := rand.N(pause)
		if e.told.sessions != nil {
			e.told.sessions.SessionRetry(ctx, RetryInfo{Attempt: i, Err: err, Pause: wait})
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-timer.C:
		}
		pause = min(2*pause, longestPause)
	}
}

// repeatable tells whether the transaction is gone for sure and another run can
// succeed.
func repeatable(err error) bool {
	_, committed := errors.AsType[*CommittedError](err)
	_, lost := errors.AsType[*NotCommittedError](err)
	// In a transaction of its own a stale plan took effect as little as a deadlock.
	return (lost || pgerr.Retryable(err) || pgerr.KindOf(err) == pgerr.StalePlan) && !committed
}
