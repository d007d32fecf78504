package retort

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
)

var (
	// ErrRowsOpen says: the session is used while rows or results of a batch, handed
	// out in pgx's or database/sql's types, are not closed.
	ErrRowsOpen = errors.New("retort: rows or batch results of this session are still open; read them to the end or close them, or use a second session; see docs/errors.md#rows-open")

	// ErrSessionOwnsTx says: Commit or Rollback was called on a transaction that a
	// session had handed out.
	ErrSessionOwnsTx = errors.New("retort: this transaction belongs to its session, which knows what else must be written; call Session.Commit or Session.Rollback; see docs/errors.md#session-owns-tx")

	// ErrSavepointUndone says: SQL of the user's own rolled back to a savepoint, and
	// behind it the session had written objects.
	ErrSavepointUndone = errors.New("retort: a savepoint was rolled back behind which this session had written changes, so its objects no longer tell the truth; call Session.Rollback; see docs/errors.md#savepoint-undone")
)

// txOverError says that a transaction that was handed out has ended.
type txOverError struct{}

func (txOverError) Error() string {
	return "retort: the session's transaction has ended; ask Session.Pgx for the next one; see docs/errors.md#session-owns-tx"
}

func (txOverError) Is(target error) bool { return target == pgx.ErrTxClosed }

// Pgx hands out the session's transaction in pgx's form, for code that takes a
// [pgx.Tx]: pending changes are written and the transaction is opened, in one
// round trip. Everything done with it is committed or rolled back by the session.
//
// Begin makes a savepoint. Each statement writes what became pending meanwhile
// before it, in a round trip of its own. Conn and LargeObjects go past the session:
// nothing checks their use.
//
//   - Errors: Commit and Rollback return [ErrSessionOwnsTx]. While rows are open,
//     the session's calls return [ErrRowsOpen]. Once the session has committed or
//     rolled back, everything returns an error that is pgx.ErrTxClosed. Errors of
//     the server are pgx's own, [*pgconn.PgError].
//   - Concurrency: as the session.
//   - Cleanup: none; [Session.Close] closes rows that were forgotten.
func (s *Session) Pgx(ctx context.Context) (pgx.Tx, error) {
	if err := s.ready(); err != nil {
		return nil, err
	}
	defer s.leave()
	if err := s.writeAll(ctx); err != nil {
		return nil, err
	}
	s.touch("")
	return &sessionTx{view{s: s, bound: true, tx: s.beside.tx}, s.lease.Resource()}, nil
}

// writeAll writes what is pending and makes sure that the transaction is open.
func (s *Session) writeAll(ctx context.Context) error {
	work, statements, err := s.pending(ctx, 0, false)
	if err != nil || work == nil && s.open {
		return err
	}
	return s.flushWork(ctx, work, statements)
}

// touch notes that the connection is used past the flights.
func (s *Session) touch(sql string) {
	s.lease.Resource().Used(sql)
	s.wrote = true
}

// view is a session in pgx's types.
type view struct {
	s     *Session
	bound bool   // to one transaction
	tx    uint64 // which one
}

// enter claims the session for one call and gives the connection, on which the
// transaction is open and nothing is pending.
func (v *view) enter(ctx context.Context, sql string) (*pgx.Conn, error) {
	s := v.s
	if err := s.enter(); err != nil {
		return nil, err
	}
	err := v.prepare(ctx)
	if err != nil {
		s.leave()
		return nil, err
	}
	s.touch(sql)
	return s.lease.Resource().Pgx(), nil
}

// over tells whether the transaction that v is bound to is known to have ended.
func (v *view) over() bool {
	if err := v.s.enter(); err != nil {
		return errors.Is(err, ErrSessionClosed)
	}
	defer v.s.leave()
	return v.bound && (!v.s.open || v.tx != v.s.beside.tx)
}

func (v *view) prepare(ctx context.Context) error {
	s := v.s
	switch {
	case v.bound && (!s.open || v.tx != s.beside.tx):
		return txOverError{}
	case s.failed != nil:
		return fmt.Errorf("%w: %w", ErrSessionFailed, s.failed)
	case s.joined != nil && s.joined.over():
		return errJoinOver
	case s.beside.aborted != nil:
		return nil // the server refuses everything but a way back
	default:
		return s.writeAll(ctx)
	}
}

// Exec runs one statement, or several without parameters.
func (v *view) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	conn, err := v.enter(ctx, sql)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer v.s.leave()
	var tag pgconn.CommandTag
	err = errLeft
	watched, done := v.s.eng.watched(ctx, []string{sql}, args)
	defer func() { done([]int64{tag.RowsAffected()}, err) }()
	tag, err = conn.Exec(watched, v.s.fromPgx(sql), args...)
	err = v.s.used(ctx, err, sql)
	return tag, err
}

// CopyFrom copies rows into a table.
func (v *view) CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error) {
	conn, err := v.enter(ctx, "")
	if err != nil {
		return 0, err
	}
	landed := false
	defer func() {
		if !landed { // source panicked
			v.s.lost(ctx, errLeft)
		}
		v.s.leave()
	}()
	var n int64
	err = errLeft
	watched, done := v.s.eng.watched(ctx, []string{"COPY " + table.Sanitize() + " FROM STDIN"}, nil)
	defer func() { done([]int64{n}, err) }()
	n, err = conn.CopyFrom(watched, table, columns, source)
	landed = true
	err = v.s.used(ctx, err)
	return n, err
}

// Prepare makes a named statement; the connection is not lent on afterwards.
func (v *view) Prepare(ctx context.Context, name, sql string) (*pgconn.StatementDescription, error) {
	conn, err := v.enter(ctx, "")
	if err != nil {
		return nil, err
	}
	defer v.s.leave()
	v.s.lease.Resource().MarkMustClose()
	d, err := conn.Prepare(ctx, name, v.s.fromPgx(sql))
	return d, v.s.used(ctx, err)
}

// fromPgx is sql with its origin. One word may be the name of a statement that the
// user has prepared, and stays as it is.
//
// pgx keeps prepared statements by their text, and the server the types of those by
// the search_path of the first use. So the text names the path that the session sets;
// as a hash, since it may hold anything.
func (s *Session) fromPgx(sql string) string {
	if !strings.ContainsAny(sql, " \t\r\n\f\v") {
		return sql
	}
	sql = flight.Origin(sql, "pgx")
	if s.path == "" {
		return sql
	}
	sum := sha256.Sum256([]byte(s.path))
	return sql + "\n/* search_path " + hex.EncodeToString(sum[:12]) + " */"
}

// used brings the session in line with what SQL past the flights has done.
func (s *Session) used(ctx context.Context, err error, sqls ...string) error {
	c := s.lease.Resource()
	if c.Broken() {
		if err == nil {
			err = errLeft
		}
		s.lost(ctx, err)
		return err
	}
	s.eng.noticed(c, err)
	switch c.TxStatus() {
	case 'I':
		s.unit.Release()
		s.lost(ctx, errEndedBySQL)
		if err == nil {
			err = errEndedBySQL
		}
	case 'E':
		if s.beside.aborted == nil {
			s.beside.aborted = err
		}
		if s.beside.aborted == nil {
			s.beside.aborted = errors.New("retort: the transaction was aborted by SQL of the program's own")
		}
	default:
		s.beside.aborted = nil
		if err != nil {
			return err
		}
		for _, sql := range sqls {
			if undone := s.beside.savepoint(sql); undone {
				s.lost(ctx, ErrSavepointUndone)
				return ErrSavepointUndone
			}
		}
	}
	return err
}

// lost gives up the transaction.
func (s *Session) lost(ctx context.Context, cause error) {
	s.failed = s.eng.explain(cause)
	s.giveBack(ctx, shown(cause))
}

// beside is what a session knows of code beside it that uses its transaction.
type beside struct {
	tx         uint64      // counts transactions; see view.tx
	aborted    error       // what made the open transaction fail, while it is not known to be lost
	written    int         // changes that were written in the open transaction
	savepoints []savepoint // of the open transaction, newest last
	inner      pgx.Tx      // for LargeObjects
}

type savepoint struct {
	name    string
	written int
}

// savepoint follows what sql does to savepoints, and tells whether it has undone
// changes of the session.
func (b *beside) savepoint(sql string) (undone bool) {
	step, name := flight.SavepointOf(sql)
	if step == flight.NoSavepoint {
		return false
	}
	if step == flight.SetSavepoint {
		b.savepoints = append(b.savepoints, savepoint{name, b.written})
		return false
	}
	at := len(b.savepoints) - 1
	for at >= 0 && b.savepoints[at].name != name {
		at--
	}
	if step == flight.ReleaseSavepoint {
		b.savepoints = b.savepoints[:max(at, 0)]
		return false
	}
	if at < 0 { // made where nobody saw it
		b.savepoints = nil
		return b.written > 0
	}
	b.savepoints = b.savepoints[:at+1]
	return b.written > b.savepoints[at].written
}

// ended forgets the transaction, whose connection is about to be given back.
func (b *beside) ended() {
	if b.inner != nil {
		// Closes the handle and sends nothing: no transaction is open any more, or no
		// connection.
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = b.inner.Commit(ctx)
	}
	*b = beside{tx: b.tx + 1}
}
