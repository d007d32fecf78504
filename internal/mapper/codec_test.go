package mapper_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"github.com/retort-go/retort/internal/mapper"
)

// roundTrip checks one value of one (Go type, PostgreSQL type) pair against
// pgtype's own codec: our bytes read by pgtype, pgtype's bytes read by us.
// plain converts to the type that pgtype knows, back the other way.
func roundTrip[T, P any](t fataler, pgType string, oid uint32, v T, plain func(T) P, equal func(a, b T) bool) {
	t.Helper()
	p, err := mapper.Compile(typeOf[struct{ V T }](), columnsFor[struct{ V T }](t, pgType))
	if err != nil {
		t.Fatalf("%T as %s: %v", v, pgType, err)
	}
	var args mapper.Args
	o, _ := p.ObjectOf(&struct{ V T }{v})
	if err := p.Append(&args, o, 0); err != nil {
		t.Fatalf("%T as %s: %v", v, pgType, err)
	}
	types := pgtype.NewMap()
	var theirs P
	if err := types.Scan(oid, pgtype.BinaryFormatCode, args.Values[0], &theirs); err != nil {
		t.Fatalf("%T as %s: pgtype cannot read % x: %v", v, pgType, args.Values[0], err)
	}
	if diff := cmp.Diff(plain(v), theirs, cmp.Comparer(sameFloat)); diff != "" {
		t.Fatalf("%T as %s read by pgtype:\n%s", v, pgType, diff)
	}
	bytes, err := types.Encode(oid, pgtype.BinaryFormatCode, plain(v), []byte{})
	if err != nil {
		t.Fatalf("%T as %s: pgtype cannot write: %v", v, pgType, err)
	}
	d, err := p.Decoder([]int{0}, []uint32{oid})
	if err != nil {
		t.Fatalf("%T as %s: %v", v, pgType, err)
	}
	back := p.New()
	if err := d.Decode(back, [][]byte{bytes}); err != nil {
		t.Fatalf("%T as %s: cannot read pgtype's % x: %v", v, pgType, bytes, err)
	}
	if got := p.Any(back).(*struct{ V T }).V; !equal(v, got) {
		t.Fatalf("%T as %s: %v came back as %v", v, pgType, v, got)
	}
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func columnsFor[T any](t fataler, pgType string) []mapper.Column {
	t.Helper()
	fields, err := mapper.Fields(typeOf[T]())
	if err != nil {
		t.Fatalf("%v", err)
	}
	return []mapper.Column{{Field: fields[0], Name: fields[0].Column, PGType: pgType}}
}

func sameFloat(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

func same[T any](v T) T { return v }

func equal[T comparable](a, b T) bool { return a == b }

func deep[T any](a, b T) bool { return cmp.Equal(a, b) }

func TestCodecs_agree_with_pgtype(t *testing.T) {
	t.Parallel()
	type (
		small  int16
		medium int32
		large  int64
		flag   bool
		real32 float32
		bytes  []byte
		names  []Status
		stamp  time.Time
	)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		n16, n32 := int16(n), int32(n)
		roundTrip(t, "smallint", pgtype.Int2OID, n16, same, equal)
		roundTrip(t, "", pgtype.Int2OID, small(n16), func(v small) int16 { return int16(v) }, equal)
		roundTrip(t, "", pgtype.Int4OID, n32, same, equal)
		roundTrip(t, "", pgtype.Int4OID, medium(n32), func(v medium) int32 { return int32(v) }, equal)
		roundTrip(t, "", pgtype.Int8OID, n, same, equal)
		roundTrip(t, "", pgtype.Int8OID, large(n), func(v large) int64 { return int64(v) }, equal)
		roundTrip(t, "", pgtype.Int8OID, int(n), func(v int) int64 { return int64(v) }, equal)
		roundTrip(t, "int2", pgtype.Int2OID, int64(n16), same, equal)
		roundTrip(t, "int4", pgtype.Int4OID, int64(n32), same, equal)
		roundTrip(t, "int8", pgtype.Int8OID, n16, same, equal)

		f := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		if !math.IsNaN(f) { // signalling NaNs change their bits when they are converted
			roundTrip(t, "", pgtype.Float8OID, f, same, sameFloat)
		}
		if g := float32(f); g == g {
			roundTrip(t, "", pgtype.Float4OID, real32(g), func(v real32) float32 { return float32(v) }, equal)
		}
		roundTrip(t, "", pgtype.BoolOID, flag(n > 0), func(v flag) bool { return bool(v) }, equal)

		s := strings.ReplaceAll(rapid.String().Draw(t, "s"), "\x00", "")
		roundTrip(t, "", pgtype.TextOID, s, same, equal)
		roundTrip(t, "varchar(9)", pgtype.VarcharOID, Status(s), func(v Status) string { return string(v) }, equal)
		roundTrip(t, "char(9)", pgtype.BPCharOID, s, same, equal)
		raw := rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		roundTrip(t, "", pgtype.ByteaOID, bytes(raw), func(v bytes) []byte { return v }, func(a, b bytes) bool { return string(a) == string(b) })

		us := rapid.Int64Range(-211813488000000000, 9223371331199999999).Draw(t, "us")
		at := time.Unix(us/1e6+946684800, us%1e6*1000).UTC()
		roundTrip(t, "", pgtype.TimestamptzOID, stamp(at), func(v stamp) time.Time { return time.Time(v).Local() },
			func(a, b stamp) bool {
				return time.Time(a).Equal(time.Time(b)) && time.Time(b).Location() == time.UTC
			})
		days := rapid.Int64Range(-2451545, 3e6).Draw(t, "days")
		day := time.Date(2000, 1, 1+int(days), 0, 0, 0, 0, time.UTC)
		roundTrip(t, "date", pgtype.DateOID, day, same, func(a, b time.Time) bool { return a == b }) //nolint:revive,staticcheck // in the same zone, too

		var u UUID
		copy(u[:], raw)
		roundTrip(t, "", pgtype.UUIDOID, u, func(v UUID) [16]byte { return v }, equal)

		list := rapid.SliceOfN(rapid.Just(s), 0, 5).Draw(t, "list")
		roundTrip(t, "", pgtype.TextArrayOID, list, same, deep)
		named := names{Status(s)}
		roundTrip(t, "varchar(9)[]", pgtype.VarcharArrayOID, named, func(v names) []string { return []string{string(v[0])} }, deep)
	})
}

func TestCodecs_agree_with_pgtype_on_json(t *testing.T) {
	t.Parallel()
	type address struct {
		Street string
		Lines  []string `json:"lines,omitempty"`
	}
	text := func(s string) map[string]any {
		var m map[string]any
		if err := json.Unmarshal([]byte(s), &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, pg := range []struct {
		name string
		oid  uint32
	}{{"jsonb", pgtype.JSONBOID}, {"json", pgtype.JSONOID}} {
		roundTrip(t, pg.name, pg.oid, text(`{"a": [1, "x", null], "ü": {"b": true}}`), same, deep)
		roundTrip(t, pg.name, pg.oid, address{Street: "Grace & <Hopper>", Lines: []string{"\u2028", `\`}}, same, deep)
		roundTrip(t, pg.name, pg.oid, []int{1, 2, 3}, same, deep)
		roundTrip(t, pg.name, pg.oid, [2]bool{true, false}, same, deep)
		roundTrip(t, pg.name, pg.oid, map[string]int{"a": 1}, same, deep)
		roundTrip(t, pg.name, pg.oid, []string{"a", "b"}, same, deep)
	}
	roundTrip(t, "jsonb", pgtype.JSONBOID, json.RawMessage(`{"n": 12345678901234567890}`),
		func(v json.RawMessage) string { return string(v) }, deep)
	roundTrip(t, "json", pgtype.JSONOID, json.RawMessage(`[1,  2]`), func(v json.RawMessage) string { return string(v) }, deep)
}

// Nullable has one pointer of every shape.
type Nullable struct {
	I16  *int16
	I32  *int32
	I64  *int64
	F32  *float32
	F64  *float64
	B    *bool
	S    *Status
	Raw  *[]byte
	T    *time.Time
	D    *time.Time
	U    *UUID
	List *[]string
	J    *map[string]any
}

var (
	nullableTypes = map[string]string{"d": "date"}
	nullableOIDs  = []uint32{
		pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.BoolOID, pgtype.TextOID,
		pgtype.ByteaOID, pgtype.TimestamptzOID, pgtype.DateOID, pgtype.UUIDOID, pgtype.TextArrayOID, pgtype.JSONBOID,
	}
)

func fullNullable() *Nullable {
	at := time.Date(2025, 1, 2, 3, 4, 5, 6000, time.UTC)
	return &Nullable{
		I16: new(int16(1)), I32: new(int32(-2)), I64: new(int64(3)), F32: new(float32(1.5)), F64: new(2.5), B: new(true), S: new(Status("open")),
		Raw: &[]byte{0, 1}, T: &at, D: new(time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)), U: &UUID{9}, List: &[]string{"a", ""}, J: &map[string]any{"k": "v"},
	}
}

func TestNullable(t *testing.T) {
	t.Parallel()
	p := planOf[Nullable](t, nullableTypes)
	d, err := p.Decoder(allColumns(p), nullableOIDs)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		title string
		value *Nullable
	}{{"values come back", fullNullable()}, {"nil comes back as nil", &Nullable{}}} {
		t.Run(tt.title, func(t *testing.T) {
			t.Parallel()
			values := encodeAll(t, p, tt.value)
			single := p.Any(fill(t, p, d, values)).(*Nullable)
			if diff := cmp.Diff(tt.value, single); diff != "" {
				t.Error(diff)
			}
			o, err := d.DecodeNew(p.NewBatch(0), values)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.value, p.Any(o).(*Nullable)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("a value replaced by NULL is nil", func(t *testing.T) {
		t.Parallel()
		o := fill(t, p, d, encodeAll(t, p, fullNullable()))
		if err := d.Decode(o, make([][]byte, p.Len())); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&Nullable{}, p.Any(o).(*Nullable)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a pointer taken before keeps its value", func(t *testing.T) {
		t.Parallel()
		o, err := d.DecodeNew(p.NewBatch(0), encodeAll(t, p, fullNullable()))
		if err != nil {
			t.Fatal(err)
		}
		before := p.Any(o).(*Nullable).I64
		other := fullNullable()
		*other.I64 = 99
		if err := d.Decode(o, encodeAll(t, p, other)); err != nil {
			t.Fatal(err)
		}
		if *before != 3 || *p.Any(o).(*Nullable).I64 != 99 {
			t.Errorf("before %d, after %d", *before, *p.Any(o).(*Nullable).I64)
		}
	})
}

func fill(t *testing.T, p *mapper.Plan, d *mapper.Decoder, values [][]byte) mapper.Object {
	t.Helper()
	o := p.New()
	if err := d.Decode(o, values); err != nil {
		t.Fatal(err)
	}
	return o
}
