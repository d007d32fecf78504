package retort_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// made adapts a statement that was made once, for all who run it.
func made[R any](run func(context.Context, *retort.Session) (R, error)) func(context.Context, *retort.Session) (string, error) {
	return func(ctx context.Context, s *retort.Session) (string, error) {
		got, err := run(ctx, s)
		return fmt.Sprintf("%+v", got), err
	}
}

// TestStatementsAreSharedByGoroutines runs statements that were made once, as at
// package level, from many goroutines. The race detector is the judge, and all see
// the same.
func TestStatementsAreSharedByGoroutines(t *testing.T) {
	t.Parallel()
	k, _, _ := stocked(t)
	a, b, c := Authors.C, Books.C, Counters.C
	var row struct{ Title string }
	var count struct {
		Genre Genre
		N     int64
	}
	var number struct{ N int32 }
	title := retort.Into(&row.Title, &b.Title)
	byTitle := Books.OrderBy(retort.Asc(&b.Title), retort.Asc(&b.ID))
	short := Books.Where(retort.Lt(&b.Pages, 150))
	genres := retort.Select(Books.Query().GroupBy(&b.Genre).OrderBy(retort.Asc(&b.Genre)), &count, retort.Into(&count.Genre, &b.Genre), retort.Into(&count.N, retort.Count()))
	sub := retort.Sub("per_genre", genres)
	numbers := retort.Recursive("numbers", retort.SQL[struct{ N int32 }]("SELECT 1 AS n").ReadOnly(), func(self *retort.Table[struct{ N int32 }]) retort.RowsOf[struct{ N int32 }] {
		return retort.Select(self.Where(retort.Lt(&self.C.N, 4)), &number, retort.Into(&number.N, retort.Col(&self.C.N).Add(retort.Val(int32(1)))))
	})
	update := Books.Update(retort.Set(&b.Pages, 7)).Where(retort.Lt(&b.Pages, 150))
	updated := retort.Returning(update, &row, title)
	gone := retort.CTE("gone", retort.Returning(Books.Delete().Where(retort.Lt(&b.Pages, 150)), &row, title))
	insert := retort.InsertFrom(Counters, Authors.Query(), retort.Into(&c.Name, &a.Name), retort.Into(&c.Value, retort.Val(int64(9))))
	upsert := insert.OnConflict(&c.Name).DoUpdateAll()
	var counted struct{ Name string }
	upserted := retort.Returning(upsert, &counted, retort.Into(&counted.Name, &c.Name))
	books := retort.Scalar(retort.Values(Books.Where(retort.EqCol(&b.AuthorID, &a.ID)), retort.Count()))
	authors := retort.Values(Authors.Where(books.Gt(0), retort.Exists(short)).OrderBy(books.Desc()), retort.Coalesce(books, 0))
	raw := retort.SQL[string]("SELECT title FROM books WHERE pages < @most ORDER BY 1", retort.Args{"most": 150}).ReadOnly()
	fetch := retort.Returning(Books.Delete().Where(retort.Lt(&b.Pages, 150)), &row, title)

	for name, run := range map[string]func(context.Context, *retort.Session) (string, error){
		"count":  made(byTitle.Count),
		"exists": made(short.Exists),
		"first": made(func(ctx context.Context, s *retort.Session) (string, error) {
			x, err := byTitle.First(ctx, s)
			return x.Title, err
		}),
		"selection":       made(genres.All),
		"subquery":        made(retort.Values(sub.OrderBy(retort.Asc(&sub.C.N)), retort.Col(&sub.C.N)).All),
		"recursive":       made(retort.Values(numbers.OrderBy(retort.Asc(&numbers.C.N)), retort.Col(&numbers.C.N)).All),
		"union":           made(retort.Union(retort.Values(short, retort.Col(&b.Title)), retort.Values(byTitle, retort.Col(&b.Title))).All),
		"scalars":         made(authors.All),
		"raw":             made(raw.All),
		"update":          made(update.Exec),
		"update_returns":  made(updated.All),
		"delete_returns":  made(fetch.All),
		"cte_that_writes": made(retort.Values(gone.OrderBy(retort.Asc(&gone.C.Title)), retort.Col(&gone.C.Title)).All),
		"insert_from":     made(insert.Exec),
		"upsert":          made(upsert.Exec),
		"upsert_returns":  made(upserted.All),
	} {
		t.Run(name, func(t *testing.T) {
			once := func() string {
				s := k.Engine.Session() // nothing is committed
				defer s.Close(context.Background())
				got, err := run(t.Context(), s)
				if err != nil {
					t.Error(err)
				}
				return got
			}
			want := once()
			var work sync.WaitGroup
			for range 8 {
				work.Go(func() {
					for range 5 {
						if diff := cmp.Diff(want, once()); diff != "" {
							t.Error(diff)
						}
					}
				})
			}
			work.Wait()
		})
	}
}

// TestRelationsAreSharedByGoroutines is the same for queries with relations.
func TestRelationsAreSharedByGoroutines(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fillEight(t, b)
	queries := essayQueries()
	delete(queries, "for update, skipping") // which sees what the others leave
	for name, q := range queries {
		q = q.With(everyRelation()...)
		t.Run(name, func(t *testing.T) {
			once := func() string {
				s := b.Engine.Session()
				defer s.Close(context.Background()) // some lock rows
				got, err := q.All(t.Context(), s)
				if err != nil {
					t.Error(err)
				}
				return fmt.Sprint(drawn(got))
			}
			want := once()
			var work sync.WaitGroup
			for range 4 {
				work.Go(func() {
					if diff := cmp.Diff(want, once()); diff != "" {
						t.Error(diff)
					}
				})
			}
			work.Wait()
		})
	}
}
