package flight

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
)

// The library's own ends of a transaction.
const (
	commitSQL   = "/* retort:flight.commit */ COMMIT"
	rollbackSQL = "/* retort:flight.rollback */ ROLLBACK"
)

// Fly sends f, waits for every answer and fills in the statements' tags.
//
// A flight with Commit is not bound to ctx once it is under way: it ends with
// the server's answer or after Config.CommitTimeout. Any other flight obeys ctx;
// when ctx ends meanwhile, the connection is given up within 10 ms, or left
// [Conn.Draining].
//
//   - Shape: one round trip. A statement that fails before COMMIT costs a second
//     one, for ROLLBACK, unless the flight is Contested.
//   - Errors: always a [*Error]. A flight that PostgreSQL would misread is refused
//     as NotExecuted: BEGIN within a transaction, an End without one, more than
//     65535 parameters, a NUL in SQL, COPY from or to the client.
//   - Cleanup: a panic in a Row callback closes the connection and goes on.
func (c *Conn) Fly(ctx context.Context, f *Flight) error {
	if !c.flying.CompareAndSwap(false, true) {
		return fail(NotExecuted, -1, errors.New("the connection is in flight already; one goroutine at a time"))
	}
	defer c.flying.Store(false)

	if len(f.Statements) == 0 && f.Begin == "" && (f.End == Stay || f.End == Rollback && c.TxStatus() == 'I') {
		return nil
	}
	if statement, err := c.check(f); err != nil {
		return fail(NotExecuted, statement, err)
	}
	if err := ctx.Err(); err != nil {
		return fail(NotExecuted, -1, fmt.Errorf("not sent: %w", err))
	}
	if e := c.travel(ctx, f); e != nil {
		return e
	}
	return nil
}

// travel is Fly after the checks; typed, so that no nil *Error becomes an error.
func (c *Conn) travel(ctx context.Context, f *Flight) *Error {
	c.flights++
	c.keepUp()
	t := &c.trip
	t.start(f, c.cfg.Pooler)
	defer t.clear()
	if f.End == Commit {
		ctx = context.Background() // nothing may cancel it; CommitTimeout bounds it
	}

	landed := false
	defer func() {
		if !landed { // a Row callback panicked or called Goexit
			c.watch.end(false)
			c.abandon()
		}
	}()
	c.exchange(ctx)
	landed = true

	c.settleStatements()
	e := t.verdict()
	if c.Broken() || c.Draining() {
		return e
	}
	if e != nil && f.End != Stay && c.TxStatus() != 'I' {
		c.rollbackLeftover()
	}
	return e
}

// check refuses what the protocol would misread. It says which statement is to blame.
func (c *Conn) check(f *Flight) (int, error) {
	if err := usable(c.pg); err != nil {
		return -1, err
	}
	if c.Draining() {
		return -1, errors.New("the last flight was given up and is not at rest")
	}
	open := c.TxStatus() != 'I'
	if step, _ := SavepointOf(f.Begin); f.Begin != "" && open && step != SetSavepoint {
		return -1, errors.New("BEGIN while a transaction is open")
	}
	if f.End != Stay && f.Begin == "" && !open {
		return -1, errors.New("COMMIT or ROLLBACK without a transaction")
	}
	if strings.IndexByte(f.Begin, 0) >= 0 {
		return -1, errors.New("a NUL byte in BEGIN")
	}
	if f.Settings != nil {
		if err := f.Settings.check(); err != nil {
			return -1, err
		}
	}
	for i := range f.Statements {
		if err := f.Statements[i].check(); err != nil {
			return i, err
		}
		if f.Statements[i].Copy != nil && i+1 < len(f.Statements) {
			return i, errors.New("a COPY that is not the last statement of its flight")
		}
		f.Statements[i].Tag = pgconn.CommandTag{}
	}
	return 0, nil
}

// The protocol counts parameters in 16 bits and a message's bytes in 31.
const (
	maxArgs  = 65535
	maxBytes = 1<<30 - 1
)

func (s *Statement) check() error {
	if len(s.Args) > maxArgs || len(s.OIDs) > maxArgs {
		return fmt.Errorf("%d parameters; PostgreSQL takes at most %d, send arrays or several statements",
			max(len(s.Args), len(s.OIDs)), maxArgs)
	}
	if n := len(s.Formats); n > 1 && n != len(s.Args) {
		return fmt.Errorf("%d parameter formats for %d parameters", n, len(s.Args))
	}
	if strings.IndexByte(s.SQL, 0) >= 0 {
		return errors.New("a NUL byte in SQL")
	}
	size := len(s.SQL)
	for _, arg := range s.Args {
		size += len(arg) + 4
	}
	if size > maxBytes {
		return fmt.Errorf("%d bytes in one statement; PostgreSQL takes at most %d", size, maxBytes)
	}
	if s.Raw && rawEffect(s.SQL) == rawCopy {
		return errors.New("COPY from or to the client cannot travel with other statements; use CopyFrom of what Session.Pgx returns, and a connection of your own for COPY TO")
	}
	return nil
}

// settleStatements brings the registry in line with what the server answered.
func (c *Conn) settleStatements() {
	if c.trip.written {
		c.registry.closing = c.registry.closing[:0]
	}
	for i := range c.requests {
		p := c.requests[i].statement
		if p == nil || !p.sent {
			continue
		}
		p.sent = false
		if !p.described {
			c.registry.remove(p)
		}
	}
	switch {
	case c.trip.deallocated:
		c.registry.forget(false)
	case pgerr.KindOf(c.trip.err) == pgerr.StalePlan || pgerr.KindOf(c.trip.endErr) == pgerr.StalePlan:
		// 26000: the server has lost them already.
		gone := pgerr.Code(c.trip.err) == "26000" || pgerr.Code(c.trip.endErr) == "26000"
		c.registry.forget(!gone)
		if !gone {
			c.outdated()
		}
	}
	// The scratch must not keep a large flight's arguments or texts alive.
	clear(c.requests)
	c.requests = c.requests[:0]
}

// rollbackLeftover ends a transaction that failed before its COMMIT, so that the
// outcome RolledBack means the same everywhere. If it fails, the connection is
// broken and the server rolls back by itself.
func (c *Conn) rollbackLeftover() {
	c.flights++
	ctx, cancel := context.WithTimeout(context.Background(), c.cfg.CommitTimeout)
	defer cancel()
	if _, err := c.pg.Exec(ctx, rollbackSQL).ReadAll(); err != nil {
		c.abandon()
	}
}

// abandon closes the socket without waiting for anything.
func (c *Conn) abandon() {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = c.pg.Close(ctx)
}
