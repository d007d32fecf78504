package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

func TestTogether(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	ctx := t.Context()
	a, b := Authors.C, Books.C

	t.Run("twenty_reads_by_key_are_one_trip", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		var rows []*Author
		for i := range 20 {
			rows = append(rows, &Author{Name: "n", Email: fmt.Sprint(i)})
		}
		for _, r := range rows {
			s.Add(r)
		}
		must(t, s.Flush(ctx))
		must(t, s.Commit(ctx))
		other := k.Engine.Session()
		defer other.Close(ctx)
		got := make([]*Author, len(rows))
		var asks []retort.Ask
		for i, r := range rows {
			asks = append(asks, Authors.GetInto(r.ID, &got[i]))
		}
		trips := k.RoundTrips(func() { must(t, retort.Together(ctx, other, asks...)) })
		again := k.RoundTrips(func() { must(t, retort.Together(ctx, other, asks...)) })
		for i := range got {
			if got[i] == nil || got[i].Email != rows[i].Email {
				t.Errorf("row %d is %v", i, got[i])
			}
		}
		if trips != 1 || again != 0 {
			t.Errorf("%d trips, then %d", trips, again)
		}
		_, err := Authors.Delete().Where(retort.Eq(&a.Name, "n")).Exec(ctx, s)
		must(t, err)
		must(t, s.Commit(ctx))
	})

	t.Run("every_kind_of_query_with_pending_changes_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Add(newAuthor("pending"))
		var books []*Book
		var one, got *Author
		var n int64
		var titles []string
		seen.take()
		must(t, retort.Together(ctx, s, Books.OrderBy(retort.Asc(&b.Pages)).AllInto(&books), Authors.Where(retort.Eq(&a.Name, "austen")).OneInto(&one),
			Authors.Query().CountInto(&n), retort.Values(Books.Query(), retort.Col(&b.Title)).AllInto(&titles), Authors.GetInto(authors[0].ID, &got)))
		if trips := len(seen.take()); len(books) != 3 || one != got || n != 4 || len(titles) != 3 || trips != 1 {
			t.Errorf("%d books, same: %v, %d authors, %d titles, %d trips", len(books), one == got, n, len(titles), trips)
		}
	})

	t.Run("says_which_query_found_nothing_and_keeps_the_others", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		var one, many, got *Author
		var n int64
		err := retort.Together(ctx, s, Authors.Where(retort.Eq(&a.Name, "nobody")).OneInto(&one), Authors.Query().OneInto(&many),
			Authors.GetInto(uuid.Max, &got), Authors.Query().CountInto(&n))
		wantErr(t, err, retort.ErrNotFound, "query 1", "query 2", "query 3")
		if !errors.Is(err, retort.ErrTooMany) || n != 3 || one != nil || got != nil {
			t.Errorf("%v, %d", err, n)
		}
	})

	t.Run("nothing_asked_is_nothing_sent", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		if trips := k.RoundTrips(func() { must(t, retort.Together(ctx, s)) }); trips != 0 {
			t.Errorf("%d trips", trips)
		}
	})

	t.Run("bad_use_sends_nothing", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		var rows []*Author
		trips := k.RoundTrips(func() {
			err := retort.Together(ctx, s, retort.Ask{}, Authors.With(&a.Books).AllInto(&rows), Authors.Where(retort.Eq(&b.Title, "x")).AllInto(&rows))
			wantErr(t, err, nil, "query 1 is empty", "query 2: it loads relations", "query 3: retort: Eq: the field pointer")
		})
		if trips != 0 {
			t.Errorf("%d trips", trips)
		}
	})
}

func TestExplain(t *testing.T) {
	t.Parallel()
	k, seen, _ := stocked(t)
	ctx := t.Context()
	b := Books.C
	s := k.Engine.Session()
	defer s.Close(context.Background())
	plan, err := retort.Explain(ctx, s, Books.Where(retort.Eq(&b.Pages, 200)))
	must(t, err)
	if !strings.Contains(plan, "on books") || strings.Contains(plan, "actual time") {
		t.Error(plan)
	}
	plan, err = retort.Explain(ctx, s, retort.Values(Books.Query(), retort.Count()), retort.Analyze())
	must(t, err)
	if !strings.Contains(plan, "actual time") {
		t.Error(plan)
	}
	seen.take()
	plan, err = retort.Explain(ctx, s, Books.Delete().AllRows(), retort.Analyze())
	must(t, err)
	n, err := Books.Query().Count(ctx, s)
	must(t, err)
	if !strings.Contains(plan, "Delete on books") || !strings.Contains(plan, "actual time") || n != 3 {
		t.Errorf("%d books are left after\n%s", n, plan)
	}
	_, err = retort.Explain(ctx, s, Books.Insert(newBook(&Author{}, "x")))
	must(t, err)
	_, err = retort.Explain(ctx, s, Books.Update(retort.Set(&b.Pages, 1)))
	wantErr(t, err, nil, "AllRows")
}
