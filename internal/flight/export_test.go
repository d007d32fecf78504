package flight

import "net"

// Watched tells whether something still looks after the time of a flight.
func (c *Conn) Watched() bool {
	c.watch.mu.Lock()
	defer c.watch.mu.Unlock()
	return c.watch.flying
}

// Socket is what lies below the watch over what was written.
func (c *Conn) Socket() net.Conn { return c.wire.Conn }
