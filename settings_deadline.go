package retort

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/flight"
)

// Deadlines says which work tells the server how much time its context has left, so
// that the server ends it though the program or the network is gone.
//
//   - Source: PostgreSQL manual, Client Connection Defaults: statement_timeout,
//     idle_in_transaction_session_timeout.
type Deadlines string

// What Config.Deadlines can be; the zero value is DeadlinesOfTransactions.
const (
	// DeadlinesOfTransactions: units of work of Run, InSession, package web and
	// database/sql, as far as they open a transaction, and what travels with its
	// own BEGIN and COMMIT.
	DeadlinesOfTransactions Deadlines = "transactions"

	// DeadlinesEverywhere: reads outside of a transaction, too, if Retort built them.
	DeadlinesEverywhere Deadlines = "everywhere"

	// DeadlinesOff: the server is told nothing.
	DeadlinesOff Deadlines = "off"
)

func (d Deadlines) check() error {
	switch d {
	case "", DeadlinesOfTransactions, DeadlinesEverywhere, DeadlinesOff:
		return nil
	default:
		return fmt.Errorf("retort: Config.Deadlines: is %q; give %q, %q or %q", string(d), DeadlinesOfTransactions, DeadlinesEverywhere, DeadlinesOff)
	}
}

const (
	// deadlineMargin is what the server waits beyond the deadline: while both live,
	// the program ends its work itself, and callers get their context's error.
	deadlineMargin = 250 * time.Millisecond

	// deadlineStep is how much a transaction's time may have shrunk before the
	// server is told anew: a limit holds for each statement and each pause.
	deadlineStep = 500 * time.Millisecond
)

// deadlineOf is until when a unit of work in ctx may last; zero is without end.
func (e *Engine) deadlineOf(ctx context.Context) time.Time {
	if e.deadlines == DeadlinesOff {
		return time.Time{}
	}
	until, _ := ctx.Deadline()
	return until
}

// until is the deadline that the server is told with a flight; zero: none.
//
// A transaction outlives the call that opened it, whose context may be shorter than
// those that follow. So only the deadline of the whole unit of work counts there,
// and the call's own where the flight is a whole transaction.
func (s *Session) until(ctx context.Context, t *trip) time.Time {
	switch {
	case s.eng.deadlines == DeadlinesOff:
		return time.Time{}
	case s.open:
		if !s.deadline.IsZero() && time.Since(s.told) < deadlineStep {
			return time.Time{}
		}
		return s.deadline
	case t.begin != "" && !t.closes && t.end == flight.Stay:
		return s.deadline
	case t.begin == "" && (t.raw || s.eng.deadlines != DeadlinesEverywhere):
		return time.Time{} // what cannot run inside a transaction block fails behind another statement
	}
	if own, ok := ctx.Deadline(); ok && (s.deadline.IsZero() || own.Before(s.deadline)) {
		return own
	}
	return s.deadline
}

// limited are the settings of a flight: those of the session where it begins its
// transaction, and the time that is left.
func (s *Session) limited(ctx context.Context, t *trip) *flight.Statement {
	settings := s.settings
	if s.open || t.begin == "" {
		settings = nil
	}
	until := s.until(ctx, t)
	if until.IsZero() {
		return settings
	}
	s.told = time.Now()
	return deadlineStatement(settings, max(until.Sub(s.told), 0)+deadlineMargin)
}

// deadlineText sets both limits to parameter $n unless they are shorter, as by the
// role, Config or TxOptions; 0 is no limit. It comes last, and sees what those before
// it have set: the server evaluates a list of results from left to right.
func deadlineText(n string) string {
	limit := func(name string) string {
		now := "pg_catalog.current_setting('" + name + "')"
		return "pg_catalog.set_config('" + name + "', (CASE " + now + " WHEN '0' THEN $" + n + " ELSE least($" + n +
			", (extract(epoch FROM " + now + "::pg_catalog.interval) * 1000)::pg_catalog.int8) END)::pg_catalog.text, true)"
	}
	return limit("statement_timeout") + ", " + limit("idle_in_transaction_session_timeout")
}

const deadlineLabel = "/* retort:session.deadline */ SELECT "

// deadlineStatement is settings, which may be nil, with the limits behind them.
func deadlineStatement(settings *flight.Statement, left time.Duration) *flight.Statement {
	ms := strconv.AppendInt(nil, min(left.Milliseconds(), maxTimeout), 10)
	if settings == nil {
		return &flight.Statement{
			SQL: deadlineLabel + deadlineText("1"), Formats: []int16{pgtype.TextFormatCode},
			Args: [][]byte{ms}, OIDs: []uint32{pgtype.Int8OID},
		}
	}
	return &flight.Statement{
		SQL:     settings.SQL + ", " + deadlineText(strconv.Itoa(len(settings.Args)+1)),
		Formats: settings.Formats,
		Args:    append(slices.Clip(settings.Args), ms),
		OIDs:    append(slices.Clip(settings.OIDs), pgtype.Int8OID),
	}
}
