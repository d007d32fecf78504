package retort

import (
	"context"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
)

// PasswordOf is the password that a URL gives to the driver.
func PasswordOf(raw string) string {
	cfg, err := parseURL(raw)
	if err != nil {
		return err.Error()
	}
	return cfg.Password
}

// LookUpBy replaces the resolver of an engine that has not connected yet.
func LookUpBy(e *Engine, lookUp pgconn.LookupFunc) { e.fly.Conn.LookupFunc = lookUp }

// NetworkLost tells the network's losses from others.
func NetworkLost(err error) bool { return networkLost(err) }

// RetryBudget is the budget of an engine, on its own.
type RetryBudget struct{ b retryBudget }

// NewRetryBudget makes a budget.
func NewRetryBudget(most int) *RetryBudget { return &RetryBudget{retryBudget{most: float64(most)}} }

// Take asks for one repetition.
func (r *RetryBudget) Take() bool { return r.b.take() }

// Put gives one back.
func (r *RetryBudget) Put() { r.b.put() }

// Fly makes one flight of one SELECT on a connection of its own, past what looks
// on (bare) or by way of it.
func Fly(ctx context.Context, e *Engine) (fly func(bare bool) error, done func(), err error) {
	l, err := e.acquire(ctx)
	if err != nil {
		return nil, nil, err
	}
	c := l.Resource()
	f := &flight.Flight{Statements: []flight.Statement{{SQL: "/* retort:test */ SELECT 1"}}}
	return func(bare bool) error {
		if bare {
			return c.Fly(ctx, f)
		}
		return e.observed(ctx, c, f, 1)
	}, func() { e.release(l, nil) }, nil
}

// PingRole is what the pool asks of a connection that was idle for long.
func PingRole(ctx context.Context, e *Engine) error {
	l, err := e.acquire(ctx)
	if err != nil {
		return err
	}
	defer e.release(l, nil)
	return e.ping(ctx, l.Resource())
}

// OutcomeOf asks what became of a COMMIT that was sent at that time.
func OutcomeOf(ctx context.Context, e *Engine, id uuid.UUID, at time.Time) (committed bool, err error) {
	return e.asked(ctx, &outcome{id: id, at: at, texts: e.witness.texts.Load()})
}
