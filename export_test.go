package retort

import "github.com/jackc/pgx/v5/pgconn"

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

// RetryBudget is the budget of an engine, on its own.
type RetryBudget struct{ b retryBudget }

// NewRetryBudget makes a budget.
func NewRetryBudget(most int) *RetryBudget { return &RetryBudget{retryBudget{most: float64(most)}} }

// Take asks for one repetition.
func (r *RetryBudget) Take() bool { return r.b.take() }

// Put gives one back.
func (r *RetryBudget) Put() { r.b.put() }
