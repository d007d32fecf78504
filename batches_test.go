package retort_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
)

func TestBatches(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	double := func(_ context.Context, _ *retort.Session, rows []*Counter) error {
		for _, c := range rows {
			c.Value *= 2
		}
		return nil
	}

	t.Run("walks_all_rows_once_in_two_trips_a_batch", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{1, 7, 49, 50, 51} {
			b := newBench(t)
			numbers(t, b, 50)
			var sizes []int
			b.seen.take()
			n, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: size}, func(ctx context.Context, s *retort.Session, rows []*Counter) error {
				sizes = append(sizes, len(rows))
				return double(ctx, s, rows)
			})
			must(t, err)
			flights := len(b.seen.take())
			batches, reads := (50+size-1)/size, 50/size+1
			if n != 50 || len(sizes) != reads && len(sizes) != batches || flights != batches+reads {
				t.Errorf("size %d: %d rows in %v, %d round trips", size, n, sizes, flights)
			}
			if sum := b.QueryInt(t, "SELECT sum(value) FROM counters"); sum != 50*51 {
				t.Errorf("size %d: the sum is %d", size, sum)
			}
			b.idle(t)
		}
	})
	t.Run("of_a_filtered_query_with_locks_and_of_none", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 20)
		n, err := retort.Batches(ctx, b.Engine, Counters.Where(retort.Gt(&Counters.C.Value, 10)).ForUpdate(), retort.BatchOptions{Size: 4}, double)
		must(t, err)
		if n != 10 {
			t.Errorf("%d rows", n)
		}
		n, err = retort.Batches(ctx, b.Engine, Counters.Where(retort.Gt(&Counters.C.Value, 1000)), retort.BatchOptions{}, double)
		must(t, err)
		if n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("by_a_key_of_several_columns_and_while_rows_go", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, shops)
		k.Exec(t, "INSERT INTO seats SELECT 'h' || h, r, n, NULL, false FROM generate_series(1, 2) h, generate_series(1, 3) r, generate_series(1, 4) n")
		var met []string
		n, err := retort.Batches(ctx, k.Engine, Seats.Query(), retort.BatchOptions{Size: 5}, func(_ context.Context, s *retort.Session, rows []*Seat) error {
			for _, seat := range rows {
				met = append(met, fmt.Sprint(seat.Hall, seat.Row, seat.No))
				s.Delete(seat)
			}
			return nil
		})
		must(t, err)
		if n != 24 || !slices.IsSorted(met) || k.QueryInt(t, "SELECT count(*) FROM seats") != 0 {
			t.Errorf("%d rows: %v", n, met)
		}
	})
	t.Run("says_how_far_it_came_and_goes_on_there", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 30)
		mine := errors.New("mine")
		var all []string
		collect := func(stop string) func(context.Context, *retort.Session, []*Counter) error {
			return func(ctx context.Context, s *retort.Session, rows []*Counter) error {
				if slices.ContainsFunc(rows, func(c *Counter) bool { return c.Name == stop }) {
					must(t, double(ctx, s, rows))
					must(t, s.Flush(ctx)) // and is rolled back
					return mine
				}
				for _, c := range rows {
					all = append(all, c.Name)
				}
				return double(ctx, s, rows)
			}
		}
		n, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: 8}, collect("000020"))
		wantErr(t, err, mine, "behind 16 rows in 2 batches")
		at, ok := errors.AsType[*retort.BatchError](err)
		if !ok || n != 16 || at.Rows != 16 || at.Batches != 2 || !cmp.Equal(at.Position, []any{"000016"}) {
			t.Fatalf("%d rows, %+v", n, at)
		}
		n, err = retort.Batches(ctx, b.Engine, Counters.Query().After(at.Position...), retort.BatchOptions{Size: 8}, collect("000030"))
		wantErr(t, err, mine)
		at, _ = errors.AsType[*retort.BatchError](err)
		if n != 8 || !cmp.Equal(at.Position, []any{"000024"}) {
			t.Errorf("%d rows, %+v", n, at)
		}
		_, err = retort.Batches(ctx, b.Engine, Counters.Query().After(at.Position...), retort.BatchOptions{Size: 8}, collect(""))
		must(t, err)
		if len(all) != 30 || !slices.IsSorted(all) || b.QueryInt(t, "SELECT sum(value) FROM counters") != 30*31 {
			t.Errorf("%d rows: %v", len(all), all)
		}
		b.idle(t)
	})
	t.Run("stops_when_the_context_ends", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 30)
		ctx, cancel := context.WithCancel(ctx)
		batches := 0
		_, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: 10}, func(ctx context.Context, s *retort.Session, rows []*Counter) error {
			if batches++; batches == 2 {
				cancel()
			}
			return double(ctx, s, rows)
		})
		wantErr(t, err, context.Canceled, "behind 10 rows")
		_, err = retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{}, double)
		wantErr(t, err, context.Canceled, "behind 0 rows")
		if at, _ := errors.AsType[*retort.BatchError](err); at.Position != nil {
			t.Errorf("position %v", at.Position)
		}
		if sum := b.QueryInt(t, "SELECT sum(value) FROM counters"); sum != 31*15+55 {
			t.Errorf("the sum is %d", sum)
		}
		b.idle(t)
	})
	t.Run("repeats_a_batch_and_does_not_count_one_of_unknown_outcome", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 10)
		fail := raise(t, b)
		runs := 0
		n, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: 5}, func(ctx context.Context, s *retort.Session, rows []*Counter) error {
			must(t, double(ctx, s, rows))
			if runs++; runs == 2 {
				return fail(ctx, s, "40001")
			}
			return nil
		})
		must(t, err)
		if n != 10 || runs != 3+1 && runs != 3 || b.QueryInt(t, "SELECT sum(value) FROM counters") != 110 {
			t.Errorf("%d rows in %d runs", n, runs)
		}
		b.Proxy.CutBefore(proxy.CommitReply)
		n, err = retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: 5}, double)
		wantErr(t, err, retort.ErrCommitUnknown, "behind 0 rows")
		if n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("a_batch_is_counted_when_only_what_followed_its_COMMIT_failed", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		numbers(t, b, 10)
		mine := errors.New("mine")
		n, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: 5}, func(ctx context.Context, s *retort.Session, rows []*Counter) error {
			s.AfterCommit(func(context.Context) error { return mine })
			return double(ctx, s, rows)
		})
		wantErr(t, err, mine, "behind 5 rows in 1 batches")
		if n != 5 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("in_constant_memory", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		const batches, size = 20, 100
		numbers(t, b, batches*size)
		var gone atomic.Int64 // batches that nobody holds any more
		seen := 0
		_, err := retort.Batches(ctx, b.Engine, Counters.Query(), retort.BatchOptions{Size: size}, func(_ context.Context, _ *retort.Session, rows []*Counter) error {
			runtime.AddCleanup(rows[len(rows)-1], func(int) { gone.Add(1) }, 0)
			if seen++; seen == batches {
				waitFor(t, "earlier batches are garbage", func() bool { runtime.GC(); return gone.Load() >= batches-2 })
			}
			return nil
		})
		must(t, err)
		if seen != batches {
			t.Errorf("%d batches", seen)
		}
	})
	t.Run("what_cannot_be_walked_is_told", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		all := Counters.Query()
		for want, q := range map[string]*retort.Query[Counter]{
			"leave OrderBy out":       all.OrderBy(retort.Asc(&Counters.C.Value)),
			"leave Limit and":         all.Limit(10),
			"and Offset out":          all.Offset(10),
			"leave Distinct":          all.Distinct(),
			"got 2 values for 1 keys": all.After("a", "b"),
		} {
			n, err := retort.Batches(ctx, b.Engine, q, retort.BatchOptions{}, double)
			wantErr(t, err, nil, want)
			if n != 0 {
				t.Errorf("%s: %d rows", want, n)
			}
		}
		_, err := retort.Batches(ctx, b.Engine, all, retort.BatchOptions{Size: -1}, double)
		wantErr(t, err, nil, "Size is -1")
		_, err = retort.Batches(ctx, b.Engine, all, retort.BatchOptions{}, nil)
		wantErr(t, err, nil, "the function is nil")
		numbers(t, b, 1)
		_, err = retort.Batches(ctx, b.Engine, all, retort.BatchOptions{Tx: retort.TxOptions{ReadOnly: true}}, double)
		wantErr(t, err, retort.ErrReadOnly)
		if pgerr.Retryable(err) {
			t.Error("retryable")
		}
	})
}
