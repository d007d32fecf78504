package retort_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/retort-go/retort"
)

// TestBadUse says in each case which call to make instead, before anything is
// sent.
func TestBadUse(t *testing.T) {
	t.Parallel()
	k, seen, _ := stocked(t)
	ctx := t.Context()
	a, b := Authors.C, Books.C
	twin := Books.As("twin")
	stray := retort.NewTable[Counter]("stray")
	var row struct {
		Name  string
		Note  *string
		Other int64
	}
	var elsewhere string
	all := func(q *retort.Query[Book]) func(context.Context, *retort.Session) error {
		return func(ctx context.Context, s *retort.Session) error {
			_, err := q.All(ctx, s)
			return err
		}
	}
	sel := func(targets ...retort.Target) func(context.Context, *retort.Session) error {
		return func(ctx context.Context, s *retort.Session) error {
			_, err := retort.Select(Authors.Query().LeftJoin(Books, retort.EqCol(&b.AuthorID, &a.ID)), &row, targets...).All(ctx, s)
			return err
		}
	}
	where := func(p retort.Predicate) func(context.Context, *retort.Session) error { return all(Books.Where(p)) }
	for want, run := range map[string]func(context.Context, *retort.Session) error{
		"is not a column of retort_test.Book": where(retort.Eq(&a.Name, "x")),
		"join other tables and aliases first": where(retort.Eq(&twin.C.Title, "x")),
		"the field pointer is nil":            where(retort.Eq[string](nil, "x")),
		"an empty Expr is no expression":      where(retort.Expr[string]{}.Eq("x")),
		"a nil value compares with nothing":   where(retort.Col(&b.Subtitle).Eq(nil)),
		"is a relation, not a column": func(ctx context.Context, s *retort.Session) error {
			_, err := Authors.OrderBy(retort.Asc(&a.Books)).All(ctx, s)
			return err
		},
		"holds no data":                       where(retort.Coalesce(retort.Col(&b.Subtitle), b.Subtitle).IsNull()), //retortvet:ignore standin the mistake is what is tested
		"Limit(-1)":                           all(Books.Query().Limit(-1)),
		"Offset(-1)":                          all(Books.Query().Offset(-1)),
		`"books" is in the query twice`:       all(Books.Query().Join(Books, retort.EqCol(&b.ID, &b.ID))),
		"no condition says which rows belong": all(Books.Query().Join(Authors)),
		"the table is nil":                    all(Books.Query().Join(nil)),
		"only a retort.Sub can be lateral":    all(Books.Query().LateralJoin(Authors)),
		"not part of this engine's Base":      all(Books.Query().Join(stray, retort.EqCol(&stray.C.Name, &b.Title))),
		"which are values and no objects of the session; read them with retort.Select or retort.Values": all(retort.CTE("few", Books.Query().Limit(2)).Query()),
		`source "no\x00name"`:                    all(retort.Sub("no\x00name", Books.Query()).Query()),
		"a name is empty":                        all(Books.Query().Join(Books.As(""), retort.EqCol(&b.ID, &b.ID))),
		"LockOf: got a":                          all(Books.Query().ForUpdate(retort.LockOf(a))),
		"name the filters":                       all(Books.Query().Unfiltered()),
		"a name of a statement is":               all(Books.Query().Named("x */ DROP TABLE books")),
		"only aggregates have a filter":          where(retort.Lower(retort.Col(&b.Title)).Filter(retort.IsNull(b.Rank)).Eq("x")),
		"only aggregates and window functions":   where(retort.Col(&b.Pages).Over(retort.Window{}).Eq(1)),
		"a window function needs .Over":          where(retort.RowNumber().Eq(1)),
		"is not the name of a type":              where(retort.Cast[string](retort.Col(&b.Pages), "text); DROP TABLE books; --").Eq("x")),
		"Case: it has no branch":                 where(retort.Case[string]().Else("x").Eq("x")),
		"no pair given":                          where(retort.RowGt()),
		"docs/errors.md#may-be-null":             sel(retort.Into(&row.Name, &b.Title)),
		"is not a field of the row":              sel(retort.Into(&elsewhere, &a.Name)),
		"is filled twice":                        sel(retort.Into(&row.Name, &a.Name), retort.Into(&row.Name, &a.Email)),
		"nothing is selected":                    sel(),
		"After: a page is ordered by columns of": all(Books.Query().Join(Authors, retort.EqCol(&a.ID, &b.AuthorID)).OrderBy(retort.Asc(&a.Name)).After("x", b.ID)), //retortvet:ignore standin the query fails before it reads the value
		"docs/errors.md#no-condition": func(ctx context.Context, s *retort.Session) error {
			_, err := Books.Update(retort.Set(&b.Pages, 1)).Where(retort.Opt(&b.Title, nil)).Exec(ctx, s)
			return err
		},
		"say .AllRows()": func(ctx context.Context, s *retort.Session) error { _, err := Books.Delete().Exec(ctx, s); return err },
		"nothing is set": func(ctx context.Context, s *retort.Session) error {
			_, err := Books.Update().AllRows().Exec(ctx, s)
			return err
		},
		"is set twice": func(ctx context.Context, s *retort.Session) error {
			_, err := Books.Update(retort.Set(&b.Pages, 1), retort.Set(&b.Pages, 2)).AllRows().Exec(ctx, s)
			return err
		},
		"never changes": func(ctx context.Context, s *retort.Session) error {
			_, err := Authors.Update(retort.SetExpr(&a.ID, retort.Col(&a.ID))).AllRows().Exec(ctx, s)
			return err
		},
		`column "title" is NOT NULL`: func(ctx context.Context, s *retort.Session) error {
			_, err := Books.Update(retort.SetNull(&b.Title)).AllRows().Exec(ctx, s)
			return err
		},
		"Insert: no row given": func(ctx context.Context, s *retort.Session) error { _, err := Books.Insert().Exec(ctx, s); return err },
		"row 0 is nil": func(ctx context.Context, s *retort.Session) error {
			_, err := Books.Insert(nil).Exec(ctx, s)
			return err
		},
		"say which unique columns may meet": func(ctx context.Context, s *retort.Session) error {
			_, err := Counters.Insert(&Counter{}).OnConflict().DoUpdate(retort.Set(&Counters.C.Value, 1)).Exec(ctx, s)
			return err
		},
		"not an alias": func(ctx context.Context, s *retort.Session) error {
			_, err := twin.Delete().AllRows().Exec(ctx, s)
			return err
		},
		"a parenthesis is closed that was not": where(retort.Is(retort.Fragment[bool]("true) OR (true"))),
		"a semicolon would end the statement":  where(retort.Is(retort.Fragment[bool]("true; DROP TABLE books"))),
		"the aggregate has a filter already": func(ctx context.Context, s *retort.Session) error {
			_, err := retort.Values(Books.Query(), retort.Count().Filter(retort.Gt(&b.Pages, 1)).Filter(retort.Lt(&b.Pages, 9))).All(ctx, s)
			return err
		},
		"Scalar: the statement gives 16 columns": where(retort.Scalar(Books.Query()).IsNull()),
		"a statement that writes has its place":  where(retort.Exists(Books.Delete().AllRows())),
		"make it one by retort.CTE": func(ctx context.Context, s *retort.Session) error {
			_, err := retort.Values(retort.Sub("gone", Books.Delete().AllRows()).Query(), retort.Count()).All(ctx, s)
			return err
		},
		"Desc: the field pointer (*string) is not a column": func(ctx context.Context, s *retort.Session) error {
			place := retort.RowNumber().Over(retort.Window{Order: []retort.Order{retort.Desc(&row.Name)}})
			_, err := retort.Select(Authors.Query(), &row, retort.Into(&row.Name, &a.Name)).OrderBy(place.Asc()).All(ctx, s)
			return err
		},
		"$2 has no argument":               where(retort.Is(retort.Fragment[bool]("$1 = $2", 1))),
		"argument 2 has no place $2":       where(retort.Is(retort.Fragment[bool]("$1", true, 2))),
		"Fragment: the field pointer":      where(retort.Is(retort.Fragment[bool]("$1 = ''", &elsewhere))),
		"Resume: these are no bookmark":    all(Books.OrderBy(retort.Asc(&b.Pages)).Resume([]byte(`["x"]`))),
		"is not the name of a text search": where(retort.Matches(retort.ToTSVector("english'", retort.Col(&b.Title)), retort.WebSearch("english", "x"))),
	} {
		t.Run(strings.ReplaceAll(want, " ", "_"), func(t *testing.T) {
			s := k.Engine.Session()
			defer s.Close(ctx)
			seen.take()
			err := run(ctx, s)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
			if flights := seen.take(); len(flights) != 0 {
				t.Errorf("it was sent: %q", flights[0].Statements)
			}
		})
	}
}

// TestNilSession says so: by the error, or by a panic where there is none.
func TestNilSession(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := Books.C
	var none *retort.Session
	ask := func(_ any, err error) error { return err }
	var row struct{ Title string }
	var streamed error
	for _, err := range Books.Query().Iter(ctx, nil) {
		streamed = err
	}
	for name, err := range map[string]error{
		"get":       ask(Books.Get(ctx, nil, 1)),
		"all":       ask(Books.Query().All(ctx, nil)),
		"count":     ask(Books.Query().Count(ctx, nil)),
		"values":    ask(retort.Values(Books.Query(), retort.Col(&b.Title)).All(ctx, nil)),
		"update":    ask(Books.Update(retort.Set(&b.Pages, 1)).AllRows().Exec(ctx, nil)),
		"returning": ask(retort.Returning(Books.Delete().AllRows(), &row, retort.Into(&row.Title, &b.Title)).All(ctx, nil)),
		"sql":       ask(retort.SQL[int]("SELECT 1").One(ctx, nil)),
		"together":  retort.Together(ctx, nil),
		"load":      retort.LoadRelated(ctx, nil, []*Author{}, &Authors.C.Books),
		"iter":      streamed,
		"explain":   ask(retort.Explain(ctx, nil, Books.Query())),
		"explained": ask(retort.Explain(ctx, nil, retort.SQL[int]("SELECT 1"))),
		"bookmark":  ask(Books.OrderBy(retort.Asc(&b.ID)).Bookmark(nil, &Book{})),
		"copy in":   ask(Books.CopyIn(ctx, nil, nil)),
		"copy to":   ask(retort.Values(Books.Query(), retort.Col(&b.Title)).CopyTo(ctx, nil, io.Discard, retort.CopyCSV)),
		"insert":    ask(Books.Insert(&Book{}).Exec(ctx, nil)),
		"merge":     ask(Books.Merge(ctx, nil, &Book{})),
		"run in":    ask(retort.RunIn(ctx, nil, func(context.Context, *retort.Session) (int, error) { return 0, nil })),
		"flush":     none.Flush(ctx),
		"commit":    none.Commit(ctx),
		"rollback":  none.Rollback(ctx),
		"close":     none.Close(ctx),
		"refresh":   none.Refresh(ctx, &Book{}),
		"savepoint": none.Savepoint(ctx, func(context.Context) error { return nil }),
		"exec":      ask(none.Exec(ctx, "SELECT 1")),
		"pgx":       ask(none.Pgx(ctx)),
	} {
		if err == nil || !strings.Contains(err.Error(), "retort: the session is nil; begin one") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, call := range map[string]func(){
		"add":          func() { none.Add(&Book{}) },
		"delete":       func() { none.Delete(&Book{}) },
		"detach":       func() { none.Detach(&Book{}) },
		"expire":       func() { none.Expire(&Book{}) },
		"filter":       func() { none.Filter(retort.FilterBy("pages", Books, &b.Pages, 1)) },
		"hook":         func() { none.Hook(retort.Hooks{}) },
		"after commit": func() { none.AfterCommit(nil) },
		"state":        func() { none.State(&Book{}) },
		"read only":    func() { none.ReadOnly() },
		"wrote":        func() { none.Wrote() },
		"dbtx":         func() { none.DBTX() },
		"sql db":       func() { none.SQLDB() },
		"enum labels":  func() { retort.EnumLabels[string](none) },
	} {
		t.Run(name+"_panics", func(t *testing.T) {
			defer func() {
				if got, ok := recover().(error); !ok || !strings.HasPrefix(got.Error(), "retort: the session is nil; begin one") {
					t.Errorf("panicked with %v", got)
				}
			}()
			call()
		})
	}
}

// nasty is text that would be SQL if it ever got into a statement.
var nasty = []string{
	`'; DROP TABLE books; --`, `"; DROP TABLE books; --`, `\'; DROP TABLE books; --`, `$1`, `$$`, `@name`, `*/ DROP TABLE books; /*`, `') OR true --`,
	`" OR ""="`, `%_\`, `E'\\'`, "a\nb", `{a,"b"}`, `[1,2)`, `null`, `NULL`, ``, `Straße 語 🜍`, `U&"\0041"`, `1; SELECT pg_sleep(9)`,
}

// TestNothingFromOutsideBecomesSQL stores and finds nasty text by every way in, and
// looks for it in what was sent.
func TestNothingFromOutsideBecomesSQL(t *testing.T) {
	t.Parallel()
	k, seen, authors := stocked(t)
	ctx := t.Context()
	b := Books.C
	for i, text := range nasty {
		s := k.Engine.Session()
		book := newBook(authors[0], text)
		book.Pages, book.Tags = int32(1000+i), []string{text}
		s.Add(book)
		must(t, s.Flush(ctx))
		mine := retort.Eq(&b.ID, book.ID)
		ways := map[string]retort.Predicate{
			"Eq": retort.Eq(&b.Title, text), "In": retort.In(&b.Title, []string{text}), "Contains": retort.Contains(&b.Title, text), "HasPrefix": retort.HasPrefix(&b.Title, text),
			"HasSuffix": retort.HasSuffix(&b.Title, text), "Expr": retort.Col(&b.Title).Eq(text), "ExprIn": retort.Concat(retort.Col(&b.Title)).In([]string{text}),
			"Val": retort.Col(&b.Title).EqExpr(retort.Val(text)), "HasElement": retort.HasElement(&b.Tags, text), "ContainsAll": retort.ContainsAll(&b.Tags, []string{text}),
			"RowEq": retort.RowEq(retort.At(&b.Title, text)), "Fragment": retort.Is(retort.Fragment[bool]("$1 = $2", &b.Title, text)),
			"named": retort.Is(retort.Fragment[bool]("@a = @b", retort.Args{"a": &b.Title, "b": text})), "Case": retort.Case[string]().When(mine, text).Else("").EqExpr(retort.Col(&b.Title)),
			"Coalesce": retort.Coalesce(retort.Col(b.Subtitle), text).EqExpr(retort.Col(&b.Title)),
		}
		for name, p := range ways {
			seen.take()
			got, err := Books.Where(mine, p).All(ctx, s)
			if err != nil || len(got) != 1 || got[0].Title != text {
				t.Errorf("%s of %q: %d rows, %v", name, text, len(got), err)
			}
			for _, f := range seen.take() {
				if len(text) > 5 && strings.Contains(f.Statements[0], text) {
					t.Errorf("%s: the text is in the SQL: %s", name, f.Statements[0])
				}
			}
		}
		// COPY has no parameters.
		var out strings.Builder
		n, err := retort.Values(Books.Where(mine, retort.Eq(&b.Title, text), retort.In(&b.Title, []string{text}), retort.Contains(&b.Title, text)), retort.Col(&b.Title)).CopyTo(ctx, s, &out, retort.CopyText)
		if err != nil || n != 1 {
			t.Errorf("CopyTo of %q: %d rows, %v", text, n, err)
		}
		// Names are quoted, or refused.
		odd := Books.As("a" + strings.ReplaceAll(text, "\x00", ""))
		m, err := odd.Where(retort.Eq(&odd.C.Title, text)).Count(ctx, s)
		if err != nil || m != 1 {
			t.Errorf("alias %q: %d rows, %v", text, m, err)
		}
		must(t, s.Close(ctx))
	}
	if n := k.QueryInt(t, "SELECT count(*) FROM books"); n != 3 {
		t.Errorf("%d books", n)
	}
}
