package flight

import (
	"context"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// once keeps pgconn from waiting twice for an address that does not answer: with
// sslmode=prefer it tries all addresses of a host with TLS and then all of them
// without, each with a timeout of its own. Where two addresses are silent that would
// use up the time in which another host could have been reached.
//
//   - Concurrency: the attempts with one password come one after the other.
func once(dial pgconn.DialFunc, timeout time.Duration) pgconn.DialFunc {
	type outcome struct {
		began time.Time
		err   error
	}
	tried := map[string]outcome{}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		last, again := tried[addr]
		switch {
		case again && last.err != nil:
			return nil, last.err // what TLS has no part in
		case again && time.Since(last.began) >= timeout:
			return nil, context.DeadlineExceeded // it took the connection and said nothing
		case !again:
			last.began = time.Now()
		}
		conn, err := dial(ctx, network, addr)
		last.err = err
		tried[addr] = last
		return conn, err
	}
}
