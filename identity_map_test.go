package retort_test

import (
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

func TestIdentityMap(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("jane")
	commit(t, b.Engine, a)

	t.Run("one_object_for_a_row_whichever_way_it_comes", func(t *testing.T) {
		s := b.session(t)
		got, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		got.Name = "mine"
		all, err := Authors.Query().All(ctx, s)
		must(t, err)
		one, err := Authors.Where(retort.Eq(&Authors.C.Name, "mine")).One(ctx, s)
		must(t, err)
		if all[0] != got || one != got || got.Name != "mine" {
			t.Errorf("the row has other objects or values: %p %p %p %q", got, all[0], one, got.Name)
		}
		must(t, s.Rollback(ctx))
	})
	t.Run("get_asks_the_database_once", func(t *testing.T) {
		s := b.session(t)
		if n := b.RoundTrips(func() {
			for range 3 {
				_, err := Authors.Get(ctx, s, a.ID)
				must(t, err)
			}
		}); n != 1 {
			t.Errorf("%d round trips", n)
		}
	})
	t.Run("get_of_a_pending_object_is_that_object", func(t *testing.T) {
		s := b.session(t)
		p := newAuthor("pending")
		s.Add(p)
		got, err := Authors.Get(ctx, s, p.ID)
		must(t, err)
		if got != p || p.CreatedAt.IsZero() {
			t.Errorf("another object, or one without its values: %+v", got)
		}
	})
	t.Run("get_of_a_deleted_row_is_not_found_without_a_trip", func(t *testing.T) {
		s := b.session(t)
		got, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		s.Delete(got)
		if n := b.RoundTrips(func() {
			_, err := Authors.Get(ctx, s, a.ID)
			wantErr(t, err, retort.ErrNotFound)
		}); n != 0 {
			t.Errorf("%d round trips before the flush", n)
		}
		must(t, s.Flush(ctx))
		_, err = Authors.Get(ctx, s, a.ID)
		wantErr(t, err, retort.ErrNotFound)
		must(t, s.Rollback(ctx))
		got, err = Authors.Get(ctx, s, a.ID)
		must(t, err)
		wantState(t, s, got, "persistent")
	})
	t.Run("a_row_replaced_in_one_session_keeps_one_object", func(t *testing.T) {
		s := b.session(t)
		first, second := &Counter{Name: "same", Value: 1}, &Counter{Name: "same", Value: 2}
		s.Add(first)
		must(t, s.Commit(ctx))
		s.Delete(first)
		must(t, s.Flush(ctx))
		s.Add(second)
		must(t, s.Commit(ctx))
		got, err := Counters.Get(ctx, s, "same")
		must(t, err)
		if got != second {
			t.Error("the row has another object than the one that was added")
		}
		wantState(t, s, first, "detached")
	})
	t.Run("keys_of_another_type_are_refused", func(t *testing.T) {
		s := b.session(t)
		for _, key := range []any{nil, "text", 7, (*uuid.UUID)(nil)} {
			if _, err := Authors.Get(ctx, s, key); err == nil {
				t.Errorf("Get(%#v) succeeded", key)
			}
		}
		_, err := Authors.Get(ctx, s, uuid.Must(uuid.NewV4()))
		wantErr(t, err, retort.ErrNotFound)
	})
}

// TestLargeSessions repeats what small ones do when the session has so many
// objects that it keeps an index of them.
func TestLargeSessions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	numbers(t, b, 30)
	s := b.session(t)
	all, err := Counters.OrderBy(retort.Asc(&Counters.C.Name)).All(ctx, s)
	must(t, err)
	again, err := Counters.Query().All(ctx, s)
	must(t, err)
	known := make(map[*Counter]bool)
	for _, c := range all {
		known[c] = true
	}
	for _, c := range again {
		if !known[c] {
			t.Fatal("a row has two objects")
		}
	}
	if n := b.RoundTrips(func() {
		for _, c := range all {
			got, err := Counters.Get(ctx, s, c.Name)
			must(t, err)
			if got != c {
				t.Error("Get gives another object")
			}
		}
	}); n != 0 {
		t.Errorf("%d round trips for loaded rows", n)
	}

	first, second, pending := all[0], &Counter{Name: all[0].Name, Value: 100}, &Counter{Name: "pending"}
	s.Add(pending, pending)
	s.Delete(pending)
	wantState(t, s, pending, "transient")
	s.Delete(first)
	must(t, s.Flush(ctx))
	_, err = Counters.Get(ctx, s, first.Name)
	wantErr(t, err, retort.ErrNotFound)
	s.Add(second)
	must(t, s.Commit(ctx))
	wantState(t, s, first, "detached")
	got, err := Counters.Get(ctx, s, first.Name)
	must(t, err)
	if got != second {
		t.Error("the replaced row has another object")
	}
	s.Add(&Counter{Name: all[5].Name})
	wantErr(t, s.Commit(ctx), nil, "already holds another object")
	must(t, s.Rollback(ctx))
	for _, c := range all {
		wantState(t, s, c, "detached")
	}
	s.Add(pending)
	must(t, s.Commit(ctx))
	wantState(t, s, pending, "persistent")
	for _, c := range all[1:] {
		loaded, err := Counters.Get(ctx, s, c.Name)
		must(t, err)
		s.Delete(loaded)
	}
	must(t, s.Commit(ctx))
	if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	setup := func(t *testing.T) (*retort.Session, *Author) {
		a := newAuthor(t.Name())
		commit(t, b.Engine, a)
		s := b.session(t)
		got, err := Authors.Get(ctx, s, a.ID)
		must(t, err)
		return s, got
	}
	t.Run("takes_the_row_over_the_program's_changes", func(t *testing.T) {
		s, a := setup(t)
		b.Exec(t, "UPDATE authors SET name = 'theirs', version = 7 WHERE id = $1", a.ID)
		a.Name = "mine"
		b.seen.take()
		must(t, s.Refresh(ctx, a))
		if a.Name != "theirs" || a.Version.Version != 7 {
			t.Errorf("got %+v", a)
		}
		if verbs := b.seen.verbs(); len(verbs) > 0 {
			t.Errorf("wrote %q", verbs)
		}
		a.Name = "ours"
		must(t, s.Commit(ctx))
	})
	t.Run("a_failed_one_keeps_the_changes", func(t *testing.T) {
		s, a := setup(t)
		a.Name = "kept"
		ctx2, cancel := contextDone()
		defer cancel()
		if err := s.Refresh(ctx2, a); err == nil {
			t.Fatal("a cancelled refresh succeeded")
		}
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE name = 'kept'"); n != 1 {
			t.Error("the change was lost")
		}
	})
	t.Run("flies_with_the_changes_of_others", func(t *testing.T) {
		s, a := setup(t)
		other := newAuthor("other of refresh")
		s.Add(other)
		a.Name = "dropped"
		b.seen.take()
		if n := b.RoundTrips(func() { must(t, s.Refresh(ctx, a)) }); n != 1 {
			t.Errorf("%d round trips", n)
		}
		if diff := cmp.Diff([]string{"INSERT authors"}, b.seen.verbs()); diff != "" {
			t.Error(diff)
		}
		wantState(t, s, other, "persistent")
	})
	t.Run("of_a_row_that_is_gone_is_not_found", func(t *testing.T) {
		s, a := setup(t)
		b.Exec(t, "DELETE FROM authors WHERE id = $1", a.ID)
		wantErr(t, s.Refresh(ctx, a), retort.ErrNotFound)
	})
	t.Run("of_an_unknown_or_pending_object_is_refused", func(t *testing.T) {
		s, _ := setup(t)
		p := newAuthor("pending refresh")
		wantErr(t, s.Refresh(ctx, p), nil, "is transient")
		s.Add(p)
		wantErr(t, s.Refresh(ctx, p), nil, "is pending")
		wantErr(t, s.Refresh(ctx, nil), nil, "pass a pointer")
	})
	t.Run("of_an_object_with_another_key_is_refused", func(t *testing.T) {
		s, a := setup(t)
		a.ID = uuid.Must(uuid.NewV4())
		wantErr(t, s.Refresh(ctx, a), nil, "primary key", "was changed")
	})
}
