package retort_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

func TestPgx(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("writes_pending_changes_and_begins_in_one_round_trip", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		a := newAuthor("ann")
		s.Add(a)
		var tx pgx.Tx
		must(t, b.Engine.Ping(ctx))
		if n := b.RoundTrips(func() { tx = val(s.Pgx(ctx))(t) }); n != 1 {
			t.Errorf("%d round trips, want 1", n)
		}
		var name string
		must(t, tx.QueryRow(ctx, "SELECT name FROM authors WHERE id = $1", a.ID).Scan(&name))
		if name != "ann" {
			t.Errorf("pgx sees %q", name)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 0 {
			t.Errorf("others see %d rows before COMMIT", n)
		}
		_ = val(tx.Exec(ctx, "UPDATE authors SET note = 'x' WHERE id = $1", a.ID))(t)
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE note = 'x'"); n != 1 {
			t.Errorf("%d rows after COMMIT, want 1", n)
		}
		b.idle(t)
	})

	t.Run("its_end_is_the_session's", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		tx := val(s.Pgx(ctx))(t)
		wantErr(t, tx.Commit(ctx), retort.ErrSessionOwnsTx, "Session.Commit")
		wantErr(t, tx.Rollback(ctx), retort.ErrSessionOwnsTx)
		_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ('a', 1)"))(t)
		if !s.Wrote() {
			t.Error("the session does not know that it wrote")
		}
		must(t, s.Rollback(ctx))
		_, err := tx.Exec(ctx, "SELECT 1")
		wantErr(t, err, pgx.ErrTxClosed, "ended")
		// The handle of one transaction is not that of the next.
		_ = val(s.Pgx(ctx))(t)
		_, err = tx.Exec(ctx, "SELECT 1")
		wantErr(t, err, pgx.ErrTxClosed)
		if tx.Conn() != nil {
			t.Error("Conn outlives the transaction")
		}
		must(t, s.Close(ctx))
		wantErr(t, tx.QueryRow(ctx, "SELECT 1").Scan(new(int)), retort.ErrSessionClosed)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows after Rollback", n)
		}
		b.idle(t)
	})

	t.Run("refuses_the_session_while_rows_are_open", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		tx := val(s.Pgx(ctx))(t)
		rows := val(tx.Query(ctx, "SELECT generate_series(1, 3)"))(t)
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		wantErr(t, s.Flush(ctx), retort.ErrRowsOpen, "close")
		wantErr(t, s.Commit(ctx), retort.ErrRowsOpen)
		_, err := Counters.Get(ctx, s, "a")
		wantErr(t, err, retort.ErrRowsOpen)
		_, err = tx.Exec(ctx, "SELECT 1")
		wantErr(t, err, retort.ErrRowsOpen)
		rows.Close()
		rows.Close()
		must(t, rows.Err())
		got := val(pgx.CollectRows(val(tx.Query(ctx, "SELECT generate_series(1, 3)"))(t), pgx.RowTo[int]))(t)
		if len(got) != 3 {
			t.Errorf("got %v", got)
		}
		must(t, s.Commit(ctx))
		b.idle(t)
	})

	t.Run("Close_ends_rows_that_were_forgotten", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		rows := val(s.DBTX().Query(ctx, "SELECT generate_series(1, 100000)"))(t)
		rows.Next()
		must(t, s.Close(ctx))
		if rows.Next() {
			t.Error("rows outlive their session")
		}
		_ = rows.Scan(new(int))
		b.idle(t)
	})

	t.Run("forgotten_QueryRow_and_batch_do_not_hang_Close", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_ = s.DBTX().QueryRow(ctx, "SELECT 1")
		wantErr(t, s.Commit(ctx), retort.ErrRowsOpen)
		must(t, s.Close(ctx))
		s = b.session(t)
		batch := &pgx.Batch{}
		batch.Queue("SELECT 1")
		_ = s.DBTX().SendBatch(ctx, batch)
		wantErr(t, s.Commit(ctx), retort.ErrRowsOpen)
		must(t, s.Close(ctx))
		b.idle(t)
	})

	t.Run("panics_in_the_caller's_loop_give_the_connection_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_, _ = retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
				rows, _ := s.DBTX().Query(ctx, "SELECT generate_series(1, 10)")
				rows.Next()
				panic("boom")
			})
		}()
		b.idle(t)
	})

	t.Run("panics_in_a_Scanner_and_in_a_batch_are_survived", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for name, use := range map[string]func(s *retort.Session){
			"Scanner": func(s *retort.Session) {
				_ = s.DBTX().QueryRow(ctx, "SELECT 1").Scan(&bomb{})
			},
			"batch": func(s *retort.Session) {
				batch := &pgx.Batch{}
				batch.Queue("SELECT 1").Exec(func(pgconn.CommandTag) error { panic("boom") })
				_ = s.DBTX().SendBatch(ctx, batch).Close()
			},
		} {
			s := b.session(t)
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: no panic", name)
					}
				}()
				use(s)
			}()
			must(t, s.Close(ctx))
		}
		b.idle(t)
	})

	t.Run("Begin_is_a_savepoint", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		tx := val(s.Pgx(ctx))(t)
		insert := func(tx pgx.Tx, name string) {
			t.Helper()
			_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ($1, 1)", name))(t)
		}
		insert(tx, "kept")
		sp := val(tx.Begin(ctx))(t)
		insert(sp, "undone")
		inner := val(sp.Begin(ctx))(t)
		insert(inner, "undone too")
		must(t, inner.Commit(ctx))
		must(t, sp.Rollback(ctx))
		wantErr(t, sp.Rollback(ctx), pgx.ErrTxClosed)
		wantErr(t, sp.Commit(ctx), pgx.ErrTxClosed)
		// A failed statement is undone by the savepoint, too.
		sp = val(tx.Begin(ctx))(t)
		_, err := sp.Exec(ctx, "INSERT INTO counters VALUES ('kept', 2)")
		if pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v", err)
		}
		wantErr(t, s.Flush(ctx), retort.ErrSessionFailed)
		must(t, sp.Rollback(ctx))
		must(t, s.Flush(ctx))
		must(t, s.Commit(ctx))
		if got := b.QueryInt(t, "SELECT count(*) FROM counters"); got != 1 {
			t.Errorf("%d rows, want 1", got)
		}
		b.idle(t)
	})

	t.Run("a_savepoint_that_undoes_objects_fails_the_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "before"})
		tx := val(s.Pgx(ctx))(t)
		sp := val(tx.Begin(ctx))(t)
		must(t, sp.Rollback(ctx)) // nothing of the session's lies behind it
		must(t, s.Flush(ctx))
		for _, undo := range []string{"ROLLBACK TO s", "rollback work to savepoint S;"} {
			_ = val(tx.Exec(ctx, "SAVEPOINT s"))(t)
			s.Add(&Counter{Name: "behind"})
			must(t, s.Flush(ctx))
			_, err := tx.Exec(ctx, undo)
			wantErr(t, err, retort.ErrSavepointUndone)
			wantErr(t, s.Commit(ctx), retort.ErrSavepointUndone)
			must(t, s.Rollback(ctx))
			tx = val(s.Pgx(ctx))(t)
		}
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})

	t.Run("a_failed_statement_fails_the_session_with_its_cause", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_ = val(s.DBTX().Exec(ctx, "INSERT INTO counters VALUES ('a', 1)"))(t)
		_, err := s.DBTX().Exec(ctx, "INSERT INTO counters VALUES ('a', 1)")
		if _, ok := errors.AsType[*pgconn.PgError](err); !ok {
			t.Errorf("got %T, want pgx's own error", err)
		}
		err = s.Commit(ctx)
		wantErr(t, err, retort.ErrSessionFailed)
		if _, ok := errors.AsType[*pgerr.ConstraintError](err); !ok {
			t.Errorf("the cause is lost: %v", err)
		}
		must(t, s.Rollback(ctx))
		must(t, s.Commit(ctx))
		b.idle(t)
	})

	t.Run("SQL_that_ends_the_transaction_is_found_out", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for _, end := range []string{"COMMIT", "ROLLBACK"} {
			s := b.session(t)
			_, err := s.DBTX().Exec(ctx, end)
			wantErr(t, err, nil, "ended-by-sql")
			wantErr(t, s.Flush(ctx), retort.ErrSessionFailed)
			must(t, s.Rollback(ctx))
		}
		b.idle(t)
	})

	t.Run("a_cancelled_context_fails_the_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "a"})
		must(t, s.Flush(ctx))
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		_, err := s.DBTX().Exec(short, "SELECT pg_sleep(60)")
		wantErr(t, err, context.DeadlineExceeded)
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Close(ctx))
		ended, cancel := contextDone()
		defer cancel()
		s = b.session(t)
		_, err = s.Pgx(ended)
		wantErr(t, err, context.Canceled)
		_, err = s.DBTX().Query(ended, "SELECT 1")
		wantErr(t, err, context.Canceled)
		b.idle(t)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("two_goroutines_are_told_apart", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		tx := val(s.Pgx(ctx))(t)
		done := make(chan error, 1)
		go func() {
			_, err := tx.Exec(ctx, "SELECT pg_sleep(0.3)")
			done <- err
		}()
		waitFor(t, "the session is busy", func() bool { return errors.Is(s.Flush(ctx), retort.ErrConcurrentUse) })
		_, err := tx.Exec(ctx, "SELECT 1")
		wantErr(t, err, retort.ErrConcurrentUse)
		must(t, <-done)
		must(t, s.Commit(ctx))
		b.idle(t)
	})

	t.Run("has_everything_that_a_pgx.Tx_has", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		tx := val(s.Pgx(ctx))(t)
		n := val(tx.CopyFrom(ctx, pgx.Identifier{"counters"}, []string{"name", "value"},
			pgx.CopyFromRows([][]any{{"a", int64(1)}, {"b", int64(2)}})))(t)
		if n != 2 {
			t.Errorf("copied %d", n)
		}
		batch := &pgx.Batch{}
		batch.Queue("UPDATE counters SET value = value + 1")
		batch.Queue("SELECT sum(value) FROM counters")
		batch.Queue("SELECT name FROM counters ORDER BY name")
		results := tx.SendBatch(ctx, batch)
		_ = val(results.Exec())(t)
		var sum int64
		must(t, results.QueryRow().Scan(&sum))
		names := val(pgx.CollectRows(val(results.Query())(t), pgx.RowTo[string]))(t)
		must(t, results.Close())
		if sum != 5 || strings.Join(names, "") != "ab" {
			t.Errorf("sum %d, names %v", sum, names)
		}
		begin := &pgx.Batch{}
		begin.BeginTx(pgx.TxOptions{})
		wantErr(t, tx.SendBatch(ctx, begin).Close(), nil, "BeginTx")

		pid := tx.Conn().PgConn().PID()
		_ = val(tx.Prepare(ctx, "mine", "SELECT $1::int + 1"))(t)
		var two int
		must(t, tx.QueryRow(ctx, "mine", 1).Scan(&two))
		if two != 2 {
			t.Errorf("prepared statement gave %d", two)
		}

		var lo pgx.LargeObjects
		if n := b.RoundTrips(func() { lo = tx.LargeObjects() }); n != 0 {
			t.Errorf("LargeObjects made %d round trips", n)
		}
		oid := val(lo.Create(ctx, 0))(t)
		object := val(lo.Open(ctx, oid, pgx.LargeObjectModeWrite|pgx.LargeObjectModeRead))(t)
		_ = val(object.Write([]byte("large")))(t)
		_ = val(object.Seek(0, io.SeekStart))(t)
		if got := val(io.ReadAll(object))(t); string(got) != "large" {
			t.Errorf("read %q", got)
		}
		must(t, s.Commit(ctx))
		_, err := lo.Create(ctx, 0)
		wantErr(t, err, pgx.ErrTxClosed)
		lo = tx.LargeObjects()
		_, err = lo.Create(ctx, 0)
		wantErr(t, err, pgx.ErrTxClosed)
		// Its prepared statement would meet the next user's.
		waitFor(t, "the connection is closed", func() bool {
			return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1", int(pid)) == 0
		})
		b.idle(t)
	})

	t.Run("session_state_does_not_reach_the_next_user", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.PoolSize = 1 })
		s := b.session(t)
		_ = val(s.DBTX().Exec(ctx, "SET statement_timeout = 12345"))(t)
		must(t, s.Commit(ctx))
		b.idle(t)
		var got string
		must(t, s.DBTX().QueryRow(ctx, "SHOW statement_timeout").Scan(&got))
		if got == "12345ms" {
			t.Error("SET leaked")
		}
		must(t, s.Close(ctx))
	})

	t.Run("works_behind_a_pooler", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.Pooler = true })
		s := b.session(t)
		s.Add(&Counter{Name: "a", Value: 1})
		var n int64
		must(t, s.DBTX().QueryRow(ctx, "SELECT value FROM counters WHERE name = $1", "a").Scan(&n))
		var named int
		must(t, s.DBTX().QueryRow(ctx, "SELECT count(*) FROM pg_prepared_statements").Scan(&named))
		if named != 0 {
			t.Errorf("%d named statements", named)
		}
		must(t, s.Commit(ctx))
	})
}

// bomb is a Scanner that panics.
type bomb struct{}

func (*bomb) Scan(any) error { panic("boom") }

// val is must for a call with a result.
func val[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		must(tb, err)
		return v
	}
}
