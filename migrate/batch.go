package migrate

import (
	"context"
	"fmt"
	"time"

	"github.com/retort-go/retort"
)

// batches runs a step again and again, each time in a transaction together with the
// journal's count, until nothing is left to do.
func (w *work) batches(ctx context.Context, at int) error {
	step, begun := w.steps[at], time.Now()
	w.r.event(w.about(Event{Kind: StepStarted, Step: at + 1, Mode: step.mode()}))
	b := Batch{}
	if j := w.was.step(w.rev.ID, w.dir, at+1); j != nil && !w.fresh {
		b.Cursor, b.Rows, b.Total = j.Cursor, j.Rows, j.Total
	}
	if err := w.count(ctx, step, &b); err != nil {
		return w.failure(at, at, 1, err)
	}
	opts := w.opts
	if step.Mode == Call {
		opts.IdleTimeout *= 20 // the function may compute meanwhile
	}
	for attempt := 1; ; {
		next := b
		next.More = false
		err := w.tx(ctx, opts, func(ctx context.Context, s *retort.Session) error {
			about := w.about(Event{Kind: Running, Step: at + 1, Mode: step.mode(), Rows: b.Rows, Total: b.Total, Attempt: attempt})
			stop := w.watch(ctx, processOf(ctx, s), about)
			defer func() { w.blockers = stop() }()
			return w.batch(ctx, s, at, &next)
		})
		if err != nil {
			err = w.settled(ctx, err, func(s *snapshot) bool {
				if !next.More {
					return w.isDone(s, at+1)
				}
				j := s.step(w.rev.ID, w.dir, at+1)
				return j != nil && j.Cursor == next.Cursor && j.Rows == next.Rows && (b.Cursor != next.Cursor || b.Rows != next.Rows)
			})
		}
		if err == nil {
			w.fresh, b, attempt = false, next, 1
			w.r.event(w.about(Event{Kind: BatchDone, Step: at + 1, Mode: step.mode(), Rows: b.Rows, Total: b.Total, Elapsed: time.Since(begun)}))
			if !b.More {
				w.r.event(w.about(Event{Kind: StepDone, Step: at + 1, Mode: step.mode(), Rows: b.Rows, Total: b.Total, Elapsed: time.Since(begun)}))
				return nil
			}
			continue
		}
		if !retryable(err) || attempt == w.r.opts.Attempts {
			return w.failure(at, at, attempt, err)
		}
		w.retrying(at, attempt, err)
		if err := pause(ctx, attempt); err != nil {
			return w.cause(ctx, err)
		}
		attempt++
	}
}

// count asks how many rows there are to do, once.
func (w *work) count(ctx context.Context, step *Step, b *Batch) error {
	if step.Count == "" || b.Total > 0 {
		return nil
	}
	s := w.r.eng.SessionWith(w.opts)
	defer func() { _ = s.Close(context.WithoutCancel(ctx)) }()
	//retortvet:ignore sqltext the user's revision
	n, err := retort.SQL[int64](step.Count).ReadOnly().One(ctx, s)
	if err != nil {
		return fmt.Errorf("-- +batched: its count: %w", err)
	}
	b.Total = n + b.Rows
	return nil
}

// batch does one of them.
func (w *work) batch(ctx context.Context, s *retort.Session, at int, b *Batch) error {
	if err := w.start(ctx, s, at); err != nil {
		return err
	}
	if err := w.journal(ctx, s, w.sql.started, at); err != nil {
		return err
	}
	step := w.steps[at]
	if step.Mode == Call {
		fn := w.r.opts.function(w.rev, w.dir)
		_, err := retort.RunIn(ctx, s, func(ctx context.Context, s *retort.Session) (struct{}, error) { return struct{}{}, fn(ctx, s, b) })
		if err != nil {
			return err
		}
		if err := s.Flush(ctx); err != nil {
			return err
		}
	} else {
		n, err := exec(ctx, s, w.label(at)+step.SQL)
		if err != nil {
			return err
		}
		b.Rows += n
		b.More = n > 0
	}
	// A cursor is the user's text; what PostgreSQL cannot hold is an error there.
	if _, err := exec(ctx, s, w.sql.progress, w.rev.ID, string(w.dir), at+1, b.Rows, b.Total, b.Cursor); err != nil {
		return err
	}
	if b.More {
		return nil
	}
	if err := w.journal(ctx, s, w.sql.done, at); err != nil {
		return err
	}
	return w.end(ctx, s, at+1)
}
