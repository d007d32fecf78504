package ddl_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/ddl"
	"github.com/retort-go/retort/internal/ddl/ddltest"
)

// TestCreateAllOfRandomModels: whatever is created is found again without a
// difference, and a fact that is changed afterwards is one.
func TestCreateAllOfRandomModels(t *testing.T) {
	t.Parallel()
	conn := connect(t, newDatabase(t))
	var version int
	if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		s := ddltest.RandomSchema(rt, version)
		if problems := ddl.Validate(s); len(problems) > 0 {
			rt.Fatalf("the generator made an invalid schema: %v", problems)
		}
		exec(t, conn, "BEGIN")
		defer exec(t, conn, "ROLLBACK")
		first, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, s)
		if err != nil {
			rt.Fatal(err)
		}
		want := slices.DeleteFunc(ddl.Create(s), func(st ddl.Statement) bool {
			return st.Kind == ddl.KindNamespace && st.Name == "public" // every database has it
		})
		if len(first.Created) != len(want) {
			rt.Errorf("it created %d things of %d", len(first.Created), len(want))
		}
		again, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, s)
		if err != nil || len(again.Created) > 0 {
			rt.Fatalf("the second time it created %v and said %v", again.Created, err)
		}
		what := ddltest.Spoil(rt, &s.Tables[rapid.IntRange(0, len(s.Tables)-1).Draw(rt, "spoiled")])
		if _, err := ddl.CreateAll(t.Context(), &querier{conn: conn}, s); len(differences(t, err)) == 0 {
			rt.Fatalf("it does not see the change of %s", what)
		}
	})
}
