package flight

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// drainTimeout bounds the end of a flight that was given up: the request to cancel
// and the answers that are still to come.
const drainTimeout = time.Second

// Draining reports whether the caller of the last flight gave it up, and the server
// is still at it. Nothing but [Conn.Reset] or [Conn.Close] may follow.
func (c *Conn) Draining() bool { return c.unread > 0 }

// leave keeps a connection whose flight was given up, so that [Conn.Reset] can
// bring it to rest behind the caller's back. It reports whether that can be: all
// was sent, and only time is why nothing more is read.
//
// Not behind a pooler, which passes a request to cancel on when it sees fit.
func (c *Conn) leave(ctx context.Context, err error) bool {
	t := &c.trip
	if !c.cfg.Drain || ctx.Err() == nil || t.flight.End == Commit || !t.shipped || c.BehindPooler() ||
		!errors.Is(err, os.ErrDeadlineExceeded) || c.pg.IsClosed() {
		return false
	}
	for at := t.at; at < len(c.requests); at++ {
		if c.requests[at].kind == askSync {
			c.unread++
		}
	}
	return c.unread > 0
}

// drain has the server stop, and reads what it still has to say.
//
// The server closes the connection of a request to cancel when it has sent the
// signal, and it ignores one that comes between two statements. So once both are
// over, nothing can hit what comes next.
//
//   - Source: PostgreSQL src/backend/postmaster/postmaster.c, processCancelRequest;
//     src/backend/tcop/postgres.c, ProcessInterrupts with DoingCommandRead.
func (c *Conn) drain(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTimeout)
	defer cancel()
	if err := c.pg.CancelRequest(ctx); err != nil {
		c.abandon()
		return fmt.Errorf("flight: the request to cancel: %w", err)
	}
	for c.unread > 0 {
		msg, err := c.pg.ReceiveMessage(ctx)
		if err != nil {
			c.abandon()
			return fmt.Errorf("flight: draining: %w", err)
		}
		if _, ok := msg.(*pgproto3.ReadyForQuery); ok {
			c.unread--
		}
	}
	return nil
}
