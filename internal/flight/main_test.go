package flight_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/retorttest"
)

func TestMain(m *testing.M) {
	retorttest.Main(m, func() error { return goleak.Find() })
}

// connect opens a flight connection, closed with its clean-up when the test ends.
func connect(tb testing.TB, url string, change ...func(*flight.Config)) *flight.Conn {
	tb.Helper()
	parsed, err := pgconn.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	cfg := flight.Config{Conn: parsed}
	for _, f := range change {
		f(&cfg)
	}
	c, err := flight.Connect(tb.Context(), &cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	return c
}

func pooler(cfg *flight.Config) { cfg.Pooler = true }

// things is an empty database with one table: things(id int primary key, name text).
func things(tb testing.TB) *retorttest.Database {
	tb.Helper()
	db := retorttest.NewDatabase(tb, retorttest.Template{})
	db.Exec(tb, "CREATE TABLE things (id int PRIMARY KEY, name text)")
	return db
}

// stmt is a statement whose parameters are given as text.
func stmt(sql string, args ...string) flight.Statement {
	s := flight.Statement{SQL: sql, Formats: []int16{0}}
	for _, a := range args {
		s.Args = append(s.Args, []byte(a))
	}
	return s
}

func raw(sql string, args ...string) flight.Statement {
	s := stmt(sql, args...)
	s.Raw = true
	return s
}

// query is a statement whose rows are collected as text; its SQL must cast to text.
func query(into *[]string, sql string, args ...string) flight.Statement {
	s := stmt(sql, args...)
	s.Row = func(_ []pgconn.FieldDescription, values [][]byte) error {
		text := ""
		for i, v := range values {
			if i > 0 {
				text += " | "
			}
			if v == nil {
				text += "NULL"
			} else {
				text += string(v)
			}
		}
		*into = append(*into, text)
		return nil
	}
	return s
}

const insertThing = "INSERT INTO things (id, name) VALUES ($1, $2)"

func insert(id, name string) flight.Statement { return stmt(insertThing, id, name) }

// write is a flight that inserts one thing in a transaction of its own.
func write(id string) *flight.Flight {
	return &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{insert(id, "n")}, End: flight.Commit}
}

func fly(tb testing.TB, c *flight.Conn, f *flight.Flight) {
	tb.Helper()
	if err := c.Fly(tb.Context(), f); err != nil {
		tb.Fatal(err)
	}
}

// wantOutcome checks a failed flight and returns its error.
func wantOutcome(tb testing.TB, err error, want flight.Outcome, statement int) *flight.Error {
	tb.Helper()
	e, ok := err.(*flight.Error) //nolint:errorlint // Fly promises this very type
	if !ok {
		tb.Fatalf("got %v (%T), want a *flight.Error %s", err, err, want)
	}
	if e.Outcome != want || e.Statement != statement {
		tb.Fatalf("got %s at statement %d, want %s at %d: %v", e.Outcome, e.Statement, want, statement, err)
	}
	return e
}

func wantStatus(tb testing.TB, c *flight.Conn, want byte) {
	tb.Helper()
	if got := c.TxStatus(); got != want {
		tb.Fatalf("transaction status %q, want %q", got, want)
	}
}
