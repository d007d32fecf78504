// Package pool lends: a bounded set of connections, or of anything else that is
// dear to open, shared fairly by many goroutines.
//
// The one idea: a call of [Pool.Acquire] ends within [Config].Timeout, with a
// usable resource or with an error that says why not. Whatever frees capacity
// (a release, a discard, a failed open, a failed reset, an invalidation) wakes
// the caller that has waited longest.
//
//	p, err := pool.New(pool.Config[net.Conn]{
//		Open:  func(ctx context.Context) (net.Conn, error) { return dialer.DialContext(ctx, "tcp", addr) },
//		Close: func(c net.Conn) { _ = c.Close() },
//		Size:  10, Overflow: 20,
//	})
//	lease, err := p.Acquire(ctx)
//	if err != nil {
//		return err
//	}
//	defer lease.Release()
//	use(lease.Resource())
//
// # Order
//
// Idle resources are a stack: the one used last is lent first, so that what a
// quiet hour leaves unused grows old at the bottom and the server's own idle
// limit trims it. (SQLAlchemy lends the oldest first unless told otherwise.)
// Callers are a queue: a resource that comes back goes to the oldest caller, and
// no newcomer overtakes one that waits for capacity. A caller whose own open or
// ping is under way holds nobody back, and takes a released resource if that
// comes first; what it had begun then serves the next.
//
// # Life of a resource
//
// It is opened when a caller finds no idle one and the total is below Size plus
// Overflow. Before each later loan it is asked Alive, and Ping when it has been
// idle for long. It is closed when it is too old, dead, invalidated, discarded,
// not to be reset, abandoned, one too many at release, or when the pool closes.
// Opening, pinging, resetting and closing run on goroutines of their own, no
// lock is held while a callback runs, and a callback that panics counts as one
// that failed. A Close that hangs keeps its place for CloseGrace at most.
//
// # Trouble
//
// When an open fails, or what is lent turns out to be lost, opens go through a
// gate: one at a time, with a pause behind each failure that grows from 10 ms to
// 100 ms and, once the outage is older than a second, to 800 ms, each drawn from
// its upper half. All others wait for that prober. Its failure is the answer to
// the caller it was made for, and to everybody where nothing is lent that could
// come back; Config.Patience has them wait on. Each success then lets one more be
// opened at once, so that what has just come back is not met by all together. An
// open that hangs for a second holds back nobody.
//
// # What it does not do
//
// It keeps no minimum of idle resources, starts no background goroutine (a timer
// runs while callers wait at the gate) and never interrupts a borrower. It knows
// nothing of SQL or networks.
//
// Above it sits the root package, which lends connections of internal/flight
// with it; below it is the standard library only.
package pool
