package retort

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/internal/flight"
)

// sessionTx is the transaction of a session.
type sessionTx struct {
	view
	conn *flight.Conn
}

var (
	_ pgx.Tx = (*sessionTx)(nil)
	_ pgx.Tx = (*nestedTx)(nil)
)

// Commit is refused.
func (t *sessionTx) Commit(context.Context) error { return ErrSessionOwnsTx }

// Rollback is refused. Behind defer it does no harm.
func (t *sessionTx) Rollback(context.Context) error { return ErrSessionOwnsTx }

// Begin makes a savepoint.
func (t *sessionTx) Begin(ctx context.Context) (pgx.Tx, error) { return nest(ctx, t) }

// Conn is the connection itself.
func (t *sessionTx) Conn() *pgx.Conn {
	s := t.s
	if err := s.enter(); err != nil {
		return nil
	}
	defer s.leave()
	if !s.open || t.tx != s.beside.tx {
		return nil
	}
	return s.lease.Resource().Pgx()
}

// LargeObjects works in the session's transaction.
//
// Only a transaction of pgx's own can make one. A batch that begins a transaction
// gives it before anything was sent, and this one is never sent: its context has
// ended.
func (t *sessionTx) LargeObjects() pgx.LargeObjects {
	s := t.s
	b := &pgx.Batch{}
	b.BeginTx(pgx.TxOptions{})
	if err := s.enter(); err != nil {
		return pgx.FailedBatchResults(b, err).Tx().LargeObjects()
	}
	defer s.leave()
	if s.failed != nil || !s.open || t.tx != s.beside.tx {
		return pgx.FailedBatchResults(b, txOverError{}).Tx().LargeObjects()
	}
	if s.joined != nil {
		return s.joined.tx.LargeObjects()
	}
	if s.beside.inner == nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.beside.inner = s.lease.Resource().Pgx().SendBatch(ctx, b).Tx()
	}
	return s.beside.inner.LargeObjects()
}

// parentTx is what a savepoint is made in.
type parentTx interface {
	pgx.Tx
	nextSavepoint() string
}

// nextSavepoint is a name that no other savepoint of the transaction has.
func (t *sessionTx) nextSavepoint() string { return t.conn.NextSavepoint() }

// nestedTx is a savepoint as a transaction.
type nestedTx struct {
	parentTx
	name   string
	closed bool
}

func nest(ctx context.Context, parent parentTx) (pgx.Tx, error) {
	t := &nestedTx{parentTx: parent, name: parent.nextSavepoint()}
	if _, err := parent.Exec(ctx, "SAVEPOINT "+t.name); err != nil {
		return nil, err
	}
	return t, nil
}

// Begin makes a savepoint in the savepoint.
func (t *nestedTx) Begin(ctx context.Context) (pgx.Tx, error) {
	if t.closed {
		return nil, pgx.ErrTxClosed
	}
	return nest(ctx, t)
}

// Commit releases the savepoint.
func (t *nestedTx) Commit(ctx context.Context) error { return t.end(ctx, "RELEASE SAVEPOINT ") }

// Rollback undoes what was done since the savepoint. Objects that the session
// wrote since then make it fail with [ErrSavepointUndone].
func (t *nestedTx) Rollback(ctx context.Context) error { return t.end(ctx, "ROLLBACK TO SAVEPOINT ") }

func (t *nestedTx) end(ctx context.Context, verb string) error {
	if t.closed {
		return pgx.ErrTxClosed
	}
	_, err := t.Exec(ctx, verb+t.name)
	// Refused before it was sent: it can be tried again.
	if !errors.Is(err, ErrRowsOpen) && !errors.Is(err, ErrConcurrentUse) && !errors.Is(err, ErrIterOpen) {
		t.closed = true
	}
	return err
}
