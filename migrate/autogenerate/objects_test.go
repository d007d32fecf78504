package autogenerate_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/autogenerate"
)

// Invoice counts by a sequence that no column owns.
type Invoice struct {
	ID     int64
	Number int64
}

func (Invoice) Define(d *retort.Definition[Invoice]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.Number).ServerMade("nextval('invoice_numbers')")
}

// TestRegisteredObjects: sequences, materialized views with their indexes, and
// comments come in order, are compared, change and go.
func TestRegisteredObjects(t *testing.T) {
	t.Parallel()
	invoices := retort.NewTable[Invoice]("invoices")
	numbers := retort.Sequence("invoice_numbers", "CREATE SEQUENCE invoice_numbers START 1000").Comment("One for each invoice")
	view := func(index string) retort.SQLObject {
		return retort.View("busy", "CREATE MATERIALIZED VIEW busy AS SELECT number, count(*) AS n FROM invoices GROUP BY number").Index("busy_number", index)
	}
	double := retort.Function("double", "int", "CREATE FUNCTION {function}(n int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * n'")
	db := newDatabase(t, "")
	// With each step the database becomes what the models say; the way back leads to where it was.
	for _, step := range []struct {
		base *retort.Base
		want []string
	}{
		{
			retort.NewBase(invoices, numbers, double.Comment("Twice"), view("CREATE UNIQUE INDEX busy_number ON busy (number)").Comment("Refreshed at night")),
			[]string{"add sequence invoice_numbers", "add function double(integer)", "add table invoices", "add view busy"},
		},
		{
			retort.NewBase(invoices, numbers.Comment("Changed"), double, view("CREATE INDEX busy_number ON busy (n)").Index("busy_both", "CREATE INDEX busy_both ON busy (n, number)").Comment("Also changed")),
			[]string{
				"alter sequence invoice_numbers: comment: One for each invoice → Changed", "alter function double(integer): comment: Twice → none",
				"add index busy.busy_both", "alter index busy.busy_number: definition: UNIQUE USING btree (number) → USING btree (n)",
				"alter view busy: comment: Refreshed at night → Also changed",
			},
		},
		{retort.NewBase(double), []string{"drop sequence invoice_numbers", "drop table invoices", "drop view busy"}},
	} {
		cfg := config(t)
		cfg.Options = everything
		before := db.read(t)
		found, err := autogenerate.Generate(t.Context(), db.eng, step.base, cfg)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range found.Differences {
			got = append(got, d.String())
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		db.apply(t, found.Plan.Up)
		again, err := autogenerate.Generate(t.Context(), db.eng, step.base, cfg)
		if err != nil || len(again.Differences) > 0 {
			t.Errorf("a second run finds %v, %v", list(again.Differences), err)
		}
		db.apply(t, found.Plan.Down)
		if left := compare(t, db.read(t), before, everything); len(left) > 0 {
			t.Errorf("down leaves\n%s", list(left))
		}
		db.apply(t, found.Plan.Up)
	}
}
