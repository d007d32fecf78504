package flight_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/flight"
)

// TestTenants_with_types_of_their_own shares one connection between schemas whose types
// have the same names.
func TestTenants_with_types_of_their_own(t *testing.T) {
	t.Parallel()
	db := things(t)
	for _, tenant := range []string{"a", "b"} {
		db.Exec(t, "CREATE SCHEMA "+tenant)
		db.Exec(t, "CREATE TYPE "+tenant+".mood AS ENUM ('sad', 'happy')")
		db.Exec(t, "CREATE TABLE "+tenant+".days (mood "+tenant+".mood)")
	}
	c := connect(t, db.URL())
	var want, got []string
	for range 3 {
		for _, tenant := range []string{"a", "b"} {
			set := stmt("SELECT set_config('search_path', $1, true)", tenant)
			fly(t, c, &flight.Flight{Begin: "BEGIN", Settings: &set, Path: tenant})
			fly(t, c, &flight.Flight{Path: tenant, End: flight.Commit, Statements: []flight.Statement{
				stmt("INSERT INTO days VALUES ($1)", "happy"), query(&got, "SELECT pg_typeof(mood)::text FROM days LIMIT 1"), query(&got, "SELECT mood FROM days LIMIT 1"),
			}})
			want = append(want, "mood", "happy")
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
