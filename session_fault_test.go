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
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest/proxy"
)

// kill ends the backends of all idle clients of the database, as an operator or
// a time limit does, and returns how many there were.
func kill(t *testing.T, b bench) int64 {
	t.Helper()
	return b.QueryInt(t, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle' AND application_name = 'victim'`)
}

func victims(c *retort.Config) { c.URL += "&application_name=victim" }

// warm opens n connections and leaves them idle.
func warm(t *testing.T, b bench, n int) {
	t.Helper()
	sessions := make([]*retort.Session, n)
	for i := range sessions {
		sessions[i] = b.Engine.Session()
		_, err := sessions[i].Exec(t.Context(), "SELECT 1")
		must(t, err)
	}
	for _, s := range sessions {
		must(t, s.Close(context.Background()))
	}
	b.idle(t)
}

// TestKilledIdleConnections kills 100 idle backends while they are in the pool
// and uses them at once. Bare connections fail a request for each: the control.
func TestKilledIdleConnections(t *testing.T) {
	t.Parallel()
	const rounds, size = 10, 10
	type request func(ctx context.Context, s *retort.Session, n int) error
	for name, do := range map[string]request{
		"reads": func(ctx context.Context, s *retort.Session, _ int) error {
			_, err := Counters.Get(ctx, s, "shared")
			return err
		},
		"write-only_commits": func(ctx context.Context, s *retort.Session, n int) error {
			s.Add(&Counter{Name: fmt.Sprint("row ", n)})
			return s.Commit(ctx)
		},
		"read_change_commit": func(ctx context.Context, s *retort.Session, n int) error {
			c, err := Counters.Get(ctx, s, fmt.Sprint("own ", n%size))
			if err != nil {
				return err
			}
			c.Value++
			return s.Commit(ctx)
		},
		"raw_SQL": func(ctx context.Context, s *retort.Session, n int) error {
			_, err := s.Exec(ctx, "INSERT INTO counters VALUES ($1, 1)", fmt.Sprint("row ", n))
			if err != nil {
				return err
			}
			return s.Commit(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, victims, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = size, 0 })
			b.Exec(t, "INSERT INTO counters VALUES ('shared', 0)")
			b.Exec(t, "INSERT INTO counters SELECT 'own ' || i, 0 FROM generate_series(0, $1 - 1) AS i", size)
			var killed int64
			for round := range rounds {
				warm(t, b, size)
				killed += kill(t, b)
				var work sync.WaitGroup
				for i := range size {
					work.Go(func() {
						s := b.Engine.Session()
						defer s.Close(context.Background())
						if err := do(t.Context(), s, round*size+i); err != nil {
							t.Errorf("round %d: %v", round, err)
						}
					})
				}
				work.Wait()
			}
			if killed != rounds*size {
				t.Errorf("killed %d connections, want %d", killed, rounds*size)
			}
			effects := b.QueryInt(t, "SELECT (SELECT count(*) FROM counters WHERE name LIKE 'row %') + (SELECT sum(value) FROM counters WHERE name LIKE 'own %')")
			if want := int64(rounds * size); name != "reads" && effects != want {
				t.Errorf("%d effects of %d requests", effects, want)
			}
			b.idle(t)
		})
	}
	t.Run("fail_a_connection_that_nobody_looks_after", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		failed := 0
		for range size {
			conn := b.Conn(t)
			_, err := conn.Exec(t.Context(), "SET application_name = 'victim'")
			must(t, err)
			kill(t, b)
			if _, err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
				failed++
			}
		}
		if failed != size {
			t.Errorf("%d of %d kills harm nobody: this test proves nothing", size-failed, size)
		}
	})
}

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

func TestCancelledReads(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 2, 0 })
	sleeping := func() bool {
		return b.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") == 1
	}
	for i := range 6 {
		ctx, cancel := context.WithCancel(t.Context())
		s := b.Engine.Session()
		done := make(chan error, 1)
		go func() {
			var err error
			if i%2 == 0 {
				_, err = retort.SQL[string]("SELECT pg_sleep(60)::text").ReadOnly().All(ctx, s)
			} else {
				_, err = s.Exec(ctx, "SELECT pg_sleep(60)")
			}
			done <- err
		}()
		waitFor(t, "the statement to run", sleeping)
		cancel()
		wantErr(t, <-done, context.Canceled)
		must(t, s.Close(ctx))
		waitFor(t, "the server to stop it", func() bool { return !sleeping() })
	}
	b.idle(t)
	for range 3 {
		must(t, b.Engine.Ping(t.Context()))
	}
}

func TestServerRestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server, err := localpg.Start(ctx, localpg.Config{})
	must(t, err)
	defer func() { must(t, server.Stop(context.Background())) }()
	seen := &recorder{}
	eng, err := retort.Open(retort.Config{Base: library, URL: server.URL("postgres"), Observer: seen})
	must(t, err)
	defer func() { must(t, eng.Close(context.Background())) }()
	must(t, library.CreateAll(ctx, eng))

	for _, how := range []string{"fast", "crash"} {
		commit(t, eng, &Counter{Name: "before " + how})
		open := eng.Session()
		open.Add(&Counter{Name: "open during " + how})
		must(t, open.Flush(ctx))
		if how == "crash" {
			must(t, server.Kill())
		}
		must(t, server.Restart(ctx))
		seen.take()
		s := eng.Session()
		_, err := Counters.Get(ctx, s, "before "+how)
		must(t, err)
		s.Add(&Counter{Name: "after " + how})
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
		err = open.Commit(ctx)
		if err == nil || errors.Is(err, retort.ErrCommitUnknown) && how == "fast" {
			t.Errorf("%s: a transaction outlived its server: %v", how, err)
		}
		must(t, open.Close(ctx))
	}
	s := eng.Session()
	n, err := Counters.Query().Count(ctx, s)
	must(t, err)
	if n != 4 {
		t.Errorf("%d rows, want 4", n)
	}
	must(t, s.Close(ctx))
	must(t, server.Kill())
	// The backends see that their postmaster is gone in their own time.
	for deadline := time.Now().Add(30 * time.Second); eng.Ping(ctx) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the server answers 30 s after it was killed")
		}
	}
	s = eng.Session()
	s.Add(&Counter{Name: "down"})
	err = s.Commit(ctx)
	if !pgerr.Transient(err) || errors.Is(err, retort.ErrCommitUnknown) {
		t.Errorf("without a server: %v", err)
	}
	must(t, server.Restart(ctx))
	must(t, s.Commit(ctx)) // nothing was lost meanwhile
	must(t, s.Close(ctx))
}

// TestAlteredTable changes a table under warmed connections: the server then
// refuses their plans once, which nobody must see.
func TestAlteredTable(t *testing.T) {
	t.Parallel()
	const size = 10
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = size, 0 })
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, b.Engine, a)
	selectStar := retort.SQL[struct {
		ID    int64
		Title string
	}]("SELECT * FROM plain")
	b.Exec(t, "CREATE TABLE plain (id bigint, title varchar(10))")
	use := func(s *retort.Session) {
		t.Helper()
		_, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		_, err = Authors.With(&Authors.C.Books).All(ctx, s)
		must(t, err)
		_, err = selectStar.ReadOnly().All(ctx, s)
		must(t, err)
	}
	all := func(f func(*retort.Session)) {
		t.Helper()
		sessions := make([]*retort.Session, size)
		for i := range sessions { // each holds a connection of its own
			sessions[i] = b.Engine.Session()
			_, err := sessions[i].Exec(ctx, "SELECT 1")
			must(t, err)
			f(sessions[i])
		}
		for _, s := range sessions {
			must(t, s.Close(ctx))
		}
		b.idle(t)
	}
	all(use)
	b.Exec(t, "ALTER TABLE authors ALTER COLUMN name TYPE varchar(300)")
	b.Exec(t, "ALTER TABLE plain ALTER COLUMN title TYPE text")
	b.seen.take()
	var work sync.WaitGroup
	for i := range size {
		work.Go(func() {
			s := b.Engine.Session()
			defer s.Close(context.Background())
			if _, err := Authors.Get(ctx, s, a.ID); err != nil {
				t.Error(err)
			}
			if _, err := Authors.With(&Authors.C.Books).All(ctx, s); err != nil {
				t.Error(err)
			}
			if _, err := selectStar.ReadOnly().All(ctx, s); err != nil {
				t.Error(err)
			}
			if _, err := selectStar.All(ctx, s); err != nil {
				t.Error(err)
			}
			s.Add(newAuthor(fmt.Sprint(i)))
			if err := s.Commit(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	refused := 0
	for _, f := range b.seen.take() {
		if pgerr.KindOf(f.Err) == pgerr.StalePlan {
			refused++
		}
	}
	if refused == 0 {
		t.Error("the server refused nothing: this test proves nothing")
	}
	// Connections that were not used since must heal, too, each at its next use.
	for range 2 * size {
		s := b.Engine.Session()
		use(s)
		must(t, s.Close(ctx))
	}
}

func TestSessionStateDoesNotLeak(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.PoolSize, c.MaxOverflow = 1, 0 })
	ctx := t.Context()
	for _, sql := range []string{
		"SET app.tenant = 'acme'", "SELECT set_config('app.user', 'jane', false)", "SET statement_timeout = '1234ms'",
		"SET ROLE pg_read_all_data", "SET search_path = 'nowhere'", "SELECT pg_advisory_lock(42)", "LISTEN news",
		"CREATE TEMP TABLE shopping (x int)", "DECLARE cur CURSOR WITH HOLD FOR SELECT 1",
		"PREPARE mine AS SELECT 1", "SET SESSION AUTHORIZATION pg_monitor",
	} {
		s := b.Engine.Session()
		_, err := s.Exec(ctx, sql)
		must(t, err)
		must(t, s.Commit(ctx))
		must(t, s.Close(ctx))
	}
	s := b.session(t)
	state, err := retort.SQL[string](`SELECT concat_ws(',',
		nullif(current_setting('app.tenant', true), ''), nullif(current_setting('app.user', true), ''),
		nullif(current_setting('statement_timeout'), '0'), nullif(current_user, session_user),
		nullif(current_setting('search_path'), '"$user", public'), nullif(session_user, 'retort'),
		(SELECT string_agg('lock', ',') FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
		(SELECT string_agg('channel', ',') FROM pg_listening_channels()),
		(SELECT string_agg(name, ',') FROM pg_cursors WHERE is_holdable),
		(SELECT string_agg(name, ',') FROM pg_prepared_statements WHERE from_sql AND name = 'mine'),
		to_regclass('pg_temp.shopping')::text)`).ReadOnly().One(ctx, s)
	must(t, err)
	if state != "" {
		t.Errorf("left behind: %s", state)
	}
}
