package guidetest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

func TestQueries_conditions_and_joins(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	in := struct{ Title *string }{new("Emma")}

	c := Books.C
	books, err := Books.
		Where(retort.Eq(&c.Genre, Novel), retort.Opt(&c.Title, in.Title), retort.Or(retort.IsNull(c.Rank), retort.Gt(c.Rank, 3))).
		OrderBy(retort.Desc(&c.Pages), retort.Asc(c.Rank).NullsLast()).
		Limit(20).
		All(ctx, s)

	if err != nil || len(books) != 1 || books[0].Title != "Emma" {
		t.Fatalf("%v, %v", books, err)
	}

	a, b := Authors.C, Books.C
	twin := Books.As("twin") // a second C
	q := Books.Query().
		Join(Authors, retort.EqCol(&b.AuthorID, &a.ID)).
		LeftJoin(twin, retort.EqCol(&twin.C.AuthorID, &b.AuthorID), retort.GtCol(&twin.C.Pages, &b.Pages)).
		Where(retort.HasPrefix(&a.Name, "A"))

	if n, err := q.Count(ctx, s); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	one, err := q.Where(retort.IsNotNull(&twin.C.ID)).One(ctx, s)
	if err != nil || one.Title != "Persuasion" {
		t.Errorf("%v, %v", one, err)
	}

	idle, err := Authors.Where(retort.Not(retort.Exists(Books.Where(retort.EqCol(&b.AuthorID, &a.ID))))).All(ctx, s)

	if err != nil || len(idle) != 1 || idle[0].Name != "Carroll" {
		t.Errorf("%v, %v", idle, err)
	}
}

func TestQueries_selections(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C

	var row struct {
		Genre Genre
		Books int64
		Pages int64
	}
	perGenre, err := retort.Select(Books.Query().GroupBy(&b.Genre).Having(retort.Count().Gt(1)), &row,
		retort.Into(&row.Genre, &b.Genre),
		retort.Into(&row.Books, retort.Count()),
		retort.Into(&row.Pages, retort.Sum[int64](retort.Col(&b.Pages)))).
		OrderBy(retort.Desc(&row.Books)).
		All(ctx, s)

	if err != nil || len(perGenre) != 1 || perGenre[0].Genre != Novel || perGenre[0].Pages != 700 {
		t.Errorf("%v, %v", perGenre, err)
	}

	titles, err := retort.Values(Books.Query().Distinct(), retort.Col(&b.Title)).All(ctx, s)

	if err != nil || len(titles) != 3 {
		t.Errorf("%q, %v", titles, err)
	}

	var place struct {
		Title string
		Place int64
	}
	ranked := retort.Sub("ranked", retort.Select(Books.Query(), &place,
		retort.Into(&place.Title, &b.Title),
		retort.Into(&place.Place, retort.RowNumber().Over(retort.Window{Partition: []any{&b.AuthorID}, Order: []retort.Order{retort.Desc(&b.Pages)}}))))
	longest, err := retort.Values(ranked.Where(retort.Eq(&ranked.C.Place, 1)).OrderBy(retort.Asc(&ranked.C.Title)), retort.Col(&ranked.C.Title)).All(ctx, s)

	if err != nil || !slices.Equal(longest, []string{"Emma", "Poems"}) {
		t.Errorf("%q, %v", longest, err)
	}
}

func TestQueries_locks(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	k.Exec(t, "INSERT INTO jobs (what) VALUES ('first'), ('second')")
	j := Jobs.C
	for _, want := range []string{"first", "second"} { // the second session skips what the first holds
		s := k.Engine.Session()
		defer s.Close(ctx)

		job, err := Jobs.Where(retort.IsNull(j.DoneAt)).OrderBy(retort.Asc(&j.ID)).ForUpdate(retort.SkipLocked()).First(ctx, s)

		if err != nil || job.What != want {
			t.Errorf("%v, %v", job, err)
		}
	}
}

func TestQueries_bulk_writes(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C

	n, err := Books.Update(retort.Set(&b.InPrint, false), retort.SetNull(b.Rank)).Where(retort.Lt(&b.Sold, 10)).Exec(ctx, s)

	if err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}

	rows, err := Books.Update(retort.Increment(&b.Sold, 1)).Where(retort.Eq(&b.Title, "Emma")).Rows(ctx, s)

	if err != nil || rows[0].Sold != 51 {
		t.Errorf("%v, %v", rows, err)
	}

	gone, err := Books.Delete().Where(retort.Eq(&b.Genre, Poetry)).Exec(ctx, s)

	if living, err2 := Books.Query().Count(ctx, s); errors.Join(err, err2) != nil || gone != 1 || living != 2 {
		t.Errorf("%d of %d, %v", gone, living, err)
	}

	back, err := Books.Update(retort.SetNull(b.DeletedAt)).Where(retort.Eq(&b.Genre, Poetry)).WithDeleted().Exec(ctx, s)

	if living, err2 := Books.Query().Count(ctx, s); errors.Join(err, err2) != nil || back != 1 || living != 3 {
		t.Errorf("%d of %d, %v", back, living, err)
	}
	if _, err := Books.Delete().Exec(ctx, s); err == nil {
		t.Error("all rows without a word")
	}
}

func TestQueries_copy(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	source := slices.Values([]*Counter{{"a", 1}, {"b", 2}})

	n, err := Counters.CopyIn(ctx, s, source) // an iter.Seq

	if err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestQueries_rows_that_are_there(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	a, b := Authors.C, Books.C

	author, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(&Author{Name: "Austen", Email: "jane@example.org"}).OnConflict(&a.Email))

	if err != nil || created || author.TenantID != 7 {
		t.Fatalf("%v, created %v, %v", author, created, err)
	}
	list := []*Author{{TenantID: 7, Name: "J. Austen", Email: "jane@example.org"}, {TenantID: 7, Name: "Shelley", Email: "mary@example.org"}}
	t.Run("all columns", func(t *testing.T) {
		n, err := Authors.Upsert(list, &a.Email).Exec(ctx, s)

		if err != nil || n != 2 {
			t.Errorf("%d, %v", n, err)
		}
	})
	list[0].Name = "Jane Austen"
	t.Run("some columns", func(t *testing.T) {
		rows, err := Authors.Insert(list...).OnConflict(&a.Email).DoUpdate(retort.SetExpr(&a.Name, retort.Excluded(&a.Name))).Rows(ctx, s)

		if err != nil || rows[0] != author || author.Name != "Jane Austen" {
			t.Errorf("%v, %v", rows, err)
		}
	})
	t.Run("a partial index", func(t *testing.T) {
		emma := &Book{AuthorID: author.ID, Title: "Emma", Genre: Novel, Pages: 512, InPrint: true}

		n, err := Books.Insert(emma).
			OnConflict(&b.AuthorID, &b.Title).Where(retort.IsNull(b.DeletedAt)).
			DoUpdateAll(retort.Increment(&b.Sold, 1)).
			Exec(ctx, s)

		if err != nil || n != 1 {
			t.Errorf("%d, %v", n, err)
		}
	})
	c := Counters.C
	for range 2 {
		_, err := Counters.Insert(&Counter{Name: "visits", Hits: 1}).OnConflict(&c.Name).DoUpdate(retort.Increment(&c.Hits, 1)).Exec(ctx, s)
		must(t, err)
	}
	must(t, s.Commit(ctx))
	if got := k.QueryString(t, "SELECT hits || ' ' || pages || ' ' || sold FROM counters, books WHERE title = 'Emma'"); got != "2 512 51" {
		t.Errorf("%q", got)
	}
}

func TestQueries_several_large_and_explained(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C
	first, err := Books.OrderBy(retort.Desc(&b.Pages)).First(ctx, k.Engine.Session())
	must(t, err)
	id := first.ID
	var book *Book
	var n int64
	k.WantTrips(t, 1, func() {
		err := retort.Together(ctx, s, Books.GetInto(id, &book), Authors.Query().CountInto(&n)) // one round trip

		if err != nil || book.Title != "Emma" || n != 3 {
			t.Errorf("%v, %d, %v", book, n, err)
		}
	})

	var seen []string
	use := func(title string) { seen = append(seen, title) }
	loop := func() error {
		for title, err := range retort.Values(Books.Query(), retort.Col(&b.Title)).Iter(ctx, s) {
			if err != nil {
				return err // comes last
			}
			use(title)
		}
		return nil
	}
	if err := loop(); err != nil || len(seen) != 3 {
		t.Errorf("%q, %v", seen, err)
	}

	report := retort.Values(Books.OrderBy(retort.Asc(&b.Title)), retort.Col(&b.Title))
	w := &strings.Builder{}
	t.Run("to a file", func(t *testing.T) {
		n, err := report.CopyTo(ctx, s, w, retort.CopyCSV)

		if err != nil || n != 3 || !strings.Contains(w.String(), "\nEmma\n") {
			t.Errorf("%d, %q, %v", n, w, err)
		}
	})

	q := Books.Delete().Where(retort.Eq(&b.Title, "Emma")).Permanently()

	plan, err := retort.Explain(ctx, s, q, retort.Analyze()) // what it changed is undone

	if err != nil || !strings.Contains(plan, "Delete on books") {
		t.Errorf("%s, %v", plan, err)
	}
	if n, err := Books.Query().Count(ctx, s); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
}

func TestQueries_own_SQL(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	b := Books.C

	bucket := retort.Fragment[int32]("width_bucket($1, $2, $3, 5)", &b.Pages, 0, 1000).Pure()
	thick, err := Books.Where(bucket.Ge(2)).OrderBy(bucket.Desc()).All(ctx, s)

	if err != nil || len(thick) != 2 || thick[0].Title != "Emma" || s.Wrote() {
		t.Errorf("%v, %v", thick, err)
	}

	total, err := retort.SQL[int64]("SELECT sum(pages) FROM books WHERE genre = @genre", retort.Args{"genre": Novel}).ReadOnly().One(ctx, s)

	if err != nil || total != 700 {
		t.Errorf("%d, %v", total, err)
	}
}

func TestQueries_filters(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	ctx, eng, tenant := t.Context(), k.Engine, int64(7)

	s := eng.SessionWith(retort.TxOptions{Filters: []retort.Filter{
		retort.FilterBy("tenant", Authors, &Authors.C.TenantID, tenant),
	}})

	defer s.Close(ctx)

	all, err := Authors.Query().Unfiltered("tenant").Count(ctx, s) // lifted, by name, for this query alone

	if mine, err2 := Authors.Query().Count(ctx, s); errors.Join(err, err2) != nil || mine != 2 || all != 3 {
		t.Errorf("%d of %d, %v", mine, all, err)
	}
}

func TestQueries_lists_over_HTTP(t *testing.T) {
	t.Parallel()
	k := newLibrary(t)
	key := []byte("sixteen bytes or more")

	pages := web.Paginate(key, Books.Query()).Size(20, 100)
	web.SortBy(pages, "pages", &Books.C.Pages)
	web.FilterBy(pages, "genre", &Books.C.Genre)

	read := func(query string) (*web.Page[Book], error) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		ctx := t.Context()
		r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/books?"+query, http.NoBody)

		page, err := pages.Read(ctx, s, r.URL.Query())

		return page, err
	}
	page, err := read("sort=-pages&genre=novel&limit=1")
	if err != nil || len(page.Items) != 1 || page.Items[0].Title != "Emma" {
		t.Fatalf("%v, %v", page, err)
	}
	next, err := read("sort=-pages&genre=novel&limit=1&cursor=" + page.Next)
	if err != nil || next.Items[0].Title != "Persuasion" {
		t.Errorf("%v, %v", next, err)
	}
	for _, bad := range []string{"sort=sold", "genre=cookery", "limit=many", "sort=-pages&cursor=" + page.Next} {
		if _, err := read(bad); web.ProblemOf(err).Status != http.StatusBadRequest {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
