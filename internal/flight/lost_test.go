package flight_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// commitReply and commitRequest match COMMIT on its way back and on its way there.
func commitReply(kind byte, body []byte) bool { return kind == 'C' && string(body) == "COMMIT\x00" }

// TestCutCommit cuts the line around COMMIT: nothing but Unknown may be said,
// whatever became of the row.
func TestCutCommit(t *testing.T) {
	t.Parallel()
	db := things(t)
	p, url := startProxy(t, db.URL())

	t.Run("says_unknown_100_times_when_the_reply_is_lost", func(t *testing.T) {
		p.onServer(func(kind byte, body []byte) verb {
			if commitReply(kind, body) {
				return cutBefore
			}
			return pass
		})
		for id := range 100 {
			c := connect(t, url)
			e := wantOutcome(t, c.Fly(t.Context(), write(fmt.Sprint(id))), flight.Unknown, -1)
			if !errors.Is(e, pgerr.ErrCommitUnknown) || pgerr.Transient(e) || !c.Broken() {
				t.Fatalf("broken %t: %v", c.Broken(), e)
			}
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 100 {
			t.Errorf("%d rows, want 100: the test means to lose replies, not commits", n)
		}
	})

	t.Run("says_unknown_when_the_request_is_lost", func(t *testing.T) {
		p.onServer(nil)
		c := connect(t, url)
		fly(t, c, &flight.Flight{Begin: "BEGIN", End: flight.Commit}) // now COMMIT is known by name
		runs := 0
		p.onClient(func(kind byte, _ []byte) verb {
			if kind == 'E' {
				runs++
			}
			if runs == 2 && kind == 'E' {
				return cutAfter // BEGIN and the work arrive, COMMIT does not
			}
			return pass
		})
		_ = wantOutcome(t, c.Fly(t.Context(), write("1000")), flight.Unknown, -1)
		p.onClient(nil)
		if n := db.QueryInt(t, "SELECT count(*) FROM things WHERE id = 1000"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("says_success_when_only_the_farewell_is_lost", func(t *testing.T) {
		c := connect(t, url)
		p.onServer(func(kind byte, body []byte) verb {
			if commitReply(kind, body) {
				return cutAfter
			}
			return pass
		})
		fly(t, c, write("1001"))
		if !c.Broken() {
			t.Error("the connection counts as whole")
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things WHERE id = 1001"); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
		p.onServer(nil)
	})

	t.Run("says_rolled_back_when_the_work_had_failed_before", func(t *testing.T) {
		c := connect(t, url)
		p.onServer(func(kind byte, _ []byte) verb {
			if kind == 'E' {
				return cutAfter
			}
			return pass
		})
		_ = wantOutcome(t, c.Fly(t.Context(), write("1001")), flight.RolledBack, 0)
		p.onServer(nil)
	})

	t.Run("says_lost_without_a_commit", func(t *testing.T) {
		for _, f := range []*flight.Flight{
			{Begin: "BEGIN", Statements: []flight.Statement{insert("2000", "a")}},
			{Begin: "BEGIN", Statements: []flight.Statement{insert("2000", "a")}, End: flight.Rollback},
		} {
			c := connect(t, url)
			p.onServer(func(kind byte, _ []byte) verb {
				if kind == '2' {
					return cutBefore
				}
				return pass
			})
			e := wantOutcome(t, c.Fly(t.Context(), f), flight.Lost, -1)
			if pgerr.KindOf(e) != pgerr.Connection {
				t.Errorf("kind %s: %v", pgerr.KindOf(e), e)
			}
			p.onServer(nil)
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things WHERE id = 2000"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})
}

// TestKilledBackend ends the server process of a connection at each stage and
// compares what Fly says with what is in the table.
func TestKilledBackend(t *testing.T) {
	t.Parallel()

	t.Run("idle_is_told_truly_50_times", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		counts := map[flight.Outcome]int{}
		for id := range 50 {
			c := connect(t, db.URL())
			if id%2 == 0 { // warm and cold
				fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{stmt(insertThing+" ON CONFLICT DO NOTHING", "-1", "a")}, End: flight.Commit})
			}
			db.Exec(t, "SELECT pg_terminate_backend($1)", int(c.PID()))
			err := c.Fly(t.Context(), write(fmt.Sprint(id)))
			present := db.QueryInt(t, "SELECT count(*) FROM things WHERE id = $1", id) == 1
			e, failed := errors.AsType[*flight.Error](err)
			switch {
			case !failed:
				t.Fatal("a flight on a killed connection succeeded")
			case e.Outcome == flight.NotExecuted && present:
				t.Fatalf("%d: said not executed, and the row is there: %v", id, err)
			case e.Outcome != flight.NotExecuted && e.Outcome != flight.Unknown:
				t.Fatalf("%d: %v, want not executed or unknown", id, err)
			}
			counts[e.Outcome]++
			if !c.Broken() {
				t.Fatal("the connection counts as whole")
			}
		}
		if counts[flight.NotExecuted] < 40 {
			t.Errorf("%v: most kills leave a FATAL that proves that nothing ran", counts)
		}
	})

	t.Run("in_a_statement_is_rolled_back_for_sure", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		done := make(chan error, 1)
		go func() {
			done <- c.Fly(context.Background(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
				insert("1", "a"), stmt("SELECT pg_sleep(60)"),
			}})
		}()
		killWhenSleeping(t, db, c.PID(), "SELECT pg_terminate_backend($1)")
		e := wantOutcome(t, <-done, flight.RolledBack, -1)
		if pgerr.KindOf(e) != pgerr.Shutdown || !c.Broken() {
			t.Errorf("broken %t, kind %s", c.Broken(), pgerr.KindOf(e))
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("behind_a_pooler_proves_nothing", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL(), pooler)
		db.Exec(t, "SELECT pg_terminate_backend($1)", int(c.PID()))
		waitDead(t, c)
		_ = wantOutcome(t, c.Fly(t.Context(), write("1")), flight.Unknown, -1)
	})

	t.Run("within_an_open_transaction_is_lost", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		done := make(chan error, 1)
		go func() {
			done <- c.Fly(context.Background(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{stmt("SELECT pg_sleep(60)")}})
		}()
		killWhenSleeping(t, db, c.PID(), "SELECT pg_terminate_backend($1)")
		_ = wantOutcome(t, <-done, flight.Lost, -1)
	})
}

// TestStoppedServer stops a server at once, which backends announce by a warning.
func TestStoppedServer(t *testing.T) {
	t.Parallel()
	server := ownServer(t, nil)
	c := connect(t, server.URL("postgres"))
	fly(t, c, &flight.Flight{Statements: []flight.Statement{stmt("CREATE TABLE things (id int PRIMARY KEY, name text)")}})
	postmaster, err := os.FindProcess(server.PID())
	if err != nil {
		t.Fatal(err)
	}
	if err := postmaster.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	waitDead(t, c)
	// The farewell proves that nothing ran. A reset of the closing socket can
	// swallow it; then the outcome is unknown, and nothing may claim to know more.
	var failed *flight.Error
	if err := c.Fly(t.Context(), write("1")); !errors.As(err, &failed) ||
		failed.Outcome != flight.NotExecuted && failed.Outcome != flight.Unknown {
		t.Errorf("got %v, want not executed, or unknown", err)
	}
	parsed := parse(t, server.URL("postgres"))
	_, err = flight.Connect(t.Context(), &flight.Config{Conn: parsed})
	if ce, ok := errors.AsType[*pgerr.ConnectError](err); !ok || !pgerr.Transient(err) {
		t.Errorf("got %v (%v), want a transient *pgerr.ConnectError", err, ce)
	}
}

// TestSynchronousStandby cuts the wait for a standby that never answers: COMMIT's
// tag comes all the same, beside a warning.
func TestSynchronousStandby(t *testing.T) {
	t.Parallel()
	server := ownServer(t, map[string]string{"synchronous_standby_names": "nobody"})
	admin := connect(t, server.URL("postgres"))
	fly(t, admin, &flight.Flight{Statements: []flight.Statement{stmt("SET synchronous_commit = local")}})
	fly(t, admin, &flight.Flight{Statements: []flight.Statement{stmt("CREATE TABLE things (id int PRIMARY KEY, name text)")}})

	for id, f := range map[string]*flight.Flight{
		"1": write("1"),
		"2": {Statements: []flight.Statement{insert("2", "autocommit")}},
	} {
		c := connect(t, server.URL("postgres"))
		done := make(chan error, 1)
		go func() { done <- c.Fly(context.Background(), f) }()
		waitFor(t, admin, "SELECT count(*)::text FROM pg_stat_activity WHERE wait_event = 'SyncRep'", "1")
		fly(t, admin, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_cancel_backend($1)", fmt.Sprint(c.PID()))}})
		_ = wantOutcome(t, <-done, flight.Unknown, -1)
		wantStatus(t, c, 'I')
		var got []string
		fly(t, admin, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT count(*)::text FROM things WHERE id = $1::int", id)}})
		if len(got) != 1 || got[0] != "1" {
			t.Errorf("%v rows %s: the warning means committed here", got, id)
		}
	}

	t.Run("is_not_mistaken_for_a_warning_by_the_user", func(t *testing.T) {
		fly(t, admin, &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
			raw("DO $$ BEGIN RAISE WARNING 'mine' USING ERRCODE = '01000'; END $$"),
			raw(`CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'mine'; RETURN NULL; END $$`),
			raw(`CREATE CONSTRAINT TRIGGER w AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION warn()`),
		}})
		fly(t, admin, write("3"))
	})
}

func TestContext(t *testing.T) {
	t.Parallel()

	t.Run("done_before_sends_nothing", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, f := range []*flight.Flight{write("1"), {Statements: []flight.Statement{stmt("SELECT 1")}}} {
			e := wantOutcome(t, c.Fly(ctx, f), flight.NotExecuted, -1)
			if !errors.Is(e, context.Canceled) || c.Broken() {
				t.Errorf("broken %t: %v", c.Broken(), e)
			}
		}
		fly(t, c, write("1"))
	})

	t.Run("ending_meanwhile_gives_the_connection_up", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		e := wantOutcome(t, c.Fly(ctx, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{
			insert("1", "a"), stmt("SELECT pg_sleep(60)"),
		}}), flight.Lost, -1)
		if !errors.Is(e, context.DeadlineExceeded) || !c.Broken() {
			t.Errorf("broken %t: %v", c.Broken(), e)
		}
		if err := c.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		waitForRows(t, db, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND datname = current_database()", "0")
	})

	t.Run("does_not_reach_a_flight_with_commit", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		f := write("1")
		f.Statements = append(f.Statements, stmt("SELECT pg_sleep(0.2)"))
		if err := c.Fly(ctx, f); err != nil {
			t.Fatal(err)
		}
		if ctx.Err() == nil || db.QueryInt(t, "SELECT count(*) FROM things") != 1 {
			t.Error("want the context over and the row there")
		}
		fly(t, c, write("2")) // the deadline was taken off the socket
	})

	t.Run("commit_timeout_leaves_the_outcome_unknown", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL(), func(cfg *flight.Config) { cfg.CommitTimeout = 50 * time.Millisecond })
		f := write("1")
		f.Statements = append(f.Statements, stmt("SELECT pg_sleep(60)"))
		start := time.Now()
		e := wantOutcome(t, c.Fly(t.Context(), f), flight.Unknown, -1)
		if took := time.Since(start); took > 5*time.Second || !c.Broken() || !strings.Contains(e.Error(), "commit timeout") {
			t.Errorf("after %s, broken %t: %v", took, c.Broken(), e)
		}
	})

	t.Run("deadline_of_a_commit_ends_with_its_flight", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL(), func(cfg *flight.Config) { cfg.CommitTimeout = 2 * time.Second })
		fly(t, c, write("1"))
		fly(t, c, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_sleep(2.2)")}})
	})
}

func parse(t *testing.T, url string) *pgconn.Config {
	t.Helper()
	cfg, err := pgconn.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func ownServer(t *testing.T, settings map[string]string) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), localpg.Config{Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

// waitDead waits for the kernel to show what became of an idle connection.
func waitDead(t *testing.T, c *flight.Conn) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); c.Alive(); {
		if time.Now().After(deadline) {
			t.Fatal("a killed connection counts as alive")
		}
		time.Sleep(time.Millisecond)
	}
}

func waitFor(t *testing.T, c *flight.Conn, sql, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, sql)}})
		if len(got) == 1 && got[0] == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v, want %s", sql, got, want)
		}
	}
}

func waitForRows(t *testing.T, db *retorttest.Database, sql, want string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); db.QueryString(t, sql) != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s never became %s", sql, want)
		}
	}
}

func killWhenSleeping(t *testing.T, db *retorttest.Database, pid uint32, sql string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if db.QueryInt(t, "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'", int(pid)) == 1 {
			db.Exec(t, sql, int(pid))
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the statement never slept")
		}
	}
}
