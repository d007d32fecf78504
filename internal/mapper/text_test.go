package mapper_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

type money struct{ cents int64 }

func (m money) Value() (driver.Value, error) {
	if m.cents < 0 {
		return nil, errors.New("secret")
	}
	return m.cents, nil
}

type onPointer struct{ s string }

func (p *onPointer) Value() (driver.Value, error) { return p.s, nil }

type loop struct{}

func (loop) Value() (driver.Value, error) { return loop{}, nil }

type jsonOnPointer struct{ _ int }

func (j *jsonOnPointer) MarshalJSON() ([]byte, error) { return []byte(`"seen"`), nil }

// null is what a text argument of SQL NULL looks like in these tests.
const null = "<NULL>"

func text(v any) (string, error) {
	var args mapper.Args
	format, err := mapper.AppendText(&args, v)
	switch {
	case err != nil:
		if len(args.Values) != 0 {
			return "", errors.New("a refused argument was appended")
		}
		return "", err
	case format != 0 || len(args.Values) != 1 || args.Formats[0] != 0:
		return "", errors.New("not one text value")
	case args.Values[0] == nil:
		return null, nil
	}
	return string(args.Values[0]), nil
}

func TestAppendText(t *testing.T) {
	t.Parallel()
	at := time.Date(2025, 3, 1, 12, 30, 0, 123456789, time.FixedZone("", 2*3600))
	var nothing *money
	deep := new(new(new("deep")))
	for _, tt := range []struct {
		v    any
		want string
	}{
		{nil, null},
		{(*string)(nil), null},
		{[]byte(nil), null},
		{[]string(nil), null},
		{map[string]any(nil), null},
		{json.RawMessage(nil), null},
		{nothing, null},
		{sql.NullString{}, null},
		{(*time.Time)(nil), null},
		{true, "true"},
		{false, "false"},
		{int8(-8), "-8"},
		{uint8(8), "8"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{int64(math.MinInt64), "-9223372036854775808"},
		{1.5, "1.5"},
		{float32(0.1), "0.1"},
		{1e300, "1e+300"},
		{math.NaN(), "NaN"},
		{math.Inf(1), "Infinity"},
		{math.Inf(-1), "-Infinity"},
		{"", ""},
		{"it's", "it's"},
		{Status("open"), "open"},
		{deep, "deep"},
		{[]byte{}, `\x`},
		{[]byte{0, 0xab}, `\x00ab`},
		{[3]byte{1, 2, 3}, `\x010203`},
		{UUID{1, 2, 15: 0xff}, "01020000-0000-0000-0000-0000000000ff"},
		{&UUID{}, "00000000-0000-0000-0000-000000000000"},
		{at, "2025-03-01T12:30:00.123456+02:00"},
		{at.UTC().Truncate(time.Second), "2025-03-01T10:30:00Z"},
		{time.Time{}, "0001-01-01T00:00:00Z"},
		{time.Date(0, 1, 2, 0, 0, 0, 0, time.UTC), "0001-01-02T00:00:00Z BC"},
		{time.Date(-4712, 1, 2, 0, 0, 0, 0, time.UTC), "4713-01-02T00:00:00Z BC"},
		{time.Date(12345, 1, 2, 0, 0, 0, 0, time.UTC), "12345-01-02T00:00:00Z"},
		{time.Date(1800, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1050)), "1800-01-01T00:00:00+00:17:30"},
		{json.RawMessage(`{"a": 1}`), `{"a": 1}`},
		{map[string]any{"a": 1}, `{"a":1}`},
		{struct{ A *int }{}, `{"A":null}`},
		{jsonOnPointer{}, `"seen"`},
		{&jsonOnPointer{}, `"seen"`},
		{[]string{}, "{}"},
		{[]string{"a b", `q"\`, "", "NULL", "{,}"}, `{"a b","q\"\\","","NULL","{,}"}`},
		{[]Status{"x"}, `{"x"}`},
		{[]int{1, -2}, `{"1","-2"}`},
		{[2]bool{true}, `{"true","false"}`},
		{[]*string{new("a"), nil}, `{"a",NULL}`},
		{[]any{1, nil, "x"}, `{"1",NULL,"x"}`},
		{[][]int{{1, 2}, {3, 4}}, `{{"1","2"},{"3","4"}}`},
		{[][]byte{{1}, nil}, `{"\\x01",NULL}`},
		{[]UUID{{}}, `{"00000000-0000-0000-0000-000000000000"}`},
		{[]time.Time{at.UTC().Truncate(time.Second)}, `{"2025-03-01T10:30:00Z"}`},
		{[]map[string]int{{"a": 1}}, `{"{\"a\":1}"}`},
		{money{5}, "5"},
		{&money{5}, "5"},
		{[]money{{1}, {2}}, `{"1","2"}`},
		{onPointer{"p"}, "p"},
		{&onPointer{"p"}, "p"},
		{sql.NullInt64{Int64: 7, Valid: true}, "7"},
		{sql.Null[string]{V: "x", Valid: true}, "x"},
		{pgtype.Range[int32]{Lower: 1, LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true}, `["1",)`},
		{pgtype.Range[int32]{}, null},
		{pgtype.Multirange[pgtype.Range[int32]]{{LowerType: pgtype.Empty, Valid: true}}, "{empty}"},
		{pgtype.Array[int32]{Elements: []int32{7}, Dims: []pgtype.ArrayDimension{{Length: 1, LowerBound: 0}}, Valid: true}, `[0:0]={"7"}`},
		{pgtype.Interval{Months: -1, Microseconds: 5, Valid: true}, "-1 mons +0 days +00:00:00.000005"},
		{pgtype.Int8{}, null},
		{[]pgtype.Int8{{Int64: 5, Valid: true}, {}}, `{"5",NULL}`},
		{pgtype.Hstore{"a": nil}, `"a"=>NULL`},
		{netip.MustParseAddr("10.0.0.1"), "10.0.0.1"},
		{big.NewInt(7), "7"},
		{*big.NewInt(7), "7"},
	} {
		if got, err := text(tt.v); err != nil || got != tt.want {
			t.Errorf("%T: got %q, %v; want %q", tt.v, got, err, tt.want)
		}
	}
}

func TestAppendText_refuses_what_cannot_be_sent(t *testing.T) {
	t.Parallel()
	cycle := []any{nil}
	cycle[0] = cycle
	type self *self
	var ring self
	ring = &ring
	for _, v := range []any{
		"secret\x00", "secret\xff",
		[]string{"fine", "secret\x00"},
		map[string]any{"a": "secret\x00"},
		json.RawMessage(`{"secret`), json.RawMessage(`"\u0000"`),
		struct{ F float64 }{math.NaN()},
		time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC),
		[]time.Time{time.Unix(math.MaxInt64, 0)},
		money{-1},
		[]money{{-1}},
	} {
		var value *mapper.ValueError
		if got, err := text(v); !errors.As(err, &value) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%T: %q, %v", v, got, err)
		}
	}
	for _, v := range []any{make(chan int), func() {}, 1i, []func(){nil}, time.Second, new(time.Second), []time.Duration{1}, loop{}, cycle, ring} {
		var wrong *mapper.TypeError
		if got, err := text(v); !errors.As(err, &wrong) {
			t.Errorf("%T: %q, %v", v, got, err)
		}
	}
}

func TestAppendText_ranges_of_any_bounds(t *testing.T) {
	t.Parallel()
	span := pgtype.Range[float64]{Lower: 1.5, Upper: 2, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}
	words := pgtype.Range[string]{Lower: `a "b"`, LowerType: pgtype.Exclusive, UpperType: pgtype.Unbounded, Valid: true}
	for want, v := range map[string]any{
		`["1.5","2")`:           span,
		`("a \"b\"",)`:          words,
		`{["1.5","2")}`:         pgtype.Multirange[pgtype.Range[float64]]{span},
		`{"{[\"1.5\",\"2\")}"}`: []pgtype.Multirange[pgtype.Range[float64]]{{span}},
		`{"{[\"1\",\"2\")}","{}"}`: []pgtype.Multirange[pgtype.Range[int64]]{
			{{Lower: 1, Upper: 2, LowerType: pgtype.Inclusive, UpperType: pgtype.Exclusive, Valid: true}}, {},
		},
	} {
		var a mapper.Args
		if _, err := mapper.AppendText(&a, v); err != nil || string(a.Values[0]) != want {
			t.Errorf("%#v: %s, %v; want %s", v, a.Values, err, want)
		}
	}
}
