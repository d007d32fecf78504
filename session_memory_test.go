package retort_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/retort-go/retort"
)

// A session gives the memory of its snapshots to the next one. The objects that it
// loaded are the program's: what later sessions do shows in none of them, and a
// later session takes no object for changed that is not.
func TestSessionsShareNoObjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	const many = 200
	b.Exec(t, `INSERT INTO authors (id, version, name, email, note)
		SELECT gen_random_uuid(), 1, 'n' || i, 'e' || lpad(i::text, 3, '0'), 'note ' || i FROM generate_series(0, $1::int - 1) AS i`, many)
	load := func(s *retort.Session) []*Author {
		return val(Authors.OrderBy(retort.Asc(&Authors.C.Email)).All(ctx, s))(t)
	}
	s := b.session(t)
	first := load(s)
	for _, a := range first {
		*a.Note = "dropped"
		s.Expire(a) // the fields are what the snapshot says
	}
	must(t, s.Close(ctx))

	b.Exec(t, "UPDATE authors SET note = NULL WHERE email > 'e100'")
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			for i := k; i < 40; i += 4 {
				s := b.Engine.Session()
				list, err := Authors.OrderBy(retort.Asc(&Authors.C.Email)).All(ctx, s)
				if err != nil {
					t.Error(err)
					return
				}
				list[i].Name = "changed"
				if err := s.Commit(ctx); err != nil {
					t.Error(err)
				}
				if err := s.Close(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE version = 2 AND name = 'changed'"); n != 40 {
		t.Errorf("%d rows were written once, want 40", n)
	}
	if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE version > 1"); n != 40 {
		t.Errorf("%d rows were written, want 40", n)
	}
	for i, a := range first {
		if a.Name != fmt.Sprintf("n%d", i) || a.Note == nil || *a.Note != fmt.Sprintf("note %d", i) || !strings.HasPrefix(a.Email, "e") {
			t.Fatalf("an object of the first session is %+v", a)
		}
		wantState(t, s, a, "detached")
	}
}

// TestSessionsForgetWhatTheyLetGo commits twice behind a Detach: a session of many
// transactions does not keep what passed through it.
func TestSessionsForgetWhatTheyLetGo(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := blogBench(t).session(t)
	l := &Label{Name: "a"}
	s.Add(l)
	must(t, s.Commit(ctx))
	s.Detach(l)
	must(t, s.Commit(ctx))
	if got := s.State(l); got != "detached" {
		t.Errorf("behind the next commit it is %s", got)
	}
	left := weak.Make(l)
	must(t, s.Commit(ctx))
	for range 3 {
		runtime.GC()
	}
	if left.Value() != nil {
		t.Error("it is kept behind the second one")
	}
}
