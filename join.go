package retort

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/internal/flight"
)

// joint is the transaction of somebody else that a session works in.
type joint struct {
	tx   pgx.Tx
	conn *flight.Conn
	mark string // the savepoint that Rollback goes back to; "" until something was sent
}

var errJoinOver = errors.New("retort: the transaction that this session joined has ended; see docs/errors.md#join-over")

// Join starts a unit of work inside a transaction that somebody else has opened
// and will commit. It does no I/O.
//
// Commit writes everything and leaves the transaction open; whether it lasts is
// then its owner's decision, which the session does not hear of. Rollback and
// Close undo what this session did since its last Commit, by a savepoint that
// rides along with its first statement, and nothing of the owner's. The isolation
// is the owner's.
//
//   - Shape: the models are the engine's, the connection is the transaction's,
//     whatever pool it is from.
//   - Errors: a tx that is nil or has ended. The session's calls fail while rows
//     of the owner are open on the connection.
//   - Concurrency: the owner must not use tx during a call of the session.
//   - Cleanup: [Session.Close], before the owner ends the transaction.
func (e *Engine) Join(tx pgx.Tx) (*Session, error) {
	if tx == nil {
		return nil, errors.New("retort: Join: tx is nil")
	}
	if closedTx(tx) {
		return nil, errJoinOver
	}
	c, err := flight.Adopt(tx.Conn(), e.fly)
	if err != nil {
		return nil, fmt.Errorf("retort: Join: %w", err)
	}
	s := e.Session()
	s.joined = &joint{tx: tx, conn: c}
	if s.joined.over() {
		return nil, errJoinOver
	}
	s.lease, s.open = loan{lent: &lent{conn: c}}, true
	return s, nil
}

// closedTx asks a transaction whether it has ended. A batch that begins one is
// refused by an open transaction and a closed one alike, each with its own error
// and without I/O.
func closedTx(tx pgx.Tx) bool {
	b := &pgx.Batch{}
	b.BeginTx(pgx.TxOptions{})
	return errors.Is(tx.SendBatch(context.Background(), b).Close(), pgx.ErrTxClosed)
}

// over tells whether the owner has ended the transaction.
func (j *joint) over() bool {
	return closedTx(j.tx) || j.conn.Broken() || j.conn.TxStatus() == 'I'
}

// marked is f with the savepoint in front, if it is the first since the last one.
func (j *joint) marked(f *flight.Flight) {
	if j.mark == "" {
		f.Begin = savepointLabel + "SAVEPOINT " + j.conn.NextSavepoint()
	}
}

// sent remembers the savepoint of f, if the server has made it.
func (j *joint) sent(f *flight.Flight, err error) {
	if f.Begin == "" {
		return
	}
	failed, ok := errors.AsType[*flight.Error](err)
	if err == nil || ok && failed.Outcome == flight.Aborted && failed.Statement >= 0 {
		_, j.mark = flight.SavepointOf(f.Begin)
	}
}

// commitJoined writes what is pending and forgets the savepoint.
func (s *Session) commitJoined(ctx context.Context) error {
	if s.joined.over() {
		return errJoinOver
	}
	work, statements, err := s.settled(ctx, false)
	if err != nil {
		return err
	}
	if work != nil {
		if err := s.fly(ctx, trip{begin: s.begin(), statements: statements, work: work}); err != nil {
			return err
		}
	}
	err = s.unit.Apply(work, false)
	s.unit.Commit()
	s.work = nil
	s.joined.mark, s.wrote = "", false
	s.beside.ended()
	if err != nil {
		s.failed = err
	}
	return s.failed
}

// undoJoined goes back to the savepoint. The transaction stays its owner's.
func (s *Session) undoJoined(ctx context.Context) {
	j := s.joined
	defer func() {
		j.mark, s.wrote = "", false
		s.beside.ended()
	}()
	if j.mark == "" || j.over() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	err := s.eng.observed(ctx, j.conn, &flight.Flight{Statements: []flight.Statement{
		{SQL: savepointLabel + "ROLLBACK TO SAVEPOINT " + j.mark}, {SQL: savepointLabel + "RELEASE SAVEPOINT " + j.mark},
	}}, 1)
	if err != nil {
		s.eng.log.WarnContext(ctx, "retort: ROLLBACK TO SAVEPOINT failed in a joined transaction; its connection is closed, so that its owner cannot commit", "error", err)
		closeConn(j.conn)
	}
}

// sendJoined is send for a session in a transaction of somebody else's.
func (s *Session) sendJoined(ctx context.Context, t *trip, f *flight.Flight) error {
	if s.joined.over() {
		return errJoinOver
	}
	s.joined.marked(f)
	err := s.eng.observed(ctx, s.joined.conn, f, 1)
	s.joined.sent(f, err)
	return s.settle(ctx, t, err, false)
}

// began tells whether there is a transaction of the session's own, or what stands
// for it in a joined one.
func (s *Session) began() bool {
	return s.open && (s.joined == nil || s.joined.mark != "")
}
