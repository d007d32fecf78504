package flight

import (
	"syscall"
)

// socket is the file descriptor below a connection, ready to be polled.
type socket struct {
	raw  syscall.RawConn
	poll func(fd uintptr) // made once: a closure at each call would be an allocation
	dead bool             // poll's answer
}

// attach finds the descriptor. Without one (a caller's own net.Conn) the
// connection counts as alive, and its age or a ping decides.
func (s *socket) attach(w *wire) {
	if w == nil || !canPoll {
		return
	}
	sc, ok := w.Conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return
	}
	s.raw = raw
	s.poll = func(fd uintptr) { s.dead = hungUp(fd) }
}

// Alive reports whether the idle connection shows no sign of death: asked of the
// kernel, without a round trip and without an allocation.
//
// Bytes that nobody asked for count as death too. On an idle connection without
// LISTEN they are the server's farewell whose end of file is a moment behind, and
// a needless reconnect is cheaper than a failed flight. A silent partition is not
// seen; that takes a [Conn.Ping].
//
//   - Units: about half a microsecond, under TLS as well.
//   - Concurrency: between flights only.
//   - Source: poll(2), POLLRDHUP on Linux, POLLHUP on macOS; elsewhere a
//     connection that has not failed is alive.
func (c *Conn) Alive() bool {
	if c.pg.IsClosed() {
		return false
	}
	if c.socket.raw == nil {
		return true
	}
	if err := c.socket.raw.Control(c.socket.poll); err != nil {
		return false
	}
	return !c.socket.dead
}
