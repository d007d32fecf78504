package retort

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/unitofwork"
	"github.com/retort-go/retort/pgerr"
)

// trip is what a session wants to send in one round trip.
type trip struct {
	// begin opens a transaction if none is open; empty is autocommit, and then
	// none is open.
	begin      string
	statements []flight.Statement
	end        flight.End

	// raw: the last statement was not built by Retort. Nothing is known of its
	// effects.
	raw bool

	// readOnly: the user declared that the raw statement changes nothing.
	readOnly bool

	// opens: the statements lock rows or change them, and need a transaction.
	opens bool

	// wrote: a statement that Retort built changes rows past the objects.
	wrote bool

	// tag takes the number of rows of the last statement; nil: nobody asks.
	tag *int64

	// closes: the statements end their own read-only transaction.
	closes bool

	// reset clears what row callbacks gathered, before the trip is sent again.
	reset func()

	// handed is set once rows were given to the caller: what the caller has seen
	// cannot be cleared, so the trip cannot be sent again. Nil: never.
	handed *bool

	// work rides along as the first statements.
	work *unitofwork.Work

	// byKey: one row of this table is read by its key, and nothing else. Nil: more.
	byKey *model.Table

	// outcome is the row that the last statement puts in; nil: none.
	outcome *outcome
}

// maxSends bounds how often one trip is sent: a restart of the server may have
// killed several idle connections, but a fresh one that fails is news.
const maxSends = 3

// fly sends a trip and settles the session's state by its outcome.
//
//   - Errors: explained. The session has failed when its transaction is lost.
func (s *Session) fly(ctx context.Context, t trip) error {
	landed := false
	defer func() {
		if !landed { // a loop over an iterator panicked or left by Goexit
			if s.open || t.begin != "" && !t.closes {
				s.failed = errLeft
			}
			s.giveBack(ctx, errLeft)
		}
	}()
	err := s.send(ctx, &t)
	landed = true
	return err
}

// errLeft is why a connection is given up when the caller's loop did not return.
var errLeft = errors.New("retort: the loop over an iterator panicked or exited")

func (s *Session) send(ctx context.Context, t *trip) error {
	f := &s.flight
	*f = flight.Flight{Statements: t.statements, End: t.end, Contested: t.work.Contested()}
	defer func() { *f = flight.Flight{} }() // keep no arguments alive
	if s.joined != nil {
		return s.sendJoined(ctx, t, f)
	}
	f.Settings, f.Path = s.limited(ctx, t), s.path
	if s.open {
		return s.settle(ctx, t, s.eng.observed(ctx, s.lease.Resource(), f, 1), false)
	}
	f.Begin = t.begin
	for attempt := 1; ; attempt++ {
		lease, since, err := s.eng.borrow(ctx)
		if err != nil {
			return err
		}
		s.lease, s.since = lease, since
		err = s.eng.observed(ctx, lease.Resource(), f, attempt)
		if err == nil || attempt == maxSends || !s.mayResend(ctx, t, err) {
			return s.settle(ctx, t, err, true)
		}
		s.giveBack(ctx, err)
		t.work.Reset()
		if t.reset != nil {
			t.reset()
		}
	}
}

// mayResend says whether the first flight of a transaction may be sent again on
// another connection: when it is certain that nothing of it took effect or can
// take effect, and the caller still waits.
//
// A flight that may have been committed never passes: Unknown and Committed are
// not in the list, and RolledBack is a proof.
//
//   - Source: docs/adr/0002-flights-on-pgconn.md.
func (s *Session) mayResend(ctx context.Context, t *trip, err error) bool {
	failed, ok := errors.AsType[*flight.Error](err)
	if !ok || ctx.Err() != nil || t.handed != nil && *t.handed || limited(failed.Err) {
		return false
	}
	broken := s.lease.Resource().Broken()
	stale := pgerr.KindOf(err) == pgerr.StalePlan
	switch failed.Outcome {
	case flight.NotExecuted:
		return broken
	case flight.Lost:
		return broken && !t.raw
	case flight.RolledBack:
		return stale || broken && !t.raw && pgerr.KindOf(err) == pgerr.Shutdown
	case flight.Aborted, flight.Failed:
		return stale
	default:
		return false
	}
}

// limited tells an end that a pooler's time limit has set: again would take as long.
func limited(err error) bool {
	kind := pgerr.KindOf(err)
	return kind == pgerr.QueryCanceled || kind == pgerr.TooManyConnections
}

// settle brings the session in line with what became of its trip. first: it was
// the first of its transaction.
//
// What each outcome means, for a read on its own (R: no BEGIN, or one that the
// trip ends itself), the first flight of a transaction (F), and a later one (L):
//
//	success      R F+COMMIT L+COMMIT: give back.  F L: the transaction stays open.
//	NotExecuted  R F: give back, nothing happened.  L: goes on if the connection
//	             lives (the flight was refused before it was sent), else failed.
//	Failed       R: give back.  F: BEGIN itself was refused; failed.
//	Aborted      F L: failed; ROLLBACK, give back.  R: the same, but not failed.
//	RolledBack   F L: failed; give back.
//	Lost         R: give back.  F L: failed; give back.
//	Unknown      F L: failed; the objects are let go as they are. With an outcome
//	             row it becomes success, Committed or RolledBack; see findOut.
//	Committed    R: give back.  F L: as Unknown, and a CommittedError.
//
// "Failed" holds until Rollback. Some F and R are sent again before they get
// here; see mayResend.
func (s *Session) settle(ctx context.Context, t *trip, err error, first bool) error {
	if err == nil {
		return s.landed(ctx, t)
	}
	failed, ok := errors.AsType[*flight.Error](err)
	if !ok {
		failed = &flight.Error{Outcome: flight.Lost, Statement: -1, Err: err}
	}
	explained := s.explain(t, failed)
	switch {
	case t.begin == "", t.closes, first && failed.Outcome == flight.NotExecuted:
		s.giveBack(ctx, failed.Err)
		return explained
	case failed.Outcome == flight.NotExecuted && !s.lease.Resource().Broken():
		return explained
	case failed.Outcome == flight.Aborted && s.depth > 0 && !s.lease.Resource().Broken():
		s.eng.noticed(s.lease.Resource(), failed.Err)
		s.failed = explained // until Savepoint has gone back
		return explained
	case t.outcome.resolves(failed):
		return s.findOut(ctx, t, failed, explained)
	case failed.Outcome == flight.Committed && t.end == flight.Commit:
		explained = &CommittedError{Err: explained}
	}
	s.failed = explained
	if failed.Outcome == flight.Unknown || failed.Outcome == flight.Committed {
		s.unit.Release()
	}
	s.giveBack(ctx, failed.Err)
	return explained
}

// landed is settle for a trip that succeeded.
func (s *Session) landed(ctx context.Context, t *trip) error {
	if t.end != flight.Stay || t.begin == "" || t.closes {
		s.giveBack(ctx, nil)
		return s.met(t)
	}
	s.open = true
	s.wrote = s.wrote || t.raw && !t.readOnly || t.wrote || t.work != nil
	ended := s.lease.Resource().TxStatus() == 'I'
	if t.raw {
		ended = ended || chained(&t.statements[len(t.statements)-1])
	}
	if !ended {
		return nil
	}
	s.failed = errEndedBySQL
	s.unit.Release()
	s.giveBack(ctx, nil)
	return errEndedBySQL
}

// met tells whether the row was there that a statement without a guard is about; see
// [unitofwork.Work.Alone]. Where it was not, an empty transaction was committed.
func (s *Session) met(t *trip) error {
	g := t.work.Lone()
	if g == nil {
		return nil
	}
	switch rows := t.statements[0].Tag.RowsAffected(); rows {
	case 1:
		return nil
	case 0:
		s.failed = stale(g, "", nil)
	default: // a table that others inherit from, or a view
		s.failed = &CommittedError{fmt.Errorf("retort: %s %s wrote %d rows with one key; the primary key of %q is none in the database",
			g.Kind, g.Table.Type, rows, g.Table.Name())}
		s.unit.Release()
	}
	return s.failed
}

// stale is the error for rows of g that are gone; message is what the server says of
// them, and err how.
func stale(g *unitofwork.Group, message string, err error) error {
	keys := g.StaleKeys(message)
	return &StaleError{Table: g.Table.Name(), Key: keys[0], Keys: keys, Err: err}
}

// chained tells COMMIT AND CHAIN and ROLLBACK AND CHAIN, which open the next
// transaction at once, from the way back to a savepoint.
func chained(st *flight.Statement) bool {
	switch st.Tag.String() {
	case "COMMIT":
		return true
	case "ROLLBACK":
		step, _ := flight.SavepointOf(st.SQL)
		return step == flight.NoSavepoint
	default:
		return false
	}
}

// errEndedBySQL: what the session sends next would run outside a transaction.
var errEndedBySQL = errors.New("retort: raw SQL ended the session's transaction (COMMIT, ROLLBACK or PREPARE TRANSACTION), and that took effect; " +
	"leave it to Session.Commit and Session.Rollback; see docs/errors.md#ended-by-sql")

// explain finds the rows behind a failed statement.
func (s *Session) explain(t *trip, failed *flight.Error) error {
	err := s.explainMisfit(t, failed, s.eng.explain(failed))
	if failed.Statement == flight.AtSettings {
		return fmt.Errorf("retort: a setting of TxOptions (%s) was refused: %w", s.opts.settingNames(), err)
	}
	groups := t.work.Groups()
	if failed.Statement < 0 || failed.Statement >= len(groups) {
		return s.explainOutcome(t, failed, err)
	}
	g := groups[failed.Statement]
	if pgerr.KindOf(failed.Err) == pgerr.StaleRow {
		message := ""
		if said, ok := errors.AsType[*pgconn.PgError](failed.Err); ok {
			message = said.Message
		}
		return stale(g, message, failed.Err)
	}
	return fmt.Errorf("retort: %s %s: %w", g.Kind, g.Table.Name(), err)
}
