package mapper_test

import (
	"database/sql"
	"encoding/json"
	"math"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

type (
	plainAddress struct {
		Street string
		Zip    *int32
		Since  time.Time
		Tags   []string
	}
	address struct {
		Street string
		Mood   Status
		Zip    int32
		Note   *string
		Geo    []float64
	}
	parcel struct {
		ID     UUID
		To     *address `db:"to"`
		Weight pgtype.Numeric
		Took   time.Duration
	}
	path string
)

func pairTypes(t *testing.T) *mapper.Types {
	t.Helper()
	types, err := mapper.NewTypes(
		mapper.Composite{Name: "parcel", Type: typeOf[parcel](), Attributes: map[string]string{"took": "interval"}}, // its part comes later
		mapper.Enum{Name: "mood"}, mapper.Domain{Name: "email", Of: "text"}, mapper.Domain{Name: "price", Of: "numeric(12,3)"},
		mapper.RangeOf{Name: "floatrange", Of: "float8"}, mapper.RangeOf{Name: "floatmultirange", Of: "floatrange", Multirange: true},
		mapper.Composite{Name: "plain", Type: typeOf[plainAddress](), Attributes: map[string]string{"since": "date"}},
		mapper.Composite{Name: "address", Type: typeOf[address](), Attributes: map[string]string{"mood": "mood"}},
		mapper.NewCodec("ltree",
			func(buf []byte, v path) ([]byte, error) { return append(append(buf, 1), v...), nil },
			func(src []byte, dst *path) error {
				if len(src) == 0 || src[0] != 1 {
					return errSecret
				}
				*dst = path(src[1:])
				return nil
			},
			func(buf []byte, v path) ([]byte, error) { return append(buf, v...), nil }),
	)
	if err != nil {
		t.Fatal(err)
	}
	return types
}

func bigInt(s string) *big.Int { n, _ := new(big.Int).SetString(s, 10); return n }

func numericOf(s string) (n pgtype.Numeric) {
	if err := n.Scan(s); err != nil {
		panic(err)
	}
	return n
}

func TestServer_numbers(t *testing.T) {
	t.Parallel()
	pc := pairDB(t)
	numerics := []string{"0", "1", "-1", "0.1", "-0.0001", "0.00012", "12345678901234567890.123456789", "10000", "100000000", "9999.9999", "1.50", "-3.000", "0.000", "1" + strings.Repeat("0", 500), "0." + strings.Repeat("0", 300) + "1", "NaN", "Infinity", "-Infinity"}
	checkPair(t, pc, nil, "numeric", numerics, numerics...)
	var valued []pgtype.Numeric
	for _, s := range numerics {
		valued = append(valued, numericOf(s))
	}
	valued[12] = numericOf("0") // pgtype keeps no scale of zero
	checkPair(t, pc, nil, "", append(valued, pgtype.Numeric{}), append(append(numerics[:12:12], "0"), numerics[13:]...)...)
	checkPair(t, pc, nil, "numeric(20,0)", []int64{0, 1, -10000, math.MaxInt64, math.MinInt64}, "0", "1", "-10000", "9223372036854775807", "-9223372036854775808")
	checkPair(t, pc, nil, "numeric", []*int16{ptr(int16(math.MinInt16)), nil})
	checkPair(t, pc, nil, "numeric", []float64{0, 0.1, -1e300, 5e-324, math.MaxFloat64, 123456.75, math.NaN(), math.Inf(1), math.Inf(-1)}, "0", "0.1")
	checkPair(t, pc, nil, "numeric", []float32{0.1, math.MaxFloat32, math.SmallestNonzeroFloat32}, "0.1")
	checkPair(t, pc, nil, "", []*big.Int{bigInt("123456789012345678901234567890"), bigInt("-1"), big.NewInt(0), nil}, "123456789012345678901234567890", "-1", "0")
	checkPair(t, pc, nil, "", []*big.Rat{big.NewRat(-7, 8), big.NewRat(10, 1), nil}, "-0.875", "10")
	checkPair(t, pc, nil, "decimal", []cents{{150}, {-7}, {}}, "1.50", "-0.07", "0.00")
	checkPair(t, pc, nil, "numeric", []sql.NullString{{String: "1.50", Valid: true}, {}}, "1.50", "")
	checkPair(t, pc, nil, "", []pgtype.Int8{{Int64: -5, Valid: true}, {}}, "-5")
	checkPair(t, pc, nil, "", []pgtype.Float4{{Float32: 1.5, Valid: true}, {}}, "1.5")
	checkPair(t, pc, nil, "", []sql.NullInt64{{Int64: 7, Valid: true}, {}}, "7")
	checkPair(t, pc, nil, "", []sql.NullInt16{{Int16: 7, Valid: true}, {}}, "7")
	checkPair(t, pc, nil, "", []sql.NullFloat64{{Float64: 0.1, Valid: true}, {}, {Float64: math.Inf(1), Valid: true}}, "0.1")
	checkPair(t, pc, nil, "", []sql.Null[bool]{{V: true, Valid: true}, {}}, "true")
	checkPair(t, pc, nil, "oid", []uint32{0, math.MaxUint32}, "0", "4294967295")
}

func TestServer_times(t *testing.T) {
	t.Parallel()
	pc := pairDB(t)
	utc := func(y int, m time.Month, d, h int) time.Time { return time.Date(y, m, d, h, 0, 0, 123456000, time.UTC) }
	far := []time.Time{utc(2025, 1, 2, 3), utc(-4712, 1, 1, 0), utc(12345, 6, 7, 8), utc(294276, 12, 31, 23), utc(0, 1, 1, 0), {}}
	checkPair(t, pc, nil, "timestamp", far)
	checkPair(t, pc, nil, "timestamptz", far)
	checkPair(t, pc, nil, "date", []time.Time{time.Date(-4712, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(5874897, 12, 31, 0, 0, 0, 0, time.UTC)}, "01/01/4713 BC", "31/12/5874897")
	plus := time.FixedZone("", 5*3600)
	checkPair(t, pc, nil, "timestamp", []*time.Time{ptr(time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)), nil}, "02/01/2025 03:04:05")
	p := pairPlan[time.Time](t, nil, "timestamp")
	_, text := throughServer(t, pc, p, "another zone", "SELECT $1, $1::text", func(a *mapper.Args) error { return p.AppendValue(a, 0, time.Date(2025, 1, 2, 3, 4, 5, 0, plus)) })
	if len(text) != 1 || text[0] != "02/01/2025 03:04:05" {
		t.Errorf("a timestamp is not what the clock shows in its own zone: %q", text)
	}
	inf, minus := pgtype.Infinity, pgtype.NegativeInfinity
	checkPair(t, pc, nil, "", []pgtype.Timestamptz{{Time: utc(2025, 1, 2, 3), Valid: true}, {InfinityModifier: inf, Valid: true}, {InfinityModifier: minus, Valid: true}, {}}, "", "infinity", "-infinity")
	checkPair(t, pc, nil, "", []pgtype.Timestamp{{Time: utc(-100, 1, 2, 3), Valid: true}, {InfinityModifier: inf, Valid: true}, {InfinityModifier: minus, Valid: true}, {}}, "", "infinity")
	checkPair(t, pc, nil, "", []pgtype.Date{{Time: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Valid: true}, {InfinityModifier: inf, Valid: true}, {InfinityModifier: minus, Valid: true}, {}}, "29/02/2024", "infinity", "-infinity")
	checkPair(t, pc, nil, "", []sql.NullTime{{Time: utc(2025, 1, 2, 3), Valid: true}, {}})
	checkPair(t, pc, nil, "date", []sql.NullTime{{Time: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Valid: true}, {}}, "29/02/2024")
	checkPair(t, pc, nil, "interval", []time.Duration{0, time.Microsecond, -time.Hour, 2562047 * time.Hour, 90*time.Minute + 1500*time.Millisecond})
	checkPair(t, pc, nil, "interval", []*time.Duration{ptr(-time.Second), nil})
	checkPair(t, pc, nil, "", []pgtype.Interval{{Months: -14, Days: 3, Microseconds: -5_000_001, Valid: true}, {Days: -1, Microseconds: 5, Valid: true}, {Valid: true}, {}})
	checkPair(t, pc, nil, "time", []time.Duration{0, 24 * time.Hour, 13*time.Hour + 5*time.Minute + 7*time.Microsecond}, "00:00:00", "24:00:00", "13:05:00.000007")
	checkPair(t, pc, nil, "", []pgtype.Time{{Microseconds: 86_399_999_999, Valid: true}, {}}, "23:59:59.999999")
	checkPair(t, pc, nil, "interval[]", [][]time.Duration{{time.Second, -time.Minute}, {}})
}

func TestServer_text_and_addresses(t *testing.T) {
	t.Parallel()
	pc, types := pairDB(t), pairTypes(t)
	checkPair(t, pc, types, "email", []string{"a@b", "@"}, "a@b")
	checkPair(t, pc, types, "price", []pgtype.Numeric{numericOf("1.500"), {}}, "1.500")
	checkPair(t, pc, types, "mood", []Status{"so so", `N"\`})
	checkPair(t, pc, types, "citext", []pgtype.Text{{String: "MiXed", Valid: true}, {Valid: true}, {}}, "MiXed", "")
	checkPair(t, pc, nil, "", []pgtype.Text{{String: "x", Valid: true}, {Valid: true}, {}}, "x", "")
	checkPair(t, pc, nil, "", []sql.NullString{{String: "it's \"", Valid: true}, {Valid: true}, {}}, "it's \"", "")
	checkPair(t, pc, nil, "xml", []string{"<a>b</a>"}, "<a>b</a>")
	checkPair(t, pc, nil, "uuid", []string{"00010203-0405-0607-0809-0a0b0c0d0e0f"})
	checkPair(t, pc, nil, "", []pgtype.UUID{{Bytes: UUID{1}, Valid: true}, {}})
	checkPair(t, pc, nil, "uuid", []uuid.NullUUID{{UUID: uuid.UUID{1}, Valid: true}, {}}, "01000000-0000-0000-0000-000000000000")
	checkPair(t, pc, nil, "", []uuid.UUID{{2}})
	checkPair(t, pc, nil, "inet", []string{"10.0.0.1", "10.0.0.0/8", "2001:db8::1"}, "10.0.0.1/32", "10.0.0.0/8")
	addrs := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:1.2.3.4")}
	checkPair(t, pc, nil, "", addrs, "10.0.0.1/32", "2001:db8::1/128", "::ffff:1.2.3.4/128")
	checkPair(t, pc, nil, "text", addrs, "10.0.0.1")
	checkPair(t, pc, nil, "cidr", addrs[:2], "10.0.0.1/32")
	checkPair(t, pc, nil, "inet", []netip.Prefix{netip.MustParsePrefix("10.1.2.3/8"), netip.MustParsePrefix("::/0")}, "10.1.2.3/8", "::/0")
	checkPair(t, pc, nil, "", []*netip.Prefix{ptr(netip.MustParsePrefix("10.0.0.0/8")), nil}, "10.0.0.0/8")
	checkPair(t, pc, nil, "", []net.IP{net.IPv4(1, 2, 3, 4).To4(), net.ParseIP("2001:db8::1")}, "1.2.3.4/32")
	checkPair(t, pc, nil, "", []net.IPNet{{IP: net.IPv4(10, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}}, "10.0.0.0/8")
	checkPair(t, pc, nil, "", []net.HardwareAddr{{1, 2, 3, 4, 5, 0xff}}, "01:02:03:04:05:ff")
	checkPair(t, pc, nil, "macaddr8", []net.HardwareAddr{{1, 2, 3, 4, 5, 6, 7, 0xff}}, "01:02:03:04:05:06:07:ff")
	checkPair(t, pc, nil, "text", []encrypted{"plain", ""}, "cynva", "")
	checkPair(t, pc, nil, "bytea", []encrypted{"plain"}, "cynva")
	checkPair(t, pc, nil, "jsonb", []document{{map[string]int{"a": 1}}, {}}, `{"a": 1}`)
	checkPair(t, pc, nil, "text", []level{0, 1, -1}, "low", "high")
	checkPair(t, pc, types, "", []path{"a.b.c", ""}, "a.b.c", "")
	checkPair(t, pc, nil, "varbit", []pgtype.Bits{{Bytes: []byte{0xa0}, Len: 3, Valid: true}, {}}, "101")
	checkPair(t, pc, nil, "", []pgtype.Box{{P: [2]pgtype.Vec2{{X: 3, Y: 4}, {X: 1, Y: 2}}, Valid: true}, {}}, "(3,4),(1,2)")
	checkPair(t, pc, nil, "", []pgtype.Point{{P: pgtype.Vec2{X: 1.5, Y: -2}, Valid: true}, {}}, "(1.5,-2)")
}

func TestServer_strings_of_times_are_as_the_server_writes_them(t *testing.T) {
	t.Parallel()
	pc := pairDB(t)
	clocks := []string{"00:00:00", "01:02:03.000001", "12:00:00.5", "24:00:00"}
	checkPair(t, pc, nil, "time", clocks, clocks...)
	checkPair(t, pc, nil, "time[]", [][]string{clocks}, "{00:00:00,01:02:03.000001,12:00:00.5,24:00:00}")
	intervals := []string{
		"00:00:00", "1 mon 2 days 03:04:05", "1 year 1 day", "-2 years -1 mons +3 days -00:00:00.5", "-1 days +100:00:01.25", "-00:00:00.000001", "1 day -01:00:00",
		"-1 days", "178956970 years 7 mons 2147483647 days 2562047788:00:54.775807", "-178956970 years -8 mons -2147483648 days -00:00:01",
	}
	checkPair(t, pc, nil, "interval", intervals)
	for _, text := range intervals {
		got, err := pc.Exec(t.Context(), "SET intervalstyle TO postgres; SELECT interval '"+text+"'").ReadAll()
		if err != nil || string(got[1].Rows[0][0]) != text {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func TestServer_maps_and_composites(t *testing.T) {
	t.Parallel()
	pc, types := pairDB(t), pairTypes(t)
	checkPair(t, pc, nil, "hstore", []map[string]*string{{"a": ptr("1"), `k "\`: ptr(`v => ,"\`), "null": nil, "": ptr("")}, {}}, "", "")
	checkPair(t, pc, nil, "hstore", []map[string]string{{"a": "NULL", "b": ""}, {}}, `"a"=>"NULL", "b"=>""`, "")
	checkPair(t, pc, nil, "hstore", []map[Status]*Status{{"a": ptr(Status("x"))}}, `"a"=>"x"`)
	checkPair(t, pc, nil, "", []pgtype.Hstore{{"a": nil}, {}, nil}, `"a"=>NULL`, "")
	checkPair(t, pc, nil, "hstore[]", [][]map[string]string{{{"a": `"`}, {}}}, `{"\"a\"=>\"\\\"\"",""}`)
	zip := int32(1234)
	checkPair(t, pc, types, "", []plainAddress{{`Elm, "\) St`, &zip, time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), []string{"a b", ""}}, {"", nil, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), []string{}}})
	full := address{`Elm (1), "\`, "so so", 7, ptr(""), []float64{1.5, math.Inf(1), negativeZero}}
	checkPair(t, pc, types, "", []address{full, {Mood: "glad", Geo: []float64{}}}, "", `("",glad,0,,{})`)
	checkPair(t, pc, types, "", []*address{&full, nil})
	checkPair(t, pc, types, "", [][]address{{full, full}, {}})
	checkPair(t, pc, types, "", [][]*plainAddress{{{Tags: []string{"x"}}, nil}})
	checkPair(t, pc, types, "", []parcel{{UUID{1}, &full, numericOf("1.50"), -time.Second}, {}})
	checkPair(t, pc, types, "ltree[]", [][]path{{"a.b", "c"}, {}}, "{a.b,c}")
}

func TestServer_ranges(t *testing.T) {
	t.Parallel()
	pc, types := pairDB(t), pairTypes(t)
	in, ex, un, no := pgtype.Inclusive, pgtype.Exclusive, pgtype.Unbounded, pgtype.Empty
	type ints = pgtype.Range[int32]
	some := []ints{{Lower: 1, Upper: 5, LowerType: in, UpperType: ex, Valid: true}, {LowerType: un, UpperType: un, Valid: true}, {LowerType: no, UpperType: no, Valid: true}, {Lower: -3, LowerType: in, UpperType: un, Valid: true}, {}}
	checkPair(t, pc, nil, "", some, "[1,5)", "(,)", "empty", "[-3,)")
	checkPair(t, pc, nil, "", []*ints{&some[0], nil})
	checkPair(t, pc, nil, "numrange", []pgtype.Range[pgtype.Numeric]{{Lower: numericOf("1.5"), Upper: numericOf("2"), LowerType: ex, UpperType: in, Valid: true}}, "(1.5,2]")
	checkPair(t, pc, nil, "numrange", []pgtype.Range[string]{{Lower: "1.50", LowerType: in, UpperType: un, Valid: true}}, "[1.50,)")
	at := time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
	checkPair(t, pc, nil, "", []pgtype.Range[time.Time]{{Lower: at, Upper: at.Add(time.Hour), LowerType: in, UpperType: ex, Valid: true}, {}})
	checkPair(t, pc, nil, "tsrange", []pgtype.Range[time.Time]{{Lower: at, Upper: at.Add(time.Hour), LowerType: in, UpperType: ex, Valid: true}})
	checkPair(t, pc, nil, "", []pgtype.Range[pgtype.Timestamptz]{{Lower: pgtype.Timestamptz{Time: at, Valid: true}, Upper: pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, LowerType: in, UpperType: in, Valid: true}})
	checkPair(t, pc, nil, "daterange", []pgtype.Range[time.Time]{{Lower: at.Truncate(24 * time.Hour), LowerType: in, UpperType: un, Valid: true}}, "[02/01/2025,)")
	checkPair(t, pc, types, "floatrange", []pgtype.Range[float64]{{Lower: -0.5, Upper: math.Inf(1), LowerType: in, UpperType: in, Valid: true}}, "[-0.5,Infinity]")
	checkPair(t, pc, nil, "", []pgtype.Multirange[ints]{{some[0], {Lower: 7, Upper: 9, LowerType: in, UpperType: ex, Valid: true}}, {}, nil}, "{[1,5),[7,9)}", "{}")
	checkPair(t, pc, nil, "int4multirange", [][]ints{{some[0]}, {}}, "{[1,5)}", "{}")
	checkPair(t, pc, types, "floatmultirange", [][]pgtype.Range[float64]{{{Lower: 1, Upper: 2, LowerType: ex, UpperType: ex, Valid: true}}}, "{(1,2)}")
	checkPair(t, pc, nil, "", [][]ints{some[:4], {}})
	checkPair(t, pc, types, "floatrange[]", [][]pgtype.Range[float64]{{{Lower: 1, Upper: 2, LowerType: in, UpperType: ex, Valid: true}}})
}

func TestServer_arrays(t *testing.T) {
	t.Parallel()
	pc, types := pairDB(t), pairTypes(t)
	checkPair(t, pc, nil, "", [][]int64{{1, -2, math.MaxInt64}, {}}, "{1,-2,9223372036854775807}", "{}")
	checkPair(t, pc, nil, "", [][]*int32{{ptr(int32(1)), nil}, {nil}}, "{1,NULL}", "{NULL}")
	checkPair(t, pc, nil, "", []*[]float32{{1.5}, nil})
	checkPair(t, pc, nil, "", [][]bool{{true, false}})
	checkPair(t, pc, nil, "", [][]UUID{{{1}, {15: 2}}})
	checkPair(t, pc, nil, "", [][][]byte{{{0, 1}, {}}})
	checkPair(t, pc, nil, "", [][]time.Time{{time.Date(2025, 1, 2, 3, 4, 5, 6000, time.UTC), {}}})
	checkPair(t, pc, nil, "date[]", [][]time.Time{{time.Date(-1, 1, 2, 0, 0, 0, 0, time.UTC)}}, `{"02/01/0002 BC"}`)
	checkPair(t, pc, nil, "", [][]*string{{ptr("a b"), nil, ptr("NULL"), ptr("")}}, `{"a b",NULL,"NULL",""}`)
	checkPair(t, pc, nil, "jsonb[]", [][]map[string]any{{{"a": "\\\""}, {}}})
	checkPair(t, pc, nil, "jsonb[]", [][]json.RawMessage{{json.RawMessage(`{"a": 1}`)}})
	checkPair(t, pc, nil, "numeric[]", [][]string{{"1.50", "NaN"}}, "{1.50,NaN}")
	checkPair(t, pc, nil, "inet[]", [][]netip.Addr{{netip.MustParseAddr("::1")}})
	checkPair(t, pc, types, "mood[]", [][]Status{{`N"\`, "glad"}, {}})
	checkPair(t, pc, types, "mood[]", [][]*Status{{nil, ptr(Status("glad"))}})
	checkPair(t, pc, types, "citext[]", [][]string{{"A", ""}}, `{A,""}`)
	checkPair(t, pc, types, "email[]", [][]string{{"a@b"}}, "{a@b}")
	checkPair(t, pc, types, "price[]", [][]float64{{1.5}}, "{1.500}")
	checkPair(t, pc, nil, "", [][][]int16{{{1, 2}, {3, 4}, {5, 6}}, {}}, "{{1,2},{3,4},{5,6}}", "{}")
	checkPair(t, pc, nil, "", [][][]string{{{"a"}, {`"`}}}, `{{a},{"\""}}`)
	checkPair(t, pc, types, "mood[][]", [][][]Status{{{"glad", "so so"}}}, `{{glad,"so so"}}`)
	checkPair(t, pc, nil, "", [][][][]*bool{{{{ptr(true)}, {nil}}, {{nil}, {ptr(false)}}}}, "{{{t},{NULL}},{{NULL},{f}}}")
	lower := pgtype.Array[int64]{Elements: []int64{1, 2}, Dims: []pgtype.ArrayDimension{{Length: 2, LowerBound: -1}}, Valid: true}
	checkPair(t, pc, nil, "", []pgtype.Array[int64]{lower, {Elements: []int64{}, Dims: []pgtype.ArrayDimension{}, Valid: true}, {}}, "[-1:0]={1,2}", "{}")
	checkPair(t, pc, types, "mood[]", []pgtype.Array[*Status]{{Elements: []*Status{nil, ptr(Status("glad"))}, Dims: []pgtype.ArrayDimension{{Length: 1, LowerBound: 3}, {Length: 2, LowerBound: 1}}, Valid: true}}, "[3:3][1:2]={{NULL,glad}}")
	checkPair(t, pc, nil, "", []pgtype.FlatArray[int32]{{1, 2}, {}, nil}, "{1,2}", "{}")
	checkPair(t, pc, nil, "", [][]pgtype.Int4{{{Int32: 1, Valid: true}, {}}}, "{1,NULL}")
	checkPair(t, pc, nil, "", [][]sql.NullString{{{String: "NULL", Valid: true}, {}}}, `{"NULL",NULL}`)
	checkPair(t, pc, nil, "", [][]pgtype.Box{{{P: [2]pgtype.Vec2{{X: 3, Y: 4}, {X: 1, Y: 2}}, Valid: true}, {}}}, "{(3,4),(1,2);NULL}")
}
