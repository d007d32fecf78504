package retort_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

// TestPagesOverEveryTypeOfKey reads all rows page by page, many of them equal
// in all keys but the last, and compares with one read of all.
func TestPagesOverEveryTypeOfKey(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, zoo)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	for i := range 23 {
		e := everything()
		n := i % 4
		e.I16, e.I64, e.F64, e.Bool = int16(n), int64(-n), float64(n)/2, n > 1
		e.Text, e.Char, e.Genre = strings.Repeat("é", n), fmt.Sprintf("%-5d", n), []Genre{Novel, Poetry}[n%2]
		e.At, e.Day = e.At.Add(time.Duration(n)*time.Microsecond), e.Day.AddDate(0, 0, n)
		e.Own, e.Bytes, e.List, e.Number = rowID{byte(n)}, []byte{byte(n)}, []string{fmt.Sprint(n)}, number(n)
		s.Add(e)
	}
	must(t, s.Commit(ctx))
	c := everythings.C
	for name, order := range map[string]retort.Order{
		"smallint": retort.Asc(&c.I16), "bigint": retort.Asc(&c.I64), "float": retort.Asc(&c.F64), "bool": retort.Asc(&c.Bool), "text": retort.Asc(&c.Text),
		"char": retort.Asc(&c.Char), "enum": retort.Asc(&c.Genre), "timestamp": retort.Asc(&c.At), "date": retort.Asc(&c.Day), "uuid": retort.Asc(&c.Own),
		"bytes": retort.Asc(&c.Bytes), "list": retort.Asc(&c.List), "named": retort.Asc(&c.Number), "key": retort.Asc(&c.ID),
	} {
		down := retort.Order{Field: order.Field, Desc: true}
		for _, keys := range [][]retort.Order{
			{order, retort.Asc(&c.ID)},
			{down, retort.Desc(&c.ID)},
			{down, retort.Asc(&c.ID)},
			{retort.Desc(&c.Bool), order, retort.Desc(&c.Genre), retort.Desc(&c.ID)},
		} {
			all, err := everythings.OrderBy(keys...).All(ctx, s)
			must(t, err)
			q := everythings.OrderBy(keys...)
			if last := len(keys) - 1; keys[last].Desc == keys[last-1].Desc {
				q = everythings.OrderBy(keys[:last]...) // the page adds it by itself
			}
			if got := inPages(t, s, q); !slices.Equal(all, got) {
				t.Errorf("%s: %d rows in pages, %d at once, or in another order", name, len(got), len(all))
			}
		}
	}
}

// inPages reads all rows of q, five at a time.
func inPages(t *testing.T, s *retort.Session, q *retort.Query[Everything]) []*Everything {
	t.Helper()
	var all []*Everything
	for page := q.Limit(5); len(all) < 100; {
		rows, err := page.All(t.Context(), s)
		must(t, err)
		if len(rows) == 0 {
			break
		}
		all = append(all, rows...)
		position, err := q.Position(s, rows[len(rows)-1])
		must(t, err)
		page = q.Limit(5).After(position...)
	}
	return all
}

// TestCursorsThroughJSON shows what a service does: the values of a position
// have the types of their columns, and are decoded into them again.
func TestCursorsThroughJSON(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	authors := shelf(t, k)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	q := Authors.OrderBy(retort.Desc(&Authors.C.CreatedAt))
	position, err := q.Position(s, authors[1])
	must(t, err)
	text, err := json.Marshal(position)
	must(t, err)
	var at time.Time
	var id uuid.UUID
	must(t, json.Unmarshal(text, &[]any{&at, &id}))
	direct, err := q.After(position...).All(ctx, s)
	must(t, err)
	through, err := q.After(at, id).All(ctx, s)
	must(t, err)
	if !slices.Equal(names(direct), names(through)) || len(direct) != 1 {
		t.Errorf("%v and %v", names(direct), names(through))
	}
	var loose []any
	must(t, json.Unmarshal(text, &loose))
	if _, err := q.After(loose...).All(ctx, s); err == nil || !strings.Contains(err.Error(), "time.Time") || strings.Contains(err.Error(), fmt.Sprint(loose[0])) {
		t.Errorf("strings in place of times: %v", err)
	}
	if _, err := q.Position(s, nil); err == nil {
		t.Error("a position of nil")
	}
	if _, err := Authors.OrderBy(retort.Asc(&Books.C.Title)).Position(s, authors[0]); err == nil {
		t.Error("a position in an order that is wrong")
	}
}

// Shelf has two relations, one of them through a nullable column.
type Shelf struct {
	retort.BigintKey
	Room   string
	Boxes  retort.Many[Box]
	Inside retort.Many[Box]
}

// Box stands on a shelf, and may be meant for another.
type Box struct {
	retort.BigintKey
	ShelfID int64
	MeantID *int64
	Label   string
}

func (Shelf) Define(d *retort.Definition[Shelf]) {
	retort.HasMany(d, &d.C.Boxes, boxes, func(b *Box) *int64 { return &b.ShelfID })
	retort.HasMany(d, &d.C.Inside, boxes, func(b *Box) *int64 { return b.MeantID })
}

func (Box) Define(d *retort.Definition[Box]) {
	d.References(&d.C.ShelfID, &shelves.C.ID)
	d.References(d.C.MeantID, &shelves.C.ID)
}

var (
	shelves = retort.NewTable[Shelf]("shelves")
	boxes   = retort.NewTable[Box]("boxes")
	store   = retort.NewBase(boxes, shelves)
)

func labelsOf(t *testing.T, m *retort.Many[Box]) string {
	t.Helper()
	rows, err := m.All()
	must(t, err)
	out := []string{}
	for _, b := range rows {
		out = append(out, b.Label)
	}
	return strings.Join(out, ",")
}

func TestRelations(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, store)
	ctx := t.Context()
	k.Exec(t, "INSERT INTO shelves (room) VALUES ('a'), ('b'), ('c'), ('a')")
	k.Exec(t, "INSERT INTO boxes (shelf_id, meant_id, label) VALUES (1, 2, 'one'), (1, NULL, 'two'), (2, 2, 'three'), (4, 1, 'four')")
	c := shelves.C
	both := shelves.With(&c.Boxes, &c.Inside).OrderBy(retort.Asc(&c.Room))
	show := func(rows []*Shelf) string {
		var out []string
		for _, r := range rows {
			out = append(out, fmt.Sprintf("%d: %s / %s", r.ID, labelsOf(t, &r.Boxes), labelsOf(t, &r.Inside)))
		}
		return strings.Join(out, "; ")
	}
	for name, tc := range map[string]struct {
		query *retort.Query[Shelf]
		want  string
	}{
		"all":              {both, "1: one,two / four; 4: four / ; 2: three / one,three; 3:  / "},
		"limited":          {both.Limit(2), "1: one,two / four; 4: four / "},
		"the_next_page":    {both.Limit(2).After("a", int64(4)), "2: three / one,three; 3:  / "},
		"filtered":         {both.Where(retort.Eq(&c.Room, "b")), "2: three / one,three"},
		"nothing":          {both.Where(retort.Eq(&c.Room, "z")), ""},
		"none_asked_for":   {both.Limit(0), ""},
		"in_another_order": {shelves.Query().With(&c.Boxes).With(&c.Inside).OrderBy(retort.Desc(&c.Room), retort.Desc(&c.ID)).Limit(1), "3:  / "},
		"asked_for_twice":  {both.With(&c.Boxes).Limit(1), "1: one,two / four"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []string{"alone", "in a transaction", "repeatable read"} {
				opts := retort.TxOptions{}
				if kind == "repeatable read" {
					opts.Isolation = retort.RepeatableRead
				}
				s := k.Engine.SessionWith(opts)
				if kind == "in a transaction" {
					_, err := s.Exec(ctx, "SELECT 1")
					must(t, err)
				}
				rows, err := tc.query.All(ctx, s)
				must(t, err)
				if got := show(rows); got != tc.want {
					t.Errorf("%s:\n got %s\nwant %s", kind, got, tc.want)
				}
				must(t, s.Close(ctx))
			}
		})
	}
	t.Run("first_and_one", func(t *testing.T) {
		t.Parallel()
		s := k.Engine.Session()
		defer s.Close(ctx)
		first, err := both.First(ctx, s)
		must(t, err)
		if got := show([]*Shelf{first}); got != "1: one,two / four" {
			t.Errorf("First: %s", got)
		}
		if _, err := both.One(ctx, s); !errors.Is(err, retort.ErrTooMany) {
			t.Errorf("One: %v", err)
		}
		if n, err := both.Limit(3).Count(ctx, s); err != nil || n != 3 {
			t.Errorf("Count: %d, %v", n, err)
		}
		if found, err := both.Exists(ctx, s); err != nil || !found {
			t.Errorf("Exists: %t, %v", found, err)
		}
	})
	t.Run("not_loaded", func(t *testing.T) {
		t.Parallel()
		s := k.Engine.Session()
		defer s.Close(ctx)
		row, err := shelves.With(&c.Boxes).First(ctx, s)
		must(t, err)
		if _, err := row.Inside.All(); !errors.Is(err, retort.ErrNotLoaded) {
			t.Errorf("got %v", err)
		}
	})
}

// TestChildrenGoWhereTheirRowSays moves a child that the session holds.
func TestChildrenGoWhereTheirRowSays(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, store)
	ctx := t.Context()
	k.Exec(t, "INSERT INTO shelves (room) VALUES ('a'), ('b')")
	k.Exec(t, "INSERT INTO boxes (shelf_id, label) VALUES (1, 'moved')")
	s := k.Engine.Session()
	defer s.Close(ctx)
	box, err := boxes.Get(ctx, s, int64(1))
	must(t, err)
	k.Exec(t, "UPDATE boxes SET shelf_id = 2")
	rows, err := shelves.With(&shelves.C.Boxes).OrderBy(retort.Asc(&shelves.C.ID)).All(ctx, s)
	must(t, err)
	if got := labelsOf(t, &rows[0].Boxes) + "/" + labelsOf(t, &rows[1].Boxes); got != "/moved" {
		t.Errorf("got %s", got)
	}
	moved, err := rows[1].Boxes.All()
	must(t, err)
	if moved[0] != box || box.ShelfID != 1 {
		t.Errorf("the session's object is %p with shelf %d, want %p with 1", moved[0], box.ShelfID, box)
	}
	// Its own change flies with the query that must see it.
	box.ShelfID, box.Label = 1, "back"
	must(t, s.Refresh(ctx, box))
	box.ShelfID = 1
	rows, err = shelves.With(&shelves.C.Boxes).OrderBy(retort.Asc(&shelves.C.ID)).All(ctx, s)
	must(t, err)
	if got := labelsOf(t, &rows[0].Boxes) + "/" + labelsOf(t, &rows[1].Boxes); got != "moved/" {
		t.Errorf("after the change: %s", got)
	}
}

func TestHostileValues(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	c := Authors.C
	count := func(p retort.Predicate) int64 {
		t.Helper()
		n, err := Authors.Where(p).Count(ctx, s)
		must(t, err)
		return n
	}
	for _, text := range []string{
		"'; DROP TABLE authors; --", `\`, `\\`, "$1", "%", "_", "%%", `\%`, "NULL", `"`, "{a,b}", "\u202e", "\ufeff", "𝄞", "a\tb\n", strings.Repeat("x", 1<<20),
	} {
		for _, p := range []retort.Predicate{
			retort.Eq(&c.Name, text), retort.In(&c.Name, []string{text, "x"}), retort.Contains(&c.Name, "Z"+text), retort.HasPrefix(&c.Name, text+"Z"), retort.HasSuffix(&c.Name, "Z"+text),
		} {
			if n := count(p); n != 0 {
				t.Errorf("%.40q: %d rows", text, n)
			}
		}
		k.Exec(t, "UPDATE authors SET note = 'before' || $1 || 'behind' WHERE name = 'austen'", text)
		for _, p := range []retort.Predicate{
			retort.Contains(c.Note, text), retort.HasPrefix(c.Note, "before"+text), retort.HasSuffix(c.Note, text+"behind"), retort.Eq(c.Note, "before"+text+"behind"),
		} {
			if n := count(retort.And(retort.Eq(&c.Name, "austen"), p)); n != 1 {
				t.Errorf("%.40q: the row is not found", text)
			}
		}
	}
	if n := count(retort.Like(&c.Name, `100\%\_%`)); n != 1 {
		t.Errorf("an escaped pattern finds %d rows", n)
	}
	if _, err := Authors.Where(retort.Like(&c.Name, `aus\`)).Count(ctx, s); pgerr.KindOf(err) != pgerr.BadValue || strings.Contains(err.Error(), `aus\`) {
		t.Errorf("a pattern that ends in a backslash: %v", err)
	}
	must(t, s.Rollback(ctx))
	many := make([]string, 100000)
	for i := range many {
		many[i] = fmt.Sprint("name ", i)
	}
	many[99999] = "austen"
	if n := count(retort.In(&c.Name, many)); n != 1 {
		t.Errorf("In of 100,000: %d rows", n)
	}
	ids := make([]uuid.UUID, 100000)
	if n := count(retort.In(&c.ID, ids)); n != 0 {
		t.Errorf("In of 100,000 keys: %d rows", n)
	}
	for name, p := range map[string]retort.Predicate{
		"eq": retort.Eq(&c.Name, "s3cret\x00"), "in": retort.In(&c.Name, []string{"a", "s3cret\xff"}), "contains": retort.Contains(&c.Name, "s3cret\x00"), "slot": retort.Eq(c.Note, "s3cret\xc3"),
	} {
		_, err := Authors.Where(p).Count(ctx, s)
		var value *retort.ValueError
		if !errors.As(err, &value) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestQueriesFromManyGoroutines builds and runs queries from one base.
func TestQueriesFromManyGoroutines(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	shelf(t, k)
	c := Authors.C
	base := Authors.Where(retort.Ne(&c.Name, "x"), retort.Ne(&c.Name, "y")).Where(retort.IsNotNull(&c.Name)).OrderBy(retort.Asc(&c.Name)).OrderBy(retort.Asc(&c.Email)).OrderBy(retort.Asc(&c.ID))
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			s := k.Engine.Session()
			defer s.Close(context.Background())
			for range 20 {
				q := base.Where(retort.Eq(&c.Name, []string{"austen", "brontë"}[i%2])).OrderBy(retort.Desc(&c.CreatedAt)).With(&c.Books)
				rows, err := q.All(t.Context(), s)
				if err != nil || len(rows) != 1 || rows[0].Name != []string{"austen", "brontë"}[i%2] {
					t.Errorf("%v, %v", names(rows), err)
				}
			}
		})
	}
	group.Wait()
}

func TestQueriesWithoutATable(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	s := k.Engine.Session()
	defer s.Close(t.Context())
	var q *retort.Query[Author]
	if _, err := q.Limit(1).All(t.Context(), s); err == nil || !strings.Contains(err.Error(), "without a table") {
		t.Errorf("a zero query: %v", err)
	}
	if _, err := q.One(t.Context(), s); err == nil {
		t.Error("One of a zero query")
	}
	if _, err := q.Exists(t.Context(), s); err == nil {
		t.Error("Exists of a zero query")
	}
	for _, err := range q.Iter(t.Context(), s) {
		if err == nil {
			t.Error("a row of a zero query")
		}
	}
	if _, err := q.Position(s, &Author{}); err == nil {
		t.Error("a position in a zero query")
	}
}
