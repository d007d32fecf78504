package retort_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// commits counts how often COMMIT has left for the server.
func commits(b bench) (n int) {
	for _, sql := range b.Proxy.Executions() {
		if strings.Contains(strings.ToUpper(sql), "COMMIT") {
			n++
		}
	}
	return n
}

func TestConnector(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	open := func(t *testing.T, change ...func(*retort.Config)) (bench, *stdsql.DB) {
		b := newBench(t, change...)
		db := stdsql.OpenDB(b.Engine.Connector())
		t.Cleanup(func() { _ = db.Close() })
		return b, db
	}

	t.Run("holds_no_connection_between_uses", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		must(t, db.PingContext(ctx))
		_ = val(db.ExecContext(ctx, "INSERT INTO counters VALUES ($1, $2)", "a", 1))(t)
		var n int64
		must(t, db.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = $1", "a").Scan(&n))
		st := val(db.PrepareContext(ctx, "SELECT value + $1::bigint FROM counters"))(t)
		for range 3 {
			must(t, st.QueryRowContext(ctx, 1).Scan(&n))
		}
		must(t, st.Close())
		if n != 2 {
			t.Errorf("got %d", n)
		}
		if s := db.Stats(); s.OpenConnections != 0 {
			t.Errorf("database/sql keeps %d connections", s.OpenConnections)
		}
		b.idle(t)
	})

	t.Run("has_every_kind_of_value", func(t *testing.T) {
		t.Parallel()
		_, db := open(t)
		at := time.Date(2024, 2, 29, 12, 0, 0, 123456000, time.UTC)
		rows := val(db.QueryContext(ctx, `SELECT true, 1::int2, 2::int4, 3::int8, 1.5::float4, 2.5::float8, 'x'::text, '\x01'::bytea,
			$1::timestamptz, '2024-02-29'::date, '{"a":1}'::jsonb, 1.50::numeric(5,2), NULL::int, '{1,2}'::int[], 'novel'::genre,
			'11111111-1111-1111-1111-111111111111'::uuid, 'ab'::varchar(7)`, at))(t)
		defer rows.Close()
		types := val(rows.ColumnTypes())(t)
		if p, s, ok := types[11].DecimalSize(); p != 5 || s != 2 || !ok {
			t.Errorf("numeric(%d,%d)", p, s)
		}
		if n, ok := types[16].Length(); n != 7 || !ok {
			t.Errorf("varchar(%d)", n)
		}
		if got := types[8].DatabaseTypeName(); got != "TIMESTAMPTZ" {
			t.Errorf("type %s", got)
		}
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		got := make([]any, len(types))
		into := make([]any, len(types))
		for i := range got {
			into[i] = &got[i]
		}
		must(t, rows.Scan(into...))
		got[8] = got[8].(time.Time).UTC()
		want := []any{
			true, int64(1), int64(2), int64(3), 1.5, 2.5, "x",
			[]byte{1},
			at, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
			[]byte(`{"a": 1}`), "1.50", nil, "{1,2}", "novel", "11111111-1111-1111-1111-111111111111", "ab",
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})

	t.Run("a_numeric_can_have_a_negative_scale", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		if b.QueryInt(t, "SELECT current_setting('server_version_num')::bigint") < 150000 {
			t.Skip("PostgreSQL 15 began with them")
		}
		for _, want := range []int64{-1000, -2, 0, 2, 1000} {
			rows := val(db.QueryContext(ctx, fmt.Sprintf("SELECT NULL::numeric(3,%d)", want)))(t)
			types := val(rows.ColumnTypes())(t)
			must(t, rows.Close())
			if p, s, ok := types[0].DecimalSize(); p != 3 || s != want || !ok {
				t.Errorf("numeric(%d,%d), want scale %d", p, s, want)
			}
		}
	})

	t.Run("transactions_commit_roll_back_and_tell_the_truth", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		tx := val(db.BeginTx(ctx, &stdsql.TxOptions{Isolation: stdsql.LevelSerializable}))(t)
		var level string
		must(t, tx.QueryRow("SHOW transaction_isolation").Scan(&level))
		if level != "serializable" {
			t.Errorf("level %s", level)
		}
		_ = val(tx.Exec("INSERT INTO counters VALUES ('a', 1)"))(t)
		must(t, tx.Commit())
		tx = val(db.BeginTx(ctx, nil))(t)
		_ = val(tx.Exec("INSERT INTO counters VALUES ('b', 1)"))(t)
		must(t, tx.Rollback())
		tx = val(db.BeginTx(ctx, nil))(t)
		_, err := tx.Exec("INSERT INTO counters VALUES ('a', 1)")
		if pgerr.KindOf(err) != pgerr.Unique {
			t.Errorf("got %v", err)
		}
		if err := tx.Commit(); err == nil {
			t.Error("COMMIT of a failed transaction is a success")
		}
		_, err = db.BeginTx(ctx, &stdsql.TxOptions{Isolation: stdsql.LevelLinearizable})
		wantErr(t, err, nil, "isolation")
		short, cancel := context.WithCancel(ctx)
		tx = val(db.BeginTx(short, nil))(t)
		_ = val(tx.Exec("INSERT INTO counters VALUES ('c', 1)"))(t)
		cancel()
		b.idle(t)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("a_lost_reply_runs_no_statement_twice", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		b.Exec(t, "INSERT INTO counters VALUES ('a', 0)")
		failed := 0
		for range 5 {
			must(t, db.PingContext(ctx))
			b.Proxy.CutBefore(func(m proxy.Message) bool { return m.Tag() == "UPDATE 1" })
			if _, err := db.ExecContext(ctx, "UPDATE counters SET value = value + 1"); err != nil {
				failed++
			}
		}
		if n := b.QueryInt(t, "SELECT value FROM counters"); n != 5 || failed != 5 {
			t.Errorf("ran %d times with %d errors, want 5 and 5", n, failed)
		}
	})

	t.Run("a_lost_reply_to_COMMIT_is_unknown_and_COMMIT_is_sent_once", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		for i, cut := range []struct {
			fault func(proxy.Message) bool
			rows  int64 // what is true afterwards
		}{{proxy.CommitReply, 1}, {proxy.Commits, 0}} {
			must(t, db.PingContext(ctx))
			tx := val(db.BeginTx(ctx, nil))(t)
			_ = val(tx.Exec("INSERT INTO counters VALUES ($1, 1)", string(rune('a'+i))))(t)
			b.Proxy.Reset()
			b.Proxy.CutBefore(cut.fault)
			wantErr(t, tx.Commit(), retort.ErrCommitUnknown)
			if err := tx.Commit(); !errors.Is(err, stdsql.ErrTxDone) {
				t.Errorf("again: %v", err)
			}
			if n := commits(b); n != 1 {
				t.Errorf("COMMIT was sent %d times", n)
			}
			if n := b.QueryInt(t, "SELECT count(*) FROM counters WHERE name = $1", string(rune('a'+i))); n != cut.rows {
				t.Errorf("%d rows, want %d", n, cut.rows)
			}
			b.idle(t)
		}
	})

	t.Run("the_observer_hears_of_the_rows_and_the_error_of_a_query", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		for sql, want := range map[string]struct {
			rows int64
			code string
		}{
			"SELECT g FROM generate_series(1, 3) g":           {3, ""},
			"SELECT nonsense":                                 {0, "42703"},
			"SELECT 1 / (2 - g) FROM generate_series(1, 3) g": {0, "22012"},
			"SELECT 1 / (1 - g) FROM generate_series(1, 3) g": {0, "22012"},
		} {
			b.seen.take()
			rows, err := db.QueryContext(ctx, sql)
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
				must(t, rows.Close())
			}
			seen := b.seen.take()
			if pgerr.Code(err) != want.code || len(seen) != 1 || pgerr.Code(seen[0].Err) != want.code || seen[0].Rows[0] != want.rows {
				t.Errorf("%s: %v, and it saw %+v", sql, err, seen)
			}
		}
	})

	t.Run("a_connection_that_the_network_lost_takes_the_idle_ones_along", func(t *testing.T) {
		t.Parallel()
		b, db := open(t)
		warmPool(t, b.Engine, 3)
		conn := val(db.Conn(ctx))(t)
		_ = val(conn.ExecContext(ctx, "SELECT 1"))(t)
		b.Proxy.ResetConnections()
		if _, err := conn.ExecContext(ctx, "SELECT 1"); pgerr.KindOf(err) != pgerr.Connection {
			t.Errorf("got %v", err)
		}
		must(t, conn.Close())
		if got := b.Engine.Stats(); got.Idle != 0 || got.Closed.Invalidated != 2 {
			t.Errorf("have %+v", got)
		}
	})

	t.Run("nothing_can_be_opened_by_name", func(t *testing.T) {
		t.Parallel()
		b, _ := open(t)
		_, err := b.Engine.Connector().Driver().Open("x")
		wantErr(t, err, nil, "OpenDB")
	})
}

func TestSQLDB(t *testing.T) {
	t.Parallel()
	ctx := context.Background()

	t.Run("runs_inside_the_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		db := s.SQLDB()
		must(t, db.Ping())
		if n := b.Engine.Stats().InUse; n != 0 {
			t.Errorf("%d connections in use", n)
		}
		s.Add(&Counter{Name: "a", Value: 1})
		var n int
		must(t, db.QueryRow("SELECT value FROM counters WHERE name = $1", "a").Scan(&n))
		_ = val(db.Exec("UPDATE counters SET value = 2"))(t)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("others see %d rows", n)
		}
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT value FROM counters"); n != 2 {
			t.Errorf("value %d", n)
		}
		must(t, s.Close(ctx))
		wantErr(t, db.Ping(), nil, "closed")
		wantErr(t, s.SQLDB().Ping(), nil, "closed")
		b.idle(t)
	})

	t.Run("its_transactions_are_savepoints", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		for _, name := range []string{"kept", "undone"} {
			tx := val(s.SQLDB().BeginTx(ctx, nil))(t)
			_ = val(tx.Exec("INSERT INTO counters VALUES ($1, 1)", name))(t)
			if name == "kept" {
				must(t, tx.Commit())
			} else {
				must(t, tx.Rollback())
			}
		}
		_, err := s.SQLDB().BeginTx(ctx, &stdsql.TxOptions{ReadOnly: true})
		wantErr(t, err, nil, "savepoint")
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("a_rollback_that_got_lost_keeps_the_session_from_committing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		short, cancel := context.WithCancel(ctx)
		db := s.SQLDB()
		tx := val(db.BeginTx(short, nil))(t)
		_ = val(tx.Exec("INSERT INTO counters VALUES ('a', 1)"))(t)
		rows := val(s.Pgx(ctx))(t)
		open := val(rows.Query(ctx, "SELECT generate_series(1, 3)"))(t)
		cancel() // database/sql rolls back while rows are open
		// It says that the transaction is over before it has tried.
		waitFor(t, "the rollback is over", func() bool { return db.Stats().InUse == 0 })
		open.Close()
		waitFor(t, "the session knows", func() bool {
			err := s.Flush(ctx) // which may also meet the rollback at its work
			return err != nil && strings.Contains(err.Error(), "rolled back")
		})
		wantErr(t, s.Commit(ctx), nil, "rolled back")
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("a_lost_reply_to_COMMIT_is_unknown_and_COMMIT_is_sent_once", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		runs := 0
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
			runs++
			tx, err := s.SQLDB().BeginTx(ctx, nil)
			if err != nil {
				return 0, err
			}
			if _, err := tx.Exec("INSERT INTO counters VALUES ('a', 1)"); err != nil {
				return 0, err
			}
			err = tx.Commit() // a savepoint's
			b.Proxy.Reset()
			b.Proxy.CutBefore(proxy.CommitReply)
			return 0, err
		})
		wantErr(t, err, retort.ErrCommitUnknown)
		if n := commits(b); n != 1 || runs != 1 {
			t.Errorf("COMMIT was sent %d times in %d runs", n, runs)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("two_queries_at_once_are_refused_and_do_not_hang", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		rows := val(s.SQLDB().Query("SELECT generate_series(1, 3)"))(t)
		defer rows.Close()
		_, err := s.SQLDB().Exec("SELECT 1")
		wantErr(t, err, retort.ErrRowsOpen)
		must(t, s.Close(ctx))
		for rows.Next() {
		}
		wantErr(t, rows.Err(), nil)
		b.idle(t)
	})

	t.Run("works_in_a_joined_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		s := val(b.Engine.Join(tx))(t)
		_ = val(s.SQLDB().Exec("INSERT INTO counters VALUES ('a', 1)"))(t)
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		var n int
		must(t, tx.QueryRow(ctx, "SELECT count(*) FROM counters").Scan(&n))
		if n != 1 {
			t.Errorf("%d rows", n)
		}
		must(t, tx.Rollback(ctx))
	})
}
