package retort

import (
	"context"
	"errors"
	"fmt"
)

// ErrNested says: the function of [RunIn] called Commit or Rollback, which belong to
// who began the session.
var ErrNested = errors.New("retort: a nested unit of work cannot commit or roll back its session; return an error to have it rolled back; see docs/errors.md#nested")

// RunIn executes fn as a part of the unit of work of s, so that a function which
// wants "its transaction" can be called from one that has begun it. They share one
// fate: if fn fails, the session fails with it, for what fn did cannot be told from
// the rest, and a caller that overlooks the error cannot commit half of it.
//
//   - Shape: what fn returned; no round trip. May be nested.
//   - Errors: of fn; [ErrSessionFailed] where fn overlooked a failure;
//     [ErrInHook]. A panic or runtime.Goexit of fn fails the session and goes on.
//   - Concurrency: fn has the session to itself, on the caller's goroutine.
func RunIn[R any](ctx context.Context, s *Session, fn func(context.Context, *Session) (R, error)) (R, error) {
	if err := s.nest(); err != nil {
		return *new(R), err
	}
	cause := errPanicked // unless fn returns
	defer func() {
		if cause != nil { // and it goes on
			_ = s.unnest(ctx, cause)
		}
	}()
	result, err := fn(ctx, s)
	cause = nil
	if err := s.unnest(ctx, err); err != nil {
		return *new(R), err
	}
	return result, nil
}

// nest begins a nested unit of work.
func (s *Session) nest() error {
	if err := s.outside(); err != nil {
		return err
	}
	defer s.leave()
	s.nested++
	return nil
}

// unnest ends it; err is what its function returned.
func (s *Session) unnest(ctx context.Context, err error) error {
	if left := s.closeRows(); left != nil && err == nil {
		err = errLeftInUse("RunIn", left)
	}
	if claimed := s.enter(); claimed != nil {
		s.endLater(errLeftInUse("RunIn", claimed), func() { s.nested-- })
		return errors.Join(err, claimed)
	}
	defer s.leave()
	s.nested--
	switch {
	case err == nil && s.failed != nil:
		return fmt.Errorf("%w: %w", ErrSessionFailed, s.failed)
	case err != nil && s.failed == nil:
		s.fail(ctx, err)
	}
	return err
}
