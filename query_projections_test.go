package retort_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

func TestProjections(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	a, b := Authors.C, Books.C
	pages := retort.Col(&b.Pages)
	type count struct {
		Genre Genre
		N     int64
		Pages int64
		Mean  float64
		Most  int32
	}
	var row count
	byGenre := retort.Select(Books.Query().GroupBy(&b.Genre).OrderBy(retort.Asc(&b.Genre)), &row,
		retort.Into(&row.Genre, &b.Genre), retort.Into(&row.N, retort.Count()), retort.Into(&row.Pages, retort.Sum[int64](pages)),
		retort.Into(&row.Mean, retort.Avg(pages)), retort.Into(&row.Most, retort.Max(pages)))
	type title struct {
		Title string
		Place int64
	}
	var placed title
	runForms(t, "projections.sql", k, seen, []form{
		{"group_by_with_aggregates", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(byGenre.All(ctx, s))
		}, []string{"novel 1 200 200 200", "poetry 2 200 100 100"}},
		{"having", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(Books.Query().GroupBy(&b.Genre).Having(retort.Count().Gt(1), retort.Sum[int64](pages).Ge(200)), retort.Col(&b.Genre)).All(ctx, s))
		}, []string{"poetry"}},
		{"aggregates_with_filter", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct{ Long, Short int64 }
			return lines(retort.Select(Books.Query(), &row, retort.Into(&row.Long, retort.Count().Filter(pages.Ge(200))),
				retort.Into(&row.Short, retort.Coalesce(retort.Sum[int64](pages).Filter(pages.Lt(0)), 0))).All(ctx, s))
		}, []string{"1 0"}},
		{"every_aggregate", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct {
				Rank, Genres int64
				All, One     *bool
				Titles       *string
				List         *[]int32
				Least        *string
				Price        *float64
			}
			r, err := retort.Select(Books.Query(), &row, retort.Into(&row.Rank, retort.CountOf(retort.Col(b.Rank))), retort.Into(&row.Genres, retort.CountDistinct(retort.Col(&b.Genre))),
				retort.IntoNull(&row.All, retort.BoolAnd(retort.Col(&b.InPrint))), retort.IntoNull(&row.One, retort.BoolOr(retort.Col(&b.InPrint))),
				retort.IntoNull(&row.Titles, retort.StringAgg(retort.Col(&b.Title), "; ", retort.Desc(&b.Title))),
				retort.IntoNull(&row.List, retort.ArrayAgg(pages, retort.Asc(&b.Pages))), retort.IntoNull(&row.Least, retort.Min(retort.Col(&b.Title))),
				retort.IntoNull(&row.Price, retort.Sum[float64](retort.Col(&b.Price)))).One(ctx, s)
			if err != nil {
				return nil, err
			}
			return []string{fmt.Sprint(r.Rank, r.Genres, *r.All, *r.One, *r.Titles, *r.List, *r.Least, *r.Price)}, nil
		}, []string{"0 2 true truebook 1; book 0; book 0[100 100 200]book 00"}},
		{"single_values", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(Authors.OrderBy(retort.Asc(&a.Name)), retort.Upper(retort.Col(&a.Name))).All(ctx, s))
		}, []string{"100%_CARROLL", "AUSTEN", "BRONTË"}},
		{"a_nullable_value_into_a_pointer", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := retort.Values(Authors.OrderBy(retort.Asc(&a.Name)), retort.Col(&a.Note)).All(ctx, s)
			out := []string{}
			for _, r := range rows {
				out = append(out, fmt.Sprint(r == nil))
			}
			return out, err
		}, []string{"false", "true", "false"}},
		{"coalesce_ends_NULL", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(Authors.OrderBy(retort.Asc(&a.Name)), retort.Coalesce(retort.Col(a.Note), "-")).All(ctx, s))
		}, []string{"note 2", "-", "note 1"}},
		{"distinct", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(Books.Query().Distinct().OrderBy(retort.Asc(&b.Genre)), retort.Col(&b.Genre)).All(ctx, s))
		}, []string{"novel", "poetry"}},
		{"distinct_on", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return titles(Books.Query().DistinctOn(&b.AuthorID).Where(retort.Eq(&b.AuthorID, authors[2].ID)).OrderBy(retort.Asc(&b.AuthorID), retort.Desc(&b.Pages)).All(ctx, s))
		}, []string{"book 1 200"}},
		{"count_of_distinct", func(ctx context.Context, s *retort.Session) ([]string, error) {
			n, err := Books.Query().DistinctOn(&b.Genre).OrderBy(retort.Asc(&b.Genre)).Count(ctx, s)
			return []string{fmt.Sprint(n)}, err
		}, []string{"2"}},
		{"window_functions", func(ctx context.Context, s *retort.Session) ([]string, error) {
			by := retort.Window{Partition: []any{&b.AuthorID}, Order: []retort.Order{retort.Asc(&b.Pages)}}
			var row struct {
				Title        string
				N, R, D      int64
				Tile         int32
				Before, Next *int32
				First, Last  int32
				Sum          int64
			}
			rows, err := retort.Select(Books.Where(retort.Eq(&b.AuthorID, authors[2].ID)).OrderBy(retort.Asc(&b.Title)), &row,
				retort.Into(&row.Title, &b.Title), retort.Into(&row.N, retort.RowNumber().Over(by)), retort.Into(&row.R, retort.Rank().Over(by)),
				retort.Into(&row.D, retort.DenseRank().Over(by)), retort.Into(&row.Tile, retort.NTile(2).Over(by)),
				retort.IntoNull(&row.Before, retort.Lag(pages, 1).Over(by)), retort.IntoNull(&row.Next, retort.Lead(pages, 1).Over(by)),
				retort.Into(&row.First, retort.FirstValue(pages).Over(by)), retort.Into(&row.Last, retort.LastValue(pages).Over(by)),
				retort.Into(&row.Sum, retort.Sum[int64](pages).Over(by))).All(ctx, s)
			out := []string{}
			for _, r := range rows {
				out = append(out, fmt.Sprint(r.Title, r.N, r.R, r.D, r.Tile, r.Before == nil, r.Next == nil, r.First, r.Last, r.Sum))
			}
			return out, err
		}, []string{"book 01 1 1 1 true false 100 100 100", "book 12 2 2 2 false true 100 200 300"}},
		{"window_with_a_frame", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := retort.Values(Books.OrderBy(retort.Asc(&b.Title), retort.Asc(&b.Pages)), retort.Coalesce(retort.Sum[int64](pages).
				Over(retort.Window{Order: []retort.Order{retort.Asc(&b.Title), retort.Asc(&b.ID)}, Frame: retort.RowsBetween(1, 0)}), 0)).All(ctx, s)
			return lines(rows, err)
		}, []string{"100", "200", "300"}},
		{"subquery_as_a_source", func(ctx context.Context, s *retort.Session) ([]string, error) {
			ranked := retort.Sub("ranked", retort.Select(Books.Query(), &placed, retort.Into(&placed.Title, &b.Title),
				retort.Into(&placed.Place, retort.RowNumber().Over(retort.Window{Order: []retort.Order{retort.Desc(&b.Pages)}}))))
			return lines(retort.Select(ranked.Where(retort.Eq(&ranked.C.Place, 1)), &placed,
				retort.Into(&placed.Title, &ranked.C.Title), retort.Into(&placed.Place, &ranked.C.Place)).All(ctx, s))
		}, []string{"book 1 1"}},
		{"an_enum_keeps_its_type_through_a_subquery", func(ctx context.Context, s *retort.Session) ([]string, error) {
			g := retort.Sub("g", byGenre)
			return lines(retort.Values(g.Where(retort.Eq(&g.C.Genre, Poetry), retort.In(&g.C.Genre, []Genre{Poetry}), retort.Like(&g.C.Genre, "p%"),
				retort.In(&g.C.N, []int64{2}), retort.Gt(&g.C.Mean, 1.5)), retort.Col(&g.C.N)).All(ctx, s))
		}, []string{"2"}},
		{"scalar_subquery", func(ctx context.Context, s *retort.Session) ([]string, error) {
			n := retort.Scalar(retort.Values(Books.Where(retort.EqCol(&b.AuthorID, &a.ID)), retort.Count()))
			return lines(retort.Values(Authors.Where(n.Gt(0)).OrderBy(n.Desc()), retort.Coalesce(n, 0)).All(ctx, s))
		}, []string{"2", "1"}},
		{"exists", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.Where(retort.Not(retort.Exists(Books.Where(retort.EqCol(&b.AuthorID, &a.ID))))).All(ctx, s)
			return names(rows), err
		}, []string{"austen"}},
		{"in_a_query", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.Where(retort.InQuery(&a.ID, retort.Values(Books.Where(retort.Eq(&b.Pages, 200)), retort.Col(&b.AuthorID)))).All(ctx, s)
			return names(rows), err
		}, []string{"100%_carroll"}},
		{"union", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct{ Text string }
			x := retort.Select(Authors.Query(), &row, retort.Into(&row.Text, &a.Name))
			y := retort.Select(Books.Query(), &row, retort.Into(&row.Text, &b.Title))
			return lines(retort.Union(x, y).OrderBy(retort.Desc(&row.Text)).Limit(3).All(ctx, s))
		}, []string{"brontë", "book 1", "book 0"}},
		{"the_other_set_operations", func(ctx context.Context, s *retort.Session) ([]string, error) {
			novels := retort.Values(Books.Query(), retort.Col(&b.Title))
			long := retort.Values(Books.Where(retort.Gt(&b.Pages, 150)), retort.Col(&b.Title))
			var out []string
			for _, x := range []*retort.Selection[string]{
				retort.UnionAll(novels, long), retort.Intersect(novels, long), retort.IntersectAll(novels, novels),
				retort.Except(novels, long), retort.ExceptAll(novels, long),
			} {
				rows, err := x.All(ctx, s)
				if err != nil {
					return nil, err
				}
				out = append(out, fmt.Sprint(len(rows)))
			}
			return out, nil
		}, []string{"4", "1", "3", "1", "2"}},
		{"cte_is_written_once", func(ctx context.Context, s *retort.Session) ([]string, error) {
			g := retort.CTE("per genre", byGenre)
			most := retort.Scalar(retort.Values(g.Query(), retort.Max(retort.Col(&g.C.N))))
			return lines(retort.Values(g.Where(retort.Col(&g.C.N).EqExpr(most)), retort.Col(&g.C.Genre)).All(ctx, s))
		}, []string{"poetry"}},
		{"recursive_cte", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct{ N int32 }
			numbers := retort.Recursive("numbers", retort.Select(Authors.Where(retort.Eq(&a.Name, "austen")), &row, retort.Into(&row.N, retort.Cast[int32](retort.Val(int32(1)), "integer"))),
				func(self *retort.Table[struct{ N int32 }]) retort.RowsOf[struct{ N int32 }] {
					return retort.Select(self.Where(retort.Lt(&self.C.N, 4)), &row, retort.Into(&row.N, retort.Col(&self.C.N).Add(retort.Val(int32(1)))))
				})
			return lines(retort.Values(numbers.OrderBy(retort.Asc(&numbers.C.N)), retort.Col(&numbers.C.N)).All(ctx, s))
		}, []string{"1", "2", "3", "4"}},
		{"own_sql_as_a_source", func(ctx context.Context, s *retort.Session) ([]string, error) {
			type size struct {
				From int32
				Name *string
			}
			sizes := retort.Sub("sizes", retort.SQL[size](`SELECT n AS "from", CASE n WHEN 0 THEN 'thin' END AS name FROM generate_series(@first::int, 200, @step) AS n -- all`,
				retort.Args{"first": 0, "step": 100}).ReadOnly())
			z := sizes.C
			var row struct {
				From  int32
				Name  string
				Books int64
			}
			return lines(retort.Select(sizes.Query().LeftJoin(Books, retort.GeCol(&b.Pages, &z.From)).GroupBy(&z.From, z.Name).OrderBy(retort.Asc(&z.From)), &row,
				retort.Into(&row.From, &z.From), retort.Into(&row.Name, retort.Coalesce(retort.Col(z.Name), "thick")), retort.Into(&row.Books, retort.CountOf(retort.Col(&b.ID)))).All(ctx, s))
		}, []string{"0 thin 3", "100 thick 3", "200 thick 1"}},
		{"own_sql_that_names_the_tables_around_it", func(ctx context.Context, s *retort.Session) ([]string, error) {
			longest := retort.Sub("longest", retort.SQL[struct{ Pages int32 }]("SELECT max(pages) AS pages FROM books WHERE author_id = $1 HAVING count(*) > 0", &a.ID).ReadOnly())
			return lines(retort.Values(Authors.Query().LateralJoin(longest).OrderBy(retort.Asc(&a.Name)), retort.Col(&longest.C.Pages)).All(ctx, s))
		}, []string{"200", "100"}},
		{"own_sql_that_is_compared", func(ctx context.Context, s *retort.Session) ([]string, error) {
			few := retort.SQL[int32]("SELECT $1::int", 1).ReadOnly()
			n := retort.Scalar(retort.Values(Books.Where(retort.EqCol(&b.AuthorID, &a.ID)), retort.Cast[int32](retort.Count(), "integer")))
			return lines(retort.Values(Authors.Where(n.InQuery(few), retort.Exists(few), n.EqExpr(retort.Scalar(few))), retort.Col(&a.Name)).All(ctx, s))
		}, []string{"brontë"}},
		{"own_sql_that_writes", func(ctx context.Context, s *retort.Session) ([]string, error) {
			gone := retort.CTE("gone", retort.SQL[struct{ Title string }]("DELETE FROM books RETURNING title"))
			titles, err := lines(retort.Values(gone.OrderBy(retort.Asc(&gone.C.Title)), retort.Col(&gone.C.Title)).All(ctx, s))
			return append(titles, fmt.Sprint("wrote ", s.Wrote())), err
		}, []string{"book 0", "book 0", "book 1", "wrote true"}},
		{"join_of_a_subquery", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct {
				AuthorID uuid.UUID
				N        int64
			}
			counts := retort.Sub("counts", retort.Select(Books.Query().GroupBy(&b.AuthorID), &row, retort.Into(&row.AuthorID, &b.AuthorID), retort.Into(&row.N, retort.Count())))
			rows, err := Authors.Query().Join(counts, retort.EqCol(&counts.C.AuthorID, &a.ID)).OrderBy(retort.Desc(&counts.C.N)).All(ctx, s)
			return names(rows), err
		}, []string{"100%_carroll", "brontë"}},
	})
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	a, b := Authors.C, Books.C
	pages, title := retort.Col(&b.Pages), retort.Col(&b.Title)
	of := func(p retort.Predicate) func(context.Context, *retort.Session) ([]string, error) {
		return func(ctx context.Context, s *retort.Session) ([]string, error) {
			return titles(Books.Where(p).OrderBy(retort.Asc(&b.Pages), retort.Asc(&b.Title)).All(ctx, s))
		}
	}
	first, second := []string{"book 0 100", "book 0 100"}, []string{"book 1 200"}
	all := append(append([]string{}, first...), second...)
	runForms(t, "expressions.sql", k, seen, []form{
		{"comparisons_of_an_expression", of(retort.And(pages.Eq(200), pages.Ne(1), pages.Gt(1), pages.Ge(1), pages.Lt(1000), pages.Le(1000))), second},
		{"between_and_in", of(retort.And(pages.Between(150, 250), pages.In([]int32{200}), title.In([]string{"book 1"}))), second},
		{"comparisons_of_two_columns", of(retort.And(retort.NeCol(&b.Pages, &b.Pages), retort.LtCol(&b.Pages, &b.Pages), retort.GeCol(&b.Pages, &b.Pages), retort.LeCol(&b.Pages, &b.Pages))), []string{}},
		{"comparisons_of_two_expressions", of(retort.Or(pages.NeExpr(pages), pages.LtExpr(pages), retort.And(pages.LeExpr(pages), pages.GeExpr(pages), pages.GtExpr(pages.Sub(retort.Val(int32(1))))))), all},
		{"distinct_from", of(retort.Col(b.Rank).Distinct(retort.Col(b.Rank))), []string{}},
		{"null", of(retort.And(retort.Col(b.Rank).IsNull(), title.IsNotNull())), all},
		{"arithmetic", of(pages.Add(retort.Val(int32(1))).Mul(pages).Sub(pages).Div(retort.Val(int32(3))).Mod(retort.Val(int32(7))).Ge(0)), all},
		{"text_functions", of(retort.And(retort.Lower(title).Eq("book 1"), retort.Upper(title).Eq("BOOK 1"), retort.Trim(title).Eq("book 1"), retort.Length(title).Eq(6), retort.Concat(title, retort.Val("!")).Eq("book 1!"))), second},
		{"text_functions_of_an_enum", of(retort.Upper(retort.Col(&b.Genre)).Eq("POETRY")), first},
		{"time_functions", of(retort.And(retort.Col(&b.SeenAt).LtExpr(retort.Now()), retort.Col(&b.SeenAt).LtExpr(retort.Ago(time.Hour)), retort.Col(&b.SeenAt).LtExpr(retort.FromNow(time.Hour)), retort.ClockTime().GeExpr(retort.Now()),
			retort.Later(retort.Col(&b.SeenAt), 24*time.Hour).Gt(time.Date(2024, 3, 1, 0, 0, 0, 0, time.UTC)),
			retort.DateTrunc(retort.Month, retort.Col(&b.SeenAt), "UTC").Eq(time.Date(2024, 2, 1, 0, 0, 0, 0, time.UTC)))), all},
		{"null_if_greatest_and_least", of(retort.And(retort.NullIf(title, "book 1").IsNull(), retort.Greatest(pages, retort.Val(int32(5))).Eq(200), retort.Least(pages, retort.Val(int32(5))).Eq(5), retort.CoalesceExpr(retort.Col(b.Subtitle), title).Eq("book 1"))), second},
		{"case", of(retort.Case[string]().When(pages.Gt(150), "long").WhenExpr(pages.Gt(50), retort.Val("short")).Else("tiny").Eq("long")), second},
		{"case_without_else", of(retort.Case[int32]().When(pages.Gt(150), 1).End().IsNull()), first},
		{"case_of_an_enum", of(retort.Case[Genre]().WhenExpr(pages.Gt(150), retort.Col(&b.Genre)).Else(Poetry).Eq(Novel)), second},
		{"casts", of(retort.And(retort.Cast[string](pages, "text").Eq("200"), retort.Cast[string](pages, "numeric(10,2)").Ne("1"), retort.Cast[string](pages, "varchar(10)").Eq("200"))), second},
		{"truth_and_is", of(retort.And(retort.Is(retort.Truth(pages.Gt(150))), retort.Truth(pages.Gt(150)).Eq(true), retort.Is(retort.Col(&b.InPrint)))), second},
		{"row_comparisons", of(retort.And(retort.RowGt(retort.At(&b.Title, "book 0"), retort.At(&b.Pages, 150)), retort.RowGe(retort.At(&b.Pages, 200)), retort.RowLt(retort.At(&b.Pages, 300)), retort.RowLe(retort.At(&b.Pages, 200)), retort.RowEq(retort.At(&b.Title, "book 1"), retort.At(&b.Pages, 200)))), second},
		{"order_by_expressions", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.OrderBy(retort.Length(retort.Col(&a.Name)).Desc(), retort.Asc(&a.Name)).All(ctx, s)
			return names(rows), err
		}, []string{"100%_carroll", "austen", "brontë"}},
		{"order_with_nulls_in_their_place", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.OrderBy(retort.Asc(a.Note).NullsFirst(), retort.Desc(&a.Note).NullsLast()).All(ctx, s)
			return names(rows), err
		}, []string{"austen", "brontë", "100%_carroll"}},
		{"offset", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.OrderBy(retort.Asc(&a.Name)).Offset(1).Limit(1).All(ctx, s)
			return names(rows), err
		}, []string{"austen"}},
		{"locks", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var out []string
			q := Authors.Where(retort.Eq(&a.ID, authors[0].ID))
			for _, q := range []*retort.Query[Author]{
				q.ForUpdate(), q.ForNoKeyUpdate(retort.SkipLocked()), q.ForShare(retort.NoWait()), q.ForKeyShare(retort.LockOf(a)),
				q.Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).ForUpdate(retort.LockOf(b), retort.LockOf(a)), q.ForUpdate().With(&a.Books),
			} {
				rows, err := q.All(ctx, s)
				if err != nil {
					return nil, err
				}
				out = append(out, names(rows)...)
			}
			return out, nil
		}, []string{"austen", "austen", "austen", "austen", "austen"}},
		{"a_name_in_the_label", func(ctx context.Context, s *retort.Session) ([]string, error) {
			n, err := Authors.Query().Named("authors.count").Count(ctx, s)
			return []string{fmt.Sprint(n)}, err
		}, []string{"3"}},
	})
}
