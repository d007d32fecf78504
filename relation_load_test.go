package retort_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// fillBlogs makes n blogs with n posts each; every post has two labels, a remark
// and, but for drafts, an author with a boss.
func fillBlogs(t *testing.T, b bench, n int) {
	t.Helper()
	b.Exec(t, `INSERT INTO people (name, boss_id) VALUES ('boss', NULL), ('writer', 1)`)
	b.Exec(t, `INSERT INTO labels VALUES ('x'), ('y')`)
	b.Exec(t, `INSERT INTO blogs (id, name) SELECT gen_random_uuid(), 'b' || i FROM generate_series(1, $1::int) i`, n)
	b.Exec(t, `INSERT INTO posts (id, blog_id, author_id, title, draft)
		SELECT gen_random_uuid(), b.id, CASE WHEN i % 2 = 0 THEN 2 END, 'p' || i, i % 2 = 1 FROM blogs b, generate_series(1, $1::int) i`, n)
	b.Exec(t, `INSERT INTO post_labels SELECT p.id, l.name FROM posts p, labels l`)
	b.Exec(t, `INSERT INTO comments (id, post_id, text) SELECT gen_random_uuid(), id, title FROM posts`)
	must(t, b.Engine.Ping(t.Context()))
}

// describe is all that was loaded of blogs.
func describe(t *testing.T, all []*Blog) string {
	t.Helper()
	var out []string
	for _, blog := range all {
		rows, err := blog.Posts.All()
		must(t, err)
		for _, p := range rows {
			found, err := p.Labels.All()
			must(t, err)
			author, err := p.Author.Get()
			must(t, err)
			line := fmt.Sprintf("%s %s %d", blog.Name, p.Title, len(found))
			if author != nil {
				boss, err := author.Boss.Get()
				must(t, err)
				line += " " + author.Name + " of " + boss.Name
			}
			if got, err := p.Blog.Get(); got != blog || err != nil {
				t.Errorf("the other end holds %v, %v", got, err)
			}
			out = append(out, line)
		}
	}
	return strings.Join(out, "; ")
}

func TestLoading(t *testing.T) {
	t.Parallel()
	nested := retort.Load(&blogs.C.Posts).With(&essays.C.Labels, retort.Load(&essays.C.Author).With(&people.C.Boss))
	const want = "b1 p1 2; b1 p2 2 writer of boss; b2 p1 2; b2 p2 2 writer of boss"
	byName := blogs.OrderBy(retort.Asc(&blogs.C.Name))

	t.Run("twenty_by_twenty_is_one_round_trip", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 20)
		s := b.session(t)
		var all []*Blog
		b.WantTrips(t, 1, func() {
			var err error
			all, err = byName.With(nested).All(t.Context(), s)
			must(t, err)
		})
		n := 0
		for _, blog := range all {
			rows, err := blog.Posts.All()
			must(t, err)
			n += len(rows)
		}
		if n != 400 {
			t.Errorf("%d posts", n)
		}
	})
	t.Run("of_relations_of_relations_costs_one_trip_or_one_for_each_level", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 2)
		for i, kind := range []string{"alone", "repeatable read", "in a transaction"} {
			s, trips := b.session(t), []int{1, 1, 3}[i]
			switch kind {
			case "in a transaction":
				_, err := s.Exec(t.Context(), "SELECT 1")
				must(t, err)
			case "repeatable read":
				s = b.session(t, retort.TxOptions{Isolation: retort.RepeatableRead})
			}
			var all []*Blog
			b.WantTrips(t, trips, func() {
				var err error
				all, err = byName.With(nested).All(t.Context(), s)
				must(t, err)
			})
			if got := describe(t, all); got != want {
				t.Errorf("%s:\n got %s\nwant %s", kind, got, want)
			}
			must(t, s.Close(context.Background()))
		}
	})
	t.Run("later_is_the_same", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 2)
		s := b.session(t)
		all, err := byName.All(t.Context(), s)
		must(t, err)
		b.WantTrips(t, 1, func() { must(t, retort.LoadRelated(t.Context(), s, append(all, all...), nested)) })
		if got := describe(t, all); got != want {
			t.Errorf("got %s", got)
		}
		b.WantTrips(t, 0, func() { must(t, retort.LoadRelated(t.Context(), s, []*Blog{}, nested)) })
		wantErr(t, retort.LoadRelated(t.Context(), s, []*Blog{nil}, nested), nil, "object 1 of 1 is nil")
		wantErr(t, retort.LoadRelated(t.Context(), s, []*Blog{{}}, nested), nil, "transient")
	})
	t.Run("takes_the_first_of_each", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 4)
		for _, kind := range []string{"alone", "in a transaction"} {
			s := b.session(t)
			if kind == "in a transaction" {
				_, err := s.Exec(t.Context(), "SELECT 1")
				must(t, err)
			}
			all, err := byName.Limit(2).With(
				retort.Load(&blogs.C.Posts).OrderBy(retort.Desc(&essays.C.Title)).Limit(2).With(retort.Load(&essays.C.Labels).OrderBy(retort.Desc(&tagTable.C.Name)).Limit(1)),
				&blogs.C.Open,
			).All(t.Context(), s)
			must(t, err)
			rows, err := all[0].Posts.All()
			must(t, err)
			found, err := rows[0].Labels.All()
			must(t, err)
			if got := headlines(t, &all[0].Posts) + "/" + headlines(t, &all[0].Open) + "/" + headlines(t, &all[1].Posts) + "/" + found[0].Name; got != "p4 p3/p4 p2/p4 p3/y" || len(found) != 1 {
				t.Errorf("%s: got %s", kind, got)
			}
			wantErr(t, all[0].Posts.Replace(), retort.ErrNotLoaded, "Blog.Posts")
		}
	})
	t.Run("keeps_the_filters_of_the_session", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 2)
		for _, kind := range []string{"with", "later", "in a transaction"} {
			s := b.session(t)
			s.Filter(retort.FilterBy("finished", essays, &essays.C.Draft, false), retort.FilterBy("x", tagTable, &tagTable.C.Name, "x"))
			relation := retort.Load(&blogs.C.Posts).With(&essays.C.Labels)
			q := byName.With(relation)
			switch kind {
			case "later":
				q = byName
			case "in a transaction":
				_, err := s.Exec(t.Context(), "SELECT 1")
				must(t, err)
			}
			all, err := q.All(t.Context(), s)
			must(t, err)
			if kind == "later" {
				must(t, retort.LoadRelated(t.Context(), s, all, relation))
			}
			rows, err := all[0].Posts.All()
			must(t, err)
			found, err := rows[0].Labels.All()
			must(t, err)
			if got := headlines(t, &all[0].Posts); got != "p2" || len(found) != 1 || found[0].Name != "x" {
				t.Errorf("%s: got %s with %d labels", kind, got, len(found))
			}
		}
	})
	t.Run("sees_what_is_pending", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		fillBlogs(t, b, 1)
		s, blog := oneBlog(t, b)
		must(t, blog.Posts.Append(essay("new")))
		must(t, retort.LoadRelated(t.Context(), s, []*Blog{blog}, &blogs.C.Posts))
		if got := headlines(t, &blog.Posts); got != "new p1" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("refuses_what_makes_no_sense", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		for name, tc := range map[string]struct {
			relation retort.Relation
			words    []string
		}{
			"another_model":  {&essays.C.Labels, []string{"is not a relation of retort_test.Blog"}},
			"an_object":      {&(&Blog{}).Posts, []string{"is not a relation of retort_test.Blog"}},
			"negative_limit": {retort.Load(&blogs.C.Posts).Limit(-1), []string{"Limit(-1)", "Blog.Posts"}},
			"limit_of_one":   {retort.Load(&blogs.C.Setting).Limit(1), []string{"Blog.Setting", "one row"}},
			"wrong_column":   {retort.Load(&blogs.C.Posts).Where(retort.Eq(&blogs.C.Name, "x")), []string{"Eq", "Essay"}},
			"nested":         {retort.Load(&blogs.C.Posts).With(&blogs.C.Posts), []string{"is not a relation of retort_test.Essay"}},
		} {
			_, err := blogs.With(tc.relation).All(t.Context(), s)
			wantErr(t, err, nil, append(tc.words, "retort: ")...)
			if t.Failed() {
				t.Fatal(name)
			}
		}
		_, err := blogs.With(&blogs.C.Posts, retort.Load(&blogs.C.Posts).Limit(1)).All(t.Context(), s)
		wantErr(t, err, nil, "asked for twice")
	})
}

func TestRelationsInJSON(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fillBlogs(t, b, 1)
	b.Exec(t, "DELETE FROM comments")
	_, blog := oneBlog(t, b, &blogs.C.Posts, &blogs.C.Setting)
	keys := func(v any) map[string]any {
		text, err := json.Marshal(v)
		must(t, err)
		var m map[string]any
		must(t, json.Unmarshal(text, &m))
		delete(m, "id")
		return m
	}
	got := keys(blog)
	inner := got["posts"].([]any)[0].(map[string]any)
	delete(inner, "id")
	delete(inner, "BlogID")
	want := map[string]any{"Name": "b1", "setting": nil, "posts": []any{map[string]any{"AuthorID": nil, "Title": "p1", "Draft": true}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	_, round := oneBlog(t, b, retort.Load(&blogs.C.Posts).With(&essays.C.Blog))
	_, err := json.Marshal(round)
	wantErr(t, err, nil, "leads back", "json:\"-\"")
}
