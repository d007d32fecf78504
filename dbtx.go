package retort

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// DBTX is what sqlc generates for pgx/v5 under the same name, and what most
// hand-written code for pgx takes.
type DBTX interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	CopyFrom(ctx context.Context, table pgx.Identifier, columns []string, source pgx.CopyFromSource) (int64, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// DBTX is the session in pgx's types, for sqlc's New and its like. Each call runs
// inside the session's transaction, which the first one opens, reads included, and
// writes pending changes before it. It does no I/O itself and lives as long as the
// session, over several transactions.
//
//   - Errors, Concurrency: as [Session.Pgx].
func (s *Session) DBTX() DBTX {
	s.mustBe()
	return &view{s: s}
}
