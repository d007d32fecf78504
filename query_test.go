package retort_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// shelf fills a database with three authors and their books.
func shelf(t *testing.T, k *retorttest.Kit) []*Author {
	t.Helper()
	s := k.Engine.Session()
	defer s.Close(context.Background())
	var authors []*Author
	for i, name := range []string{"austen", "brontë", "100%_carroll"} {
		a := newAuthor(name)
		if i > 0 {
			note := fmt.Sprint("note ", i)
			a.Note = &note
		}
		s.Add(a)
		for n := range i {
			b := newBook(a, fmt.Sprint("book ", n))
			b.Pages = int32(100 * (n + 1))
			if n == 0 {
				b.Genre = Poetry
			}
			s.Add(b)
		}
		authors = append(authors, a)
	}
	must(t, s.Commit(context.Background()))
	return authors
}

func names(authors []*Author) []string {
	out := []string{}
	for _, a := range authors {
		out = append(out, a.Name)
	}
	return out
}

// sql records the statements that a session sends.
type sql struct{ statements []string }

func (r *sql) FlightStart(ctx context.Context, _ retort.FlightInfo) context.Context { return ctx }

func (r *sql) FlightEnd(_ context.Context, f retort.FlightInfo) {
	r.statements = append(r.statements, f.Statements...)
}

func TestWhere(t *testing.T) {
	t.Parallel()
	seen := &sql{}
	k := retorttest.New(t, library, func(c *retort.Config) { c.Observer = seen })
	authors := shelf(t, k)
	c := Authors.C
	email := "austen@x"
	const head = `/* retort:query.all */ SELECT "id", "created_at", "updated_at", "version", "name", "email", "note"` + "\n" + `FROM "authors"`
	for _, tc := range []struct {
		name  string
		query *retort.Query[Author]
		sql   string // behind head
		want  []string
	}{
		{"no_condition", Authors.Query(), "", []string{"100%_carroll", "austen", "brontë"}},
		{"eq", Authors.Where(retort.Eq(&c.Name, "austen")), ` WHERE "name" = $1`, []string{"austen"}},
		{"eq_of_a_promoted_field", Authors.Where(retort.Eq(&c.ID, authors[1].ID)), ` WHERE "id" = $1`, []string{"brontë"}},
		{"eq_of_a_nullable_by_its_slot", Authors.Where(retort.Eq(c.Note, "note 1")), ` WHERE "note" = $1`, []string{"brontë"}},
		{"eq_of_a_nullable_by_pointer", Authors.Where(retort.Eq(&c.Note, new("note 1"))), ` WHERE "note" = $1`, []string{"brontë"}},
		{"ne", Authors.Where(retort.Ne(&c.Name, "austen")), ` WHERE "name" <> $1`, []string{"100%_carroll", "brontë"}},
		{"lt_and_gt", Authors.Where(retort.Lt(&c.Name, "b"), retort.Gt(&c.Name, "2")), ` WHERE "name" < $1 AND "name" > $2`, []string{"austen"}},
		{"le_or_ge", Authors.Where(retort.Or(retort.Le(&c.Name, "2"), retort.Ge(&c.Name, "b"))), ` WHERE ("name" <= $1 OR "name" >= $2)`, []string{"100%_carroll", "brontë"}},
		{"in", Authors.Where(retort.In(&c.Name, []string{"austen", "nobody"})), ` WHERE "name" = ANY($1)`, []string{"austen"}},
		{"in_nothing", Authors.Where(retort.In(&c.Name, []string{})), ` WHERE "name" = ANY($1)`, []string{}},
		{"in_nil", Authors.Where(retort.In(&c.ID, []uuid.UUID(nil))), ` WHERE "id" = ANY($1)`, []string{}},
		{"like", Authors.Where(retort.Like(&c.Name, "%te_")), ` WHERE "name" LIKE $1`, []string{"austen"}},
		{"contains_escapes", Authors.Where(retort.Contains(&c.Name, "%_")), ` WHERE "name" LIKE $1`, []string{"100%_carroll"}},
		{"has_prefix_escapes", Authors.Where(retort.HasPrefix(&c.Name, "%")), ` WHERE "name" LIKE $1`, []string{}},
		{"has_suffix", Authors.Where(retort.HasSuffix(&c.Name, "ë")), ` WHERE "name" LIKE $1`, []string{"brontë"}},
		{"is_null", Authors.Where(retort.IsNull(&c.Note)), ` WHERE "note" IS NULL`, []string{"austen"}},
		{"is_null_by_slot", Authors.Where(retort.IsNull(c.Note)), ` WHERE "note" IS NULL`, []string{"austen"}},
		{"is_not_null", Authors.Where(retort.IsNotNull(&c.Note)), ` WHERE "note" IS NOT NULL`, []string{"100%_carroll", "brontë"}},
		{"not", Authors.Where(retort.Not(retort.Eq(&c.Name, "austen"))), ` WHERE NOT ("name" = $1)`, []string{"100%_carroll", "brontë"}},
		{"optional_given", Authors.Where(retort.Opt(&c.Email, &email)), ` WHERE "email" = $1`, []string{"austen"}},
		{"optional_missing", Authors.Where(retort.Opt(&c.Email, nil)), "", []string{"100%_carroll", "austen", "brontë"}},
		{"when_false", Authors.Where(retort.When(false, retort.IsNull(&c.Note))), "", []string{"100%_carroll", "austen", "brontë"}},
		{"empty_groups_vanish", Authors.Where(retort.Or(), retort.And(retort.Not(retort.Predicate{})), retort.Eq(&c.Name, "austen")), ` WHERE "name" = $1`, []string{"austen"}},
		{"nested", Authors.Where(retort.Or(retort.And(retort.Eq(&c.Name, "austen"), retort.IsNull(&c.Note)), retort.Eq(c.Note, "note 2"))), ` WHERE (("name" = $1 AND "note" IS NULL) OR "note" = $2)`, []string{"100%_carroll", "austen"}},
		{"limit_0", Authors.Query().Limit(0), "", []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			seen.statements = nil
			s := k.Engine.Session()
			defer s.Close(t.Context())
			got, err := tc.query.OrderBy(retort.Asc(&c.Name)).All(t.Context(), s)
			must(t, err)
			if diff := cmp.Diff(tc.want, names(got)); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			text := strings.TrimPrefix(seen.statements[0], head)
			text, _, _ = strings.Cut(text, "\nORDER BY \"name\"")
			if text = strings.ReplaceAll(text, "\n", " "); text != tc.sql {
				t.Errorf("SQL\n got %s\nwant %s", text, tc.sql)
			}
		})
	}
}

func TestEnumConditions(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	c := Books.C
	s := k.Engine.Session()
	defer s.Close(t.Context())
	for name, q := range map[string]*retort.Query[Book]{
		"eq":       Books.Where(retort.Eq(&c.Genre, Poetry)),
		"in":       Books.Where(retort.In(&c.Genre, []Genre{Poetry})),
		"contains": Books.Where(retort.Contains(&c.Genre, "oet")),
	} {
		n, err := q.Count(t.Context(), s)
		must(t, err)
		if n != 2 {
			t.Errorf("%s: %d books, want 2", name, n)
		}
	}
}

func TestKeysetPages(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	a := newAuthor("jane")
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(a)
	for i := range 23 {
		b := newBook(a, fmt.Sprint(i))
		b.Pages = int32(i % 4) // many rows are equal in the order
		s.Add(b)
	}
	must(t, s.Commit(ctx))
	c := Books.C
	for name, order := range map[string][]retort.Order{
		"ascending":  {retort.Asc(&c.Pages)},
		"descending": {retort.Desc(&c.Pages)},
		"mixed":      {retort.Desc(&c.Pages), retort.Asc(&c.Title)},
		"with_key":   {retort.Asc(&c.Pages), retort.Desc(&c.ID)},
		"key_only":   {retort.Asc(&c.ID)},
	} {
		t.Run(name, func(t *testing.T) {
			q := Books.OrderBy(order...)
			page := q.Limit(5)
			seen := map[uuid.UUID]bool{}
			for pages := 0; ; pages++ {
				rows, err := page.All(ctx, s)
				must(t, err)
				if len(rows) == 0 {
					if pages != 5 {
						t.Errorf("%d pages, want 5", pages)
					}
					break
				}
				for _, b := range rows {
					if seen[b.ID] {
						t.Fatal("a row came twice")
					}
					seen[b.ID] = true
				}
				after, err := q.Position(s, rows[len(rows)-1])
				must(t, err)
				page = q.Limit(5).After(after...)
			}
			if len(seen) != 23 {
				t.Errorf("saw %d rows, want 23", len(seen))
			}
		})
	}
}

func TestCountExistsFirstOne(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	c := Authors.C
	nobody := Authors.Where(retort.Eq(&c.Name, "nobody"))
	for _, tc := range []struct {
		name  string
		query *retort.Query[Author]
		want  int64
	}{
		{"all", Authors.Query(), 3},
		{"limited", Authors.Query().Limit(2), 2},
		{"none", nobody, 0},
	} {
		n, err := tc.query.Count(ctx, s)
		must(t, err)
		found, err := tc.query.Exists(ctx, s)
		must(t, err)
		if n != tc.want || found != (tc.want > 0) {
			t.Errorf("%s: count %d, exists %v", tc.name, n, found)
		}
	}
	if _, err := nobody.First(ctx, s); !errors.Is(err, retort.ErrNotFound) {
		t.Errorf("First: %v", err)
	}
	if _, err := nobody.One(ctx, s); !errors.Is(err, retort.ErrNotFound) {
		t.Errorf("One: %v", err)
	}
	if _, err := Authors.Query().One(ctx, s); !errors.Is(err, retort.ErrTooMany) {
		t.Errorf("One of three: %v", err)
	}
	first, err := Authors.OrderBy(retort.Desc(&c.Name)).First(ctx, s)
	must(t, err)
	if first.Name != "brontë" {
		t.Errorf("First: %q", first.Name)
	}
}

// TestBadQueries shows that each mistake is an error that names the call to make.
func TestBadQueries(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	c := Authors.C
	loaded := &Author{}
	other := retort.NewTable[Author]("others")
	for _, tc := range []struct {
		name  string
		query *retort.Query[Author]
		want  []string
	}{
		{"field_of_another_model", Authors.Where(retort.Eq(&Books.C.Title, "x")), []string{"Eq", "Author", "retort.Eq(&Author"}},
		{"field_of_an_object", Authors.Where(retort.Lt(&loaded.Name, "x")), []string{"Lt", "Author"}},
		{"nil_field", Authors.Where(retort.IsNull((*string)(nil))), []string{"IsNull"}},
		{"nil_value", Authors.Where(retort.Eq(&c.Note, nil)), []string{"Eq", "IsNull", "Opt"}},
		{"relation_as_column", Authors.Where(retort.IsNull(&c.Books)), []string{"Books", "relation"}},
		{"relation_of_another_model", Authors.With(&shelves.C.Boxes), []string{"With", "retort.Many", "&Author.C.Field"}},
		{"no_relation", Authors.With(nil), []string{"With", "got nil"}},
		{"nothing_to_load", Authors.With(retort.Load(nil)), []string{"With", "is not a relation"}},
		{"order_by_another_model", Authors.OrderBy(retort.Asc(&Books.C.Title)), []string{"Asc"}},
		{"negative_limit", Authors.Query().Limit(-1), []string{"Limit(-1)"}},
		{"after_with_too_few_values", Authors.OrderBy(retort.Asc(&c.Name)).After("x"), []string{"After", "1 values", "2 keys", "Position"}},
		{"after_without_values", Authors.OrderBy(retort.Asc(&c.Name)).After(), []string{"After", "Position"}},
		{"after_a_nullable_key", Authors.OrderBy(retort.Asc(&c.Note)).After("x", uuid.Nil), []string{"NULL"}},
		{"after_a_wrong_type", Authors.OrderBy(retort.Asc(&c.Name)).After(7, uuid.Nil), []string{"After", "name"}},
		{"like_of_a_number", Authors.Where(retort.Like(&c.Version.Version, "1%")), []string{"Like", "version"}},
		{"nul_in_a_value", Authors.Where(retort.Eq(&c.Name, "a\x00b")), []string{"name"}},
		{"table_of_no_base", other.Query(), []string{"others", "NewBase"}},
		{"several_at_once", Authors.Where(retort.Eq(&loaded.Name, "x"), retort.Eq(&c.Note, nil)), []string{"Eq", "IsNull"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := k.Engine.Session()
			defer s.Close(ctx)
			_, err := tc.query.All(ctx, s)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in %q", want, err)
				}
			}
			if strings.Contains(err.Error(), "a\x00b") {
				t.Error("the value is in the text")
			}
			if n := k.Proxy.RoundTrips(); n != 0 {
				t.Errorf("%d round trips", n)
			}
		})
	}
}

func TestQueriesAreValues(t *testing.T) {
	t.Parallel()
	c := Authors.C
	base := Authors.Where(retort.Eq(&c.Name, "a")).OrderBy(retort.Asc(&c.Name))
	one := base.Where(retort.Eq(&c.Email, "1")).OrderBy(retort.Asc(&c.Email)).With(&c.Books).Limit(1)
	two := base.Where(retort.Eq(&c.Email, "2")).OrderBy(retort.Desc(&c.Email))
	_ = two
	k := retorttest.New(t, library)
	s := k.Engine.Session()
	defer s.Close(t.Context())
	_, err := one.All(t.Context(), s)
	must(t, err)
	statements := strings.Join(k.Proxy.Statements(), "\n")
	if strings.Contains(statements, `"email" DESC`) || !strings.Contains(statements, `ORDER BY "name", "email", "id"`) {
		t.Errorf("a later query changed an earlier one:\n%s", statements)
	}
}

func TestIterStreamsPastTheSession(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	var got []string
	for a, err := range Authors.OrderBy(retort.Asc(&Authors.C.Name)).Iter(ctx, s) {
		must(t, err)
		if state := s.State(a); state != "transient" && state != "detached" {
			t.Errorf("a streamed row is %s", state)
		}
		if _, err := Authors.Get(ctx, s, a.ID); !errors.Is(err, retort.ErrIterOpen) {
			t.Errorf("a query inside the loop: %v, want ErrIterOpen", err)
		}
		got = append(got, a.Name)
	}
	if diff := cmp.Diff([]string{"100%_carroll", "austen", "brontë"}, got); diff != "" {
		t.Error(diff)
	}
	must(t, s.Rollback(ctx)) // State inside the loop was a misuse
	for _, err := range Authors.Query().Iter(ctx, s) {
		must(t, err)
		break
	}
	if n := k.Engine.Stats().InUse; n != 0 {
		t.Errorf("%d connections in use after the loop", n)
	}
}

func TestRawSQL(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	type row struct {
		Name  string
		Books int64
		Note  *string
	}
	rows, err := retort.SQL[row](`SELECT a.name, a.note, count(b.id) AS books FROM authors a LEFT JOIN books b ON b.author_id = a.id
		WHERE a.name <> $1 GROUP BY a.id ORDER BY a.name`, "austen").ReadOnly().All(ctx, s)
	must(t, err)
	if diff := cmp.Diff([]row{{"100%_carroll", 2, new("note 2")}, {"brontë", 1, new("note 1")}}, rows); diff != "" {
		t.Error(diff)
	}
	if s.Wrote() {
		t.Error("a read-only statement opened a transaction")
	}
	n, err := retort.SQL[int64]("SELECT count(*) FROM authors WHERE name = ANY($1)", []string{"austen", "brontë"}).One(ctx, s)
	must(t, err)
	if n != 2 {
		t.Errorf("count %d", n)
	}
	affected, err := s.Exec(ctx, "UPDATE authors SET note = $1 WHERE note IS NULL", nil)
	must(t, err)
	if affected != 1 {
		t.Errorf("affected %d", affected)
	}
	if !s.Wrote() {
		t.Error("Exec did not open a transaction")
	}
	for name, sql := range map[string]string{
		"unknown column": "SELECT name, 1 AS nonsense, 2::bigint AS books, note FROM authors",
		"missing column": "SELECT name FROM authors",
	} {
		if _, err := retort.SQL[row](sql).All(ctx, k.Engine.Session()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
