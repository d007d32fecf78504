package retort_test

import (
	"context"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// TestQueriesThatTheServerRefuses say what to call in their place.
func TestQueriesThatTheServerRefuses(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	a, b, e := Authors.C, Books.C, Events.C
	all := func(q *retort.Query[Book]) func(*retort.Session) error {
		return func(s *retort.Session) error { _, err := q.All(ctx, s); return err }
	}
	with := Books.Query().LeftJoin(Events, retort.EqCol(&e.BookID, &b.ID))
	on := retort.EqCol(&b.AuthorID, &a.ID)
	for name, c := range map[string]struct {
		run        func(*retort.Session) error
		code, want string
	}{
		"a_group_without_the_key": {all(Books.Query().GroupBy(&b.Title)), "42803", ".GroupBy(&c.ID)"},
		"an_aggregate_in_a_where": {all(Books.Where(retort.Count().Ge(1))), "42803", "Having"},
		"a_lock_of_a_left_join":   {all(with.ForUpdate()), "0A000", "retort.LockOf"},
		"a_lock_of_distinct_rows": {all(Books.Query().Distinct().ForShare()), "0A000", "retort.InQuery"},
		"another_order_of_distinct": {func(s *retort.Session) error {
			_, err := retort.Values(Books.Query().Distinct().OrderBy(retort.Asc(&b.Pages)), retort.Col(&b.Title)).All(ctx, s)
			return err
		}, "42P10", "order by what is read"},
		"another_order_of_distinct_on": {all(Books.Query().DistinctOn(&b.Title).OrderBy(retort.Asc(&b.Pages))), "42P10", "begin OrderBy with"},
		"objects_of_a_right_join":      {all(Books.Query().RightJoin(Authors, on)), "", "RightJoin: it gives rows without a retort_test.Book"},
		"objects_of_a_full_join": {func(s *retort.Session) error {
			for _, err := range Books.Query().FullJoin(Authors, on).Iter(ctx, s) {
				return err
			}
			return nil
		}, "", "FullJoin: it gives rows without a retort_test.Book"},
		"null_in_an_array": {func(s *retort.Session) error {
			_, err := retort.Values(Books.Query(), retort.ArrayAgg(retort.Col(b.Subtitle)).NotNull()).All(ctx, s)
			return err
		}, "", "make the field a []*string"},
		"keys_that_the_program_makes": {func(s *retort.Session) error {
			_, err := retort.InsertFrom(Authors, Books.Query(), retort.Into(&a.Name, &b.Title), retort.Into(&a.Email, &b.Title)).Exec(ctx, s)
			return err
		}, "", `InsertFrom: the program makes column "id"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := k.Engine.Session()
			defer s.Close(ctx)
			err := c.run(s)
			wantErr(t, err, nil, "retort: ", c.want)
			if got := pgerr.Code(err); got != c.code {
				t.Errorf("code %q", got)
			}
		})
	}
	t.Run("but_not_SQL_of_the_program's_own", func(t *testing.T) {
		t.Parallel()
		s := k.Engine.Session()
		defer s.Close(context.WithoutCancel(ctx))
		_, err := retort.SQL[string]("SELECT title FROM books GROUP BY pages").All(ctx, s)
		if err == nil || strings.Contains(err.Error(), "GroupBy") {
			t.Error(err)
		}
	})
}

// TestJoinsBehindARightJoin read columns of it that cannot be NULL.
func TestJoinsBehindARightJoin(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	a, b := Authors.C, Books.C
	twin := Authors.As("twin")
	q := Books.Query().RightJoin(Authors, retort.EqCol(&b.AuthorID, &a.ID)).Join(twin, retort.EqCol(&twin.C.ID, &a.ID))
	names, err := retort.Values(q, retort.Col(&a.Name)).All(ctx, s)
	must(t, err)
	if len(names) == 0 {
		t.Error("no rows")
	}
	_, err = retort.Values(q, retort.Col(&b.Title)).All(ctx, s)
	wantErr(t, err, nil, "may be NULL")
}
