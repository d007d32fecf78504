package retort_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
)

// counters makes n of them.
func counters(n int) iter.Seq[*Counter] {
	return func(yield func(*Counter) bool) {
		for i := range n {
			if !yield(&Counter{Name: fmt.Sprintf("%08d", i), Value: int64(i)}) {
				return
			}
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	k, _, authors := stocked(t)
	ctx := t.Context()
	a, b := Authors.C, Books.C

	t.Run("every_type_comes_back_as_it_was", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		book := newBook(authors[0], "copied")
		book.Published, book.Weight, book.Rank = new(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)), new(float32(1.5)), new(int16(7))
		n, err := Books.CopyIn(ctx, s, func(yield func(*Book) bool) { yield(book) })
		must(t, err)
		got, err := Books.Get(ctx, s, book.ID)
		must(t, err)
		if diff := cmp.Diff(book, got); diff != "" || n != 1 {
			t.Errorf("%d rows (-written +read):\n%s", n, diff)
		}
	})

	t.Run("rows_of_the_session_are_written_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		parent := newAuthor("parent")
		s.Add(parent)
		n, err := Books.CopyIn(ctx, s, func(yield func(*Book) bool) { _ = yield(newBook(parent, "1")) && yield(newBook(parent, "2")) })
		must(t, err)
		if n != 2 {
			t.Errorf("%d rows", n)
		}
	})

	t.Run("takes_one_round_trip_with_BEGIN_and_what_is_pending", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		parent := newAuthor("one trip")
		s.Add(parent)
		trips := k.RoundTrips(func() {
			n, err := Books.CopyIn(ctx, s, func(yield func(*Book) bool) { yield(newBook(parent, "one trip")) })
			must(t, err)
			if n != 1 {
				t.Errorf("%d rows", n)
			}
		})
		if trips != 1 {
			t.Errorf("%d round trips", trips)
		}
		if trips := k.RoundTrips(func() { must(t, s.Commit(ctx)) }); trips != 1 {
			t.Errorf("COMMIT: %d round trips", trips)
		}
	})

	t.Run("one_bad_row_and_nothing_is_kept", func(t *testing.T) {
		before := k.QueryInt(t, "SELECT count(*) FROM authors")
		for name, last := range map[string]*Author{"a row is nil": nil, "NUL": {Name: "a\x00"}, "unique constraint": newAuthor("austen")} {
			s := k.Engine.Session()
			_, err := Authors.CopyIn(ctx, s, func(yield func(*Author) bool) { _ = yield(newAuthor(name)) && yield(last) })
			wantErr(t, err, nil, name)
			if err := s.Commit(ctx); err == nil {
				t.Errorf("%s: the session committed", name)
			}
			must(t, s.Close(context.Background()))
		}
		if n := k.QueryInt(t, "SELECT count(*) FROM authors"); n != before {
			t.Errorf("%d authors, want the %d of before", n, before)
		}
	})

	t.Run("is_refused_in_a_read_only_session", func(t *testing.T) {
		s := k.Engine.SessionWith(retort.TxOptions{ReadOnly: true})
		defer s.Close(context.Background())
		_, err := Counters.CopyIn(ctx, s, counters(1))
		wantErr(t, err, retort.ErrReadOnly)
	})

	t.Run("a_panic_of_the_rows_goes_on_and_loses_the_transaction", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			_, _ = Counters.CopyIn(ctx, s, func(func(*Counter) bool) { panic("rows") })
		}()
		if err := s.Commit(ctx); err == nil {
			t.Error("the session committed")
		}
	})

	t.Run("the_rows_cannot_use_its_session", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		_, err := Counters.CopyIn(ctx, s, func(yield func(*Counter) bool) {
			_, err := Counters.Query().Count(ctx, s)
			wantErr(t, err, retort.ErrIterOpen)
			yield(&Counter{Name: "one"})
		})
		must(t, err)
		must(t, s.Commit(ctx)) // which is free again
	})
	t.Run("to_a_writer", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		var row struct {
			Name  string
			Note  *string
			Pages int64
		}
		x := retort.Select(Authors.Query().Join(Books, retort.EqCol(&b.AuthorID, &a.ID)).
			Where(retort.In(&a.Name, []string{"brontë", `o'x\`}), retort.Eq(&b.Genre, Poetry), retort.In(&b.Genre, []Genre{Poetry}), retort.Gt(&b.Pages, 5), retort.Eq(&b.InPrint, true),
				retort.Contains(&a.Email, "x"), retort.Lt(&b.SeenAt, time.Now()), retort.Ne(&a.ID, authors[0].ID), retort.Lower(retort.Col(&a.Name)).Ne("'; DROP TABLE books; --")).GroupBy(&a.ID),
			&row, retort.Into(&row.Name, &a.Name), retort.Into(&row.Note, &a.Note), retort.Into(&row.Pages, retort.Sum[int64](retort.Col(&b.Pages))))
		for format, want := range map[retort.CopyFormat]string{
			retort.CopyCSV: "name,note,pages\nbrontë,note 1,100\n", retort.CopyText: "brontë\tnote 1\t100\n",
		} {
			var out bytes.Buffer
			n, err := x.Named("report").CopyTo(ctx, s, &out, format)
			must(t, err)
			if diff := cmp.Diff(want, out.String()); diff != "" || n != 1 {
				t.Errorf("%d rows: %s", n, diff)
			}
		}
		var out bytes.Buffer
		_, err := x.CopyTo(ctx, s, &out, retort.CopyBinary)
		must(t, err)
		if !strings.HasPrefix(out.String(), "PGCOPY\n") {
			t.Errorf("%q", out.String())
		}
		_, err = x.CopyTo(ctx, s, &out, "FORMAT csv) TO PROGRAM 'x' --")
		wantErr(t, err, nil, "none of CopyCSV")
	})

	t.Run("a_writer_that_fails_fails_the_session", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(context.Background())
		broken := errors.New("the disk is full")
		r, w := io.Pipe()
		must(t, r.CloseWithError(broken))
		_, err := retort.Values(Authors.Query(), retort.Col(&a.Name)).CopyTo(ctx, s, w, retort.CopyText)
		wantErr(t, err, broken)
	})
}
