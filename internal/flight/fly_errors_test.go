package flight_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
)

func TestFlyRefuses(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	many := flight.Statement{SQL: "SELECT 1", Args: make([][]byte, 65536)}
	nul, set := stmt("SELECT \x00"), stmt("SELECT 1")
	large := make([][]byte, 64) // one piece of memory, counted each time
	for i, piece := 0, make([]byte, 16<<20); i < len(large); i++ {
		large[i] = piece
	}
	tests := map[string]struct {
		flight    flight.Flight
		statement int
		want      string
	}{
		"commit_without_a_transaction":   {flight.Flight{Statements: []flight.Statement{stmt("SELECT 1")}, End: flight.Commit}, -1, "without a transaction"},
		"rollback_without_a_transaction": {flight.Flight{Statements: []flight.Statement{stmt("SELECT 1")}, End: flight.Rollback}, -1, "without a transaction"},
		"too_many_parameters":            {flight.Flight{Statements: []flight.Statement{stmt("SELECT 1"), many}}, 1, "65536 parameters"},
		"formats_that_do_not_fit":        {flight.Flight{Statements: []flight.Statement{{SQL: "SELECT 1", Formats: []int16{0, 1}}}}, 0, "2 parameter formats for 0 parameters"},
		"a_nul_in_sql":                   {flight.Flight{Statements: []flight.Statement{stmt("SELECT 1\x00; x")}}, 0, "NUL"},
		"a_nul_in_begin":                 {flight.Flight{Begin: "BEGIN\x00"}, -1, "NUL"},
		"a_nul_before_begin":             {flight.Flight{Begin: "\x00BEGIN"}, -1, "NUL"},
		"a_nul_before_sql":               {flight.Flight{Statements: []flight.Statement{stmt("\x00SELECT 1")}}, 0, "NUL"},
		"a_nul_in_settings":              {flight.Flight{Begin: "BEGIN", Settings: &nul, Statements: []flight.Statement{stmt("SELECT 1")}}, -1, "NUL"},
		"a_nul_behind_settings":          {flight.Flight{Begin: "BEGIN", Settings: &set, Statements: []flight.Statement{nul}}, 0, "NUL"},
		"too_many_types":                 {flight.Flight{Statements: []flight.Statement{{SQL: "SELECT 1", OIDs: make([]uint32, 65536)}}}, 0, "65536 parameters"},
		"too_many_bytes":                 {flight.Flight{Statements: []flight.Statement{{SQL: "SELECT 1", Args: large}}}, 0, "bytes in one statement"},
		"a_bare_commit":                  {flight.Flight{End: flight.Commit}, -1, "without a transaction"},
		"copy_to_the_client":             {flight.Flight{Statements: []flight.Statement{raw("/* x */ copy things to stdout")}}, 0, "COPY"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e := wantOutcome(t, c.Fly(t.Context(), &tt.flight), flight.NotExecuted, tt.statement)
			if !strings.Contains(e.Error(), tt.want) {
				t.Errorf("got %q, want it to say %q", e, tt.want)
			}
			if c.Broken() || c.Flights() != 0 {
				t.Errorf("broken %t after %d flights, want neither", c.Broken(), c.Flights())
			}
		})
	}
	t.Run("not_the_most_parameters_that_there_may_be", func(t *testing.T) {
		most := flight.Statement{SQL: "SELECT 1", Args: make([][]byte, 65535)}
		e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{most}}), flight.Failed, 0)
		if !strings.Contains(e.Error(), "supplies 65535 parameters") { // the server's own count
			t.Errorf("got %q", e)
		}
	})
	t.Run("a_second_begin", func(t *testing.T) {
		fly(t, c, &flight.Flight{Begin: "BEGIN"})
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN"}), flight.NotExecuted, -1)
		fly(t, c, &flight.Flight{End: flight.Rollback})
	})
	t.Run("a_flight_within_a_flight", func(t *testing.T) {
		var inner error
		s := stmt("SELECT 1")
		s.Row = func([]pgconn.FieldDescription, [][]byte) error {
			inner = c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{stmt("SELECT 2")}})
			return nil
		}
		fly(t, c, &flight.Flight{Statements: []flight.Statement{s}})
		_ = wantOutcome(t, inner, flight.NotExecuted, -1)
	})
	t.Run("a_broken_connection", func(t *testing.T) {
		broken := connect(t, things(t).URL())
		if err := broken.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		e := wantOutcome(t, broken.Fly(t.Context(), write("1")), flight.NotExecuted, -1)
		if pgerr.KindOf(e) != pgerr.Connection {
			t.Errorf("kind %s, want connection", pgerr.KindOf(e))
		}
		if broken.Alive() {
			t.Error("alive after Close")
		}
	})
}

func TestFlyReports(t *testing.T) {
	t.Parallel()

	t.Run("an_error_in_the_middle_as_rolled_back", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		for round := range 3 { // cold, warm, and warm after a failure
			e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
				insert("1", "a"), insert("1", "b"), insert("2", "c"),
			}}), flight.RolledBack, 1)
			if pgerr.KindOf(e) != pgerr.Unique || strings.Contains(e.Error(), "(1)") {
				t.Errorf("round %d: kind %s: %v", round, pgerr.KindOf(e), e)
			}
			wantStatus(t, c, 'I')
		}
		fly(t, c, write("7"))
		if got := db.Rows(t, "SELECT id FROM things"); cmp.Diff([]string{"7"}, got) != "" {
			t.Errorf("rows %v, want only 7", got)
		}
	})

	t.Run("a_deferred_constraint_that_fails_at_commit_as_rolled_back", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		db.Exec(t, "CREATE TABLE parts (thing int REFERENCES things DEFERRABLE INITIALLY DEFERRED)")
		c := connect(t, db.URL())
		for range 3 {
			e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
				insert("1", "a"), stmt("INSERT INTO parts VALUES ($1)", "99"),
			}}), flight.RolledBack, -1)
			ce := pgerr.Constraint(e)
			if ce == nil || ce.Constraint != "parts_thing_fkey" {
				t.Errorf("got %v, want the constraint's name", e)
			}
			wantStatus(t, c, 'I')
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("an_error_without_an_end_as_aborted", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{
			stmt("SELECT 1"), stmt("SELECT 1/0"),
		}}), flight.Aborted, 1)
		wantStatus(t, c, 'E')
		// COMMIT of what has failed before is a rollback and must not look like success.
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{End: flight.Commit}), flight.RolledBack, -1)
		wantStatus(t, c, 'I')
	})

	t.Run("an_error_outside_a_transaction_as_failed", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{insert("1", "a"), stmt("SELECT 1/0")}}), flight.Failed, 1)
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none: one Sync group is one transaction", n)
		}
	})

	t.Run("a_deferred_constraint_in_autocommit_as_failed", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		db.Exec(t, "CREATE TABLE parts (thing int REFERENCES things DEFERRABLE INITIALLY DEFERRED)")
		c := connect(t, db.URL())
		for range 2 {
			_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{stmt("INSERT INTO parts VALUES (99)")}}), flight.Failed, -1)
			wantStatus(t, c, 'I')
		}
		fly(t, c, write("1"))
	})

	t.Run("an_error_before_rollback_as_rolled_back", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert("1", "a")}, End: flight.Rollback})
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{stmt("SELECT 1/0")}, End: flight.Rollback}), flight.RolledBack, 0)
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("a_begin_that_fails_as_rolled_back", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		f := write("1")
		f.Begin = "BEGIN NONSENSE"
		_ = wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, -1)
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows, want none", n)
		}
	})

	t.Run("raw_sql_that_ends_the_transaction_as_unknown", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		for _, tt := range []struct {
			sql  string
			then flight.Statement
		}{
			{"COMMIT", stmt("SELECT 1")},
			{"ROLLBACK", stmt("SELECT 1")},
			{"COMMIT", stmt("SELECT 1/0")},
			{"COMMIT AND CHAIN", stmt("SELECT 1/0")},
		} {
			err := c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{raw(tt.sql), tt.then}})
			e, ok := errors.AsType[*flight.Error](err)
			if !ok || e.Outcome != flight.Unknown || !errors.Is(err, pgerr.ErrCommitUnknown) {
				t.Errorf("%s, then %s: %v, want unknown", tt.sql, tt.then.SQL, err)
			}
			wantStatus(t, c, 'I')
		}
	})

	t.Run("a_row_callback_that_fails_by_what_the_server_did", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		mine := errors.New("no such decoder")
		calls := 0
		three := stmt("SELECT generate_series(1, 3)")
		three.Row = func([]pgconn.FieldDescription, [][]byte) error { calls++; return mine }
		all := []flight.Statement{insert("1", "a"), three, three}
		for _, tt := range []struct {
			flight flight.Flight
			want   flight.Outcome
			status byte
		}{
			{flight.Flight{Begin: "BEGIN", Statements: all, End: flight.Commit}, flight.Committed, 'I'},
			{flight.Flight{Begin: "BEGIN", Statements: all[1:], End: flight.Rollback}, flight.RolledBack, 'I'},
			{flight.Flight{Statements: all[1:]}, flight.Committed, 'I'},
			{flight.Flight{Begin: "BEGIN", Statements: all[1:]}, flight.Aborted, 'T'},
		} {
			calls = 0
			statement := len(tt.flight.Statements) - 2
			e := wantOutcome(t, c.Fly(t.Context(), &tt.flight), tt.want, statement)
			if !errors.Is(e, mine) || calls != 1 {
				t.Errorf("%v after %d calls, want my error after 1", e, calls)
			}
			wantStatus(t, c, tt.status)
		}
		fly(t, c, &flight.Flight{End: flight.Rollback})
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 1 {
			t.Errorf("%d rows, want the committed one", n)
		}
	})

	t.Run("a_server_error_after_rows_were_delivered", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		for range 2 {
			var got []string
			s := query(&got, "SELECT (100 / (3 - g))::text FROM generate_series(1, 5) g")
			e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{s}, End: flight.Commit}), flight.RolledBack, 0)
			if len(got) != 2 || pgerr.Code(e) != "22012" {
				t.Errorf("%v and %v", got, e)
			}
		}
	})
}
