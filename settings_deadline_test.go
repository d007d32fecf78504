package retort_test

import (
	"context"
	stdsql "database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// limitsSQL are the limits as the server has them, in seconds; 0 is none.
const limitsSQL = `SELECT extract(epoch FROM current_setting('statement_timeout')::interval)::float8 AS statement,
	extract(epoch FROM current_setting('idle_in_transaction_session_timeout')::interval)::float8 AS idle`

type limitsRow struct{ Statement, Idle float64 }

// limitsOf reads them in the transaction of s.
func limitsOf(ctx context.Context, t *testing.T, s *retort.Session) limitsRow {
	t.Helper()
	got, err := retort.SQL[limitsRow](limitsSQL).One(ctx, s)
	must(t, err)
	return got
}

// insideOf are the limits within a unit of work that has d.
func insideOf(t *testing.T, eng *retort.Engine, d time.Duration, opts retort.TxOptions) limitsRow {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	got, err := retort.Run(ctx, eng, opts, func(ctx context.Context, s *retort.Session) (limitsRow, error) {
		return limitsOf(ctx, t, s), nil
	})
	must(t, err)
	return got
}

// within reports whether a limit is about what is left of d, and not less than it
// by more than a slow machine takes.
func (l limitsRow) within(d time.Duration) bool {
	most := (d + 300*time.Millisecond).Seconds()
	return l.Statement > d.Seconds()/2 && l.Statement <= most && l.Idle == l.Statement
}

func TestDeadlines(t *testing.T) {
	t.Parallel()

	t.Run("ride_with_BEGIN_and_end_with_the_transaction", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
		before := settings(t, b.Engine)
		if got := insideOf(t, b.Engine, time.Hour, retort.TxOptions{}); !got.within(time.Hour) {
			t.Errorf("inside: %+v", got)
		}
		b.seen.take()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "a"})
			return nil, nil
		})
		must(t, err)
		flights := b.seen.take()
		if len(flights) != 1 || !strings.Contains(flights[0].Settings, "set_config('statement_timeout'") || flights[0].End != "COMMIT" {
			t.Errorf("%+v", flights)
		}
		if got := settings(t, b.Engine); got != before {
			t.Errorf("after: %q, want %q", got, before)
		}
		// The control: without a deadline nothing is told.
		_, err = retort.Run(t.Context(), b.Engine, retort.TxOptions{}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "b"})
			return nil, nil
		})
		must(t, err)
		for _, f := range b.seen.take() {
			if f.Settings != "" {
				t.Errorf("told without a deadline: %s", f.Settings)
			}
		}
	})
	t.Run("tighten_and_never_loosen", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		for name, tc := range map[string]struct {
			change func(*retort.Config)
			opts   retort.TxOptions
			want   func(limitsRow) bool
		}{
			"a role's or URL's limit":   {func(c *retort.Config) { c.URL += "&statement_timeout=1500" }, retort.TxOptions{}, func(l limitsRow) bool { return l.Statement == 1.5 && l.Idle > 1000 }},
			"Config":                    {func(c *retort.Config) { c.IdleTransactionTimeout = 2 * time.Minute }, retort.TxOptions{}, func(l limitsRow) bool { return l.Idle == 120 && l.Statement > 1000 }},
			"TxOptions":                 {func(*retort.Config) {}, retort.TxOptions{StatementTimeout: 5 * time.Second}, func(l limitsRow) bool { return l.Statement == 5 && l.Idle > 1000 }},
			"Settings":                  {func(*retort.Config) {}, retort.TxOptions{Settings: map[string]string{"statement_timeout": "1d"}}, func(l limitsRow) bool { return l.within(time.Hour) }},
			"a longer one is tightened": {func(c *retort.Config) { c.StatementTimeout, c.IdleTransactionTimeout = 25*time.Hour, 25*time.Hour }, retort.TxOptions{}, func(l limitsRow) bool { return l.within(time.Hour) }},
			"a role without rights":     {func(*retort.Config) {}, retort.TxOptions{Role: "pg_monitor"}, func(l limitsRow) bool { return l.within(time.Hour) }},
			"off":                       {func(c *retort.Config) { c.Deadlines = retort.DeadlinesOff }, retort.TxOptions{}, func(l limitsRow) bool { return l == limitsRow{} }},
		} {
			cfg := retort.Config{Base: library, URL: b.URL()}
			tc.change(&cfg)
			eng := open(t, cfg)
			if got := insideOf(t, eng, time.Hour, tc.opts); !tc.want(got) {
				t.Errorf("%s: %+v", name, got)
			}
		}
	})
	t.Run("are_told_anew_when_time_has_passed_and_after_a_savepoint", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			first := limitsOf(ctx, t, s)
			_, err := retort.SQL[string]("SELECT pg_sleep(0.6)::text").One(ctx, s)
			must(t, err)
			b.seen.take()
			second := limitsOf(ctx, t, s)
			if flights := b.seen.take(); len(flights) != 1 || flights[0].Settings == "" || flights[0].Begin != "" {
				t.Errorf("%+v", flights)
			}
			if second.Statement > first.Statement-0.5 || second.Idle != second.Statement {
				t.Errorf("%+v after %+v", second, first)
			}
			err = s.Savepoint(ctx, func(ctx context.Context) error {
				if _, err := retort.SQL[string]("SELECT pg_sleep(0.6)::text").One(ctx, s); err != nil {
					return err
				}
				_ = limitsOf(ctx, t, s)
				return errTakenBack
			})
			wantErr(t, err, errTakenBack)
			if third := limitsOf(ctx, t, s); third.Statement > second.Statement-0.5 {
				t.Errorf("%+v after the savepoint, %+v before", third, second)
			}
			return nil, nil
		})
		must(t, err)
	})
	t.Run("of_a_call_do_not_outlive_it", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s.Add(&Counter{Name: "a"})
		must(t, s.Flush(short)) // opens a transaction for calls that may take longer
		if got := limitsOf(t.Context(), t, s); got != (limitsRow{}) {
			t.Errorf("inside: %+v", got)
		}
		must(t, s.Rollback(t.Context()))
		b.seen.take()
		s.Add(&Counter{Name: "a"})
		must(t, s.Commit(short)) // is the whole transaction
		if f := b.seen.take(); len(f) != 1 || f[0].Settings == "" {
			t.Errorf("%+v", f)
		}
	})
	t.Run("of_reads_on_their_own_where_it_is_asked_for", func(t *testing.T) {
		t.Parallel()
		for of, told := range map[retort.Deadlines]bool{"": false, retort.DeadlinesEverywhere: true} {
			b := newBench(t, func(c *retort.Config) { c.Deadlines, c.PoolSize, c.MaxOverflow = of, 1, 0 })
			before := settings(t, b.Engine)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			s := b.session(t)
			b.seen.take()
			_, err := Counters.Query().All(ctx, s)
			must(t, err)
			if f := b.seen.take(); len(f) != 1 || (f[0].Settings != "") != told || f[0].Begin != "" {
				t.Errorf("%q: %+v", of, f)
			}
			// What cannot run behind another statement still can.
			_, err = retort.SQL[string]("VACUUM counters").ReadOnly().All(ctx, s)
			must(t, err)
			if got := settings(t, b.Engine); got != before {
				t.Errorf("%q: after: %q, want %q", of, got, before)
			}
		}
	})
	t.Run("hold_for_database_sql", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		db := stdsql.OpenDB(b.Engine.Connector())
		t.Cleanup(func() { must(t, db.Close()) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		tx, err := db.BeginTx(ctx, nil)
		must(t, err)
		var got limitsRow
		must(t, tx.QueryRowContext(ctx, limitsSQL).Scan(&got.Statement, &got.Idle))
		if !got.within(time.Hour) {
			t.Errorf("%+v", got)
		}
		must(t, tx.Commit())
	})
	t.Run("that_are_none_of_the_words_are_refused", func(t *testing.T) {
		t.Parallel()
		_, err := retort.Open(retort.Config{URL: "postgres://u@h/x?sslmode=disable", Deadlines: "sometimes"})
		wantErr(t, err, nil, `Config.Deadlines: is "sometimes"`, "everywhere")
	})
}

var errTakenBack = errors.New("taken back")

// backends counts the server's processes of the engine whose state is that.
func backends(t *testing.T, b bench, app, state string) int {
	t.Helper()
	return int(b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = '"+app+"' AND state = '"+state+"'"))
}

// The server ends the work of a program that cannot: its network is gone, or its
// handler sleeps. The control is the same work of an engine that tells nothing.
func TestDeadlines_end_at_the_server(t *testing.T) {
	t.Parallel()
	const limit = 400 * time.Millisecond

	t.Run("a_query_whose_network_is_gone", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		told := open(t, retort.Config{Base: library, URL: b.Proxy.URL() + "&application_name=told"})
		off := open(t, retort.Config{Base: library, URL: b.Proxy.URL() + "&application_name=off", Deadlines: retort.DeadlinesOff})
		sleep := func(eng *retort.Engine) <-chan error {
			done := make(chan error, 1)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			go func() {
				defer cancel()
				_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (string, error) {
					return retort.SQL[string]("SELECT pg_sleep(60)::text").One(ctx, s)
				})
				done <- err
			}()
			return done
		}
		must(t, told.Ping(t.Context()))
		must(t, off.Ping(t.Context()))
		both := []<-chan error{sleep(told), sleep(off)}
		waitFor(t, "both are at work", func() bool { return backends(t, b, "told", "active")+backends(t, b, "off", "active") == 2 })
		b.Proxy.BlackHole(true)
		start := time.Now()
		waitFor(t, "the server ends the one that was told", func() bool { return backends(t, b, "told", "active") == 0 })
		t.Logf("ended %s after the network", time.Since(start))
		if backends(t, b, "off", "active") != 1 {
			t.Error("the other one has ended, too: the test proves nothing")
		}
		for _, done := range both {
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		b.Proxy.BlackHole(false)
		b.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'off'")
		must(t, told.Ping(t.Context()))
	})
	t.Run("a_transaction_whose_handler_sleeps", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		told := open(t, retort.Config{Base: library, URL: b.URL() + "&application_name=told", PoolSize: 1})
		off := b.session(t)
		_, err := off.Exec(t.Context(), "SELECT set_config('application_name', 'off', true)")
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		_, err = retort.Run(ctx, told, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "lost"})
			must(t, s.Flush(ctx))
			waitFor(t, "the server ends the transaction", func() bool { return backends(t, b, "told", "idle in transaction") == 0 })
			if backends(t, b, "off", "idle in transaction") != 1 {
				t.Error("the other one has ended, too: the test proves nothing")
			}
			return nil, s.Commit(context.WithoutCancel(ctx))
		})
		if err == nil || b.QueryInt(t, "SELECT count(*) FROM counters") != 0 {
			t.Errorf("committed: %v", err)
		}
		t.Logf("got %v", err)
		must(t, told.Ping(t.Context())) // the pool has another connection
		must(t, off.Close(t.Context()))
	})
	t.Run("a_change_that_waits_for_a_lock_in_the_flight_of_its_COMMIT", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow, c.CommitTimeout = 1, 0, time.Minute })
		b.Exec(t, "INSERT INTO counters VALUES ('held', 1)")
		holder := b.Conn(t)
		tx, err := holder.Begin(t.Context())
		must(t, err)
		_, err = tx.Exec(t.Context(), "UPDATE counters SET value = 2")
		must(t, err)
		before := settings(t, b.Engine)
		opened := b.Engine.Stats().Opened
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		_, err = retort.Run(ctx, b.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (any, error) {
			c, err := Counters.Get(ctx, s, "held")
			must(t, err)
			c.Value = 3
			return nil, nil
		})
		if pgerr.Code(err) != "57014" || errors.Is(err, retort.ErrCommitUnknown) {
			t.Errorf("got %v", err)
		}
		must(t, tx.Rollback(t.Context()))
		if got := settings(t, b.Engine); got != before || b.Engine.Stats().Opened != opened {
			t.Errorf("the connection is another one, or has %q in place of %q", got, before)
		}
		if n := b.QueryInt(t, "SELECT value FROM counters"); n != 1 {
			t.Errorf("value %d", n)
		}
		b.idle(t)
	})
	t.Run("but_not_constraints_that_COMMIT_checks", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
		b.Exec(t, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END'")
		b.Exec(t, "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON counters DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()")
		before := settings(t, b.Engine)
		_, err := retort.Run(t.Context(), b.Engine, retort.TxOptions{StatementTimeout: 100 * time.Millisecond}, func(_ context.Context, s *retort.Session) (any, error) {
			s.Add(&Counter{Name: "kept"})
			return nil, nil
		})
		must(t, err)
		if got := settings(t, b.Engine); got != before || b.QueryInt(t, "SELECT count(*) FROM counters") != 1 {
			t.Errorf("after: %q, want %q", got, before)
		}
	})
}

func TestTimeLimits(t *testing.T) {
	t.Parallel()
	limited := func(c *retort.Config) {
		c.StatementTimeout, c.LockTimeout, c.IdleTransactionTimeout = 5*time.Second, 1500*time.Millisecond, time.Minute
	}
	const want = "t  5s 1500ms 1min"

	t.Run("are_the_connections_own_and_outlive_a_reset", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, limited, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
		if got := settings(t, b.Engine); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		s := b.session(t)
		for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
			_, err := s.Exec(t.Context(), "SET "+name+" = 0")
			must(t, err)
		}
		must(t, s.Commit(t.Context()))
		if got := settings(t, b.Engine); got != want || b.Engine.Stats().Opened != 1 {
			t.Errorf("%q, want %q", got, want)
		}
		b.seen.take()
		_, err := Counters.Query().All(t.Context(), s)
		must(t, err)
		if f := b.seen.take(); len(f) != 1 || f[0].Settings != "" || f[0].Begin != "" {
			t.Errorf("a read pays for them: %+v", f)
		}
	})
	t.Run("are_each_transactions_on_connections_of_others", func(t *testing.T) {
		t.Parallel()
		_, pool, _ := lentBench(t, 1)
		cfg := retort.Config{Base: library, Lender: retort.LendFrom(pool.Acquire)}
		limited(&cfg)
		eng, err := retort.Open(cfg)
		must(t, err)
		t.Cleanup(func() { must(t, eng.Close(context.Background())) })
		if got := settings(t, eng); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		own, err := retort.Run(t.Context(), eng, retort.TxOptions{Settings: map[string]string{"statement_timeout": "7s"}}, func(ctx context.Context, s *retort.Session) (limitsRow, error) {
			return limitsOf(ctx, t, s), nil
		})
		must(t, err)
		if own != (limitsRow{7, 60}) {
			t.Errorf("%+v", own)
		}
		loan, err := pool.Acquire(t.Context())
		must(t, err)
		defer loan.Release()
		var left string
		must(t, loan.Conn().QueryRow(t.Context(), "SHOW statement_timeout").Scan(&left))
		if left != "0" {
			t.Errorf("its owner finds %q", left)
		}
	})
	t.Run("are_kept_by_the_server", func(t *testing.T) {
		t.Parallel()
		b := newBench(t, func(c *retort.Config) { c.StatementTimeout = 20 * time.Millisecond })
		_, err := retort.SQL[string]("SELECT pg_sleep(20)::text").ReadOnly().One(t.Context(), b.session(t))
		if pgerr.Code(err) != "57014" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("that_cannot_be_are_refused", func(t *testing.T) {
		t.Parallel()
		_, err := retort.Open(retort.Config{
			URL: "postgres://u@h/x?sslmode=disable&lock_timeout=7", StatementTimeout: -1, LockTimeout: time.Second, IdleTransactionTimeout: time.Microsecond,
		})
		wantErr(t, err, nil, "Config.StatementTimeout: is -1ns", "Config.LockTimeout: is given, and lock_timeout in URL", "Config.IdleTransactionTimeout: is 1µs")
	})
}
