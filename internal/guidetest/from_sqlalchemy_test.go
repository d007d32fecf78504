package guidetest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/web"
)

// newBlog is a database with a user and three posts.
func newBlog(t *testing.T) *retorttest.Kit {
	t.Helper()
	k := retorttest.New(t, Base)
	u := retorttest.Make(t, k, func(u *User) { u.Email = "jane@example.org" })
	for _, title := range []string{"Emma", "Persuasion", "Sanditon"} {
		retorttest.Make(t, k, func(p *Post) { p.AuthorID, p.Title, p.Status, p.Views = u.ID, title, Draft, 1 })
	}
	return k
}

func TestSQLAlchemy_engine(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx, env := t.Context(), "postgresql+asyncpg"+strings.TrimPrefix(k.URL(), "postgres")

	eng, err := retort.Open(retort.Config{
		Base: Base,
		URL:  env, // postgresql+asyncpg://… is taken as it is
		// The names are SQLAlchemy's, and the first three are its defaults, too.
		PoolSize: 5, MaxOverflow: 10, PoolTimeout: 30 * time.Second,
		Recycle: 30 * time.Minute, PrePing: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { must(t, eng.Close(context.WithoutCancel(ctx))) }() // await engine.dispose(), which waits for those who still work

	must(t, eng.Ping(ctx))
	must(t, eng.Verify(ctx))
	if n := eng.Stats().Size; n != 5 {
		t.Errorf("pool size %d", n)
	}
}

func TestSQLAlchemy_objects_stay_readable_after_commit(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx, eng := t.Context(), k.Engine
	u := &User{Email: "ann@example.org"}

	s := eng.Session() // AsyncSession(engine, expire_on_commit=False)
	defer s.Close(ctx)
	s.Add(u)
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}

	k.WantTrips(t, 0, func() {
		if u.CreatedAt.IsZero() || s.State(u) != "persistent" {
			t.Errorf("%v, %s", u.CreatedAt, s.State(u))
		}
	})
	before := u.UpdatedAt
	u.Name = new("Ann")
	must(t, s.Commit(ctx))
	if !u.UpdatedAt.After(before) {
		t.Error("updated_at is not fresh after an UPDATE")
	}
}

type NewUser struct {
	Email string  `json:"email"`
	Name  *string `json:"name"`
}

func createUser(_ context.Context, s *retort.Session, in *NewUser) (*User, error) {
	u := &User{Email: in.Email, Name: in.Name}
	s.Add(u)
	return u, nil
}

func TestSQLAlchemy_get_db(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	eng, mux := k.Engine, http.NewServeMux()

	mux.Handle("POST /users", web.Handle(eng, createUser, web.Status(http.StatusCreated)))
	mux.Handle("POST /posts/seen", web.Sessions(eng)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s := web.Session(r) // db: AsyncSession = Depends(get_db)
		n, err := Posts.Update(retort.SetExpr(&Posts.C.Views, retort.Col(&Posts.C.Views).Add(retort.Val[int64](1)))).AllRows().Exec(r.Context(), s)
		if err != nil || n == 0 {
			http.Error(w, "nothing was seen", http.StatusConflict) // 400 and above roll back
		}
	})))

	var answer string
	post := func(path, body string) int {
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		mux.ServeHTTP(w, r)
		answer = w.Body.String()
		return w.Code
	}
	k.WantTrips(t, 1, func() {
		if code := post("/users", `{"email": "ann@example.org"}`); code != http.StatusCreated {
			t.Errorf("%d", code)
		}
	})
	if code := post("/users", `{"email": "ann@example.org"}`); code != http.StatusConflict || !strings.Contains(answer, "uq_users_email") {
		t.Errorf("a unique violation at COMMIT answered %d %s", code, answer)
	}
	if code := post("/posts/seen", ""); code != http.StatusOK || k.QueryInt(t, "SELECT sum(views) FROM posts") != 6 {
		t.Errorf("%d", code)
	}
	k.Exec(t, "DELETE FROM posts")
	if code := post("/posts/seen", ""); code != http.StatusConflict {
		t.Errorf("%d", code)
	}
}

func TestSQLAlchemy_select(t *testing.T) {
	t.Parallel()
	k := newBlog(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)

	p, u := Posts.C, Users.C
	posts, err := Posts.Query().
		Join(Users, retort.EqCol(&p.AuthorID, &u.ID)).
		Where(retort.Eq(&u.Email, "jane@example.org"), retort.Eq(&p.Status, Draft)).
		OrderBy(retort.Desc(&p.CreatedAt)).Limit(20).
		All(ctx, s)

	if err != nil || len(posts) != 3 {
		t.Fatalf("%d posts, %v", len(posts), err)
	}

	var row struct {
		Email string
		Posts int64
	}
	perUser, err := retort.Select(Users.Query().Join(Posts, retort.EqCol(&p.AuthorID, &u.ID)).GroupBy(&u.Email), &row,
		retort.Into(&row.Email, &u.Email), retort.Into(&row.Posts, retort.Count())).All(ctx, s)

	if err != nil || len(perUser) != 1 || perUser[0].Posts != 3 {
		t.Errorf("%v, %v", perUser, err)
	}

	_, err = Users.Where(retort.Eq(&u.Email, "nobody")).One(ctx, s)
	if errors.Is(err, retort.ErrNotFound) { // NoResultFound
		err = nil
	}

	must(t, err)

	titles, err := retort.SQL[string]("SELECT title FROM posts WHERE views >= @views ORDER BY title",
		retort.Args{"views": 1}).ReadOnly().All(ctx, s)

	if want := []string{"Emma", "Persuasion", "Sanditon"}; err != nil || !slices.Equal(titles, want) {
		t.Errorf("%q, %v", titles, err)
	}
	n := 0

	for post, err := range Posts.Query().ByKey().Iter(ctx, s) { // AsyncSession.stream
		if err != nil {
			t.Fatal(err)
		}
		n += len(post.Title)
	}

	if n != len("EmmaPersuasionSanditon") {
		t.Errorf("%d letters", n)
	}
}
