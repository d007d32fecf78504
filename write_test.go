package retort_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestBulkWrites(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	a, b := Authors.C, Books.C
	count := func(n int64, err error) ([]string, error) { return []string{fmt.Sprint(n)}, err }
	type change struct {
		Title string
		Pages int32
	}
	var row change
	none := uuid.Nil
	runForms(t, "writes.sql", k, seen, []form{
		{"update_touches_version_and_updated_at", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Authors.Update(retort.Set(&a.Name, "Jane"), retort.SetNull(a.Note)).Where(retort.Eq(&a.Name, "austen")).Exec(ctx, s))
		}, []string{"1"}},
		{"update_by_expressions_gives_back_columns", func(ctx context.Context, s *retort.Session) ([]string, error) {
			u := Books.Update(retort.SetExpr(&b.Pages, retort.Col(&b.Pages).Add(retort.Val(int32(1)))), retort.Set(b.Subtitle, "new")).Where(retort.Gt(&b.Pages, 150))
			return lines(retort.Returning(u, &row, retort.Into(&row.Title, &b.Title), retort.Into(&row.Pages, &b.Pages)).All(ctx, s))
		}, []string{"book 1 201"}},
		{"update_of_all_rows_says_so", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Books.Update(retort.Set(&b.InPrint, true)).AllRows().Named("print-all").Exec(ctx, s))
		}, []string{"3"}},
		{"update_from_another_table", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Authors.Update(retort.SetExpr(&a.Name, retort.Col(&b.Title))).From(Books).
				Where(retort.EqCol(&b.AuthorID, &a.ID), retort.Eq(&b.Pages, 200)).Exec(ctx, s))
		}, []string{"1"}},
		{"update_where_a_subquery_holds", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Authors.Update(retort.Set(&a.Name, "x")).Where(retort.Not(retort.Exists(Books.Where(retort.EqCol(&b.AuthorID, &a.ID))))).Exec(ctx, s))
		}, []string{"1"}},
		{"delete", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Books.Delete().Where(retort.Lt(&b.Pages, 150)).Exec(ctx, s))
		}, []string{"2"}},
		{"delete_using_another_table_gives_back_columns", func(ctx context.Context, s *retort.Session) ([]string, error) {
			d := Books.Delete().Using(Authors).Where(retort.EqCol(&b.AuthorID, &a.ID), retort.Eq(&a.Name, "brontë"))
			return lines(retort.Returning(d, &row, retort.Into(&row.Title, &a.Name), retort.Into(&row.Pages, &b.Pages)).All(ctx, s))
		}, []string{"brontë 100"}},
		{"insert_does_nothing_on_conflict", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Authors.Insert(newAuthor("austen"), newAuthor("new")).OnConflict(&a.Email).DoNothing().Exec(ctx, s))
		}, []string{"1"}},
		{"insert_updates_on_conflict", func(ctx context.Context, s *retort.Session) ([]string, error) {
			other := newAuthor("austen")
			other.Name = "renamed"
			rows, err := Authors.Insert(other).OnConflict(&a.Email).DoUpdate(retort.SetExpr(&a.Name, retort.Excluded(&a.Name))).
				UpdateWhere(retort.Ne(&a.Name, "renamed")).Rows(ctx, s)
			if err != nil {
				return nil, err
			}
			return []string{fmt.Sprint(rows[0].Name, rows[0].Version.Version, rows[0].ID == authors[0].ID, other.ID != none)}, nil
		}, []string{"renamed2 true true"}},
		{"upsert_sets_everything", func(ctx context.Context, s *retort.Session) ([]string, error) {
			other := newAuthor("austen")
			other.Note = new("noted")
			rows, err := Authors.Upsert([]*Author{other}, &a.Email).Rows(ctx, s)
			if err != nil {
				return nil, err
			}
			return []string{*rows[0].Note}, nil
		}, []string{"noted"}},
		{"upsert_by_the_primary_key", func(ctx context.Context, s *retort.Session) ([]string, error) {
			if _, err := Counters.Upsert([]*Counter{{"a", 1}, {"b", 2}}).Exec(ctx, s); err != nil {
				return nil, err
			}
			rows, err := Counters.Insert(&Counter{"a", 5}).OnConflict(&Counters.C.Name).
				DoUpdate(retort.SetExpr(&Counters.C.Value, retort.Col(&Counters.C.Value).Add(retort.Excluded(&Counters.C.Value)))).Rows(ctx, s)
			return []string{fmt.Sprint(rows[0].Value)}, err
		}, []string{"6"}},
		{"conflict_with_a_partial_index", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Books.Insert(newBook(authors[1], "book 0")).OnConflict(&b.AuthorID, &b.Title).Where(retort.Is(retort.Col(&b.InPrint))).DoNothing().Exec(ctx, s))
		}, []string{"0"}},
		{"insert_from_a_query", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(retort.InsertFrom(Events, Books.Where(retort.Gt(&b.Pages, 50)), retort.Into(&Events.C.BookID, &b.ID),
				retort.Into(&Events.C.What, retort.Concat(retort.Col(&b.Title), retort.Val("!")))).Exec(ctx, s))
		}, []string{"3"}},
		{"insert_from_the_table_itself", func(ctx context.Context, s *retort.Session) ([]string, error) {
			ins := retort.InsertFrom(Counters, Counters.Where(retort.Eq(&Counters.C.Name, "nobody")), retort.Into(&Counters.C.Name, &Counters.C.Name), retort.Into(&Counters.C.Value, &Counters.C.Value))
			return count(ins.Exec(ctx, s))
		}, []string{"0"}},
		{"a_cte_that_writes", func(ctx context.Context, s *retort.Session) ([]string, error) {
			gone := retort.CTE("gone", retort.Returning(Books.Delete().Where(retort.Lt(&b.Pages, 150)), &row, retort.Into(&row.Title, &b.Title), retort.Into(&row.Pages, &b.Pages)))
			return lines(retort.Values(gone.Query(), retort.Coalesce(retort.Sum[int64](retort.Col(&gone.C.Pages)), 0)).All(ctx, s))
		}, []string{"200"}},
	})
	if n := k.QueryInt(t, "SELECT count(*) FROM books"); n != 3 {
		t.Errorf("%d books are left: something was committed that nobody committed", n)
	}
}

// TestBulkWritesAndTheSession looks at what a bulk write means for its objects.
func TestBulkWritesAndTheSession(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	ctx := t.Context()
	a := Authors.C

	t.Run("pending_changes_fly_before_it_in_the_same_trip", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Add(newAuthor("zed"))
		seen.take()
		n, err := Authors.Update(retort.Set(&a.Name, "Z")).Where(retort.Eq(&a.Name, "zed")).Exec(ctx, s)
		must(t, err)
		if trips := len(seen.take()); n != 1 || trips != 1 || !s.Wrote() {
			t.Errorf("%d rows in %d trips, wrote: %v", n, trips, s.Wrote())
		}
	})

	t.Run("returned_rows_are_the_objects_of_the_session_with_new_values", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		mine, err := Authors.Get(ctx, s, authors[0].ID)
		must(t, err)
		rows, err := Authors.Update(retort.Set(&a.Name, "new name")).Where(retort.Eq(&a.ID, mine.ID)).Rows(ctx, s)
		must(t, err)
		if len(rows) != 1 || rows[0] != mine || mine.Name != "new name" || mine.Version.Version != 2 {
			t.Errorf("%v, %q, version %d", rows[0] == mine, mine.Name, mine.Version.Version)
		}
		seen.take()
		must(t, s.Flush(ctx))
		if n := len(seen.take()); n != 0 {
			t.Errorf("%d flights wrote what the object was given", n)
		}
	})

	t.Run("is_refused_in_a_read_only_session", func(t *testing.T) {
		s := k.Engine.SessionWith(retort.TxOptions{ReadOnly: true})
		defer s.Close(ctx)
		_, err := Authors.Delete().AllRows().Exec(ctx, s)
		wantErr(t, err, retort.ErrReadOnly, "delete.exec")
	})

	t.Run("many_rows_at_once", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		var rows []*Counter
		for i := range 20_000 {
			rows = append(rows, &Counter{Name: fmt.Sprint(i)})
		}
		n, err := Counters.Insert(rows...).Exec(ctx, s)
		must(t, err)
		if n != 20_000 {
			t.Errorf("%d rows", n)
		}
		_, err = Counters.Insert(slices.Concat(rows, rows)...).Exec(ctx, s)
		wantErr(t, err, nil, "40000 rows of 2 columns are 80000 parameters", "CopyIn")
	})
}

func TestSoftDeleteInBulk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(members, posts))
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(&Member{Email: "a"}, &Member{Email: "b"}, &Member{Email: "c"})
	must(t, s.Flush(ctx))
	n, err := members.Delete().Where(retort.Eq(&members.C.Email, "a")).Exec(ctx, s)
	must(t, err)
	again, err := members.Delete().Where(retort.In(&members.C.Email, []string{"a"})).Exec(ctx, s)
	must(t, err)
	changed, err := members.Update(retort.Set(&members.C.Email, "x")).Where(retort.Eq(&members.C.Email, "a")).Exec(ctx, s)
	must(t, err)
	all, err := members.Query().Unfiltered(retort.FilterDeleted).Count(ctx, s)
	must(t, err)
	gone, err := members.Delete().Where(retort.Eq(&members.C.Email, "a")).Unfiltered(retort.FilterDeleted).Permanently().Exec(ctx, s)
	must(t, err)
	left, err := members.Query().WithDeleted().Count(ctx, s)
	must(t, err)
	if n != 1 || again != 0 || changed != 0 || all != 3 || gone != 1 || left != 2 {
		t.Errorf("marked %d, then %d, changed %d, of %d, deleted %d, left %d", n, again, changed, all, gone, left)
	}
}
