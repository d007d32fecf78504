package retort_test

import (
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
)

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
			if want := `UPDATE "books" ` + step.set + ` WHERE "id" = $1`; lines[1] != want {
				t.Errorf("%s: sent %s\nwant %s", step.name, lines[1], want)
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
