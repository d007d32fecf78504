package flight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// Connect opens a connection.
//
//   - Shape: cfg.Conn must come from pgconn.ParseConfig, as pgconn demands. Names
//     of hosts are looked up anew at each call.
//   - Errors: a [*pgerr.ConnectError]; a context's end is in its chain, and so is
//     what AfterConnect returned. It never shows the password, whoever gave it.
func Connect(ctx context.Context, cfg *Config) (*Conn, error) {
	if cfg.Conn == nil {
		return nil, &pgerr.ConnectError{Err: errors.New("flight: Config.Conn is nil")}
	}
	c := &Conn{cfg: *cfg}
	c.cfg.applyDefaults()
	own := cfg.Conn.Copy()
	c.cfg.Conn = own
	own.ConnectTimeout = c.cfg.ConnectTimeout
	c.listen(own)

	pg, err := c.dial(ctx, own)
	if err != nil {
		return nil, err
	}
	c.pg = pg
	c.wire = findWire(pg.Conn())
	c.socket.attach(c.wire)
	c.direct = plain(pg.Conn())
	c.watch.conn = pg.Conn()
	c.registry = newRegistry(c.cfg.StatementCap)
	if err := c.prepare(ctx); err != nil {
		return nil, connectError(own, err)
	}
	return c, nil
}

// secondThought is how long a server that refused a password is left in peace.
const secondThought = 250 * time.Millisecond

// dial connects with the password of the moment.
//
// A rotation changes the password in two places, one after the other: who asks in
// between has the wrong one. So a refused one is asked for again after a moment and
// tried, once; more attempts could lock an account.
func (c *Conn) dial(ctx context.Context, own *pgconn.Config) (*pgconn.PgConn, error) {
	dial := own.DialFunc
	for attempt := 1; ; attempt++ {
		if err := c.askPassword(ctx, own); err != nil {
			return nil, err
		}
		// Anew: what refused the password has answered, however long that took.
		own.DialFunc = watched(once(dial, own.ConnectTimeout))
		pg, err := c.open(ctx, own)
		if err == nil {
			return pg, nil
		}
		refused := pgerr.NewConnectError(own, err)
		if attempt > 1 || c.cfg.Password == nil || !refusedPassword(refused) {
			return nil, refused
		}
		select {
		case <-ctx.Done():
			return nil, refused
		case <-time.After(secondThought):
		}
	}
}

// refusedPassword reports whether the server did not take the password; nor does
// pgconn go on to another host then.
//
//   - Source: PostgreSQL src/backend/libpq/auth.c, auth_failed: 28P01 for its own
//     passwords, 28000 for those that LDAP, RADIUS or PAM (a cloud's tokens) refused. A
//     rule of pg_hba.conf that rejects says 28000 from elsewhere.
func refusedPassword(err error) bool {
	switch e := err.(type) { //nolint:errorlint // of several hosts' errors any counts
	case *pgconn.PgError:
		return e.Code == "28P01" || e.Code == "28000" && e.Routine == "auth_failed"
	case interface{ Unwrap() []error }:
		return slices.ContainsFunc(e.Unwrap(), refusedPassword)
	case interface{ Unwrap() error }:
		return refusedPassword(e.Unwrap())
	default:
		return false
	}
}

func (c *Conn) askPassword(ctx context.Context, own *pgconn.Config) error {
	if c.cfg.Password == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	password, err := c.cfg.Password(ctx)
	if err == nil && strings.IndexByte(password, 0) >= 0 {
		err = errors.New("it has a NUL, which PostgreSQL does not take")
	}
	own.Password = password
	if err != nil {
		return connectError(own, fmt.Errorf("asking for the password: %w", err))
	}
	return nil
}

// connectError keeps the chain of err, an error of the user's own, unless its
// text holds the password. Where the user or the database is called the same, every
// text does.
func connectError(own *pgconn.Config, err error) error {
	public := strings.Contains(own.User, own.Password) || strings.Contains(own.Database, own.Password)
	if !public && strings.Contains(err.Error(), own.Password) {
		err = errors.New("the cause is withheld, since its text holds the password")
	}
	return &pgerr.ConnectError{Host: own.Host, Port: own.Port, Database: own.Database, User: own.User, Err: err}
}

// prepare runs AfterConnect. When that fails in any way, the connection is closed.
func (c *Conn) prepare(ctx context.Context) error {
	if c.cfg.AfterConnect == nil {
		return nil
	}
	done := false
	defer func() {
		if !done { // also when AfterConnect panicked
			c.abandon()
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	if err := c.cfg.AfterConnect(ctx, c.pg); err != nil {
		return fmt.Errorf("AfterConnect: %w", pgerr.Wrap(err))
	}
	if c.pg.IsClosed() {
		return errors.New("AfterConnect: it left the connection closed")
	}
	if c.pg.TxStatus() != 'I' {
		return errors.New("AfterConnect: it left a transaction open")
	}
	done = true
	return nil
}

func (c *Config) applyDefaults() {
	if c.StatementCap <= 0 {
		c.StatementCap = defaultStatementCap
	}
	if c.CommitTimeout <= 0 {
		c.CommitTimeout = defaultCommitTimeout
	}
	if c.ConnectTimeout <= 0 {
		c.ConnectTimeout = defaultConnectTimeout
	}
}

// listen puts the connection's own handlers before the caller's.
func (c *Conn) listen(own *pgconn.Config) {
	notice := own.OnNotice
	own.OnNotice = func(pg *pgconn.PgConn, n *pgconn.Notice) {
		c.trip.hear(n)
		if notice != nil {
			notice(pg, n)
		}
	}
	pgError := own.OnPgError
	own.OnPgError = func(pg *pgconn.PgConn, e *pgconn.PgError) bool {
		keep := pgError == nil || pgError(pg, e)
		// pgx's own handler reads the severity that lc_messages may have translated.
		return keep && !fatal(e)
	}
}

func fatal(e *pgconn.PgError) bool {
	severity := e.SeverityUnlocalized
	if severity == "" {
		severity = e.Severity
	}
	return severity == "FATAL" || severity == "PANIC"
}
