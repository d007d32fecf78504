package retort_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// TestHotRowsAreLockedInOrder has sixteen writers change the same rows, each in
// an order of its own.
func TestHotRowsAreLockedInOrder(t *testing.T) {
	t.Parallel()
	const writers, rounds, rows = 16, 12, 23 // a prime: any step comes by all rows
	ctx := t.Context()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = writers, 0 })
	var keys []string
	for i := range rows {
		keys = append(keys, fmt.Sprintf("%c%d", 'z'-i, i))
		b.Exec(t, "INSERT INTO counters (name, value) VALUES ($1, 0)", keys[i])
	}
	var work sync.WaitGroup
	for w := range writers {
		work.Go(func() {
			for round := range rounds {
				must(t, writeAll(ctx, b.Engine, keys, w+1, round*7))
			}
		})
	}
	work.Wait()
	if got := b.QueryInt(t, "SELECT count(DISTINCT value) FROM counters"); got != 1 {
		t.Errorf("the rows are those of %d writers: %v", got, b.Rows(t, "SELECT name || '=' || value FROM counters ORDER BY name"))
	}
	b.idle(t)
}

// writeAll writes to all counters, coming by them in steps of step.
func writeAll(ctx context.Context, eng *retort.Engine, keys []string, step, start int) error {
	_, err := retort.Run(ctx, eng, retort.TxOptions{MaxAttempts: 1}, func(ctx context.Context, s *retort.Session) (*Counter, error) {
		counters := make([]*Counter, len(keys))
		for i := range keys {
			c, err := Counters.Get(ctx, s, keys[(i*step+start)%len(keys)])
			if err != nil {
				return nil, err
			}
			counters[i] = c
		}
		for _, c := range counters { // not in the loop above, where the next Get would write it alone
			c.Value = int64(1000*step + start)
		}
		return &Counter{}, nil
	})
	return err
}

// TestRowsLockedInTwoOrdersAreADeadlock is the control of the test before: so
// the server would have noticed.
func TestRowsLockedInTwoOrdersAreADeadlock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newBench(t)
	b.Exec(t, "INSERT INTO counters (name, value) VALUES ('a', 0), ('b', 0)")
	var work, first sync.WaitGroup
	first.Add(2)
	errs := make([]error, 2)
	for i, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		work.Go(func() {
			s := b.Engine.Session()
			defer s.Close(ctx)
			_, errs[i] = s.Exec(ctx, "UPDATE counters SET value = 1 WHERE name = $1", order[0])
			first.Done()
			first.Wait()
			if errs[i] == nil {
				_, errs[i] = s.Exec(ctx, "UPDATE counters SET value = 1 WHERE name = $1", order[1])
			}
		})
	}
	work.Wait()
	if err := errors.Join(errs...); pgerr.KindOf(errs[0]) != pgerr.Deadlock && pgerr.KindOf(errs[1]) != pgerr.Deadlock {
		t.Errorf("no deadlock: %v", err)
	}
}
