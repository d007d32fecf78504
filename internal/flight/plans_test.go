package flight_test

import (
	"testing"

	"github.com/retort-go/retort/internal/flight"
	"github.com/retort-go/retort/pgerr"
)

// TestPlans: a table changes under several warm connections, and only the first of
// them fails.
func TestPlans(t *testing.T) {
	t.Parallel()
	for name, plans := range map[string]*flight.Plans{"shared": new(flight.Plans), "not shared": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := things(t)
			all := func() *flight.Flight {
				return &flight.Flight{Statements: []flight.Statement{stmt("SELECT * FROM things")}}
			}
			var conns []*flight.Conn
			for range 4 {
				c := connect(t, db.URL(), func(cfg *flight.Config) { cfg.Plans = plans })
				fly(t, c, all())
				conns = append(conns, c)
			}
			for round, sql := range []string{"ALTER TABLE things ADD COLUMN more text", "ALTER TABLE things DROP COLUMN more"} {
				db.Exec(t, sql)
				failed := 0
				for i, c := range conns {
					if err := c.Fly(t.Context(), all()); pgerr.KindOf(err) == pgerr.StalePlan {
						failed++
					} else if err != nil {
						t.Errorf("round %d, connection %d: %v", round, i, err)
					}
					fly(t, c, all()) // healed, and warm again
				}
				if want := map[bool]int{true: 1, false: len(conns)}[plans != nil]; failed != want {
					t.Errorf("round %d: %d of %d connections failed, want %d", round, failed, len(conns), want)
				}
			}
			for i, c := range conns {
				if n := known(t, c); n != 1 {
					t.Errorf("connection %d: the server knows %d statements, want 1: the old ones are dropped", i, n)
				}
			}
		})
	}
}
