package flight

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// trip gathers what happens to a flight on its way; verdict turns it into an
// outcome. It does no I/O.
type trip struct {
	flight *Flight
	pooler bool

	// Set while sending.
	end         int  // index of the end's first request; 0 without an end
	joint       bool // COMMIT has no Sync before it
	copy        *Statement
	copyAt      int  // where its data goes
	unnamed     bool // statements go without a name from here on
	deallocated bool // the user's SQL drops all prepared statements
	mayCommit   bool // the user's SQL commits, once it gets there

	// Set while receiving.
	at         int  // the request whose answer is awaited
	answered   int  // requests answered in full
	written    bool // at least one byte left
	shipped    bool // all bytes left, and they end with a Sync
	workDone   bool // the work's Sync was answered, or without one, COMMIT was bound …
	workStatus byte // … with this transaction status
	endTag     string
	err        error // the server's first refusal of the work
	errAt      int   // its index in Statements, -1 for BEGIN
	errRequest int   // its request
	endErr     error // the server's refusal of COMMIT or ROLLBACK
	rowErr     error
	rowAt      int
	ended      bool // the user's SQL committed a transaction
	unsynced   bool // a standby may lack what was committed
	dying      bool // the server announced its end in a notice
	connErr    error
	signed     bool // connErr is a PostgreSQL server's own FATAL
}

func (t *trip) start(f *Flight, pooler bool) {
	*t = trip{flight: f, pooler: pooler}
}

// clear drops the references to the caller's values.
func (t *trip) clear() { *t = trip{} }

// hear takes a notice. Notices arrive in order with the answers.
func (t *trip) hear(n *pgconn.Notice) {
	if t.flight == nil {
		return
	}
	e := (*pgconn.PgError)(n)
	switch {
	case (e.Code == "57P01" || e.Code == "57P02") && fromServer(e):
		// A server that is stopped or has crashed says so as a warning and exits.
		t.dying = true
		if e.Routine == syncRepRoutine {
			t.unsynced = true
		}
	case e.Code == "01000" && (e.Routine == syncRepRoutine || e.Routine == "" && t.end > 0 && t.at >= t.end):
		t.unsynced = true
	}
}

// syncRepRoutine is where PostgreSQL warns that a commit is not on the standby.
// A user's RAISE WARNING has the same SQLSTATE and comes from elsewhere.
const syncRepRoutine = "SyncRepWaitForLSN"

// fromServer tells PostgreSQL's own messages from those that a pooler makes up,
// which name no place in the source.
func fromServer(e *pgconn.PgError) bool { return e.File != "" && e.Routine != "" }

// reader is the statement that takes the rows of r; nil: nobody does, not after an
// error of a callback either.
func (t *trip) reader(r *request) *Statement {
	if r.index < 0 || t.rowErr != nil {
		return nil
	}
	return &t.flight.Statements[r.index]
}

// mind takes the error of a callback.
func (t *trip) mind(r *request, err error) {
	if err != nil {
		t.rowErr, t.rowAt = err, r.index
	}
}

// ran takes a statement's tag.
func (t *trip) ran(r *request, tag pgconn.CommandTag) {
	if r.index < 0 {
		if t.end > 0 && t.at >= t.end {
			t.endTag = tag.String()
		}
		return
	}
	s := &t.flight.Statements[r.index]
	s.Tag = tag
	if s.Raw && (tag.String() == "COMMIT" || tag.String() == "PREPARE TRANSACTION") {
		t.ended = true
	}
}

// refused takes an error answer that leaves the connection alive.
func (t *trip) refused(r *request, err error) {
	switch {
	case t.end > 0 && t.at >= t.end:
		if t.endErr == nil {
			t.endErr = err
		}
	case t.err == nil:
		t.err, t.errAt, t.errRequest = err, r.index, t.at
	}
}

// bound hears that the server has reached a statement but not run it.
func (t *trip) bound() {
	if t.joint && t.at >= t.end {
		t.workDone, t.workStatus = true, 'T' // what Retort built ends no transaction
	}
}

func (t *trip) synced(status byte) {
	if !t.workDone {
		t.workDone, t.workStatus = true, status
	}
}

// lost takes the failure of the connection.
func (t *trip) lost(ctx context.Context, err error) {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		t.signed = fatal(e) && fromServer(e)
		t.connErr = err
		return
	}
	switch ended := ctx.Err(); {
	case ended != nil && !errors.Is(err, ended):
		t.connErr = fmt.Errorf("given up: %w (%w)", ended, err)
	case ended != nil:
		t.connErr = fmt.Errorf("given up: %w", ended)
	case t.flight.End == Commit && errors.Is(err, os.ErrDeadlineExceeded):
		t.connErr = fmt.Errorf("no answer within the commit timeout: %w", err)
	default:
		t.connErr = fmt.Errorf("connection failed: %w", err)
	}
}

// ErrEnded is the cause of an Unknown whose transaction was over before its flight.
var ErrEnded = errors.New("the transaction had ended before its COMMIT or ROLLBACK; raw SQL must not end it")

var (
	errAborted  = errors.New("the transaction had failed before; COMMIT rolled it back")
	errUnsynced = errors.New("committed on this server, but the wait for its synchronous standby was cut short")
)

// verdict is the flight's outcome; nil is success.
func (t *trip) verdict() *Error {
	switch {
	case t.connErr != nil:
		return t.afterLoss()
	case t.flight.End == Stay:
		return t.afterStay()
	default:
		return t.afterEnd()
	}
}

// afterStay judges a flight whose answers are all in and that ended nothing.
func (t *trip) afterStay() *Error {
	switch {
	case t.err != nil && t.workStatus == 'I':
		return fail(Failed, t.errAt, t.err)
	case t.err != nil:
		return fail(Aborted, t.errAt, t.err)
	case t.unsynced:
		return fail(Unknown, -1, errUnsynced)
	case t.rowErr != nil && t.workStatus == 'I':
		return fail(Committed, t.rowAt, t.rowErr)
	case t.rowErr != nil:
		return fail(Aborted, t.rowAt, t.rowErr)
	default:
		return nil
	}
}

// afterEnd judges a flight whose answers are all in, COMMIT's or ROLLBACK's included.
func (t *trip) afterEnd() *Error {
	statement, err := t.cause()
	switch {
	case t.gone() && !t.ended && t.flight.End == Commit:
		if err == nil {
			err = errAborted
		}
		return fail(RolledBack, statement, err)
	case t.err != nil && t.errAt < 0:
		return fail(RolledBack, -1, t.err) // BEGIN failed, and all behind it was skipped
	case t.workStatus == 'I' || t.ended && (t.err != nil || t.gone()):
		if err == nil {
			err = ErrEnded
		}
		return fail(Unknown, statement, err)
	case t.flight.End == Rollback:
		if err != nil {
			return fail(RolledBack, statement, err)
		}
		return nil
	case t.unsynced:
		return fail(Unknown, -1, errUnsynced)
	case t.rowErr != nil:
		return fail(Committed, t.rowAt, t.rowErr)
	default:
		return nil
	}
}

// gone reports that the server answered the end with a rollback, or that it
// skipped COMMIT and will never do it.
func (t *trip) gone() bool {
	return t.endErr != nil || t.endTag == "ROLLBACK" || t.joint && t.err != nil
}

// cause is the first thing that went wrong, connection apart.
func (t *trip) cause() (int, error) {
	switch {
	case t.err != nil:
		return t.errAt, t.err
	case t.rowErr != nil:
		return t.rowAt, t.rowErr
	default:
		return -1, t.endErr
	}
}

// afterLoss judges a flight whose connection failed. The proofs lean on the order
// of the answers: see docs/adr/0002-flights-on-pgconn.md.
func (t *trip) afterLoss() *Error {
	statement, cause := t.cause()
	if cause == nil {
		cause = t.connErr
	}
	end := t.flight.End
	switch {
	case !t.written:
		return fail(NotExecuted, -1, t.connErr)
	case end == Commit && t.endTag == "COMMIT" && t.err == nil && t.workStatus == 'T' && !t.unsynced:
		if t.rowErr != nil {
			return fail(Committed, t.rowAt, t.rowErr)
		}
		return nil // confirmed; the connection died with nothing left to say
	case !t.pooler && (t.signed || t.dying) && t.answered == 0 && t.err == nil && t.harmlessFirst():
		return fail(NotExecuted, -1, t.connErr)
	case t.waited():
		return fail(NotExecuted, -1, t.connErr)
	case end != Commit:
		return fail(Lost, statement, cause)
	case !t.mayCommit && (t.err != nil || t.gone()):
		// Refused before or by COMMIT: whatever COMMIT did then, it was a rollback.
		return fail(RolledBack, statement, cause)
	case !t.pooler && !t.mayCommit && t.signed && !t.workDone:
		// The server left before it read COMMIT, which lies behind the work.
		return fail(RolledBack, statement, cause)
	default:
		return fail(Unknown, -1, t.connErr)
	}
}

// waited reports that PgBouncer had no connection to the server for the transaction in
// time, and so has passed nothing of it on.
//
//   - Source: PgBouncer src/janitor.c, check_pool_timeouts: query_wait_timeout is for
//     clients on the waiting list, which have no server.
func (t *trip) waited() bool {
	return t.flight.Begin != "" && t.answered == 0 && !t.signed &&
		pgerr.Code(t.connErr) == "08P01" && pgerr.KindOf(t.connErr) == pgerr.TooManyConnections
}

// harmlessFirst reports whether the first request can have no effect of its own
// unless it is answered: a Parse, a Close, BEGIN, or one statement that Retort
// built, which commits at the Sync at the earliest. Raw SQL may commit inside
// (CALL, VACUUM, CREATE INDEX CONCURRENTLY).
func (t *trip) harmlessFirst() bool {
	f := t.flight
	return f.Begin != "" || len(f.Statements) == 0 || !f.Statements[0].Raw
}
