package migrate_test

import (
	"testing"
	"time"

	"github.com/retort-go/retort/migrate"
)

// TestLeaseWithoutItsRow: somebody has emptied all tables, or a dump was restored
// without them. Nobody has the lock then, and nobody is waited for.
func TestLeaseWithoutItsRow(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	db.upgrade(t, files(t, simple...), "a")
	db.Exec(t, "TRUNCATE retort_revisions_lease")
	if _, err := db.runner(t, files(t, simple...), migrate.Options{Wait: time.Second}).Upgrade(t.Context(), "head"); err != nil {
		t.Error(err)
	}
	if got := db.current(t); got != "a|applied,b|applied" {
		t.Errorf("the ledger has %s", got)
	}
}
