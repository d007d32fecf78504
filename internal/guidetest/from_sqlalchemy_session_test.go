package guidetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

func TestSQLAlchemy_session(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	id := retorttest.Make(t, k, func(u *User) { u.Email = "ann@example.org" }).ID

	u, err := Users.Get(ctx, s, id) // await session.get(User, id); ErrNotFound in place of None
	if err != nil {
		t.Fatal(err)
	}
	u.Name = new("Ann")
	if err := s.Flush(ctx); err != nil { // await session.flush()
		t.Fatal(err)
	}
	if err := s.Refresh(ctx, u); err != nil { // await session.refresh(u)
		t.Fatal(err)
	}
	s.Expire(u)                         // session.expire(u), but fields stay readable
	again, err := Users.Get(ctx, s, id) // the same object, with its row's values
	if err != nil || again != u {
		t.Fatal(err)
	}
	s.Detach(u) // session.expunge(u)

	if s.State(u) != "detached" || *u.Name != "Ann" {
		t.Errorf("%s, %v", s.State(u), u.Name)
	}
	old := u
	old.Name = new("Ann B.")

	mine, err := Users.Merge(ctx, s, old) // u = await session.merge(old)
	if err != nil {
		t.Fatal(err)
	}

	if mine == old || *mine.Name != "Ann B." {
		t.Error("not merged")
	}

	s.Delete(mine) // await session.delete(u)
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}

	if k.QueryInt(t, "SELECT count(*) FROM users") != 1 {
		t.Error("not deleted")
	}
}

func TestSQLAlchemy_begin_nested(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	u, err := Users.Query().One(ctx, s)
	must(t, err)

	err = s.Savepoint(ctx, func(context.Context) error { // async with session.begin_nested():
		u.Name = new("Jane")
		s.Add(&User{Email: "jane@example.org"}) // taken
		return nil                              // what is pending is written when the function returns
	})
	if pgerr.KindOf(err) != pgerr.Unique { // except IntegrityError:
		t.Fatal(err)
	}

	if u.Name != nil {
		t.Errorf("the field was not put back: %q", *u.Name)
	}
	must(t, s.Commit(ctx))
}

func TestSQLAlchemy_version_id_col(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	post, err := Posts.Where(retort.Eq(&Posts.C.Title, "Emma")).One(ctx, s)
	must(t, err)
	k.Exec(t, "UPDATE posts SET version = version + 1")

	post.Title = "Emma, by a lady"
	err = s.Commit(ctx)
	if !errors.Is(err, retort.ErrStale) { // StaleDataError
		t.Fatal(err)
	}

	if pgerr.KindOf(err) != pgerr.None && pgerr.Retryable(err) {
		t.Error("a stale row is not repeated by itself")
	}
}

func TestSQLAlchemy_transaction(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx, eng := t.Context(), k.Engine
	k.Fail(retorttest.OnCommit, "40001")
	runs := 0

	post, err := retort.Run(ctx, eng, retort.TxOptions{Isolation: retort.Serializable},
		func(ctx context.Context, s *retort.Session) (*Post, error) {
			runs++
			post, err := Posts.Where(retort.Eq(&Posts.C.Title, "Emma")).One(ctx, s)
			if err == nil {
				post.Views++
			}
			return post, err
		})

	if err != nil || runs != 2 || post.Views != 2 {
		t.Errorf("%v, %d runs", err, runs)
	}
}

func TestSQLAlchemy_bulk(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	p, u := Posts.C, Users.C

	n, err := Posts.Update(retort.Set(&p.Status, Published)).Where(popular(1)).Exec(ctx, s)

	if err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}

	gone, err := Posts.Delete().Where(retort.HasPrefix(&p.Title, "San")).Exec(ctx, s)

	if err != nil || gone != 1 {
		t.Fatalf("%d, %v", gone, err)
	}
	if _, err = Posts.Delete().Exec(ctx, s); err == nil {
		t.Error("deleted everything without being told")
	}

	users, err := Users.Insert(&User{Email: "jane@example.org", Name: new("Jane")}).
		OnConflict(&u.Email).DoUpdate(retort.SetExpr(u.Name, retort.Excluded(u.Name))).
		Rows(ctx, s)

	if err != nil || len(users) != 1 || *users[0].Name != "Jane" {
		t.Fatalf("%v, %v", users, err)
	}
	if k.QueryInt(t, "SELECT count(*) FROM users") != 1 {
		t.Error("inserted")
	}
	posts, err := Posts.Query().All(ctx, s)
	must(t, err)
	for _, post := range posts {
		if !post.Popular() {
			t.Errorf("%d views", post.Views)
		}
	}
}

const enough = 1

// Popular is the hybrid's Python side …
func (p *Post) Popular() bool { return p.Views >= enough }

// … and popular its SQL side.
func popular(views int64) retort.Predicate { return retort.Ge(&Posts.C.Views, views) }
