package sqldriver

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Link is what one driver connection talks through.
//
//   - Concurrency: one goroutine at a time, as database/sql promises; the end of a
//     transaction's context may call Rollback on another.
type Link interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Begin(ctx context.Context, opts driver.TxOptions) (driver.Tx, error)
	Ping(ctx context.Context) error
	Close() error
}

// Connector opens a link for each use.
type Connector struct {
	Open func(ctx context.Context) (Link, error)
}

// Connect opens a link.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	l, err := c.Open(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{l}, nil
}

// Driver is a driver that cannot open anything by name.
func (c *Connector) Driver() driver.Driver { return byName{} }

type byName struct{}

func (byName) Open(string) (driver.Conn, error) {
	return nil, errors.New("retort: no database can be opened by name; use sql.OpenDB with Engine.Connector")
}

// conn is one use of a link.
type conn struct{ link Link }

var (
	_ driver.ConnBeginTx        = (*conn)(nil)
	_ driver.ConnPrepareContext = (*conn)(nil)
	_ driver.ExecerContext      = (*conn)(nil)
	_ driver.QueryerContext     = (*conn)(nil)
	_ driver.Pinger             = (*conn)(nil)
	_ driver.NamedValueChecker  = (*conn)(nil)
	_ driver.Validator          = (*conn)(nil)
	_ driver.StmtExecContext    = (*stmt)(nil)
	_ driver.StmtQueryContext   = (*stmt)(nil)
	_ driver.NamedValueChecker  = (*stmt)(nil)
)

// IsValid is asked when a use ends, and says no: database/sql closes it then.
func (c *conn) IsValid() bool { return false }

func (c *conn) Close() error { return c.link.Close() }

func (c *conn) Ping(ctx context.Context) error { return c.link.Ping(ctx) }

// CheckNamedValue lets everything pass: pgx knows types that database/sql does not.
func (c *conn) CheckNamedValue(v *driver.NamedValue) error { return check(v) }

func check(v *driver.NamedValue) error {
	if v.Name != "" {
		return fmt.Errorf("retort: the argument %q has a name; PostgreSQL's parameters are $1, $2 …", v.Name)
	}
	return nil
}

func (c *conn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	tag, err := c.link.Exec(ctx, sql, plain(nil, args)...)
	if err != nil {
		return nil, err
	}
	return result(tag.RowsAffected()), nil
}

func (c *conn) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := c.link.Query(ctx, sql, plain([]any{formats()}, args)...)
	if err != nil {
		return nil, err
	}
	// An error of the server's arrives with the first row, and is told here, where
	// database/sql expects it.
	fields := slices.Clone(r.FieldDescriptions()) // pgx uses the memory again
	types := r.TypeMap()
	first := r.Next()
	if !first {
		r.Close()
		if err := r.Err(); err != nil {
			return nil, err
		}
	}
	return &rows{rows: r, types: types, fields: fields, ahead: true, more: first}, nil
}

func plain(list []any, args []driver.NamedValue) []any {
	for _, a := range args {
		list = append(list, a.Value)
	}
	return list
}

// PrepareContext does nothing yet: pgx prepares a statement where it first runs.
func (c *conn) PrepareContext(_ context.Context, sql string) (driver.Stmt, error) {
	return &stmt{c, sql}, nil
}

func (c *conn) Prepare(sql string) (driver.Stmt, error) { return &stmt{c, sql}, nil }

func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	return c.link.Begin(ctx, opts)
}

// Begin is never called: there is BeginTx.
func (c *conn) Begin() (driver.Tx, error) {
	return c.link.Begin(context.Background(), driver.TxOptions{})
}

// stmt is the text of a statement.
type stmt struct {
	conn *conn
	sql  string
}

func (s *stmt) Close() error                               { return nil }
func (s *stmt) NumInput() int                              { return -1 }
func (s *stmt) CheckNamedValue(v *driver.NamedValue) error { return check(v) }

func (s *stmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	return s.conn.ExecContext(ctx, s.sql, args)
}

func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	return s.conn.QueryContext(ctx, s.sql, args)
}

// Exec and Query are never called: there are the forms with a context.
func (s *stmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.ExecContext(context.Background(), named(args))
}

func (s *stmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.QueryContext(context.Background(), named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	list := make([]driver.NamedValue, len(args))
	for i, v := range args {
		list[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return list
}

// result is the number of rows affected.
type result int64

func (r result) LastInsertId() (int64, error) {
	return 0, errors.New("retort: PostgreSQL has no LastInsertId; use INSERT … RETURNING")
}

func (r result) RowsAffected() (int64, error) { return int64(r), nil }
