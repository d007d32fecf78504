package retort

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pgerr"
)

// defaultCommitTimeout is Config.CommitTimeout where it is not given.
const defaultCommitTimeout = 10 * time.Second

// attested adds the outcome row to a trip that commits what the unit of work has
// written.
func (s *Session) attested(ctx context.Context, t *trip) error {
	if !s.attests() || t.work == nil && !s.wrote {
		return nil
	}
	if !s.open {
		if err := s.eng.located(ctx); err != nil {
			return err
		}
	}
	o, st, err := s.eng.witness.attest()
	if err != nil {
		return err
	}
	t.outcome = o
	t.statements = append(t.statements, st)
	return nil
}

// attests tells whether the session's COMMITs that write have a row of their own.
func (s *Session) attests() bool {
	return s.eng.witness != nil && !s.opts.SkipOutcome && !s.opts.ReadOnly
}

// findOut learns whether t was committed, and brings the session in line with
// that.
//
//   - Errors: nil when it was, or a [*CommittedError] when what the database had
//     made is not known; [*NotCommittedError]; explained when nobody can tell.
func (s *Session) findOut(ctx context.Context, t *trip, failed *flight.Error, explained error) error {
	s.giveBack(ctx, failed.Err) // the old connection first, which may be the only one
	ctx, cancel := s.eng.commitTime(ctx)
	defer cancel()
	s.failed = s.eng.fate(ctx, t.outcome, failed, explained)
	switch {
	case errors.Is(s.failed, ErrCommitUnknown):
		s.unit.Release()
	case s.failed == nil:
		if err := s.refetch(ctx, t.work); err != nil {
			s.failed = &CommittedError{Err: err}
			s.unit.Release()
			break
		}
		return nil
	}
	return s.failed
}

// lostBy is what took the answer away, without the word that nobody knows.
func lostBy(err error) error {
	if unknown, ok := errors.AsType[*pgerr.CommitUnknownError](err); ok {
		return unknown.Err
	}
	return err
}

// commitTime is the time in which a lost COMMIT is found out, whatever became of ctx.
func (e *Engine) commitTime(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(e.fly.CommitTimeout, defaultCommitTimeout))
}

// fate asks what became of the COMMIT of o, and logs it.
//
//   - Errors: nil when it was committed; [*NotCommittedError]; explained, with the id,
//     when nobody can tell.
func (e *Engine) fate(ctx context.Context, o *outcome, failed *flight.Error, explained error) error {
	committed, err := e.asked(ctx, o)
	switch {
	case err != nil:
		e.log.ErrorContext(ctx, "retort: the answer to COMMIT was lost, and what became of it could not be found out; see docs/errors.md#commit-unknown",
			"outcome", o.id, "cause", failed.Err, "error", err)
		return fmt.Errorf("retort: outcome %s could not be found out: %w", o.id, explained)
	case !committed:
		e.log.WarnContext(ctx, "retort: the answer to COMMIT was lost; it was rolled back", "outcome", o.id, "cause", failed.Err)
		return &NotCommittedError{Outcome: o.id, Err: lostBy(failed.Err)}
	default:
		e.log.WarnContext(ctx, "retort: the answer to COMMIT was lost; it was committed", "outcome", o.id, "cause", failed.Err)
		return nil
	}
}

// asked asks for an outcome until it is known or ctx ends.
func (e *Engine) asked(ctx context.Context, o *outcome) (committed bool, err error) {
	for try := 1; ; try++ {
		committed, err := e.fence(ctx, o)
		late := time.Now().Round(0).Sub(o.at)
		switch {
		case err == nil && late > outcomeTrust:
			return false, fmt.Errorf("retort: the answer came %s after COMMIT, when its outcome may have been swept", late)
		case err == nil:
			return committed, nil
		case hopeless(err) || !pauseFor(ctx, try):
			return false, err
		}
	}
}

// fence puts in the row of an outcome that is not there, for good. It waits for a
// transaction that is about to put it in.
//
//   - Shape: one round trip, at READ COMMITTED, where the row that it waited for can
//     be seen. It may be sent again: a row of its own is told by its value.
//   - Source: docs/adr/0020-outcome-rows.md.
func (e *Engine) fence(ctx context.Context, o *outcome) (committed bool, err error) {
	opts := TxOptions{Isolation: ReadCommitted}
	if deadline, ok := ctx.Deadline(); ok {
		opts.StatementTimeout = max(time.Until(deadline).Truncate(time.Millisecond), time.Millisecond)
		opts.LockTimeout = opts.StatementTimeout // in place of a shorter one of the connection's
	}
	s := e.SessionWith(opts)
	defer func() { _ = s.Close(ctx) }() // it holds nothing any more
	if s.invalid != nil {
		return false, s.invalid
	}
	found := false
	row := func(_ []flight.Field, values [][]byte) error {
		found, committed = true, len(values) == 1 && len(values[0]) == 1 && values[0][0] == 1
		return nil
	}
	err = s.fly(ctx, trip{
		begin: s.begin(), closes: true, reset: func() { found = false },
		// COMMIT as a statement, so that the trip ends with ctx. Its answer may be lost.
		statements: []flight.Statement{outcomeStatement(o.texts.fence, o.id, row), {SQL: commitRead}},
	})
	if err == nil && !found {
		err = errors.New("retort: the outcome row did not come back: a trigger or a rule suppressed it")
	}
	return committed, err
}

// hopeless tells an error of the fence that the next try would meet again.
func hopeless(err error) bool {
	return outcomeTableMissing(err) || errors.Is(err, ErrEngineClosed)
}

// outcomeTableMissing tells what somebody has to mend before an outcome row can be
// written: the table, its columns, the rights.
func outcomeTableMissing(err error) bool {
	switch pgerr.Code(err) {
	case "42P01", "42703", "42804", "42501", "42P10", "3F000":
		return true
	default:
		return false
	}
}

// explainOutcome is for a failure of the outcome row itself.
func (s *Session) explainOutcome(t *trip, failed *flight.Error, err error) error {
	if t.outcome == nil || failed.Statement != len(t.statements)-1 {
		return err
	}
	return s.eng.witness.explain(err)
}

// refetchRows is how many rows one round trip reads again.
const refetchRows = 500

// refetch reads rows that were written and whose results were lost with the answer
// to COMMIT. An object takes all values of its row as it is now, as by Refresh.
//
//   - Errors: a row that cannot be found, since the database had made its key or
//     somebody has deleted it.
func (s *Session) refetch(ctx context.Context, work *unitofwork.Work) error {
	lost := work.Lost()
	if len(lost) == 0 {
		return nil
	}
	opts := s.opts
	opts.Isolation, opts.ReadOnly, opts.Deferrable, opts.Filters = ReadCommitted, true, false, nil
	r := s.eng.SessionWith(opts)
	defer func() { _ = r.Close(ctx) }()
	for len(lost) > 0 {
		n := min(len(lost), refetchRows)
		if err := r.refetchSome(ctx, lost[:n]); err != nil {
			return fmt.Errorf("retort: the answer to COMMIT was lost, and with it what the database had made: %w", err)
		}
		lost = lost[n:]
	}
	return nil
}

func (s *Session) refetchSome(ctx context.Context, lost []*unitofwork.Change) error {
	rows := make([]*byKey, len(lost))
	statements := make([]flight.Statement, len(lost))
	for i, c := range lost {
		if c.Kind == unitofwork.Insert && c.Table.KeyServerMade() {
			return fmt.Errorf("the key of a new row of %q", c.Table.Name())
		}
		var err error
		if rows[i], statements[i], err = s.byKeyStatement("Commit", c.Table, c.Key()); err != nil {
			return err
		}
	}
	reset := func() {
		for _, row := range rows {
			row.reset()
		}
	}
	if err := s.read(ctx, reset, statements...); err != nil {
		return err
	}
	for i, c := range lost {
		if rows[i].object.IsNil() {
			return fmt.Errorf("a row of %q is not there any more", c.Table.Name())
		}
		c.Found(rows[i].object)
	}
	return nil
}

// pauseFor waits between two tries, with full jitter.
func pauseFor(ctx context.Context, try int) bool {
	timer := time.NewTimer(rand.N(min(firstPause<<min(try, 6), longestPause/2)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
