package guidetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

func TestSQLAlchemy_relations(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	var users []*User
	var err error

	k.WantTrips(t, 1, func() {
		users, err = Users.With(&Users.C.Posts).All(ctx, s) // select(User).options(selectinload(User.posts))
	})
	if err != nil {
		t.Fatal(err)
	}
	posts, err := users[0].Posts.All()

	if err != nil || len(posts) != 3 || posts[0].Title != "Emma" {
		t.Fatalf("%v, %v", posts, err)
	}

	_, err = posts[0].Tags.All() // MissingGreenlet, lazy="raise": an error that says what to write
	if !errors.Is(err, retort.ErrNotLoaded) {
		t.Fatal(err)
	}
	err = retort.LoadRelated(ctx, s, posts, &Posts.C.Tags) // for all of them, in one round trip

	must(t, err)

	err = errors.Join(
		users[0].Posts.Append(&Post{Title: "Lady Susan", Status: Draft}), // user.posts.append(…)
		users[0].Posts.Remove(posts[2]),                                  // deleted: OnRemove(schema.Cascade)
		posts[0].Tags.Replace(&Tag{Name: "novel"}),                       // post.tags = […]
		s.Commit(ctx),
	)

	must(t, err)
	if k.QueryInt(t, "SELECT count(*) FROM posts WHERE title IN ('Lady Susan', 'Sanditon')") != 1 || k.QueryInt(t, "SELECT count(*) FROM post_tags") != 1 {
		t.Error("not written")
	}

	graph := &User{Email: "ann@example.org", Posts: retort.ManyOf(&Post{Title: "Agnes Grey", Status: Draft})}
	s.Add(graph) // cascade="save-update"

	must(t, s.Commit(ctx))
	if k.QueryInt(t, "SELECT count(*) FROM posts") != 4 {
		t.Error("the graph is not written")
	}
}

func TestSQLAlchemy_lazy_loops_fail_a_test(t *testing.T) {
	t.Parallel()
	loops := &fails{TB: t}
	k := retorttest.New(t, Base, retorttest.FailOnRepeats(loops, 2))
	ctx := t.Context()
	a := retorttest.Make(t, k, func(u *User) { u.Email = "a@example.org" })
	b := retorttest.Make(t, k, func(u *User) { u.Email = "b@example.org" })
	s := k.Engine.Session()
	defer s.Close(ctx)
	for _, u := range []*User{a, b} {
		_, err := Posts.Where(retort.Eq(&Posts.C.AuthorID, u.ID)).All(ctx, s)
		must(t, err)
	}
	if loops.n != 1 {
		t.Errorf("%d reports of a query in a loop", loops.n)
	}
}

// fails counts the failures of a test in place of failing it.
type fails struct {
	testing.TB
	n int
}

func (f *fails) Errorf(string, ...any) { f.n++ }

func TestSQLAlchemy_events(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	var told []string

	s.Hook(retort.Hooks{
		BeforeFlush: func(_ context.Context, _ *retort.Session, c *retort.Changes) error { // @event.listens_for(session, "before_flush")
			for _, u := range Users.Inserted(c) {
				u.Name = new("new")
			}
			return nil
		},
		AfterCommit: func(_ context.Context, c *retort.Changes) error { // "after_commit": once, only if it is stored
			for change := range c.All() {
				told = append(told, string(change.Kind)+" "+change.Table)
			}
			return nil
		},
	})

	u := &User{Email: "ann@example.org"}
	s.Add(u)
	must(t, s.Commit(ctx))
	if *u.Name != "new" || len(told) != 1 || told[0] != "INSERT users" {
		t.Errorf("%s, %q", *u.Name, told)
	}

	s.Filter(retort.FilterBy("drafts", Posts, &Posts.C.Status, Published)) // with_loader_criteria in do_orm_execute

	n, err := Posts.Query().Count(ctx, s)
	all, err2 := Posts.Query().Unfiltered("drafts").Count(ctx, s)
	if err := errors.Join(err, err2); err != nil || n != 0 || all != 3 {
		t.Errorf("%d of %d, %v", n, all, err)
	}
}
