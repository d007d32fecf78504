package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/sqltext"
)

// progress is how far a statement outside of transactions has come, as the catalog
// shows it.
type progress int

const (
	notDone progress = iota
	half             // begun and broken off: what it left has to go, or to be ended
	isDone
)

// outside runs a statement outside of any transaction: the journal says before that
// it is begun, and afterwards that it is done. In between the catalog is the judge.
func (w *work) outside(ctx context.Context, at int) error {
	step, begun := w.steps[at], time.Now()
	p, seen := probeOf(sqltext.Words(step.SQL, -1))
	resumed := !w.fresh && w.was.step(w.rev.ID, w.dir, at+1) != nil
	if err := w.note(ctx, at, w.sql.started, at); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		w.r.event(w.about(Event{Kind: StepStarted, Step: at + 1, Mode: Outside, Attempt: attempt}))
		stop := w.watch(ctx, w.outer.pid, w.about(Event{Kind: Running, Step: at + 1, Mode: Outside, Attempt: attempt}))
		err := w.attempt(ctx, step, p, seen, resumed || attempt > 1, w.label(at))
		w.blockers = stop()
		if err == nil {
			break
		}
		if !retryable(err) || attempt == w.r.opts.Attempts {
			if seen {
				w.tidy(ctx, p)
			}
			return w.failure(at, at, attempt, w.cause(ctx, err))
		}
		w.retrying(at, attempt, err)
		if err := pause(ctx, attempt); err != nil {
			return w.cause(ctx, err)
		}
	}
	if err := w.note(ctx, at, w.sql.done, at+1); err != nil {
		return err
	}
	w.r.event(w.about(Event{Kind: StepDone, Step: at + 1, Mode: Outside, Elapsed: time.Since(begun)}))
	return nil
}

// note writes a step's state into the journal, and the ends of the revision with it.
func (w *work) note(ctx context.Context, at int, text string, next int) error {
	for attempt := 1; ; attempt++ {
		err := w.tx(ctx, w.opts, func(ctx context.Context, s *retort.Session) error {
			if err := w.start(ctx, s, at); err != nil {
				return err
			}
			if err := w.journal(ctx, s, text, at); err != nil {
				return err
			}
			return w.end(ctx, s, next)
		})
		if err != nil {
			err = w.settled(ctx, err, func(s *snapshot) bool {
				if next == at { // begun, not done
					return s.step(w.rev.ID, w.dir, at+1) != nil
				}
				return w.isDone(s, next)
			})
		}
		if err == nil {
			w.fresh = false
			return nil
		}
		if !retryable(err) || attempt == w.r.opts.Attempts {
			return w.failure(at, at, attempt, err)
		}
		if err := pause(ctx, attempt); err != nil {
			return w.cause(ctx, err)
		}
	}
}

// attempt runs the statement once, unless it was begun before and the catalog shows
// that it is done; a half one is taken away first.
func (w *work) attempt(ctx context.Context, step *Step, p probe, seen, again bool, label string) error {
	text := label + step.SQL
	if seen && again {
		state, err := w.look(ctx, p)
		switch {
		case err != nil:
			return err
		case state == isDone:
			return nil
		case state == half:
			if text, err = w.heal(ctx, p, text); err != nil {
				return err
			}
		}
	}
	if err := w.run(ctx, p, text); err != nil {
		return err
	}
	if !seen {
		return nil
	}
	// IF NOT EXISTS is content with an invalid index.
	switch state, err := w.look(ctx, p); {
	case err != nil:
		return err
	case state == isDone:
		return nil
	case state == half:
		if text, err = w.heal(ctx, p, text); err != nil {
			return err
		}
		if err := w.run(ctx, p, text); err != nil {
			return err
		}
	}
	if state, err := w.look(ctx, p); err != nil || state == isDone {
		return err
	}
	return errors.New("the statement ended without an error, and the database does not show what it should have done")
}

// run runs a statement on the run's own connection.
func (w *work) run(ctx context.Context, p probe, text string) error {
	// Building an index blocks nobody's reads or writes while it waits, and a timeout
	// would leave an invalid one behind after hours.
	if p.kind == probeIndex {
		if _, err := w.outer.exec(ctx, "/* retort:migrate.session */ SET lock_timeout = 0"); err != nil {
			return err
		}
		defer func() {
			_, _ = w.outer.exec(ctx, fmt.Sprintf("/* retort:migrate.session */ SET lock_timeout = %d", w.r.opts.LockTimeout.Milliseconds()))
		}()
	}
	pid, err := one[int](ctx, w.outer, "/* retort:migrate.session */ SELECT pg_backend_pid()")
	if err != nil {
		return err
	}
	if pid != w.outer.pid {
		return &PoolerError{}
	}
	_, err = w.outer.exec(ctx, text)
	return err
}

// heal takes away, or ends, what a broken statement left, and returns what is to be
// run then.
func (w *work) heal(ctx context.Context, p probe, text string) (string, error) {
	switch p.kind {
	case probeIndex:
		index, err := w.indexOf(ctx, p)
		if err != nil {
			return "", err
		}
		w.r.event(w.about(Event{Kind: Healing, Text: "dropping the invalid index " + index}))
		_, err = w.outer.exec(ctx, "/* retort:migrate.heal */ DROP INDEX CONCURRENTLY IF EXISTS "+index)
		return text, err
	case probeDetached:
		w.r.event(w.about(Event{Kind: Healing, Text: "ending the detachment of " + p.name}))
		return "/* retort:migrate.heal */ ALTER TABLE " + p.table + " DETACH PARTITION " + p.name + " FINALIZE", nil
	}
	return text, nil
}

// tidy takes an invalid index away after the last attempt; what it cannot is left to
// the next run.
func (w *work) tidy(ctx context.Context, p probe) {
	if p.kind != probeIndex || ctx.Err() != nil {
		return
	}
	if state, err := w.look(ctx, p); err == nil && state == half {
		_, _ = w.heal(ctx, p, "")
	}
}

// The catalog's answers, one word each. Names arrive as SQL, quoted, and are cut as
// the server cuts them.
const (
	lookIndexSQL = `/* retort:migrate.look */ SELECT CASE WHEN i.indisvalid AND i.indisready AND i.indislive THEN 'done' ELSE 'half' END
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relname = (parse_ident($1))[1]::name AND c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass($2))`

	indexNameSQL = `/* retort:migrate.look */ SELECT quote_ident(n.nspname) || '.' || quote_ident((parse_ident($1))[1]::name)
FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace WHERE t.oid = to_regclass($2)`

	lookNoIndexSQL = `/* retort:migrate.look */ SELECT CASE WHEN to_regclass($1) IS NULL THEN 'done' ELSE 'not' END`

	lookValidatedSQL = `/* retort:migrate.look */ SELECT CASE WHEN convalidated THEN 'done' ELSE 'not' END FROM pg_constraint
WHERE conrelid = to_regclass($2) AND conname = (parse_ident($1))[1]::name`

	lookLabelSQL = `/* retort:migrate.look */ SELECT CASE WHEN EXISTS (SELECT FROM pg_enum WHERE enumtypid = to_regtype($1) AND enumlabel = $2) THEN 'done' ELSE 'not' END`

	lookDetachedSQL = `/* retort:migrate.look */ SELECT CASE WHEN inhdetachpending THEN 'half' ELSE 'not' END FROM pg_inherits
WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2)
UNION ALL SELECT 'done' WHERE NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = to_regclass($1) AND inhparent = to_regclass($2))`
)

// look asks the catalog.
func (w *work) look(ctx context.Context, p probe) (progress, error) {
	var word string
	var err error
	switch p.kind {
	case probeIndex:
		word, err = one[string](ctx, w.outer, lookIndexSQL, p.name, p.table)
	case probeNoIndex:
		word, err = one[string](ctx, w.outer, lookNoIndexSQL, p.name)
	case probeValidated:
		word, err = one[string](ctx, w.outer, lookValidatedSQL, p.name, p.table)
	case probeLabel:
		word, err = one[string](ctx, w.outer, lookLabelSQL, p.name, unquoted(p.label))
	case probeDetached:
		word, err = one[string](ctx, w.outer, lookDetachedSQL, p.name, p.table)
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return notDone, nil
	case err != nil:
		return notDone, fmt.Errorf("look whether it was done: %w", err)
	case word == "done":
		return isDone, nil
	case word == "half":
		return half, nil
	}
	return notDone, nil
}

// indexOf is the index's name with its schema, which is that of its table.
func (w *work) indexOf(ctx context.Context, p probe) (string, error) {
	return one[string](ctx, w.outer, indexNameSQL, p.name, p.table)
}

// unquoted is the value of a string constant without escapes.
func unquoted(literal string) string {
	return strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(literal, "'"), "'"), "''", "'")
}
