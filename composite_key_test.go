package retort_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/gofrs/uuid/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Stock has a key of a UUID and an integer.
type Stock struct {
	Shop  uuid.UUID
	Shelf int32
	Title string
	Count int64
	retort.Version
	retort.Timestamps
}

// Define declares what the fields cannot say.
func (Stock) Define(d *retort.Definition[Stock]) {
	d.PrimaryKey(&d.C.Shop, &d.C.Shelf)
	d.Unique(&d.C.Shop, &d.C.Title)
}

// Move has a key of three columns, one of them numbered by the database, and
// refers to the two of a stock.
type Move struct {
	Shop  uuid.UUID
	Day   string
	No    int64
	Shelf int32
	By    int64
}

// Define declares what the fields cannot say.
func (Move) Define(d *retort.Definition[Move]) {
	d.PrimaryKey(&d.C.Day, &d.C.Shop, &d.C.No)
	d.Column(&d.C.No).Identity(schema.IdentityByDefault)
	d.ForeignKey([]any{&d.C.Shop, &d.C.Shelf}, []any{&Stocks.C.Shop, &Stocks.C.Shelf}).OnDelete(schema.Restrict)
}

// Seat has a key of three columns that the program makes, and refers to itself.
type Seat struct {
	Hall  string
	Row   int32
	No    int32
	Left  *int32 // No of the neighbor
	Taken bool
}

// Define declares what the fields cannot say.
func (Seat) Define(d *retort.Definition[Seat]) {
	d.PrimaryKey(&d.C.Hall, &d.C.Row, &d.C.No)
	d.ForeignKey([]any{&d.C.Hall, &d.C.Row, d.C.Left}, []any{&Seats.C.Hall, &Seats.C.Row, &Seats.C.No})
}

var (
	Stocks = retort.NewTable[Stock]("stocks")
	Moves  = retort.NewTable[Move]("moves")
	Seats  = retort.NewTable[Seat]("seats")
	shops  = retort.NewBase(Moves, Stocks, Seats)
)

func newShops(tb testing.TB) bench {
	tb.Helper()
	seen := &recorder{}
	return bench{retorttest.New(tb, shops, func(c *retort.Config) { c.Observer = seen }), seen}
}

func TestCompositeKeys(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	b := newShops(t)
	shop := uuid.Must(uuid.NewV7())

	t.Run("insert_get_update_delete", func(t *testing.T) {
		s := b.session(t)
		x, y := &Stock{Shop: shop, Shelf: 1, Title: "x"}, &Stock{Shop: shop, Shelf: 2, Title: "y"}
		s.Add(x, y)
		must(t, s.Commit(ctx))
		if got, err := Stocks.Get(ctx, s, retort.Key{shop, int32(2)}); err != nil || got != y {
			t.Errorf("got %p, %v; want the object of the session", got, err)
		}
		other := b.session(t)
		got, err := Stocks.Get(ctx, other, retort.Key{shop, int32(1)})
		must(t, err)
		got.Count = 7
		must(t, other.Commit(ctx))
		must(t, s.Refresh(ctx, x))
		if x.Count != 7 || x.Version.Version != 2 || y.Version.Version != 1 {
			t.Errorf("x is %+v, y is %+v", x, y)
		}
		s.Delete(y)
		must(t, s.Commit(ctx))
		_, err = Stocks.Get(ctx, other, retort.Key{shop, int32(2)})
		wantErr(t, err, retort.ErrNotFound)
		if n := b.QueryInt(t, "SELECT count(*) FROM stocks"); n != 1 {
			t.Errorf("%d rows", n)
		}
	})
	t.Run("a_stale_row_is_named_by_its_whole_key", func(t *testing.T) {
		x := &Stock{Shop: shop, Shelf: 10, Title: "stale"}
		s := b.session(t)
		s.Add(x)
		must(t, s.Commit(ctx))
		b.Exec(t, "UPDATE stocks SET version = version + 1 WHERE shelf = 10")
		x.Count++
		err := s.Commit(ctx)
		var stale *retort.StaleError
		wantErr(t, err, retort.ErrStale, "stocks")
		if !errors.As(err, &stale) || !cmp.Equal(stale.Key, any(retort.Key{shop, int32(10)})) {
			t.Errorf("key %v", stale.Key)
		}
	})
	t.Run("one_column_is_made_by_the_database", func(t *testing.T) {
		s := b.session(t)
		stock := &Stock{Shop: shop, Shelf: 20, Title: "m"}
		first, second := &Move{Shop: shop, Day: "2024-02-29", Shelf: 20, By: 1}, &Move{Shop: shop, Day: "2024-02-29", Shelf: 20, By: 2}
		s.Add(first, second, stock) // the stock last, although the others refer to it
		must(t, s.Commit(ctx))
		if first.No == 0 || second.No == 0 || first.No == second.No {
			t.Fatalf("numbers %d and %d", first.No, second.No)
		}
		if got, err := Moves.Get(ctx, s, retort.Key{first.Day, shop, first.No}); err != nil || got != first {
			t.Errorf("got %v, %v", got, err)
		}
		second.By = 3
		s.Delete(first)
		must(t, s.Commit(ctx))
		s.Delete(stock, second) // the move goes first
		must(t, s.Commit(ctx))
	})
	t.Run("rows_of_one_table_by_their_own_foreign_key", func(t *testing.T) {
		s := b.session(t)
		var seats []*Seat
		for no := range int32(6) {
			seat := &Seat{Hall: "a", Row: 1, No: no}
			if no > 0 {
				seat.Left = new(no - 1)
			}
			seats = append(seats, seat)
		}
		for _, i := range []int{5, 2, 0, 4, 1, 3} {
			s.Add(seats[i])
		}
		must(t, s.Commit(ctx))
		for _, i := range []int{0, 3, 5, 2, 1, 4} {
			s.Delete(seats[i])
		}
		must(t, s.Commit(ctx))
	})
	t.Run("pages_break_ties_by_all_columns", func(t *testing.T) {
		s := b.session(t)
		for row := range int32(3) {
			for no := range int32(3) {
				s.Add(&Seat{Hall: "pages", Row: row, No: no, Taken: row == 1})
			}
		}
		must(t, s.Commit(ctx))
		c := Seats.C
		q := Seats.Where(retort.Eq(&c.Hall, "pages")).OrderBy(retort.Desc(&c.Taken)).Limit(2)
		var got []string
		for page := q; ; {
			rows, err := page.All(ctx, s)
			must(t, err)
			for _, r := range rows {
				got = append(got, fmt.Sprint(r.Taken, r.Row, r.No))
			}
			if len(rows) < 2 {
				break
			}
			position, err := q.Position(s, rows[1])
			must(t, err)
			if len(position) != 4 {
				t.Fatalf("a position of %d values: %v", len(position), position)
			}
			page = q.After(position...)
		}
		want := []string{
			"true 1 2", "true 1 1", "true 1 0", "false 2 2", "false 2 1", "false 2 0", "false 0 2", "false 0 1", "false 0 0",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a_changed_part_of_the_key_is_refused", func(t *testing.T) {
		s := b.session(t)
		x := &Stock{Shop: shop, Shelf: 30, Title: "changed"}
		s.Add(x)
		must(t, s.Commit(ctx))
		x.Shelf = 31
		wantErr(t, s.Commit(ctx), nil, `primary key "shop", "shelf" of a loaded object was changed`)
		must(t, s.Rollback(ctx))
		s.Add(&Stock{Shop: shop, Shelf: 32, Title: "a"}, &Stock{Shop: shop, Shelf: 32, Title: "b"})
		wantErr(t, s.Commit(ctx), nil, "pk_stocks")
	})
	t.Run("a_key_of_another_form_is_refused", func(t *testing.T) {
		s := b.session(t)
		for text, key := range map[string]any{
			`the primary key has 2 columns ("shop", "shelf"); pass retort.Key`:  shop,
			`the primary key has 2 columns ("shop", "shelf"), the retort.Key 1`: retort.Key{shop},
			`the primary key has 2 columns ("shop", "shelf"), the retort.Key 3`: retort.Key{shop, int32(1), 2},
			`column shelf`: retort.Key{shop, "1"},
		} {
			_, err := Stocks.Get(ctx, s, key)
			wantErr(t, err, nil, text)
		}
	})
}

// TestCompositeKeysAreCompared puts rows with keys of few values into a session
// and wants each row once.
func TestCompositeKeysAreCompared(t *testing.T) {
	t.Parallel()
	b := newShops(t)
	ctx := t.Context()
	halls := []string{"", "a", "ab", "b", "\x01", "é"}
	rapid.Check(t, func(rt *rapid.T) {
		check := func(err error) {
			if err != nil {
				rt.Fatal(err)
			}
		}
		b.Exec(t, "DELETE FROM seats")
		s := b.Engine.Session()
		defer s.Close(ctx)
		rows := make(map[string]*Seat)
		for range rapid.IntRange(0, 12).Draw(rt, "steps") {
			hall := rapid.SampledFrom(halls).Draw(rt, "hall")
			row, no := rapid.Int32Range(-1, 1).Draw(rt, "row"), rapid.Int32Range(-1, 1).Draw(rt, "no")
			name := fmt.Sprintf("%q %d %d", hall, row, no)
			seat, known := rows[name]
			switch {
			case !known:
				seat = &Seat{Hall: hall, Row: row, No: no}
				rows[name] = seat
				s.Add(seat)
			case rapid.Bool().Draw(rt, "delete"):
				delete(rows, name)
				s.Delete(seat)
			default:
				seat.Taken = !seat.Taken
			}
			if rapid.Bool().Draw(rt, "flush") {
				check(s.Flush(ctx))
			}
		}
		check(s.Commit(ctx))
		fresh := b.Engine.Session()
		defer fresh.Close(ctx)
		if n, err := Seats.Query().Count(ctx, fresh); err != nil || int(n) != len(rows) {
			rt.Fatalf("%d rows, %v; want %d", n, err, len(rows))
		}
		for name, want := range rows {
			got, err := Seats.Get(ctx, fresh, retort.Key{want.Hall, want.Row, want.No})
			check(err)
			if diff := cmp.Diff(want, got); diff != "" {
				rt.Fatalf("%s: %s", name, diff)
			}
			if same, err := Seats.Get(ctx, s, retort.Key{want.Hall, want.Row, want.No}); err != nil || same != want {
				rt.Fatalf("%s: another object, %v", name, err)
			}
		}
	})
}
