package retort_test

import (
	"context"
	stdsql "database/sql"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// A connection whose server takes no writes any more is replaced with the first
// write that it refuses, whichever way the write took.
func TestDemoted_server_is_left_by_writes_of_every_kind(t *testing.T) {
	t.Parallel()
	const write = "INSERT INTO counters VALUES ('a', 1) ON CONFLICT (name) DO UPDATE SET value = counters.value + 1"
	inSession := func(work func(context.Context, *retort.Session) error) func(context.Context, *retort.Engine) error {
		return func(ctx context.Context, eng *retort.Engine) error {
			_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
				return 0, work(ctx, s)
			})
			return err
		}
	}
	onSQL := func(work func(context.Context, *stdsql.DB) error) func(context.Context, *retort.Engine) error {
		return func(ctx context.Context, eng *retort.Engine) error {
			db := stdsql.OpenDB(eng.Connector())
			defer db.Close()
			return work(ctx, db)
		}
	}
	for name, work := range map[string]func(context.Context, *retort.Engine) error{
		"session": inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.Exec(ctx, write)
			return err
		}),
		"savepoint": inSession(func(ctx context.Context, s *retort.Session) error {
			return s.Savepoint(ctx, func(ctx context.Context) error {
				_, err := s.Exec(ctx, write)
				return err
			})
		}),
		"pgx": inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.DBTX().Exec(ctx, write)
			return err
		}),
		"pgx_rows": inSession(func(ctx context.Context, s *retort.Session) error {
			var n int
			return s.DBTX().QueryRow(ctx, write+" RETURNING value").Scan(&n)
		}),
		"SQLDB": inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.SQLDB().ExecContext(ctx, write)
			return err
		}),
		"sql_DB": onSQL(func(ctx context.Context, db *stdsql.DB) error {
			_, err := db.ExecContext(ctx, write)
			return err
		}),
		"sql_DB_rows": onSQL(func(ctx context.Context, db *stdsql.DB) error {
			var n int
			return db.QueryRowContext(ctx, write+" RETURNING value").Scan(&n)
		}),
		"sql_Tx": onSQL(func(ctx context.Context, db *stdsql.DB) error {
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer func() { _ = tx.Rollback() }()
			if _, err := tx.ExecContext(ctx, write); err != nil {
				_, _ = tx.ExecContext(ctx, "SELECT 1") // in a transaction that has failed
				return err
			}
			return tx.Commit()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			b := newBench(t)
			b.Exec(t, "ALTER DATABASE "+b.Name()+" SET default_transaction_read_only = on")
			must(t, b.Engine.Ping(ctx))
			b.Exec(t, "SET default_transaction_read_only = off; ALTER DATABASE "+b.Name()+" RESET default_transaction_read_only")
			if err := work(ctx, b.Engine); pgerr.Code(err) != "25006" {
				t.Fatalf("the first write: %v", err)
			}
			if err := work(ctx, b.Engine); err != nil {
				t.Errorf("the next write: %v", err)
			}
		})
	}
	t.Run("on_lent_connections", func(t *testing.T) {
		t.Parallel()
		ctx := t.Context()
		kit, _, eng := lentBench(t, 1)
		kit.Exec(t, "ALTER DATABASE "+kit.Name()+" SET default_transaction_read_only = on")
		must(t, eng.Ping(ctx))
		kit.Exec(t, "SET default_transaction_read_only = off; ALTER DATABASE "+kit.Name()+" RESET default_transaction_read_only")
		s := eng.Session()
		defer s.Close(ctx)
		if _, err := s.Exec(ctx, write); pgerr.Code(err) != "25006" {
			t.Fatalf("the first write: %v", err)
		}
		must(t, s.Rollback(ctx))
		if _, err := s.Exec(ctx, write); err != nil {
			t.Errorf("the next write: %v", err)
		}
	})
}
