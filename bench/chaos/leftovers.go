package chaos

import (
	"context"
	"fmt"
	"runtime"
	"time"
)

// leftovers are what a service still holds when nobody asks anything of it.
type leftovers struct {
	goroutines  int
	connections int // that the server has and the pool does not
	locks       int
	idleInTx    int
	missing     int // connections that the pool cannot lend any more, or only because the garbage collector found them
}

// all are the numbers by name.
func (l leftovers) all() map[string]int {
	return map[string]int{
		"goroutines": l.goroutines, "connections": l.connections, "locks": l.locks,
		"idle in transaction": l.idleInTx, "missing from the pool": l.missing,
	}
}

func (l leftovers) side(of int, note string) Side {
	s := Side{Of: of, After: true, Note: notes(fmt.Sprintf("goroutines %d, connections %d, locks %d, idle in transaction %d, missing from the pool %d",
		l.goroutines, l.connections, l.locks, l.idleInTx, l.missing), note)}
	for _, n := range l.all() {
		s.Bad += max(0, n)
	}
	return s
}

// How long a service may take to clean up behind its last client, and how long
// the control is waited for, which never does.
const (
	settleTime  = 5 * time.Second
	controlTime = time.Second
)

// leftovers measures all but the goroutines, which the host itself still has.
func (d *database) leftovers(ctx context.Context, h *host) (left leftovers, err error) {
	_, err = eventually(ctx, h.patience, func() (bool, error) {
		open, inUse := h.owned()
		n, err := d.count(ctx, "SELECT count(*)"+others)
		if err != nil {
			return false, err
		}
		left.connections = n - open
		left.idleInTx, err = d.count(ctx, "SELECT count(*)"+others+" AND state LIKE 'idle in transaction%'")
		if err != nil {
			return false, err
		}
		left.locks, err = d.count(ctx, "SELECT count(*) FROM pg_locks WHERE pid IN (SELECT pid"+others+")")
		return inUse == 0 && left.connections == 0 && left.idleInTx == 0 && left.locks == 0, err
	})
	if err != nil {
		return left, err
	}
	left.missing = capacity - borrowAll(ctx, capacity, h.borrow)
	if h.healed != nil {
		left.missing += int(h.healed())
	}
	return left, nil
}

func goroutines() int { return runtime.NumGoroutine() }

// goroutinesBeyond waits for those that are about to end.
func goroutinesBeyond(before int, patience time.Duration) int {
	for deadline := time.Now().Add(patience); goroutines() > before && time.Now().Before(deadline); {
		time.Sleep(3 * time.Millisecond)
	}
	return goroutines() - before
}
