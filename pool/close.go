package pool

import (
	"context"
	"fmt"
)

// Close stops lending, waits for what is borrowed until ctx ends, and closes
// everything.
//
// Callers that wait get [ErrClosed] at once, as newcomers do; idle resources are
// closed at once, borrowed ones when they come back, also after Close returned:
// a borrower is never interrupted.
//
//   - Errors: when ctx ended first, an error that is ctx.Err() and says how many
//     were still out; nil once everything is closed.
//   - Concurrency: may be called again and by several goroutines; each call waits.
func (p *Pool[R]) Close(ctx context.Context) error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		for len(p.idle) > 0 {
			p.drop(p.pop(), ReasonShutdown, nil)
		}
		for p.queue.head != nil {
			p.hand(p.queue.head, grant[R]{err: ErrClosed})
		}
		p.settle()
	}
	p.mu.Unlock()
	p.endLife()

	select {
	case <-p.drained:
		return nil
	default:
	}
	select {
	case <-p.drained:
		return nil
	case <-ctx.Done():
	}
	s := p.Stats()
	if s.InUse+s.Opening+s.Closing == 0 {
		return nil
	}
	return fmt.Errorf("pool: close gave up with %d still in use, %d opening, %d closing; each is closed when it is done: %w",
		s.InUse, s.Opening, s.Closing, ctx.Err())
}
