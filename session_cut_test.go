package retort_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestLostReplyToCommit cuts the line before the answer to COMMIT. The row is
// there, or not: nothing may be sent again.
func TestLostReplyToCommit(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("is_unknown_and_never_sent_again", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		const cuts = 100
		b.Proxy.CutBefore(proxy.CommitReply).Times(cuts)
		for i := range cuts {
			s := b.Engine.Session()
			old := &Counter{Name: fmt.Sprint(i)}
			s.Add(old)
			if i%2 == 1 { // COMMIT in a flight of its own
				must(t, s.Flush(ctx))
			}
			err := s.Commit(ctx)
			if !errors.Is(err, retort.ErrCommitUnknown) || pgerr.Transient(err) || pgerr.Retryable(err) {
				t.Fatalf("cut %d: %v", i, err)
			}
			wantErr(t, s.Commit(ctx), retort.ErrCommitUnknown)
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
			wantState(t, s, old, "detached")
			must(t, s.Close(ctx))
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != cuts {
			t.Errorf("%d rows, want %d", n, cuts)
		}
		b.idle(t)
	})
	t.Run("keeps_what_the_database_made", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		must(t, b.Engine.Ping(ctx))
		b.Proxy.CutBefore(proxy.CommitReply)
		s := b.session(t)
		a := newAuthor("a")
		s.Add(a)
		must(t, s.Flush(ctx))
		wantErr(t, s.Commit(ctx), retort.ErrCommitUnknown)
		must(t, s.Rollback(ctx))
		if a.CreatedAt.IsZero() || a.Version.Version != 1 {
			t.Errorf("what may be true was taken back: %+v", a)
		}
		wantState(t, s, a, "detached")
		got, err := Authors.Get(ctx, s, a.ID) // the way to find out
		must(t, err)
		if got.Name != "a" {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("COMMIT_that_never_arrived_is_unknown_too_or_rolled_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for i := range 10 {
			must(t, b.Engine.Ping(ctx))
			b.Proxy.CutBefore(proxy.Runs("commit"))
			s := b.session(t)
			s.Add(&Counter{Name: fmt.Sprint(i)})
			if err := s.Commit(ctx); err == nil {
				t.Fatal("committed")
			}
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
	t.Run("after_the_time_limit", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.CommitTimeout = 100 * time.Millisecond })
		must(t, b.Engine.Ping(ctx))
		s := b.session(t)
		s.Add(&Counter{Name: "x"})
		b.Proxy.BlackHole(true)
		err := s.Commit(ctx)
		b.Proxy.BlackHole(false)
		wantErr(t, err, retort.ErrCommitUnknown)
		b.idle(t)
	})
	t.Run("that_an_error_preceded_is_known_to_be_rolled_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "dup"})
		b.Proxy.CutAfter(func(m proxy.Message) bool { return m.SQLState() == "23505" })
		s := b.session(t)
		s.Add(&Counter{Name: "dup"})
		err := s.Commit(ctx)
		if pgerr.KindOf(err) != pgerr.Unique || errors.Is(err, retort.ErrCommitUnknown) {
			t.Errorf("got %v", err)
		}
	})
}

// TestKilledInFlight has the server end a connection while a flight is under way.
func TestKilledInFlight(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// blocked runs do while another transaction holds the row "held", kills the
	// connection that waits for it, and returns what do says.
	blocked := func(t *testing.T, b bench, do func() error) error {
		t.Helper()
		lock := b.Conn(t)
		exec := func(sql string) {
			_, err := lock.Exec(ctx, sql)
			must(t, err)
		}
		exec("BEGIN")
		exec("UPDATE counters SET value = value WHERE name = 'held'")
		done := make(chan error, 1)
		go func() { done <- do() }()
		var pid int64
		waitFor(t, "the flight to wait for the row", func() bool {
			rows := b.Rows(t, `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
			if len(rows) == 1 {
				_, err := fmt.Sscan(rows[0], &pid)
				must(t, err)
			}
			return len(rows) == 1
		})
		b.Exec(t, "SELECT pg_terminate_backend($1)", pid)
		exec("COMMIT")
		return <-done
	}
	setup := func(t *testing.T) (bench, *retort.Session, *Counter) {
		b := newBench(t)
		commit(t, b.Engine, &Counter{Name: "held"})
		s := b.session(t)
		c, err := Counters.Get(ctx, s, "held")
		must(t, err)
		b.seen.take()
		return b, s, c
	}
	value := func(t *testing.T, b bench) int64 {
		return b.QueryInt(t, "SELECT value FROM counters WHERE name = 'held'")
	}
	t.Run("first_flight_with_COMMIT_is_repeated_since_it_was_rolled_back_for_sure", func(t *testing.T) {
		t.Parallel()
		b, s, c := setup(t)
		c.Value++
		must(t, blocked(t, b, func() error { return s.Commit(ctx) }))
		if got := value(t, b); got != 1 {
			t.Errorf("value %d", got)
		}
		if got := b.seen.take(); len(got) != 2 || got[1].Attempt != 2 {
			t.Errorf("flights: %+v", got)
		}
		b.idle(t)
	})
	t.Run("a_later_flight_fails_the_session_and_is_not_unknown", func(t *testing.T) {
		t.Parallel()
		b, s, c := setup(t)
		s.Add(&Counter{Name: "first"})
		must(t, s.Flush(ctx))
		c.Value++
		err := blocked(t, b, func() error { return s.Commit(ctx) })
		if errors.Is(err, retort.ErrCommitUnknown) || pgerr.KindOf(err) != pgerr.Shutdown || !pgerr.Transient(err) {
			t.Errorf("got %v", err)
		}
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
		if value(t, b) != 0 || b.QueryInt(t, "SELECT count(*) FROM counters") != 1 {
			t.Error("a part was committed")
		}
		b.idle(t)
	})
	t.Run("raw_SQL_is_not_repeated", func(t *testing.T) {
		t.Parallel()
		b, s, _ := setup(t)
		err := blocked(t, b, func() error {
			_, err := s.Exec(ctx, "UPDATE counters SET value = value + 1 WHERE name = 'held'")
			return err
		})
		if pgerr.KindOf(err) != pgerr.Shutdown {
			t.Errorf("got %v", err)
		}
		if got := b.seen.take(); len(got) != 1 {
			t.Errorf("flights: %+v", got)
		}
		must(t, s.Rollback(ctx))
		b.idle(t)
	})
	t.Run("a_connection_that_dies_between_flights", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, victims)
		s := b.session(t)
		a := newAuthor("a")
		s.Add(a)
		must(t, s.Flush(ctx))
		b.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim' AND datname = current_database()")
		s.Add(&Counter{Name: "second"})
		err := s.Commit(ctx)
		if err == nil || errors.Is(err, retort.ErrCommitUnknown) && pgerr.KindOf(err) == pgerr.Shutdown {
			t.Errorf("got %v", err)
		}
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors") + b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
}

// TestNothingTwiceUnderRandomCuts breaks connections at random messages and
// compares what callers were told with what is there.
func TestNothingTwiceUnderRandomCuts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	const workers, each = 6, 40
	cuts := b.Proxy.CutBefore(func(proxy.Message) bool { return rand.IntN(100) == 0 }).Times(-1)
	var work sync.WaitGroup
	var acked, gone, unknown sync.Map
	var counts [3]atomic.Int64
	for w := range workers {
		work.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d/%d", w, i)
				_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
					if i%3 == 0 {
						if _, err := Counters.Query().Count(ctx, s); err != nil {
							return nil, err
						}
					}
					s.Add(&Counter{Name: name})
					if i%2 == 0 {
						return nil, s.Flush(ctx)
					}
					return nil, nil
				})
				switch {
				case err == nil:
					acked.Store(name, err)
					counts[0].Add(1)
				case errors.Is(err, retort.ErrCommitUnknown):
					unknown.Store(name, err)
					counts[1].Add(1)
				default:
					gone.Store(name, err)
					counts[2].Add(1)
				}
			}
		})
	}
	work.Wait()
	cuts.Times(0)
	waitFor(t, "the broken backends to end", func() bool {
		return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'") == 0
	})
	there := make(map[string]bool)
	for _, name := range b.Rows(t, "SELECT name FROM counters") {
		there[name] = true
	}
	acked.Range(func(name, _ any) bool {
		if !there[name.(string)] {
			t.Errorf("%s was acknowledged and is not there", name)
		}
		return true
	})
	gone.Range(func(name, err any) bool {
		if there[name.(string)] {
			t.Errorf("%s is there, but its caller was told: %v", name, err)
		}
		return true
	})
	t.Logf("%d acknowledged, %d unknown, %d failed, %d cuts", counts[0].Load(), counts[1].Load(), counts[2].Load(), cuts.Fired())
	if counts[0].Load() == 0 || cuts.Fired() == 0 {
		t.Error("nothing was committed, or nothing was cut: this test proves nothing")
	}
	b.idle(t)
}
