package migrate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// Runner brings a database from one revision of a history to another, and keeps the
// ledger of it.
//
//   - Shape: a run of Upgrade, Downgrade, Stamp or Repair takes three connections of
//     the engine; everything else takes one, changes nothing and needs no lock.
//   - Concurrency: safe for many goroutines and processes: runs of one ledger wait
//     for each other.
type Runner struct {
	eng     *retort.Engine
	history *History
	opts    Options
	sql     *ledger
	telling *sync.Mutex // held while OnEvent is called
}

// New makes a runner. It connects to nothing.
//
//   - Errors: all problems of opts at once; [*FunctionError] for a revision whose
//     function is not given; [*ConnectionsError].
func New(eng *retort.Engine, history *History, opts Options) (*Runner, error) {
	opts, err := opts.filled()
	problems := []error{err}
	for _, rev := range history.order {
		for _, dir := range []Direction{Up, Down} {
			calls := slices.ContainsFunc(rev.steps(dir), func(s *Step) bool { return s.Mode == Call })
			if calls && opts.function(rev, dir) == nil {
				problems = append(problems, &FunctionError{rev, dir})
			}
		}
	}
	for id := range opts.Functions {
		if history.Get(id) == nil {
			problems = append(problems, fmt.Errorf("migrate: Options.Functions has %q, which is no revision", id))
		}
	}
	if st := eng.Stats(); st.Size > 0 && st.Overflow >= 0 && st.Size+st.Overflow < 3 {
		problems = append(problems, &ConnectionsError{Have: st.Size + st.Overflow})
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return &Runner{eng: eng, history: history, opts: opts, sql: newLedger(&opts), telling: new(sync.Mutex)}, nil
}

func (o *Options) function(rev *Revision, dir Direction) Function {
	if dir == Down {
		return o.Functions[rev.ID].Down
	}
	return o.Functions[rev.ID].Up
}

// History is the history that the runner was made with.
func (r *Runner) History() *History { return r.history }

func (r *Runner) event(e Event) {
	if r.opts.OnEvent != nil {
		r.telling.Lock()
		defer r.telling.Unlock()
		r.opts.OnEvent(e)
	}
}

// Upgrade applies what leads to target ("head", "heads", an id, "+1") and returns
// what it applied.
//
// Each revision is one transaction together with its line in the ledger, unless its
// file says otherwise; then each part is, and the journal tells the next run where
// to go on. With nothing to do, no lock is taken and nothing is written.
//
//   - Errors: as [History.Upgrade]; [*StepError] with what stays; [*EditedError],
//     [*UnknownRevisionsError], [*UnfinishedError], before anything is changed;
//     [*LockedError], [*LostLockError], [*ReadOnlyError], [*PoolerError]. What was
//     applied before an error stays and is returned with it.
//   - Cleanup: when ctx ends the running statement is canceled. Running again
//     completes whatever was broken off.
func (r *Runner) Upgrade(ctx context.Context, target string) ([]*Revision, error) {
	return r.run(ctx, Up, target)
}

// Downgrade undoes what target does not have, the newest first ("-1", an id, "base"),
// and returns what it undid.
//
//   - Errors: as [History.Downgrade] and [Runner.Upgrade].
func (r *Runner) Downgrade(ctx context.Context, target string) ([]*Revision, error) {
	return r.run(ctx, Down, target)
}

// Plan is what Upgrade or Downgrade to target would run, in order.
//
//   - Errors: as they, without those of a run.
func (r *Runner) Plan(ctx context.Context, dir Direction, target string) ([]*Revision, error) {
	s, err := r.read(ctx)
	if err != nil {
		return nil, err
	}
	return r.plan(s, dir, target)
}

func (r *Runner) plan(s *snapshot, dir Direction, target string) ([]*Revision, error) {
	var plan []*Revision
	var err error
	u := s.unfinished()
	if u != nil && directionOf(u.State) != dir {
		return nil, r.unended(u)
	}
	if dir == Up {
		plan, err = r.history.Upgrade(s.applied(), target)
	} else {
		plan, err = r.planDown(s, target)
	}
	if err != nil {
		return nil, err
	}
	if u != nil && len(plan) > 0 && !slices.Contains(idsOf(plan), u.ID) {
		return nil, r.unended(u)
	}
	problems := r.problems(s)
	if len(plan) == 0 && r.opts.AllowNewer {
		problems = slices.DeleteFunc(problems, newer)
	}
	return plan, errors.Join(problems...)
}

// planDown counts what is being undone as applied, and undoes it first.
func (r *Runner) planDown(s *snapshot, target string) ([]*Revision, error) {
	applied := s.applied()
	if u := s.unfinished(); u != nil {
		applied = append(applied, u.ID)
	}
	return r.history.Downgrade(applied, target)
}

// newer tells an error that a newer program explains.
func newer(err error) bool {
	unknown, ok := errors.AsType[*UnknownRevisionsError](err)
	return ok && !unknown.All
}

// run plans, takes the lock, plans again and applies.
func (r *Runner) run(ctx context.Context, dir Direction, target string) ([]*Revision, error) {
	var did []*Revision
	empty := func(s *snapshot) (bool, error) {
		plan, err := r.plan(s, dir, target)
		return len(plan) == 0, err
	}
	err := r.locked(ctx, empty, func(ctx context.Context, h *hold, s *snapshot) error {
		plan, err := r.plan(s, dir, target)
		if err != nil {
			return err
		}
		for _, rev := range plan {
			if err := r.apply(ctx, h, s, rev, dir); err != nil {
				return err
			}
			did = append(did, rev)
		}
		return nil
	})
	return did, err
}

// locked calls fn under the lock, with what the ledger says then; not when done says,
// at any time before, that there is nothing to do.
func (r *Runner) locked(ctx context.Context, done func(*snapshot) (bool, error), fn func(ctx context.Context, h *hold, s *snapshot) error) error {
	s, err := r.read(ctx)
	if err != nil {
		return err
	}
	busy := s.holder != nil && s.holder.Alive // what is odd now may be in order then
	if nothing, err := done(s); err != nil && (!busy || !inBetween(err)) || nothing && err == nil {
		return err
	}
	if s.readOnly != "" {
		return &ReadOnlyError{Database: s.database, Reason: s.readOnly}
	}
	if err := r.tx(ctx, r.txOptions(r.opts.Lease, false), r.refusePooler); err != nil {
		return err
	}
	o, err := openOuter(ctx, r)
	if err != nil {
		return err
	}
	defer o.close()
	if !s.exists {
		if err := r.create(ctx, s); err != nil {
			return err
		}
	} else if !s.leased { // somebody has emptied the table; without its row nobody gets the lock
		err := r.tx(ctx, r.txOptions(r.opts.Lease, false), func(ctx context.Context, s *retort.Session) error {
			_, err := exec(ctx, s, r.sql.fillLease)
			return err
		})
		if err != nil {
			return fmt.Errorf("migrate: take the lock: %w", explainAccess(err, r))
		}
	}
	h, err := r.wait(ctx, o, done)
	if err != nil || h == nil {
		return err
	}
	kept := h.keep(ctx)
	defer h.free(ctx)
	if s, err = r.read(kept); err == nil {
		err = fn(kept, h, s)
	}
	return h.cause(kept, err)
}

// wait takes the lock as soon as nobody has it. Nil without an error: there is
// nothing left to do.
func (r *Runner) wait(ctx context.Context, o *outer, done func(*snapshot) (bool, error)) (*hold, error) {
	begun := time.Now()
	for {
		h, err := r.try(ctx, o)
		if err != nil || h != nil {
			return h, err
		}
		s, err := r.read(ctx)
		if err != nil {
			return nil, err
		}
		if nothing, err := done(s); err != nil && !inBetween(err) || nothing && err == nil {
			return nil, err
		}
		waited := time.Since(begun)
		holder := Holder{}
		if s.holder != nil {
			holder = *s.holder
		}
		if waited > r.opts.Wait {
			return nil, &LockedError{Ledger: r.sql.revisions, Holder: holder, Waited: waited}
		}
		r.event(Event{Kind: Waiting, Holder: holder.Name, Elapsed: waited})
		if err := sleep(ctx, 100*time.Millisecond+rand.N(200*time.Millisecond)); err != nil {
			return nil, err
		}
	}
}

// inBetween tells errors that the other run's end can take away.
func inBetween(err error) bool {
	_, ok := errors.AsType[*UnfinishedError](err)
	return ok
}

// create makes the ledger. Several programs may do it at once: one succeeds.
func (r *Runner) create(ctx context.Context, s *snapshot) error {
	if r.opts.Schema == "" && s.schema == "" {
		return fmt.Errorf("migrate: search_path names no schema that exists, so the ledger has no place in database %q; create one, or give Options.Schema; see docs/errors.md#migrate-privileges", s.database)
	}
	for attempt := 1; ; attempt++ {
		err := r.tx(ctx, r.txOptions(r.opts.Lease, false), func(ctx context.Context, s *retort.Session) error {
			for _, text := range r.sql.create {
				if _, err := exec(ctx, s, text); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			return nil
		}
		now, readErr := r.read(ctx)
		if readErr == nil && now.exists {
			return nil // another program was first
		}
		if attempt == r.opts.Attempts || !retryable(err) && pgerr.KindOf(err) != pgerr.Unique && pgerr.Code(err) != "42P07" && pgerr.Code(err) != "XX000" || attempt > 3 && pgerr.Code(err) == "42P07" {
			return fmt.Errorf("migrate: create the ledger: %w", r.explainCreate(err))
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

func (r *Runner) explainCreate(err error) error {
	switch pgerr.Code(err) {
	case "42501":
		return fmt.Errorf("%w; the role may not create tables there: run migrations as the owner of the schema, or GRANT CREATE ON SCHEMA; see docs/errors.md#migrate-privileges", err)
	case "42P07":
		return fmt.Errorf("%w; something else has the name of one of the ledger's tables: give Options.Name; see docs/errors.md#ledger-format", err)
	}
	return explainAccess(err, r)
}
