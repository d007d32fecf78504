package retort_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

type (
	Member struct {
		retort.UUIDKey
		retort.Timestamps
		retort.SoftDelete
		retort.Version
		Email string
		Posts retort.Many[Post]
	}
	Post struct {
		retort.UUIDKey
		retort.SoftDelete
		MemberID uuid.UUID
		Text     string
	}
)

var (
	members = retort.NewTable[Member]("members")
	posts   = retort.NewTable[Post]("posts")
)

func (Member) Define(d *retort.Definition[Member]) {
	d.Unique(&d.C.Email).Where("deleted_at IS NULL")
	retort.HasMany(d, &d.C.Posts, posts, func(p *Post) *uuid.UUID { return &p.MemberID })
}

func (Post) Define(d *retort.Definition[Post]) {
	d.References(&d.C.MemberID, &members.C.ID)
}

func TestSoftDelete(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(members, posts))
	session := func() *retort.Session {
		s := k.Engine.Session()
		t.Cleanup(func() { must(t, s.Rollback(t.Context())) })
		return s
	}
	s := k.Engine.Session()
	defer s.Close(ctx)
	ada, bob := &Member{Email: "a@x"}, &Member{Email: "b@x"}
	s.Add(ada, bob)
	first, second := &Post{MemberID: ada.ID, Text: "1"}, &Post{MemberID: ada.ID, Text: "2"}
	lost := &Post{MemberID: bob.ID, Text: "3"}
	s.Add(first, second, lost)
	must(t, s.Commit(ctx))
	s.Delete(first, bob)
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, "SELECT count(*) FROM members WHERE deleted_at = updated_at AND updated_at > created_at AND version = 2"); n != 1 {
		t.Errorf("%d rows are marked", n)
	}

	t.Run("hides_the_rows_from_every_kind_of_query", func(t *testing.T) {
		for name, begin := range map[string]bool{"before_a_transaction": false, "in_a_transaction": true} {
			t.Run(name, func(t *testing.T) {
				s := k.Engine.Session()
				defer s.Close(ctx)
				if begin {
					_, err := s.Exec(ctx, "SELECT 1")
					must(t, err)
				}
				all, err := members.With(&members.C.Posts).All(ctx, s)
				must(t, err)
				if len(all) != 1 || all[0].Email != "a@x" {
					t.Fatalf("%d members", len(all))
				}
				written, err := all[0].Posts.All()
				must(t, err)
				if len(written) != 1 || written[0].Text != "2" {
					t.Errorf("%d posts", len(written))
				}
				n, err := members.Query().Count(ctx, s)
				must(t, err)
				there, err := members.Where(retort.Eq(&members.C.Email, "b@x")).Exists(ctx, s)
				must(t, err)
				if n != 1 || there {
					t.Errorf("%d members, bob is there: %v", n, there)
				}
				_, err = members.Get(ctx, s, bob.ID)
				wantErr(t, err, retort.ErrNotFound)
				page, err := members.OrderBy(retort.Asc(&members.C.Email)).After("a@x", ada.ID).Limit(5).All(ctx, s)
				must(t, err)
				if len(page) != 0 {
					t.Errorf("%d members on the next page", len(page))
				}
				for m, err := range members.Query().Iter(ctx, s) {
					must(t, err)
					if m.Email != "a@x" {
						t.Errorf("the iterator read %s", m.Email)
					}
				}
			})
		}
	})

	t.Run("shows_them_where_asked", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		all, err := members.With(&members.C.Posts).OrderBy(retort.Asc(&members.C.Email)).WithDeleted().All(ctx, s)
		must(t, err)
		if len(all) != 2 || all[1].DeletedAt == nil || time.Since(*all[1].DeletedAt) > time.Hour {
			t.Fatalf("%d members", len(all))
		}
		written, err := all[0].Posts.All()
		must(t, err)
		if len(written) != 2 {
			t.Errorf("%d posts", len(written))
		}
		all[1].DeletedAt = nil
		must(t, s.Flush(ctx))
		if _, err := members.Where(retort.Eq(&members.C.Email, "b@x")).One(ctx, s); err != nil {
			t.Errorf("brought back: %v", err)
		}
	})

	t.Run("calls_a_row_stale_that_is_marked_already", func(t *testing.T) {
		s := session()
		m, err := members.Query().WithDeleted().Where(retort.Eq(&members.C.Email, "b@x")).One(ctx, s)
		must(t, err)
		s.Delete(m)
		wantErr(t, s.Flush(ctx), retort.ErrStale)
	})

	t.Run("frees_a_unique_value_by_choice", func(t *testing.T) {
		s := session()
		s.Add(&Member{Email: "b@x"})
		must(t, s.Flush(ctx))
	})
}

type wrongSoftDelete struct {
	retort.UUIDKey
	A time.Time
	B *string
}

func (wrongSoftDelete) Define(d *retort.Definition[wrongSoftDelete]) { d.SoftDelete(&d.C.A) }

func TestSoftDeleteThatIsWrong(t *testing.T) {
	t.Parallel()
	wantProblems(t, baseError(t, retort.NewTable[wrongSoftDelete]("wrong")), []string{`SoftDelete "a"`, "*time.Time"})
}

// TestSweep_deletes_for_good: rows that are old go, whether they were marked as
// deleted or not; to mark them would keep what Sweep is to be rid of.
func TestSweep_deletes_for_good(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	k := retorttest.New(t, retort.NewBase(members, posts))
	k.Exec(t, `INSERT INTO members (id, email, version, created_at, updated_at, deleted_at)
		SELECT gen_random_uuid(), n || '@x', 1, at, at, CASE WHEN n % 2 = 0 THEN at END
		FROM generate_series(1, 2500) n, LATERAL (SELECT now() - n * interval '1 minute') AS a (at)`)
	n, err := retort.Sweep(ctx, k.Engine, members, &members.C.CreatedAt, 100*time.Minute-time.Second)
	if must(t, err); n != 2401 {
		t.Errorf("%d rows", n)
	}
	if left := k.QueryInt(t, "SELECT count(*) FROM members"); left != 99 {
		t.Errorf("%d are left", left)
	}
	// By when they were marked: the others stay.
	n, err = retort.Sweep(ctx, k.Engine, members, members.C.DeletedAt, 50*time.Minute-time.Second)
	if must(t, err); n != 25 {
		t.Errorf("%d rows", n)
	}
	if left := k.QueryInt(t, "SELECT count(*) FROM members"); left != 74 {
		t.Errorf("%d are left", left)
	}
}
