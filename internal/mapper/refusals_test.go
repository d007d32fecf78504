package mapper_test

import (
	"errors"
	"math"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// refusedValue encodes v alone and in an array for unnest: both are refused
// with a ValueError that says why and not what.
func refusedValue[T any](t *testing.T, types *mapper.Types, pgType string, v T, reason string) {
	t.Helper()
	p := pairPlan[T](t, types, pgType)
	o := object(t, p, &struct{ V T }{v})
	var args mapper.Args
	for _, err := range []error{p.Append(&args, o, 0), p.AppendColumn(&args, []mapper.Object{o}, 0)} {
		var value *mapper.ValueError
		if !errors.As(err, &value) || value.Stored || !strings.Contains(err.Error(), reason) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%T as %s: got %v, want %q", v, pgType, err, reason)
		}
	}
	if len(args.Values) > 0 {
		t.Errorf("%T as %s: a refused value was appended", v, pgType)
	}
}

func TestAppend_refuses_what_the_new_types_cannot_hold(t *testing.T) {
	t.Parallel()
	types := pairTypes(t)
	for _, text := range []string{"", "secret", "1.2.3", "1e", "e5", ".", "+-1", "0x10", "1 2", "--1", "+NaN", "1e999999", strings.Repeat("9", 131073), "1e-16384"} {
		refusedValue(t, nil, "numeric", text, "")
	}
	refusedValue(t, nil, "numeric", *big.NewRat(1, 3), "no end as a decimal")
	refusedValue(t, nil, "", pgtype.Numeric{Int: big.NewInt(1), Exp: 200000, Valid: true}, "131072")
	refusedValue(t, nil, "", pgtype.Numeric{Int: big.NewInt(1), Exp: math.MinInt32, Valid: true}, "131072")
	refusedValue(t, nil, "timestamp", time.Date(294277, 1, 1, 0, 0, 0, 0, time.UTC), "range")
	refusedValue(t, nil, "timestamp", time.Unix(math.MaxInt64, 0).UTC(), "range")
	refusedValue(t, nil, "", pgtype.Timestamptz{Time: time.Date(300000, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}, "range")
	refusedValue(t, nil, "", pgtype.Date{Time: time.Date(6000000, 1, 1, 0, 0, 0, 0, time.UTC), Valid: true}, "range")
	refusedValue(t, nil, "time", -time.Nanosecond, "range of time")
	refusedValue(t, nil, "time", 24*time.Hour+time.Microsecond, "range of time")
	refusedValue(t, nil, "", pgtype.Time{Microseconds: -1, Valid: true}, "range of time")
	refusedValue(t, nil, "", netip.Addr{}, "no address")
	refusedValue(t, nil, "", netip.MustParseAddr("fe80::1%eth0"), "zone")
	refusedValue(t, nil, "", netip.Prefix{}, "no address")
	refusedValue(t, nil, "", netip.MustParsePrefix("10.1.2.3/8"), "Masked")
	refusedValue(t, nil, "", net.IP{1, 2, 3}, "no address")
	refusedValue(t, nil, "", net.IPNet{}, "no address")
	refusedValue(t, nil, "", net.HardwareAddr{1, 2, 3}, "length of a macaddr")
	refusedValue(t, nil, "hstore", map[string]string{"a": "secret\x00"}, "NUL")
	refusedValue(t, nil, "hstore", map[string]string{"secret\xff": ""}, "UTF-8")
	refusedValue(t, nil, "", pgtype.Text{String: "secret\x00", Valid: true}, "NUL")
	refusedValue(t, nil, "text", encrypted("secret"), "Value method")
	refusedValue(t, nil, "text", level(7), "MarshalText method")
	refusedValue(t, nil, "", [][]int16{{1}, {1, 2}}, "different lengths")
	refusedValue(t, nil, "", [][]int16{{}, {}}, "empty inner slices")
	refusedValue(t, nil, "", [][][]int16{{{1}}, {{}}}, "different lengths")
	refusedValue(t, nil, "integer[]", []int64{1 << 40}, "out of range for integer")
	refusedValue(t, nil, "", pgtype.Array[int32]{Elements: []int32{1}, Dims: []pgtype.ArrayDimension{{Length: 2, LowerBound: 1}}, Valid: true}, "do not fit")
	refusedValue(t, nil, "", pgtype.Array[int32]{Elements: []int32{1}, Dims: []pgtype.ArrayDimension{{Length: math.MinInt32, LowerBound: 1}}, Valid: true}, "do not fit")
	refusedValue(t, nil, "", pgtype.Range[int32]{Valid: true}, "bound type")
	refusedValue(t, nil, "int4range", pgtype.Range[*int32]{LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true}, "NULL")
	refusedValue(t, nil, "int4range", pgtype.Range[pgtype.Int4]{LowerType: pgtype.Inclusive, UpperType: pgtype.Unbounded, Valid: true}, "NULL")
	refusedValue(t, nil, "int4multirange", []pgtype.Range[int32]{{}}, "NULL")
	refusedValue(t, types, "", address{Street: "secret\x00"}, "NUL")
	refusedValue(t, types, "", plainAddress{Tags: []string{"secret\xff"}}, "UTF-8")
	refusedValue(t, types, "ltree[]", []path{"secret\x00"}, "NUL")
}

// refusedReply decodes bytes that the type cannot hold.
func refusedReply[T any](t *testing.T, oid uint32, src []byte, reason string) {
	t.Helper()
	v, err := read[T](t, oid, src)
	var value *mapper.ValueError
	if !errors.As(err, &value) || !value.Stored || !strings.Contains(err.Error(), reason) {
		t.Errorf("%v: got %v, want %q", reflect.TypeOf(v), err, reason)
	}
}

func numericBytes(t *testing.T, text string) []byte {
	t.Helper()
	p := pairPlan[string](t, nil, "numeric")
	var args mapper.Args
	if err := p.AppendValue(&args, 0, text); err != nil {
		t.Fatal(err)
	}
	return args.Values[0]
}

func TestDecode_refuses_what_the_field_cannot_hold(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.5", "9223372036854775808", "NaN", "Infinity", "-1e100"} {
		refusedReply[int64](t, pgtype.NumericOID, numericBytes(t, text), "is no integer")
	}
	refusedReply[int16](t, pgtype.NumericOID, numericBytes(t, "32768"), "cannot hold")
	refusedReply[int32](t, pgtype.NumericOID, numericBytes(t, "-2147483649"), "cannot hold")
	for _, text := range []string{"0.12345678901234567891", "12345678901234567890", "1e400", "1e-400"} {
		refusedReply[float64](t, pgtype.NumericOID, numericBytes(t, text), "more digits")
	}
	refusedReply[float32](t, pgtype.NumericOID, numericBytes(t, "0.123456789"), "more digits")
	refusedReply[big.Int](t, pgtype.NumericOID, numericBytes(t, "1.5"), "no integer")
	refusedReply[big.Rat](t, pgtype.NumericOID, numericBytes(t, "NaN"), "NaN")
	interval := func(us int64, days, months int32) []byte {
		return append(append(be64(us), be32(days)...), be32(months)...)
	}
	refusedReply[time.Duration](t, pgtype.IntervalOID, interval(0, 1, 0), "days or months")
	refusedReply[time.Duration](t, pgtype.IntervalOID, interval(0, 0, -1), "days or months")
	refusedReply[time.Duration](t, pgtype.IntervalOID, interval(math.MaxInt64, 0, 0), "292 years")
	refusedReply[netip.Addr](t, pgtype.InetOID, []byte{2, 8, 0, 4, 10, 0, 0, 0}, "netmask")
	two := append(append(append(be32(2), be32(0)...), be32(23)...), append(append(be32(1), be32(1)...), append(append(be32(1), be32(1)...), append(be32(4), be32(7)...)...)...)...)
	refusedReply[[]int32](t, pgtype.Int4ArrayOID, two, "2 dimensions")
	if v, err := read[[][]int32](t, pgtype.Int4ArrayOID, two); err != nil || len(v) != 1 || len(v[0]) != 1 || v[0][0] != 7 {
		t.Error(v, err)
	}
	if v, err := read[pgtype.FlatArray[int64]](t, pgtype.Int4ArrayOID, two); err != nil || len(v) != 1 || v[0] != 7 {
		t.Error(v, err)
	}
	var null *mapper.NullError
	one := append(append(append(be32(1), be32(1)...), be32(23)...), append(append(be32(1), be32(1)...), be32(-1)...)...)
	if _, err := read[[]int32](t, pgtype.Int4ArrayOID, one); !errors.As(err, &null) {
		t.Error(err)
	}
}

func TestDecode_reads_raw_SQL_as_far_as_nothing_is_lost(t *testing.T) {
	t.Parallel()
	if v, err := read[int64](t, pgtype.NumericOID, numericBytes(t, "42.00")); v != 42 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[float64](t, pgtype.NumericOID, numericBytes(t, "-0.10")); v != -0.1 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[string](t, pgtype.NumericOID, numericBytes(t, "0.10")); v != "0.10" || err != nil {
		t.Error(v, err)
	}
	if v, err := read[pgtype.Int8](t, pgtype.Int4OID, be32(-7)); v.Int64 != -7 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[cents](t, pgtype.NumericOID, numericBytes(t, "1.05")); v.n != 105 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[time.Duration](t, pgtype.IntervalOID, append(be64(1500), be64(0)...)); v != 1500*time.Microsecond || err != nil {
		t.Error(v, err)
	}
	if v, err := read[encrypted](t, pgtype.TextOID, []byte("nop")); v != "abc" || err != nil {
		t.Error(v, err)
	}
	list := append(append(append(be32(1), be32(0)...), be32(99999)...), append(append(be32(1), be32(1)...), append(be32(2), "hi"...)...)...)
	if v, err := read[[]Status](t, 88888, list); err != nil || len(v) != 1 || v[0] != "hi" {
		t.Error(v, err)
	}
	refusedReply[[]Status](t, 88888, []byte{1, 2, 3}, "OID 88888 does not read as")
	refusedReply[[]Status](t, 88888, append(list[:len(list)-2:len(list)-2], 0xff, 0xfe), "not sent as text")
	if v, err := read[[]int64](t, pgtype.Int4ArrayOID, append(append(append(be32(1), be32(0)...), be32(23)...), append(append(be32(1), be32(1)...), append(be32(4), be32(-3)...)...)...)); err != nil || v[0] != -3 {
		t.Error(v, err)
	}
}
