package migrate

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/retort-go/retort/internal/sqltext"
)

// State is what the ledger says of a revision.
type State string

// The states.
const (
	Applied     State = "applied"
	Upgrading   State = "upgrading"   // begun and not ended: the next run goes on
	Downgrading State = "downgrading" // alike
)

// Record is a revision in the ledger.
type Record struct {
	ID       string
	Parents  []string
	Message  string
	Checksum string
	State    State
	By       string
	At       time.Time     // of the last change
	Duration time.Duration // of the run that ended it
}

// Entry is a line of the ledger's log, which is only ever added to.
type Entry struct {
	Revision string
	Action   string // up, down, stamp, unstamp, repair
	Checksum string
	By       string
	At       time.Time
	Duration time.Duration
}

// JournalStep is a step of a revision that was begun.
//
//   - Shape: what stays of the last time that the revision was run.
type JournalStep struct {
	Revision  string
	Direction Direction
	Step      int // from 1
	Checksum  string
	Mode      Mode
	Done      bool
	Rows      int64
	Total     int64
	Cursor    string
}

// Holder is who has the ledger's lock.
type Holder struct {
	Name    string
	PID     int // of the server's process
	Alive   bool
	Expired bool
	Since   time.Duration
}

// snapshot is what the database says of itself and of its ledger, at one moment.
type snapshot struct {
	database string
	user     string
	readOnly string // why; empty: it is not
	schema   string // the current one
	exists   bool   // the ledger
	place    string // the schema in which it is
	leased   bool   // the lease has its row

	format  int
	holder  *Holder // nil: the lock is free
	token   string
	records []Record
	journal []JournalStep
}

const factsSQL = `/* retort:migrate.read */
SELECT current_database()::text, session_user::text, coalesce(current_schema()::text, ''),
       CASE WHEN pg_is_in_recovery() THEN 'it is a standby'
            WHEN current_setting('default_transaction_read_only') = 'on' THEN 'default_transaction_read_only is on' ELSE '' END,
       coalesce((SELECT n.nspname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass({lease})), '')`

// read asks the database, in two round trips.
func (r *Runner) read(ctx context.Context) (*snapshot, error) {
	facts, err := r.eng.Snapshot(ctx, strings.Replace(factsSQL, "{lease}", sqltext.Literal(r.sql.lease), 1))
	if err != nil {
		return nil, fmt.Errorf("migrate: read the ledger: %w", err)
	}
	f := facts[0][0]
	s := &snapshot{database: f[0], user: f[1], schema: f[2], readOnly: f[3], exists: f[4] != "", place: f[4]}
	if !s.exists {
		return s, nil
	}
	rows, err := r.eng.Snapshot(ctx, r.sql.readLease, r.sql.readRevisions, r.sql.readJournal)
	if err != nil {
		return nil, fmt.Errorf("migrate: read the ledger: %w", explainAccess(err, r))
	}
	if err := s.fill(rows); err != nil {
		return nil, fmt.Errorf("migrate: read the ledger: %w", err)
	}
	if s.format > 1 {
		return nil, &LedgerFormatError{Ledger: r.sql.revisions, Format: s.format}
	}
	return s, nil
}

func (s *snapshot) fill(rows [][][]string) error {
	c := columns{}
	for _, v := range rows[0] {
		s.leased = true
		s.format, s.token = c.int(v[0]), v[1]
		if v[1] != "" {
			live := v[5] == "true"
			s.holder = &Holder{Name: v[2], PID: c.int(v[3]), Alive: live, Expired: !live, Since: c.ms(v[6])}
		}
	}
	for _, v := range rows[1] {
		s.records = append(s.records, Record{
			ID: v[0], Parents: strings.Fields(v[1]), Message: v[2], Checksum: v[3], State: State(v[4]), By: v[5],
			At: c.time(v[6]), Duration: c.ms(v[7]),
		})
	}
	for _, v := range rows[2] {
		s.journal = append(s.journal, JournalStep{
			Revision: v[0], Direction: Direction(v[1]), Step: c.int(v[2]), Checksum: v[3], Mode: Mode(v[4]), Done: v[5] == "done",
			Rows: int64(c.int(v[6])), Total: int64(c.int(v[7])), Cursor: v[8],
		})
	}
	return c.err
}

// columns turns texts into values and keeps the first problem.
type columns struct{ err error }

func (c *columns) int(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("a number that is none: %w", err)
	}
	return n
}

func (c *columns) int64(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("a number that is none: %w", err)
	}
	return n
}

func (c *columns) ms(text string) time.Duration { return time.Duration(c.int(text)) * time.Millisecond }

func (c *columns) time(text string) time.Time {
	at, err := time.Parse("2006-01-02T15:04:05.999999Z", text)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("a time that is none: %w", err)
	}
	return at
}

// applied are the ids of the revisions that are applied as a whole.
func (s *snapshot) applied() []string {
	var out []string
	for i := range s.records {
		if s.records[i].State == Applied {
			out = append(out, s.records[i].ID)
		}
	}
	return out
}

// unfinished is the revision that a run began and did not end; nil: there is none.
func (s *snapshot) unfinished() *Record {
	for i := range s.records {
		if s.records[i].State != Applied {
			return &s.records[i]
		}
	}
	return nil
}

// unended says that a revision has to be ended first.
func (r *Runner) unended(u *Record) error {
	return &UnfinishedError{Revision: u.ID, Direction: directionOf(u.State), Unknown: r.history.Get(u.ID) == nil}
}

func (s *snapshot) record(id string) *Record {
	for i := range s.records {
		if s.records[i].ID == id {
			return &s.records[i]
		}
	}
	return nil
}

// step is what the journal says of a step; nil: it was not begun.
func (s *snapshot) step(revision string, dir Direction, n int) *JournalStep {
	for i := range s.journal {
		if j := &s.journal[i]; j.Revision == revision && j.Direction == dir && j.Step == n {
			return j
		}
	}
	return nil
}

// problems are all that keeps the ledger and the files from going together.
func (r *Runner) problems(s *snapshot) []error {
	var out []error
	var unknown []string
	for i := range s.records {
		rec := &s.records[i]
		rev := r.history.Get(rec.ID)
		switch {
		case rev == nil:
			unknown = append(unknown, rec.ID)
		case rec.State == Applied && rec.Checksum != rev.Checksum():
			out = append(out, &EditedError{Revision: rev, By: rec.By, At: rec.At})
		case rec.State != Applied:
			if err := r.checkJournal(s, rev, directionOf(rec.State)); err != nil {
				out = append(out, err)
			}
		}
	}
	if len(unknown) > 0 {
		out = append([]error{&UnknownRevisionsError{IDs: unknown, All: len(unknown) == len(s.records), Ledger: r.sql.revisions, Database: s.database}}, out...)
	}
	if err := r.history.inOrder(r.history.set(s.applied())); err != nil {
		out = append(out, err)
	}
	return out
}

func directionOf(s State) Direction {
	if s == Downgrading {
		return Down
	}
	return Up
}

// checkJournal says which step of an unfinished revision was edited after it was
// done. Steps behind it may be mended.
func (r *Runner) checkJournal(s *snapshot, rev *Revision, dir Direction) error {
	steps := rev.steps(dir)
	for i := range s.journal {
		j := &s.journal[i]
		if j.Revision != rev.ID || j.Direction != dir || !j.Done && j.Rows == 0 {
			continue
		}
		if j.Step > len(steps) || steps[j.Step-1].Checksum() != j.Checksum {
			return &EditedError{Revision: rev, Direction: dir, Step: j.Step}
		}
	}
	return nil
}

// steps are those of a section that run.
func (r *Revision) steps(dir Direction) []*Step {
	all := r.Up
	if dir == Down {
		all = r.Down
	}
	var out []*Step
	for i := range all {
		if all[i].runs() {
			out = append(out, &all[i])
		}
	}
	return out
}

// join writes ids as the ledger's texts want them.
func join(ids []string) string { return strings.Join(ids, " ") }
