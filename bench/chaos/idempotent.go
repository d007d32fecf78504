package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// copies is how often each request is sent, at once.
const copies = 3

// Payment is what a request must make once.
type Payment struct {
	retort.BigintKey
	Request string
}

// payment is the request's body.
type payment struct {
	Request string `json:"request"`
}

// Idempotent counts effects too many or too few, and requests with different
// answers, over POSTs that are sent three times at once with an Idempotency-Key, by
// clients that repeat until they have an answer, while answers to COMMIT are lost,
// connections are reset and backends are killed.
//
// pgxpool's handler keeps the key in the same transaction too, written by hand; the
// control looks for the key, acts, and then notes it down.
func Idempotent(ctx context.Context, env *Env, requests int) (line Line, err error) {
	line = Line{
		Number: 15, RedFrom: 1, Target: "exactly 1,000, identical answers",
		What:      fmt.Sprintf("effects too many or too few and different answers, %d POSTs sent %d times at once under faults", requests, copies),
		ControlIs: "pgxpool, which looks for the key, acts, and then notes it",
	}
	for _, side := range []struct {
		into *Side
		open openHandler
	}{{&line.Retort, openRetortTill}, {&line.Pgxpool, openTill(payInOneTx)}, {&line.Control, openTill(payThenNote)}} {
		if *side.into, err = pay(ctx, env, requests, side.open); err != nil {
			return line, err
		}
		env.Say("15: %s", *side.into)
	}
	return line, nil
}

func tillBase() (*web.Idempotency, *retort.Base) {
	keys := web.NewIdempotency("idempotency_keys")
	return keys, retort.NewBase(retort.NewTable[Payment]("payments"), keys.Table)
}

func oneAccount(*http.Request) (string, error) { return "one", nil }

func openRetortTill(ctx context.Context, url string) (http.Handler, func(), error) {
	keys, base := tillBase()
	eng, err := retort.Open(retort.Config{URL: url, Base: base, PoolSize: capacity})
	if err != nil {
		return nil, nil, err
	}
	return web.Handle(eng, func(_ context.Context, s *retort.Session, in *payment) (*Payment, error) {
		p := &Payment{Request: in.Request}
		s.Add(p)
		return p, nil
	}, web.Idempotent(keys, oneAccount), web.Repeatable(), web.Status(http.StatusCreated), web.Logger(quiet())), func() { closeEngine(eng) }, nil
}

// openTill serves payments by a function over pgxpool, which returns the number of
// the payment.
func openTill(pay func(ctx context.Context, pool *pgxpool.Pool, key, request string) (int64, error)) openHandler {
	return func(ctx context.Context, url string) (http.Handler, func(), error) {
		pool, err := newPool(ctx, url, capacity)
		if err != nil {
			return nil, nil, err
		}
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var in payment
			err := json.NewDecoder(r.Body).Decode(&in)
			var id int64
			if err == nil {
				id, err = pay(r.Context(), pool, r.Header.Get(web.IdempotencyHeader), in.Request)
			}
			if err != nil {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprintf(w, `{"id":%d}`, id)
		}), pool.Close, nil
	}
}

const (
	insertPayment = "INSERT INTO payments (request) VALUES ($1) RETURNING id"
	keptPayment   = "SELECT body FROM idempotency_keys WHERE scope = 'one' AND key = $1"
	keepPayment   = "INSERT INTO idempotency_keys (scope, key, request, status, location, etag, header, body) VALUES ('one', $1, '', 201, '', '', '', $2) ON CONFLICT DO NOTHING"
)

func payInOneTx(ctx context.Context, pool *pgxpool.Pool, key, request string) (id int64, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, keepPayment, key, []byte{})
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			id, err = kept(ctx, tx, key)
			return err
		}
		if err := tx.QueryRow(ctx, insertPayment, request).Scan(&id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE idempotency_keys SET body = $2 WHERE scope = 'one' AND key = $1", key, fmt.Append(nil, id))
		return err
	})
	return id, err
}

func payThenNote(ctx context.Context, pool *pgxpool.Pool, key, request string) (int64, error) {
	id, err := kept(ctx, pool, key)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, err
	}
	if err := pool.QueryRow(ctx, insertPayment, request).Scan(&id); err != nil {
		return 0, err
	}
	_, err = pool.Exec(ctx, keepPayment, key, fmt.Append(nil, id))
	return id, err
}

func kept(ctx context.Context, db interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}, key string,
) (id int64, err error) {
	var body []byte
	if err := db.QueryRow(ctx, keptPayment, key).Scan(&body); err != nil {
		return 0, err
	}
	_, err = fmt.Sscan(string(body), &id)
	return id, err
}

// pay sends the requests and counts what came of them.
func pay(ctx context.Context, env *Env, requests int, open openHandler) (found Side, err error) {
	_, base := tillBase()
	s, err := env.serve(ctx, base, open)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()

	weather := storm(s.p)
	var mu sync.Mutex // guards answers, repeats and the watching connection
	answers, repeats := make(map[int]map[string]bool), 0
	err = inParallel(capacity*2, requests*copies, func(i int) error {
		if i%100 == 99 {
			mu.Lock()
			_, err := s.db.count(ctx, "SELECT count(pg_terminate_backend(pid))"+others)
			mu.Unlock()
			if err != nil {
				return err
			}
		}
		request := i / copies
		for try := 0; ; try++ {
			status, body, err := s.ask(ctx, "/", fmt.Sprintf(`{"request":"%d"}`, request), web.IdempotencyHeader, fmt.Sprint("key", request))
			if err == nil && status == http.StatusCreated {
				mu.Lock()
				defer mu.Unlock()
				repeats += try
				if answers[request] == nil {
					answers[request] = make(map[string]bool)
				}
				answers[request][body] = true
				return nil
			}
			if try > 1000 || ctx.Err() != nil {
				return errors.Join(fmt.Errorf("request %d is not answered: status %d %s", request, status, body), err)
			}
		}
	})
	if err != nil {
		return found, err
	}
	different := 0
	for _, bodies := range answers {
		if len(bodies) != 1 {
			different++
		}
	}
	wrong, err := s.db.count(ctx, "SELECT count(*) FROM (SELECT request FROM payments GROUP BY request HAVING count(*) <> 1) more")
	if err != nil {
		return found, err
	}
	effects, err := s.db.count(ctx, "SELECT count(*) FROM payments")
	return Side{
		Bad: wrong + different + max(0, requests-effects), Of: requests,
		Note: fmt.Sprintf("%d effects, %d requests with different answers, %d faults, %d answers asked for again", effects, different, weather(), repeats),
	}, err
}
