package flight

import "sync/atomic"

// Plans tells connections that statements were prepared before a table changed. The
// zero Plans is ready.
//
//   - Concurrency: safe for many goroutines.
//   - Source: asyncpg, which drops the statements of the whole pool at the first
//     "cached plan must not change result type".
type Plans struct{ epoch atomic.Uint64 }

// keepUp forgets what this connection prepared before another one of the database
// found a stale plan; the flight to come prepares anew.
func (c *Conn) keepUp() {
	if c.cfg.Plans == nil {
		return
	}
	if now := c.cfg.Plans.epoch.Load(); now != c.epoch {
		c.registry.forget(true)
		c.epoch = now
	}
}

// outdated tells the others that plans of this connection's age are stale; its own
// statements are forgotten already. Where another one was faster, they know.
func (c *Conn) outdated() {
	if c.cfg.Plans == nil {
		return
	}
	c.cfg.Plans.epoch.CompareAndSwap(c.epoch, c.epoch+1)
	c.epoch = c.cfg.Plans.epoch.Load()
}
