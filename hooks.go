package retort

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/unitofwork"
)

// Hooks are functions that a session calls around its flushes and at the end of
// its unit of work. Config.Hooks are called for every session of an engine, in
// their order, those of [Session.Hook] behind them.
//
// While a hook runs, its session may be read from and given objects; nothing is
// flushed meanwhile, and Flush, Commit, Rollback and Close are [ErrInHook].
//
//   - Errors: an error of BeforeFlush or AfterFlush, a panic or runtime.Goexit
//     fails the session: everything is rolled back. What comes too late for that,
//     in AfterCommit, is a [*CommittedError].
//   - Concurrency: called on the goroutine of the call that flushes; those of an
//     engine therefore on many at once.
type Hooks struct {
	// BeforeFlush sees what is about to be written, and may change it, add objects
	// and delete some: all that is written in the same flush, without another
	// call. Server-made values are not there yet.
	BeforeFlush func(ctx context.Context, s *Session, c *Changes) error

	// AfterFlush sees what was written, server-made values included, before
	// COMMIT. It costs a round trip: COMMIT can no longer travel with the last
	// write. What it changes is written by the next flush, or by the same Commit,
	// which calls it for that again.
	AfterFlush func(ctx context.Context, s *Session, c *Changes) error

	// AfterCommit sees everything that the unit of work has written, once, after
	// its COMMIT has succeeded; never in doubt ([ErrCommitUnknown]), never in a
	// session that has joined somebody else's transaction. Its context does not
	// end with the caller's.
	AfterCommit func(ctx context.Context, c *Changes) error

	// AfterRollback is called once when something was dropped, with what flushes had
	// written and the reason, nil where Rollback or Close came without one. The
	// objects are already what a rollback leaves behind.
	AfterRollback func(ctx context.Context, c *Changes, cause error)
}

// ErrInHook says: a hook called Flush, Commit, Rollback, Close or a nested unit of
// work on the session that called it.
var ErrInHook = errors.New("retort: a hook cannot flush or end the session that called it; change objects, and return an error to roll back; see docs/errors.md#in-hook")

// Hook adds hooks to this session, behind those of its engine. It does no I/O.
//
//   - Errors: use by two goroutines is returned by the next flush or commit.
func (s *Session) Hook(h Hooks) {
	if !s.claim() {
		return
	}
	defer s.leave()
	s.hooks = append(slices.Clip(s.hooks), h)
}

// AfterCommit has fn called once when this unit of work has been committed, after
// those that were registered before. It is for what must not happen otherwise: a
// mail, a message, a job.
//
// With package web that is before the answer is written, so the client waits for
// it; [Engine.Go] inside it moves the work behind the answer. A process that dies
// in between forgets it: what must not be lost belongs into a table.
//
//   - Shape: also after a Commit that had nothing to write. What fn registers itself
//     is called, too. Rollback, a failed COMMIT and one of unknown outcome forget it,
//     and so does a nested unit of work that is rolled back.
//   - Errors: an error or a panic of fn makes Commit return a [*CommittedError];
//     the others are called all the same. In a session that has joined somebody
//     else's transaction, which never hears of COMMIT, it makes Commit fail.
//   - Concurrency: called on the goroutine of Commit, with a context that has the
//     values of Commit's but does not end with it. The session can only be read: Add,
//     Delete and raw SQL that writes are errors, as nobody would commit it. Work that
//     writes begins its own.
func (s *Session) AfterCommit(fn func(ctx context.Context) error) {
	if !s.claim() {
		return
	}
	defer s.leave()
	switch {
	case fn == nil:
		s.misuse = append(s.misuse, errors.New("retort: AfterCommit: the function is nil"))
	case s.joined != nil:
		s.misuse = append(s.misuse, errors.New("retort: AfterCommit: this session works in a transaction of somebody else's and never hears of its COMMIT; leave it to who commits"))
	default:
		s.after = append(s.after, fn)
	}
}

// hooked tells whether some hook is of the kind that has looks for.
func (s *Session) hooked(has func(*Hooks) bool) bool {
	for i := range s.hooks {
		if has(&s.hooks[i]) {
			return true
		}
	}
	return false
}

func hasBeforeFlush(h *Hooks) bool { return h.BeforeFlush != nil }
func hasAfterFlush(h *Hooks) bool  { return h.AfterFlush != nil }
func hasAfterEnd(h *Hooks) bool    { return h.AfterCommit != nil || h.AfterRollback != nil }

// watchedWork lists what the next flight has to write, once BeforeFlush has seen
// everything that the flush will write.
func (s *Session) watchedWork(ctx context.Context, first bool) (*unitofwork.Work, error) {
	if s.hooking {
		return nil, nil
	}
	if !first || !s.hooked(hasBeforeFlush) {
		return s.unit.Work()
	}
	upcoming, err := s.unit.Upcoming()
	if err != nil || len(upcoming) == 0 {
		return nil, err
	}
	told := &Changes{upcoming}
	err = s.eachHook(ctx, "BeforeFlush", func(h *Hooks) error {
		if h.BeforeFlush == nil {
			return nil
		}
		return h.BeforeFlush(ctx, s, told)
	})
	if err != nil {
		return nil, err
	}
	if err := s.misused(); err != nil {
		return nil, err
	}
	return s.unit.Work()
}

// flushed remembers what was written for the hooks of the end.
func (s *Session) flushed(work *unitofwork.Work) {
	if s.hooked(hasAfterEnd) {
		s.work = work.Tell(s.work)
	}
}

// afterFlush calls AfterFlush for changes that were written in the open
// transaction.
func (s *Session) afterFlush(ctx context.Context, work *unitofwork.Work) error {
	if work == nil {
		return nil
	}
	s.flushed(work)
	if !s.hooked(hasAfterFlush) {
		return nil
	}
	told := &Changes{work.Tell(nil)}
	return s.eachHook(ctx, "AfterFlush", func(h *Hooks) error {
		if h.AfterFlush == nil {
			return nil
		}
		return h.AfterFlush(ctx, s, told)
	})
}

// maxFlushes bounds how often AfterFlush may bring up new changes in one Commit.
const maxFlushes = 100

// settled flushes until AfterFlush leaves nothing to write, where there is such a
// hook. commits says that what it returns rides with COMMIT, and nothing else does.
func (s *Session) settled(ctx context.Context, commits bool) (*unitofwork.Work, []flight.Statement, error) {
	for range maxFlushes {
		work, statements, err := s.pending(ctx, 0, commits && !s.hooked(hasAfterFlush))
		if err != nil || work == nil || !s.hooked(hasAfterFlush) {
			return work, statements, err
		}
		if err := s.flushWork(ctx, work, statements); err != nil {
			return nil, nil, err
		}
	}
	err := fmt.Errorf("retort: AfterFlush has brought up new changes %d times in one Commit; let it change nothing where nothing is left to do", maxFlushes)
	s.fail(ctx, err)
	return nil, nil, err
}

// fail gives up the transaction for a reason of the program's own.
func (s *Session) fail(ctx context.Context, err error) {
	s.giveUp(ctx, err)
}

// eachHook calls one kind of hook, and fails the session when one fails.
func (s *Session) eachHook(ctx context.Context, name string, call func(*Hooks) error) error {
	hooks := s.hooks
	returned := false
	err := func() (err error) {
		defer func() {
			if !returned { // a panic or Goexit goes on
				s.fail(ctx, errPanicked)
			}
		}()
		defer s.lendToHook()(&err)
		for i := range hooks {
			if err := call(&hooks[i]); err != nil {
				returned = true
				return fmt.Errorf("retort: %s: %w", name, err)
			}
		}
		returned = true
		return nil
	}()
	if err == nil && s.failed != nil { // and the hook said nothing
		err = fmt.Errorf("%w: %w", ErrSessionFailed, s.failed)
	}
	if err != nil && s.failed == nil {
		s.fail(ctx, err)
	}
	return err
}

// lendToHook lets calls of a hook into the session, which the caller has claimed,
// until the function that it returns is called. That one waits for a goroutine
// that the hook has left in a call, and closes its rows.
func (s *Session) lendToHook() (takeBack func(*error)) {
	s.hooking = true
	s.busy.Store(inHook)
	return func(err *error) {
		for left := error(nil); !s.busy.CompareAndSwap(inHook, inCall); time.Sleep(time.Millisecond) {
			if left == nil {
				left = ErrConcurrentUse
				if o := s.rows.Load(); o != nil {
					left = ErrRowsOpen
				}
				*err = errors.Join(*err, fmt.Errorf("a hook returned before its use of the session had ended: %w", left))
			}
			if o := s.rows.Load(); o != nil {
				o.abandon()
			}
		}
		s.hooking = false
	}
}

// committed calls what waits for COMMIT, and adds what fails in it to err, which
// is nil or a CommittedError. worked: there was a transaction.
func (s *Session) committed(ctx context.Context, worked bool, err error) error {
	after, work := s.after, s.work
	s.after, s.work = nil, nil
	var calls []func(context.Context) error
	if worked {
		calls = afterCommit(s.hooks, work)
	}
	calls = append(calls, after...)
	if len(calls) == 0 {
		return err
	}
	var failed []error
	func() {
		var left error
		defer s.behindCommit(ctx)()
		defer s.lendToHook()(&left)
		callAll(context.WithoutCancel(ctx), calls, &failed)
		for len(s.after) > 0 { // what these have registered
			after, s.after = s.after, nil
			callAll(context.WithoutCancel(ctx), after, &failed)
		}
	}()
	for _, err := range s.misuse {
		failed = append(failed, fmt.Errorf("after COMMIT: %w", err))
	}
	s.misuse = nil
	if len(failed) == 0 {
		return err
	}
	if c, ok := errors.AsType[*CommittedError](err); ok {
		failed = append([]error{c.Err}, failed...)
	}
	return &CommittedError{Err: errors.Join(failed...)}
}

// behindCommit has the session read only, until the function that it returns is
// called: nobody would commit what it writes. That one ends the transaction of raw SQL.
func (s *Session) behindCommit(ctx context.Context) (end func()) {
	before, failed := s.opts.ReadOnly, s.failed
	s.opts.ReadOnly, s.behind = true, true
	return func() {
		s.giveBack(ctx, nil)
		s.opts.ReadOnly, s.failed, s.behind = before, failed, false
	}
}

// afterCommit are the calls of the hooks that wait for COMMIT.
func afterCommit(hooks []Hooks, work []unitofwork.Told) (calls []func(context.Context) error) {
	if len(hooks) == 0 {
		return nil
	}
	told := &Changes{work}
	for i := range hooks {
		if h := hooks[i].AfterCommit; h != nil {
			calls = append(calls, func(ctx context.Context) error { return h(ctx, told) })
		}
	}
	return calls
}

// callAll calls every function, whatever becomes of the others.
func callAll(ctx context.Context, calls []func(context.Context) error, failed *[]error) {
	for i, call := range calls {
		exited := true
		func() {
			defer func() {
				r := recover()
				switch {
				case r != nil:
					*failed = append(*failed, fmt.Errorf("after COMMIT: %w", &caught{"the function", r}))
				case exited: // by Goexit, which cannot be held back
					callAll(ctx, calls[i+1:], failed)
				}
			}()
			if err := call(ctx); err != nil {
				*failed = append(*failed, fmt.Errorf("after COMMIT: %w", err))
			}
			exited = false
		}()
	}
}

// rolledBack calls AfterRollback.
func (s *Session) rolledBack(ctx context.Context, work []unitofwork.Told, cause error) {
	told := &Changes{work}
	for i := range s.hooks {
		if h := s.hooks[i].AfterRollback; h != nil {
			h(context.WithoutCancel(ctx), told, cause)
		}
	}
}
