package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pool"
	"github.com/retort-go/retort/web"
)

// priceList measures each protection alone, beside the same without it.
func priceList(ctx context.Context, env *Env, rounds int) (prices []Price, err error) {
	items, _ := itemsBase()
	keys := web.NewIdempotency("idempotency_keys")
	outcomes := retort.NewOutcomes("outcomes")
	base := retort.NewBase(items, keys.Table, outcomes.Table)
	db, err := env.database(ctx, base, itemsSQL)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	bench := &pricing{db: db, items: items, keys: keys, outcomes: outcomes, base: base, rounds: rounds}
	for _, measure := range []func(context.Context) error{
		bench.liveness, bench.ping, bench.reset, bench.buffering, bench.settings, bench.outcome, bench.idempotency,
	} {
		if err := measure(ctx); err != nil {
			return nil, err
		}
		env.Say("20: %+v", bench.prices[len(bench.prices)-1])
	}
	return bench.prices, nil
}

// pricing measures on one database.
type pricing struct {
	db       *database
	items    *retort.Table[Item]
	keys     *web.Idempotency
	outcomes *retort.Outcomes
	base     *retort.Base
	rounds   int
	prices   []Price
}

func (b *pricing) add(what string, us float64, of string, args ...any) {
	b.prices = append(b.prices, Price{what, us, fmt.Sprintf(of, args...)})
}

func (b *pricing) connect(ctx context.Context) (*flight.Conn, error) {
	parsed, err := pgconn.ParseConfig(b.db.url)
	if err != nil {
		return nil, err
	}
	return flight.Connect(ctx, &flight.Config{Conn: parsed})
}

// loan is borrowing and giving back, from a pool of one connection.
func (b *pricing) loan(change func(*pool.Config[*flight.Conn])) (borrow func(context.Context) error, end func(context.Context) error, err error) {
	cfg := pool.Config[*flight.Conn]{
		Open: b.connect, Close: func(c *flight.Conn) { _ = c.Close(context.Background()) }, Size: 1,
	}
	change(&cfg)
	p, err := pool.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context) error {
		lease, err := p.Acquire(ctx)
		if err == nil {
			lease.Release()
		}
		return err
	}, p.Close, nil
}

// compareLoans measures a loan from two pools.
func (b *pricing) compareLoans(ctx context.Context, change func(*pool.Config[*flight.Conn])) (more, without float64, err error) {
	plain, end1, err := b.loan(func(*pool.Config[*flight.Conn]) {})
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, end1(ctx)) }()
	dear, end2, err := b.loan(change)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, end2(ctx)) }()
	return compare(ctx, b.rounds, plain, dear)
}

// liveness looks at the socket of each connection that is lent.
func (b *pricing) liveness(ctx context.Context) error {
	more, without, err := b.compareLoans(ctx, func(cfg *pool.Config[*flight.Conn]) { cfg.Alive = (*flight.Conn).Alive })
	b.add("liveness check: a look at the socket, at each loan", more, "a loan of %.1f µs", without)
	return err
}

// ping asks a connection that was idle.
func (b *pricing) ping(ctx context.Context) error {
	more, without, err := b.compareLoans(ctx, func(cfg *pool.Config[*flight.Conn]) {
		cfg.PrePing, cfg.PingAfter = true, 1
		cfg.Ping = func(ctx context.Context, c *flight.Conn) error { return c.Ping(ctx) }
	})
	b.add("ping with `PrePing`, where a connection was idle for 30 s", more, "a loan of %.1f µs; never on a busy connection", without)
	return err
}

// reset cleans a connection on which raw SQL ran.
func (b *pricing) reset(ctx context.Context) error {
	c, err := b.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	raw := func(ctx context.Context) error {
		return c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{{SQL: "SELECT 1", Raw: true}}})
	}
	more, without, err := compare(ctx, b.rounds, raw, func(ctx context.Context) error {
		return errors.Join(raw(ctx), c.Reset(ctx))
	})
	b.add("reset of a dirty connection, after raw SQL only", more, "off the caller's path, after %.1f µs of raw SQL", without)
	return err
}

func (b *pricing) open(change func(*retort.Config)) (*retort.Engine, error) {
	cfg := retort.Config{URL: b.db.url, Base: b.base, PoolSize: 1, MaxOverflow: 1}
	change(&cfg)
	return retort.Open(cfg)
}

// buffering compares a handler of net/http with the same under web.
func (b *pricing) buffering(ctx context.Context) error {
	eng, err := b.open(func(*retort.Config) {})
	if err != nil {
		return err
	}
	defer closeEngine(eng)
	read := func(ctx context.Context, s *retort.Session, _ *struct{}) (*Item, error) {
		return b.items.Get(ctx, s, int64(1))
	}
	inSession := retort.InSession(eng, retort.TxOptions{}, read)
	direct := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		item, err := inSession(r.Context(), &struct{}{})
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(item)
	})
	sessions := web.Sessions(eng)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		item, err := read(r.Context(), web.Session(r), nil)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(item)
	}))
	for _, dear := range []struct {
		what    string
		handler http.Handler
	}{{"buffered answer, `web.Sessions` around a plain handler", sessions}, {"buffered answer, input and problem details, `web.Handle`", web.Handle(eng, read)}} {
		more, without, err := compare(ctx, b.rounds, visit(direct), visit(dear.handler))
		if err != nil {
			return err
		}
		b.add(dear.what, more, "a read by key of %.0f µs", without)
	}
	return nil
}

// settings compares an engine with all of Config's protections to one with none.
func (b *pricing) settings(ctx context.Context) error {
	return b.inserts(ctx, "`PrePing`, `Recycle`, `HeldLimit`, `RepeatLimit`, timeouts and an observer at once", func(cfg *retort.Config) {
		*cfg = protected(b.db.url, b.base)
	})
}

// outcome compares an engine that leaves a row for each commit to one that does not.
func (b *pricing) outcome(ctx context.Context) error {
	return b.inserts(ctx, "outcome record, `Config.Outcomes`: a row in the flight of each COMMIT", func(cfg *retort.Config) { cfg.Outcomes = b.outcomes })
}

// inserts measures an insert with COMMIT on two engines.
func (b *pricing) inserts(ctx context.Context, what string, change func(*retort.Config)) error {
	plain, err := b.open(func(*retort.Config) {})
	if err != nil {
		return err
	}
	defer closeEngine(plain)
	dear, err := b.open(change)
	if err != nil {
		return err
	}
	defer closeEngine(dear)
	insert := func(eng *retort.Engine) func(context.Context) error {
		call := retort.InSession(eng, retort.TxOptions{}, func(_ context.Context, s *retort.Session, _ *struct{}) (*struct{}, error) {
			s.Add(&Item{N: 1})
			return nil, nil
		})
		return func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Minute) // the server is told of it
			defer cancel()
			_, err := call(ctx, nil)
			return err
		}
	}
	more, without, err := compare(ctx, b.rounds, insert(plain), insert(dear))
	b.add(what, more, "an insert with COMMIT of %.0f µs", without)
	return err
}

// idempotency compares a POST with a key to one without.
func (b *pricing) idempotency(ctx context.Context) error {
	eng, err := b.open(func(*retort.Config) {})
	if err != nil {
		return err
	}
	defer closeEngine(eng)
	handler := web.Handle(eng, func(_ context.Context, s *retort.Session, _ *struct{}) (*Item, error) {
		item := &Item{N: 1}
		s.Add(item)
		return item, nil
	}, web.Idempotent(b.keys, oneAccount), web.Status(http.StatusCreated), web.Logger(quiet()))
	n := 0
	more, without, err := compare(ctx, b.rounds, visit(handler), func(ctx context.Context) error {
		n++
		return visit(handler, web.IdempotencyHeader, fmt.Sprint("key", n))(ctx)
	})
	if err != nil {
		return err
	}
	rows, err := b.db.count(ctx, "SELECT count(*) FROM idempotency_keys")
	if err != nil {
		return err
	}
	bytes, err := b.db.count(ctx, "SELECT pg_total_relation_size('idempotency_keys')")
	b.add("`web.Idempotent`, a request with a key: one round trip more", more, "a POST of %.0f µs; 1,000 writes: %.0f ms and %.0f kB of rows",
		without, more, float64(bytes)/float64(max(rows, 1))*1000/1024)
	return err
}
