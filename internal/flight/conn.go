package flight

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Conn is one connection, its statement registry and what is known of its state.
//
//   - Concurrency: one goroutine at a time. A second flight at the same time, or
//     one from inside a Row callback, is refused as NotExecuted.
//   - Cleanup: [Conn.Close] exactly once.
type Conn struct {
	pg   *pgconn.PgConn
	pgx  *pgx.Conn // around pg; nil without Config.Pgx and Config.Tracer
	wire *wire     // nil when a caller's AfterNetConnect hides it
	cfg  Config

	registry *registry
	epoch    uint64 // of cfg.Plans, when the registry was last in line with it
	socket   socket
	flights  uint64
	flying   atomic.Bool

	savepoints atomic.Uint64 // names given out

	dirty     bool
	unread    int // ReadyForQuery messages of a flight that was given up
	mustClose bool
	condemned error
	adopted   bool // somebody else holds pgx
	direct    bool // a plain socket is at the bottom

	// The flight under way. Kept here so that a flight allocates nothing for them.
	trip     trip
	requests []request
	planned  []*prepared // one for each statement, in sending order
	next     int         // the first of planned that is not sent
	out      []byte      // what is sent, if it is little
	opening  Statement   // BEGIN
	closing  Statement   // COMMIT or ROLLBACK
	shown    []pgconn.FieldDescription
	watch    vigil
	copyOver atomic.Bool // the server has refused a part of a flight with a COPY
}

// Dirty reports whether SQL that Retort did not build ran since the last
// [Conn.Reset], or a flight is [Conn.Draining]. Always false behind a pooler, whose
// own reset is in charge.
func (c *Conn) Dirty() bool { return c.dirty || c.Draining() }

// MarkDirty tells that the session was used in ways that flights do not see.
func (c *Conn) MarkDirty() { c.dirty = c.dirty || !c.cfg.Pooler }

// MustClose reports whether the session holds what no reset undoes: the user's own
// PREPARE, LOAD, DEALLOCATE or DISCARD ALL ran.
func (c *Conn) MustClose() bool { return c.mustClose }

// Condemn notes why the connection, and others to the same server, are of no use any
// more: it goes on to the end of its loan.
func (c *Conn) Condemn(why error) { c.condemned = why }

// Condemned is what [Conn.Condemn] was told, nil where it was not.
func (c *Conn) Condemned() error { return c.condemned }

// PgConn is the connection below, for what flights do not cover (COPY, LISTEN).
// Who uses it calls [Conn.MarkDirty]. It must not be used during a flight.
func (c *Conn) PgConn() *pgconn.PgConn { return c.pg }

// PID is the server process that serves this connection.
func (c *Conn) PID() uint32 { return c.pg.PID() }

// ServerVersion is the server's version as it reports it ("15.18 (Debian …)").
func (c *Conn) ServerVersion() string { return c.pg.ParameterStatus("server_version") }

// ParameterStatus is the last value that the server reported for a setting such
// as "TimeZone", "" for a setting that it does not report.
func (c *Conn) ParameterStatus(name string) string { return c.pg.ParameterStatus(name) }

// TxStatus is what the server said last: 'I' no transaction, 'T' in one, 'E' in a
// failed one.
func (c *Conn) TxStatus() byte { return c.pg.TxStatus() }

// Broken reports whether the connection has failed and must be closed.
func (c *Conn) Broken() bool { return c.pg.IsClosed() }

// Flights counts the round trips that were begun, pings and resets included.
func (c *Conn) Flights() uint64 { return c.flights }

// closeTimeout bounds a farewell whose caller set no deadline.
const closeTimeout = 5 * time.Second

// Close says goodbye to the server and closes the socket, whatever state it is in.
//
// It waits for the clean-up of a broken connection, which cancels what the server
// may still be doing, until ctx ends and at most 5 s; the clean-up goes on behind.
func (c *Conn) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	err := c.pg.Close(ctx)
	select {
	case <-c.pg.CleanupDone():
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
