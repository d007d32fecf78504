package proxy_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// inTransaction runs the statements between BEGIN and COMMIT with pgx's way of
// sending, and returns the first error.
func inTransaction(ctx context.Context, conn *pgx.Conn, mode pgx.QueryExecMode, statements ...string) error {
	for _, sql := range append(append([]string{"BEGIN"}, statements...), "COMMIT") {
		if _, err := conn.Exec(ctx, sql, mode); err != nil {
			return err
		}
	}
	return nil
}

// pipelined sends BEGIN, an INSERT and COMMIT in two Sync groups at once.
func pipelined(ctx context.Context, conn *pgx.Conn) error {
	pl := conn.PgConn().StartPipeline(ctx)
	for _, sql := range []string{"BEGIN", "INSERT INTO notes VALUES (1, 'x')", "COMMIT"} {
		if sql == "COMMIT" {
			if err := pl.Sync(); err != nil {
				return err
			}
		}
		pl.SendQueryParams(sql, nil, nil, nil, nil)
	}
	err := pl.Sync()
	for err == nil {
		var results any
		if results, err = pl.GetResults(); results == nil {
			break
		}
		if r, ok := results.(*pgconn.ResultReader); ok {
			_, err = r.Close()
		}
	}
	return errors.Join(err, pl.Close())
}

func TestFailWith(t *testing.T) {
	t.Parallel()
	modes := map[string]pgx.QueryExecMode{
		"simple": pgx.QueryExecModeSimpleProtocol, "prepared": pgx.QueryExecModeCacheStatement, "unnamed": pgx.QueryExecModeExec,
	}
	for name, mode := range modes {
		t.Run("refuses_COMMIT_and_rolls_back/"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for round := range 3 { // from the second on the texts are prepared
				rule := b.p.FailWith(proxy.Commits, "40001")
				err := inTransaction(t.Context(), b.conn, mode, "INSERT INTO notes VALUES (1, 'x')")
				if pgerr.Code(err) != "40001" || rule.Fired() != 1 {
					t.Fatalf("round %d: error %v, fired %d", round, err, rule.Fired())
				}
				if status := b.conn.PgConn().TxStatus(); status != 'I' {
					t.Errorf("the transaction's status is %q", status)
				}
				if n := b.db.QueryInt(t, "SELECT count(*) FROM notes"); n != 0 {
					t.Errorf("%d rows of a COMMIT that failed", n)
				}
			}
			if err := inTransaction(t.Context(), b.conn, mode, "INSERT INTO notes VALUES (1, 'x')"); err != nil {
				t.Errorf("the control: %v", err)
			}
		})
		t.Run("refuses_a_statement_and_aborts/"+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for range 3 {
				b.p.FailWith(proxy.Runs("insert into notes"), "40P01")
				err := inTransaction(t.Context(), b.conn, mode, "SELECT 1", "INSERT INTO notes VALUES (1, 'x')")
				if pgerr.Code(err) != "40P01" {
					t.Fatalf("error %v", err)
				}
				if status := b.conn.PgConn().TxStatus(); status != 'E' {
					t.Errorf("the transaction's status is %q", status)
				}
				b.exec(t, "ROLLBACK")
			}
			b.exec(t, "INSERT INTO notes VALUES (1, 'x')")
		})
	}
	t.Run("refuses_in_the_middle_of_what_travels_together", func(t *testing.T) {
		t.Parallel()
		for _, tt := range []struct {
			name  string
			match func(proxy.Message) bool
		}{
			{"BEGIN", proxy.Runs("begin")}, {"INSERT", proxy.Runs("insert")}, {"COMMIT", proxy.Commits},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				for range 2 {
					rule := b.p.FailWith(tt.match, "40001")
					if err := pipelined(t.Context(), b.conn); pgerr.Code(err) != "40001" || rule.Fired() != 1 {
						t.Fatalf("error %v, fired %d", err, rule.Fired())
					}
					if n := b.db.QueryInt(t, "SELECT count(*) FROM notes"); n != 0 {
						t.Errorf("%d rows", n)
					}
				}
				if err := pipelined(t.Context(), b.conn); err != nil {
					t.Errorf("the control: %v", err)
				}
			})
		}
	})
	t.Run("hangs_up_behind_what_ends_a_session", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.p.FailWith(proxy.Runs("select 7"), "57P01")
		_, err := b.conn.Exec(t.Context(), "SELECT 7")
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); !ok || pgErr.Severity != "FATAL" || pgErr.Code != "57P01" {
			t.Errorf("error %v", err)
		}
		waitForBackends(t, b, true)
	})
	t.Run("leaves_a_transaction_that_has_failed_as_it_is", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.exec(t, "BEGIN")
		_, err := b.conn.Exec(t.Context(), "SELECT 1/0")
		if pgerr.Code(err) != "22012" {
			t.Fatal(err)
		}
		b.p.FailWith(proxy.Runs("select 7"), "40001")
		if _, err = b.conn.Exec(t.Context(), "SELECT 7", pgx.QueryExecModeSimpleProtocol); pgerr.Code(err) != "25P02" {
			t.Errorf("error %v", err)
		}
		tag, err := b.conn.Exec(t.Context(), "ROLLBACK")
		if err != nil || tag.String() != "ROLLBACK" {
			t.Errorf("%s, %v", tag, err)
		}
	})
}

func TestReplyTo(t *testing.T) {
	t.Parallel()
	t.Run("is_the_answer_to_the_chosen_statement_of_many", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.exec(t, "SELECT 1")
		var got []string
		reply := proxy.ReplyTo(func(m proxy.Message) bool { return proxy.Runs("2")(m) || proxy.Runs("1/0")(m) })
		b.p.Before(func(m proxy.Message) bool { return reply(m) }, func(m proxy.Message) {
			got = append(got, m.Tag()+m.SQLState())
		}).Times(-1)
		var batch pgx.Batch
		for _, sql := range []string{"SELECT 1", "SELECT 1, 2 FROM generate_series(1, 4)", "SELECT 3", "SELECT 1/0", "SELECT 2"} {
			batch.Queue(sql)
		}
		if err := b.conn.SendBatch(t.Context(), &batch).Close(); pgerr.Code(err) != "22012" {
			t.Errorf("error %v", err)
		}
		b.exec(t, "UPDATE notes SET id = 2")
		if diff := cmp.Diff([]string{"SELECT 4", "22012", "UPDATE 0"}, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("of_a_statement_is_lost_and_the_statement_is_not", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		b.p.CutBefore(proxy.ReplyTo(proxy.Runs("insert into notes")))
		if _, err := b.conn.Exec(t.Context(), "INSERT INTO notes VALUES (1, $1)", "x"); err == nil {
			t.Error("the lost reply went unnoticed")
		}
		waitForBackends(t, b, true)
		if n := b.db.QueryInt(t, "SELECT count(*) FROM notes"); n != 1 {
			t.Errorf("%d rows, want the one that was written", n)
		}
	})
	t.Run("works_on_a_connection_that_begins_later", func(t *testing.T) {
		t.Parallel()
		b := setup(t)
		rule := b.p.CutBefore(proxy.ReplyTo(proxy.Runs("select 7")))
		conn := connect(t, b.p.URL())
		if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), "SELECT 7"); err == nil || rule.Fired() != 1 {
			t.Errorf("error %v, fired %d", err, rule.Fired())
		}
	})
}
