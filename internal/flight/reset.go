package flight

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// resets are DISCARD ALL without its DEALLOCATE ALL, which would drop our own
// statements. Each is a statement of its own; together they are one flight.
//
//   - Source: PostgreSQL manual, DISCARD; Npgsql's reset on return to the pool.
var resets = [...]string{
	"/* retort:flight.reset */ RESET SESSION AUTHORIZATION",
	"/* retort:flight.reset */ RESET ALL",
	"/* retort:flight.reset */ CLOSE ALL",
	"/* retort:flight.reset */ UNLISTEN *",
	"/* retort:flight.reset */ SELECT pg_advisory_unlock_all()",
	"/* retort:flight.reset */ DISCARD SEQUENCES",
	"/* retort:flight.reset */ DISCARD TEMP",
}

// foreignSQL counts the statements that the user's SQL prepared where rawEffect
// cannot see it, as in a DO block; ours are prepared by the protocol.
const foreignSQL = "/* retort:flight.reset */ SELECT count(*)::int4 FROM pg_prepared_statements WHERE from_sql"

var errForeign = errors.New("flight: the session holds statements that the user's SQL prepared; close it")

const pingSQL = "/* retort:flight.ping */ SELECT 1"

// Ping asks the server for a sign of life.
//
//   - Shape: one round trip, no transaction.
//   - Errors: a [*Error]; with one, close the connection if it is Broken.
func (c *Conn) Ping(ctx context.Context) error {
	return c.Fly(ctx, &Flight{Statements: []Statement{{SQL: pingSQL}}})
}

// Reset makes the session like new but keeps the prepared statements: role,
// settings, cursors, LISTEN, advisory locks, sequence caches and temporary
// tables. It works whether or not the connection is dirty.
//
// Config.AfterConnect runs again behind it.
//
//   - Shape: one round trip; two when a transaction was left open, which is
//     rolled back first. None behind a pooler. A flight that was given up is
//     cancelled and drained before, and a session that ran only built SQL is like
//     new then.
//   - Errors: any error means: close the connection. [Conn.MustClose] is one.
func (c *Conn) Reset(ctx context.Context) error {
	if c.mustClose {
		return errors.New("flight: the session cannot be reset after PREPARE, LOAD, DEALLOCATE or DISCARD ALL; close it")
	}
	drained := c.Draining()
	if drained {
		if err := c.drain(ctx); err != nil {
			return err
		}
	}
	if c.TxStatus() != 'I' {
		if err := c.Fly(ctx, &Flight{End: Rollback}); err != nil {
			return fmt.Errorf("flight: reset: %w", err)
		}
	}
	if c.cfg.Pooler || drained && !c.dirty {
		return nil
	}
	f := Flight{Statements: make([]Statement, len(resets), len(resets)+1)}
	for i, sql := range resets {
		f.Statements[i].SQL = sql
	}
	foreign := true
	f.Statements = append(f.Statements, Statement{SQL: foreignSQL, Row: func(_ []Field, values [][]byte) error {
		foreign = !bytes.Equal(values[0], []byte{0, 0, 0, 0})
		return nil
	}})
	if err := c.Fly(ctx, &f); err != nil {
		return fmt.Errorf("flight: reset: %w", err)
	}
	if foreign {
		return fmt.Errorf("flight: reset: %w", errForeign)
	}
	if err := c.prepare(ctx); err != nil {
		return fmt.Errorf("flight: reset: %w", err)
	}
	c.dirty = false
	return nil
}
