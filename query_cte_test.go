package retort_test

import (
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

// TestACTEMayNotHideATable has a WITH query of a table's name: what reads the table
// beside it would read the WITH query.
func TestACTEMayNotHideATable(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	few := retort.CTE("books", Books.Where(retort.Eq(&b.Title, "book 1")))
	n, err := retort.Values(few.Query(), retort.Count()).One(ctx, s)
	if err != nil || n != 1 {
		t.Errorf("alone: %d, %v", n, err)
	}
	a := Authors.C
	made := retort.CTE("authors", Authors.Where(retort.Eq(&a.Name, "austen")))
	written, err := retort.InsertFrom(Authors, made.Query(), retort.Into(&a.ID, retort.Fragment[uuid.UUID]("gen_random_uuid()").NotNull()),
		retort.Into(&a.Name, &made.C.Name), retort.Into(&a.Email, retort.Val("twin@x"))).Exec(ctx, s)
	if err != nil || written != 1 {
		t.Errorf("INSERT from it: %d, %v", written, err)
	}
	all := retort.Exists(Books.Where(retort.Eq(&b.Title, "book 0")))
	for name, ask := range map[string]func() error{
		"below it":  func() error { _, err := retort.Values(few.Where(all), retort.Count()).One(ctx, s); return err },
		"around it": func() error { _, err := Books.Where(retort.Exists(few.Query())).Count(ctx, s); return err },
		"before it": func() error { _, err := Authors.Where(all, retort.Exists(few.Query())).Count(ctx, s); return err },
		"loaded beside it": func() error {
			_, err := Authors.With(retort.Load(&a.Books).Where(retort.Exists(few.Query()))).All(ctx, s)
			return err
		},
		"in one behind it": func() error {
			first := retort.Values(few.Query(), retort.Count())
			rest := retort.CTE("rest", Authors.Where(all))
			_, err := retort.Values(few.Where(retort.Scalar(first).Gt(0)).CrossJoin(rest), retort.Count()).One(ctx, s)
			return err
		},
		"in itself, among recursive ones": func() error {
			var row struct{ N int64 }
			numbers := retort.Recursive("numbers", retort.Select(Authors.Query().Limit(1), &row, retort.Into(&row.N, retort.Val(int64(1)))),
				func(self *retort.Table[struct{ N int64 }]) retort.RowsOf[struct{ N int64 }] {
					return retort.Select(self.Where(retort.Lt(&self.C.N, 3)), &row, retort.Into(&row.N, retort.Col(&self.C.N).Add(retort.Val(int64(1)))))
				})
			_, err := retort.Values(numbers.Query().CrossJoin(few), retort.Count()).One(ctx, s)
			return err
		},
		"behind it": func() error { _, err := Authors.Where(retort.Exists(few.Query()), all).Count(ctx, s); return err },
	} {
		if err := ask(); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			wantErr(t, err, nil, `CTE: "books" is the name of a table`)
		}
	}
}
