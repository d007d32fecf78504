package retort

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

const (
	defaultBackground = 16
	maxBackground     = 10_000
)

// ErrBackgroundFull says: a function that Go had started has called Go while all
// places were taken, perhaps by others that do the same; waiting could be for ever.
var ErrBackgroundFull = errors.New("retort: all background places are taken, and a background function cannot wait for another; do the work in place, or raise Config.Background; see docs/errors.md#background-full")

// Go runs fn in the background, for work that may follow an answer but must not be
// lost when the process is asked to end: [Engine.Close] waits for it. How many run
// at once is Config.Background; beyond that, Go waits for a place.
//
// The context of fn has the values of ctx, traces and labels among them, but does
// not end with it; it ends when Close gives up waiting. Sessions do not go along: fn
// begins its own, with [Run] for example.
//
//   - Errors: [ErrEngineClosed] once Close was called; ctx's error when it ends
//     before there is a place; [ErrBackgroundFull] inside a background function. An
//     error, a panic or runtime.Goexit of fn is logged with Config.Logger and told
//     to a [BackgroundObserver]; the process goes on.
//   - Concurrency: safe for many goroutines.
//   - Cleanup: [Engine.Close].
func (e *Engine) Go(ctx context.Context, fn func(ctx context.Context) error) error {
	if fn == nil {
		return errors.New("retort: Go: the function is nil")
	}
	if err := e.background.enter(ctx, ctx.Value(backgroundKey{}) == e); err != nil {
		return err
	}
	// What the labels are taken from may belong to a request that is over by then.
	own := WithLabels(context.WithoutCancel(ctx), LabelsOf(ctx))
	own, cancel := context.WithCancelCause(context.WithValue(own, backgroundKey{}, e))
	forget := context.AfterFunc(e.background.life, func() { cancel(ErrEngineClosed) })
	go func() {
		defer e.background.leave()
		defer cancel(nil)
		defer forget()
		e.inBackground(own, fn)
	}()
	return nil
}

// backgroundKey finds, in the context of a background function, its engine.
type backgroundKey struct{}

// errExited is how a function ended that called runtime.Goexit.
var errExited = errors.New("retort: the function called runtime.Goexit")

// inBackground runs fn and tells what became of it.
func (e *Engine) inBackground(ctx context.Context, fn func(context.Context) error) {
	start := time.Now()
	err := errExited
	defer func() {
		attrs := []any{"after", time.Since(start)}
		if r := recover(); r != nil {
			err = &caught{"the function", r}
			attrs = append(attrs, "stack", string(debug.Stack()))
		}
		if err != nil {
			e.log.ErrorContext(ctx, "retort: a background function failed", append(attrs, "error", err)...)
		}
		if o, ok := e.watch.(BackgroundObserver); ok {
			o.BackgroundEnd(ctx, BackgroundInfo{Duration: time.Since(start), Err: err})
		}
	}()
	err = fn(ctx)
}

// background is what an engine keeps of the functions of Go.
type background struct {
	places chan struct{} // one for each that runs
	ending chan struct{} // closed by Close
	life   context.Context
	end    context.CancelFunc // ends life

	mu      sync.Mutex // guards all that follows
	running int
	closed  bool
	empty   chan struct{} // closed when closed and nothing runs
}

func newBackground(most int) *background {
	b := &background{places: make(chan struct{}, most), ending: make(chan struct{}), empty: make(chan struct{})}
	b.life, b.end = context.WithCancel(context.Background())
	return b
}

// enter waits for a place, unless inside asks for one from within.
func (b *background) enter(ctx context.Context, inside bool) error {
	select {
	case b.places <- struct{}{}:
	default:
		if inside {
			return ErrBackgroundFull
		}
		select {
		case b.places <- struct{}{}:
		case <-b.ending:
			return ErrEngineClosed
		case <-ctx.Done():
			return fmt.Errorf("retort: Go: waited for one of %d background places: %w", cap(b.places), ctx.Err())
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		<-b.places
		return ErrEngineClosed
	}
	b.running++
	return nil
}

func (b *background) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	<-b.places
	if b.running--; b.closed && b.running == 0 {
		close(b.empty)
	}
}

// close lets nobody in and waits until all have ended or ctx has; then it ends
// their contexts and waits no longer.
func (b *background) close(ctx context.Context) error {
	b.mu.Lock()
	if !b.closed {
		b.closed = true
		close(b.ending)
		if b.running == 0 {
			close(b.empty)
		}
	}
	b.mu.Unlock()
	select {
	case <-b.empty:
		b.end()
		return nil
	case <-ctx.Done():
	}
	b.mu.Lock()
	running := b.running
	b.mu.Unlock()
	b.end()
	if running == 0 {
		return nil
	}
	return fmt.Errorf("retort: closing the engine: %d background functions were still running, and their contexts are ended: %w", running, ctx.Err())
}
