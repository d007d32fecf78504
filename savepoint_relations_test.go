package retort_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestSavepointsAndRelations looks at relations behind a savepoint that is taken
// back; random ones are in TestRelationsAsAModel.
func TestSavepointsAndRelations(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := blogBench(t)
	s := b.session(t)
	ann := &Person{Name: "ann"}
	blog := &Blog{
		Name: "one", Posts: retort.ManyOf(essay("a"), essay("b")), Setting: retort.OneOf(&Setting{Color: "red"}),
	}
	s.Add(blog, ann, &Blog{Name: "two", Posts: retort.ManyOf(essay("x"))})
	must(t, s.Commit(ctx))
	titles := func() string { return headlines(t, &blog.Posts) }

	var other *Blog
	s, blog = b.session(t), nil
	all, err := blogs.Where(retort.Eq(&blogs.C.Name, "one")).With(&blogs.C.Posts, &blogs.C.Setting).All(ctx, s)
	must(t, err)
	blog = all[0]
	posts := val(blog.Posts.All())(t)
	setting := val(blog.Setting.Get())(t)
	must(t, retort.LoadRelated(ctx, s, posts, &essays.C.Labels, &essays.C.Comments))

	t.Run("lists_references_and_ties_go_back", func(t *testing.T) {
		added := essay("c")
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			must(t, blog.Posts.Append(added))
			s.Delete(posts[0])
			must(t, blog.Setting.Set(&Setting{Color: "blue"}))
			must(t, posts[1].Author.Set(readAnn(ctx, t, s)))
			must(t, posts[1].Labels.Append(&Label{Name: "new"}))
			must(t, s.Flush(ctx))
			if got := titles(); got != "b c" {
				t.Errorf("inside: %s", got)
			}
			must(t, readAnn(ctx, t, s).Boss.Set(&Person{Name: "boss"})) // who waits for a key
			return errNo
		})
		wantErr(t, err, errNo)
		if got := titles(); got != "a b" {
			t.Errorf("posts %s", got)
		}
		if got := val(blog.Setting.Get())(t); got != setting || setting.Color != "red" {
			t.Errorf("setting %+v", got)
		}
		if got := val(posts[1].Author.Get())(t); got != nil {
			t.Errorf("author %+v", got)
		}
		if got := val(posts[1].Labels.All())(t); len(got) != 0 {
			t.Errorf("%d labels", len(got))
		}
		if got := val(readAnn(ctx, t, s).Boss.Get())(t); got != nil {
			t.Errorf("boss %+v", got)
		}
		for _, p := range posts {
			if got := val(p.Blog.Get())(t); got != blog {
				t.Errorf("%s is of %v", p.Title, got)
			}
		}
		wantState(t, s, added, "transient")
	})

	t.Run("what_was_loaded_inside_is_not_loaded", func(t *testing.T) {
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			must(t, retort.LoadRelated(ctx, s, []*Blog{blog}, &blogs.C.Fans))
			two, err := blogs.Where(retort.Eq(&blogs.C.Name, "two")).With(&blogs.C.Posts).One(ctx, s)
			must(t, err)
			must(t, two.Posts.Append(essay("y")))
			other = two
			return errNo
		})
		wantErr(t, err, errNo)
		_, err = blog.Fans.All()
		wantErr(t, err, retort.ErrNotLoaded, "Blog.Fans", "With(", "retort.LoadRelated")
		_, err = other.Posts.All()
		wantErr(t, err, retort.ErrNotLoaded)
		must(t, retort.LoadRelated(ctx, s, []*Blog{other}, &blogs.C.Posts))
		if got := headlines(t, &other.Posts); got != "x" {
			t.Errorf("posts %s", got)
		}
	})

	t.Run("and_what_is_changed_behind_it_is_written", func(t *testing.T) {
		must(t, blog.Posts.Append(essay("d")))
		must(t, posts[0].Labels.Append(&Label{Name: "kept"}))
		must(t, s.Commit(ctx))
		got := b.Rows(t, "SELECT p.title || coalesce(' ' || label_name, '') FROM posts p LEFT JOIN post_labels l ON l.essay_id = p.id WHERE blog_id = $1 ORDER BY 1", blog.ID.String())
		if diff := cmp.Diff([]string{"a kept", "b", "d"}, got); diff != "" {
			t.Error(diff)
		}
		if got := titles(); got != "a b d" {
			t.Errorf("posts %s", got)
		}
	})

	t.Run("a_kept_savepoint_keeps_them", func(t *testing.T) {
		must(t, s.Savepoint(ctx, func(context.Context) error { return blog.Posts.Append(essay("e")) }))
		if got := titles(); got != "a b d e" {
			t.Errorf("posts %s", got)
		}
	})
}

// readAnn is a person whom the session reads.
func readAnn(ctx context.Context, t *testing.T, s *retort.Session) *Person {
	t.Helper()
	return val(people.Where(retort.Eq(&people.C.Name, "ann")).One(ctx, s))(t)
}
