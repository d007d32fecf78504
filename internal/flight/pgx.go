package flight

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Pgx is the connection as pgx knows it, for tracers to look at; nil without
// Config.Tracer.
func (c *Conn) Pgx() *pgx.Conn { return c.pgx }

// open makes the connection itself, by way of pgx where a tracer wants its own.
func (c *Conn) open(ctx context.Context, own *pgconn.Config) (*pgconn.PgConn, error) {
	if c.cfg.Tracer == nil {
		return pgconn.ConnectConfig(ctx, own)
	}
	// pgx insists on a config that it has parsed; what counts is put into it.
	whole, err := pgx.ParseConfig("host=localhost sslmode=disable")
	if err != nil {
		return nil, err
	}
	whole.Config, whole.Tracer = *own, c.cfg.Tracer
	if whole.OnNotification == nil {
		whole.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {} // else pgx keeps them all
	}
	if c.pgx, err = pgx.ConnectConfig(ctx, whole); err != nil {
		return nil, err
	}
	return c.pgx.PgConn(), nil
}
