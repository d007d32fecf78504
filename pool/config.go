package pool

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Unlimited lifts the limit when given as [Config].Size or [Config].Overflow.
const Unlimited = -1

const (
	defaultSize         = 5
	defaultOverflow     = 10
	defaultTimeout      = 30 * time.Second
	defaultPingAfter    = 30 * time.Second
	defaultPingTimeout  = time.Second
	defaultResetTimeout = 5 * time.Second

	// recycleJitter is the part of Recycle by which a lifetime may be shorter,
	// so that resources born together do not die together.
	recycleJitter = 0.10
)

// Config says what a pool lends and how much of it.
//
//   - Shape: a zero field means its default; it is copied by [New] and never
//     changes afterwards.
//   - Concurrency: every callback may run on several goroutines at once, for
//     different resources; none is called while a lock is held.
//   - Errors: a callback that panics counts as one that failed.
type Config[R any] struct {
	// Open makes a resource. Required. Its context carries the values of the
	// caller that needed it, but not its end: when that caller gives up, what is
	// being opened serves the next one. It ends after Timeout and when the pool
	// closes; an Open that ignores that keeps its place until it returns.
	Open func(ctx context.Context) (R, error)

	// Close destroys a resource. Required. It may block: it runs on its own
	// goroutine. See CloseGrace for its place.
	Close func(R)

	// Alive says without a round trip whether a resource is still usable. It is
	// asked before every loan except of one just opened, on the caller's own
	// goroutine, so it must not block. Nil means always.
	Alive func(R) bool

	// Ping asks the resource itself, when PrePing is on and it has been idle for
	// PingAfter. An error closes it and invalidates all that are as old; the
	// caller gets another one.
	Ping func(ctx context.Context, r R) error

	// NeedsReset says whether a resource that comes back must be reset, on the
	// goroutine that releases it. Set it with Reset or leave both nil.
	NeedsReset func(R) bool

	// Reset cleans a resource that comes back, on its own goroutine and before
	// anybody else gets it. An error closes it.
	Reset func(ctx context.Context, r R) error

	// Soon says of an error of Open that the next attempt may well succeed, as of a
	// server that answers that it is starting: the next ones follow within 20 ms, for
	// half a second. Nil knows of none.
	Soon func(error) bool

	// Size is how many resources stay open when idle. Default 5. Range 1 and
	// more; [Unlimited] lends without limit and keeps all.
	Size int

	// Overflow is how many more may be open under load; they are closed when they
	// come back and nobody waits. Default 10 where Size is 0 as well; with a Size
	// given it is taken as written and 0 is none. Range 0 and more, or [Unlimited].
	Overflow int

	// Timeout bounds one Acquire: waiting, opening and pinging together. Default 30 s.
	Timeout time.Duration

	// Patience is how long a caller sits out an outage within its Timeout: one whose
	// attempt to open failed stays in the queue, and the error is its answer only
	// when it has waited that long. Default 0, at once.
	Patience time.Duration

	// CloseGrace is how long a resource that is being closed keeps its place where
	// Close does not return, so that no more than Size plus Overflow are open while
	// old ones close, and yet a Close that hangs holds back nobody. At most as many
	// as the limit hang beside it. Default 0, no place is kept.
	CloseGrace time.Duration

	// Recycle is the age since opening after which a resource is replaced at its
	// next loan. 0 is never. Each one draws a lifetime up to 10 % shorter.
	Recycle time.Duration

	// PrePing turns Ping on.
	PrePing bool

	// PingAfter is the idleness after which Ping is asked. Default 30 s: Alive
	// sees a closed socket at once and for nothing, so a round trip is worth its
	// price only for silent losses (a dropped NAT entry, a partition), and the
	// shortest idle limits of middleboxes are about a minute. SQLAlchemy pings at
	// every checkout; 1 ns does the same.
	PingAfter time.Duration

	// PingTimeout bounds one Ping. Default 1 s.
	PingTimeout time.Duration

	// ResetTimeout bounds one Reset. Default 5 s.
	ResetTimeout time.Duration

	// Who names the borrower that a context of Acquire stands for, such as a route:
	// one of few, for Holders. It is asked at each Acquire, on its goroutine, so it
	// should be quick. Nil names nobody.
	Who func(context.Context) string

	// HeldLimit is the time after which a lease that is still out is told to
	// OnEvent, once, with the stack of its Acquire. It costs each loan a look at the
	// stack: one to eight microseconds, by its depth. Default 0, never.
	HeldLimit time.Duration

	// Rand draws the jitter of Recycle. Only the pool may use it. Nil is the
	// generator of math/rand/v2; tests give a seeded one.
	Rand *rand.Rand

	// OnEvent is told what happens, on the goroutine to which it happens. It
	// should be quick: Acquire and Release wait for it. A panic in it is swallowed
	// and counted; ending the goroutine (runtime.Goexit) is not provided for. Nil
	// costs nothing.
	OnEvent func(Event)
}

// resolve returns c with its defaults filled in, or everything that is wrong with it.
func (c Config[R]) resolve() (Config[R], error) {
	if err := c.validate(); err != nil {
		return c, err
	}
	if c.Size == 0 {
		c.Size = defaultSize
		if c.Overflow == 0 {
			c.Overflow = defaultOverflow
		}
	}
	for _, d := range []struct {
		have *time.Duration
		want time.Duration
	}{
		{&c.Timeout, defaultTimeout},
		{&c.PingAfter, defaultPingAfter},
		{&c.PingTimeout, defaultPingTimeout},
		{&c.ResetTimeout, defaultResetTimeout},
	} {
		if *d.have == 0 {
			*d.have = d.want
		}
	}
	return c, nil
}

func (c Config[R]) validate() error {
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("pool: Config."+format, args...))
	}
	if c.Open == nil {
		problem("Open is nil: give the function that opens a resource")
	}
	if c.Close == nil {
		problem("Close is nil: give the function that closes a resource")
	}
	if c.PrePing && c.Ping == nil {
		problem("PrePing is on but Ping is nil: give the function that pings, or turn PrePing off")
	}
	if (c.NeedsReset == nil) != (c.Reset == nil) {
		problem("NeedsReset and Reset go together: set both, or none")
	}
	if c.Size < Unlimited {
		problem("Size is %d: give 1 or more, 0 for %d, or -1 for no limit", c.Size, defaultSize)
	}
	if c.Overflow < Unlimited {
		problem("Overflow is %d: give 0 or more, or -1 for no limit", c.Overflow)
	}
	for _, d := range []struct {
		name string
		have time.Duration
		zero string
	}{
		{"Timeout", c.Timeout, defaultTimeout.String()},
		{"HeldLimit", c.HeldLimit, "never"},
		{"Patience", c.Patience, "the error at once"},
		{"CloseGrace", c.CloseGrace, "no grace"},
		{"Recycle", c.Recycle, "never"},
		{"PingAfter", c.PingAfter, defaultPingAfter.String()},
		{"PingTimeout", c.PingTimeout, defaultPingTimeout.String()},
		{"ResetTimeout", c.ResetTimeout, defaultResetTimeout.String()},
	} {
		if d.have < 0 {
			problem("%s is %s: give a positive duration, or 0 for %s", d.name, d.have, d.zero)
		}
	}
	return errors.Join(problems...)
}

// limit is the most that may be open at once.
func (c Config[R]) limit() int {
	if c.Size == Unlimited || c.Overflow == Unlimited || c.Size > math.MaxInt-c.Overflow {
		return math.MaxInt
	}
	return c.Size + c.Overflow
}

// keep is the most that may be idle at once.
func (c Config[R]) keep() int {
	if c.Size == Unlimited {
		return math.MaxInt
	}
	return c.Size
}
