package retort_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestObjectsThatAreTakenBack adds new objects to relations and deletes them before they are written: the
// relations say what becomes of the rest.
func TestObjectsThatAreTakenBack(t *testing.T) {
	t.Parallel()
	type graph struct {
		s    *retort.Session
		blog *Blog // has post
		post *Essay
	}
	for name, c := range map[string]struct {
		change func(ctx context.Context, g *graph) error
		want   string // rows in between, people who report to one, comments
		err    string
	}{
		"leave the rows in between out": {func(_ context.Context, g *graph) error {
			x := &Label{Name: "x"}
			err := g.post.Labels.Append(x, &Label{Name: "y"})
			g.s.Delete(x)
			return err
		}, "p:y", ""},
		"let go, too": {func(_ context.Context, g *graph) error {
			x := &Label{Name: "x"}
			err := x.Posts.Append(g.post)
			g.s.Add(x)
			g.s.Detach(x)
			return err
		}, "", ""},
		"with a row that has rows in between": {func(_ context.Context, g *graph) error {
			p := &Essay{Title: "new", Labels: retort.ManyOf(&Label{Name: "x"}), Comments: retort.ManyOf(&Comment{Text: "c"})}
			err := g.blog.Posts.Append(p)
			g.s.Delete(p)
			return err
		}, "", ""},
		"and removed": {func(_ context.Context, g *graph) error {
			p := &Essay{Title: "new", Labels: retort.ManyOf(&Label{Name: "x"})}
			if err := g.blog.Posts.Append(p); err != nil {
				return err
			}
			return g.blog.Posts.Remove(p)
		}, "", ""},
		"and added again": {func(_ context.Context, g *graph) error {
			x, p := &Label{Name: "x"}, &Essay{Title: "new", Labels: retort.ManyOf(&Label{Name: "y"}), Comments: retort.ManyOf(&Comment{Text: "c"})}
			err := g.post.Labels.Append(x)
			if err == nil {
				err = g.blog.Posts.Append(p)
			}
			g.s.Delete(x, p)
			g.s.Add(x, p)
			return err
		}, "new:y p:x new=c", ""},
		"whose rows can be without them": {func(_ context.Context, g *graph) error {
			boss := &Person{Name: "boss", Reports: retort.ManyOf(&Person{Name: "ann"})}
			g.s.Add(boss)
			g.s.Delete(boss)
			return nil
		}, "ann<nobody", ""},
		"whose rows cannot be without them": {func(_ context.Context, g *graph) error {
			b := &Blog{Name: "new", Posts: retort.ManyOf(essay("of none"))}
			g.s.Add(b)
			g.s.Delete(b)
			return nil
		}, "", "INSERT retort_test.Essay: the retort_test.Blog that it refers to was added and taken back"},
		"to which a row has been moved": {func(_ context.Context, g *graph) error {
			b := &Blog{Name: "new"}
			g.s.Add(b)
			err := g.post.Blog.Set(b)
			g.s.Delete(b)
			return err
		}, "", "UPDATE retort_test.Essay: the retort_test.Blog that it refers to was added and taken back"},
	} {
		for _, watched := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/watched=%v", name, watched), func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				b := blogBench(t)
				commit(t, b.Engine, &Blog{Name: "1", Posts: retort.ManyOf(essay("p"))})
				s, blog := oneBlog(t, b, retort.Load(&blogs.C.Posts).With(&essays.C.Labels))
				if watched {
					s.Hook(retort.Hooks{BeforeFlush: func(context.Context, *retort.Session, *retort.Changes) error { return nil }})
				}
				posts := val(blog.Posts.All())(t)
				must(t, c.change(ctx, &graph{s, blog, posts[0]}))
				err := s.Commit(ctx)
				if c.err != "" {
					wantErr(t, err, nil, c.err)
					return
				}
				must(t, err)
				rows := append(b.Rows(t, "SELECT title || ':' || label_name FROM post_labels JOIN posts ON id = essay_id ORDER BY 1"),
					append(b.Rows(t, "SELECT title || '=' || text FROM comments JOIN posts p ON p.id = post_id ORDER BY 1"),
						b.Rows(t, "SELECT name || coalesce('<' || boss_id, '<nobody') FROM people ORDER BY 1")...)...)
				var got string
				for i, r := range rows {
					if i > 0 {
						got += " "
					}
					got += r
				}
				if got != c.want {
					t.Errorf("got %q, want %q", got, c.want)
				}
				stored := b.Rows(t, "SELECT title FROM posts ORDER BY 1")
				var held []string
				for _, p := range val(blog.Posts.All())(t) {
					held = append(held, p.Title)
					var names []string
					for _, l := range val(p.Labels.All())(t) {
						names = append(names, l.Name)
					}
					if d := cmp.Diff(b.Rows(t, "SELECT label_name FROM post_labels WHERE essay_id = $1 ORDER BY 1", p.ID), names); d != "" {
						t.Errorf("labels of %s: %s", p.Title, d)
					}
				}
				if len(held) != len(stored) {
					t.Errorf("the blog holds %v, stored are %v", held, stored)
				}
			})
		}
	}
}
