package retort_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

func TestGraphsWithKeysOfTheServer(t *testing.T) {
	t.Parallel()
	t.Run("with_keys_of_the_server_fly_level_by_level", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		chief := &Person{Name: "chief"}
		worker := &Person{Name: "worker", Boss: retort.OneOf(chief)}
		must(t, worker.Reports.Append(&Person{Name: "junior"}))
		s.Add(worker)
		must(t, b.Engine.Ping(t.Context()))
		if n := b.RoundTrips(func() { must(t, s.Commit(t.Context())) }); n != 3 {
			t.Errorf("%d round trips, want 3", n)
		}
		want := []string{"chief <- <nil>", "junior <- worker", "worker <- chief"}
		got := b.Rows(t, `SELECT p.name || ' <- ' || coalesce(b.name, '<nil>') FROM people p LEFT JOIN people b ON b.id = p.boss_id ORDER BY 1`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if worker.BossID == nil || *worker.BossID != chief.ID {
			t.Errorf("the object refers to %v, want %d", worker.BossID, chief.ID)
		}
	})

	t.Run("to_itself_with_keys_of_the_server", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		a, z := &Person{Name: "a"}, &Person{Name: "z"}
		must(t, a.Friends.Append(z))
		must(t, z.Friends.Append(a))
		s.Add(a)
		must(t, b.Engine.Ping(t.Context()))
		if n := b.RoundTrips(func() { must(t, s.Commit(t.Context())) }); n != 2 {
			t.Errorf("%d round trips, want 2", n)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM friendships WHERE person_id <> friend_id"); n != 2 {
			t.Errorf("%d friendships", n)
		}
		must(t, a.Friends.Replace())
		must(t, s.Commit(t.Context()))
		if got := b.Rows(t, "SELECT p.name FROM friendships f JOIN people p ON p.id = f.person_id"); !cmp.Equal(got, []string{"z"}) {
			t.Errorf("got %v", got)
		}
	})

	t.Run("through_a_model_is_read_only", func(t *testing.T) {
		t.Parallel()
		b := blogBench(t)
		s := b.session(t)
		blog := &Blog{Name: "one"}
		s.Add(blog)
		must(t, blog.Watchers.Append(&Watching{Since: 7, Person: retort.OneOf(&Person{Name: "fan"})}))
		wantErr(t, blog.Fans.Append(&Person{Name: "other"}), nil, "Blog.Fans", "columns of their own", "Watching")
		must(t, s.Commit(t.Context()))
		must(t, retort.LoadRelated(t.Context(), s, []*Blog{blog}, &blogs.C.Fans))
		fans, err := blog.Fans.All()
		must(t, err)
		if len(fans) != 1 || fans[0].Name != "fan" {
			t.Errorf("got %v", fans)
		}
	})
}
