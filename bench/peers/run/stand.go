package run

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/localpg"
)

const seedDatabase = "bench_seed"

// Stand is a PostgreSQL server with a database that is copied for each cell.
//
//   - Cleanup: Close.
type Stand struct {
	Server *localpg.Server
	admin  *pgx.Conn
	copies int
}

// NewStand starts a private server and fills the database that is copied.
// Autovacuum is off, as it would run in one cell and not in the next. Pages cost
// the same in any order, as where data is in memory or on flash; with the
// default, small tables are read whole where larger ones are not.
func NewStand(ctx context.Context) (s *Stand, err error) {
	s = &Stand{}
	s.Server, err = localpg.Start(ctx, localpg.Config{Settings: map[string]string{
		"autovacuum": "off", "shared_buffers": "256MB", "max_wal_size": "4GB", "random_page_cost": "1.1", "max_connections": "300",
	}})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if s.admin, err = pgx.Connect(ctx, s.Server.URL("postgres")); err != nil {
		return nil, err
	}
	if _, err = s.admin.Exec(ctx, "CREATE DATABASE "+seedDatabase); err != nil {
		return nil, err
	}
	seed, err := pgx.Connect(ctx, s.Server.URL(seedDatabase))
	if err != nil {
		return nil, err
	}
	_, err = seed.PgConn().Exec(ctx, peers.Schema).ReadAll()
	if err == nil {
		_, err = seed.Exec(ctx, "VACUUM (ANALYZE, FREEZE)")
	}
	return s, errors.Join(err, seed.Close(ctx))
}

// Copy makes a database like the seed and returns its URL; drop removes it.
func (s *Stand) Copy(ctx context.Context) (url string, drop func(), err error) {
	s.copies++
	name := fmt.Sprintf("bench_%d", s.copies)
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+seedDatabase+" STRATEGY file_copy"); err != nil {
		return "", nil, err
	}
	return s.Server.URL(name), func() {
		// What could not be dropped goes with the server.
		_, _ = s.admin.Exec(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
	}, nil
}

// Close stops the server.
func (s *Stand) Close() {
	ctx := context.Background()
	if s.admin != nil {
		_ = s.admin.Close(ctx)
	}
	_ = s.Server.Stop(ctx)
}

// trace runs the query [peers.Trace].
func trace(ctx context.Context, url string) (text string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	err = conn.QueryRow(ctx, peers.Trace).Scan(&text)
	return text, err
}
