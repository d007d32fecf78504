package retort

import (
	"context"
	"errors"
	"fmt"
)

// rehearsal follows a repeatable function through its two runs under
// Config.Rehearse; nil is a run without one.
type rehearsal struct {
	first   bool // the run that is rolled back
	changes int  // rows that it changed
}

// errRehearsed is why a session was rolled back that had nothing wrong with it.
var errRehearsed = errors.New("retort: rolled back, as Config.Rehearse asks")

// rehearsed is the first of the two runs.
//
//   - Errors: the function's own. A failure that the database wants repeated says
//     nothing about the function, and the rehearsal is over.
func (e *Engine) rehearsed(opts TxOptions, attempt func(*rehearsal) error) (*rehearsal, error) {
	if !e.twice || !opts.Repeatable {
		return nil, nil
	}
	act := &rehearsal{first: true}
	err := attempt(act)
	switch {
	case errors.Is(err, errRehearsed):
		act.first = false
		return act, nil
	case repeatable(err):
		return nil, nil
	default:
		return nil, err
	}
}

// end is what follows a function that returned no error.
func (r *rehearsal) end(ctx context.Context, s *Session) error {
	if r == nil {
		return s.commitAndEnd(ctx)
	}
	changes, err := s.changes()
	switch {
	case err != nil:
		return err
	case !r.first && changes != r.changes:
		return fmt.Errorf("%w (%d changes to objects at first, %d then)", ErrNotRepeatable, r.changes, changes)
	case !r.first:
		return s.commitAndEnd(ctx)
	}
	r.changes = changes
	if err := s.Flush(ctx); err != nil {
		return err
	}
	return errRehearsed
}

// verdict is what the second run's error means after a first one without.
func (r *rehearsal) verdict(err error) error {
	if r == nil || err == nil || errors.Is(err, ErrNotRepeatable) {
		return err
	}
	return fmt.Errorf("%w: it ran well, was rolled back, and then failed: %w", ErrNotRepeatable, err)
}

// changes counts what the session has written in its transaction and what it is
// about to write.
func (s *Session) changes() (int, error) {
	if err := s.ready(); err != nil {
		return 0, err
	}
	defer s.leave()
	pending, err := s.unit.Pending()
	return s.beside.written + pending, err
}
