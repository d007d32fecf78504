package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

func TestUpserts(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	a, b := Authors.C, Books.C
	count := func(n int64, err error) ([]string, error) { return []string{fmt.Sprint(n)}, err }
	pages := func(rows []*Book, err error) ([]string, error) { return titles(rows, err) }
	again := func(n int32) *Book {
		book := newBook(authors[1], "book 0")
		book.Pages = n
		return book
	}
	partial := func(rows ...*Book) *retort.Conflict[Book] {
		return Books.Insert(rows...).OnConflict(&b.AuthorID, &b.Title).Where(retort.Is(retort.Col(&b.InPrint)))
	}
	runForms(t, "upserts.sql", k, seen, []form{
		{"update_all_by_a_partial_unique_index", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return pages(partial(again(7), newBook(authors[1], "other")).DoUpdateAll().Rows(ctx, s))
		}, []string{"book 0 7", "other 320"}},
		{"update_all_but_one_differently", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return pages(partial(again(7)).DoUpdateAll(retort.SetExpr(&b.Pages, retort.Greatest(retort.Col(&b.Pages), retort.Excluded(&b.Pages)))).Rows(ctx, s))
		}, []string{"book 0 100"}},
		{"update_all_where_it_differs", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return pages(partial(again(100)).DoUpdateAll().UpdateWhere(retort.Col(&b.Pages).NeExpr(retort.Excluded(&b.Pages))).Rows(ctx, s))
		}, []string{}},
		{"update_all_of_what_a_query_inserts", func(ctx context.Context, s *retort.Session) ([]string, error) {
			if _, err := Counters.Insert(&Counter{"brontë", 1}).Exec(ctx, s); err != nil {
				return nil, err
			}
			ins := retort.InsertFrom(Counters, Authors.Where(retort.Eq(&a.Name, "brontë")), retort.Into(&Counters.C.Name, &a.Name), retort.Into(&Counters.C.Value, retort.Val(int64(9))))
			rows, err := ins.OnConflict(&Counters.C.Name).DoUpdateAll().Rows(ctx, s)
			return []string{fmt.Sprint(rows[0].Value)}, err
		}, []string{"9"}},
		{"count_up", func(ctx context.Context, s *retort.Session) ([]string, error) {
			hit := func() *retort.Insert[Counter] {
				return Counters.Insert(&Counter{"hits", 1}).OnConflict(&Counters.C.Name).DoUpdate(retort.Increment(&Counters.C.Value, 1))
			}
			if _, err := hit().Exec(ctx, s); err != nil {
				return nil, err
			}
			rows, err := hit().Rows(ctx, s)
			return []string{fmt.Sprint(rows[0].Value)}, err
		}, []string{"2"}},
		{"increment", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return count(Books.Update(retort.Increment(&b.Pages, -1), retort.Increment(b.Rank, 2)).Where(retort.Gt(&b.Pages, 150)).Exec(ctx, s))
		}, []string{"1"}},
		{"get_or_create_gets", func(ctx context.Context, s *retort.Session) ([]string, error) {
			got, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("austen")).OnConflict(&a.Email))
			return []string{fmt.Sprint(got.ID == authors[0].ID, " ", created)}, err
		}, []string{"true false"}},
		{"get_or_create_creates", func(ctx context.Context, s *retort.Session) ([]string, error) {
			mine := newAuthor("new")
			got, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(mine).OnConflict(&a.Email))
			return []string{fmt.Sprint(got.ID == mine.ID, " ", got != mine, " ", created, " ", got.Version.Version)}, err
		}, []string{"true true true 1"}},
		{"get_or_create_by_a_partial_unique_index", func(ctx context.Context, s *retort.Session) ([]string, error) {
			got, created, err := retort.GetOrCreate(ctx, s, partial(again(7)))
			return []string{fmt.Sprint(got.Pages, " ", created)}, err
		}, []string{"100 false"}},
	})
}

// TestGetOrCreate looks at what two sessions and a wrong call make of it.
// TestUpserts_say_how_a_partial_index_is_named: to the server one without its
// condition is no index at all.
func TestUpserts_say_how_a_partial_index_is_named(t *testing.T) {
	t.Parallel()
	k, _, authors := stocked(t)
	s := k.Engine.Session()
	defer s.Close(t.Context())
	b := Books.C
	_, err := Books.Upsert([]*Book{newBook(authors[1], "book 0")}, &b.AuthorID, &b.Title).Exec(t.Context(), s)
	wantErr(t, err, nil, "retort: OnConflict: ", ".OnConflict(…).Where(…).DoUpdateAll()", "42P10")
	must(t, s.Rollback(t.Context()))
	_, err = retort.SQL[int64]("INSERT INTO counters VALUES ('a', 1) ON CONFLICT (value) DO NOTHING RETURNING value").All(t.Context(), s)
	if err == nil || strings.Contains(err.Error(), "DoUpdateAll") {
		t.Errorf("SQL of the program's own: %v", err)
	}
}

func TestGetOrCreate(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	ctx := t.Context()
	a := Authors.C

	t.Run("gives_the_object_of_the_session_in_one_round_trip", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		mine, err := Authors.Get(ctx, s, authors[0].ID)
		must(t, err)
		mine.Name = "changed"
		seen.take()
		got, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("austen")).OnConflict(&a.Email))
		must(t, err)
		if trips := len(seen.take()); got != mine || created || trips != 1 || mine.Name != "changed" || mine.Version.Version != 2 {
			t.Errorf("mine %v, created %v, %d trips, %q", got == mine, created, trips, mine.Name)
		}
		made, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("zed")).OnConflict(&a.Email))
		must(t, err)
		again, twice, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("zed")).OnConflict(&a.Email))
		must(t, err)
		if !created || twice || again != made {
			t.Errorf("created %v, then %v, the same object %v", created, twice, again == made)
		}
		made.Name = "later"
		must(t, s.Commit(ctx))
		if n := k.QueryInt(t, "SELECT count(*) FROM authors WHERE name = 'later'"); n != 1 {
			t.Error("a change of what was created is not written")
		}
	})

	t.Run("what_it_created_is_transient_when_that_is_taken_back", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		create := map[string]func(context.Context) (*Author, error){
			"GetOrCreate": func(ctx context.Context) (*Author, error) {
				o, _, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("brief")).OnConflict(&a.Email))
				return o, err
			},
			"Insert": func(ctx context.Context) (*Author, error) {
				rows, err := Authors.Insert(newAuthor("brief")).OnConflict(&a.Email).DoNothing().Rows(ctx, s)
				return rows[0], err
			},
		}
		for name, create := range create {
			var o *Author
			wanted := func(when string) {
				t.Helper()
				if state := s.State(o); state != "transient" || !o.CreatedAt.IsZero() || o.Version.Version != 0 || o.Name != "brief" {
					t.Errorf("%s, %s: %s, %+v", name, when, state, o)
				}
			}
			err := s.Savepoint(ctx, func(ctx context.Context) (err error) {
				if o, err = create(ctx); err == nil {
					o.Note = new("changed behind it")
					err = s.Flush(ctx)
				}
				return errors.Join(err, errNo)
			})
			wantErr(t, err, errNo)
			wanted("behind a savepoint")
			o, err = create(ctx)
			must(t, err)
			must(t, s.Rollback(ctx))
			wanted("behind a rollback")
			s.Add(o)
			must(t, s.Flush(ctx))
			must(t, s.Rollback(ctx))
		}
	})

	t.Run("an_object_whose_row_was_deleted_in_bulk_has_the_values_of_the_new_one", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		c := Counters.C
		mine := &Counter{Name: "again", Value: 1}
		s.Add(mine)
		_, err := Counters.Delete().Where(retort.Eq(&c.Name, "again")).Exec(ctx, s)
		must(t, err)
		got, created, err := retort.GetOrCreate(ctx, s, Counters.Insert(&Counter{Name: "again", Value: 2}).OnConflict(&c.Name))
		must(t, err)
		if !created || got != mine || got.Value != 2 {
			t.Errorf("created %v, %+v", created, got)
		}
	})

	t.Run("of_many_at_once_one_creates", func(t *testing.T) {
		var group sync.WaitGroup
		var mu sync.Mutex
		ids, made := map[string]int{}, 0
		for range 8 {
			group.Go(func() {
				type got struct {
					id      string
					created bool
				}
				g, err := retort.Run(context.WithoutCancel(ctx), k.Engine, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (got, error) {
					row, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("herd")).OnConflict(&a.Email))
					if err != nil {
						return got{}, err
					}
					return got{row.ID.String(), created}, nil
				})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				ids[g.id]++
				if g.created {
					made++
				}
			})
		}
		group.Wait()
		if len(ids) != 1 || made != 1 {
			t.Errorf("%d rows, created %d times", len(ids), made)
		}
	})

	t.Run("says_what_is_wrong", func(t *testing.T) {
		for want, c := range map[string]*retort.Conflict[Author]{
			"a nil Insert":                       nil,
			"2 rows given; pass one":             Authors.Insert(newAuthor("x"), newAuthor("y")).OnConflict(&a.Email),
			"no row given":                       Authors.Insert().OnConflict(&a.Email),
			"row 0 is nil":                       Authors.Insert(nil).OnConflict(&a.Email),
			"say which unique columns tell":      Authors.Insert(newAuthor("x")).OnConflict(),
			"0 rows given; pass one":             retort.InsertFrom(Authors, Authors.Query(), retort.Into(&a.Name, &a.Name)).OnConflict(&a.Email),
			"is not a column of retort_test.Aut": Authors.Insert(newAuthor("x")).OnConflict(&Books.C.Title),
		} {
			s := k.Engine.Session()
			seen.take()
			_, _, err := retort.GetOrCreate(ctx, s, c)
			wantErr(t, err, nil, want)
			if n := len(seen.take()); n != 0 {
				t.Errorf("%s: %d flights", want, n)
			}
			must(t, s.Close(ctx))
		}
		s := k.Engine.SessionWith(retort.TxOptions{ReadOnly: true})
		defer s.Close(ctx)
		_, _, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("x")).OnConflict(&a.Email))
		wantErr(t, err, retort.ErrReadOnly)
		_, err = Authors.Insert(newAuthor("x")).OnConflict().DoUpdateAll().Exec(ctx, k.Engine.Session())
		wantErr(t, err, nil, "DoUpdateAll: say which unique columns may meet")
	})

	t.Run("a_row_that_a_filter_hides_is_neither_got_nor_made", func(t *testing.T) {
		s := k.Engine.SessionWith(retort.TxOptions{Filters: []retort.Filter{retort.FilterBy("name", Authors, &a.Name, "somebody")}})
		defer s.Close(ctx)
		_, _, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("austen")).OnConflict(&a.Email))
		wantErr(t, err, retort.ErrNotFound, "a filter hides it")
	})

	t.Run("is_a_serialization_failure_where_the_row_is_younger_than_the_snapshot", func(t *testing.T) {
		s := k.Engine.SessionWith(retort.TxOptions{Isolation: retort.RepeatableRead})
		defer s.Close(ctx)
		_, err := Authors.Query().Count(ctx, s)
		must(t, err)
		k.Exec(t, "INSERT INTO authors (id, name, email) VALUES (gen_random_uuid(), 'young', 'young@x')")
		_, _, err = retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor("young")).OnConflict(&a.Email))
		if pgerr.KindOf(err) != pgerr.Serialization {
			t.Errorf("%v", err)
		}
	})

	t.Run("of_a_NULL_in_the_unique_columns_creates", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		k.Exec(t, "CREATE UNIQUE INDEX ON authors (note)")
		for i := range 2 {
			_, created, err := retort.GetOrCreate(ctx, s, Authors.Insert(newAuthor(fmt.Sprint("null", i))).OnConflict(a.Note))
			must(t, err)
			if !created {
				t.Error("NULL equals NULL")
			}
		}
	})
}

func TestSoftDeletedRowsInBulk(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(members, posts))
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(&Member{Email: "a"}, &Member{Email: "b"}, &Member{Email: "c"})
	must(t, s.Flush(ctx))
	c := members.C
	steps := []int64{}
	step := func(n int64, err error) {
		t.Helper()
		must(t, err)
		steps = append(steps, n)
	}
	step(members.Delete().Where(retort.Ne(&c.Email, "c")).Exec(ctx, s))                                          // 2 marked
	step(members.Update(retort.SetNull(c.DeletedAt)).Where(retort.Eq(&c.Email, "a")).Exec(ctx, s))               // 0: hidden
	step(members.Update(retort.SetNull(c.DeletedAt)).Where(retort.Eq(&c.Email, "a")).WithDeleted().Exec(ctx, s)) // 1 is back
	step(members.Delete().Where(retort.IsNotNull(c.DeletedAt)).Permanently().Exec(ctx, s))                       // 0: hidden
	step(members.Delete().Where(retort.IsNotNull(c.DeletedAt)).WithDeleted().Permanently().Exec(ctx, s))         // 1 is gone
	step(members.Query().WithDeleted().Count(ctx, s))
	if diff := cmp.Diff([]int64{2, 0, 1, 0, 1, 2}, steps); diff != "" {
		t.Error(diff)
	}

	// A partial unique index lets a marked row and a living one stand side by side.
	_, err := members.Delete().Where(retort.Eq(&c.Email, "a")).Exec(ctx, s)
	must(t, err)
	living := members.Insert(&Member{Email: "a"}).OnConflict(&c.Email).Where(retort.IsNull(c.DeletedAt))
	first, created, err := retort.GetOrCreate(ctx, s, living)
	must(t, err)
	second, twice, err := retort.GetOrCreate(ctx, s, living)
	must(t, err)
	if !created || twice || first != second || first.DeletedAt != nil {
		t.Errorf("created %v, then %v", created, twice)
	}
}

func TestExplainOfRawSQL(t *testing.T) {
	t.Parallel()
	k, seen, _ := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	seen.take()

	plan, err := retort.Explain(ctx, s, retort.SQL[string]("DELETE FROM authors WHERE name = @name", retort.Args{"name": "austen"}))
	must(t, err)
	if !strings.Contains(plan, "Delete on authors") || strings.Contains(plan, "actual") || s.Wrote() {
		t.Errorf("wrote %v:\n%s", s.Wrote(), plan)
	}
	want := []string{"EXPLAIN (FORMAT TEXT) DELETE FROM authors WHERE name = $1"}
	if diff := cmp.Diff(want, seen.lines()); diff != "" { // no BEGIN: it does not run
		t.Error(diff)
	}
	plan, err = retort.Explain(ctx, s, retort.SQL[string]("DELETE FROM books"), retort.Analyze())
	must(t, err)
	n, err := Books.Query().Count(ctx, s)
	must(t, err)
	if !strings.Contains(plan, "actual") || n != 3 {
		t.Errorf("%d books are left:\n%s", n, plan)
	}
	must(t, s.Rollback(ctx))
	for sql, want := range map[string]string{
		"ANALYZE DELETE FROM books":          "syntax error", // would run as EXPLAIN ANALYZE
		"(ANALYZE) DELETE FROM books":        "syntax error",
		"SELECT 1; DELETE FROM books":        "one statement per call",
		"":                                   "the statement is empty",
		"SELECT $1::int":                     "another number of parameters",
		"CREATE TABLE not_there (id bigint)": "syntax error",
		"SELECT name FROM authors WHERE no_such = 1": "no_such",
	} {
		_, err := retort.Explain(ctx, s, retort.SQL[string](sql))
		wantErr(t, err, nil, want)
		must(t, s.Rollback(ctx))
	}
	if n := k.QueryInt(t, "SELECT count(*) FROM books"); n != 3 {
		t.Errorf("%d books are left", n)
	}
}

// TestAPartialIndexIsFoundEveryTime names an index by a condition with values, more
// often than the server plans a statement for the values of its parameters.
func TestAPartialIndexIsFoundEveryTime(t *testing.T) {
	t.Parallel()
	k, _, authors := stocked(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	_, err := s.Exec(ctx, `CREATE UNIQUE INDEX thick_poems ON books (title, author_id) WHERE genre = 'poetry' AND pages > 5 AND published >= '2020-01-01'`)
	must(t, err)
	b := Books.C
	newYear := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 12 {
		poem := newBook(authors[0], "poem")
		poem.Genre, poem.InPrint, poem.Published = Poetry, false, &newYear
		_, err := Books.Insert(poem).
			OnConflict(&b.Title, &b.AuthorID).Where(retort.Eq(&b.Genre, Poetry), retort.Gt(&b.Pages, 5), retort.Ge(b.Published, newYear)).
			DoUpdate(retort.Increment(&b.Sold, 1)).
			Exec(ctx, s)
		if err != nil {
			t.Fatalf("time %d: %v", i+1, err)
		}
	}
	if sold, err := retort.Values(Books.Where(retort.Eq(&b.Title, "poem")), retort.Col(&b.Sold)).One(ctx, s); err != nil || sold != 11 {
		t.Errorf("%d sold, %v", sold, err)
	}
}
