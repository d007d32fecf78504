package migrate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/sqltext"
)

// Options says how a [Runner] works; the zero value is meant for production.
type Options struct {
	// Schema is where the ledger's tables are. Default "", the first schema of
	// search_path. It must exist.
	Schema string

	// Name is the ledger's table, and what the names of its companions begin with
	// (_journal, _log, _lease). Services that share a database have one each. Default
	// "retort_revisions".
	Name string

	// Who is written into the ledger. Default "", the role that connects.
	Who string

	// LockTimeout bounds each wait for a lock, since queries that come later wait
	// behind it. Default 1 s. Range 1 ms to 1 h.
	LockTimeout time.Duration

	// Attempts is how often a step is tried that did not get its locks, at growing
	// intervals of up to 10 s. Default 30. Range 1 to 10,000.
	Attempts int

	// Wait bounds the wait for another runner of the same ledger. Default 10 min.
	// Range 1 ms to 24 h.
	Wait time.Duration

	// Lease is how long the lock outlives a runner that vanished without a trace, as
	// with its machine. Where its connection is seen to end, it ends at once. Default
	// 15 s. Range 1 s to 10 min.
	Lease time.Duration

	// Functions are what -- +call runs, by the id of the revision.
	Functions map[string]Functions

	// AllowNewer lets Upgrade and Check pass where the database has revisions of a
	// newer program and lacks none of this one's: a rolling deployment goes back and
	// forth. Default off.
	AllowNewer bool

	// OnEvent is told what happens, one thing after the other: on the goroutine of the
	// run, and of a Running statement on another one. It must not block. Default nil.
	OnEvent func(Event)
}

// Functions are the data moves of one revision; a nil one cannot be called.
type Functions struct {
	Up, Down Function
}

// Function moves data in a transaction of its own, together with the journal. With
// b.More set it is called again, in the next transaction: so it can work in batches,
// and goes on behind the last one that was committed, however the run ended.
//
//   - Shape: SQL of its own outlives models that change: prefer [retort.SQL] and
//     s.Exec to today's models.
//   - Errors: undo the batch, and end the run. Commit and Rollback are refused.
type Function func(ctx context.Context, s *retort.Session, b *Batch) error

// Batch is what a [Function] remembers from one transaction to the next. What it
// writes here is committed with its changes.
type Batch struct {
	Cursor string // where to go on; empty at first
	Rows   int64  // done so far, for the progress
	Total  int64  // to be done; 0: nobody knows
	More   bool   // call again; false before each call
}

// Direction is which section of a revision is run.
type Direction string

// The directions.
const (
	Up   Direction = "up"
	Down Direction = "down"
)

// EventKind says what an [Event] tells.
type EventKind string

// The kinds of events.
const (
	// Waiting: another runner has the lock; Holder and Since say who.
	Waiting EventKind = "waiting"
	// RevisionStarted and RevisionDone enclose the steps of a revision.
	RevisionStarted EventKind = "revision started"
	RevisionDone    EventKind = "revision done"
	// StepStarted and StepDone enclose a step. Steps of one transaction are done one
	// by one and committed together.
	StepStarted EventKind = "step started"
	StepDone    EventKind = "step done"
	// StepSkipped: an earlier run has done it.
	StepSkipped EventKind = "step skipped"
	// BatchDone: a batch was committed; Rows and Total say how far it is.
	BatchDone EventKind = "batch done"
	// Running: a statement lasts; Progress says how far it is, nil where the server
	// tells nothing of such a statement, and Blockers whom it waits for.
	Running EventKind = "running"
	// Retrying: a step did not get its locks; Err says why, and Blockers who was seen
	// in its way.
	Retrying EventKind = "retrying"
	// Healing: what a broken run left is taken away, such as an invalid index.
	Healing EventKind = "healing"
)

// Event is what happens in a run.
type Event struct {
	Kind      EventKind
	Revision  *Revision
	Direction Direction
	Step      int // from 1
	Steps     int
	Mode      Mode
	Rows      int64 // of a batched step, all runs together
	Total     int64 // 0: nobody knows
	Attempt   int
	Elapsed   time.Duration // of the revision, step or wait
	Holder    string        // who has the lock
	Text      string        // what is healed
	Progress  *Progress
	Blockers  []Blocker
	Err       error
}

const defaultName = "retort_revisions"

// filled is o with its defaults, or everything that is wrong with it.
func (o Options) filled() (Options, error) {
	o.Name = cmp.Or(o.Name, defaultName)
	o.LockTimeout = cmp.Or(o.LockTimeout, time.Second)
	o.Attempts = cmp.Or(o.Attempts, 30)
	o.Wait = cmp.Or(o.Wait, 10*time.Minute)
	o.Lease = cmp.Or(o.Lease, 15*time.Second)
	var problems []error
	between := func(field string, d, low, high time.Duration) {
		if d < low || d > high {
			problems = append(problems, fmt.Errorf("migrate: Options.%s is %v; it goes from %v to %v", field, d, low, high))
		}
	}
	between("LockTimeout", o.LockTimeout, time.Millisecond, time.Hour)
	between("Wait", o.Wait, time.Millisecond, 24*time.Hour)
	between("Lease", o.Lease, time.Second, 10*time.Minute)
	if o.Attempts < 1 || o.Attempts > 10_000 {
		problems = append(problems, fmt.Errorf("migrate: Options.Attempts is %d; it goes from 1 to 10,000", o.Attempts))
	}
	if err := sqltext.CheckIdent(o.Name + "_journal"); err != nil {
		problems = append(problems, fmt.Errorf("migrate: Options.Name, with _journal behind it: %w", err))
	}
	if o.Schema != "" {
		if err := sqltext.CheckIdent(o.Schema); err != nil {
			problems = append(problems, fmt.Errorf("migrate: Options.Schema: %w", err))
		}
	}
	if err := sqltext.CheckLiteral(o.Who); err != nil {
		problems = append(problems, fmt.Errorf("migrate: Options.Who: %w", err))
	}
	return o, errors.Join(problems...)
}
