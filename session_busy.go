package retort

import (
	"context"
	"fmt"
)

const (
	free = iota
	inCall
	inIter
	inRows
	inHook // a hook may make calls
)

// enter claims the session for one call; leave gives it up.
func (s *Session) enter() error {
	if s == nil {
		return errNoSession
	}
	if !s.busy.CompareAndSwap(free, inCall) && !s.busy.CompareAndSwap(inHook, inCall) {
		switch s.busy.Load() {
		case inIter:
			return ErrIterOpen
		case inRows:
			return ErrRowsOpen
		default:
			return ErrConcurrentUse
		}
	}
	if s.closed {
		s.leave()
		return ErrSessionClosed
	}
	if s.overdue.Load() != nil {
		s.endOverdue()
	}
	return nil
}

// claim is enter for calls that return no error: a refusal waits for the next
// flush or commit.
func (s *Session) claim() bool {
	s.mustBe()
	err := s.enter()
	if err != nil {
		s.strayed(err)
	}
	return err == nil
}

// mustBe panics where the session is nil, in calls that have no error to say it
// with and no session to keep it in.
func (s *Session) mustBe() {
	if s == nil {
		panic(errNoSession)
	}
}

// outside is ready for calls that hooks must not make.
func (s *Session) outside() error {
	if err := s.ready(); err != nil {
		return err
	}
	if s.hooking {
		s.leave()
		return ErrInHook
	}
	return nil
}

// ready is enter for calls that need a healthy session.
func (s *Session) ready() error {
	if err := s.enter(); err != nil {
		return err
	}
	failed := s.failed
	if failed == nil && s.beside.aborted != nil {
		failed = s.eng.explain(s.beside.aborted)
	}
	if failed != nil {
		err := fmt.Errorf("%w: %w", ErrSessionFailed, failed)
		s.leave()
		return err
	}
	return nil
}

func (s *Session) leave() {
	if s.hooking {
		s.busy.Store(inHook)
		return
	}
	s.busy.Store(free)
	// Close sets abandoned before it looks at busy, so one of the two sees the other.
	if s.abandoned.Load() && s.busy.CompareAndSwap(free, inCall) {
		s.end(context.Background())
		s.busy.Store(free)
	}
}

// overdue is a function of Savepoint or RunIn that has returned while the session
// was in use, by a loop that it left unfinished or another goroutine.
type overdue struct {
	err    error
	end    func()
	before *overdue
}

// endLater leaves the end to the next call, which finds the session failed.
func (s *Session) endLater(err error, end func()) {
	o := &overdue{err: err, end: end}
	for {
		if o.before = s.overdue.Load(); s.overdue.CompareAndSwap(o.before, o) {
			return
		}
	}
}

// endOverdue is for the holder of busy.
func (s *Session) endOverdue() {
	for o := s.overdue.Swap(nil); o != nil; o = o.before {
		if o.end(); s.failed == nil {
			s.failed = o.err
		}
	}
}
