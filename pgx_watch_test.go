package retort_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// What fails in pgx's and database/sql's types is told to observers and the log in
// words that hold no values; the caller gets pgx's own.
func TestSQL_beside_the_session_shows_no_values(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	log := &lockedBuffer{}
	b := newBench(t, func(c *retort.Config) { c.Echo, c.Logger = true, slog.New(slog.NewTextHandler(log, nil)) })
	db := stdsql.OpenDB(b.Engine.Connector())
	defer db.Close()
	inSession := func(work func(context.Context, *retort.Session) error) func() error {
		return func() error {
			s := b.Engine.Session()
			defer s.Close(ctx)
			return work(ctx, s)
		}
	}
	pgxRefuses := func(err error) bool { return err != nil && pgerr.Code(err) == "" }
	for name, c := range map[string]struct {
		run  func() error
		want func(error) bool
	}{
		"DBTX.Exec, form": {inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.DBTX().Exec(ctx, "SELECT $1::text::int", canary)
			return err
		}), nil},
		"DBTX.Query, unique": {inSession(func(ctx context.Context, s *retort.Session) error {
			var n int
			return s.DBTX().QueryRow(ctx, "INSERT INTO counters VALUES ($1, 1), ($1, 2) RETURNING value", canary).Scan(&n)
		}), nil},
		"DBTX.SendBatch": {inSession(func(ctx context.Context, s *retort.Session) error {
			batch := &pgx.Batch{}
			batch.Queue("SELECT $1::text::int", canary)
			return s.DBTX().SendBatch(ctx, batch).Close()
		}), nil},
		"DBTX.Exec, no such encoding": {inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.DBTX().Exec(ctx, "SELECT $1::int4", struct{ Secret string }{canary})
			return err
		}), pgxRefuses},
		"DBTX.Query, scan": {inSession(func(ctx context.Context, s *retort.Session) error {
			var n int
			return s.DBTX().QueryRow(ctx, "SELECT $1::text", canary).Scan(&n)
		}), pgxRefuses},
		"SQLDB.Exec": {inSession(func(ctx context.Context, s *retort.Session) error {
			_, err := s.SQLDB().ExecContext(ctx, "SELECT $1::text::int", canary)
			return err
		}), nil},
		"sql.DB.Exec": {func() error {
			_, err := db.ExecContext(ctx, "SELECT $1::text::int", canary)
			return err
		}, nil},
		"sql.DB.Query": {func() error {
			var n int
			return db.QueryRowContext(ctx, "SELECT $1::text::int FROM generate_series(1, 2)", canary).Scan(&n)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b.seen.take()
			err := c.run()
			if c.want == nil {
				if _, ok := errors.AsType[*pgconn.PgError](err); !ok {
					t.Errorf("the caller gets %v", err)
				}
			} else if !c.want(err) {
				t.Errorf("the caller gets %v", err)
			}
			told := false
			for _, f := range b.seen.take() {
				if f.Err == nil {
					continue
				}
				told = told || pgerr.Code(f.Err) == pgerr.Code(err)
				if strings.Contains(f.Err.Error(), canary) {
					t.Errorf("the observer hears: %s", strings.ReplaceAll(f.Err.Error(), canary, "(the canary)"))
				}
			}
			if !told {
				t.Error("the observer heard of no failure")
			}
		})
	}
	if strings.Contains(log.String(), canary) {
		t.Error("the log shows a value")
	}
}
