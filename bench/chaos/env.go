package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest/proxy"
)

// Env is what scenarios stand on.
//
//   - Concurrency: safe for many scenarios at once, if Proxy and Say are; but
//     [Cancelled] counts the process's goroutines and must run alone.
type Env struct {
	// Seed decides everything that a scenario draws: moments, orders, kinds. What
	// the scheduler does between remains its own.
	Seed uint64

	// Words are texts that [Naughty] sends beside its own.
	Words []string

	// Server is a private server on which databases are made and dropped.
	Server *localpg.Server

	// Proxy starts a proxy in front of a database. The scenario closes it.
	Proxy func(upstreamURL string) (*proxy.Proxy, error)

	// Say hears of progress.
	Say func(format string, args ...any)
}

// rand is the generator of one part of a scenario: the same seed draws the same,
// whatever else runs.
func (e *Env) rand(line, part int) *rand.Rand {
	return rand.New(rand.NewPCG(e.Seed, uint64(line)<<32|uint64(part)))
}

// database is one side's own database, with a connection to look into it.
type database struct {
	url   string
	name  string
	watch *pgx.Conn
	p     *proxy.Proxy // nil where nobody asked for one
	env   *Env
}

// database makes one with the tables of base and runs sql in it.
func (e *Env) database(ctx context.Context, base *retort.Base, sql ...string) (*database, error) {
	d := &database{env: e, name: fmt.Sprintf("chaos_%016x", rand.Uint64())}
	if err := e.maintain(ctx, "CREATE DATABASE "+d.name); err != nil {
		return nil, err
	}
	d.url = e.Server.URL(d.name)
	err := d.fill(ctx, base, sql)
	if err == nil {
		d.watch, err = pgx.Connect(ctx, d.url)
	}
	if err != nil {
		return nil, errors.Join(err, d.drop())
	}
	return d, nil
}

// proxied is database behind a proxy, which drop closes.
func (e *Env) proxied(ctx context.Context, base *retort.Base, sql ...string) (d *database, p *proxy.Proxy, err error) {
	if d, err = e.database(ctx, base, sql...); err != nil {
		return nil, nil, err
	}
	if d.p, err = e.Proxy(d.url); err != nil {
		return nil, nil, errors.Join(err, d.drop())
	}
	return d, d.p, nil
}

func (d *database) fill(ctx context.Context, base *retort.Base, sql []string) error {
	if err := createAll(ctx, d.url, base); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, d.url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, text := range sql {
		if _, err := conn.Exec(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

// createAll makes the tables of base in an empty database.
func createAll(ctx context.Context, url string, base *retort.Base) error {
	eng, err := retort.Open(retort.Config{URL: url, Base: base})
	if err != nil {
		return err
	}
	return errors.Join(base.CreateAll(ctx, eng), eng.Close(ctx))
}

// drop removes the database, with whatever is still connected to it.
func (d *database) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if d.p != nil {
		d.p.Close()
	}
	if d.watch != nil {
		_ = d.watch.Close(ctx)
	}
	return d.env.maintain(ctx, "DROP DATABASE "+d.name+" WITH (FORCE)")
}

// maintain runs one statement outside of any scenario's database.
func (e *Env) maintain(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, e.Server.URL("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err = conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// count runs a query for one number.
func (d *database) count(ctx context.Context, sql string, args ...any) (int, error) {
	var n int
	if err := d.watch.QueryRow(ctx, sql, args...).Scan(&n); err != nil {
		return 0, fmt.Errorf("%s: %w", sql, err)
	}
	return n, nil
}

// others are the database's client backends but the watching one.
const others = " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"

// deserted waits until no client is connected: then nothing can still happen.
func (d *database) deserted(ctx context.Context) error {
	left := 0
	ok, err := eventually(ctx, 15*time.Second, func() (done bool, err error) {
		left, err = d.count(ctx, "SELECT count(*)"+others)
		return left == 0, err
	})
	if err == nil && !ok {
		err = fmt.Errorf("%d backends stay", left)
	}
	return err
}

// eventually asks until the answer is yes, at most for limit.
func eventually(ctx context.Context, limit time.Duration, ask func() (bool, error)) (bool, error) {
	for deadline := time.Now().Add(limit); ; {
		ok, err := ask()
		if ok || err != nil || time.Now().After(deadline) {
			return ok, err
		}
		if err := pause(ctx, 3*time.Millisecond); err != nil {
			return false, err
		}
	}
}

// pause sleeps unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newPool is a pgxpool as people have it, but for its size.
func newPool(ctx context.Context, address string, size int) (*pgxpool.Pool, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	query := u.Query()
	query.Set("pool_max_conns", strconv.Itoa(size))
	u.RawQuery = query.Encode()
	return pgxpool.New(ctx, u.String())
}
