package autogenerate_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort/migrate/autogenerate"
)

// TestNoMomentWithoutPolicyOrTrigger: what guards rows or hears of changes comes back
// in the transaction that drops it, however long an index takes behind it.
func TestNoMomentWithoutPolicyOrTrigger(t *testing.T) {
	t.Parallel()
	schema := func(typ, limit, index string) string {
		return `CREATE FUNCTION heard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TABLE t (id int, a ` + typ + `);
CREATE POLICY changed ON t AS RESTRICTIVE USING (id > ` + limit + `); CREATE POLICY same ON t USING (a > 0);
CREATE TRIGGER changed BEFORE INSERT ON t FOR EACH ROW WHEN (new.id > ` + limit + `) EXECUTE FUNCTION heard();
CREATE TRIGGER same BEFORE UPDATE OF a ON t FOR EACH ROW EXECUTE FUNCTION heard();
CREATE INDEX ix ON t (` + index + `)`
	}
	db, models := newDatabase(t, schema("int", "1", "id")), newDatabase(t, schema("bigint", "2", "a"))
	before, after := db.read(t), models.read(t)
	plan := autogenerate.Build(before, after, compare(t, before, after, everything))
	for direction, steps := range map[string][]autogenerate.Step{"up": plan.Up, "down": plan.Down} {
		missing, seen := map[string]bool{}, 0
		for _, s := range steps {
			words := strings.Fields(s.SQL)
			switch {
			case len(words) < 3 || words[1] != "POLICY" && words[1] != "TRIGGER":
			case words[0] == "DROP":
				missing[words[1]+words[2]] = true
				seen++
			case words[0] == "CREATE":
				delete(missing, words[1]+words[2])
			}
			if s.Mode != autogenerate.Together && len(missing) > 0 {
				t.Errorf("%s: a transaction ends before %q without %v", direction, s.SQL, missing)
			}
		}
		if seen != 4 || len(missing) > 0 {
			t.Errorf("%s drops %d policies and triggers, want 4, and leaves out %v", direction, seen, missing)
		}
	}
}
