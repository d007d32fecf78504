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

// TestRelationsDoNotRepeatAWrite loads relations of rows that a writing CTE chooses:
// the statements of the relations must not write again.
func TestRelationsDoNotRepeatAWrite(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	a, b := Authors.C, Books.C
	sold := retort.CTE("sold", Books.Update(retort.Increment(&b.Sold, 1)).Where(retort.Eq(&b.Title, "book 1")))
	q := Authors.Query().Join(sold, retort.EqCol(&sold.C.AuthorID, &a.ID))
	for name, isolation := range map[string]retort.Isolation{"read committed": "", "repeatable read": retort.RepeatableRead} {
		s := k.Engine.SessionWith(retort.TxOptions{Isolation: isolation})
		rows, err := q.With(&a.Books).All(ctx, s)
		if err != nil || len(rows) != 1 || rows[0].Name != "100%_carroll" {
			t.Fatalf("%s: %q, %v", name, names(rows), err)
		}
		books, err := rows[0].Books.All()
		if err != nil || len(books) != 2 || books[0].Sold+books[1].Sold != 1 {
			t.Errorf("%s: %d books, %v", name, len(books), err)
		}
		if n, err := retort.Values(Books.Query(), retort.Coalesce(retort.Sum[int64](retort.Col(&b.Sold)), 0)).One(ctx, s); err != nil || n != 1 {
			t.Errorf("%s: %d sold, %v", name, n, err)
		}
		must(t, s.Rollback(ctx))
		_, err = Authors.With(retort.Load(&a.Books).Where(retort.Exists(sold.Query()))).All(ctx, s)
		wantErr(t, err, nil, "a CTE that writes has no place")
		must(t, s.Close(ctx))
	}
}
