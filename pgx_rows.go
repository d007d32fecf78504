package retort

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// opened is what keeps a session busy after the call that made it: rows, or the
// results of a batch.
type opened struct {
	s      *Session
	ctx    context.Context
	cancel context.CancelFunc
	sqls   []string
	finish func(rows []int64, err error) // tells the observer

	mu    sync.Mutex // guards all that follows, and what pgx handed out
	close func() (rows []int64, err error)
	done  bool
	err   error
}

// hold marks the session as busy until o ends. The caller has claimed it.
func (s *Session) hold(o *opened) {
	s.rows.Store(o)
	s.busy.Store(inRows)
}

// end closes what is open and gives the session free. mu is held.
func (o *opened) end() {
	if o.done {
		return
	}
	o.done = true
	rows, err := o.close()
	o.cancel()
	s := o.s
	s.busy.Store(inCall)
	o.err = s.used(o.ctx, err, o.sqls...)
	o.finish(rows, o.err)
	s.rows.Store(nil)
	s.leave()
}

// abandon ends o for a session that is closed, unless a call of o is under way,
// which then closes the session itself. What is left to read is read for a while.
func (o *opened) abandon() {
	if !o.mu.TryLock() {
		return
	}
	defer o.mu.Unlock()
	timer := time.AfterFunc(rollbackTimeout, o.cancel)
	defer timer.Stop()
	o.end()
	if o.err == nil {
		o.err = ErrSessionClosed // what was not read is missing
	}
}

// Query runs one statement; its rows keep the session busy until they are closed.
func (v *view) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	conn, err := v.enter(ctx, sql)
	if err != nil {
		return &failedRows{err}, err
	}
	s := v.s
	watched, done := s.eng.watched(ctx, []string{sql}, args)
	own, cancel := context.WithCancel(watched)
	rows, err := conn.Query(own, s.fromPgx(sql), args...)
	o := &opened{s: s, ctx: ctx, cancel: cancel, sqls: []string{sql}, finish: done}
	o.close = func() ([]int64, error) {
		rows.Close()
		return []int64{rows.CommandTag().RowsAffected()}, rows.Err()
	}
	r := &sessionRows{o: o, rows: rows, whole: true}
	s.hold(o)
	if err != nil {
		r.Close()
		return r, r.Err()
	}
	return r, nil
}

// QueryRow runs one statement of which one row is wanted; Scan must be called.
func (v *view) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := v.Query(ctx, sql, args...)
	return oneRow{rows}
}

// sessionRows are pgx's rows, known to their session.
type sessionRows struct {
	o     *opened
	rows  pgx.Rows
	whole bool // o ends with them
}

// ended tells the session that rows are over. mu is held.
func (r *sessionRows) ended(over bool) {
	if over && r.whole {
		r.o.end()
	}
}

func (r *sessionRows) Close() {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if !r.o.done {
		r.rows.Close()
	}
	r.ended(true)
}

func (r *sessionRows) Err() error {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.whole && r.o.done {
		return r.o.err
	}
	return r.rows.Err()
}

func (r *sessionRows) CommandTag() pgconn.CommandTag {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	return r.rows.CommandTag()
}

func (r *sessionRows) FieldDescriptions() []pgconn.FieldDescription {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return nil
	}
	return r.rows.FieldDescriptions()
}

func (r *sessionRows) Next() bool {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return false
	}
	more := r.rows.Next()
	r.ended(!more)
	return more
}

var errRowsClosed = errors.New("retort: these rows are closed")

func (r *sessionRows) Scan(dest ...any) error {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return errRowsClosed
	}
	scanned := false
	defer func() { // also when a Scanner panics
		if !scanned {
			r.rows.Close()
			r.ended(true)
		}
	}()
	err := r.rows.Scan(dest...)
	scanned = err == nil
	return err
}

func (r *sessionRows) Values() ([]any, error) {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return nil, errRowsClosed
	}
	return r.rows.Values()
}

func (r *sessionRows) RawValues() [][]byte {
	r.o.mu.Lock()
	defer r.o.mu.Unlock()
	if r.o.done {
		return nil
	}
	return r.rows.RawValues()
}

func (r *sessionRows) Conn() *pgx.Conn { return r.rows.Conn() }

func (r *sessionRows) TypeMap() *pgtype.Map { return r.rows.TypeMap() }

// oneRow is the first of some rows.
type oneRow struct{ rows pgx.Rows }

func (r oneRow) Scan(dest ...any) error {
	defer r.rows.Close()
	if err := r.rows.Err(); err != nil {
		return err
	}
	for _, d := range dest {
		if _, ok := d.(*pgtype.DriverBytes); ok {
			return errors.New("retort: QueryRow cannot scan into *pgtype.DriverBytes, whose memory ends with the row")
		}
	}
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// failedRows are the rows of a query that was refused.
type failedRows struct{ err error }

func (r *failedRows) Close()                                       {}
func (r *failedRows) Err() error                                   { return r.err }
func (r *failedRows) CommandTag() pgconn.CommandTag                { return pgconn.CommandTag{} }
func (r *failedRows) FieldDescriptions() []pgconn.FieldDescription { return nil }
func (r *failedRows) Next() bool                                   { return false }
func (r *failedRows) Scan(...any) error                            { return r.err }
func (r *failedRows) Values() ([]any, error)                       { return nil, r.err }
func (r *failedRows) RawValues() [][]byte                          { return nil }
func (r *failedRows) Conn() *pgx.Conn                              { return nil }
func (r *failedRows) TypeMap() *pgtype.Map                         { return nil }
