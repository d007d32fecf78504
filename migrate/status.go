package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/retort-go/retort"
)

// Status is where a database stands.
type Status struct {
	Database string
	Ledger   string        // its main table, quoted
	Exists   bool          // the ledger; without it nothing was ever applied
	Records  []Record      // in the order of their last change
	Journal  []JournalStep // of what was run last, step by step
	Current  []*Revision   // the newest that are applied
	Pending  []*Revision   // what leads to all heads, in order
	Heads    []*Revision
	Holder   *Holder // who has the lock; nil: nobody

	// Problems are what a run would refuse: [*EditedError], [*UnknownRevisionsError],
	// [*OutOfOrderError]; and [*UnfinishedError], which the next run mends.
	Problems []error
}

// Status reads where the database stands, in two round trips. It changes nothing.
//
//   - Errors: [*LedgerFormatError]; a ledger that cannot be read.
func (r *Runner) Status(ctx context.Context) (*Status, error) {
	s, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	st := &Status{
		Database: s.database, Ledger: r.sql.revisions, Exists: s.exists, Records: s.records, Journal: s.journal, Holder: s.holder,
		Current: r.history.Current(s.applied()), Heads: r.history.Heads(), Problems: r.problems(s),
	}
	applied := r.history.set(s.applied())
	st.Pending = r.history.filter(func(rev *Revision) bool { return !applied[rev.ID] })
	if u := s.unfinished(); u != nil {
		st.Problems = append(st.Problems, r.unended(u))
	}
	return st, nil
}

// Current is the newest applied revision; several on branches, none at the base.
func (r *Runner) Current(ctx context.Context) ([]*Revision, error) {
	st, err := r.Status(ctx)
	if err != nil {
		return nil, err
	}
	return st.Current, nil
}

// Check says everything that keeps the database from being at the one head of the
// files; nil means that it is there. It changes nothing and needs no rights but to
// read the ledger.
//
//   - Errors: joined: [*HeadsError], [*PendingError], and [Status.Problems].
func (r *Runner) Check(ctx context.Context) error {
	st, err := r.Status(ctx)
	if err != nil {
		return err
	}
	problems := st.Problems
	if len(st.Heads) > 1 {
		problems = append([]error{&HeadsError{Heads: st.Heads}}, problems...)
	}
	if len(st.Pending) > 0 {
		problems = append(problems, &PendingError{Revisions: st.Pending})
	} else if r.opts.AllowNewer {
		problems = slices.DeleteFunc(problems, newer)
	}
	return errors.Join(problems...)
}

// Log is everything that was ever done, in order.
func (r *Runner) Log(ctx context.Context) ([]Entry, error) {
	s, err := r.read(ctx)
	if err != nil || !s.exists {
		return nil, err
	}
	rows, err := r.eng.Snapshot(ctx, r.sql.readLog)
	if err != nil {
		return nil, fmt.Errorf("migrate: read the log: %w", explainAccess(err, r))
	}
	var out []Entry
	c := columns{}
	for _, v := range rows[0] {
		out = append(out, Entry{Revision: v[0], Action: v[1], Checksum: v[2], By: v[3], At: c.time(v[4]), Duration: c.ms(v[5])})
	}
	return out, c.err
}

// Stamp writes into the ledger that the database is at targets (head, heads, base, an
// id; several on branches) without running anything: what they follow counts as
// applied, all else that the history knows does not. It is how a schema that was made
// elsewhere is adopted.
//
//   - Shape: the revisions whose lines were written or removed. Revisions that the
//     history does not know stay.
//   - Errors: as [History.Find] and [Runner.Upgrade].
func (r *Runner) Stamp(ctx context.Context, targets ...string) ([]*Revision, error) {
	var wanted []*Revision
	for _, target := range targets {
		switch target {
		case "base":
		case "heads":
			wanted = r.history.Revisions()
		default:
			rev, err := r.history.Find(target)
			if err != nil {
				return nil, err
			}
			wanted = append(wanted, r.history.Ancestors(rev.ID)...)
		}
	}
	var did []*Revision
	never := func(*snapshot) (bool, error) { return len(wanted) == 0 && len(r.history.order) == 0, nil }
	err := r.locked(ctx, never, func(ctx context.Context, h *hold, s *snapshot) error {
		return h.tx(ctx, h.opts, func(ctx context.Context, sess *retort.Session) error {
			did = nil
			for _, rev := range r.history.order {
				rec := s.record(rev.ID)
				in := slices.Contains(wanted, rev)
				if in && rec != nil && rec.State == Applied || !in && rec == nil {
					continue
				}
				if err := r.stamp(ctx, sess, rev, in); err != nil {
					return err
				}
				did = append(did, rev)
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("migrate: stamp: %w", err)
	}
	return did, nil
}

func (r *Runner) stamp(ctx context.Context, s *retort.Session, rev *Revision, in bool) error {
	action := "stamp"
	var err error
	if in {
		_, err = exec(ctx, s, r.sql.stamp, rev.ID, join(rev.Parents), rev.Message, rev.Checksum(), r.opts.Who)
	} else {
		action = "unstamp"
		_, err = exec(ctx, s, r.sql.unstamp, rev.ID)
	}
	if err != nil {
		return err
	}
	if _, err = exec(ctx, s, r.sql.forgetJournal, rev.ID); err != nil {
		return err
	}
	_, err = exec(ctx, s, r.sql.logged, rev.ID, action, rev.Checksum(), r.opts.Who, 0)
	return err
}

// Repair makes the ledger agree with the files, after a person has looked: it
// accepts edited files, and forgets the lines of the revisions named, which no file
// may have any more. It runs no revision.
//
//   - Shape: one line of text for each thing that it did; none when there was
//     nothing.
//   - Errors: an id to forget that the ledger does not have.
func (r *Runner) Repair(ctx context.Context, forget ...string) ([]string, error) {
	var did []string
	done := func(s *snapshot) (bool, error) {
		for _, id := range forget {
			if s.record(id) == nil {
				return false, fmt.Errorf("migrate: repair: the ledger has no revision %q", id)
			}
		}
		edited := slices.ContainsFunc(r.problems(s), func(err error) bool {
			_, ok := errors.AsType[*EditedError](err)
			return ok
		})
		return !edited && len(forget) == 0, nil
	}
	err := r.locked(ctx, done, func(ctx context.Context, h *hold, s *snapshot) error {
		return h.tx(ctx, h.opts, func(ctx context.Context, sess *retort.Session) error {
			did = nil
			for i := range s.records {
				text, err := r.repair(ctx, sess, s, &s.records[i], slices.Contains(forget, s.records[i].ID))
				if err != nil {
					return err
				}
				if text != "" {
					did = append(did, text)
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return did, nil
}

// repair mends one line of the ledger and says what it did; nothing when it is right.
func (r *Runner) repair(ctx context.Context, sess *retort.Session, s *snapshot, rec *Record, forget bool) (string, error) {
	rev := r.history.Get(rec.ID)
	log := func(checksum string) error {
		_, err := exec(ctx, sess, r.sql.logged, rec.ID, "repair", checksum, r.opts.Who, 0)
		return err
	}
	switch {
	case forget:
		if _, err := exec(ctx, sess, r.sql.unstamp, rec.ID); err != nil {
			return "", err
		}
		if _, err := exec(ctx, sess, r.sql.forgetJournal, rec.ID); err != nil {
			return "", err
		}
		return "forgot " + rec.ID, log(rec.Checksum)
	case rev == nil:
		return "", nil
	case rec.State == Applied && rec.Checksum != rev.Checksum():
		if _, err := exec(ctx, sess, r.sql.checksum, rev.ID, rev.Checksum(), join(rev.Parents), rev.Message); err != nil {
			return "", err
		}
		return "accepted the edited file of " + rev.label(), log(rev.Checksum())
	case rec.State != Applied && r.checkJournal(s, rev, directionOf(rec.State)) != nil:
		dir := directionOf(rec.State)
		for i, step := range rev.steps(dir) {
			if _, err := exec(ctx, sess, r.sql.stepChecksum, rev.ID, string(dir), i+1, step.Checksum()); err != nil {
				return "", err
			}
		}
		if _, err := exec(ctx, sess, r.sql.forgetSteps, rev.ID, string(dir), len(rev.steps(dir))); err != nil {
			return "", err
		}
		return "accepted the edited steps of " + rev.label(), log(rev.Checksum())
	}
	return "", nil
}
