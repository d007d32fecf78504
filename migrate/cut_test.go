package migrate_test

import (
	"strings"
	"testing"
)

// TestNamesThatTheServerCuts: statements outside of transactions are seen to be done
// where their names are longer than PostgreSQL keeps them.
func TestNamesThatTheServerCuts(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	long := strings.Repeat("t", 70)
	h := files(t, `a:
-- +up
CREATE TABLE t (id int);
-- +outside
CREATE INDEX CONCURRENTLY ix_`+long+` ON t (id);
-- +outside
CREATE INDEX CONCURRENTLY "`+strings.Repeat("ü", 40)+`" ON t (id);
ALTER TABLE t ADD CONSTRAINT ck_`+long+` CHECK (id > 0) NOT VALID;
-- +outside
ALTER TABLE t VALIDATE CONSTRAINT ck_`+long+`;
-- +down
-- +outside
DROP INDEX CONCURRENTLY ix_`+long+`;
DROP TABLE t;
`)
	db.upgrade(t, h, "head")
	if _, err := db.runner(t, h).Downgrade(t.Context(), "base"); err != nil {
		t.Error(err)
	}
}

// TestRepair_of_fewer_steps: steps that were done and are in the file no more do not
// keep an accepted revision from being ended.
func TestRepair_of_fewer_steps(t *testing.T) {
	t.Parallel()
	db, ctx := newDatabase(t), t.Context()
	const done = "a:\n-- +up\n-- +alone\nCREATE TABLE one (id int);\n"
	if _, err := db.runner(t, files(t, done+"-- +alone\nCREATE TABLE two (id int);\n-- +alone\nSELECT 1/0;\n")).Upgrade(ctx, "head"); err == nil {
		t.Fatal("1/0 is done")
	}
	edited := db.runner(t, files(t, done))
	for i, want := range []int{1, 0} {
		if did, err := edited.Repair(ctx); err != nil || len(did) != want {
			t.Errorf("Repair %d: %q, %v", i+1, did, err)
		}
	}
	db.upgrade(t, edited.History(), "head")
}
