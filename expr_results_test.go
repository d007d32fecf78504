package retort_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestTextDistanceComparesWithANumber compares a distance, which is no text as the
// column that it is from.
func TestTextDistanceComparesWithANumber(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	k.Exec(t, "CREATE EXTENSION pg_trgm")
	shelf(t, k)
	s := k.Engine.Session()
	defer s.Close(t.Context())
	rows, err := Authors.Where(retort.TextDistance(&Authors.C.Name, "austin").Lt(0.9)).All(t.Context(), s)
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// TestAFrameHoldsItsRow reads into fields that cannot be NULL: a frame of RowsBetween
// is never empty.
func TestAFrameHoldsItsRow(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	w := retort.Window{Order: []retort.Order{retort.Asc(&b.Title), retort.Asc(&b.ID)}, Frame: retort.RowsBetween(1, 0)}
	var row struct{ N, Pages int64 }
	got, err := lines(retort.Select(Books.OrderBy(w.Order...), &row, retort.Into(&row.N, retort.Count().Over(w)),
		retort.Into(&row.Pages, retort.Sum[int64](retort.Col(&b.Pages)).Over(w))).All(ctx, s))
	if diff := cmp.Diff([]string{"1 100", "2 200", "2 300"}, got); err != nil || diff != "" {
		t.Errorf("%v, rows (-want +got):\n%s", err, diff)
	}
	w.Frame = retort.RowsBetween(-2, 0)
	_, err = retort.Values(Books.Query(), retort.Count().Over(w)).All(ctx, s)
	wantErr(t, err, nil, "RowsBetween: a bound is a number of rows")
}
