package retort_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type (
	Invoice struct {
		retort.UUIDKey
		Tenant int64
		Number string
		Lines  retort.Many[InvoiceLine]
	}
	InvoiceLine struct {
		retort.UUIDKey
		Tenant    int64
		InvoiceID uuid.UUID
		Text      string
	}
)

var (
	invoices     = retort.NewTable[Invoice]("invoices")
	invoiceLines = retort.NewTable[InvoiceLine]("invoice_lines")
)

func (Invoice) Define(d *retort.Definition[Invoice]) {
	retort.HasMany(d, &d.C.Lines, invoiceLines, func(l *InvoiceLine) *uuid.UUID { return &l.InvoiceID })
}

func (InvoiceLine) Define(d *retort.Definition[InvoiceLine]) {
	d.References(&d.C.InvoiceID, &invoices.C.ID)
}

// TestFilters asks in every way for rows of another tenant. Each way is asked
// without the filter first: a way that finds nothing then would prove nothing.
func TestFilters(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	seen := &recorder{}
	k := retorttest.New(t, retort.NewBase(invoices, invoiceLines), func(c *retort.Config) { c.Observer = seen })
	s := k.Engine.Session()
	mine, theirs := &Invoice{Tenant: 1, Number: "mine"}, &Invoice{Tenant: 2, Number: "theirs"}
	s.Add(mine, theirs)
	s.Add(&InvoiceLine{Tenant: 1, InvoiceID: mine.ID, Text: "mine"}, &InvoiceLine{Tenant: 2, InvoiceID: mine.ID, Text: "theirs"},
		&InvoiceLine{Tenant: 2, InvoiceID: theirs.ID, Text: "theirs"})
	must(t, s.Commit(ctx))
	must(t, s.Close(ctx))
	i, l := invoices.C, invoiceLines.C
	filters := []retort.Filter{
		retort.FilterBy("tenant", invoices, &i.Tenant, 1),
		retort.FilterBy("tenant", invoiceLines, &l.Tenant, 1),
	}
	twin := invoices.As("twin")
	num := func(n int64, err error) (int, error) { return int(n), err }
	size := func(n int, err error) (int, error) { return n, err }
	ofTheirs := retort.Eq(&i.Number, "theirs")
	for _, way := range []struct {
		name string
		ask  func(*retort.Session) (int, error) // how much of another tenant it sees
	}{
		{"all", func(s *retort.Session) (int, error) {
			rows, err := invoices.Where(ofTheirs).All(ctx, s)
			return size(len(rows), err)
		}},
		{"count", func(s *retort.Session) (int, error) { return num(invoices.Where(ofTheirs).Count(ctx, s)) }},
		{"exists", func(s *retort.Session) (int, error) {
			found, err := invoices.Where(ofTheirs).Exists(ctx, s)
			if found {
				return 1, err
			}
			return 0, err
		}},
		{"iter", func(s *retort.Session) (n int, _ error) {
			for _, err := range invoices.Where(ofTheirs).Iter(ctx, s) {
				if err != nil {
					return n, err
				}
				n++
			}
			return n, nil
		}},
		{"get", func(s *retort.Session) (int, error) {
			_, err := invoices.Get(ctx, s, theirs.ID)
			if err == nil {
				return 1, nil
			}
			if err == retort.ErrNotFound { //nolint:errorlint // Get returns it unwrapped
				return 0, nil
			}
			return 0, err
		}},
		{"relation", func(s *retort.Session) (int, error) {
			rows, err := invoices.Where(retort.Eq(&i.Number, "mine")).With(&i.Lines).All(ctx, s)
			if err != nil {
				return 0, err
			}
			lines, err := rows[0].Lines.All()
			return size(len(lines)-1, err)
		}},
		{"relation_in_a_transaction", func(s *retort.Session) (int, error) {
			if _, err := s.Exec(ctx, "SELECT 1"); err != nil {
				return 0, err
			}
			rows, err := invoices.Where(retort.Eq(&i.Number, "mine")).With(&i.Lines).All(ctx, s)
			if err != nil {
				return 0, err
			}
			lines, err := rows[0].Lines.All()
			return size(len(lines)-1, err)
		}},
		{"join", func(s *retort.Session) (int, error) {
			return num(invoices.Query().Join(invoiceLines, retort.EqCol(&l.InvoiceID, &i.ID)).Where(retort.Eq(&l.Text, "theirs")).Count(ctx, s))
		}},
		{"left_join", func(s *retort.Session) (int, error) {
			return num(invoices.Query().LeftJoin(invoiceLines, retort.EqCol(&l.InvoiceID, &i.ID)).Where(retort.Eq(&l.Text, "theirs")).Count(ctx, s))
		}},
		{"cross_join", func(s *retort.Session) (int, error) {
			return num(invoices.Where(retort.Eq(&i.Number, "mine")).CrossJoin(invoiceLines).Where(retort.Eq(&l.Text, "theirs")).Count(ctx, s))
		}},
		{"right_join", func(s *retort.Session) (int, error) {
			return num(invoices.Query().RightJoin(invoiceLines, retort.EqCol(&l.InvoiceID, &i.ID)).Where(retort.Eq(&l.Text, "theirs")).Count(ctx, s))
		}},
		{"full_join_of_aliases", func(s *retort.Session) (int, error) {
			lines := invoiceLines.As("line")
			n, err := twin.Query().FullJoin(lines, retort.EqCol(&lines.C.InvoiceID, &twin.C.ID)).Count(ctx, s)
			return int(n) - 1, err
		}},
		{"alias", func(s *retort.Session) (int, error) {
			return num(twin.Where(retort.Eq(&twin.C.Number, "theirs")).Count(ctx, s))
		}},
		{"joined_alias", func(s *retort.Session) (int, error) {
			return num(invoices.Where(retort.Eq(&i.Number, "mine")).Join(twin, retort.NeCol(&twin.C.ID, &i.ID)).Count(ctx, s))
		}},
		{"subquery", func(s *retort.Session) (int, error) {
			return num(invoices.Where(retort.Exists(invoiceLines.Where(retort.EqCol(&l.InvoiceID, &i.ID), retort.Eq(&l.Text, "theirs")))).Count(ctx, s))
		}},
		{"derived_table", func(s *retort.Session) (int, error) {
			sub := retort.Sub("sub", invoices.Where(ofTheirs))
			n, err := retort.Values(sub.Query(), retort.Count()).One(ctx, s)
			return num(n, err)
		}},
		{"cte", func(s *retort.Session) (int, error) {
			sub := retort.CTE("sub", invoices.Where(ofTheirs))
			n, err := retort.Values(sub.Query(), retort.Count()).One(ctx, s)
			return num(n, err)
		}},
		{"select", func(s *retort.Session) (int, error) {
			rows, err := retort.Values(invoices.Where(ofTheirs), retort.Col(&i.Number)).All(ctx, s)
			return size(len(rows), err)
		}},
		{"union", func(s *retort.Session) (int, error) {
			x := retort.Values(invoices.Where(ofTheirs), retort.Col(&i.Number))
			rows, err := retort.Union(x, x).All(ctx, s)
			return size(len(rows), err)
		}},
		{"bulk_update", func(s *retort.Session) (int, error) {
			return num(invoices.Update(retort.Set(&i.Number, "theirs")).Where(ofTheirs).Exec(ctx, s))
		}},
		{"update_from", func(s *retort.Session) (int, error) {
			return num(invoices.Update(retort.Set(&i.Number, "mine")).From(invoiceLines).Where(retort.EqCol(&l.InvoiceID, &i.ID), retort.Eq(&l.Text, "theirs"), retort.Eq(&i.Number, "mine")).Exec(ctx, s))
		}},
		{"bulk_delete", func(s *retort.Session) (int, error) {
			return num(invoiceLines.Delete().Where(retort.Eq(&l.Text, "theirs")).Exec(ctx, s))
		}},
		{"insert_from", func(s *retort.Session) (int, error) {
			return num(retort.InsertFrom(invoices, invoices.Where(ofTheirs), retort.Into(&i.ID, retort.Val(uuid.Must(uuid.NewV7()))), retort.Into(&i.Tenant, &i.Tenant), retort.Into(&i.Number, &i.Number)).Exec(ctx, s))
		}},
		{"upsert", func(s *retort.Session) (int, error) {
			return num(invoices.Upsert([]*Invoice{{UUIDKey: retort.UUIDKey{ID: theirs.ID}, Tenant: 1, Number: "stolen"}}).Exec(ctx, s))
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			for _, filtered := range []bool{false, true} {
				func() {
					s := k.Engine.Session()
					defer s.Close(context.Background())
					if filtered {
						s = k.Engine.SessionWith(retort.TxOptions{Filters: filters})
						defer s.Close(context.Background())
					}
					n, err := way.ask(s)
					must(t, err)
					if filtered != (n == 0) {
						t.Errorf("filtered: %v, and it sees %d rows of another tenant", filtered, n)
					}
				}()
			}
		})
	}

	t.Run("is_lifted_by_name_and_only_there", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Filter(filters...)
		seen.take()
		all, err := invoices.Query().Unfiltered("tenant").Count(ctx, s)
		must(t, err)
		other, err := invoices.Query().Unfiltered("another").Count(ctx, s)
		must(t, err)
		inner, err := invoices.Query().Unfiltered("tenant").Where(retort.Exists(invoiceLines.Where(retort.EqCol(&l.InvoiceID, &i.ID), retort.Eq(&l.Text, "theirs")))).Count(ctx, s)
		must(t, err)
		if got := fmt.Sprint(all, other, inner); got != "2 1 0" {
			t.Errorf("%s", got)
		}
	})

	t.Run("one_that_is_wrong_lets_nothing_pass", func(t *testing.T) {
		for name, f := range map[string]retort.Filter{
			"empty Filter": {}, "is no name": retort.FilterBy("", invoices, &i.Tenant, 1), "would filter nothing": retort.FilterWhere("x", invoices, retort.And()),
			"its aliases have it": retort.FilterBy("x", twin, &twin.C.Tenant, 1), "not a column": retort.FilterBy("x", invoices, &l.Tenant, 1),
		} {
			s := k.Engine.SessionWith(retort.TxOptions{Filters: []retort.Filter{f}})
			defer s.Close(ctx)
			_, err := invoices.Query().All(ctx, s)
			wantErr(t, err, nil, name)
			_, err = invoices.Get(ctx, s, mine.ID)
			wantErr(t, err, nil, name)
		}
	})
}

// TestUnfilteredDoesNotReachAnUpsertInside lifts a filter for a query, and not for the
// WITH query that it reads.
func TestUnfilteredDoesNotReachAnUpsertInside(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(invoices, invoiceLines))
	ctx := t.Context()
	s := k.Engine.SessionWith(retort.TxOptions{Filters: []retort.Filter{retort.FilterBy("tenant", invoices, &invoices.C.Tenant, 1)}})
	defer s.Close(ctx)
	theirs := &Invoice{Tenant: 2, Number: "theirs"}
	s.Add(theirs)
	must(t, s.Flush(ctx))
	i := invoices.C
	upsert := retort.InsertFrom(invoices, invoices.Query().Unfiltered("tenant"), retort.Into(&i.ID, &i.ID), retort.Into(&i.Tenant, &i.Tenant), retort.Into(&i.Number, &i.Number)).
		OnConflict(&i.ID).DoUpdate(retort.Set(&i.Number, "mine now"))
	changed := retort.CTE("changed", upsert)
	n, err := invoices.Query().Join(changed, retort.EqCol(&changed.C.ID, &i.ID)).Unfiltered("tenant").Count(ctx, s)
	must(t, err)
	if n != 0 {
		t.Errorf("%d rows of another tenant were changed", n)
	}
}

// TestBelongsToHiddenByAFilter: what With has asked for is no longer "not loaded".
func TestBelongsToHiddenByAFilter(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := blogBench(t)
	fillBlogs(t, b, 2)
	nobody := retort.TxOptions{Filters: []retort.Filter{retort.FilterBy("name", people, &people.C.Name, "nobody")}}
	for name, q := range map[string]*retort.Query[Essay]{
		"hidden": essays.Query(), "lifted": essays.Query().Unfiltered("name"),
	} {
		s := b.session(t, nobody)
		p, err := q.Where(retort.IsNotNull(essays.C.AuthorID)).With(&essays.C.Author).First(ctx, s)
		must(t, err)
		author, err := p.Author.Get()
		if err != nil || (author == nil) != (name == "hidden") {
			t.Errorf("%s: %v, %v", name, author, err)
		}
	}
}
