package retort

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/pool"
)

// An [Observer] that has the methods of the following interfaces as well is told
// more. Open looks for them once.
type (
	// EngineObserver is told which engine it observes, before that is used.
	EngineObserver interface{ ObserveEngine(e *Engine) }

	// SessionObserver is told how units of work end, and when they are repeated.
	//
	//   - Concurrency: as of Observer.
	SessionObserver interface {
		// SessionEnd is called when a session has committed, or when it drops what
		// it did. One that only read outside of a transaction ends untold, and so
		// does the success of one that joined somebody else's: it is not stored yet.
		SessionEnd(ctx context.Context, s SessionInfo)

		// SessionRetry is called before Run or InSession repeats a unit of work.
		SessionRetry(ctx context.Context, r RetryInfo)
	}

	// RetryObserver is told of repetitions that the engine's retry budget refused.
	//
	//   - Concurrency: as of Observer.
	RetryObserver interface {
		// RetryRefused is called in place of SessionRetry; there is no pause.
		RetryRefused(ctx context.Context, r RetryInfo)
	}

	// BackgroundObserver is told how functions of [Engine.Go] ended.
	//
	//   - Concurrency: as of Observer, on the function's goroutine.
	BackgroundObserver interface {
		BackgroundEnd(ctx context.Context, b BackgroundInfo)
	}

	// ConnectionObserver is told of the pool: by sessions with their context, and
	// by the pool itself without one. A ping of [Engine.Ping] is in the pool's
	// events alone.
	//
	//   - Concurrency: as of Observer.
	ConnectionObserver interface {
		// Acquired is called when a session has got a connection, or failed to.
		Acquired(ctx context.Context, wait time.Duration, err error)

		// Released is called when a session gives a connection back that it has
		// held that long. err says why it is not fit for the next one.
		Released(ctx context.Context, held time.Duration, err error)

		// PoolEvent is called with every event of the pool.
		PoolEvent(event pool.Event)
	}

	// LogObserver knows something that belongs in log lines, such as the trace
	// of a context; see [Engine.LogHandler].
	LogObserver interface {
		LogAttrs(ctx context.Context) []slog.Attr
	}
)

// Ending is what became of a unit of work.
type Ending string

// The endings.
const (
	EndCommit   Ending = "commit"   // its changes are stored
	EndRollback Ending = "rollback" // they are not
	EndUnknown  Ending = "unknown"  // COMMIT was sent and its answer lost
	EndBySQL    Ending = "by_sql"   // raw SQL ended the transaction by itself
)

// SessionInfo is the end of one unit of work.
//
//   - Shape: Cause is set for a rollback: a kind of package pgerr ("unique",
//     "serialization", "connection" …) where the database refused; "stale";
//     "pool_timeout"; "canceled" and "timeout" of the context; "panic"; "error" for
//     any other error; "program" where Rollback or Close came without one. Err is
//     nil for "program" and for a commit whose results are complete.
type SessionInfo struct {
	End   Ending
	Cause string
	Err   error
}

// RetryInfo is a unit of work that is about to be repeated.
//
//   - Shape: Attempt is the run that failed, from 1; Err is why.
type RetryInfo struct {
	Attempt int
	Err     error
	Pause   time.Duration
}

// BackgroundInfo is the end of one function of [Engine.Go].
//
//   - Shape: Err is what it returned; for a panic an error without the value.
type BackgroundInfo struct {
	Duration time.Duration
	Err      error
}

// observers are the parts of Config.Observer, as far as it has them.
type observers struct {
	connections ConnectionObserver
	sessions    SessionObserver
	retries     RetryObserver
}

// look finds out who wants to be told what.
func (e *Engine) look() {
	e.told.connections, _ = e.watch.(ConnectionObserver)
	e.told.sessions, _ = e.watch.(SessionObserver)
	e.told.retries, _ = e.watch.(RetryObserver)
	e.seen.Store(e.watch != nil || e.echo.on || e.tracer != nil)
	if o, ok := e.watch.(EngineObserver); ok {
		o.ObserveEngine(e)
	}
}

// borrow is acquire for a session; the time is that of the loan, where somebody
// looks.
func (e *Engine) borrow(ctx context.Context) (loan, time.Time, error) {
	if !e.seen.Load() {
		lease, err := e.acquire(ctx)
		if err == nil {
			e.ready(ctx, lease.Resource())
		}
		return lease, time.Time{}, err
	}
	start := time.Now()
	lease, err := e.acquire(ctx)
	now := time.Now()
	told := false
	defer func() {
		if !told && err == nil { // the observer panicked
			e.release(lease, nil)
		}
	}()
	if t := tallyOf(ctx); t != nil {
		t.waited(now.Sub(start))
	}
	if e.told.connections != nil {
		e.told.connections.Acquired(ctx, now.Sub(start), err)
	}
	told = true
	if err == nil {
		e.ready(ctx, lease.Resource())
	}
	return lease, now, err
}

// tellRelease is called before the lease ends.
func (s *Session) tellRelease(ctx context.Context, cause error) {
	if s.eng.told.connections != nil {
		s.eng.told.connections.Released(ctx, time.Since(s.since), cause)
	}
}

// tellCommit tells that the session's changes are stored.
func (s *Session) tellCommit(ctx context.Context) {
	if s.eng.told.sessions != nil {
		s.eng.told.sessions.SessionEnd(ctx, SessionInfo{End: EndCommit})
	}
}

// dropping says what a rollback drops, nil if nothing or if nobody wants to know.
func (s *Session) dropping(cause error) *SessionInfo {
	if s.eng.told.sessions == nil && !s.hooked(hasAfterEnd) || s.failed == nil && !s.began() && !s.unit.Dirty() {
		return nil
	}
	info := endOf(cause)
	if s.failed != nil {
		info = endOf(s.failed)
	}
	return &info
}

// tellDrop tells what was dropped; work had been written.
func (s *Session) tellDrop(ctx context.Context, info *SessionInfo, work []unitofwork.Told) {
	if info == nil {
		return
	}
	if s.eng.told.sessions != nil {
		s.eng.told.sessions.SessionEnd(ctx, *info)
	}
	if info.End == EndRollback {
		s.rolledBack(ctx, work, info.Err)
	}
}

// errPanicked is why a session was rolled back whose function did not return.
var errPanicked = errors.New("retort: the function panicked or exited")

// endOf says how a unit of work ended that was not simply committed.
func endOf(err error) SessionInfo {
	info := SessionInfo{End: EndRollback, Err: err}
	_, committed := errors.AsType[*CommittedError](err)
	switch {
	case errors.Is(err, ErrCommitUnknown):
		info.End = EndUnknown
	case committed:
		info.End = EndCommit
	case errors.Is(err, errEndedBySQL):
		info.End = EndBySQL
	default:
		info.Cause = causeOf(err)
	}
	return info
}

// causeOf names the reason of a rollback by one of few words.
func causeOf(err error) string {
	_, starved := errors.AsType[*pool.TimeoutError](err)
	switch kind := pgerr.KindOf(err); {
	case err == nil:
		return "program"
	case errors.Is(err, errPanicked), errors.Is(err, errLeft):
		return "panic"
	case errors.Is(err, ErrStale):
		return "stale"
	case starved:
		return "pool_timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case kind != pgerr.Other:
		return kind.String()
	case pgerr.Code(err) != "":
		return "sql" // refused by the server for a reason without a kind
	default:
		return "error"
	}
}
