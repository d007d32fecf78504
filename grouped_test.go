package retort_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// TestGroupedStatements compares the texts for several rows with testdata and
// their effect with the objects.
func TestGroupedStatements(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	compare := func(t *testing.T, b bench, name string) {
		t.Helper()
		var text strings.Builder
		for _, f := range b.seen.take() {
			for _, sql := range append([]string{f.Begin}, append(f.Statements, f.End)...) {
				if sql != "" {
					text.WriteString(sql + ";\n")
				}
			}
		}
		golden(t, "grouped_"+name+".sql", text.String())
	}
	t.Run("keys_of_the_program", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		var authors []*Author
		for i := range 5 {
			a := newAuthor(fmt.Sprint("a", i))
			if i%2 == 0 {
				a.Note = new("even")
			}
			authors = append(authors, a)
			s.Add(a)
		}
		must(t, s.Commit(ctx))
		compare(t, b, "insert")
		for i, a := range authors {
			if a.CreatedAt.IsZero() || a.Version.Version != 1 {
				t.Errorf("%d: %+v", i, a)
			}
			a.Name += "!"
		}
		before := authors[0].UpdatedAt
		must(t, s.Commit(ctx))
		compare(t, b, "update_versioned")
		for i, a := range authors {
			if !a.UpdatedAt.After(before) || a.Version.Version != 2 {
				t.Errorf("%d: %+v", i, a)
			}
		}
		if got, want := b.Rows(t, "SELECT name || coalesce(note, '-') FROM authors ORDER BY name"), []string{"a0!even", "a1!-", "a2!even", "a3!-", "a4!even"}; !cmp.Equal(got, want) {
			t.Errorf("rows %v", got)
		}
		for _, a := range authors {
			s.Delete(a)
		}
		must(t, s.Commit(ctx))
		compare(t, b, "delete_versioned")
		if n := b.QueryInt(t, "SELECT count(*) FROM authors"); n != 0 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("keys_of_the_database", func(t *testing.T) {
		t.Parallel()
		b := newForest(t)
		s := b.session(t)
		node := &Node{Name: "n"}
		s.Add(node)
		var leaves []*Leaf
		for i := range 50 {
			leaves = append(leaves, &Leaf{NodeID: node.ID, Label: fmt.Sprint(i)})
			s.Add(leaves[i])
		}
		must(t, s.Commit(ctx))
		compare(t, b, "insert_numbered")
		for i, l := range leaves {
			if got := b.QueryString(t, "SELECT label FROM leaves WHERE id = $1", l.ID); got != l.Label || int(l.ID) != i+1 {
				t.Errorf("leaf %d has key %d, the row with it is %s", i, l.ID, got)
			}
		}
	})
	t.Run("keys_of_two_columns_and_no_version", func(t *testing.T) {
		t.Parallel()
		b := newShops(t)
		s := b.session(t)
		for no := range int32(4) {
			s.Add(&Seat{Hall: "h", Row: 1, No: no})
		}
		must(t, s.Commit(ctx))
		b.seen.take()
		seats, err := Seats.Query().All(ctx, s)
		must(t, err)
		b.seen.take()
		for i, seat := range seats {
			seat.Taken = i != 1
		}
		must(t, s.Commit(ctx))
		compare(t, b, "update_two_columns")
		s.Delete(seats[0], seats[2])
		seats[1].Taken, seats[3].Left = true, &seats[1].No
		must(t, s.Commit(ctx))
		compare(t, b, "several_statements_of_one_table")
		if got := b.Rows(t, `SELECT no || taken::text || coalesce("left", -1) FROM seats ORDER BY no`); !cmp.Equal(got, []string{"1true-1", "3true1"}) {
			t.Errorf("rows %v", got)
		}
	})
	t.Run("every_type", func(t *testing.T) {
		t.Parallel()
		seen := &recorder{}
		b := bench{retorttest.New(t, zoo, func(c *retort.Config) { c.Observer = seen }), seen}
		s := b.session(t)
		var rows []*Everything
		var nullable []*Maybe
		for i := range 3 {
			e := everything()
			e.Text, e.List, e.Labels = fmt.Sprint(`x{},"\`, i), []string{"a,b", `"{}\`, "NULL", ""}, labels{fmt.Sprint(i)}
			e.Char, e.Varchar, e.Map = "ab   ", "long enough", map[string]any{"i": float64(i), "s": `"{}`}
			e.Raw, e.Address = json.RawMessage(fmt.Sprint(`{"i": `, i, `}`)), address{`a"b`, []int{i}}
			rows = append(rows, e)
			m := &Maybe{}
			if i > 0 {
				m.Text, m.Genre, m.List, m.Day, m.Map, m.Char = &e.Text, new(Poetry), &e.List, &e.Day, &e.Map, &e.Char
			}
			nullable = append(nullable, m)
			s.Add(e, m)
		}
		must(t, s.Commit(ctx))
		same := func() {
			t.Helper()
			fresh := b.session(t)
			for i := range rows {
				got, err := everythings.Get(ctx, fresh, rows[i].ID)
				must(t, err)
				if diff := cmp.Diff(rows[i], got); diff != "" {
					t.Errorf("%d (-written +read): %s", i, diff)
				}
				null, err := maybes.Get(ctx, fresh, nullable[i].ID)
				must(t, err)
				if diff := cmp.Diff(nullable[i], null); diff != "" {
					t.Errorf("%d (-written +read): %s", i, diff)
				}
			}
		}
		same()
		for i, e := range rows {
			e.List[0], e.Labels, e.Genre, e.Bytes = "changed inside", nil, Poetry, []byte{byte(i)}
			e.Map["i"], e.Char, e.At = 7.0, "x    ", e.At.Add(time.Hour)
			e.Labels = labels{}
			nullable[i].Genre, nullable[i].List, nullable[i].Text = nil, &[]string{"{"}, nil
		}
		b.seen.take()
		must(t, s.Commit(ctx))
		if n := len(b.seen.verbs()); n != 3 {
			t.Errorf("%d statements, want one for each table and set of columns", n)
		}
		same()
	})
	t.Run("too_long_a_text_is_not_cut", func(t *testing.T) {
		t.Parallel()
		k := retorttest.New(t, zoo)
		s := k.Engine.Session()
		defer s.Close(ctx)
		for range 2 {
			e := everything()
			e.Varchar = strings.Repeat("é", 21)
			s.Add(e)
		}
		if err := s.Commit(ctx); pgerr.KindOf(err) != pgerr.BadValue {
			t.Errorf("got %v", err)
		}
	})
}

func TestGroupedFailures(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	t.Run("a_constraint_is_named", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		s.Add(newAuthor("a"), newAuthor("b"), newAuthor("a"))
		err := s.Commit(ctx)
		var violated *pgerr.ConstraintError
		if !errors.As(err, &violated) || violated.Constraint != "uq_authors_email" || !cmp.Equal(violated.Columns, []string{"email"}) {
			t.Errorf("got %v", err)
		}
		wantErr(t, err, nil, "INSERT authors")
	})
	t.Run("stale_rows_are_named", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		s := b.session(t)
		var authors []*Author
		for i := range 100 {
			authors = append(authors, newAuthor(fmt.Sprintf("%03d", i)))
			s.Add(authors[i])
		}
		must(t, s.Commit(ctx))
		b.Exec(t, "UPDATE authors SET version = 9 WHERE name IN ('007', '042')")
		b.Exec(t, "DELETE FROM authors WHERE name = '099'")
		for _, a := range authors {
			a.Note = new("x")
		}
		var stale *retort.StaleError
		err := s.Commit(ctx)
		wantErr(t, err, retort.ErrStale, `3 rows of "authors"`)
		if errors.As(err, &stale); !cmp.Equal(stale.Keys, []any{authors[7].ID, authors[42].ID, authors[99].ID}) || stale.Key != authors[7].ID {
			t.Errorf("keys %v", stale.Keys)
		}
		if n := b.QueryInt(t, "SELECT count(*) FROM authors WHERE note IS NOT NULL"); n != 0 {
			t.Errorf("%d rows were written", n)
		}
		must(t, s.Rollback(ctx))
		loaded, err := Authors.OrderBy(retort.Asc(&Authors.C.Name)).Limit(3).All(ctx, s)
		must(t, err)
		b.Exec(t, "UPDATE authors SET version = 9 WHERE id = $1", authors[1].ID)
		s.Delete(loaded[0], loaded[1], loaded[2])
		err = s.Commit(ctx)
		wantErr(t, err, retort.ErrStale, `a row of "authors"`)
		if errors.As(err, &stale); !cmp.Equal(stale.Keys, []any{authors[1].ID}) {
			t.Errorf("keys %v", stale.Keys)
		}
	})
	t.Run("a_trigger_suppresses_some_rows", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		b.Exec(t, `CREATE FUNCTION odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.name = 'b' THEN RETURN NULL; END IF; RETURN NEW; END $$`)
		b.Exec(t, "CREATE TRIGGER odd BEFORE INSERT ON authors FOR EACH ROW EXECUTE FUNCTION odd()")
		s := b.session(t)
		x, y, z := newAuthor("a"), newAuthor("b"), newAuthor("c")
		s.Add(x, y, z)
		wantErr(t, s.Flush(ctx), nil, "INSERT retort_test.Author came back without its row")
		if x.CreatedAt.IsZero() || !y.CreatedAt.IsZero() || z.CreatedAt.IsZero() {
			t.Error("rows went to other objects")
		}
	})
}

func TestLargeGroupsAreCut(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *retort.Config) { c.CommitTimeout = 2 * time.Minute })
	ctx := t.Context()
	s := b.session(t)
	commit(t, b.Engine, &Counter{Name: "warm"})
	b.seen.take()
	const n = 20_500
	for i := range n {
		s.Add(&Counter{Name: fmt.Sprintf("%06d", i)})
	}
	if got := b.RoundTrips(func() { must(t, s.Commit(ctx)) }); got != 1 {
		t.Errorf("%d round trips", got)
	}
	if diff := cmp.Diff([]string{"INSERT counters", "INSERT counters", "INSERT counters"}, b.seen.verbs()); diff != "" {
		t.Error(diff)
	}
	if got := b.QueryInt(t, "SELECT count(*) FROM counters"); got != n+1 {
		t.Errorf("%d rows", got)
	}
	// 40 MB are too much for one statement.
	huge := strings.Repeat("x", 20<<20)
	s.Add(newAuthor("a"+huge[:10]), newAuthor("b"), newAuthor("c"))
	must(t, s.Commit(ctx))
	authors, err := Authors.Query().All(ctx, s)
	must(t, err)
	b.seen.take()
	for _, a := range authors {
		a.Note = &huge
	}
	must(t, s.Commit(ctx))
	if got := b.seen.verbs(); len(got) != 3 {
		t.Errorf("%d statements: %v", len(got), got)
	}
	if got := b.QueryInt(t, "SELECT sum(length(note)) FROM authors"); got != 3*20<<20 {
		t.Errorf("%d characters", got)
	}
}

// TestRoundTripsOfGraphs counts the flights of many rows.
func TestRoundTripsOfGraphs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx := t.Context()
	var authors []*Author
	warm := newAuthor("warm") // a first flight may ask for types
	commit(t, b.Engine, warm)
	commit(t, b.Engine, newBook(warm, "warm"))
	s := b.session(t)
	for i := range 100 {
		authors = append(authors, newAuthor(fmt.Sprint(i)))
		s.Add(authors[i])
	}
	trips := func(name string, want int, f func()) {
		t.Helper()
		if got := b.RoundTrips(f); got != want {
			t.Errorf("%s: %d round trips, want %d", name, got, want)
		}
	}
	trips("100 inserts", 1, func() { must(t, s.Commit(ctx)) })
	trips("100 versioned updates", 1, func() {
		for _, a := range authors {
			a.Name += "!"
		}
		must(t, s.Commit(ctx))
	})
	trips("1 + 20", 1, func() {
		a := newAuthor("graph")
		a.ID = uuid.Must(uuid.NewV7())
		s.Add(a)
		for i := range 20 {
			s.Add(newBook(a, fmt.Sprint(i)))
		}
		must(t, s.Commit(ctx))
	})
	trips("100 versioned deletes", 1, func() {
		for _, a := range authors {
			s.Delete(a)
		}
		must(t, s.Commit(ctx))
	})
}

// TestGroupsThatAreTooLarge are several statements. Parts of one locked in the
// order of their keys lock in that order, too, so nothing locks them all before.
func TestGroupsThatAreTooLarge(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const rows = 10_001
	b := newBench(t)
	s := b.session(t)
	counters := make([]*Counter, rows)
	for i := range counters {
		counters[i] = &Counter{Name: fmt.Sprintf("%06d", (i*7919)%rows)}
		s.Add(counters[i])
	}
	must(t, s.Commit(ctx))
	b.seen.take()
	for i, c := range counters {
		c.Value = int64(i + 1)
	}
	must(t, s.Commit(ctx))
	flights := b.seen.take()
	if len(flights) != 1 || len(flights[0].Statements) != 2 {
		t.Errorf("%d flights, the first of %d statements; want 1 of 2", len(flights), len(flights[0].Statements))
	}
	if n := b.QueryInt(t, "SELECT sum(value) FROM counters"); n != rows*(rows+1)/2 {
		t.Errorf("the values come to %d, want %d", n, rows*(rows+1)/2)
	}
	for _, c := range counters[:10] {
		if n := b.QueryInt(t, "SELECT value FROM counters WHERE name = '"+c.Name+"'"); int64(n) != c.Value {
			t.Errorf("%s is %d, want %d", c.Name, n, c.Value)
		}
	}
}
