package migrate

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/retort-go/retort/pgerr"
)

// EditedError says that a file was changed after its revision, or a step of it, was
// applied.
type EditedError struct {
	Revision *Revision
	By       string
	At       time.Time

	// Step counts from 1 when the revision is unfinished; 0: it is applied.
	Step      int
	Direction Direction
}

func (e *EditedError) Error() string {
	if e.Step > 0 {
		return fmt.Sprintf("migrate: step %d %s of revision %s was edited after it was done; restore it and mend only what follows, or accept it with db repair; see docs/errors.md#edited",
			e.Step, e.Direction, e.Revision.label())
	}
	return fmt.Sprintf("migrate: revision %s was edited after %s applied it at %s; restore the file and write a new revision for the change, or accept it with db repair; see docs/errors.md#edited",
		e.Revision.label(), e.By, e.At.Format(time.RFC3339))
}

// UnknownRevisionsError says that the ledger has revisions that no file has: a newer
// program applied them, files are missing, or it is another program's database.
type UnknownRevisionsError struct {
	IDs      []string
	All      bool // the ledger has no other
	Ledger   string
	Database string
}

func (e *UnknownRevisionsError) Error() string {
	ids := strings.Join(e.IDs[:min(len(e.IDs), 5)], ", ")
	if len(e.IDs) > 5 {
		ids += ", …"
	}
	if e.All {
		return fmt.Sprintf("migrate: the ledger %s of database %q has %s (%s) and this program knows none of them: it is another database than meant, or another program's ledger "+
			"(Options.Name gives each its own); see docs/errors.md#unknown-revisions", e.Ledger, e.Database, counted(len(e.IDs), "revision"), ids)
	}
	return fmt.Sprintf("migrate: %s of database %q %s no file (%s): a newer program applied them (run that one, or allow it with Options.AllowNewer), or files were deleted "+
		"(restore them); see docs/errors.md#unknown-revisions", counted(len(e.IDs), "applied revision"), e.Database, verb(len(e.IDs), "has", "have"), ids)
}

// counted is a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "one " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// verb is the form of a verb for a number of things.
func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// LedgerFormatError says that a newer Retort has written the ledger.
type LedgerFormatError struct {
	Ledger string
	Format int
}

func (e *LedgerFormatError) Error() string {
	return fmt.Sprintf("migrate: the ledger %s has format %d, this program knows format %s: a newer program has been here; use that one; see docs/errors.md#ledger-format", e.Ledger, e.Format, ledgerFormat)
}

// PendingError says that revisions wait to be applied.
type PendingError struct {
	Revisions []*Revision
}

func (e *PendingError) Error() string {
	return fmt.Sprintf("migrate: %s %s not applied: %s; run db upgrade head; see docs/errors.md#pending", counted(len(e.Revisions), "revision"), verb(len(e.Revisions), "is", "are"),
		strings.Join(idsOf(e.Revisions), ", "))
}

// UnfinishedError says that a revision was begun in the other direction and has to
// be ended first.
type UnfinishedError struct {
	Revision  string
	Direction Direction // in which it was begun
	Unknown   bool      // no file has it: another program began it
}

func (e *UnfinishedError) Error() string {
	if e.Unknown {
		return fmt.Sprintf("migrate: revision %s was begun (%s) and not ended, and no file has it: end it with the program that has its file; see docs/errors.md#unfinished", e.Revision, e.Direction)
	}
	verb := "upgrade " + e.Revision
	if e.Direction == Down {
		verb = "downgrade " + e.Revision + "-1"
	}
	return fmt.Sprintf("migrate: revision %s was begun (%s) and not ended; end it first: db %s; see docs/errors.md#unfinished", e.Revision, e.Direction, verb)
}

// ReadOnlyError says that the database takes no changes.
type ReadOnlyError struct {
	Database string
	Reason   string
}

func (e *ReadOnlyError) Error() string {
	return fmt.Sprintf("migrate: database %q takes no changes: %s; connect to the primary, as target_session_attrs=read-write in the URL does; see docs/errors.md#migrate-read-only", e.Database, e.Reason)
}

// PoolerError says that something shares the connections of this program with
// others, so that neither locks nor settings hold.
type PoolerError struct{}

func (e *PoolerError) Error() string {
	return "migrate: a pooler such as PgBouncer stands before the database, where neither locks nor settings of a connection can be relied on; " +
		"give the migration a URL of the server itself; nothing was changed; see docs/errors.md#migrate-pooler"
}

// LockedError says that another runner had the lock for as long as [Options.Wait].
type LockedError struct {
	Ledger string
	Holder Holder
	Waited time.Duration
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("migrate: another run holds the lock of %s: %s, since %v, server process %d; it was waited for %v; let it end, or end it with SELECT pg_terminate_backend(%d); see docs/errors.md#migrate-locked",
		e.Ledger, e.Holder.Name, e.Holder.Since.Round(time.Second), e.Holder.PID, e.Waited.Round(time.Millisecond), e.Holder.PID)
}

// LostLockError says that the run lost its lock: its connection or its machine was
// away for too long, and another run may have gone on. What was committed is in the
// ledger.
type LostLockError struct {
	Ledger string
}

func (e *LostLockError) Error() string {
	return fmt.Sprintf("migrate: this run lost its lock of %s, because it could not reach the database for longer than the lease; nothing was done since; run it again; see docs/errors.md#lost-lock", e.Ledger)
}

// ConnectionsError says that the engine's pool is too small for a run.
type ConnectionsError struct {
	Have int
}

func (e *ConnectionsError) Error() string {
	return fmt.Sprintf("migrate: a run needs 3 connections at once and the engine has %d; raise Config.PoolSize or MaxOverflow; see docs/errors.md#migrate-connections", e.Have)
}

// FunctionError says that a revision calls a function that the program does not have.
type FunctionError struct {
	Revision  *Revision
	Direction Direction
}

func (e *FunctionError) Error() string {
	field := "Up"
	if e.Direction == Down {
		field = "Down"
	}
	return fmt.Sprintf("migrate: revision %s calls a function (-- +call) that this program does not have; give Options.Functions[%q].%s; see docs/errors.md#migrate-function",
		e.Revision.label(), e.Revision.ID, field)
}

// StepError says which step failed, why, and what is left of its revision.
type StepError struct {
	Revision  *Revision
	Direction Direction
	Step      int // from 1
	Steps     int
	Line      int // of the file; 0: unknown
	Attempts  int // more than 1: it did not get its locks so often
	Kept      int // steps before it that stay done
	Err       error

	// Blockers are who kept the last attempt waiting, where they were seen: those that
	// waited for less than half of [Options.LockTimeout] were not.
	Blockers []Blocker
}

func (e *StepError) Error() string {
	at := e.Revision.label()
	if e.Line > 0 && e.Revision.File != "" {
		at = fmt.Sprintf("%s (%s:%d)", e.Revision.ID, e.Revision.File, e.Line)
	}
	tried := ""
	if e.Attempts > 1 {
		tried = fmt.Sprintf(" %d times", e.Attempts)
	}
	kept := "nothing of the revision stays"
	switch {
	case e.Kept == 1:
		kept = "its first step stays done and the next run goes on behind it"
	case e.Kept > 1:
		kept = fmt.Sprintf("its first %d steps stay done and the next run goes on behind them", e.Kept)
	}
	waited := ""
	if len(e.Blockers) > 0 {
		waited = "; it waited for " + blockersText(e.Blockers)
	}
	return fmt.Sprintf("migrate: step %d of %d %s of revision %s failed%s; %s: %v%s%s; see docs/errors.md#step-failed", e.Step, e.Steps, e.Direction, at, tried, kept, e.Err, waited, e.hint())
}

func (e *StepError) Unwrap() error { return e.Err }

// hint says what helps, where the server's code tells.
func (e *StepError) hint() string {
	switch pgerr.Code(e.Err) {
	case "55P03":
		if len(e.Blockers) > 0 && e.Blockers[0].PID != 0 {
			return fmt.Sprintf("; let it end, end it (SELECT pg_terminate_backend(%d)), or try when it is quiet", e.Blockers[0].PID)
		}
		return "; other transactions hold the lock for long (SELECT * FROM pg_stat_activity WHERE state <> 'idle' ORDER BY xact_start shows them): end them, or try when it is quiet"
	case "42501":
		return "; the role lacks a privilege: run migrations as the owner of the tables"
	case "42P07", "42710", "42701":
		return "; it is there already: if this database got its schema elsewhere, say so with db stamp"
	case "42P01", "42703", "42704":
		return "; it is not there: the database differs from what the revisions before have made"
	case "25006":
		return "; connect to the primary"
	case "57P01", "57P02", "57P03", "08006", "08003", "08000":
		return "; the connection was lost: run it again"
	case "25001":
		return "; mark the statement with -- +outside"
	case "2D000":
		return "; the code ends transactions, and this one is the runner's: take COMMIT and ROLLBACK out of it, or mark the statement with -- +outside repeatable where it may run twice"
	case "55P04":
		return "; add the value in a transaction of its own: -- +alone on the line before ALTER TYPE"
	}
	return ""
}

// explainAccess says what helps where the ledger itself is refused.
func explainAccess(err error, r *Runner) error {
	switch pgerr.Code(err) {
	case "42501":
		return fmt.Errorf("%w; the role may not use the ledger %s: run migrations as its owner, or GRANT SELECT on its tables for checks; see docs/errors.md#migrate-privileges", err, r.sql.revisions)
	case "3F000":
		return fmt.Errorf("%w; the schema of the ledger %s does not exist: CREATE SCHEMA, or another Options.Schema; see docs/errors.md#migrate-privileges", err, r.sql.revisions)
	case "42P01", "42703":
		return fmt.Errorf("%w; %s is no ledger of Retort: give Options.Name or Options.Schema; see docs/errors.md#ledger-format", err, r.sql.revisions)
	}
	return err
}

// retryable tells whether a step that failed so can be tried again, all of it.
func retryable(err error) bool {
	if errors.Is(err, errGone) {
		return true
	}
	switch pgerr.KindOf(err) {
	case pgerr.LockNotAvailable, pgerr.Deadlock, pgerr.Serialization:
		return true
	default:
		return false
	}
}

func lost(err error) bool {
	_, ok := errors.AsType[*LostLockError](err)
	return ok
}
