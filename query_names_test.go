package retort_test

import (
	"slices"
	"testing"

	"github.com/retort-go/retort"
)

// TestASubqueryMayNotHideTheTableThatItNames has one name for a table around a
// subquery and for another inside it: a column of the first would be one of the
// second.
func TestASubqueryMayNotHideTheTableThatItNames(t *testing.T) {
	t.Parallel()
	k, seen, _ := stocked(t)
	ctx := t.Context()
	a, b := Authors.C, Books.C
	asTable, outer, inner, short := Books.As("authors"), Authors.As("x"), Books.As("x"), Authors.As("c")
	deep := Events.As("authors")
	for name, ask := range map[string]func(*retort.Session) error{
		"alias of the table's name": func(s *retort.Session) error {
			_, err := Authors.Where(retort.Exists(asTable.Where(retort.EqCol(&asTable.C.AuthorID, &a.ID)))).All(ctx, s)
			return err
		},
		"two aliases": func(s *retort.Session) error {
			_, err := retort.Values(outer.Where(retort.Exists(inner.Where(retort.EqCol(&inner.C.AuthorID, &outer.C.ID)))), retort.Count()).One(ctx, s)
			return err
		},
		"in between": func(s *retort.Session) error {
			within := deep.Where(retort.Exists(Books.Where(retort.EqCol(&b.AuthorID, &a.ID))))
			_, err := Authors.Where(retort.Exists(within)).All(ctx, s)
			return err
		},
		"a relation's own": func(s *retort.Session) error {
			mine := short.Where(retort.EqCol(&short.C.ID, &b.AuthorID))
			_, err := Authors.With(retort.Load(&a.Books).Where(retort.Exists(mine))).All(ctx, s)
			return err
		},
		"an update": func(s *retort.Session) error {
			_, err := Authors.Update(retort.SetNull(&a.Note)).Where(retort.Exists(asTable.Where(retort.EqCol(&asTable.C.AuthorID, &a.ID)))).Exec(ctx, s)
			return err
		},
	} {
		s := k.Engine.Session()
		seen.take()
		err := ask(s)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else {
			wantErr(t, err, nil, "is the name of a table around the subquery and of one inside it")
		}
		if flights := seen.take(); len(flights) != 0 {
			t.Errorf("%s: it was sent: %q", name, flights[0].Statements)
		}
		must(t, s.Close(ctx))
	}
	s := k.Engine.Session()
	defer s.Close(ctx)
	// What is not named may be hidden.
	found, err := Authors.Where(retort.Exists(asTable.Where(retort.Eq(&asTable.C.Title, "book 1")))).All(ctx, s)
	if err != nil || len(found) != 3 {
		t.Errorf("hidden and not named: %q, %v", names(found), err)
	}
	x := Books.As("x")
	found, err = Authors.Where(retort.Exists(x.Where(retort.EqCol(&x.C.AuthorID, &a.ID)))).OrderBy(retort.Asc(&a.Name)).All(ctx, s)
	if err != nil || !slices.Equal(names(found), []string{"100%_carroll", "brontë"}) {
		t.Errorf("another name: %q, %v", names(found), err)
	}
}

// TestCTEsByOneAlias read two WITH queries by one alias in different places, and one
// by an alias that is the name of a table elsewhere.
func TestCTEsByOneAlias(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	a, b := Authors.C, Books.C
	novels, poems := retort.CTE("novels", Books.Where(retort.Eq(&b.Genre, Novel))), retort.CTE("poems", Books.Where(retort.Eq(&b.Genre, Poetry)))
	x, y := novels.As("x"), poems.As("x")
	got, err := retort.UnionAll(retort.Values(x.Query(), retort.Col(&x.C.Title)), retort.Values(y.Query(), retort.Col(&y.C.Title))).All(ctx, s)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, []string{"book 0", "book 0", "book 1"}) {
		t.Errorf("one alias: %q, %v", got, err)
	}
	z := novels.As("authors")
	got, err = retort.Values(Books.Query().Join(z, retort.EqCol(&z.C.ID, &b.ID)).
		Where(retort.InQuery(&b.AuthorID, retort.Values(Authors.Where(retort.Eq(&a.Name, "100%_carroll")), retort.Col(&a.ID)))), retort.Col(&z.C.Title)).All(ctx, s)
	if err != nil || !slices.Equal(got, []string{"book 1"}) {
		t.Errorf("a table's name: %q, %v", got, err)
	}
}

// TestRecursiveFromTheFirstRow begins with what an order and a limit choose, and
// goes on in two ways at once.
func TestRecursiveFromTheFirstRow(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	type step struct{ N int32 }
	var row step
	b := Books.C
	up := retort.Recursive("up", retort.Select(Books.OrderBy(retort.Desc(&b.Pages)).Limit(1), &row, retort.Into(&row.N, &b.Pages)),
		func(self *retort.Table[step]) retort.RowsOf[step] {
			return retort.Select(self.Where(retort.Lt(&self.C.N, 202)), &row, retort.Into(&row.N, retort.Col(&self.C.N).Add(retort.Val(int32(1)))))
		})
	got, err := retort.Values(up.OrderBy(retort.Asc(&up.C.N)), retort.Col(&up.C.N)).All(ctx, s)
	if err != nil || !slices.Equal(got, []int32{200, 201, 202}) {
		t.Errorf("%v, %v", got, err)
	}
}
