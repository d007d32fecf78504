package flight

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Config says where to connect and how to fly.
type Config struct {
	// Conn is what pgconn.ParseConfig made of the URL. Connect works on a copy
	// and chains its notice and error handlers behind its own.
	Conn *pgconn.Config

	// Pgx is what pgx.ParseConfig made of it: with it, connections are opened by
	// pgx and [Conn.Pgx] is there. Its own Config is not used, Conn is. Default nil.
	Pgx *pgx.ConnConfig

	// Pooler is for servers behind a transaction-mode pooler such as PgBouncer:
	// only unnamed statements, nothing session-wide, no resets. It costs the
	// server a parse per statement.
	Pooler bool

	// Password is asked for the password of each new connection, and once more, a
	// moment later, where the server refuses the first answer. Nil: Conn has it.
	// Bounded by ConnectTimeout.
	Password func(ctx context.Context) (string, error)

	// AfterConnect prepares each new connection, and again after each
	// [Conn.Reset], which undoes what SET did. Nil: nothing is done. Bounded by
	// ConnectTimeout.
	AfterConnect func(ctx context.Context, conn *pgconn.PgConn) error

	// StatementCap is how many prepared statements a connection keeps; the least
	// recently used is dropped first. Default 256, and fewer where their texts have
	// more than 1 MiB together. One flight with more different statements than that
	// exceeds it until the next flight.
	StatementCap int

	// Plans is shared by the connections of one database: what one of them learns
	// of stale plans all know. Nil: each finds out by a failure of its own.
	Plans *Plans

	// CommitTimeout bounds a flight that carries COMMIT, which does not die with
	// its context. Default 10 s.
	CommitTimeout time.Duration

	// Drain keeps a connection whose flight's context has ended: it is Draining then,
	// and whoever owns it calls Reset before the next flight. Without it such a
	// connection is closed. Flights with COMMIT and poolers are another matter.
	Drain bool

	// Tracer makes Conn.Pgx available; a pgx.ConnectTracer is told of connects.
	// Flights do not call it.
	Tracer pgx.QueryTracer

	// ConnectTimeout bounds the connection attempt to each host. Default 10 s.
	ConnectTimeout time.Duration
}

const (
	defaultStatementCap   = 256
	defaultCommitTimeout  = 10 * time.Second
	defaultConnectTimeout = 10 * time.Second
)
