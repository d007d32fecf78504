package retort

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/internal/sqldriver"
)

// Connector lets code for database/sql, such as GORM, use the engine's pool:
//
//	db := sql.OpenDB(eng.Connector())
//
// A connection is borrowed for each use (a statement, a transaction, a [sql.Conn])
// and given back at its end, so there is one pool and one budget of connections.
// No statement is ever sent twice. COMMIT is Retort's own: it does not end with the
// context, and a lost answer is found out with Config.Outcomes, else it is
// [ErrCommitUnknown]. A transaction that was not begun read-only and ran anything
// counts as one that writes.
//
//   - Errors: of Commit [*NotCommittedError] and [*OutcomeError], too, with
//     Config.Outcomes.
//   - Concurrency: safe for many goroutines.
//   - Cleanup: close the [sql.DB] before the engine.
func (e *Engine) Connector() driver.Connector {
	return &sqldriver.Connector{Open: func(ctx context.Context) (sqldriver.Link, error) {
		l, err := e.acquire(ctx)
		if err != nil {
			return nil, err
		}
		if l.Resource().Pgx() == nil {
			e.release(l, nil)
			return nil, errors.New("retort: the connection is none of pgx's")
		}
		e.witness.locate(ctx, l.Resource())
		return &engineLink{eng: e, loan: l}, nil
	}}
}

// engineLink is one connection of the pool, lent to database/sql.
type engineLink struct {
	eng  *Engine
	loan loan  // none once its COMMIT was lost
	ran  bool  // something, since the transaction began
	err  error // the last one, or that by which the connection was lost
	lost bool
}

// noted keeps what an error says of the connection, for its return to the pool.
func (l *engineLink) noted(c *flight.Conn, err error) {
	if err == nil || l.lost {
		return
	}
	l.eng.noticed(c, err)
	l.err, l.lost = err, c.Broken()
}

// errLinkLost is told to who goes on with a sql.Conn.
var errLinkLost = errors.New("retort: this connection was lost with the answer to COMMIT; take another one from the sql.DB")

func (l *engineLink) conn() (*flight.Conn, error) {
	if c := l.loan.Resource(); c != nil {
		return c, nil
	}
	return nil, errLinkLost
}

func (l *engineLink) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	c, err := l.conn()
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	l.ran = true
	c.Used(sql)
	watched, done := l.eng.watched(ctx, []string{sql}, args)
	tag, err := c.Pgx().Exec(watched, flight.Origin(sql, "sql"), l.alone(c, args)...)
	done([]int64{tag.RowsAffected()}, err)
	l.noted(c, err)
	return tag, err
}

func (l *engineLink) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	c, err := l.conn()
	if err != nil {
		return nil, err
	}
	l.ran = true
	c.Used(sql)
	watched, done := l.eng.watched(ctx, []string{sql}, args[1:]) // without the formats
	rows, err := c.Pgx().Query(watched, flight.Origin(sql, "sql"), l.alone(c, args)...)
	if err != nil {
		done(nil, err)
		l.noted(c, err)
		return nil, err
	}
	return &linkRows{Rows: rows, closed: func(err error) {
		done([]int64{rows.CommandTag().RowsAffected()}, err)
		l.noted(c, err)
	}}, nil
}

// alone are the arguments of a statement that may have no transaction around it.
// Behind a pooler pgx parses a statement without a name in one trip and runs it in the
// next, when another connection of the server may answer: with what another client has
// parsed there. So such a statement is parsed anew with the trip that runs it.
func (l *engineLink) alone(c *flight.Conn, args []any) []any {
	if !l.eng.fly.Pooler || c.TxStatus() != 'I' {
		return args
	}
	return append([]any{pgx.QueryExecModeCacheDescribe}, args...)
}

// linkRows are rows that tell of their end: most errors come with the rows.
type linkRows struct {
	pgx.Rows
	closed func(error) // nil once it was told
}

func (r *linkRows) Close() {
	r.Rows.Close()
	if closed := r.closed; closed != nil {
		r.closed = nil
		closed(r.Err())
	}
}

// isolationOf is database/sql's level in SQL, where PostgreSQL has it.
func isolationOf(level sql.IsolationLevel) (Isolation, bool) {
	switch level {
	case sql.LevelDefault:
		return DefaultIsolation, true
	case sql.LevelReadUncommitted, sql.LevelReadCommitted:
		return ReadCommitted, true
	case sql.LevelRepeatableRead, sql.LevelSnapshot:
		return RepeatableRead, true
	case sql.LevelSerializable:
		return Serializable, true
	default:
		return "", false
	}
}

func (l *engineLink) Begin(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	isolation, ok := isolationOf(sql.IsolationLevel(opts.Isolation))
	if !ok {
		return nil, fmt.Errorf("retort: PostgreSQL has no isolation level %s", sql.IsolationLevel(opts.Isolation))
	}
	begin := TxOptions{Isolation: isolation, ReadOnly: opts.ReadOnly}.begin()
	f := &flight.Flight{Begin: begin}
	if until := l.eng.deadlineOf(ctx); !until.IsZero() {
		f.Settings = deadlineStatement(nil, max(time.Until(until), 0)+deadlineMargin)
	}
	if err := l.fly(ctx, f); err != nil {
		return nil, err
	}
	l.ran = false
	return &engineTx{l, opts.ReadOnly}, nil
}

func (l *engineLink) fly(ctx context.Context, f *flight.Flight) error {
	c, err := l.conn()
	if err != nil {
		return err
	}
	err = l.eng.observed(ctx, c, f, 1)
	l.noted(c, err)
	return l.eng.explain(err)
}

func (l *engineLink) Ping(ctx context.Context) error {
	c, err := l.conn()
	if err != nil {
		return err
	}
	err = c.Ping(ctx)
	l.noted(c, err)
	return l.eng.explain(err)
}

func (l *engineLink) Close() error {
	c := l.loan.Resource()
	if c == nil {
		return nil
	}
	if !c.Broken() && c.Busy() {
		closeConn(c)
	}
	l.eng.release(l.loan, l.err)
	l.loan = loan{}
	return nil
}

// engineTx is a transaction of database/sql's on a connection of ours.
type engineTx struct {
	link     *engineLink
	readOnly bool
}

func (t *engineTx) Commit() error {
	l, ctx, f := t.link, context.Background(), &flight.Flight{End: flight.Commit}
	o, err := t.attest(f)
	if err != nil {
		return err
	}
	c, err := l.conn()
	if err != nil {
		return err
	}
	err = l.eng.observed(ctx, c, f, 1)
	l.noted(c, err)
	explained := l.eng.explain(err)
	failed, ok := errors.AsType[*flight.Error](err)
	switch {
	case !ok || o == nil:
		return explained
	case o.resolves(failed):
		l.eng.release(l.loan, failed.Err) // first, it may be the only one
		l.loan = loan{}
		ctx, cancel := l.eng.commitTime(ctx)
		defer cancel()
		return l.eng.fate(ctx, o, failed, explained)
	case failed.Statement == 0: // the outcome row
		return l.eng.witness.explain(explained)
	default:
		return explained
	}
}

// attest puts an outcome row before COMMIT, where the transaction can have written
// and is not over.
func (t *engineTx) attest(f *flight.Flight) (*outcome, error) {
	w, c := t.link.eng.witness, t.link.loan.Resource()
	if w == nil || t.readOnly || !t.link.ran || c == nil || c.TxStatus() != 'T' {
		return nil, nil
	}
	o, st, err := w.attest()
	f.Statements = []flight.Statement{st}
	return o, err
}

func (t *engineTx) Rollback() error {
	c := t.link.loan.Resource()
	if c == nil || c.Broken() || c.TxStatus() == 'I' {
		return nil // the server has rolled back, or will
	}
	ctx, cancel := context.WithTimeout(context.Background(), rollbackTimeout)
	defer cancel()
	return t.link.fly(ctx, &flight.Flight{End: flight.Rollback})
}

// SQLDB is the session as a [sql.DB], for code that takes one: everything runs
// inside the session's transaction, which the first statement opens, reads
// included, and sees pending changes. A transaction of database/sql's is a
// savepoint; the session commits. It does no I/O itself, and each call gives the
// same one.
//
// For GORM see docs/guides/beside.md.
//
//   - Errors: as [Session.Pgx]: [ErrRowsOpen] while rows are open, where database/sql
//     itself would take a second connection; an isolation level or ReadOnly, which
//     are the session's.
//   - Concurrency: as the session, though sql.DB's own is more.
//   - Cleanup: [Session.Close] closes it.
func (s *Session) SQLDB() *sql.DB {
	s.mustBe()
	if db := s.sqlDB.Load(); db != nil {
		return db
	}
	db := sql.OpenDB(&sqldriver.Connector{Open: func(context.Context) (sqldriver.Link, error) {
		return &sessionLink{view{s: s}}, nil
	}})
	if !s.sqlDB.CompareAndSwap(nil, db) {
		_ = db.Close()
	}
	if s.abandoned.Load() { // and Close may have looked before there was one
		s.closeSQL()
	}
	return s.sqlDB.Load()
}

func (s *Session) closeSQL() {
	if db := s.sqlDB.Load(); db != nil {
		_ = db.Close() // nothing is open below it
	}
}

// sessionLink is a session as database/sql sees it.
type sessionLink struct{ view }

func (l *sessionLink) Ping(context.Context) error { return nil }
func (l *sessionLink) Close() error               { return nil }

func (l *sessionLink) Begin(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.ReadOnly || sql.IsolationLevel(opts.Isolation) != sql.LevelDefault {
		return nil, errors.New("retort: inside a session a transaction is a savepoint; the isolation level and read-only are the session's: see TxOptions")
	}
	tx, err := l.s.Pgx(ctx)
	if err != nil {
		return nil, err
	}
	sp, err := tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return &sessionSavepoint{ctx, l.s, sp}, nil
}

// sessionSavepoint is a savepoint as database/sql's transaction.
type sessionSavepoint struct {
	ctx context.Context
	s   *Session
	tx  pgx.Tx
}

func (p *sessionSavepoint) Commit() error {
	ctx, cancel := p.time()
	defer cancel()
	return p.tx.Commit(ctx)
}

// Rollback must not get lost: what was to be undone would be committed by the
// session. database/sql also calls it on a goroutine of its own, when a context
// ends, which may be in the middle of something else.
func (p *sessionSavepoint) Rollback() error {
	ctx, cancel := p.time()
	defer cancel()
	err := p.tx.Rollback(ctx)
	if err != nil && !errors.Is(err, pgx.ErrTxClosed) && !errors.Is(err, ErrSessionClosed) {
		lost := fmt.Errorf("retort: a transaction of database/sql in this session could not be rolled back; call Session.Rollback: %w", err)
		p.s.stray.Store(&lost)
	}
	return err
}

func (p *sessionSavepoint) time() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(p.ctx), rollbackTimeout)
}
