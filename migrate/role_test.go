package migrate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/migrate"
)

// TestRoleOfARevision: a revision makes its tables as another role, which has no rights
// on the ledger; what follows is the run's own again.
func TestRoleOfARevision(t *testing.T) {
	t.Parallel()
	db, scripted := newDatabase(t), newDatabase(t)
	role := "maker_" + db.Name()[len(db.Name())-12:]
	db.Exec(t, "CREATE ROLE "+role)
	t.Cleanup(func() {
		for _, d := range []database{db, scripted} {
			d.Exec(t, "DROP SCHEMA IF EXISTS made CASCADE")
		}
		db.Exec(t, "DROP ROLE "+role)
	})
	h := files(t, strings.ReplaceAll(`a:
-- +up
CREATE SCHEMA made AUTHORIZATION maker;
SET LOCAL ROLE maker;
CREATE TABLE made.one (id int);
RESET ROLE;
CREATE TABLE made.two (id int);
SET ROLE maker;
CREATE TABLE made.three (id int);
-- +alone
CREATE TABLE made.four (id int);
SELECT set_config('role', 'maker', false);
CREATE TABLE made.five (id int);
`, "maker", role), "b: a\n-- +up\nCREATE TABLE made.six (id int);\n")
	db.upgrade(t, h, "head")
	text, err := migrate.Script(h, migrate.Options{}, migrate.Up, "base", "head")
	if err != nil {
		t.Fatal(err)
	}
	if err := play(t, scripted, text); err != nil {
		t.Fatal(err)
	}
	const owned = "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'made'::regnamespace AND pg_get_userbyid(relowner) = '"
	if diff := cmp.Diff("five one three", db.ask(t, owned+role+"'")); diff != "" {
		t.Errorf("what the role made (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff("five one three", scripted.ask(t, owned+role+"'")); diff != "" {
		t.Errorf("what the role made by the script (-want +got)\n%s", diff)
	}
	if got := db.current(t) + scripted.current(t); got != "a|applied,b|applieda|applied,b|applied" {
		t.Errorf("the ledgers have %s", got)
	}
}
