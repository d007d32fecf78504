package retort

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
)

// Outcome is the row that a unit of work leaves behind with its changes, as the
// proof that they were committed.
type Outcome struct {
	ID uuid.UUID

	// Committed is false where a lost COMMIT was found not to have happened: the row
	// then sees to it that it never will.
	Committed bool

	At time.Time
}

// Define declares the key, and what [Outcomes.Sweep] searches by.
func (Outcome) Define(d *Definition[Outcome]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.At).ServerMade("clock_timestamp()") // now() is when a transaction began
	d.Index(&d.C.At)
}

// Outcomes tells what became of a COMMIT whose answer was lost, by rows in a table
// of the service's own database:
//
//	var outcomes = retort.NewOutcomes("commit_outcomes")
//	var base = retort.NewBase(Payments, outcomes.Table)
//
//	eng, err := retort.Open(retort.Config{Base: base, Outcomes: outcomes, …})
//
// Each unit of work that writes puts a row in, in the round trip of its COMMIT. When
// the answer is lost, another connection tries to put in the same row: that waits
// for the old transaction to end, and then either finds its row, or has taken its
// place, so that it can never be committed.
//
//   - Concurrency: safe for many goroutines, engines and processes.
//   - Cleanup: rows stay until [Outcomes.Sweep] deletes them.
type Outcomes struct {
	// Table belongs into the service's base.
	Table *Table[Outcome]
}

// NewOutcomes declares the table. It does no I/O.
func NewOutcomes(table string, options ...TableOption) *Outcomes {
	return &Outcomes{Table: NewTable[Outcome](table, options...)}
}

const (
	// outcomeAge is the least age at which an outcome may be forgotten. Once it is,
	// asking for it would be answered by "never committed".
	outcomeAge = time.Hour

	// outcomeTrust is how long after its COMMIT an outcome is believed: a process that
	// was halted in between may ask when its row is gone.
	outcomeTrust = outcomeAge / 2
)

// Sweep deletes outcomes older than age and returns how many. Nobody asks for one
// after twice Config.CommitTimeout.
//
//   - Shape: as [Sweep].
//   - Errors: as Sweep; an age under an hour is refused.
func (o *Outcomes) Sweep(ctx context.Context, eng *Engine, age time.Duration) (int64, error) {
	if age < outcomeAge {
		return 0, fmt.Errorf("retort: Outcomes.Sweep: the age is %s; give %s or more, since a missing row says that nothing was committed", age, outcomeAge)
	}
	return Sweep(ctx, eng, o.Table, &o.Table.C.At, age)
}

// witness finds the table among the models.
func (o *Outcomes) witness(m *models) (*witness, error) {
	if o.Table == nil {
		return nil, errors.New("retort: Config.Outcomes: its table is nil; make it with NewOutcomes")
	}
	t, ok := m.byDeclaration[&o.Table.decl]
	if !ok {
		return nil, fmt.Errorf("retort: Config.Outcomes: the table %q is not in Base; list its Table in NewBase, so that it is created and verified with the others", o.Table.decl.name)
	}
	w := &witness{table: t.Name(), name: t.SQLName()}
	if t.Schema.Namespace != "" {
		w.texts.Store(outcomeTextsFor(w.name))
	}
	return w, nil
}

// NotCommittedError says that the answer to COMMIT was lost, and that the
// transaction is proven to be rolled back for good. The unit of work may be run
// again; [Run] and repeatable handlers do.
//
//   - Shape: Outcome is the id of the row in the table of Config.Outcomes.
type NotCommittedError struct {
	Outcome uuid.UUID
	Err     error
}

// Error says so.
func (e *NotCommittedError) Error() string {
	return fmt.Sprintf("retort: the answer to COMMIT was lost, and nothing was committed, as outcome %s proves; the work may be run again; see docs/errors.md#commit-lost: %v", e.Outcome, e.Err)
}

// Unwrap gives what took the answer away.
func (e *NotCommittedError) Unwrap() error { return e.Err }

// OutcomeError says that the row of Config.Outcomes could not be written, so that
// nothing was committed: the table is missing or another one, the role has no
// right to it, or the transaction is read-only.
type OutcomeError struct {
	Table string
	Err   error
}

// Error says what to do.
func (e *OutcomeError) Error() string {
	return fmt.Sprintf("retort: the outcome row could not be written to %q, so nothing was committed; create the table by a migration and let the role INSERT, SELECT and UPDATE there, or leave it out with TxOptions.SkipOutcome; see docs/errors.md#outcome-table: %v", e.Table, e.Err)
}

// Unwrap gives what the server said.
func (e *OutcomeError) Unwrap() error { return e.Err }
