package flight_test

import (
	"testing"

	"github.com/retort-go/retort/internal/flight"
)

func TestBehindPooler(t *testing.T) {
	t.Parallel()
	if connect(t, things(t).URL()).BehindPooler() {
		t.Error("PostgreSQL itself is taken for a pooler")
	}
}

// TestLostStatement tells a statement of ours that is gone from a user's mistake.
func TestLostStatement(t *testing.T) {
	t.Parallel()
	c := connect(t, things(t).URL())
	ours := &flight.Flight{Statements: []flight.Statement{stmt("SELECT 1")}}
	fly(t, c, ours)
	simple(t, c.PgConn(), "DEALLOCATE ALL") // as if the server were another one
	if err := c.Fly(t.Context(), ours); err == nil || !c.LostStatement(err) {
		t.Errorf("not seen: %v", err)
	}
	theirs := &flight.Flight{Statements: []flight.Statement{raw("EXECUTE retort_nobody")}}
	if err := c.Fly(t.Context(), theirs); err == nil || c.LostStatement(err) {
		t.Errorf("a user's own name is taken for ours: %v", err)
	}
	if c.LostStatement(nil) {
		t.Error("nothing is taken for a loss")
	}
}

// TestStatementNames of two connections never meet, so that a pooler between
// cannot make one run what the other prepared.
func TestStatementNames(t *testing.T) {
	t.Parallel()
	url := things(t).URL()
	names := map[string]bool{}
	for range 3 {
		c := connect(t, url)
		var got []string
		fly(t, c, &flight.Flight{Statements: []flight.Statement{query(&got, "SELECT name FROM pg_prepared_statements")}})
		if len(got) != 1 {
			t.Fatalf("the server knows %v, want one", got)
		}
		names[got[0]] = true
	}
	if len(names) != 3 {
		t.Errorf("three connections share names: %v", names)
	}
}
