package flight_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/flight"
)

// sessionState reads what one user could leave behind for the next. (A custom
// setting that was set once reads as ” after RESET ALL, not as NULL.)
const sessionState = `SELECT concat_ws(' ', coalesce(current_setting('app.tenant', true), ''), current_setting('statement_timeout'),
	current_setting('search_path'), current_user = session_user, session_user = 'retort', current_setting('role'),
	(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()),
	to_regclass('pg_temp.mine') IS NOT NULL, (SELECT count(*) FROM pg_listening_channels()),
	(SELECT count(*) FROM pg_cursors))`

// spoil is what the user does. Each is undone by Reset.
var spoil = []string{
	"SET app.tenant = '7'", "SET statement_timeout = '9s'", "SET search_path = nowhere",
	"SELECT pg_advisory_lock(5)", "SELECT pg_advisory_lock(5)", "SELECT pg_advisory_lock_shared(6)",
	"CREATE TEMP TABLE mine (id int)", "LISTEN news", "DECLARE held CURSOR WITH HOLD FOR SELECT 1",
	"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET ROLE pg_monitor",
}

func state(t *testing.T, c *flight.Conn) string {
	t.Helper()
	var got []string
	fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, sessionState)}})
	return got[0]
}

func TestReset(t *testing.T) {
	t.Parallel()

	t.Run("leaves_nothing_to_the_next_user", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		p, url := startProxy(t, db.URL())
		c := connect(t, url)
		clean := state(t, c)
		if c.Dirty() {
			t.Error("dirty before any raw SQL")
		}
		for _, sql := range spoil {
			if sql == "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY" {
				fly(t, c, &flight.Flight{Statements: []flight.Statement{raw(sql)}})
				continue
			}
			fly(t, c, &flight.Flight{Begin: "BEGIN READ WRITE", Statements: []flight.Statement{raw(sql)}, End: flight.Commit})
		}
		spoiled := state(t, c)
		if !c.Dirty() || strings.Count(spoiled, "f") < 1 || spoiled == clean {
			t.Fatalf("the test spoils nothing: %s", spoiled)
		}
		before := known(t, c)
		p.countTrips()
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if trips := p.countTrips(); trips != 1 {
			t.Errorf("%d round trips, want 1", trips)
		}
		if diff := cmp.Diff(clean, state(t, c)); diff != "" || c.Dirty() {
			t.Errorf("dirty %t: %s", c.Dirty(), diff)
		}
		if after := known(t, c); after < before {
			t.Errorf("%d prepared statements of %d are left", after, before)
		}
		fly(t, c, write("1")) // writing is allowed again
	})

	t.Run("undoes_session_authorization", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		clean := state(t, c)
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("SET SESSION AUTHORIZATION pg_monitor")}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(clean, state(t, c)); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("rolls_back_what_was_left_open", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		for _, then := range []string{"SELECT 1", "SELECT 1/0"} {
			_ = c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert("1", "a"), stmt(then)}})
			if err := c.Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, c, 'I')
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("keeps_the_settings_of_the_connection_string", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL()+"&search_path=pg_temp,public&application_name=mine")
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("SET application_name = other")}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := c.ParameterStatus("application_name"); got != "mine" {
			t.Errorf("application_name %q", got)
		}
	})

	t.Run("refuses_what_it_cannot_undo", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		for _, sql := range []string{"PREPARE mine AS SELECT 1", "  -- why\n/* a /* b */ c */ load 'plpgsql'", "DISCARD ALL", "deallocate all"} {
			c := connect(t, db.URL())
			fly(t, c, &flight.Flight{Statements: []flight.Statement{raw(sql)}})
			if !c.MustClose() || c.Reset(t.Context()) == nil {
				t.Errorf("%s: the connection would be handed on", sql)
			}
		}
		hidden := connect(t, db.URL())
		fly(t, hidden, &flight.Flight{Statements: []flight.Statement{raw("DO $$ BEGIN EXECUTE 'PREPARE mine AS SELECT 1'; END $$")}})
		if hidden.Reset(t.Context()) == nil {
			t.Error("a PREPARE inside of a DO block reaches the next user")
		}
		c := connect(t, db.URL())
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("DISCARD PLANS"), raw("SELECT 'PREPARE'")}})
		if c.MustClose() || !c.Dirty() {
			t.Error("DISCARD PLANS harms nobody")
		}
	})

	t.Run("fails_on_a_dead_connection", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		c.MarkDirty()
		db.Exec(t, "SELECT pg_terminate_backend($1)", int(c.PID()))
		if err := c.Reset(t.Context()); err == nil || !c.Broken() || !c.Dirty() {
			t.Errorf("broken %t, dirty %t: %v", c.Broken(), c.Dirty(), err)
		}
	})
}

func TestPing(t *testing.T) {
	t.Parallel()
	db := things(t)
	c := connect(t, db.URL())
	for range 3 {
		if err := c.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := db.QueryString(t, "SELECT query FROM pg_stat_activity WHERE pid = $1", int(c.PID())); got != "/* retort:flight.ping */ SELECT 1" {
		t.Errorf("the server saw %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = wantOutcome(t, c.Ping(ctx), flight.NotExecuted, -1)
	if !strings.HasPrefix(c.ServerVersion(), db.QueryString(t, "SELECT current_setting('server_version_num')::int / 10000")) {
		t.Errorf("server version %q", c.ServerVersion())
	}
	db.Exec(t, "SELECT pg_terminate_backend($1)", int(c.PID()))
	if err := c.Ping(t.Context()); err == nil {
		t.Error("a dead server answered")
	}
}
