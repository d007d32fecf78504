package retort_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// must fails the test on err.
func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// commit saves objects in a unit of work of their own.
func commit(tb testing.TB, eng *retort.Engine, objects ...any) {
	tb.Helper()
	s := eng.Session()
	s.Add(objects...)
	must(tb, s.Commit(context.Background()))
	must(tb, s.Close(context.Background()))
}

func TestRoundTrips(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	author := newAuthor("jane")
	commit(t, k.Engine, author)
	counts := func(want int, f func(s *retort.Session)) func(*testing.T) {
		return func(t *testing.T) {
			for _, temperature := range []string{"cold", "warm"} {
				s := k.Engine.Session()
				if got := k.RoundTrips(func() { f(s) }); got != want {
					t.Errorf("%s: %d round trips, want %d", temperature, got, want)
				}
				must(t, s.Close(ctx))
			}
		}
	}
	t.Run("nothing_done_is_0_and_no_connection", counts(0, func(s *retort.Session) { must(t, s.Commit(ctx)) }))
	t.Run("read_by_key_is_1", counts(1, func(s *retort.Session) {
		a, err := Authors.Get(ctx, s, author.ID)
		must(t, err)
		if a.Name != "jane" {
			t.Errorf("got %q", a.Name)
		}
	}))
	n := 0
	t.Run("insert_is_1", counts(1, func(s *retort.Session) {
		n++
		a := newAuthor(fmt.Sprint("insert", n))
		s.Add(a)
		must(t, s.Commit(ctx))
		if a.CreatedAt.IsZero() || a.Version.Version != 1 {
			t.Errorf("server-made values are missing: %+v", a)
		}
	}))
	t.Run("read_change_commit_is_2", counts(2, func(s *retort.Session) {
		a, err := Authors.Get(ctx, s, author.ID)
		must(t, err)
		n++
		a.Name = fmt.Sprint("jane", n)
		must(t, s.Commit(ctx))
	}))
	t.Run("graph_of_21_rows_is_1", counts(1, func(s *retort.Session) {
		n++
		a := newAuthor(fmt.Sprint("graph", n))
		s.Add(a)
		for i := range 20 {
			s.Add(newBook(a, fmt.Sprint(i)))
		}
		must(t, s.Commit(ctx))
	}))
	t.Run("twenty_updates_are_1", counts(2, func(s *retort.Session) {
		books, err := Books.OrderBy(retort.Asc(&Books.C.ID)).Limit(20).All(ctx, s)
		must(t, err)
		n++
		for _, b := range books {
			b.Pages = int32(n)
		}
		must(t, s.Commit(ctx))
	}))
	t.Run("parents_with_children_are_1", counts(1, func(s *retort.Session) {
		authors, err := Authors.Where(retort.HasPrefix(&Authors.C.Name, "graph")).With(&Authors.C.Books).All(ctx, s)
		must(t, err)
		for _, a := range authors {
			books, err := a.Books.All()
			must(t, err)
			if len(books) != 20 {
				t.Errorf("%s has %d books, want 20", a.Name, len(books))
			}
		}
	}))
}

func TestRowsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	a := newAuthor("jane")
	b := newBook(a, "Emma")
	must(t, func() error {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Add(a)
		b.AuthorID = a.ID
		s.Add(b)
		return s.Commit(ctx)
	}())
	s := k.Engine.Session()
	defer s.Close(ctx)
	got, err := Books.Get(ctx, s, b.ID)
	must(t, err)
	if diff := cmp.Diff(b, got); diff != "" {
		t.Errorf("differs (-written +read):\n%s", diff)
	}
	again, err := Books.Get(ctx, s, b.ID)
	must(t, err)
	if again != got {
		t.Error("the same row is another object")
	}
}

func TestStaleUpdateFails(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	a := newAuthor("jane")
	commit(t, k.Engine, a)
	s := k.Engine.Session()
	defer s.Close(ctx)
	mine, err := Authors.Get(ctx, s, a.ID)
	must(t, err)
	k.Exec(t, "UPDATE authors SET version = version + 1")
	mine.Name = "lost"
	err = s.Commit(ctx)
	var stale *retort.StaleError
	if !errors.Is(err, retort.ErrStale) || !errors.As(err, &stale) || stale.Table != "authors" || stale.Key != a.ID {
		t.Fatalf("got %v, want a StaleError of authors", err)
	}
	if err := s.Commit(ctx); !errors.Is(err, retort.ErrSessionFailed) {
		t.Errorf("after a failure Commit says %v, want ErrSessionFailed", err)
	}
	if got := k.QueryString(t, "SELECT name FROM authors"); got != "jane" {
		t.Errorf("name is %q", got)
	}
}

func TestConstraintErrorNamesColumns(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	commit(t, k.Engine, newAuthor("jane"))
	s := k.Engine.Session()
	defer s.Close(t.Context())
	s.Add(newAuthor("jane"))
	var refused *pgerr.ConstraintError
	err := s.Commit(t.Context())
	if !errors.As(err, &refused) {
		t.Fatalf("got %v", err)
	}
	if refused.Kind != pgerr.Unique || refused.Constraint != "uq_authors_email" || !cmp.Equal(refused.Columns, []string{"email"}) {
		t.Errorf("got %+v", refused)
	}
}
