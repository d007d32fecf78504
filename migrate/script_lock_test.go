package migrate_test

import (
	"testing"
	"time"

	"github.com/retort-go/retort/migrate"
)

// TestScriptWaitsForAnIndex: what builds an index in a script waits for transactions as
// long as a run does; behind lock_timeout it would leave an invalid one.
func TestScriptWaitsForAnIndex(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	h := files(t, "a:\n-- +up\nCREATE TABLE t (id int);\n", "b: a\n-- +up\n-- +outside\nCREATE INDEX CONCURRENTLY ix ON t (id);\nCREATE TABLE behind (id int);\n")
	db.upgrade(t, h, "a")
	text, err := migrate.Script(h, migrate.Options{LockTimeout: 200 * time.Millisecond}, migrate.Up, "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	other := db.Conn(t)
	if _, err := other.Exec(t.Context(), "BEGIN; INSERT INTO t VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		time.Sleep(time.Second)
		_, err := other.Exec(t.Context(), "COMMIT")
		ended <- err
	}()
	if err := play(t, db, text); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if got := db.ask(t, "SELECT indisvalid::text FROM pg_index WHERE indexrelid = 'ix'::regclass"); got != "true" {
		t.Errorf("the index is valid: %s", got)
	}
}
