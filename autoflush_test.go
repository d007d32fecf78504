package retort_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// updates counts the statements that write existing rows.
func updates(statements []string) (n int) {
	for _, sql := range statements {
		if strings.Contains(sql, "UPDATE \"") {
			n++
		}
	}
	return n
}

func TestGetInALoopOfChanges(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	var authors []*Author
	for _, name := range []string{"jane", "mary", "emily"} {
		authors = append(authors, newAuthor(name))
		commit(t, k.Engine, authors[len(authors)-1])
	}
	book := newBook(authors[0], "Emma")
	commit(t, k.Engine, book)
	get := func(t *testing.T, s *retort.Session, i int) *Author {
		t.Helper()
		a, err := Authors.Get(ctx, s, authors[i].ID)
		must(t, err)
		return a
	}

	t.Run("writes_all_rows_in_one_statement_at_the_end", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		statements := k.Statements(func() {
			for i := range authors {
				get(t, s, i).Name = "changed in a loop"
			}
			if got := k.Engine.Stats().InUse; got != 0 {
				t.Errorf("%d connections are held between reads and Commit", got)
			}
			must(t, s.Commit(ctx))
		})
		if got := updates(statements); got != 1 {
			t.Errorf("%d UPDATEs, want 1 for all rows:\n%s", got, strings.Join(statements, "\n"))
		}
	})
	t.Run("writes_rows_of_other_tables_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		b, err := Books.Get(ctx, s, book.ID)
		must(t, err)
		b.Pages++
		if got := updates(k.Statements(func() { get(t, s, 1) })); got != 1 {
			t.Errorf("%d UPDATEs before the read, want 1: a trigger may change the row", got)
		}
	})
	t.Run("writes_new_rows_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Add(newAuthor("anne"))
		if got := len(k.Statements(func() { get(t, s, 1) })); got < 2 {
			t.Errorf("%d statements, want the INSERT before the SELECT", got)
		}
	})
	t.Run("deletes_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		s.Delete(get(t, s, 0))
		if _, err := Books.Get(ctx, s, book.ID); !errors.Is(err, retort.ErrNotFound) {
			t.Errorf("a book of the deleted author: got %v, want ErrNotFound", err)
		}
	})
	t.Run("a_query_writes_before", func(t *testing.T) {
		s := k.Engine.Session()
		defer s.Close(ctx)
		get(t, s, 0).Name = "seen by the query"
		n, err := Authors.Where(retort.Eq(&Authors.C.Name, "seen by the query")).Count(ctx, s)
		must(t, err)
		if n != 1 {
			t.Errorf("the query sees %d rows, want the session's own write", n)
		}
	})
}

// nodes refer to each other by a name that may change.
type node struct {
	ID     int64
	Name   string
	Parent *string
}

func (node) Define(d *retort.Definition[node]) {
	d.PrimaryKey(&d.C.ID)
	d.Unique(&d.C.Name)
	d.References(&d.C.Parent, &nodes.C.Name).OnUpdate(schema.Cascade)
}

var nodes = retort.NewTable[node]("nodes")

func TestGetSeesWhatTheDatabaseChangesTogether(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, retort.NewBase(nodes))
	ctx := t.Context()
	name := "root"
	commit(t, k.Engine, &node{ID: 1, Name: name}, &node{ID: 2, Name: "leaf", Parent: &name})
	s := k.Engine.Session()
	defer s.Close(ctx)
	root, err := nodes.Get(ctx, s, int64(1))
	must(t, err)
	root.Name = "trunk"
	leaf, err := nodes.Get(ctx, s, int64(2))
	must(t, err)
	if leaf.Parent == nil {
		t.Fatal("the leaf has no parent")
	}
	if *leaf.Parent != "trunk" {
		t.Errorf("the leaf's parent is %q, want what ON UPDATE CASCADE made of it", *leaf.Parent)
	}
}

func TestNoAutoflush(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	ctx := t.Context()
	s := k.Engine.SessionWith(retort.TxOptions{NoAutoflush: true})
	defer s.Close(ctx)
	s.Add(newAuthor("jane"))
	count := func() (n int64) {
		t.Helper()
		n, err := Authors.OrderBy().Count(ctx, s)
		must(t, err)
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("a query sees %d rows, want none: nothing was flushed", n)
	}
	raw, err := retort.SQL[int64]("SELECT count(*) FROM authors").One(ctx, s)
	must(t, err)
	if raw != 0 {
		t.Errorf("raw SQL sees %d rows, want none: nothing was flushed", raw)
	}
	must(t, s.Flush(ctx))
	if n := count(); n != 1 {
		t.Errorf("after Flush a query sees %d rows, want 1", n)
	}
	s.Add(newAuthor("mary"))
	must(t, s.Commit(ctx))
	if n := count(); n != 2 {
		t.Errorf("after Commit there are %d rows, want 2", n)
	}
}
