package guidetest_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

// PostOfDay is a row of postsPerDay.
type PostOfDay struct {
	Day   time.Time
	Posts int64
	Best  *string // may be NULL: sqlc's pgtype.Text
}

// -- name: PostsPerDay :many
func postsPerDay(status Status) retort.Raw[PostOfDay] {
	return retort.SQL[PostOfDay](`
		SELECT date_trunc('day', created_at) AS day, count(*) AS posts, max(title) FILTER (WHERE views > 100) AS best
		FROM posts
		WHERE status = @status AND created_at > @since
		GROUP BY 1`,
		retort.Args{"status": status, "since": time.Now().AddDate(0, 0, -7)}).ReadOnly()
}

func TestSqlc_queries(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)

	days, err := postsPerDay(Draft).All(ctx, s) // :many
	if err != nil {
		t.Fatal(err)
	}

	if len(days) != 1 || days[0].Posts != 3 || days[0].Best != nil {
		t.Errorf("%+v", days)
	}

	id, err := retort.SQL[uuid.UUID]("SELECT id FROM users WHERE email = @email",
		retort.Args{"email": "jane@example.org"}).ReadOnly().One(ctx, s) // :one; ErrNotFound, ErrTooMany
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Exec(ctx, "UPDATE posts SET views = views + @by WHERE author_id = @author",
		retort.Args{"by": 10, "author": id}) // :execrows
	if err != nil {
		t.Fatal(err)
	}

	if n != 3 {
		t.Errorf("%d", n)
	}

	chosen, err := retort.SQL[string]("SELECT title FROM posts WHERE title = ANY(@titles) ORDER BY 1",
		retort.Args{"titles": []string{"Emma", "Sanditon", "Ulysses"}}).ReadOnly().All(ctx, s) // sqlc.slice

	if err != nil || len(chosen) != 2 {
		t.Errorf("%q, %v", chosen, err)
	}

	plan, err := retort.Explain(ctx, s, retort.SQL[string]("SELECT title FROM posts WHERE author_id = @author",
		retort.Args{"author": id})) // the server parses and plans it, and does not run it

	if err != nil || len(plan) == 0 {
		t.Errorf("%q, %v", plan, err)
	}
	in := struct {
		Title  *string
		Status []Status
	}{Status: []Status{Draft}}
	c := Posts.C

	posts, err := Posts.
		Where(retort.Opt(&c.Title, in.Title), retort.When(len(in.Status) > 0, retort.In(&c.Status, in.Status))).
		With(&c.Author).ByKey().All(ctx, s)

	if err != nil || len(posts) != 3 {
		t.Fatalf("%d, %v", len(posts), err)
	}
	if author, err := posts[0].Author.Get(); err != nil || author.Email != "jane@example.org" {
		t.Errorf("%v, %v", author, err)
	}
}

func TestSqlc_queries_that_are_wrong_are_found_by_a_test_that_runs_them(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)

	_, err := retort.SQL[int64]("SELECT no_such FROM posts").ReadOnly().All(ctx, s)
	if pgerr.Code(err) != "42703" {
		t.Errorf("%v", err)
	}
	for name, sql := range map[string]string{
		"a column without a field":      "SELECT now() AS day, 1::bigint AS posts, NULL::text AS best, 2 AS number",
		"a field without a column":      "SELECT now() AS day, 1::bigint AS posts",
		"a NULL without a pointer":      "SELECT now() AS day, NULL::bigint AS posts, NULL::text AS best",
		"another type":                  "SELECT now() AS day, 'x' AS posts, NULL::text AS best",
		"a column too many, and no row": "SELECT now() AS day, 1::bigint AS posts, NULL::text AS best, 2 AS number WHERE false",
	} {
		if _, err := retort.SQL[PostOfDay](sql).ReadOnly().All(ctx, s); err == nil {
			t.Errorf("%s is taken", name)
		} else {
			t.Log(err)
		}
	}
	_, err = retort.SQL[int64]("SELECT 1 WHERE @a = 1", retort.Args{"b": 1}).ReadOnly().All(ctx, s)
	if err == nil {
		t.Error("an argument without its place")
	}
	t.Log(err)
}
