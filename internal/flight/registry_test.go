package flight_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
)

// known counts the statements that the server keeps for c under a name.
func known(t *testing.T, c *flight.Conn) int {
	t.Helper()
	results, err := c.PgConn().Exec(t.Context(), "SELECT count(*) FROM pg_prepared_statements").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if _, err := fmt.Sscan(string(results[0].Rows[0][0]), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestStatements(t *testing.T) {
	t.Parallel()

	t.Run("are_parsed_once", func(t *testing.T) {
		t.Parallel()
		p, url := startProxy(t, things(t).URL())
		c := connect(t, url)
		parses := 0
		p.onClient(func(kind byte, _ []byte) verb {
			if kind == 'P' {
				parses++
			}
			return pass
		})
		for i := range 4 {
			fly(t, c, &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
				insert(fmt.Sprint(2*i), "a"), insert(fmt.Sprint(2*i+1), "b"),
			}})
		}
		p.onClient(nil)
		if parses != 3 {
			t.Errorf("%d parses, want 3: BEGIN, INSERT, COMMIT", parses)
		}
	})

	t.Run("stay_known_when_their_flight_fails_behind_them", func(t *testing.T) {
		t.Parallel()
		p, url := startProxy(t, things(t).URL())
		c := connect(t, url)
		f := &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
			stmt("SELECT 1"), stmt("SELECT 1/0"), stmt("SELECT 3"), stmt("SELECT nonsense"),
		}}
		_ = wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, 1)
		if n := known(t, c); n != 3 { // BEGIN and two SELECTs
			t.Errorf("the server knows %d statements, want 3", n)
		}
		parses := 0
		p.onClient(func(kind byte, _ []byte) verb {
			if kind == 'P' {
				parses++
			}
			return pass
		})
		f.Statements[1] = stmt("SELECT 2")
		_ = wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, 3)
		p.onClient(nil)
		if parses != 4 { // SELECT 2, SELECT 3, the one that fails, and COMMIT
			t.Errorf("%d parses, want 4", parses)
		}
	})

	t.Run("are_told_apart_by_their_parameter_types", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		for range 2 {
			var got []string
			text := query(&got, "SELECT pg_typeof($1)::text", "1")
			text.OIDs = []uint32{25}
			number := query(&got, "SELECT pg_typeof($1)::text", "1")
			number.OIDs = []uint32{20}
			again := text
			again.OIDs = []uint32{25, 0}
			fly(t, c, &flight.Flight{Statements: []flight.Statement{text, number, again}})
			if diff := cmp.Diff([]string{"text", "bigint", "text"}, got); diff != "" {
				t.Error(diff)
			}
		}
		if n := known(t, c); n != 2 {
			t.Errorf("the server knows %d statements, want 2", n)
		}
	})

	t.Run("beyond_the_cap_leave_least_recently_used_first", func(t *testing.T) {
		t.Parallel()
		p, url := startProxy(t, things(t).URL())
		c := connect(t, url, func(cfg *flight.Config) { cfg.StatementCap = 3 })
		p.countTrips()
		one := func(i int) *flight.Flight {
			return &flight.Flight{Statements: []flight.Statement{stmt(fmt.Sprintf("SELECT %d", i))}}
		}
		for i := range 10 {
			fly(t, c, one(0)) // in use all the time, so it stays
			fly(t, c, one(i))
		}
		if n := known(t, c); n != 3 {
			t.Errorf("the server knows %d statements, want 3", n)
		}
		parses := 0
		p.onClient(func(kind byte, _ []byte) verb {
			if kind == 'P' {
				parses++
			}
			return pass
		})
		fly(t, c, one(0))
		fly(t, c, one(9))
		fly(t, c, one(8))
		fly(t, c, one(7)) // gone
		p.onClient(nil)
		if parses != 1 {
			t.Errorf("%d parses, want 1", parses)
		}
		if got := p.countTrips(); got != 25 {
			t.Errorf("%d round trips for 24 flights and one check, want 25", got)
		}
		// More than the cap in one flight: all of them work, none is dropped under way.
		var big flight.Flight
		for i := range 20 {
			big.Statements = append(big.Statements, one(i % 10).Statements[0])
		}
		fly(t, c, &big)
		fly(t, c, &big)
		fly(t, c, one(0))
		if n := known(t, c); n != 3 {
			t.Errorf("the server knows %d statements, want 3", n)
		}
	})

	t.Run("are_unnamed_behind_a_pooler", func(t *testing.T) {
		t.Parallel()
		p, url := startProxy(t, things(t).URL())
		c := connect(t, url, pooler)
		p.countTrips()
		for i := range 3 {
			var got []string
			f := write(fmt.Sprint(i))
			f.Statements = append(f.Statements, query(&got, "SELECT count(*)::text FROM things"), raw("PREPARE x AS SELECT 1"), raw("DEALLOCATE x"))
			fly(t, c, f)
			if len(got) != 1 || got[0] != fmt.Sprint(i+1) {
				t.Errorf("got %v", got)
			}
		}
		if trips, n := p.countTrips(), known(t, c); trips != 3 || n != 0 {
			t.Errorf("%d trips, %d named statements; want 3 and none", trips, n)
		}
		if c.Dirty() || c.MustClose() {
			t.Error("dirty behind a pooler")
		}
		c.MarkDirty()
		flights := c.Flights()
		if err := c.Reset(t.Context()); err != nil || c.Dirty() || c.Flights() != flights {
			t.Errorf("%v: a reset behind a pooler sends nothing", err)
		}
		_ = wantOutcome(t, c.Fly(t.Context(), write("1")), flight.RolledBack, 0)
		if err := c.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestStalePlan lets the server's idea of a statement go stale and sends the same
// flight again, as the caller of a first flight does.
func TestStalePlan(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		spoil string // in another session, or
		own   string // in the connection's own
		code  string
	}{
		"a_column_more":            {spoil: "ALTER TABLE things ADD COLUMN more text", code: "0A000"},
		"a_column_of_another_type": {spoil: "ALTER TABLE things ALTER COLUMN name TYPE varchar(20)", code: "0A000"},
		"deallocate_all":           {own: "DEALLOCATE ALL", code: "26000"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := things(t)
			c := connect(t, db.URL())
			f := func(id string, got *[]string) *flight.Flight {
				return &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
					insert(id, "n"), {SQL: "SELECT * FROM things ORDER BY id", Row: func(fields []pgconn.FieldDescription, v [][]byte) error {
						*got = append(*got, fmt.Sprint(len(fields), len(v), string(v[1])))
						return nil
					}},
				}}
			}
			var before []string
			fly(t, c, f("1", &before))
			if tt.spoil != "" {
				db.Exec(t, tt.spoil)
			} else if _, err := c.PgConn().Exec(t.Context(), tt.own).ReadAll(); err != nil {
				t.Fatal(err)
			}
			var after []string
			err := c.Fly(t.Context(), f("2", &after))
			if pgerr.Code(err) != tt.code || pgerr.KindOf(err) != pgerr.StalePlan || err.(*flight.Error).Outcome != flight.RolledBack { //nolint:errorlint // Fly promises this very type
				t.Fatalf("got %v, want rolled back with %s", err, tt.code)
			}
			wantStatus(t, c, 'I')
			fly(t, c, f("2", &after))
			if len(after) != 2 {
				t.Errorf("rows %v, want two", after)
			}
			if n := known(t, c); n != 4 {
				t.Errorf("the server knows %d statements, want 4: the old ones are dropped", n)
			}
		})
	}

	t.Run("in_an_open_transaction_surfaces_and_heals", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		all := &flight.Flight{Statements: []flight.Statement{stmt("SELECT * FROM things")}}
		fly(t, c, all)
		fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{stmt("SELECT 1")}})
		db.Exec(t, "ALTER TABLE things ADD COLUMN more text")
		_ = wantOutcome(t, c.Fly(t.Context(), all), flight.Aborted, 0)
		fly(t, c, &flight.Flight{End: flight.Rollback}) // drops the old names, in a failed transaction
		fly(t, c, all)
		if n := known(t, c); n != 2 { // ROLLBACK, SELECT
			t.Errorf("the server knows %d statements, want 2", n)
		}
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{stmt("SELECT nonsense")}}), flight.Failed, 0)
	})

	t.Run("only_of_commit", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		fly(t, c, write("1"))
		names, err := c.PgConn().Exec(t.Context(), "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%COMMIT'").ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		simple(t, c.PgConn(), "DEALLOCATE "+string(names[0].Rows[0][0]))
		_ = wantOutcome(t, c.Fly(t.Context(), write("2")), flight.RolledBack, -1)
		wantStatus(t, c, 'I')
		fly(t, c, write("2"))
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 2 {
			t.Errorf("%d rows, want 2", n)
		}
	})

	t.Run("by_raw_sql_in_the_same_flight_is_foreseen", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		for i := range 3 {
			f := write(fmt.Sprint(i))
			f.Statements = append([]flight.Statement{raw("DEALLOCATE ALL")}, f.Statements...)
			fly(t, c, f)
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 3 || !c.MustClose() {
			t.Errorf("%d rows, must close %t", n, c.MustClose())
		}
	})
}

// TestDescriptionsDoNotMix is pgx 5.12.0's bug 1: descriptions of skipped
// statements stayed queued and described the results behind the next Sync.
func TestDescriptionsDoNotMix(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	number, text := stmt("SELECT 1094861636::int4 AS number"), stmt("SELECT 'ABCD'::text AS text")
	fails := stmt("SELECT 1/$1::int", "0")
	var got []string
	for _, s := range []*flight.Statement{&number, &text} {
		s.Row = func(fields []pgconn.FieldDescription, v [][]byte) error {
			got = append(got, fmt.Sprint(fields[0].Name, fields[0].DataTypeOID, string(v[0])))
			return nil
		}
	}
	all := []flight.Statement{number, text, stmt("SELECT 1/$1::int", "1")}
	fly(t, c, &flight.Flight{Statements: all}) // everything is known from here on
	fly(t, c, &flight.Flight{Begin: "BEGIN", End: flight.Commit})
	for range 3 {
		got = nil
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
			number, fails, text, number, text,
		}}), flight.RolledBack, 1)
		if err := c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{text, number}}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"number23ABCD", "text25ABCD", "number23ABCD"}, got); diff != "" {
			t.Fatal(diff)
		}
	}
}

// TestRawResultsAreDescribedAnew reads one FETCH from cursors of different shape:
// its cached description would be wrong, silently.
func TestRawResultsAreDescribedAnew(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	var got []string
	fetch := raw("FETCH ALL FROM cur")
	fetch.Row = func(fields []pgconn.FieldDescription, v [][]byte) error {
		got = append(got, fmt.Sprint(fields[0].Name, fields[0].DataTypeOID, len(v)))
		return nil
	}
	for _, sql := range []string{"SELECT 1::int8 AS a", "SELECT 'x'::text AS b, 2 AS c", "SELECT 1::int8 AS a"} {
		fly(t, c, &flight.Flight{Begin: "BEGIN", End: flight.Rollback, Statements: []flight.Statement{raw("DECLARE cur CURSOR FOR " + sql), fetch}})
	}
	if diff := cmp.Diff([]string{"a20 1", "b25 2", "a20 1"}, got); diff != "" {
		t.Error(diff)
	}
}
