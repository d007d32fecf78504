package retort_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestAnOrderByAColumnIsNotByAResultOfItsName reads expressions that have the name of
// a column in the result: by the program's field, and by the server's own choice.
func TestAnOrderByAColumnIsNotByAResultOfItsName(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	k.Exec(t, "UPDATE books SET pages = CASE title WHEN 'book 0' THEN 9 ELSE 10 END")
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	text := retort.Cast[string](retort.Col(&b.Pages), "text")
	byText := []string{"10", "9", "9"}
	for name, o := range map[string]retort.Order{"field": retort.Desc(&b.Pages), "expression": retort.Col(&b.Pages).Desc()} {
		got, err := retort.Values(Books.OrderBy(o), text).All(ctx, s)
		must(t, err)
		if diff := cmp.Diff(byText, got); diff != "" {
			t.Errorf("a value, by a %s: %s", name, diff)
		}
		var row struct{ Pages string }
		rows, err := retort.Select(Books.OrderBy(o), &row, retort.Into(&row.Pages, text)).All(ctx, s)
		must(t, err)
		if got[0] != "10" || rows[0].Pages != "10" {
			t.Errorf("a row, by a %s: %v", name, rows)
		}
	}
	var row struct{ Title string }
	rows, err := retort.Select(Books.Query().DistinctOn(&b.Title), &row, retort.Into(&row.Title, retort.Val("same"))).All(ctx, s)
	must(t, err)
	if len(rows) != 2 {
		t.Errorf("DistinctOn: %v", rows)
	}
}
