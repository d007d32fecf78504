package retort_test

import (
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// TestStateTransitions walks from every state by every call that leaves it.
func TestStateTransitions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	n := 0
	reach := map[string]func(s *retort.Session) *Author{
		"transient": func(*retort.Session) *Author { n++; return newAuthor(fmt.Sprint("n", n)) },
	}
	reach["pending"] = func(s *retort.Session) *Author { a := reach["transient"](s); s.Add(a); return a }
	reach["persistent"] = func(s *retort.Session) *Author { a := reach["pending"](s); must(t, s.Commit(ctx)); return a }
	reach["deleted"] = func(s *retort.Session) *Author {
		a := reach["persistent"](s)
		s.Delete(a)
		must(t, s.Flush(ctx))
		return a
	}
	reach["detached"] = func(s *retort.Session) *Author { a := reach["persistent"](s); s.Detach(a); return a }
	calls := map[string]func(s *retort.Session, a *Author){
		"Add":      func(s *retort.Session, a *Author) { s.Add(a) },
		"Delete":   func(s *retort.Session, a *Author) { s.Delete(a) },
		"Detach":   func(s *retort.Session, a *Author) { s.Detach(a) },
		"Expire":   func(s *retort.Session, a *Author) { s.Expire(a) },
		"Flush":    func(s *retort.Session, a *Author) { must(t, s.Flush(ctx)) },
		"Commit":   func(s *retort.Session, a *Author) { must(t, s.Commit(ctx)) },
		"Rollback": func(s *retort.Session, a *Author) { must(t, s.Rollback(ctx)) },
		"Close":    func(s *retort.Session, a *Author) { must(t, s.Close(ctx)) },
	}
	// From each state, what each call leads to; with ! it is misuse, told by the next flush.
	for from, want := range map[string]map[string]string{
		"transient":  {"Add": "pending", "Delete": "transient!", "Detach": "transient!", "Expire": "transient!", "Flush": "transient", "Commit": "transient", "Rollback": "transient", "Close": "transient"},
		"pending":    {"Add": "pending", "Delete": "transient", "Detach": "transient", "Expire": "pending!", "Flush": "persistent", "Commit": "persistent", "Rollback": "transient", "Close": "transient"},
		"persistent": {"Add": "persistent", "Delete": "persistent", "Detach": "detached", "Expire": "persistent", "Flush": "persistent", "Commit": "persistent", "Rollback": "detached", "Close": "detached"},
		"deleted":    {"Add": "deleted!", "Delete": "deleted", "Detach": "deleted!", "Expire": "deleted!", "Flush": "deleted", "Commit": "detached", "Rollback": "detached", "Close": "detached"},
		"detached":   {"Add": "detached!", "Delete": "detached!", "Detach": "detached!", "Expire": "detached!", "Flush": "detached", "Commit": "detached", "Rollback": "detached", "Close": "detached"},
	} {
		for call, state := range want {
			s := b.session(t)
			a := reach[from](s)
			wantState(t, s, a, from)
			calls[call](s, a)
			misuse := state[len(state)-1] == '!'
			if misuse {
				state = state[:len(state)-1]
			}
			if got := s.State(a); got != state {
				t.Errorf("%s by %s: %s, want %s", from, call, got, state)
			}
			if call != "Close" {
				if err := s.Flush(ctx); (err != nil) != misuse {
					t.Errorf("%s by %s: the flush returned %v", from, call, err)
				}
			}
			must(t, s.Close(ctx))
		}
	}
}

func TestDetach(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a := newAuthor("a")
	s.Add(a)
	must(t, s.Commit(ctx))
	a.Name = "changed"
	s.Detach(a)
	must(t, s.Commit(ctx))
	again, err := Authors.Get(ctx, s, a.ID)
	must(t, err)
	if again == a || again.Name != "a" {
		t.Errorf("read %+v", again)
	}
	wantState(t, s, a, "detached")
	wantState(t, s, again, "persistent")
}

func TestExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a, x := newAuthor("a"), newAuthor("x")
	s.Add(a, x)
	must(t, s.Commit(ctx))
	b.Exec(t, "UPDATE authors SET name = name || '!', note = 'note', version = version + 1")
	a.Name = "dropped"
	s.Expire(a, x)
	if a.Name != "a" {
		t.Errorf("the change is still there: %q", a.Name)
	}
	got, err := Authors.Get(ctx, s, a.ID)
	must(t, err)
	if got != a || a.Name != "a!" || a.Version.Version != 2 || *a.Note != "note" {
		t.Errorf("read %+v", a)
	}
	x.Name = "kept"
	_, err = Authors.OrderBy(retort.Asc(&Authors.C.Email)).All(ctx, s)
	wantErr(t, err, retort.ErrStale) // x was changed on an old version, and that is written first
	must(t, s.Rollback(ctx))
	all, err := Authors.OrderBy(retort.Asc(&Authors.C.Email)).All(ctx, s)
	must(t, err)
	s.Expire(all[0])
	if n := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); n != 0 {
		t.Errorf("an expired object cost %d round trips", n)
	}
	b.Exec(t, "UPDATE authors SET name = 'late'")
	if same, err := Authors.Get(ctx, s, all[0].ID); err != nil || same != all[0] || same.Name != "late" {
		t.Errorf("got %+v, %v", same, err)
	}
}

// A list that is longer than what the unit of work looks through one by one.
func TestExpireManyObjects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	for i := range 30 {
		s.Add(newAuthor(strconv.Itoa(i)))
	}
	must(t, s.Commit(ctx))
	all, err := Authors.Query().All(ctx, s)
	must(t, err)
	for _, a := range all {
		s.Expire(a)
	}
	b.Exec(t, "UPDATE authors SET name = 'late'")
	again, err := Authors.Query().All(ctx, s)
	must(t, err)
	for _, a := range again {
		if a.Name != "late" {
			t.Fatalf("an expired author is still %q", a.Name)
		}
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a := newAuthor("a")
	s.Add(a)
	must(t, s.Commit(ctx))

	t.Run("onto_the_object_of_the_session", func(t *testing.T) {
		given := *a
		given.Name, given.Note = "merged", new("note")
		var got *Author
		var err error
		if n := b.RoundTrips(func() { got, err = Authors.Merge(ctx, s, &given) }); n != 0 || err != nil || got != a {
			t.Fatalf("%d round trips, %p, %v", n, got, err)
		}
		if *given.Note = "changed"; a.Name != "merged" || *a.Note != "note" {
			t.Errorf("got %+v", a)
		}
		must(t, s.Commit(ctx))
	})
	t.Run("onto_a_row_that_was_not_read", func(t *testing.T) {
		fresh := b.session(t)
		given := *a
		given.Email = "new@x"
		got, err := Authors.Merge(ctx, fresh, &given)
		must(t, err)
		must(t, fresh.Commit(ctx))
		if got == &given || got.Version.Version != 3 || b.QueryString(t, "SELECT email FROM authors") != "new@x" {
			t.Errorf("got %+v", got)
		}
		_, err = Authors.Merge(ctx, b.session(t), &given)
		wantErr(t, err, retort.ErrStale)
	})
	t.Run("of_a_row_that_is_not_there", func(t *testing.T) {
		given := newBook(a, "t")
		got, err := Books.Merge(ctx, s, given)
		must(t, err)
		wantState(t, s, got, "pending")
		wantState(t, s, given, "transient")
		must(t, s.Commit(ctx))
		if diff := cmp.Diff(1, int(b.QueryInt(t, "SELECT count(*) FROM books"))); diff != "" || got == given {
			t.Error(diff)
		}
	})
	t.Run("of_a_row_that_was_deleted_meanwhile", func(t *testing.T) {
		gone := newAuthor("gone")
		s := b.session(t)
		s.Add(gone)
		must(t, s.Commit(ctx))
		given := *gone
		s.Delete(gone)
		must(t, s.Flush(ctx))
		_, err := Authors.Merge(ctx, s, gone)
		wantErr(t, err, retort.ErrStale)
		must(t, s.Commit(ctx))
		fresh := b.session(t)
		_, err = Authors.Merge(ctx, fresh, &given)
		wantErr(t, err, retort.ErrStale)
		given.Version = retort.Version{}
		got, err := Authors.Merge(ctx, fresh, &given)
		must(t, err)
		must(t, fresh.Commit(ctx))
		if got.CreatedAt.IsZero() || got.CreatedAt.Equal(given.CreatedAt) {
			t.Errorf("created at %v, the deleted row was at %v", got.CreatedAt, given.CreatedAt)
		}
	})
	t.Run("misuse", func(t *testing.T) {
		_, err := Authors.Merge(ctx, s, nil)
		wantErr(t, err, nil, "Merge: got a nil *retort_test.Author")
		if same, err := Authors.Merge(ctx, s, a); err != nil || same != a {
			t.Errorf("%p, %v", same, err)
		}
	})
}
