package retort_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// refusals is an observer that counts what the retry budget refused.
type refusals struct {
	recorder
	refused, retried atomic.Int64
}

func (r *refusals) RetryRefused(_ context.Context, info retort.RetryInfo) {
	if info.Attempt > 0 && pgerr.Retryable(info.Err) && info.Pause == 0 {
		r.refused.Add(1)
	}
}
func (r *refusals) SessionRetry(context.Context, retort.RetryInfo) { r.retried.Add(1) }
func (r *refusals) SessionEnd(context.Context, retort.SessionInfo) {}

func TestRetryBudget(t *testing.T) {
	t.Parallel()
	takes := func(b *retort.RetryBudget) (n int) {
		for n < 1000 && b.Take() {
			n++
		}
		return n
	}
	t.Run("fills_with_time_and_with_commits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := retort.NewRetryBudget(100)
			for _, step := range []struct {
				wait time.Duration
				puts int
				want int
			}{{0, 0, 100}, {0, 0, 0}, {time.Second, 0, 10}, {250 * time.Millisecond, 0, 2}, {0, 7, 7}, {time.Hour, 1000, 100}, {50 * time.Millisecond, 0, 0}, {50 * time.Millisecond, 0, 1}} {
				time.Sleep(step.wait)
				for range step.puts {
					b.Put()
				}
				if got := takes(b); got != step.want {
					t.Errorf("after %s and %d commits: %d, want %d", step.wait, step.puts, got, step.want)
				}
			}
			if got := takes(retort.NewRetryBudget(-1)); got != 1000 {
				t.Errorf("without a bound %d", got)
			}
		})
	})
	t.Run("a_storm_does_not_multiply_the_load", func(t *testing.T) {
		t.Parallel()
		const units = 20
		storm := func(budget int) (attempts, refused int64, seen *refusals) {
			seen = &refusals{}
			b := newBench(t, func(c *retort.Config) { c.RetryBudget = budget })
			eng, err := retort.Open(retort.Config{Base: library, URL: b.URL(), RetryBudget: budget, Observer: seen})
			must(t, err)
			defer func() { must(t, eng.Close(context.Background())) }()
			fail := raise(t, b)
			var ran, told atomic.Int64
			var work sync.WaitGroup
			for range units {
				work.Go(func() {
					_, err := retort.Run(t.Context(), eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
						ran.Add(1)
						return nil, fail(ctx, s, "40001")
					})
					if pgerr.KindOf(err) != pgerr.Serialization {
						t.Errorf("got %v", err)
					}
					if spent, ok := errors.AsType[*retort.RetryBudgetError](err); ok {
						told.Add(1)
						wantErr(t, err, spent.Err, "retry budget is used up")
						if spent.Attempts < 1 || spent.Attempts > 5 {
							t.Errorf("gave up after %d attempts", spent.Attempts)
						}
					}
				})
			}
			work.Wait()
			return ran.Load(), told.Load(), seen
		}
		attempts, refused, seen := storm(2)
		if attempts >= 6*units || refused == 0 || seen.refused.Load() != refused || seen.retried.Load() != attempts-units {
			t.Errorf("%d attempts, %d refused; told: %d refused, %d retried", attempts, refused, seen.refused.Load(), seen.retried.Load())
		}
		// The control: without a bound each runs six times.
		if attempts, refused, _ := storm(-1); attempts != 6*units || refused != 0 {
			t.Errorf("unbounded: %d attempts, %d refused", attempts, refused)
		}
	})
	t.Run("a_handler_that_is_not_repeatable_costs_nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.RetryBudget = 1 })
		fail := raise(t, b)
		call := retort.InSession(b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session, _ *input) (*string, error) {
			return nil, fail(ctx, s, "40001")
		})
		for range 5 {
			_, err := call(t.Context(), nil)
			if _, spent := errors.AsType[*retort.RetryBudgetError](err); spent || !pgerr.Retryable(err) {
				t.Errorf("got %v", err)
			}
		}
	})
}

// TestRun_transactions_are_what_their_options_say, as the server sees them.
func TestRun_transactions_are_what_their_options_say(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	const sql = `SELECT concat_ws(' ', current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_setting('transaction_deferrable'))`
	for want, opts := range map[string]retort.TxOptions{
		"read committed off off":  {},
		"read committed on off":   {ReadOnly: true},
		"repeatable read off off": {Isolation: retort.RepeatableRead},
		"serializable on on":      {Isolation: retort.Serializable, ReadOnly: true, Deferrable: true},
		"serializable off off":    {Isolation: retort.Serializable, Settings: map[string]string{"app.tenant": "x"}},
	} {
		got, err := retort.Run(ctx, b.Engine, opts, func(ctx context.Context, s *retort.Session) (string, error) {
			return retort.SQL[string](sql).One(ctx, s)
		})
		must(t, err)
		if got != want {
			t.Errorf("%+v: the server says %q, want %q", opts, got, want)
		}
	}
	b.idle(t)
}
