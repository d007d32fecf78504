package mapper_test

import (
	"math/big"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

// agree checks one value against pgtype's codec of the same type: our bytes
// read by pgtype, pgtype's bytes read by us.
func agree[T any](t *rapid.T, pgType string, oid uint32, v T) {
	p, err := mapper.Compile(typeOf[struct{ V T }](), columnsFor[struct{ V T }](t, pgType))
	if err != nil {
		t.Fatal(err)
	}
	var args mapper.Args
	o, _ := p.ObjectOf(&struct{ V T }{v})
	if err := p.Append(&args, o, 0); err != nil || p.OID(0) != oid {
		t.Fatalf("%T: %v, OID %d", v, err, p.OID(0))
	}
	types := pgtype.NewMap()
	var theirs T
	if err := types.Scan(oid, pgtype.BinaryFormatCode, args.Values[0], &theirs); err != nil {
		t.Fatalf("%T: pgtype cannot read % x: %v", v, args.Values[0], err)
	}
	if diff := cmp.Diff(v, theirs, pairOptions); diff != "" {
		t.Fatalf("%T read by pgtype:\n%s", v, diff)
	}
	bytes, err := types.Encode(oid, pgtype.BinaryFormatCode, v, nil)
	if err != nil {
		t.Fatalf("%T: pgtype cannot write: %v", v, err)
	}
	d, err := p.Decoder([]int{0}, []uint32{oid})
	if err != nil {
		t.Fatal(err)
	}
	back := p.New()
	if err := d.Decode(back, [][]byte{bytes}); err != nil {
		t.Fatalf("%T: cannot read pgtype's % x: %v", v, bytes, err)
	}
	if diff := cmp.Diff(v, p.Any(back).(*struct{ V T }).V, pairOptions); diff != "" {
		t.Fatalf("%T written by pgtype:\n%s", v, diff)
	}
}

func drawNumeric(t *rapid.T) pgtype.Numeric {
	digits := rapid.StringMatching(`-?[1-9][0-9]{0,40}`).Draw(t, "digits")
	n, _ := new(big.Int).SetString(digits, 10)
	exp := rapid.Int32Range(-45, 0).Draw(t, "exp")
	v := pgtype.Numeric{Int: n, Exp: exp, Valid: true}
	for ten := big.NewInt(10); exp == 0; v.Exp++ { // as pgtype reads whole numbers
		rest, mod := new(big.Int).QuoRem(v.Int, ten, new(big.Int))
		if mod.Sign() != 0 {
			break
		}
		v.Int = rest
	}
	return v
}

func drawRange[T any](t *rapid.T, a, b T) pgtype.Range[T] {
	kind := rapid.SampledFrom([]pgtype.BoundType{pgtype.Inclusive, pgtype.Exclusive, pgtype.Unbounded, pgtype.Empty})
	r := pgtype.Range[T]{Lower: a, Upper: b, LowerType: kind.Draw(t, "lower"), UpperType: kind.Draw(t, "upper"), Valid: true}
	var zero T
	if r.LowerType == pgtype.Empty || r.UpperType == pgtype.Empty {
		return pgtype.Range[T]{LowerType: pgtype.Empty, UpperType: pgtype.Empty, Valid: true}
	}
	if r.LowerType == pgtype.Unbounded {
		r.Lower = zero
	}
	if r.UpperType == pgtype.Unbounded {
		r.Upper = zero
	}
	return r
}

func TestCodecs_agree_with_pgtype_on_the_rest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n, small := rapid.Int64().Draw(t, "n"), rapid.Int32().Draw(t, "small")
		number := drawNumeric(t)
		agree(t, "", pgtype.NumericOID, number)
		agree(t, "", pgtype.IntervalOID, pgtype.Interval{Months: small, Days: -small, Microseconds: n, Valid: true})
		agree(t, "interval", pgtype.IntervalOID, time.Duration(n/1000*1000))
		agree(t, "", pgtype.TimeOID, pgtype.Time{Microseconds: int64(uint64(n) % 86400e6), Valid: true})
		at := time.Unix(rapid.Int64Range(-200e9, 9e12).Draw(t, "sec"), n%1e6*1000).UTC()
		agree(t, "", pgtype.TimestamptzOID, pgtype.Timestamptz{Time: at, Valid: true})
		agree(t, "", pgtype.TimestampOID, pgtype.Timestamp{Time: at, Valid: true})
		agree(t, "timestamp", pgtype.TimestampOID, at)
		agree(t, "", pgtype.DateOID, pgtype.Date{Time: at.Truncate(24 * time.Hour), Valid: true})
		bytes := rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "bytes")
		v4, v6 := netip.AddrFrom4([4]byte(bytes)), netip.AddrFrom16([16]byte(bytes))
		agree(t, "", pgtype.InetOID, v4)
		agree(t, "", pgtype.InetOID, v6)
		agree(t, "inet", pgtype.InetOID, netip.PrefixFrom(v6, int(bytes[0])%129))
		agree(t, "", pgtype.CIDROID, netip.PrefixFrom(v4, int(bytes[0])%33).Masked())
		agree(t, "", pgtype.Int8ArrayOID, []int64{n, int64(small)})
		agree(t, "", pgtype.Int4ArrayOID, []*int32{nil, &small})
		agree(t, "", pgtype.Int4ArrayOID, [][]int32{{small, 1}, {2, 3}, {4, -small}})
		agree(t, "", pgtype.NumericArrayOID, []pgtype.Numeric{number, {}})
		agree(t, "", pgtype.TimestamptzArrayOID, []time.Time{at})
		agree(t, "", pgtype.UUIDArrayOID, [][16]byte{[16]byte(bytes)})
		agree(t, "", pgtype.ByteaArrayOID, [][]byte{bytes})
		agree(t, "", pgtype.Int8ArrayOID, pgtype.Array[int64]{Elements: []int64{n}, Dims: []pgtype.ArrayDimension{{Length: 1, LowerBound: small / 2}}, Valid: true})
		agree(t, "", pgtype.Int4rangeOID, drawRange(t, small, small))
		agree(t, "", pgtype.TstzrangeOID, drawRange(t, at, at))
		agree(t, "", pgtype.NumrangeOID, drawRange(t, number, number))
		agree(t, "", pgtype.Int8multirangeOID, pgtype.Multirange[pgtype.Range[int64]]{drawRange(t, n, n), drawRange(t, n, n)})
		agree(t, "", pgtype.Int4rangeArrayOID, []pgtype.Range[int32]{drawRange(t, small, small)})
	})
}

// A number written in any way has the digits that it was written with.
func TestCodecs_keep_the_digits_of_numerics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?([1-9][0-9]{0,30}|0)(\.[0-9]{1,30})?`).Draw(t, "text")
		p, err := mapper.Compile(typeOf[struct{ V string }](), columnsFor[struct{ V string }](t, "numeric"))
		if err != nil {
			t.Fatal(err)
		}
		var args mapper.Args
		if err := p.AppendValue(&args, 0, text); err != nil {
			t.Fatal(err)
		}
		d, _ := p.Decoder([]int{0}, []uint32{pgtype.NumericOID})
		o := p.New()
		if err := d.Decode(o, args.Values); err != nil {
			t.Fatal(err)
		}
		want := text
		if r, _ := new(big.Rat).SetString(text); r.Sign() == 0 && text[0] == '-' {
			want = text[1:] // numeric has no negative zero
		}
		if got := p.Value(o, 0); got != want {
			t.Fatalf("%s came back as %s", text, got)
		}
	})
}
