package retort_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
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

func TestRollbackTakesBackWhatTheDatabaseMade(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a := newAuthor("again")
	s.Add(a)
	must(t, s.Flush(ctx))
	book := newBook(a, "t")
	event := &Event{What: "x"}
	s.Add(book)
	event.BookID = book.ID
	s.Add(event)
	must(t, s.Flush(ctx))
	a.Name = "changed"
	must(t, s.Flush(ctx))
	if event.ID == 0 || event.At.IsZero() || a.Version.Version != 2 {
		t.Fatalf("server-made values are missing: %+v %+v", event, a)
	}
	id := a.ID
	must(t, s.Rollback(ctx))
	if event.ID != 0 || !event.At.IsZero() || !a.CreatedAt.IsZero() || !a.UpdatedAt.IsZero() || a.Version.Version != 0 {
		t.Errorf("values of the rolled back transaction are left: %+v %+v", event, a)
	}
	if a.Name != "changed" || a.ID != id {
		t.Errorf("values of the program were lost: %+v", a)
	}
	s.Add(a, book, event)
	must(t, s.Commit(ctx))
	if event.ID == 0 || a.Version.Version != 1 {
		t.Errorf("after the second try: %+v %+v", event, a)
	}
	b.idle(t)
}

func TestRollbackOfAnUpdateRestoresItsVersion(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("v")
	commit(t, b.Engine, a)
	s := b.session(t)
	mine, err := Authors.Get(ctx, s, a.ID)
	must(t, err)
	before := *mine
	for i := range 3 {
		mine.Name = []string{"x", "y", "z"}[i]
		must(t, s.Flush(ctx))
	}
	must(t, s.Rollback(ctx))
	if mine.Version != before.Version || !mine.UpdatedAt.Equal(before.UpdatedAt) || mine.Name != "z" {
		t.Errorf("got %+v, want the version and time of %+v and the name z", mine, before)
	}
}

func TestObjectsServeASecondTransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	s := b.session(t)
	a := newAuthor("a")
	s.Add(a)
	must(t, s.Commit(ctx))
	made := a.UpdatedAt
	for i := range int64(3) {
		a.Name += "x"
		must(t, s.Commit(ctx))
		if a.Version.Version != 2+i || !a.UpdatedAt.After(made) {
			t.Fatalf("update %d: %+v", i, a)
		}
	}
	s.Delete(a)
	must(t, s.Commit(ctx))
	if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 0 {
		t.Errorf("%d rows", n)
	}
	b.idle(t)
}

func TestOnlyChangedColumnsAreWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("a")
	s := b.session(t)
	s.Add(a)
	first := newBook(a, "one")
	now := time.Date(2020, 1, 2, 3, 4, 5, 6000, time.UTC)
	note, weight := "sub", float32(1.5)
	first.Subtitle, first.Published, first.Weight = &note, &now, &weight
	s.Add(first)
	must(t, s.Commit(ctx))
	other := b.session(t)
	book, err := Books.Get(ctx, other, first.ID)
	must(t, err)
	b.seen.take()

	for _, step := range []struct {
		name   string
		change func()
		set    string
	}{
		{"nothing", func() {}, ""},
		{"the same values", func() { book.Title = "one"; s := "sub"; book.Subtitle = &s; book.Cover = []byte{1, 0, 2} }, ""},
		{"a string", func() { book.Title = "two" }, `SET "title" = $2`},
		{"two columns", func() { book.Pages, book.InPrint = 1, false }, `SET "pages" = $2, "in_print" = $3`},
		{"a byte in place", func() { book.Cover[1] = 9 }, `SET "cover" = $2`},
		{"an element in place", func() { book.Tags[0] = "z" }, `SET "tags" = $2`},
		{"json in place", func() { copy(book.Extra, `{"k": 2}`) }, `SET "extra" = $2`},
		{"behind a pointer", func() { *book.Subtitle = "other" }, `SET "subtitle" = $2`},
		{"a pointer to nil", func() { book.Subtitle = nil }, `SET "subtitle" = $2`},
		{"below a microsecond", func() { book.SeenAt = book.SeenAt.Add(100 * time.Nanosecond) }, ""},
		{"the zone only", func() { book.SeenAt = book.SeenAt.In(time.FixedZone("x", 3600)) }, ""},
		{"a microsecond", func() { book.SeenAt = book.SeenAt.Add(time.Microsecond) }, `SET "seen_at" = $2`},
		{"the date behind a pointer", func() { *book.Published = book.Published.AddDate(0, 0, 1) }, `SET "published" = $2`},
		{"there and back", func() { book.Pages++; book.Pages-- }, ""},
	} {
		step.change()
		must(t, other.Commit(ctx))
		lines := b.seen.lines()
		switch {
		case step.set == "" && len(lines) > 0:
			t.Errorf("%s: sent %q", step.name, lines)
		case step.set == "":
		case len(lines) != 3:
			t.Errorf("%s: sent %q, want BEGIN, UPDATE, COMMIT", step.name, lines)
		default:
			want := `WITH u AS ( UPDATE "books" ` + step.set + ` WHERE "id" = $1 RETURNING 1 )`
			if got, _, _ := cutAfter(lines[1], " )"); got != want {
				t.Errorf("%s: sent %s\nwant %s", step.name, got, want)
			}
		}
	}
	fresh := b.session(t)
	got, err := Books.Get(ctx, fresh, first.ID)
	must(t, err)
	book.SeenAt = book.SeenAt.UTC().Truncate(time.Microsecond)
	if diff := cmp.Diff(book, got); diff != "" {
		t.Errorf("the row is not what the object is (-object +row):\n%s", diff)
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	a := newAuthor("a")
	commit(t, b.Engine, a, &Counter{Name: "one", Value: 1}, &Counter{Name: "two", Value: 2})

	for name, test := range map[string]struct {
		do    func(s *retort.Session, a *Author)
		words []string
	}{
		"key_of_a_loaded_object":  {func(_ *retort.Session, a *Author) { a.ID = uuid.Must(uuid.NewV4()) }, []string{"UPDATE retort_test.Author", `primary key "id"`}},
		"server_made_column":      {func(_ *retort.Session, a *Author) { a.CreatedAt = time.Now() }, []string{`column "created_at" is made by the database`}},
		"version":                 {func(_ *retort.Session, a *Author) { a.Version.Version++ }, []string{`column "version" is made by the database`}},
		"server_made_at_insert":   {func(s *retort.Session, _ *Author) { n := newAuthor("n"); n.CreatedAt = time.Now(); s.Add(n) }, []string{"INSERT retort_test.Author", `"created_at"`, "leave the field zero"}},
		"identity_key_at_insert":  {func(s *retort.Session, _ *Author) { s.Add(&Event{BigintKey: retort.BigintKey{ID: 7}}) }, []string{"INSERT retort_test.Event", `"id"`}},
		"version_of_a_doomed_one": {func(s *retort.Session, a *Author) { a.Version.Version = 99; s.Delete(a) }, []string{"DELETE retort_test.Author", `"version"`}},
		"nul_in_text":             {func(_ *retort.Session, a *Author) { a.Name = "a\x00b" }, []string{"UPDATE retort_test.Author", "column name"}},
		"bad_utf8_in_two_objects": {func(s *retort.Session, a *Author) { a.Name = "\xff"; n := newAuthor("n"); n.Email = "\xfe"; s.Add(n) }, []string{"column name", "column email"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := b.session(t)
			mine, err := Authors.Get(ctx, s, a.ID)
			must(t, err)
			test.do(s, mine)
			b.seen.take()
			wantErr(t, s.Flush(ctx), nil, test.words...)
			wantErr(t, s.Commit(ctx), nil, test.words...)
			if lines := b.seen.lines(); len(lines) > 0 {
				t.Errorf("sent %q", lines)
			}
			must(t, s.Rollback(ctx))
		})
	}
	t.Run("delete_under_another_row's_key", func(t *testing.T) {
		s := b.session(t)
		one, err := Counters.Get(ctx, s, "one")
		must(t, err)
		one.Name = "two"
		s.Delete(one)
		wantErr(t, s.Commit(ctx), nil, "DELETE retort_test.Counter", "primary key")
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 2 {
			t.Errorf("%d counters left, want 2", n)
		}
	})
	t.Run("a_second_object_for_a_loaded_row", func(t *testing.T) {
		s := b.session(t)
		_, err := Counters.Get(ctx, s, "one")
		must(t, err)
		s.Add(&Counter{Name: "one"})
		wantErr(t, s.Commit(ctx), nil, "already holds another object with the same primary key")
	})
	t.Run("two_new_objects_with_one_key", func(t *testing.T) {
		s := b.session(t)
		s.Add(&Counter{Name: "dup"}, &Counter{Name: "dup"})
		err := s.Commit(ctx)
		if c := pgerr.Constraint(err); c == nil || c.Kind != pgerr.Unique || c.Constraint != "pk_counters" || !cmp.Equal(c.Columns, []string{"name"}) {
			t.Errorf("got %v", err)
		}
	})
}
