package retort

import (
	"fmt"
	"sync"
	"time"
)

const (
	defaultRetryBudget = 100
	maxRetryBudget     = 1_000_000

	// retryRefill is what a quiet engine gets back a second, so that a few
	// collisions are repeated however little else commits.
	retryRefill = 10
)

// retryBudget bounds the repetitions of all units of work of an engine. Each one
// takes a token; each unit that commits puts one back, and so does time. A storm in
// which nothing succeeds costs what is in reserve, and then ten a second, instead of
// six times the load.
//
//   - Concurrency: safe for many goroutines.
//   - Source: the retry budgets of Finagle and gRPC (gRFC A6, retry throttling).
type retryBudget struct {
	most float64 // below 0: no bound

	mu    sync.Mutex // guards all that follows
	taken float64
	since time.Time // when taken was brought up to date
}

// take tells whether one more repetition is within the budget.
func (b *retryBudget) take() bool {
	if b.most < 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	b.taken = max(0, b.taken-retryRefill*now.Sub(b.since).Seconds())
	b.since = now
	if b.taken+1 > b.most {
		return false
	}
	b.taken++
	return true
}

// put gives back for a unit of work that was committed.
func (b *retryBudget) put() {
	if b.most < 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken = max(0, b.taken-1)
}

// RetryBudgetError says that a unit of work was not repeated although the database
// asked for it: the engine has repeated too much of late.
//
//   - Shape: Attempts is how often it ran; Err is what the last run ended with.
type RetryBudgetError struct {
	Attempts int
	Err      error
}

// Error says what happened and what to do.
func (e *RetryBudgetError) Error() string {
	return fmt.Sprintf("retort: given up after %d attempts, as the engine's retry budget is used up; look for what collides, or raise Config.RetryBudget; see docs/errors.md#retry-budget: %v", e.Attempts, e.Err)
}

// Unwrap gives what the last run ended with.
func (e *RetryBudgetError) Unwrap() error { return e.Err }
