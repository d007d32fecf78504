package bench

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/retorttest"
)

// BenchmarkLoan acquires and releases a real connection: with the check of its
// socket that the engine makes at each loan, without it, and pgxpool's.
func BenchmarkLoan(b *testing.B) {
	ctx := context.Background()
	db := retorttest.NewDatabase(b, retorttest.Template{})
	cfg, err := pgconn.ParseConfig(db.URL())
	check(b, err)
	loans := func(alive func(*flight.Conn) bool) func(*testing.B) {
		return func(b *testing.B) {
			p, err := pool.New(pool.Config[*flight.Conn]{
				Open: func(ctx context.Context) (*flight.Conn, error) {
					return flight.Connect(ctx, &flight.Config{Conn: cfg})
				},
				Close: func(c *flight.Conn) { _ = c.Close(ctx) },
				Alive: alive,
			})
			check(b, err)
			defer p.Close(ctx)
			b.ReportAllocs()
			for b.Loop() {
				lease, err := p.Acquire(ctx)
				check(b, err)
				lease.Release()
			}
		}
	}
	b.Run("retort-alive", loans((*flight.Conn).Alive))
	b.Run("retort", loans(nil))
	b.Run("pgxpool", func(b *testing.B) {
		p, err := pgxpool.New(ctx, db.URL())
		check(b, err)
		defer p.Close()
		b.ReportAllocs()
		for b.Loop() {
			c, err := p.Acquire(ctx)
			check(b, err)
			c.Release()
		}
	})
}
