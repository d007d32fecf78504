package chaos

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// Price is what a promise costs.
type Price struct {
	What string  `json:"what"`
	US   float64 `json:"us"` // microseconds for each request; the median of many
	Of   string  `json:"of"` // what the request takes without it, or when it is paid
}

// minimumTrips are the round trips of a read, an insert, and a read with a change
// of what was read.
const minimumTrips = 1 + 1 + 2

// Prices counts round trips beyond the protocol's minimum on warm connections, with
// every protection switched on that Config and web have, and measures what each of
// them takes.
//
// The control asks the database whether it is there before each request.
func Prices(ctx context.Context, env *Env, rounds int) (line Line, err error) {
	line = Line{
		Number: 20, RedFrom: rounds, Target: "0 extra round trips",
		What:      fmt.Sprintf("round trips beyond the minimum, %d × a read, an insert and a change on warm connections, all protections on", rounds),
		ControlIs: "Retort with a query of its own before each request",
	}
	for _, side := range []struct {
		into *Side
		open func(ctx context.Context, url string) (*shopper, error)
	}{{&line.Retort, openProtected(false)}, {&line.Pgxpool, openPgxpoolShopper}, {&line.Control, openProtected(true)}} {
		if *side.into, err = countTrips(ctx, env, rounds, side.open); err != nil {
			return line, err
		}
		env.Say("20: %s", *side.into)
	}
	line.Prices, err = priceList(ctx, env, rounds)
	return line, err
}

// shopper makes the three requests.
type shopper struct {
	requests []func(ctx context.Context) error
	end      func()
}

// protected are the settings that are there for bad days.
func protected(url string, base *retort.Base) retort.Config {
	return retort.Config{
		URL: url, Base: base, PoolSize: 1, MaxOverflow: 1,
		PrePing: true, Recycle: time.Hour, HeldLimit: time.Minute, OutageTimeout: time.Second, RepeatLimit: 1000, Observer: &resends{},
		StatementTimeout: time.Minute, LockTimeout: time.Minute, IdleTransactionTimeout: time.Minute,
		Deadlines: retort.DeadlinesOfTransactions,
	}
}

func openProtected(asks bool) func(context.Context, string) (*shopper, error) {
	return func(_ context.Context, url string) (*shopper, error) {
		items, _ := itemsBase()
		outcomes := retort.NewOutcomes("outcomes")
		cfg := protected(url, retort.NewBase(items, outcomes.Table))
		cfg.Outcomes = outcomes
		eng, err := retort.Open(cfg)
		if err != nil {
			return nil, err
		}
		route := func(do func(ctx context.Context, s *retort.Session) error) func(context.Context) error {
			return visit(web.Handle(eng, func(ctx context.Context, s *retort.Session, _ *struct{}) (*struct{}, error) {
				return nil, do(ctx, s)
			}, web.Repeatable(), web.TimeLimit(time.Minute), web.Logger(quiet())))
		}
		requests := []func(context.Context) error{
			route(func(ctx context.Context, s *retort.Session) error { _, err := items.Get(ctx, s, int64(1)); return err }),
			route(func(_ context.Context, s *retort.Session) error { s.Add(&Item{N: 1}); return nil }),
			route(func(ctx context.Context, s *retort.Session) error {
				item, err := items.Get(ctx, s, int64(2))
				if err == nil {
					item.N++
				}
				return err
			}),
		}
		if asks {
			for i, request := range requests {
				requests[i] = func(ctx context.Context) error { return errors.Join(eng.Ping(ctx), request(ctx)) }
			}
		}
		return &shopper{requests, func() { closeEngine(eng) }}, nil
	}
}

func openPgxpoolShopper(ctx context.Context, url string) (*shopper, error) {
	pool, err := newPool(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	s := &shopper{end: pool.Close}
	for i, request := range pgxpoolRequests(pool) {
		s.requests = append(s.requests, func(ctx context.Context) error { return request(ctx, int64(1+i/2)) })
	}
	return s, nil
}

// visit calls a handler without a network.
func visit(handler http.Handler, headers ...string) func(context.Context) error {
	return func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader("{}"))
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		w := &answer{header: http.Header{}}
		handler.ServeHTTP(w, r)
		if w.status >= 300 {
			return fmt.Errorf("status %d: %.300s", w.status, w.body)
		}
		return nil
	}
}

// answer keeps what a handler says.
type answer struct {
	header http.Header
	status int
	body   []byte
}

// Header is what the handler sets.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader keeps the status.
func (a *answer) WriteHeader(status int) { a.status = status }

// Write keeps the body.
func (a *answer) Write(p []byte) (int, error) {
	a.body = append(a.body, p...)
	return len(p), nil
}

// countTrips counts round trips on the wire when everything is warm.
func countTrips(ctx context.Context, env *Env, rounds int, open func(context.Context, string) (*shopper, error)) (found Side, err error) {
	items, _ := itemsBase()
	db, p, err := env.proxied(ctx, retort.NewBase(items, retort.NewOutcomes("outcomes").Table), itemsSQL)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	s, err := open(ctx, p.URL())
	if err != nil {
		return found, err
	}
	defer s.end()
	for round := range 3 + rounds {
		if round == 3 { // all is prepared
			p.Reset()
		}
		for _, request := range s.requests {
			if err := request(ctx); err != nil {
				return found, err
			}
		}
	}
	trips, counts := p.RoundTrips(), p.Counts()
	least := rounds * minimumTrips
	return Side{
		Bad: trips - least + counts.Accepted, Of: least, After: true,
		Note: fmt.Sprintf("%d round trips, %d of them needed; %d new connections", trips, least, counts.Accepted),
	}, nil
}

// compare measures two calls in turns, so that what disturbs one disturbs the other,
// and returns what the second one takes more, and what the first one takes.
func compare(ctx context.Context, rounds int, plain, dear func(context.Context) error) (more, without float64, err error) {
	const block = 20
	took := [2][]time.Duration{}
	for round := range 2 * max(2, rounds/block) {
		f := plain
		if round%2 == 1 {
			f = dear
		}
		for range block {
			begun := time.Now()
			if err := f(ctx); err != nil {
				return 0, 0, err
			}
			if round >= 2 { // warm
				took[round%2] = append(took[round%2], time.Since(begun))
			}
		}
	}
	middle := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2].Nanoseconds()) / 1000
	}
	without = middle(took[0])
	return middle(took[1]) - without, without, nil
}
