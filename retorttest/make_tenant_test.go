package retorttest_test

import (
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// Depot's number is made by the database, and a Van names both of its columns.
type (
	Depot struct {
		retort.BigintKey
		City string
	}
	Van struct {
		retort.BigintKey
		DepotID int64
		City    string
	}
)

var (
	Depots = retort.NewTable[Depot]("depots")
	Vans   = retort.NewTable[Van]("vans")
)

func (Depot) Define(d *retort.Definition[Depot]) { d.Unique(&d.C.ID, &d.C.City) }

func (Van) Define(d *retort.Definition[Van]) {
	d.ForeignKey([]any{&d.C.DepotID, &d.C.City}, []any{&Depots.C.ID, &Depots.C.City})
}

// Tenant has members, and what they own is the tenant's.
type Tenant struct {
	retort.BigintKey
	Name string
}

type Member struct {
	TenantID int64
	Number   int64
}

type Invoice struct {
	retort.BigintKey
	TenantID int64
	OwnerNo  int64
	PayerNo  *int64
	Rate     string
}

var (
	Tenants  = retort.NewTable[Tenant]("tenants")
	Members  = retort.NewTable[Member]("members")
	Invoices = retort.NewTable[Invoice]("invoices")
	tenancy  = retort.NewBase(Tenants, Members, Invoices)
)

func (Member) Define(d *retort.Definition[Member]) {
	d.PrimaryKey(&d.C.TenantID, &d.C.Number)
	d.References(&d.C.TenantID, &Tenants.C.ID)
}

func (Invoice) Define(d *retort.Definition[Invoice]) {
	member := []any{&Members.C.TenantID, &Members.C.Number}
	d.References(&d.C.TenantID, &Tenants.C.ID)
	d.ForeignKey([]any{&d.C.TenantID, &d.C.OwnerNo}, member)
	d.ForeignKey([]any{&d.C.TenantID, d.C.PayerNo}, member)
	d.Column(&d.C.Rate).Type("numeric(3,2)")
}

func TestMake_keeps_the_part_of_a_foreign_key_that_is_set(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, tenancy)
	tenant := retorttest.Make[Tenant](t, k)
	for name, invoice := range map[string]*Invoice{
		"by a change": retorttest.Make(t, k, func(i *Invoice) { i.TenantID = tenant.ID }),
		"by a value":  retorttest.MakeFrom(t, k, Invoice{TenantID: tenant.ID}),
	} {
		if invoice.TenantID != tenant.ID {
			t.Errorf("%s: the invoice is of tenant %d, and %d was asked for", name, invoice.TenantID, tenant.ID)
		}
	}
	retorttest.Make[Invoice](t, k)
	if n := k.QueryInt(t, "SELECT count(*) FROM tenants"); n != 2 {
		t.Errorf("%d tenants for one that was made and one that an invoice needs", n)
	}
}

func TestMake_stays_within_the_precision_of_a_numeric(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, tenancy)
	for range 20 {
		retorttest.Make[Invoice](t, k)
	}
}

func TestMake_refuses_a_part_of_a_foreign_key_that_only_the_database_makes(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(Depots, Vans))
	if van := retorttest.MakeFrom(t, k, Van{City: "Bern"}); van.City != "Bern" || van.DepotID == 0 {
		t.Errorf("made %+v", van)
	}
	failed := strings.Join(fatal(t, func(tb testing.TB) { retorttest.MakeFrom(tb, k, Van{DepotID: 700}) }), " ")
	if !strings.Contains(failed, "field DepotID is set") {
		t.Errorf("failed with: %q", failed)
	}
}
