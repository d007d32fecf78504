package migrate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// work is one revision being applied in one direction.
type work struct {
	*hold
	rev   *Revision
	dir   Direction
	steps []*Step
	sql   *ledger
	was   *snapshot // the ledger before
	begun time.Time
	fresh bool // nothing of it is in the ledger yet
	roles bool // a step sets another role

	blockers []Blocker // whom the last attempt waited for
}

// apply runs what is left of a revision.
func (r *Runner) apply(ctx context.Context, h *hold, s *snapshot, rev *Revision, dir Direction) error {
	w := &work{hold: h, rev: rev, dir: dir, steps: rev.steps(dir), sql: r.sql.in(&r.opts, s.place), was: s, begun: time.Now()}
	rec := s.record(rev.ID)
	w.fresh = rec == nil || rec.State == Applied
	w.roles = slices.ContainsFunc(w.steps, setsRole)
	r.event(w.about(Event{Kind: RevisionStarted}))
	for at := 0; at < len(w.steps); {
		if !w.fresh && w.skip(at) {
			r.event(w.about(Event{Kind: StepSkipped, Step: at + 1, Mode: w.steps[at].mode()}))
			at++
			continue
		}
		next := at + 1
		var err error
		switch w.steps[at].mode() {
		case Outside:
			err = w.outside(ctx, at)
		case Batched, Call:
			err = w.batches(ctx, at)
		case Together:
			for next < len(w.steps) && w.steps[next].mode() == Together {
				next++
			}
			err = w.together(ctx, at, next)
		default:
			err = w.together(ctx, at, next)
		}
		if err != nil {
			return err
		}
		at = next
	}
	if len(w.steps) == 0 || w.skipped() {
		if err := w.together(ctx, len(w.steps), len(w.steps)); err != nil {
			return err
		}
	}
	r.event(w.about(Event{Kind: RevisionDone, Elapsed: time.Since(w.begun)}))
	return nil
}

// about fills in which revision an event is of.
func (w *work) about(e Event) Event {
	e.Revision, e.Direction, e.Steps = w.rev, w.dir, len(w.steps)
	return e
}

// skip tells whether an earlier run has done a step.
func (w *work) skip(at int) bool {
	j := w.was.step(w.rev.ID, w.dir, at+1)
	return j != nil && j.Done
}

// skipped tells whether all steps were done and only the end was missing, as when
// the last one was taken out of the file.
func (w *work) skipped() bool {
	return !w.fresh && w.skip(len(w.steps)-1)
}

// together runs the steps from at to before next in one transaction, again as a
// whole while they do not get their locks.
func (w *work) together(ctx context.Context, at, next int) error {
	failed := at
	for attempt := 1; ; attempt++ {
		through := false
		err := w.tx(ctx, w.opts, func(ctx context.Context, s *retort.Session) error {
			if err := w.start(ctx, s, at); err != nil {
				return err
			}
			for i := at; i < next; i++ {
				failed = i
				if err := w.statement(ctx, s, i, attempt); err != nil {
					return err
				}
			}
			err := w.asRunner(ctx, s, func() error { return w.end(ctx, s, next) })
			through = err == nil
			return err
		})
		if through && pgerr.Code(err) != "" { // deferred constraints
			err = fmt.Errorf("COMMIT behind it: %w", err)
		}
		if err != nil {
			err = w.settled(ctx, err, func(s *snapshot) bool { return w.isDone(s, next) })
		}
		if err == nil {
			w.fresh = false
			return nil
		}
		if !retryable(err) || attempt == w.r.opts.Attempts {
			return w.failure(failed, at, attempt, err)
		}
		w.retrying(failed, attempt, err)
		if err := pause(ctx, attempt); err != nil {
			return w.cause(ctx, err)
		}
	}
}

// isDone tells whether the ledger has all steps before next.
func (w *work) isDone(s *snapshot, next int) bool {
	rec := s.record(w.rev.ID)
	if next == len(w.steps) {
		if w.dir == Down {
			return rec == nil
		}
		return rec != nil && rec.State == Applied
	}
	j := s.step(w.rev.ID, w.dir, next)
	return rec != nil && rec.State != Applied && j != nil && j.Done
}

// statement runs one step and writes it into the journal.
func (w *work) statement(ctx context.Context, s *retort.Session, at, attempt int) error {
	step, begun := w.steps[at], time.Now()
	w.r.event(w.about(Event{Kind: StepStarted, Step: at + 1, Mode: step.mode(), Attempt: attempt}))
	stop := w.watch(ctx, processOf(ctx, s), w.about(Event{Kind: Running, Step: at + 1, Mode: step.mode(), Attempt: attempt}))
	n, err := exec(ctx, s, w.label(at)+step.SQL)
	w.blockers = stop()
	if err != nil {
		return err
	}
	if err := w.asRunner(ctx, s, func() error { return w.journal(ctx, s, w.sql.done, at) }); err != nil {
		return err
	}
	w.r.event(w.about(Event{Kind: StepDone, Step: at + 1, Mode: step.mode(), Rows: n, Elapsed: time.Since(begun)}))
	return nil
}

// label tells who a statement is, in pg_stat_activity.
func (w *work) label(at int) string {
	return fmt.Sprintf("/* retort:migrate %s %s %d */ ", w.rev.ID, w.dir, at+1)
}

func (w *work) journal(ctx context.Context, s *retort.Session, text string, at int) error {
	step := w.steps[at]
	_, err := exec(ctx, s, text, w.rev.ID, string(w.dir), at+1, step.Checksum(), string(step.mode()))
	return err
}

// start writes that the revision was begun, with the first thing that is done of it.
func (w *work) start(ctx context.Context, s *retort.Session, at int) error {
	if !w.fresh {
		return nil
	}
	state := Upgrading
	if w.dir == Down {
		state = Downgrading
	}
	if _, err := exec(ctx, s, w.sql.forgetJournal, w.rev.ID); err != nil {
		return err
	}
	_, err := exec(ctx, s, w.sql.start, w.rev.ID, join(w.rev.Parents), w.rev.Message, w.rev.Checksum(), string(state), w.r.opts.Who)
	return err
}

// end writes that the revision is applied or gone, when next is behind its last step.
func (w *work) end(ctx context.Context, s *retort.Session, next int) error {
	if next < len(w.steps) {
		return nil
	}
	ms := time.Since(w.begun).Milliseconds()
	var err error
	if w.dir == Up {
		_, err = exec(ctx, s, w.sql.applied, w.rev.ID, join(w.rev.Parents), w.rev.Message, w.rev.Checksum(), ms)
	} else {
		_, err = exec(ctx, s, w.sql.gone, w.rev.ID)
	}
	if err != nil {
		return err
	}
	_, err = exec(ctx, s, w.sql.logged, w.rev.ID, string(w.dir), w.rev.Checksum(), w.r.opts.Who, ms)
	return err
}

// retrying tells that a step did not get its locks, and who was in its way.
func (w *work) retrying(at, attempt int, err error) {
	w.r.event(w.about(Event{Kind: Retrying, Step: at + 1, Attempt: attempt, Err: err, Blockers: w.blockers}))
}

// failure says which step failed; first is the first of its transaction.
func (w *work) failure(at, first, attempts int, err error) error {
	if lost(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || len(w.steps) == 0 {
		return fmt.Errorf("migrate: revision %s %s: %w", w.rev.label(), w.dir, err)
	}
	at = min(at, len(w.steps)-1)
	step := w.steps[at]
	out := &StepError{
		Revision: w.rev, Direction: w.dir, Step: at + 1, Steps: len(w.steps), Attempts: attempts, Kept: first, Err: err,
		Line: step.Line + offset(step.SQL, len(w.label(at)), err),
	}
	if retryable(err) {
		out.Blockers = w.blockers
	}
	return out
}

// offset counts the lines of a statement before the place that the server names.
func offset(text string, label int, err error) int {
	server, ok := errors.AsType[*pgerr.ServerError](err)
	if !ok || server.Err == nil {
		return 0
	}
	at := int(server.Err.Position) - 1 - label
	if at <= 0 || at > utf8.RuneCountInString(text) {
		return 0
	}
	return strings.Count(string([]rune(text)[:at]), "\n")
}
