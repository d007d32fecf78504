package retort_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// form is one form of a query: its rows as text.
type form struct {
	name string
	run  func(ctx context.Context, s *retort.Session) ([]string, error)
	want []string
}

// runForms runs every form against PostgreSQL and compares the SQL that was sent
// with a golden file.
func runForms(t *testing.T, file string, k *retorttest.Kit, seen *recorder, forms []form) {
	t.Helper()
	var texts strings.Builder
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			s := k.Engine.Session()
			defer s.Close(context.Background())
			seen.take()
			got, err := f.run(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(f.want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			fmt.Fprintf(&texts, "-- %s\n", f.name)
			for _, flight := range seen.take() {
				if flight.Begin != "" {
					texts.WriteString(flight.Begin + ";\n")
				}
				for _, sql := range flight.Statements {
					texts.WriteString(sql + ";\n")
				}
			}
			texts.WriteString("\n")
		})
	}
	if !t.Failed() {
		golden(t, file, texts.String())
	}
}

// lines prints rows, one each.
func lines[R any](rows []R, err error) ([]string, error) {
	out := []string{}
	for _, r := range rows {
		out = append(out, strings.Trim(fmt.Sprintf("%v", any(r)), "{}"))
	}
	return out, err
}

// titles prints books.
func titles(books []*Book, err error) ([]string, error) {
	out := []string{}
	for _, b := range books {
		out = append(out, fmt.Sprint(b.Title, " ", b.Pages))
	}
	return out, err
}

// stocked is a library with the books of shelf: austen has none, brontë one,
// carroll two.
func stocked(t *testing.T) (*retorttest.Kit, *recorder, []*Author) {
	t.Helper()
	seen := &recorder{}
	k := retorttest.New(t, library, func(c *retort.Config) { c.Observer = seen })
	return k, seen, shelf(t, k)
}

func TestJoins(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	a, b := Authors.C, Books.C
	twin := Books.As("twin")
	type pair struct {
		Author string
		Title  *string
	}
	var row pair
	show := func(rows []pair, err error) ([]string, error) {
		out := []string{}
		for _, r := range rows {
			title := "NULL"
			if r.Title != nil {
				title = *r.Title
			}
			out = append(out, r.Author+": "+title)
		}
		return out, err
	}
	var newest struct{ Title string }
	latest := retort.Sub("latest", retort.Select(
		Books.Where(retort.EqCol(&b.AuthorID, &a.ID)).OrderBy(retort.Desc(&b.Pages)).Limit(1), &newest,
		retort.Into(&newest.Title, &b.Title)))
	runForms(t, "joins.sql", k, seen, []form{
		{"inner_join_repeats_the_row", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).Where(retort.Gt(&b.Pages, 0)).
				OrderBy(retort.Asc(&a.Name), retort.Asc(&b.Title)).All(ctx, s)
			if err == nil && rows[0] != rows[1] {
				t.Error("the same row is two objects")
			}
			return names(rows), err
		}, []string{"100%_carroll", "100%_carroll", "brontë"}},
		{"left_join_gives_NULL", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return show(retort.Select(Authors.Query().LeftJoin(Books, retort.EqCol(&b.AuthorID, &a.ID)).OrderBy(retort.Asc(&a.Name), retort.Asc(&b.Title)),
				&row, retort.Into(&row.Author, &a.Name), retort.IntoNull(&row.Title, &b.Title)).All(ctx, s))
		}, []string{"100%_carroll: book 0", "100%_carroll: book 1", "austen: NULL", "brontë: book 0"}},
		{"right_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			var row struct{ Author, Title *string }
			rows, err := retort.Select(Authors.Where(retort.IsNotNull(&b.ID)).RightJoin(Books, retort.EqCol(&b.AuthorID, &a.ID), retort.Eq(&a.Name, "brontë")).
				OrderBy(retort.Asc(&b.Title), retort.Asc(&b.Pages), retort.Asc(&a.Name)),
				&row, retort.IntoNull(&row.Author, &a.Name), retort.IntoNull(&row.Title, &b.Title)).All(ctx, s)
			out := []string{}
			for _, r := range rows {
				out = append(out, fmt.Sprint(r.Author != nil, *r.Title))
			}
			return out, err
		}, []string{"truebook 0", "falsebook 0", "falsebook 1"}},
		{"full_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return lines(retort.Values(Authors.Query().FullJoin(Books, retort.EqCol(&b.AuthorID, &a.ID)), retort.Count()).All(ctx, s))
		}, []string{"4"}},
		{"cross_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			n, err := Authors.Query().CrossJoin(Books).Count(ctx, s)
			return []string{fmt.Sprint(n)}, err
		}, []string{"9"}},
		{"self_join_by_alias", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return titles(Books.Query().Join(twin, retort.EqCol(&twin.C.AuthorID, &b.AuthorID), retort.GtCol(&twin.C.Pages, &b.Pages)).
				Where(retort.Eq(&twin.C.Title, "book 1")).All(ctx, s))
		}, []string{"book 0 100"}},
		{"query_of_an_alias", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return titles(twin.Where(retort.Eq(&twin.C.Pages, 200)).OrderBy(retort.Asc(&twin.C.Title)).Limit(5).All(ctx, s))
		}, []string{"book 1 200"}},
		{"lateral_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return show(retort.Select(Authors.Query().LeftLateralJoin(latest).OrderBy(retort.Asc(&a.Name)), &row,
				retort.Into(&row.Author, &a.Name), retort.IntoNull(&row.Title, &latest.C.Title)).All(ctx, s))
		}, []string{"100%_carroll: book 1", "austen: NULL", "brontë: book 0"}},
		{"inner_lateral_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.Query().LateralJoin(latest, retort.Eq(&latest.C.Title, "book 0")).All(ctx, s)
			return names(rows), err
		}, []string{"brontë"}},
		{"count_of_a_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			n, err := Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).Count(ctx, s)
			return []string{fmt.Sprint(n)}, err
		}, []string{"3"}},
		{"exists_of_a_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			found, err := Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).Where(retort.Eq(&a.Name, "austen")).Exists(ctx, s)
			return []string{fmt.Sprint(found)}, err
		}, []string{"false"}},
		{"relations_of_a_joined_query", func(ctx context.Context, s *retort.Session) ([]string, error) {
			rows, err := Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).Where(retort.Eq(&b.Pages, 200)).With(&a.Books).All(ctx, s)
			if err != nil {
				return nil, err
			}
			books, err := rows[0].Books.All()
			return []string{fmt.Sprint(rows[0].Name, len(books))}, err
		}, []string{"100%_carroll2"}},
		{"a_page_of_a_join", func(ctx context.Context, s *retort.Session) ([]string, error) {
			return titles(Books.Query().Join(Authors, retort.EqCol(&b.AuthorID, &a.ID)).Where(retort.Eq(&a.ID, authors[2].ID)).
				OrderBy(retort.Asc(&b.Pages)).After(int32(100), uuid.Max).Limit(3).All(ctx, s))
		}, []string{"book 1 200"}},
	})
}
