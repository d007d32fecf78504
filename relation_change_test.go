package retort_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// blogBench is a bench on the models of blogs.
func blogBench(tb testing.TB) bench {
	tb.Helper()
	seen := &recorder{}
	return bench{retorttest.New(tb, blogging, func(c *retort.Config) { c.Observer = seen }), seen}
}

// post is a post with a title.
func essay(title string) *Essay { return &Essay{Title: title} }

func headlines(t *testing.T, m *retort.Many[Essay]) string {
	t.Helper()
	rows, err := m.All()
	must(t, err)
	var out []string
	for _, p := range rows {
		out = append(out, p.Title)
	}
	return strings.Join(out, " ")
}

// one reads the only blog with its relations, in a session of its own.
func oneBlog(t *testing.T, b bench, relations ...retort.Relation) (*retort.Session, *Blog) {
	t.Helper()
	s := b.session(t)
	blog, err := blogs.With(relations...).One(t.Context(), s)
	must(t, err)
	return s, blog
}

// TestRelationsOfManyObjects changes relations of a list that is longer than what
// the unit of work looks through one by one.
func TestRelationsOfManyObjects(t *testing.T) {
	t.Parallel()
	t.Run("are_written_for_each", func(t *testing.T) {
		t.Parallel()
		const many = 30
		b := blogBench(t)
		s := b.session(t)
		for range many {
			s.Add(&Blog{Name: "one of many"})
		}
		must(t, s.Commit(t.Context()))
		s = b.session(t)
		list, err := blogs.With(&blogs.C.Posts).All(t.Context(), s)
		must(t, err)
		for _, blog := range list {
			must(t, blog.Posts.Append(essay("p")))
		}
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(DISTINCT blog_id) FROM posts"); n != many {
			t.Errorf("posts of %d blogs, want %d", n, many)
		}
	})
}

func TestNewGraphs(t *testing.T) {
	t.Parallel()
	t.Run("of_1_and_20_rows_are_one_flight", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		blog := &Blog{Name: "one"}
		for range 20 {
			must(t, blog.Posts.Append(essay("p")))
		}
		s.Add(blog)
		must(t, b.Engine.Ping(t.Context()))
		if n := b.RoundTrips(func() { must(t, s.Commit(t.Context())) }); n != 1 {
			t.Errorf("%d round trips, want 1", n)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM posts p JOIN blogs b ON b.id = p.blog_id WHERE b.name = 'one'"); n != 20 {
			t.Errorf("%d posts of the blog, want 20", n)
		}
	})
	t.Run("are_added_with_what_their_fields_hold", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		blog := &Blog{Name: "one", Posts: retort.ManyOf(
			&Essay{Title: "a", Labels: retort.ManyOf(&Label{Name: "x"}, &Label{Name: "y"}), Comments: retort.ManyOf(&Comment{Text: "c"})},
			essay("b"),
		), Setting: retort.OneOf(&Setting{Color: "red"})}
		s.Add(blog)
		first, err := blog.Posts.All()
		must(t, err)
		if got, err := first[0].Blog.Get(); got != blog || err != nil {
			t.Errorf("the other end holds %p, %v; want %p", got, err, blog)
		}
		if first[0].BlogID != blog.ID || blog.ID.IsNil() {
			t.Error("the reference is not set at once")
		}
		must(t, s.Commit(t.Context()))
		want := []string{"one a x c red", "one a y c red", "one b <nil> <nil> red"}
		got := b.Rows(t, `SELECT concat_ws(' ', b.name, p.title, coalesce(l.label_name, '<nil>'), coalesce(c.text, '<nil>'), s.color)
			FROM blogs b JOIN posts p ON p.blog_id = b.id JOIN settings s ON s.blog_id = b.id
			LEFT JOIN post_labels l ON l.essay_id = p.id LEFT JOIN comments c ON c.post_id = p.id ORDER BY 1`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAppend(t *testing.T) {
	t.Parallel()
	t.Run("to_a_list_that_was_not_loaded", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(essay("a"))})
		s, blog := oneBlog(t, b)
		must(t, blog.Posts.Append(essay("b")))
		_, err := blog.Posts.All()
		wantErr(t, err, retort.ErrNotLoaded, "Blog.Posts", "LoadRelated")
		must(t, retort.LoadRelated(t.Context(), s, []*Blog{blog}, &blogs.C.Posts))
		if got := headlines(t, &blog.Posts); got != "a b" {
			t.Errorf("got %s", got)
		}
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM posts"); n != 2 {
			t.Errorf("%d posts", n)
		}
	})
	t.Run("takes_the_row_from_the_one_that_had_it", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "1", Posts: retort.ManyOf(essay("a"), essay("b"))}, &Blog{Name: "2"})
		s := b.session(t)
		all, err := blogs.With(&blogs.C.Posts).OrderBy(retort.Asc(&blogs.C.Name)).All(t.Context(), s)
		must(t, err)
		rows, err := all[0].Posts.All()
		must(t, err)
		moved := rows[0]
		must(t, all[1].Posts.Append(moved))
		if got := headlines(t, &all[0].Posts) + "/" + headlines(t, &all[1].Posts); got != "b/a" {
			t.Errorf("got %s", got)
		}
		if got, err := moved.Blog.Get(); got != all[1] || err != nil {
			t.Errorf("its blog is %v, %v", got, err)
		}
		if len(rows) != 2 {
			t.Error("the slice that was handed out changed")
		}
		// Back by the other end.
		must(t, moved.Blog.Set(all[0]))
		if got := headlines(t, &all[0].Posts) + "/" + headlines(t, &all[1].Posts); got != "b a/" {
			t.Errorf("got %s", got)
		}
		must(t, moved.Blog.Set(all[1]))
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT b.name || p.title FROM posts p JOIN blogs b ON b.id = p.blog_id ORDER BY 1"); !cmp.Equal(got, []string{"1b", "2a"}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("twice_is_once", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		p := essay("a")
		blog := &Blog{Name: "one"}
		must(t, blog.Posts.Append(p, p))
		s.Add(blog)
		must(t, blog.Posts.Append(p))
		must(t, s.Commit(t.Context()))
		if got := headlines(t, &blog.Posts); got != "a" {
			t.Errorf("got %s", got)
		}
	})
}

func TestManyToMany(t *testing.T) {
	t.Parallel()
	t.Run("writes_the_rows_in_between", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(
			&Essay{Title: "a", Labels: retort.ManyOf(&Label{Name: "x"}, &Label{Name: "y"})}, essay("b"))})
		s, blog := oneBlog(t, b, retort.Load(&blogs.C.Posts).With(&essays.C.Labels))
		rows, err := blog.Posts.All()
		must(t, err)
		x, err := tagTable.Get(t.Context(), s, "x")
		must(t, err)
		must(t, rows[0].Labels.Remove(x))
		must(t, rows[1].Labels.Append(x, &Label{Name: "z"}))
		must(t, s.Commit(t.Context()))
		want := []string{"a y", "b x", "b z"}
		if diff := cmp.Diff(want, b.Rows(t, "SELECT p.title || ' ' || l.label_name FROM post_labels l JOIN posts p ON p.id = l.essay_id ORDER BY 1")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("keeps_both_ends_in_step", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		p, x := essay("a"), &Label{Name: "x"}
		blog := &Blog{Name: "one"}
		s.Add(blog)
		must(t, blog.Posts.Append(p))
		must(t, p.Labels.Append(x))
		if got := headlines(t, &x.Posts); got != "a" {
			t.Errorf("the other end holds %q", got)
		}
		must(t, x.Posts.Remove(p))
		if rows, err := p.Labels.All(); len(rows) != 0 || err != nil {
			t.Errorf("got %v, %v", rows, err)
		}
		must(t, x.Posts.Append(p))
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM post_labels"); n != 1 {
			t.Errorf("%d rows in between", n)
		}
		// Taken out and put back before the flush: nothing to write.
		must(t, x.Posts.Remove(p))
		must(t, p.Labels.Append(x))
		b.seen.take()
		must(t, s.Commit(t.Context()))
		if got := b.seen.verbs(); len(got) != 0 {
			t.Errorf("wrote %v", got)
		}
	})
}

func TestSet(t *testing.T) {
	t.Parallel()
	t.Run("of_has_one_deletes_what_gives_way", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Setting: retort.OneOf(&Setting{Color: "red"})})
		s, blog := oneBlog(t, b)
		wantErr(t, blog.Setting.Set(&Setting{Color: "blue"}), retort.ErrNotLoaded, "Blog.Setting")
		must(t, retort.LoadRelated(t.Context(), s, []*Blog{blog}, &blogs.C.Setting))
		must(t, blog.Setting.Set(&Setting{Color: "blue"}))
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT color FROM settings"); !cmp.Equal(got, []string{"blue"}) {
			t.Errorf("got %v", got)
		}
		must(t, blog.Setting.Set(nil))
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM settings"); n != 0 {
			t.Errorf("%d settings", n)
		}
	})
	t.Run("of_belongs_to_needs_no_load", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(essay("a"))})
		s := b.session(t)
		p, err := essays.Query().One(t.Context(), s)
		must(t, err)
		if a, err := p.Author.Get(); a != nil || err != nil {
			t.Errorf("NULL is known: %v, %v", a, err)
		}
		_, err = p.Blog.Get()
		wantErr(t, err, retort.ErrNotLoaded, "Essay.Blog")
		b.Exec(t, "INSERT INTO people (name) VALUES ('new')")
		author, err := people.Query().One(t.Context(), s)
		must(t, err)
		must(t, p.Author.Set(author))
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT name FROM people JOIN posts ON author_id = people.id"); !cmp.Equal(got, []string{"new"}) {
			t.Errorf("got %v", got)
		}
		must(t, p.Author.Set(nil))
		wantErr(t, p.Blog.Set(nil), nil, "Essay.Blog", "cannot be NULL")
		must(t, s.Commit(t.Context()))
		if p.AuthorID != nil || b.QueryInt(t, "SELECT count(author_id) FROM posts") != 0 {
			t.Error("the reference is still there")
		}
	})
	t.Run("by_the_column_is_followed", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "1", Posts: retort.ManyOf(essay("a"))}, &Blog{Name: "2"})
		s := b.session(t)
		p, err := essays.With(&essays.C.Blog).One(t.Context(), s)
		must(t, err)
		first, err := p.Blog.Get()
		must(t, err)
		id := b.Rows(t, "SELECT id FROM blogs WHERE name = '2'")[0]
		must(t, p.BlogID.Parse(id))
		_, err = p.Blog.Get()
		wantErr(t, err, retort.ErrNotLoaded, "Essay.Blog")
		second, err := blogs.Get(t.Context(), s, p.BlogID)
		must(t, err)
		if got, err := p.Blog.Get(); got != second || got == first || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
