package retort_test

import (
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

func wantState(tb testing.TB, s *retort.Session, object any, want string) {
	tb.Helper()
	if got := s.State(object); got != want {
		tb.Errorf("the object is %s, want %s", got, want)
	}
}

func TestObjectStates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()

	t.Run("from_transient_to_detached", func(t *testing.T) {
		s := b.session(t)
		a := newAuthor("one")
		wantState(t, s, a, "transient")
		s.Add(a)
		wantState(t, s, a, "pending")
		must(t, s.Flush(ctx))
		wantState(t, s, a, "persistent")
		must(t, s.Commit(ctx))
		wantState(t, s, a, "persistent")
		s.Delete(a)
		wantState(t, s, a, "persistent")
		must(t, s.Flush(ctx))
		wantState(t, s, a, "deleted")
		must(t, s.Commit(ctx))
		wantState(t, s, a, "detached")
	})
	t.Run("rollback_makes_new_ones_transient_and_others_detached", func(t *testing.T) {
		old := newAuthor("old")
		commit(t, b.Engine, old)
		s := b.session(t)
		loaded, err := Authors.Get(ctx, s, old.ID)
		must(t, err)
		flushed, pending := newAuthor("flushed"), newAuthor("pending")
		s.Add(flushed)
		must(t, s.Flush(ctx))
		s.Add(pending)
		s.Delete(loaded)
		must(t, s.Rollback(ctx))
		wantState(t, s, loaded, "detached")
		wantState(t, s, flushed, "transient")
		wantState(t, s, pending, "transient")
	})
	t.Run("close_detaches", func(t *testing.T) {
		s := b.session(t)
		a, pending := newAuthor("closed"), newAuthor("never")
		s.Add(a)
		must(t, s.Commit(ctx))
		s.Add(pending)
		must(t, s.Close(ctx))
		wantState(t, s, a, "detached")
		wantState(t, s, pending, "transient")
	})
	t.Run("what_is_no_model_is_transient", func(t *testing.T) {
		s := b.session(t)
		wantState(t, s, 7, "transient")
		wantState(t, s, nil, "transient")
		wantState(t, s, (*Author)(nil), "transient")
	})
}

func TestAddAndDelete(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()

	t.Run("add_twice_inserts_once", func(t *testing.T) {
		s := b.session(t)
		a := newAuthor("twice")
		s.Add(a, a)
		id := a.ID
		s.Add(a)
		b.seen.take()
		must(t, s.Commit(ctx))
		s.Add(a)
		must(t, s.Commit(ctx))
		if diff := cmp.Diff([]string{"INSERT authors"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
		if a.ID != id {
			t.Error("the key was made anew")
		}
	})
	t.Run("add_keeps_a_key_of_the_program", func(t *testing.T) {
		s := b.session(t)
		a := newAuthor("own key")
		a.ID = uuid.Must(uuid.NewV4())
		id := a.ID
		s.Add(a)
		must(t, s.Commit(ctx))
		if got := b.QueryString(t, "SELECT id FROM authors WHERE name = 'own key'"); got != id.String() {
			t.Errorf("the row has key %s, the object %s", got, id)
		}
	})
	t.Run("misuse_is_told_by_the_next_flush_query_or_commit", func(t *testing.T) {
		for name, add := range map[string]func(*retort.Session){
			"Add: got <nil>; pass a pointer to a model":              func(s *retort.Session) { s.Add(nil) },
			"Add: got retort_test.Author; pass a pointer":            func(s *retort.Session) { s.Add(Author{}) },
			"Add: got a nil *retort_test.Author":                     func(s *retort.Session) { s.Add((*Author)(nil)) },
			"Add: int is not a model":                                func(s *retort.Session) { s.Add(new(int)) },
			"Add: got the stand-in C of a table":                     func(s *retort.Session) { s.Add(Authors.C) },
			"Delete: this retort_test.Author is not in the session":  func(s *retort.Session) { s.Delete(newAuthor("x")) },
			"Delete: retort_test.recorder is not a model":            func(s *retort.Session) { s.Delete(&recorder{}) },
			"Add: got func(); pass a pointer to a model, as in":      func(s *retort.Session) { s.Add(func() {}) },
			"Add: got a nil *retort_test.Book":                       func(s *retort.Session) { s.Add(newAuthor("fine"), (*Book)(nil)) },
			"list its table in NewBase":                              func(s *retort.Session) { s.Add(&struct{ X int }{}) },
			"Delete: this retort_test.Author is not in the session;": func(s *retort.Session) { s.Delete(newAuthor("x"), newAuthor("y")) },
		} {
			s := b.session(t)
			add(s)
			wantErr(t, s.Flush(ctx), nil, name)
			_, err := Authors.Query().Count(ctx, s)
			wantErr(t, err, nil, name)
			wantErr(t, s.Commit(ctx), nil, name)
			must(t, s.Rollback(ctx))
			must(t, s.Commit(ctx))
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE name = 'fine'"); n != 0 {
			t.Error("a session with misuse wrote")
		}
		b.idle(t)
	})
	t.Run("the_stand-in_is_not_touched", func(t *testing.T) {
		if Authors.C.ID != uuid.Nil {
			t.Error("Add gave the stand-in a key")
		}
	})
	t.Run("delete_of_a_pending_object_forgets_it", func(t *testing.T) {
		s := b.session(t)
		a := newAuthor("unborn")
		s.Add(a)
		s.Delete(a)
		wantState(t, s, a, "transient")
		b.seen.take()
		must(t, s.Commit(ctx))
		if lines := b.seen.lines(); len(lines) > 0 {
			t.Errorf("sent %q", lines)
		}
		s.Add(a)
		must(t, s.Commit(ctx))
		wantState(t, s, a, "persistent")
	})
	t.Run("add_takes_delete_back", func(t *testing.T) {
		s := b.session(t)
		a := newAuthor("spared")
		s.Add(a)
		must(t, s.Commit(ctx))
		s.Delete(a)
		s.Add(a)
		b.seen.take()
		must(t, s.Commit(ctx))
		if lines := b.seen.lines(); len(lines) > 0 {
			t.Errorf("sent %q", lines)
		}
	})
	t.Run("a_deleted_object_cannot_come_back_in_its_transaction", func(t *testing.T) {
		s := b.session(t)
		c := &Counter{Name: "gone"}
		s.Add(c)
		must(t, s.Commit(ctx))
		s.Delete(c)
		must(t, s.Flush(ctx))
		s.Delete(c) // nothing more to do
		s.Add(c)
		wantErr(t, s.Commit(ctx), nil, "was deleted in this transaction")
		must(t, s.Rollback(ctx))
	})
	t.Run("but_after_it", func(t *testing.T) {
		s := b.session(t)
		c := &Counter{Name: "phoenix"}
		for range 2 {
			s.Add(c)
			must(t, s.Commit(ctx))
			s.Delete(c)
			must(t, s.Commit(ctx))
		}
		s.Add(c)
		must(t, s.Commit(ctx))
		again, err := Counters.Get(ctx, s, "phoenix")
		must(t, err)
		if again != c {
			t.Error("the row has two objects")
		}
	})
}
