package flight

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// open makes the connection itself, by way of pgx where Config asks for it:
// nobody but pgx can make a [pgx.Conn], and none of a connection that exists.
func (c *Conn) open(ctx context.Context, own *pgconn.Config) (*pgconn.PgConn, error) {
	if c.cfg.Pgx == nil && c.cfg.Tracer == nil {
		return pgconn.ConnectConfig(ctx, own)
	}
	whole, err := c.cfg.pgxConfig()
	if err != nil {
		return nil, err
	}
	whole.Config, whole.Tracer = *own, c.cfg.Tracer
	if whole.OnNotification == nil {
		whole.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {} // else pgx keeps them all
	}
	if c.cfg.Pooler {
		// Exact types and nothing that outlives the transaction, for a second trip.
		whole.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	}
	conn, err := pgx.ConnectConfig(ctx, whole)
	if err != nil {
		return nil, err
	}
	c.pgx = conn
	conn.PgConn().CustomData()[customKey] = c // for Adopt
	return conn.PgConn(), nil
}

// pgxConfig is a config that pgx has parsed, on which it insists; what counts is
// put into it.
func (c *Config) pgxConfig() (*pgx.ConnConfig, error) {
	if c.Pgx != nil {
		return c.Pgx.Copy(), nil
	}
	return pgx.ParseConfig("host=localhost sslmode=disable")
}

// Pgx is the connection as pgx knows it, nil without Config.Pgx and
// Config.Tracer. Who runs SQL on it calls [Conn.Used] for each statement. It must
// not be used during a flight.
//
// Its statement cache (names stmtcache_…, stmt_…) and the registry of flights
// (retort_…) do not know of each other.
func (c *Conn) Pgx() *pgx.Conn { return c.pgx }

// customKey is where an adopted connection keeps its Conn, so that statements
// are prepared once for each connection and not for each use.
const customKey = "github.com/retort-go/retort"

// Adopt makes flights possible on a connection that somebody else has opened and
// will close. The same connection gives the same Conn.
//
// No byte is counted on its socket and no notice is heard: a failed flight counts
// as sent, and a commit that its synchronous standby lacks passes for a good one.
//
//   - Shape: named statements, unless its owner runs pgx without them, which is
//     how one says that a pooler is in between.
//   - Errors: a connection that is closed or busy, or whose texts are not UTF-8.
func Adopt(conn *pgx.Conn, cfg Config) (*Conn, error) {
	if conn == nil || conn.PgConn() == nil {
		return nil, errors.New("flight: no connection to adopt")
	}
	pg := conn.PgConn()
	if err := usable(pg); err != nil {
		return nil, fmt.Errorf("flight: adopt: %w", err)
	}
	if encoding := pg.ParameterStatus("client_encoding"); foreignEncoding(encoding) {
		return nil, fmt.Errorf("flight: adopt: the connection has client_encoding %s, which would store other characters than were written; open it with client_encoding=UTF8", encoding)
	}
	if c, ok := pg.CustomData()[customKey].(*Conn); ok {
		return c, nil
	}
	cfg.Pooler = cfg.Pooler || conn.Config().DefaultQueryExecMode != pgx.QueryExecModeCacheStatement
	c := &Conn{cfg: cfg, pg: pg, pgx: conn, adopted: true}
	c.cfg.applyDefaults()
	c.socket.attachNet(pg.Conn())
	c.direct = plain(pg.Conn())
	c.watch.conn = pg.Conn()
	c.registry = newRegistry(c.cfg.StatementCap)
	pg.CustomData()[customKey] = c
	return c, nil
}

// foreignEncoding reports that the server would convert texts from something else
// than the UTF-8 that they are. SQL_ASCII converts nothing, and some poolers do not say.
func foreignEncoding(name string) bool {
	switch name {
	case "UTF8", "SQL_ASCII", "":
		return false
	default:
		return true
	}
}

func usable(pg *pgconn.PgConn) error {
	switch {
	case pg.IsClosed():
		return fmt.Errorf("the connection has failed before: %w", pgconn.ErrConnClosed)
	case pg.IsBusy():
		return errBusy
	default:
		return nil
	}
}

var errBusy = errors.New("the connection is busy: rows or results of a batch are still open on it; close them first")

// attachNet is attach for a socket that is not ours.
func (s *socket) attachNet(conn net.Conn) {
	for conn != nil {
		switch c := conn.(type) {
		case *wire:
			s.attach(c)
			return
		case *tls.Conn:
			conn = c.NetConn()
		default:
			s.attach(&wire{Conn: conn})
			return
		}
	}
}

// Used tells of one statement of the user's own that did not travel in a flight.
func (c *Conn) Used(sql string) {
	if c.cfg.Pooler {
		return
	}
	c.dirty = true
	switch rawEffect(sql) {
	case rawPoison:
		c.mustClose = true
	case rawForget:
		c.mustClose = true
		c.registry.forget(false)
	}
}

// Busy reports whether rows or results of a batch are open on the connection.
func (c *Conn) Busy() bool { return c.pg.IsBusy() }

// NextSavepoint is a name for a savepoint that this connection never had.
func (c *Conn) NextSavepoint() string {
	return "retort_" + strconv.FormatUint(c.savepoints.Add(1), 10)
}

// MarkMustClose tells that the session holds what no reset undoes.
func (c *Conn) MarkMustClose() { c.mustClose = c.mustClose || !c.cfg.Pooler }
