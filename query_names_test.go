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
