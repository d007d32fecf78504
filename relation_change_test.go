package retort_test

import (
	"context"
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

func TestRemove(t *testing.T) {
	t.Parallel()
	t.Run("deletes_an_orphan_where_the_relation_says_so", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a", Comments: retort.ManyOf(&Comment{Text: "1"}, &Comment{Text: "2"})})})
		s := b.session(t)
		p, err := essays.With(&essays.C.Comments).One(t.Context(), s)
		must(t, err)
		rows, err := p.Comments.All()
		must(t, err)
		must(t, p.Comments.Remove(rows[0]))
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT text FROM comments"); !cmp.Equal(got, []string{rows[1].Text}) {
			t.Errorf("got %v", got)
		}
		if s.State(rows[0]) != "detached" {
			t.Errorf("the orphan is %s", s.State(rows[0]))
		}
	})
	t.Run("makes_the_reference_null_where_it_can_be", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		b.Exec(t, "INSERT INTO people (name, boss_id) VALUES ('boss', NULL), ('a', 1), ('b', 1)")
		s := b.session(t)
		boss, err := people.Where(retort.Eq(&people.C.Name, "boss")).With(&people.C.Reports).One(t.Context(), s)
		must(t, err)
		rows, err := boss.Reports.All()
		must(t, err)
		must(t, boss.Reports.Replace(rows[1]))
		if got, err := rows[0].Boss.Get(); got != nil || err != nil || rows[0].BossID != nil {
			t.Errorf("the boss of a removed one is %v, %v", got, err)
		}
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT name FROM people WHERE boss_id = 1"); !cmp.Equal(got, []string{"b"}) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("is_refused_at_the_flush_where_neither_holds", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(essay("a"), essay("b"))})
		s, blog := oneBlog(t, b, &blogs.C.Posts)
		rows, err := blog.Posts.All()
		must(t, err)
		must(t, blog.Posts.Remove(rows[0]))
		wantErr(t, s.Flush(t.Context()), nil, "Blog.Posts", "OnRemove(schema.Cascade)", "#relation-restrict")
		must(t, blog.Posts.Append(rows[0]))
		must(t, s.Flush(t.Context()))
		must(t, retort.LoadRelated(t.Context(), s, rows, &essays.C.Comments))
		must(t, blog.Posts.Remove(rows[0]))
		s.Delete(rows[0])
		must(t, s.Commit(t.Context()))
		if got := headlines(t, &blog.Posts); got != "b" {
			t.Errorf("got %s", got)
		}
	})
	t.Run("of_a_new_row_forgets_it", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		blog := &Blog{Name: "one"}
		s.Add(blog)
		p := essay("a")
		must(t, blog.Posts.Append(p))
		must(t, blog.Posts.Remove(p))
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM posts"); n != 0 || s.State(p) != "transient" {
			t.Errorf("%d posts, the object is %s", n, s.State(p))
		}
	})
	t.Run("needs_the_list_only_where_the_row_does_not_say", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a", Labels: retort.ManyOf(&Label{Name: "x"}), Comments: retort.ManyOf(&Comment{Text: "c"})})})
		s := b.session(t)
		p, err := essays.Query().One(t.Context(), s)
		must(t, err)
		c, err := comments.Query().One(t.Context(), s)
		must(t, err)
		l, err := tagTable.Query().One(t.Context(), s)
		must(t, err)
		wantErr(t, p.Labels.Remove(l), retort.ErrNotLoaded, "Essay.Labels", "LoadRelated")
		wantErr(t, p.Labels.Replace(), retort.ErrNotLoaded, "Essay.Labels")
		wantErr(t, p.Comments.Replace(), retort.ErrNotLoaded, "Essay.Comments")
		must(t, p.Comments.Remove(c))
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM comments"); n != 0 {
			t.Errorf("%d comments", n)
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

func TestDeleteWithRelations(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	fill := func() {
		b.Exec(t, "DELETE FROM comments")
		b.Exec(t, "DELETE FROM blogs")
		commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(&Essay{Title: "a", Comments: retort.ManyOf(&Comment{Text: "1"}, &Comment{Text: "2"})})})
	}
	t.Run("deletes_its_rows_where_the_database_does_not", func(t *testing.T) {
		fill()
		s := b.session(t)
		p, err := essays.With(&essays.C.Comments).One(t.Context(), s)
		must(t, err)
		s.Delete(p)
		must(t, s.Commit(t.Context()))
		if n := b.QueryInt(t, "SELECT count(*) FROM comments"); n != 0 {
			t.Errorf("%d comments", n)
		}
	})
	t.Run("asks_for_rows_that_it_does_not_know", func(t *testing.T) {
		fill()
		s := b.session(t)
		p, err := essays.Query().One(t.Context(), s)
		must(t, err)
		s.Delete(p)
		wantErr(t, s.Commit(t.Context()), nil, "Essay", "Comments", "retort.LoadRelated", "OnDelete(schema.Cascade)")
	})
	t.Run("leaves_to_the_database_what_it_does", func(t *testing.T) {
		fill()
		b.Exec(t, "DELETE FROM comments")
		s, blog := oneBlog(t, b, &blogs.C.Posts)
		s.Delete(blog)
		b.seen.take()
		must(t, s.Commit(t.Context()))
		if got := b.seen.verbs(); !cmp.Equal(got, []string{"DELETE blogs"}) {
			t.Errorf("wrote %v", got)
		}
	})
}

func TestRelationsOfOthers(t *testing.T) {
	t.Parallel()
	b := blogBench(t)
	ctx := t.Context()
	commit(t, b.Engine, &Blog{Name: "one", Posts: retort.ManyOf(essay("a"))})
	s, blog := oneBlog(t, b, &blogs.C.Posts)
	other := b.session(t)
	stranger := *blog

	wantErr(t, blog.Posts.Append(nil), nil, "Append", "object 1 of 1 is nil")
	wantErr(t, blog.Posts.Remove(essay("never in it")), nil, "Remove", "not in the relation")
	wantErr(t, stranger.Posts.Append(essay("x")), nil, "copy")
	wantErr(t, blogs.C.Posts.Append(essay("x")), nil, "table's C") //retortvet:ignore standin the mistake is what is tested
	wantErr(t, essays.C.Blog.Set(blog), nil, "table's C")          //retortvet:ignore standin the mistake is what is tested

	other.Add(blog)
	wantErr(t, other.Flush(ctx), nil, "another session")
	must(t, other.Rollback(ctx))
	wantErr(t, retort.LoadRelated(ctx, other, []*Blog{blog}, &blogs.C.Posts), nil, "Blog", "belongs to another session")
	wantErr(t, other.Refresh(ctx, blog), nil, "Blog", "belongs to another session")
	mine := &Blog{Name: "two"}
	other.Add(mine)
	rows, err := blog.Posts.All()
	must(t, err)
	wantErr(t, mine.Posts.Append(rows[0]), nil, "Essay", "another session")
	must(t, other.Rollback(ctx))

	must(t, s.Close(context.Background()))
	wantErr(t, blog.Posts.Append(essay("x")), nil, "Blog.Posts", "detached", "#relation-detached")
	wantErr(t, rows[0].Blog.Set(blog), nil, "Essay.Blog", "detached")
	if got := headlines(t, &blog.Posts); got != "a" {
		t.Errorf("a detached object is readable: %s", got)
	}
	other.Add(blog)
	wantErr(t, other.Flush(ctx), nil, "detached")
}
