package flight

import (
	"context"
	"crypto/tls"
	"net"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgconn"
)

// wire is the socket, below TLS, and remembers whether a flight left any byte on it.
type wire struct {
	net.Conn

	// state is read by the flight while pgconn's clean-up goroutine may write its
	// farewell, hence atomic; that goroutine starts only after a failure, and a
	// failed write ends the watch, so the farewell is never counted.
	state atomic.Uint32
}

const (
	wireIdle uint32 = iota
	wireWatching
	wireWritten
)

func (w *wire) Write(p []byte) (int, error) {
	n, err := w.Conn.Write(p)
	if n > 0 {
		w.state.CompareAndSwap(wireWatching, wireWritten)
	} else if err != nil {
		w.state.CompareAndSwap(wireWatching, wireIdle)
	}
	return n, err
}

func (w *wire) watch()        { w.state.Store(wireWatching) }
func (w *wire) written() bool { return w.state.Load() == wireWritten }

func watched(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		watchPartner(conn)
		return &wire{Conn: conn}, nil
	}
}

// plain reports whether a socket of the system's lies below conn.
func plain(conn net.Conn) bool {
	for {
		switch c := conn.(type) {
		case *net.TCPConn, *net.UnixConn:
			return true
		case *wire:
			conn = c.Conn
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return false
		}
	}
}

// findWire looks for our wrapper under the layers that pgconn or the caller put on it.
func findWire(conn net.Conn) *wire {
	for conn != nil {
		switch c := conn.(type) {
		case *wire:
			return c
		case *tls.Conn:
			conn = c.NetConn()
		case interface{ NetConn() net.Conn }:
			conn = c.NetConn()
		default:
			return nil
		}
	}
	return nil
}
