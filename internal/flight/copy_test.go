package flight_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
)

const copyThings = "COPY things (id, name) FROM STDIN"

// lines writes n rows as text, beginning with id from.
func lines(from, n int) func(io.Writer) error {
	return func(w io.Writer) error {
		for i := range n {
			if _, err := fmt.Fprintf(w, "%d\tname %d\n", from+i, i); err != nil {
				return err
			}
		}
		return nil
	}
}

func copying(rows func(io.Writer) error) flight.Statement {
	return flight.Statement{SQL: copyThings, Copy: rows}
}

func TestCopy(t *testing.T) {
	t.Parallel()

	t.Run("is_one_round_trip_with_BEGIN_and_COMMIT", func(t *testing.T) {
		t.Parallel()
		for name, change := range map[string][]func(*flight.Config){"named": nil, "pooler": {pooler}} {
			db := things(t)
			p, url := startProxy(t, db.URL())
			c := connect(t, url, change...)
			for i, n := range []int{0, 1, 100_000} {
				f := flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert(fmt.Sprint(-i-1), "first"), copying(lines(i*10, n))}, End: flight.Commit}
				p.countTrips()
				fly(t, c, &f)
				if trips := p.countTrips(); trips != 1 || f.Statements[1].Tag.RowsAffected() != int64(n) {
					t.Errorf("%s, %d rows: %d trips, %s", name, n, trips, f.Statements[1].Tag)
				}
			}
			if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 100_004 || c.Dirty() {
				t.Errorf("%s: %d rows, dirty %t", name, n, c.Dirty())
			}
		}
	})

	t.Run("outlasts_a_server_that_talks_while_it_reads", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		db.Exec(t, `CREATE FUNCTION talk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', repeat('x', 2000); RETURN NEW; END $$`)
		db.Exec(t, `CREATE TRIGGER talk BEFORE INSERT ON things FOR EACH ROW EXECUTE FUNCTION talk()`)
		c := connect(t, db.URL())
		fly(t, c, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{copying(lines(0, 20_000))}, End: flight.Commit})
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 20_000 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("stops_rows_that_the_server_refuses", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		var stopped error
		rows := 0
		endless := func(w io.Writer) error {
			for {
				if _, stopped = io.WriteString(w, "1\tagain\n"); stopped != nil {
					return stopped
				}
				rows++
			}
		}
		e := wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{copying(endless)}}), flight.Aborted, 0)
		if pgerr.Code(e) != "23505" || !errors.Is(stopped, flight.ErrCopied) {
			t.Errorf("%v, stopped by %v", e, stopped)
		}
		wantStatus(t, c, 'E')
		fly(t, c, &flight.Flight{End: flight.Rollback})
		fly(t, c, write("1"))
	})

	t.Run("is_undone_when_the_rows_fail", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		for _, n := range []int{0, 1, 50_000} {
			mine := errors.New("no more rows")
			f := &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{copying(func(w io.Writer) error {
				return errors.Join(lines(0, n)(w), mine)
			})}}
			e := wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, 0)
			if pgerr.Code(e) != "57014" || bytes.Contains([]byte(e.Error()), []byte("no more rows")) {
				t.Errorf("%d rows: %v", n, e)
			}
			wantStatus(t, c, 'I')
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})

	t.Run("is_not_begun_behind_a_failure", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", End: flight.Commit, Statements: []flight.Statement{
			stmt("SELECT 1/0"), copying(lines(0, 200_000)),
		}}), flight.RolledBack, 0)
		fly(t, c, write("1"))
	})

	t.Run("ends_with_its_context_and_with_its_server", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		for name, end := range map[string]func(*flight.Conn, context.CancelFunc){
			"context": func(_ *flight.Conn, cancel context.CancelFunc) { cancel() },
			"server": func(c *flight.Conn, _ context.CancelFunc) {
				db.Exec(t, "SELECT pg_terminate_backend($1)", int(c.PID()))
			},
		} {
			c := connect(t, db.URL())
			ctx, cancel := context.WithCancel(t.Context())
			err := c.Fly(ctx, &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{copying(func(w io.Writer) error {
				for i := 0; ; i++ {
					if err := lines(i*10_000, 10_000)(w); err != nil {
						return err
					}
					if i == 0 {
						end(c, cancel)
					}
				}
			})}})
			cancel()
			want := flight.Lost
			if failed, ok := errors.AsType[*flight.Error](err); ok && name == "server" && failed.Outcome == flight.NotExecuted {
				want = flight.NotExecuted // it ended before its answer to BEGIN was here
			}
			e := wantOutcome(t, err, want, -1)
			if !c.Broken() || name == "context" && !errors.Is(e, context.Canceled) {
				t.Errorf("%s: broken %t: %v", name, c.Broken(), e)
			}
		}
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})

	t.Run("lets_a_panic_of_the_rows_go_on", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		func() {
			defer func() {
				if recover() != "rows" {
					t.Error("the panic was lost")
				}
			}()
			_ = c.Fly(t.Context(), &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{copying(func(w io.Writer) error {
				_ = lines(0, 20_000)(w)
				panic("rows")
			})}})
		}()
		if !c.Broken() {
			t.Error("the connection counts as whole")
		}
	})

	t.Run("must_be_the_last_statement", func(t *testing.T) {
		t.Parallel()
		c := connect(t, things(t).URL())
		_ = wantOutcome(t, c.Fly(t.Context(), &flight.Flight{Statements: []flight.Statement{copying(lines(0, 1)), stmt("SELECT 1")}}), flight.NotExecuted, 0)
	})
}
