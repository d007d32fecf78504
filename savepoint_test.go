package retort_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

var errNo = errors.New("no")

func TestSavepoint(t *testing.T) {
	t.Parallel()
	ctx := t.Context()

	t.Run("what_is_taken_back", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		elsewhere := newAuthor("elsewhere")
		commit(t, b.Engine, elsewhere)
		s := b.session(t)
		kept, doomed := newAuthor("kept"), newAuthor("doomed")
		kept.Note = new("before")
		s.Add(kept, doomed)
		book := newBook(kept, "book")
		s.Add(book)
		want := *kept
		var added *Author
		var read *Author
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			want = *kept // with what the database made
			want.Note = new("before")
			kept.Name, *kept.Note = "changed", "inside"
			book.Tags[0], book.Cover[0], book.Extra = "inside", 9, json.RawMessage(`{"k": 2}`)
			added = newAuthor("added")
			s.Add(added)
			s.Delete(doomed)
			must(t, s.Flush(ctx))
			wantState(t, s, doomed, "deleted")
			var err error
			read, err = Authors.Get(ctx, s, elsewhere.ID)
			must(t, err)
			read.Name = "changed, too"
			kept.Name = "not flushed"
			return errNo
		})
		wantErr(t, err, errNo)
		if diff := cmp.Diff(&want, kept, cmpopts.IgnoreFields(Author{}, "Books")); diff != "" {
			t.Error(diff)
		}
		if book.Tags[0] != "a" || book.Cover[0] != 1 || string(book.Extra) != `{"k": 1}` {
			t.Errorf("book %+v", book)
		}
		for o, state := range map[*Author]string{kept: "persistent", doomed: "persistent", added: "transient", read: "persistent"} {
			wantState(t, s, o, state)
		}
		if !added.CreatedAt.IsZero() {
			t.Error("the added author has what the database made for it")
		}
		if again, err := Authors.Get(ctx, s, elsewhere.ID); err != nil || again != read || read.Name != "elsewhere" {
			t.Errorf("read again: %+v, %v", again, err)
		}
		doomed.Note = new("alive")
		s.Add(added)
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT name || coalesce(note, '') FROM authors ORDER BY name"); !cmp.Equal(got, []string{"added", "doomedalive", "elsewhere", "keptbefore"}) {
			t.Errorf("rows %v", got)
		}
		b.idle(t)
	})
	t.Run("what_it_read_is_as_it_was_read_and_the_same_change_is_written_behind_it", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		given := newAuthor("old")
		commit(t, b.Engine, given)
		s := b.session(t)
		var read *Author
		change := func(ctx context.Context) (err error) {
			if read, err = Authors.Get(ctx, s, given.ID); err == nil {
				read.Name = "new"
				err = s.Flush(ctx)
			}
			return err
		}
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			must(t, change(ctx))
			must(t, s.Savepoint(ctx, func(context.Context) error { read.Name = "newer"; return nil }))
			read.Note = new("not flushed")
			return errNo
		})
		wantErr(t, err, errNo)
		if read.Name != "old" || read.Note != nil || read.Version != given.Version || !read.UpdatedAt.Equal(given.UpdatedAt) {
			t.Errorf("behind the savepoint: %+v", read)
		}
		read.Name = "new"
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT name || version FROM authors"); !cmp.Equal(got, []string{"new2"}) {
			t.Errorf("rows %v", got)
		}
	})
	t.Run("an_object_that_fn_let_go_stands_for_its_row_again_and_no_other_does", func(t *testing.T) {
		t.Parallel()
		for _, others := range []int{0, 20} { // with and without an index
			b := newBench(t)
			given := newAuthor("old")
			commit(t, b.Engine, given)
			s := b.session(t)
			for i := range others {
				s.Add(newAuthor(fmt.Sprint(i)))
			}
			first, err := Authors.Get(ctx, s, given.ID)
			must(t, err)
			var second *Author
			err = s.Savepoint(ctx, func(ctx context.Context) error {
				s.Detach(first)
				second, err = Authors.Get(ctx, s, given.ID)
				must(t, err)
				second.Name = "inside"
				must(t, s.Flush(ctx))
				return errNo
			})
			wantErr(t, err, errNo)
			if got, err := Authors.Get(ctx, s, given.ID); err != nil || got != first {
				t.Errorf("got the object that was read inside: %v, %v", got == second, err)
			}
			wantState(t, s, first, "persistent")
			wantState(t, s, second, "detached")
			first.Name, second.Name = "new", "let go"
			must(t, s.Commit(ctx))
			if got := b.Rows(t, "SELECT name || version FROM authors WHERE id = $1", given.ID); !cmp.Equal(got, []string{"new2"}) {
				t.Errorf("rows %v", got)
			}
		}
	})
	t.Run("what_is_kept", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		x, y := newAuthor("x"), newAuthor("y")
		s.Add(x)
		commit(t, b.Engine, newAuthor("warm")) // a first flight may ask for types
		trips := b.RoundTrips(func() {
			must(t, s.Savepoint(ctx, func(context.Context) error {
				x.Name = "X"
				s.Add(y)
				return nil
			}))
		})
		if trips != 2 {
			t.Errorf("%d round trips", trips)
		}
		must(t, s.Commit(ctx))
		if got := b.Rows(t, "SELECT name FROM authors ORDER BY name"); !cmp.Equal(got, []string{"X", "warm", "y"}) {
			t.Errorf("rows %v", got)
		}
	})
	t.Run("a_failed_statement_fails_no_more_than_the_savepoint", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(newAuthor("taken"))
		for _, early := range []bool{true, false} {
			twice := newAuthor("taken")
			err := s.Savepoint(ctx, func(ctx context.Context) error {
				s.Add(twice)
				if early {
					err := s.Flush(ctx)
					wantErr(t, err, nil, "uq_authors_email")
					_, closed := Authors.Query().Count(ctx, s)
					wantErr(t, closed, retort.ErrSessionFailed)
				}
				return nil
			})
			if pgerr.KindOf(err) != pgerr.Unique {
				t.Errorf("got %v", err)
			}
			wantState(t, s, twice, "transient")
		}
		s.Add(newAuthor("other"))
		must(t, s.Commit(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 2 {
			t.Errorf("%d rows", n)
		}
		b.idle(t)
	})
	t.Run("nested", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		c := &Counter{Name: "c"}
		s.Add(c)
		must(t, s.Savepoint(ctx, func(ctx context.Context) error {
			c.Value = 1
			wantErr(t, s.Savepoint(ctx, func(ctx context.Context) error {
				c.Value = 2
				must(t, s.Savepoint(ctx, func(context.Context) error { c.Value = 3; return nil }))
				return errNo
			}), errNo)
			if c.Value != 1 {
				t.Errorf("value %d", c.Value)
			}
			return nil
		}))
		must(t, s.Commit(ctx))
		if got := b.QueryInt(t, "SELECT value FROM counters"); got != 1 {
			t.Errorf("value %d", got)
		}
	})
	t.Run("a_panic_goes_on", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		c := &Counter{Name: "c"}
		s.Add(c)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was held back")
				}
			}()
			_ = s.Savepoint(ctx, func(context.Context) error { c.Value = 1; panic("on purpose") })
		}()
		must(t, s.Commit(ctx))
		if got := b.QueryInt(t, "SELECT value FROM counters"); got != 0 || c.Value != 0 {
			t.Errorf("value %d, object %d", got, c.Value)
		}
	})
	t.Run("the_unit_of_work_does_not_end_inside", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		must(t, s.Savepoint(ctx, func(ctx context.Context) error {
			wantErr(t, s.Commit(ctx), retort.ErrInSavepoint)
			wantErr(t, s.Rollback(ctx), retort.ErrInSavepoint)
			return nil
		}))
		called := 0
		s.AfterCommit(func(context.Context) error { called++; return nil })
		_ = s.Savepoint(ctx, func(context.Context) error {
			s.AfterCommit(func(context.Context) error { called += 10; return nil })
			s.Add(7) // misuse
			return errNo
		})
		must(t, s.Commit(ctx))
		if called != 1 {
			t.Errorf("called %d", called)
		}
	})
	t.Run("a_lost_connection_loses_everything", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(&Counter{Name: "c"})
		err := s.Savepoint(ctx, func(ctx context.Context) error {
			b.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'")
			_, err := Counters.Query().Count(ctx, s)
			return err
		})
		if err == nil {
			t.Error("nobody noticed")
		}
		wantErr(t, s.Commit(ctx), retort.ErrSessionFailed)
		must(t, s.Rollback(ctx))
		if n := b.QueryInt(t, "SELECT count(*) FROM counters"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("in_a_joined_transaction", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, library)
		owner := val(k.Conn(t).Begin(ctx))(t)
		s, err := k.Engine.Join(owner)
		must(t, err)
		defer s.Close(ctx)
		c := &Counter{Name: "c"}
		s.Add(c)
		wantErr(t, s.Savepoint(ctx, func(context.Context) error { c.Value = 1; return errNo }), errNo)
		must(t, s.Commit(ctx))
		must(t, owner.Commit(ctx))
		if got := k.QueryInt(t, "SELECT value FROM counters"); got != 0 {
			t.Errorf("value %d", got)
		}
	})
}
