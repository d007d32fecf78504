package retort

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SendBatch sends statements together; the results keep the session busy until
// they are closed.
func (v *view) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if b == nil {
		b = &pgx.Batch{}
	}
	refused := errors.New("retort: Batch.BeginTx cannot be used: the session has its transaction")
	if failed := pgx.FailedBatchResults(b, refused); failed.Tx() != nil {
		if v.over() {
			return pgx.FailedBatchResults(b, txOverError{})
		}
		return failed
	}
	conn, err := v.enter(ctx, "")
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	s := v.s
	sqls := make([]string, len(b.QueuedQueries))
	sent := *b // the caller may send its batch again
	sent.QueuedQueries = make([]*pgx.QueuedQuery, len(b.QueuedQueries))
	for i, q := range b.QueuedQueries {
		sqls[i] = q.SQL
		s.touch(q.SQL)
		own := *q
		own.SQL = s.fromPgx(q.SQL)
		sent.QueuedQueries[i] = &own
	}
	watched, done := s.eng.watched(ctx, sqls, nil)
	own, cancel := context.WithCancel(watched)
	results := conn.SendBatch(own, &sent)
	o := &opened{s: s, ctx: ctx, cancel: cancel, sqls: sqls, finish: done}
	o.close = func() ([]int64, error) { return nil, results.Close() }
	s.hold(o)
	return &sessionResults{o: o, results: results}
}

// sessionResults are the results of a batch, known to their session.
type sessionResults struct {
	o       *opened
	results pgx.BatchResults
}

var errBatchClosed = errors.New("retort: the results of this batch are closed")

func (r *sessionResults) Exec() (pgconn.CommandTag, error) {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return pgconn.CommandTag{}, errBatchClosed
	}
	return r.results.Exec()
}

func (r *sessionResults) Query() (pgx.Rows, error) {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return &failedRows{errBatchClosed}, errBatchClosed
	}
	rows, err := r.results.Query()
	return &sessionRows{o: r.o, rows: rows}, err
}

func (r *sessionResults) QueryRow() pgx.Row {
	rows, _ := r.Query()
	return oneRow{rows}
}

// Close reads what is left. The functions that were queued with the statements run
// inside it and must not use the session.
func (r *sessionResults) Close() error {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	ended := false
	defer func() {
		if !ended && r.o.s.rows.Load() == r.o { // a queued function panicked
			r.o.giveUp()
		}
	}()
	r.o.end()
	ended = true
	return r.o.err
}

// Tx is nil: the batch began no transaction.
func (r *sessionResults) Tx() pgx.Tx { return nil }

// giveUp ends o when closing it panicked: nothing is known of the connection.
func (o *opened) giveUp() {
	o.cancel()
	s := o.s
	s.busy.Store(inCall)
	s.lost(o.ctx, errLeft)
	o.err = errLeft
	o.finish(nil, errLeft)
	s.rows.Store(nil)
	s.leave()
}
