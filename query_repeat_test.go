package retort_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestGroupsByExpressionsWithParameters repeats the expression of GROUP BY where SQL
// wants the very same: with parameters of their own they were different ones.
func TestGroupsByExpressionsWithParameters(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	month := func() retort.Expr[time.Time] { return retort.DateTrunc(retort.Month, retort.Col(&b.SeenAt), "UTC") }
	size := retort.Case[string]().When(retort.Gt(&b.Pages, 150), "thick").Else("thin")
	rank := retort.Coalesce(retort.Col(b.Rank), 7)
	var row struct {
		Month time.Time
		Size  string
		Rank  int16
		N     int64
	}
	groups := Books.Query().GroupBy(month(), size, rank).Having(rank.Eq(7), retort.Count().Ge(1))
	q := retort.Select(groups.OrderBy(month().Asc(), size.Asc()), &row,
		retort.Into(&row.Month, month()), retort.Into(&row.Size, retort.Concat(size, retort.Val("!"))), retort.Into(&row.Rank, rank), retort.Into(&row.N, retort.Count()))
	got, err := lines(q.All(ctx, s))
	must(t, err)
	if diff := cmp.Diff([]string{"2024-02-01 00:00:00 +0000 UTC thick! 7 1", "2024-02-01 00:00:00 +0000 UTC thin! 7 2"}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if n, err := groups.Count(ctx, s); err != nil || n != 2 {
		t.Errorf("Count: %d, %v", n, err)
	}
	if found, err := groups.Exists(ctx, s); err != nil || !found {
		t.Errorf("Exists: %t, %v", found, err)
	}
	sizes, err := retort.Values(Books.Query().Distinct().OrderBy(size.Desc()), size).All(ctx, s)
	if diff := cmp.Diff([]string{"thin", "thick"}, sizes); err != nil || diff != "" {
		t.Errorf("Distinct: %v, %s", err, diff)
	}
	firsts, err := Books.Query().DistinctOn(size).OrderBy(size.Asc(), retort.Asc(&b.Title)).All(ctx, s)
	if err != nil || len(firsts) != 2 {
		t.Errorf("DistinctOn: %d rows, %v", len(firsts), err)
	}
	// A WITH query that is met in the group has parameters of its own.
	poems := retort.CTE("poems", Books.Where(retort.Eq(&b.Genre, Poetry)))
	same := retort.CoalesceExpr(retort.Scalar(retort.Values(poems.Where(retort.EqCol(&poems.C.Title, &b.Title)), retort.CountOf(retort.Col(&poems.C.ID)).Add(retort.Val(int64(1))))), retort.Val(int64(0)))
	counts, err := retort.Values(Books.Query().GroupBy(same), same).OrderBy(same.Asc()).All(ctx, s)
	if diff := cmp.Diff([]int64{1, 3}, counts); err != nil || diff != "" {
		t.Errorf("with a CTE: %v, %s", err, diff)
	}
	// Another value is another expression, and no group.
	_, err = retort.Values(Books.Query().GroupBy(rank), retort.Coalesce(retort.Col(b.Rank), 8)).All(ctx, s)
	if err == nil {
		t.Error("a value that is not of the group was read")
	}
}
