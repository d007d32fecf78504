package retort_test

import (
	stdsql "database/sql"
	"fmt"
	"sync"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestConnectorBehindPoolerRunsItsOwnStatements and not what another client has parsed
// on the same connection to the server.
func TestConnectorBehindPoolerRunsItsOwnStatements(t *testing.T) {
	t.Parallel()
	b := startBouncer(t, retorttest.NewDatabase(t, retorttest.Template{}))
	eng := open(t, retort.Config{Base: retort.NewBase(), URL: b.url, Pooler: true})
	db := stdsql.OpenDB(eng.Connector())
	defer db.Close()
	_, err := db.ExecContext(t.Context(), "CREATE TABLE written (by bigint, n bigint)")
	must(t, err)
	const clients, times = 6, 100
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for i := range times {
				var got string
				err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT 'client %d asks for ' || $1::text", client), fmt.Sprint(i)).Scan(&got)
				if want := fmt.Sprintf("client %d asks for %d", client, i); err != nil || got != want {
					t.Errorf("%q, want %q: %v", got, want, err)
					return
				}
				if _, err := db.ExecContext(t.Context(), fmt.Sprintf("INSERT INTO written VALUES (%d, $1)", client), i); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	var rows, different int
	must(t, db.QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT (by, n)) FROM written").Scan(&rows, &different))
	if rows != clients*times || different != rows {
		t.Errorf("%d rows were written, %d different ones, want %d", rows, different, clients*times)
	}
}
