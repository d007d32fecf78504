package retort_test

import (
	"testing"
)

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
