package retort_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort"
)

// owner opens a connection of its own and a transaction on it.
func (b bench) owner(t *testing.T) (*pgx.Conn, pgx.Tx) {
	t.Helper()
	ctx := context.Background()
	conn := val(pgx.Connect(ctx, b.URL()))(t)
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn, val(conn.Begin(ctx))(t)
}

func TestJoin(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	counters := func(t *testing.T, b bench) int64 { return b.QueryInt(t, "SELECT count(*) FROM counters") }

	t.Run("its_Commit_writes_and_the_owner_commits", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		s := val(b.Engine.Join(tx))(t)
		a := newAuthor("ann")
		s.Add(a)
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		var name string
		must(t, tx.QueryRow(ctx, "SELECT name FROM authors WHERE id = $1", a.ID).Scan(&name))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 0 {
			t.Errorf("others see %d rows before the owner's COMMIT", n)
		}
		must(t, tx.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("the_owner_can_roll_everything_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		s := val(b.Engine.Join(tx))(t)
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(ctx))
		must(t, tx.Rollback(ctx))
		if n := counters(t, b); n != 0 {
			t.Errorf("%d rows", n)
		}
		s.Add(&Counter{Name: "b"})
		wantErr(t, s.Commit(ctx), nil, "join-over")
		wantErr(t, s.DBTX().QueryRow(ctx, "SELECT 1").Scan(new(int)), nil, "join-over")
		must(t, s.Close(ctx))
		_, err := b.Engine.Join(tx)
		wantErr(t, err, nil, "join-over")
	})

	t.Run("Rollback_undoes_what_was_done_since_the_last_Commit", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ('owner', 1)"))(t)
		s := val(b.Engine.Join(tx))(t)
		s.Add(&Counter{Name: "kept"})
		must(t, s.Commit(ctx))
		gone := &Counter{Name: "gone"}
		s.Add(gone)
		must(t, s.Flush(ctx))
		must(t, s.Rollback(ctx))
		if got := s.State(gone); got != "transient" {
			t.Errorf("state %s", got)
		}
		s.Add(&Counter{Name: "closed"})
		must(t, s.Flush(ctx))
		_ = val(s.Exec(ctx, "INSERT INTO counters VALUES ('raw', 1)"))(t)
		must(t, s.Close(ctx))
		must(t, tx.Commit(ctx))
		if n := counters(t, b); n != 2 {
			t.Errorf("%d rows, want the owner's and the committed one", n)
		}
	})

	t.Run("a_failed_statement_leaves_the_owner's_transaction_usable", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ('a', 1)"))(t)
		s := val(b.Engine.Join(tx))(t)
		s.Add(&Counter{Name: "a"})
		wantErr(t, s.Commit(ctx), nil, "counters")
		wantErr(t, s.Flush(ctx), retort.ErrSessionFailed)
		_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ('b', 1)"))(t)
		must(t, s.Rollback(ctx))
		s.Add(&Counter{Name: "c"})
		must(t, s.Commit(ctx))
		must(t, tx.Commit(ctx))
		if n := counters(t, b); n != 3 {
			t.Errorf("%d rows, want 3", n)
		}
	})

	t.Run("two_sessions_in_one_transaction_keep_their_savepoints_apart", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		conn, tx := b.owner(t)
		for range 2 { // the second time with statements that are prepared
			one, two := val(b.Engine.Join(tx))(t), val(b.Engine.Join(tx))(t)
			one.Add(&Counter{Name: "one"})
			must(t, one.Flush(ctx))
			two.Add(&Counter{Name: "two"})
			must(t, two.Flush(ctx))
			must(t, two.Rollback(ctx))
			must(t, one.Commit(ctx))
			must(t, tx.Commit(ctx))
			if n := counters(t, b); n != 1 {
				t.Errorf("%d rows, want 1", n)
			}
			b.Exec(t, "TRUNCATE counters")
			tx = val(conn.Begin(ctx))(t)
			must(t, two.Close(ctx))
		}
	})

	t.Run("reads_writes_and_pgx_share_the_connection", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		_ = val(tx.Exec(ctx, "INSERT INTO counters VALUES ('a', 1)"))(t)
		s := val(b.Engine.Join(tx))(t)
		c := val(Counters.Get(ctx, s, "a"))(t)
		c.Value = 2
		var got int
		must(t, s.DBTX().QueryRow(ctx, "SELECT value FROM counters").Scan(&got))
		if got != 2 {
			t.Errorf("got %d", got)
		}
		rows := val(tx.Query(ctx, "SELECT generate_series(1, 3)"))(t)
		c.Value = 3
		wantErr(t, s.Commit(ctx), nil, "busy")
		rows.Close()
		must(t, s.Commit(ctx))
		must(t, tx.QueryRow(ctx, "SELECT value FROM counters").Scan(&got))
		if got != 3 {
			t.Errorf("got %d", got)
		}
		lo := val(s.Pgx(ctx))(t).LargeObjects()
		_ = val(lo.Create(ctx, 0))(t)
		must(t, s.Close(ctx))
		must(t, tx.Commit(ctx))
		if n := b.Engine.Stats().InUse; n != 0 {
			t.Errorf("%d connections of the engine's own in use", n)
		}
	})

	t.Run("a_savepoint_of_the_owner's_can_be_joined", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, tx := b.owner(t)
		sp := val(tx.Begin(ctx))(t)
		s := val(b.Engine.Join(sp))(t)
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(ctx))
		must(t, sp.Rollback(ctx))
		s.Add(&Counter{Name: "b"})
		wantErr(t, s.Flush(ctx), nil, "join-over")
		must(t, tx.Commit(ctx))
		if n := counters(t, b); n != 0 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("so_can_the_transaction_of_another_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		outer := b.session(t)
		tx := val(outer.Pgx(ctx))(t)
		s := val(b.Engine.Join(tx))(t)
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		must(t, outer.Commit(ctx))
		if n := counters(t, b); n != 1 {
			t.Errorf("%d rows", n)
		}
		_, err := b.Engine.Join(tx)
		wantErr(t, err, nil, "join-over")
		b.idle(t)
	})

	t.Run("a_lost_connection_is_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		conn, tx := b.owner(t)
		s := val(b.Engine.Join(tx))(t)
		b.Exec(t, "SELECT pg_terminate_backend($1)", int(conn.PgConn().PID()))
		s.Add(&Counter{Name: "a"})
		wantErr(t, s.Commit(ctx), nil)
		must(t, s.Close(ctx))
		if err := tx.Commit(ctx); err == nil {
			t.Error("the owner committed")
		}
	})

	t.Run("nil_is_refused", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		_, err := b.Engine.Join(nil)
		wantErr(t, err, nil, "nil")
	})
}
