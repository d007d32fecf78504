package pool

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"time"
)

// ErrClosed is returned by Acquire once the pool is closed, also to callers that
// were waiting then.
var ErrClosed = errors.New("pool: closed, lends nothing any more")

// errExited is the failure of a callback that ended its goroutine.
var errExited = errors.New("the callback called runtime.Goexit (a test's FailNow, perhaps)")

// TimeoutError is returned by Acquire when [Config].Timeout passed before a
// resource could be had.
//
//   - Shape: the numbers are those of the moment the caller gave up, itself
//     included in Waiting where it had no open of its own under way.
//   - Errors: it is not a context.DeadlineExceeded: the caller's own context has
//     not ended. Cause is not unwrapped, since it happened to another attempt.
type TimeoutError struct {
	Timeout  time.Duration
	Size     int
	Overflow int
	InUse    int
	Idle     int
	Opening  int
	Waiting  int

	// Holders are who held what at that moment, where [Config].Who can tell.
	Holders []Holder

	// Cause is how the last attempt to open failed; nil when the last one succeeded.
	Cause error
}

// Error says what ran out and with which numbers, in SQLAlchemy's wording where
// the limit was reached.
func (e *TimeoutError) Error() string {
	const page = "; see docs/errors.md#pool-timeout"
	var b []byte
	if e.limitReached() {
		b = fmt.Appendf(b, "pool: QueuePool limit of size %d overflow %d reached, connection timed out, timeout %s (in use %d, idle %d, opening %d, waiting %d)",
			e.Size, e.Overflow, seconds(e.Timeout), e.InUse, e.Idle, e.Opening, e.Waiting)
	} else {
		b = fmt.Appendf(b, "pool: connection timed out while opening, timeout %s (size %d, overflow %d, in use %d, idle %d, opening %d, waiting %d)",
			seconds(e.Timeout), e.Size, e.Overflow, e.InUse, e.Idle, e.Opening, e.Waiting)
	}
	b = appendHolders(b, e.Holders)
	if e.Cause != nil {
		b = fmt.Appendf(b, "; last open failed: %v", e.Cause)
	}
	return string(append(b, page...))
}

func (e *TimeoutError) limitReached() bool {
	return e.Size != Unlimited && e.Overflow != Unlimited && e.InUse+e.Idle+e.Opening >= e.Size+e.Overflow
}

// seconds writes d with two decimals, or with more where two would show nothing.
func seconds(d time.Duration) string {
	if d > 0 && d < 10*time.Millisecond {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 2, 64)
}

// PanicError is the failure of a callback that panicked.
type PanicError struct {
	Callback string // the field of Config
	Value    any    // what it panicked with
	Stack    []byte // the goroutine's stack at that moment
}

// Error names the callback and the panic's value.
func (e *PanicError) Error() string {
	return fmt.Sprintf("pool: Config.%s panicked: %v", e.Callback, e.Value)
}

// Unwrap returns the panic's value where it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// canceledError is what Acquire returns when its context ended: the context's
// error with the pool's numbers.
type canceledError struct {
	err    error // ctx.Err()
	cause  error // context.Cause(ctx)
	waited time.Duration
	stats  Stats
	last   error
}

func (e *canceledError) Error() string {
	b := fmt.Appendf(nil, "pool: gave up after %s: %v", e.waited.Round(time.Microsecond), e.err)
	if e.cause.Error() != e.err.Error() {
		b = fmt.Appendf(b, " (%v)", e.cause)
	}
	b = fmt.Appendf(b, " (size %d, overflow %d, in use %d, idle %d, opening %d, waiting %d)",
		e.stats.Size, e.stats.Overflow, e.stats.InUse, e.stats.Idle, e.stats.Opening, e.stats.Waiting)
	if e.last != nil {
		b = fmt.Appendf(b, "; last open failed: %v", e.last)
	}
	return string(b)
}

// Unwrap gives the context's error and its cause, which are often the same.
func (e *canceledError) Unwrap() []error { return []error{e.err, e.cause} }

// recovered turns a panic of the named callback into its error; deferred directly.
func (p *Pool[R]) recovered(callback string, err *error) {
	if v := recover(); v != nil {
		*err = p.panicked(callback, v)
	}
}

// panicked counts and tells a panic, and makes an error of it.
func (p *Pool[R]) panicked(callback string, value any) error {
	p.panics.Add(1)
	err := &PanicError{Callback: callback, Value: value, Stack: debug.Stack()}
	p.emit(Event{Kind: EventPanicked, Err: err})
	return err
}
