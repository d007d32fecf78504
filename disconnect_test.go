package retort_test

import (
	"context"
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// TestDisconnect has what SQLAlchemy's own tests say of a connection that is lost
// under its user, S10 to S19 of docs/chaos.md.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	// begun is a session with a transaction that has written.
	begun := func(t *testing.T) (bench, *retort.Session) {
		t.Helper()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "first"})
		must(t, s.Flush(ctx))
		return b, s
	}
	count := func(s *retort.Session) (int64, error) { return Counters.Query().Count(ctx, s) }

	t.Run("the_session_is_usable_after_rollback", func(t *testing.T) { // S10
		t.Parallel()
		b, s := begun(t)
		b.Proxy.ResetConnections()
		if _, err := count(s); pgerr.KindOf(err) != pgerr.Connection {
			t.Fatalf("got %v", err)
		}
		must(t, s.Rollback(ctx))
		s.Add(&Counter{Name: "second"})
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("every_call_fails_alike_until_rollback", func(t *testing.T) { // S11
		t.Parallel()
		b, s := begun(t)
		b.Proxy.ResetConnections()
		_, err := count(s)
		if err == nil {
			t.Fatal("nobody noticed")
		}
		b.Proxy.Reset()
		for range 3 {
			_, err := count(s)
			wantErr(t, err, retort.ErrSessionFailed)
			_, err = s.Exec(ctx, "SELECT 1")
			wantErr(t, err, retort.ErrSessionFailed)
			wantErr(t, s.Flush(ctx), retort.ErrSessionFailed)
			wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		}
		if got := b.Proxy.Executions(); len(got) != 0 {
			t.Errorf("it went on silently: %q", got)
		}
		must(t, s.Rollback(ctx))
	})
	t.Run("during_COMMIT_leaves_a_session_that_can_roll_back", func(t *testing.T) { // S12
		t.Parallel()
		b, s := begun(t)
		b.Proxy.CutBefore(proxy.CommitReply)
		wantErr(t, s.Commit(ctx), retort.ErrCommitUnknown)
		must(t, s.Rollback(ctx))
		_, err := count(s)
		must(t, err)
		must(t, s.Close(ctx))
		b.idle(t)
	})
	t.Run("a_COMMIT_that_fails_alone_keeps_the_connection", func(t *testing.T) { // S13
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Event{What: "orphan"})
		must(t, s.Flush(ctx))
		if pgerr.Constraint(s.Commit(ctx)) == nil {
			t.Fatal("the deferred constraint held")
		}
		must(t, s.Rollback(ctx))
		b.idle(t)
		if got := b.Engine.Stats(); got.Closed.Total() != 0 || got.Opened != 1 {
			t.Errorf("have %+v", got)
		}
	})
	t.Run("during_ROLLBACK_ends_the_connection_and_nothing_loops", func(t *testing.T) { // S14
		t.Parallel()
		b, s := begun(t)
		rule := b.Proxy.CutBefore(proxy.Runs("rollback"))
		must(t, s.Rollback(ctx))
		if rule.Fired() != 1 {
			t.Errorf("%d cuts", rule.Fired())
		}
		_, err := count(s)
		must(t, err)
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
	t.Run("ROLLBACK_of_what_is_lost_is_silent", func(t *testing.T) { // S15
		t.Parallel()
		b, s := begun(t)
		failed := s.Savepoint(ctx, func(ctx context.Context) error {
			b.Proxy.ResetConnections()
			_, err := count(s)
			return err
		})
		if failed == nil {
			t.Fatal("nobody noticed")
		}
		must(t, s.Rollback(ctx))
		must(t, s.Rollback(ctx))
		must(t, s.Close(ctx))
		b.idle(t)
	})
	t.Run("among_rows_replaces_the_connection", func(t *testing.T) { // S17
		t.Parallel()
		b := newBench(t)
		b.Exec(t, "INSERT INTO counters SELECT 'c' || g, g FROM generate_series(1, 1000) g")
		s := b.session(t)
		seen := 0
		var failed error
		for _, err := range Counters.Query().Iter(ctx, s) {
			if err != nil {
				failed = err
				break
			}
			if seen++; seen == 1 {
				b.Proxy.ResetConnections()
			}
		}
		if failed == nil && seen < 1000 || failed != nil && pgerr.KindOf(failed) != pgerr.Connection {
			t.Errorf("after %d rows: %v", seen, failed)
		}
		n, err := count(s)
		if must(t, err); n != 1000 {
			t.Errorf("%d rows", n)
		}
		if got := b.Engine.Stats(); got.Opened != 2 {
			t.Errorf("have %+v", got)
		}
	})
	t.Run("an_interrupt_touches_no_other_connection", func(t *testing.T) { // S18
		t.Parallel()
		b := newBench(t)
		warmPool(t, b.Engine, 3)
		within, cancel := context.WithCancel(ctx)
		s := b.session(t)
		done := make(chan error, 1)
		go func() {
			_, err := s.Exec(within, "SELECT pg_sleep(60)")
			done <- err
		}()
		waitFor(t, "the statement to run", func() bool {
			return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1
		})
		cancel()
		wantErr(t, <-done, context.Canceled)
		must(t, s.Close(ctx))
		b.idle(t)
		// Better than SQLAlchemy's: the connection itself is kept.
		if got := b.Engine.Stats(); got.Idle != 3 || got.Closed.Total() != 0 {
			t.Errorf("have %+v", got)
		}
	})
	t.Run("a_connection_whose_preparation_fails_is_not_pooled", func(t *testing.T) { // S19
		t.Parallel()
		broken := errors.New("not yet")
		prepared, failures := 0, 2
		b := newBench(t, func(c *retort.Config) {
			c.AfterConnect = func(context.Context, *pgconn.PgConn) error {
				if failures--; failures >= 0 {
					return broken
				}
				prepared++
				return nil
			}
		})
		for range 2 {
			wantErr(t, b.Engine.Ping(ctx), broken)
		}
		if got := b.Engine.Stats(); got.Opened != 0 || got.OpenFailed != 2 {
			t.Errorf("have %+v", got)
		}
		for range 3 {
			must(t, b.Engine.Ping(ctx))
		}
		if prepared != 1 {
			t.Errorf("prepared %d times", prepared)
		}
	})
}
