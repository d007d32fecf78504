package flight_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
)

func TestFly(t *testing.T) {
	t.Parallel()

	t.Run("takes_one_round_trip_cold_and_warm", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		p, url := startProxy(t, db.URL())
		c := connect(t, url)
		p.countTrips()
		for i, name := range []string{"cold", "warm", "warm again"} {
			var names []string
			fly(t, c, &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
				insert(fmt.Sprint(2*i), name), insert(fmt.Sprint(2*i+1), name),
				query(&names, "SELECT name FROM things WHERE id = $1::int", fmt.Sprint(2*i)),
			}})
			if got := p.countTrips(); got != 1 {
				t.Errorf("%s: %d round trips, want 1", name, got)
			}
			if diff := cmp.Diff([]string{name}, names); diff != "" {
				t.Error(diff)
			}
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 6 {
			t.Errorf("%d rows, want 6", n)
		}
		if c.Flights() != 3 {
			t.Errorf("%d flights, want 3", c.Flights())
		}
	})

	t.Run("sets_what_the_transaction_needs_behind_BEGIN", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		p, url := startProxy(t, db.URL())
		for _, change := range []func(*flight.Config){func(*flight.Config) {}, pooler} {
			c := connect(t, url, change)
			set := stmt("SELECT set_config('app.x', $1, true)", "here")
			for range 2 {
				var got []string
				p.countTrips()
				fly(t, c, &flight.Flight{
					Begin: "BEGIN", Settings: &set, End: flight.Commit,
					Statements: []flight.Statement{query(&got, "SELECT current_setting('app.x')")},
				})
				if diff := cmp.Diff([]string{"here"}, got); diff != "" {
					t.Error(diff)
				}
				if n := p.countTrips(); n != 1 {
					t.Errorf("%d round trips, want 1", n)
				}
				fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT coalesce(current_setting('app.x', true), '')")}})
				if got[1] != "" {
					t.Errorf("afterwards it is %q", got[1])
				}
			}
			refused := stmt("SELECT set_config('no_such_setting', $1, true)", "x")
			_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Settings: &refused, Statements: write("1").Statements}), flight.Aborted, flight.AtSettings)
			fly(t, c, &flight.Flight{End: flight.Rollback})
			_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Settings: &refused, Statements: write("1").Statements, End: flight.Commit}), flight.RolledBack, flight.AtSettings)
			_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Settings: &refused, Statements: write("1").Statements}), flight.Failed, flight.AtSettings)
			// Without BEGIN they hold until the flight's end, too.
			var alone, in []string
			now := "SELECT coalesce(current_setting('app.x', true), '')"
			fly(t, c, &flight.Flight{Settings: &set, Statements: []flight.Statement{query(&alone, now)}})
			fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&alone, now)}})
			fly(t, c, &flight.Flight{Begin: "BEGIN"})
			fly(t, c, &flight.Flight{Settings: &set, Statements: []flight.Statement{query(&in, now)}})
			fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&in, now)}})
			fly(t, c, &flight.Flight{End: flight.Rollback})
			if diff := cmp.Diff([][]string{{"here", ""}, {"here", "here"}}, [][]string{alone, in}); diff != "" {
				t.Error(diff)
			}
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("fills_in_tags_and_clears_old_ones", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		f := write("1")
		f.Statements = append(f.Statements, stmt("DELETE FROM things WHERE id > $1", "0"), stmt("SELECT 1"))
		fly(t, c, f)
		got := []string{f.Statements[0].Tag.String(), f.Statements[1].Tag.String(), f.Statements[2].Tag.String()}
		if diff := cmp.Diff([]string{"INSERT 0 1", "DELETE 1", "SELECT 1"}, got); diff != "" {
			t.Error(diff)
		}
		f.Statements[0].Args[0] = []byte("no number")
		_ = wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, 0)
		if got := f.Statements[1].Tag.String(); got != "" {
			t.Errorf("tag %q of a statement that was not reached", got)
		}
	})

	t.Run("sends_nothing_for_an_empty_flight", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		fly(t, c, &flight.Flight{})
		fly(t, c, &flight.Flight{End: flight.Rollback})
		if c.Flights() != 0 {
			t.Errorf("%d flights, want none", c.Flights())
		}
	})

	t.Run("reads_null_empty_and_unicode", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		for range 2 { // cold and warm read by different messages
			var got []string
			s := query(&got, "SELECT $1::text, $2::text, $3::text, ''::text", "", "żółć 🐈", "")
			s.Args[2] = nil
			fly(t, c, &flight.Flight{Statements: []flight.Statement{s, query(&got, "SELECT 'x'::text WHERE false"), stmt("")}})
			if diff := cmp.Diff([]string{" | żółć 🐈 | NULL | "}, got); diff != "" {
				t.Error(diff)
			}
		}
	})

	t.Run("describes_results_as_binary", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		for range 3 {
			s := stmt("SELECT 258::int4 AS a, true AS b")
			calls := 0
			s.Row = func(fields []pgconn.FieldDescription, values [][]byte) error {
				calls++
				got := fmt.Sprint(fields[0].Name, fields[0].DataTypeOID, fields[0].Format, fields[1].Name, fields[1].DataTypeOID, values)
				if want := "a23 1b16 [[0 0 1 2] [1]]"; got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				return nil
			}
			fly(t, c, &flight.Flight{Statements: []flight.Statement{s}})
			if calls != 1 {
				t.Errorf("%d rows, want 1", calls)
			}
		}
	})

	t.Run("keeps_a_transaction_open_between_flights", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert("1", "a")}})
		wantStatus(t, c, 'T')
		fly(t, c, &flight.Flight{Statements: []flight.Statement{insert("2", "b")}})
		fly(t, c, &flight.Flight{End: flight.Commit})
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})

	t.Run("carries_5000_large_statements_and_answers", func(t *testing.T) {
		t.Parallel()
		// The subject is the deadlock, not the speed of a loaded machine.
		c := connect(t, things(t).URL(), func(cfg *flight.Config) { cfg.CommitTimeout = 2 * time.Minute })
		big := strings.Repeat("0123456789abcdef", 512) // 8 KiB each way: more than all socket buffers together
		f := flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: make([]flight.Statement, 5000)}
		seen := 0
		for i := range f.Statements {
			f.Statements[i] = stmt("SELECT $1::text", big)
			f.Statements[i].Row = func(_ []pgconn.FieldDescription, values [][]byte) error {
				if string(values[0]) != big {
					return errors.New("another value came back")
				}
				seen++
				return nil
			}
		}
		fly(t, c, &f)
		if seen != 5000 {
			t.Errorf("%d rows, want 5000", seen)
		}
	})
}

func TestFlyEmpty(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	var told []string
	ask := func(sql string) flight.Statement {
		return flight.Statement{
			SQL: sql, Raw: true,
			Row: func([]flight.Field, [][]byte) error { told = append(told, "row"); return nil },
			Empty: func(fields []flight.Field) error {
				told = append(told, fields[0].Name)
				if fields[0].Name == "wrong" {
					return errors.New("no such field")
				}
				return nil
			},
		}
	}
	for range 2 { // cold and warm
		told = nil
		fly(t, c, &flight.Flight{Statements: []flight.Statement{
			ask("SELECT 1 AS none WHERE false"), ask("SELECT 1 AS some"), ask("DELETE FROM things"), ask("SELECT 1 AS more WHERE false"),
		}})
		if diff := cmp.Diff([]string{"none", "row", "more"}, told); diff != "" {
			t.Error(diff)
		}
	}
	told = nil
	e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{
		ask("SELECT 1 AS none WHERE false"), ask("SELECT 1 AS wrong WHERE false"), ask("SELECT 1 AS later WHERE false"),
	}}), flight.Aborted, 1)
	if diff := cmp.Diff([]string{"none", "wrong"}, told); diff != "" || !strings.Contains(e.Error(), "no such field") {
		t.Errorf("%v %s", e, diff)
	}
	fly(t, c, &flight.Flight{End: flight.Rollback})
	// A statement that fails while it runs has columns and no rows, but no result.
	told = nil
	_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{ask("SELECT 1/count(*) AS none FROM things")}}), flight.Failed, 0)
	if len(told) > 0 {
		t.Errorf("told %v of a failure", told)
	}
}

// TestTwoGoroutines needs -race to be worth its while.
func TestTwoGoroutines(t *testing.T) {
	t.Parallel()
	db := things(t)
	c := connect(t, db.URL())
	var flown atomic.Int64
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				switch e, failed := errors.AsType[*flight.Error](c.Fly(context.Background(), write(fmt.Sprint(100*g+i)))); {
				case !failed:
					flown.Add(1)
				case e.Outcome != flight.NotExecuted:
					t.Error(e)
				}
			}
		})
	}
	wg.Wait()
	if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != flown.Load() || n == 0 {
		t.Errorf("%d rows after %d good flights", n, flown.Load())
	}
}

func TestRowPanic(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	s := stmt("SELECT generate_series(1, 100000)")
	s.Row = func([]pgconn.FieldDescription, [][]byte) error { panic("mine") }
	func() {
		defer func() {
			if r := recover(); r != "mine" {
				t.Errorf("recovered %v, want the callback's own panic", r)
			}
		}()
		_ = c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{s}})
	}()
	if !c.Broken() {
		t.Error("the connection is in use after a panic in the middle of its rows")
	}
	if c.Watched() {
		t.Error("a flight that has ended is still watched")
	}
	_ = wantOutcome(t, c.Fly(context.Background(), write("1")), flight.NotExecuted, -1)
}
