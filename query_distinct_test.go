package retort_test

import (
	"testing"

	"github.com/retort-go/retort"
)

// TestPagesOfADistinctQueryLoseNoRow pages by a column in which rows are equal: the
// primary key has to tell them apart.
func TestPagesOfADistinctQueryLoseNoRow(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	all, err := Books.Query().All(ctx, s)
	must(t, err)
	q := Books.Query().Join(Authors, retort.EqCol(&Authors.C.ID, &b.AuthorID)).Distinct().OrderBy(retort.Asc(&b.InPrint)).Limit(1)
	page, seen := q, map[*Book]bool{}
	for range all {
		row, err := page.First(ctx, s)
		if err != nil {
			t.Fatalf("behind %d of %d rows: %v", len(seen), len(all), err)
		}
		seen[row] = true
		position, err := q.Position(s, row)
		must(t, err)
		page = q.After(position...)
	}
	if len(seen) != len(all) {
		t.Errorf("the pages have %d of %d rows", len(seen), len(all))
	}
}

func TestDistinctOnWithoutAnOrderLoadsRelations(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	rows, err := Authors.Query().DistinctOn(&Authors.C.Name).With(&Authors.C.Books).All(ctx, s)
	must(t, err)
	if len(rows) != 3 {
		t.Errorf("%d rows", len(rows))
	}
}

// TestExistsAndCountAgreeWithAll asks for the same rows in three ways.
func TestExistsAndCountAgreeWithAll(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	a, b := Authors.C, Books.C
	carroll := Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).Where(retort.HasSuffix(&a.Name, "carroll"))
	for name, q := range map[string]*retort.Query[Author]{
		"twice":                    carroll,
		"twice_from_the_second":    carroll.Offset(1),
		"distinct":                 carroll.Distinct(),
		"distinct_from_the_second": carroll.Distinct().Offset(1),
		"distinct_on":              carroll.DistinctOn(&a.Name).Offset(1),
	} {
		rows, err := q.All(ctx, s)
		must(t, err)
		n, err := q.Count(ctx, s)
		must(t, err)
		found, err := q.Exists(ctx, s)
		must(t, err)
		if int(n) != len(rows) || found != (len(rows) > 0) {
			t.Errorf("%s: %d rows, Count says %d and Exists %t", name, len(rows), n, found)
		}
	}
	if n, err := Books.Query().Having(retort.Count().Gt(100)).Count(ctx, s); err != nil || n != 0 {
		t.Errorf("Having: Count says %d, %v", n, err)
	}
}
