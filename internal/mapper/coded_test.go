package mapper_test

import (
	"database/sql"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// Coded has a field of every kind that goes through a codec.
type Coded struct {
	ID      int64
	Price   string
	Exact   pgtype.Numeric
	Big     *big.Int
	Took    time.Duration
	Clock   time.Time
	Host    netip.Addr
	Mac     []byte
	Ints    []int64
	Matrix  [][]*int32
	During  pgtype.Range[time.Time]
	Spans   pgtype.Multirange[pgtype.Range[int32]]
	Labels  map[string]*string
	Maybe   sql.NullString
	When    sql.NullTime
	Doc     document
	Secret  encrypted
	Moods   []Status
	Home    address
	Away    *address
	Grid    pgtype.Array[int64]
	Nothing *[]int64
	Path    path
}

var codedTypes = map[string]string{
	"price": "numeric", "took": "interval", "clock": "timestamp", "labels": "hstore", "doc": "jsonb", "secret": "text", "moods": "mood[]",
}

func coded() *Coded {
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	home := address{Street: "Elm", Mood: "glad", Note: new("n"), Geo: []float64{1}}
	away := home
	away.Note, away.Geo = new("m"), []float64{2}
	return &Coded{
		ID: 1, Price: "1.50", Exact: numericOf("2.5"), Big: big.NewInt(7), Took: time.Second, Clock: at, Host: netip.MustParseAddr("::1"), Mac: []byte{1},
		Ints: []int64{1, 2}, Matrix: [][]*int32{{new(int32(1)), nil}}, During: pgtype.Range[time.Time]{Lower: at, LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true},
		Spans: pgtype.Multirange[pgtype.Range[int32]]{{Lower: 1, Upper: 2, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}}, Labels: map[string]*string{"a": new("b"), "c": nil},
		Maybe: sql.NullString{String: "x", Valid: true}, When: sql.NullTime{Time: at, Valid: true}, Doc: document{map[string]int{"a": 1}}, Secret: "s", Moods: []Status{"glad"},
		Home: home, Away: &away, Grid: pgtype.Array[int64]{Elements: []int64{1}, Dims: []pgtype.ArrayDimension{{Length: 1, LowerBound: 1}}, Valid: true}, Path: "a.b",
	}
}

func codedPlan(t *testing.T) *mapper.Plan {
	t.Helper()
	p, err := pairTypes(t).Compile(typeOf[Coded](), columnsOf[Coded](t, codedTypes))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestChanged_of_coded_columns(t *testing.T) {
	t.Parallel()
	p := codedPlan(t)
	for _, tt := range []struct {
		title string
		edit  func(c *Coded)
		want  string
	}{
		{"sees nothing in an untouched object", func(*Coded) {}, ""},
		{"sees a string numeric", func(c *Coded) { c.Price = "1.5" }, "price"},
		{"sees digits edited in place", func(c *Coded) { c.Exact.Int.SetInt64(99) }, "exact"},
		{"sees a big number edited in place", func(c *Coded) { c.Big.SetInt64(8) }, "big"},
		{"sees a duration", func(c *Coded) { c.Took += time.Microsecond }, "took"},
		{"sees a clock", func(c *Coded) { c.Clock = c.Clock.Add(time.Microsecond) }, "clock"},
		{"sees another clock at the same instant", func(c *Coded) { c.Clock = c.Clock.In(time.FixedZone("", 3600)) }, "clock"},
		{"sees an address", func(c *Coded) { c.Host = c.Host.Next() }, "host"},
		{"sees an element edited in place", func(c *Coded) { c.Ints[1]++ }, "ints"},
		{"sees a list grown", func(c *Coded) { c.Ints = append(c.Ints, 3) }, "ints"},
		{"sees a pointee of an inner slice", func(c *Coded) { *c.Matrix[0][0] = 5 }, "matrix"},
		{"sees NULL replaced in an inner slice", func(c *Coded) { c.Matrix[0][1] = new(int32) }, "matrix"},
		{"sees a bound", func(c *Coded) { c.During.Lower = c.During.Lower.Add(time.Hour) }, "during"},
		{"sees a bound type", func(c *Coded) { c.During.LowerType = pgtype.Exclusive }, "during"},
		{"sees a range become NULL", func(c *Coded) { c.During.Valid = false }, "during"},
		{"sees a range of many edited in place", func(c *Coded) { c.Spans[0].Upper++ }, "spans"},
		{"sees a multirange become NULL", func(c *Coded) { c.Spans = nil }, "spans"},
		{"sees a map edited in place", func(c *Coded) { c.Labels["d"] = nil }, "labels"},
		{"sees a value of a map edited in place", func(c *Coded) { *c.Labels["a"] = "z" }, "labels"},
		{"sees sql.NullString become NULL", func(c *Coded) { c.Maybe.Valid = false }, "maybe"},
		{"sees sql.NullString become empty", func(c *Coded) { c.Maybe.String = "" }, "maybe"},
		{"sees sql.NullTime", func(c *Coded) { c.When.Time = c.When.Time.Add(time.Second) }, "when"},
		{"sees a map behind a Valuer edited in place", func(c *Coded) { c.Doc.m["a"] = 2 }, "doc"},
		{"sees a string with a Valuer", func(c *Coded) { c.Secret = "t" }, "secret"},
		{"sees an enum in a list edited in place", func(c *Coded) { c.Moods[0] = "so so" }, "moods"},
		{"sees an attribute", func(c *Coded) { c.Home.Zip = 1 }, "home"},
		{"sees a pointee of an attribute", func(c *Coded) { *c.Home.Note = "x" }, "home"},
		{"sees a slice of an attribute behind a pointer", func(c *Coded) { c.Away.Geo[0]++ }, "away"},
		{"sees a composite become NULL", func(c *Coded) { c.Away = nil }, "away"},
		{"sees a lower bound of an array", func(c *Coded) { c.Grid.Dims[0].LowerBound = 0 }, "grid"},
		{"sees an element of an array edited in place", func(c *Coded) { c.Grid.Elements[0]++ }, "grid"},
		{"sees a value where NULL was", func(c *Coded) { c.Nothing = &[]int64{} }, "nothing"},
		{"sees a registered type", func(c *Coded) { c.Path = "c" }, "path"},
		{"lists several in order", func(c *Coded) { c.Path, c.ID, c.Ints[0] = "c", 2, 9 }, "id ints path"},
		{"ignores equal copies", func(c *Coded) {
			fresh := coded()
			c.Ints, c.Away, c.Doc, c.Labels = fresh.Ints, fresh.Away, fresh.Doc, fresh.Labels
		}, ""},
		{"ignores nil for an empty list", func(*Coded) {}, ""},
		{"ignores nanoseconds of a duration", func(c *Coded) { c.Took += 999 }, ""},
		{"ignores what NULL does not keep", func(c *Coded) { c.When.Time = c.When.Time.UTC() }, ""},
	} {
		t.Run(tt.title, func(t *testing.T) {
			t.Parallel()
			c := coded()
			o := object(t, p, c)
			s := p.Snapshot(o)
			tt.edit(c)
			if got := strings.Join(changedNames(t, p, o, s), " "); got != tt.want {
				t.Errorf("changed %q, want %q", got, tt.want)
			}
			if again := changedNames(t, p, o, p.Snapshot(o)); len(again) != 0 {
				t.Errorf("a new snapshot differs in %v", again)
			}
		})
	}
}

func TestObject_of_coded_columns(t *testing.T) {
	t.Parallel()
	p := codedPlan(t)
	a, b := object(t, p, coded()), p.New()
	p.CopyColumns(b, a, allColumns(p))
	if diff := cmp.Diff(p.Any(a), p.Any(b), pairOptions); diff != "" {
		t.Error(diff)
	}
	for col := range p.Len() {
		v := p.Value(a, col)
		key, err := p.KeyOf(col, v)
		if name := p.Name(col); name == "nothing" {
			if v != nil || !p.IsNull(a, col) {
				t.Errorf("nothing is %v", v)
			}
			continue
		}
		if err != nil || key != p.Key(a, col) || p.IsNull(a, col) || p.IsZero(a, col) || p.CompareKeys(a, b, col) != 0 {
			t.Errorf("%s: %v", p.Name(col), err)
		}
		fresh := p.New()
		if err := p.Set(fresh, col, v); err != nil || p.Key(fresh, col) != key {
			t.Errorf("%s: Set: %v", p.Name(col), err)
		}
	}
	col, _ := p.Index("ints")
	p.Value(a, col).([]int64)[0] = 77
	if p.Any(a).(*Coded).Ints[0] == 77 {
		t.Error("Value shares the slice")
	}
	maybe, _ := p.Index("maybe")
	if p.IsNull(b, maybe) || !p.IsNull(p.New(), maybe) || !p.Nullable(maybe) || p.Nullable(col) {
		t.Error("sql.NullString does not say that it is NULL")
	}
}

func TestCompareKeys_orders_coded_columns_as_the_server_does(t *testing.T) {
	t.Parallel()
	ascending(t, "numeric", "-Infinity", "-10.5", "-2", "0", "0.001", "0.01", "2", "10", "10.05", "Infinity", "NaN")
	ascending(t, "numeric", int64(-1), 0, 1)
	ascending(t, "", numericOf("-1"), numericOf("0.5"), numericOf("1000"), pgtype.Numeric{})
	ascending(t, "interval", -time.Hour, -1*time.Second, 0, time.Second)
	ascending(t, "", pgtype.Int4{Int32: -5, Valid: true}, pgtype.Int4{Int32: 3, Valid: true}, pgtype.Int4{})
	ascending(t, "timestamp", time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("", 3600)), time.Date(2025, 1, 1, 1, 0, 0, 0, time.UTC))
	ascending(t, "", netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("1.2.3.5"), netip.MustParseAddr("200.0.0.0"), netip.MustParseAddr("::"))
	ascending(t, "inet", netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/9"), netip.MustParsePrefix("10.0.0.1/9"), netip.MustParsePrefix("11.0.0.0/8"))
	keys := pairPlan[string](t, nil, "numeric")
	a, _ := keys.KeyOf(0, "1.50")
	b, _ := keys.KeyOf(0, "1.5")
	if c, _ := keys.KeyOf(0, "1.51"); a != b || a == c {
		t.Error("numerics are told apart by their scale, or not at all")
	}
}
