package flight_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	network "github.com/retort-go/retort/retorttest/proxy"
)

func draining(cfg *flight.Config) { cfg.Drain = true }

// interrupt makes a flight whose context ends while the server is at it.
func interrupt(t *testing.T, c *flight.Conn, f *flight.Flight) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := c.Fly(ctx, f)
	if e, ok := err.(*flight.Error); !ok || e.Outcome != flight.Lost { //nolint:errorlint // Fly promises this very type
		t.Fatalf("got %v, want a flight that is lost", err)
	}
}

func TestDrain(t *testing.T) {
	t.Parallel()
	db := things(t)
	slow := stmt("SELECT pg_sleep(30)::text")

	t.Run("keeps_the_connection_and_cancels_the_query", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		pid := c.PID()
		for range 3 {
			interrupt(t, c, &flight.Flight{Statements: []flight.Statement{slow}})
			if c.Broken() || !c.Draining() || !c.Dirty() {
				t.Fatalf("broken %t, draining %t, dirty %t", c.Broken(), c.Draining(), c.Dirty())
			}
			if err := c.Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT pg_backend_pid()::text")}})
			if len(got) != 1 || got[0] != fmt.Sprint(pid) || c.Dirty() {
				t.Fatalf("backend %v, want %d; dirty %t", got, pid, c.Dirty())
			}
		}
	})

	t.Run("rolls_the_transaction_back", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		interrupt(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert("900", "x"), slow}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, c, 'I')
		fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert("901", "y")}})
		interrupt(t, c, &flight.Flight{Statements: []flight.Statement{slow}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things WHERE id IN (900, 901)"); n != 0 {
			t.Errorf("%d rows of transactions that were given up", n)
		}
	})

	t.Run("undoes_what_raw_SQL_set", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		interrupt(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{
			raw("COMMIT"), raw("SET app.tenant = 'mine'"), raw("SELECT pg_sleep(30)"),
		}})
		if err := c.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT coalesce(current_setting('app.tenant', true), '')")}})
		if got[0] != "" {
			t.Errorf("the setting is %q", got[0])
		}
	})

	// CVE-2025-47907 of database/sql: a query given up in the middle of its rows, and
	// the next one gets what was left of them.
	t.Run("never_mixes_up_rows", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		for round := range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			rows := 0
			s := stmt("SELECT repeat('wrong', 100), pg_sleep(0.001)::text FROM generate_series(1, 100000)")
			s.Row = func([]pgconn.FieldDescription, [][]byte) error {
				if rows++; rows == 1+round {
					cancel()
				}
				return nil
			}
			if err := c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{s}}); err == nil {
				t.Fatal("it was not given up")
			}
			if err := c.Reset(t.Context()); err != nil {
				t.Fatal(err)
			}
			var got []string
			fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT 'right'"), query(&got, "SELECT $1", "too")}})
			if len(got) != 2 || got[0] != "right" || got[1] != "too" {
				t.Fatalf("round %d: got %q", round, got)
			}
		}
	})

	// What comes next is never hit by the request to cancel, wherever that met the
	// query: before, in, or after it.
	t.Run("cancels_nothing_else", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		drained := 0
		for i := range 300 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%30)*time.Millisecond)
			err := c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_sleep(0.015)::text")}})
			cancel()
			if c.Broken() { // its time was up before all was sent, which happens on a busy machine
				t.Log(err)
				c = connect(t, db.URL(), draining)
			}
			if c.Draining() {
				drained++
				if err := c.Reset(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			fly(t, c, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_sleep(0.001)::text")}})
		}
		if drained < 20 {
			t.Errorf("%d of 300 flights were drained: this proves little", drained)
		}
	})

	t.Run("refuses_flights_until_it_is_at_rest", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL(), draining)
		interrupt(t, c, &flight.Flight{Statements: []flight.Statement{slow}})
		if e := wantOutcome(t, c.Fly(t.Context(), write("902")), flight.NotExecuted, -1); e.Err == nil {
			t.Error("it does not say why")
		}
	})

	t.Run("gives_up_a_server_that_does_not_answer", func(t *testing.T) {
		t.Parallel()
		p := network.Start(t, db.URL())
		c := connect(t, p.URL(), draining)
		p.BlackHole(true)
		interrupt(t, c, &flight.Flight{Statements: []flight.Statement{slow}})
		if err := c.Reset(t.Context()); err == nil || !c.Broken() {
			t.Errorf("error %v, broken %t", err, c.Broken())
		}
	})

	t.Run("is_not_done_unasked", func(t *testing.T) {
		t.Parallel()
		c := connect(t, db.URL())
		interrupt(t, c, &flight.Flight{Statements: []flight.Statement{slow}})
		if !c.Broken() || c.Draining() {
			t.Errorf("broken %t, draining %t", c.Broken(), c.Draining())
		}
	})
}
