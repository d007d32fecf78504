package flight_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/flight"
)

// TestMessages writes down which messages a flight has, by their first letters:
// B Bind, C Close, D Describe, E Execute, P Parse, S Sync.
func TestMessages(t *testing.T) {
	t.Parallel()
	p, url := startProxy(t, things(t).URL())
	var mu sync.Mutex
	var sent []byte
	p.onClient(func(kind byte, _ []byte) verb {
		mu.Lock()
		defer mu.Unlock()
		if kind != 'X' { // the farewell of the connection before
			sent = append(sent, kind)
		}
		return pass
	})
	take := func() string {
		mu.Lock()
		defer mu.Unlock()
		all := string(sent)
		sent = nil
		return all
	}
	read := stmt("SELECT name FROM things WHERE id = $1::int", "1")
	untyped := raw("SELECT name FROM things")
	settings := stmt("SELECT set_config('retort.test', $1, true)", "x")
	for _, test := range []struct {
		name       string
		change     []func(*flight.Config)
		flight     *flight.Flight
		cold, warm string
	}{
		{name: "a_read", flight: &flight.Flight{Statements: []flight.Statement{read}}, cold: "PDBES", warm: "BES"},
		{name: "a_write", flight: &flight.Flight{Begin: "BEGIN", Settings: &settings, Statements: []flight.Statement{
			stmt("INSERT INTO things (id) SELECT 1 WHERE false"), read,
		}, End: flight.Commit}, cold: "PDBEPDBEPDBEPDBEPDBES", warm: "BEBEBEBEBES"},
		{name: "one_text_twice", flight: &flight.Flight{Statements: []flight.Statement{read, read}}, cold: "PDBEBES", warm: "BEBES"},
		{name: "raw_SQL", flight: &flight.Flight{Statements: []flight.Statement{untyped}}, cold: "PDBDES", warm: "BDES"},
		{name: "a_contested_write", flight: &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{read}, End: flight.Commit, Contested: true}, cold: "PDBEPDBESPDBES", warm: "BEBESBES"},
		{name: "raw_SQL_and_COMMIT", flight: &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{untyped}, End: flight.Commit}, cold: "PDBEPDBDESPDBES", warm: "BEBDESBES"},
		{name: "a_rollback", flight: &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{read}, End: flight.Rollback}, cold: "PDBEPDBESPDBES", warm: "BEBESBES"},
		{
			name: "behind_a_pooler", change: []func(*flight.Config){pooler}, flight: &flight.Flight{Begin: "BEGIN", Statements: []flight.Statement{read}, End: flight.Commit},
			cold: "PBDEPBDEPBDES", warm: "PBDEPBDEPBDES",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := connect(t, url, test.change...)
			for _, want := range []string{test.cold, test.warm} {
				take()
				fly(t, c, test.flight)
				if diff := cmp.Diff(want, take()); diff != "" {
					t.Error(diff)
				}
			}
		})
	}
}

// TestFlightsAllocateNothing: what a flight needs is its connection's.
func TestFlightsAllocateNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	c := connect(t, things(t).URL())
	rows := 0
	read := stmt("SELECT id, name FROM things WHERE id > $1::int", "0")
	read.Row = func(_ []flight.Field, values [][]byte) error { rows += len(values); return nil }
	fly(t, c, write("1"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, f := range map[string]*flight.Flight{
		"read":  {Statements: []flight.Statement{read}},
		"write": {Begin: "BEGIN", Statements: []flight.Statement{stmt("UPDATE things SET name = $1 WHERE id = 1", "n")}, End: flight.Commit},
	} {
		n := testing.AllocsPerRun(200, func() {
			if err := c.Fly(ctx, f); err != nil {
				t.Fatal(err)
			}
		})
		if n != 0 {
			t.Errorf("a %s allocates %v times", name, n)
		}
	}
	if rows == 0 {
		t.Error("nothing was read")
	}
}

// TestWatchEndsWithItsFlight has a context end between flights, and in the middle of
// one whose answers have all come: the next flight must not feel it.
func TestWatchEndsWithItsFlight(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		late := stmt("SELECT 1")
		late.Row = func([]flight.Field, [][]byte) error {
			cancel()
			time.Sleep(15 * time.Millisecond) // a look happens, and the rest is in the buffer
			return nil
		}
		fly(t, c, &flight.Flight{Statements: []flight.Statement{late}})
		if err := c.Fly(ctx, &flight.Flight{Statements: []flight.Statement{stmt("SELECT 1")}}); err == nil {
			t.Fatal("a flight of an ended context was sent")
		}
		live, end := context.WithCancel(t.Context())
		late.Row = func([]flight.Field, [][]byte) error {
			end()
			time.Sleep(15 * time.Millisecond)
			return nil
		}
		if err := c.Fly(live, &flight.Flight{Statements: []flight.Statement{late}}); err != nil {
			t.Fatal(err)
		}
		fly(t, c, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_sleep(0.01)")}})
	}
}

// TestFailureBeforeCommit counts what a failed statement costs, and looks whether the
// connection is at rest and the work undone behind it.
func TestFailureBeforeCommit(t *testing.T) {
	t.Parallel()
	db := things(t)
	p, url := startProxy(t, db.URL())
	c := connect(t, url)
	for contested, want := range map[bool]int{false: 2, true: 1} {
		f := write("1")
		f.Statements = append(f.Statements, insert("1", "the same key"))
		f.Contested = contested
		p.countTrips()
		_ = wantOutcome(t, c.Fly(t.Context(), f), flight.RolledBack, 1)
		if n := p.countTrips(); n != want {
			t.Errorf("contested %t: %d trips, want %d", contested, n, want)
		}
		wantStatus(t, c, 'I')
		if n := db.QueryInt(t, "SELECT count(*) FROM things"); n != 0 || c.Broken() {
			t.Errorf("contested %t: %d rows, broken %t", contested, n, c.Broken())
		}
	}
	fly(t, c, write("1"))
}
