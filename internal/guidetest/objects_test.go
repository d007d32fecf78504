package guidetest_test

import (
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestModels_what_SQL_alone_can_say: a materialized view comes with its index, which
// lets it be refreshed while it is read, and with its comment; a sequence counts.
func TestModels_what_SQL_alone_can_say(t *testing.T) {
	t.Parallel()
	base := retort.NewBase(
		retort.View("totals", "CREATE MATERIALIZED VIEW totals AS SELECT name, count(*) AS n FROM (VALUES ('a')) v (name) GROUP BY name").
			Index("totals_name", "CREATE UNIQUE INDEX totals_name ON totals (name)").Comment("Refreshed at night"),
		retort.Sequence("numbers", "CREATE SEQUENCE numbers START WITH 1000").Comment("Of invoices"),
	)
	k := retorttest.New(t, base)
	for range 2 {
		if err := base.CreateAll(t.Context(), k.Engine); err != nil {
			t.Fatal(err)
		}
	}
	k.Exec(t, "REFRESH MATERIALIZED VIEW CONCURRENTLY totals")
	if got := k.QueryString(t, "SELECT nextval('numbers') || obj_description('totals'::regclass) || obj_description('numbers'::regclass)"); got != "1000Refreshed at nightOf invoices" {
		t.Error(got)
	}
}
