package mapper_test

import (
	"encoding/json"
	"errors"
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
		roundTrip(t, "date", pgtype.DateOID, day, same, func(a, b time.Time) bool { return a == b })

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

// one encodes a single value as a column of that type.
func one[T any](t *testing.T, pgType string, v T) ([]byte, error) {
	t.Helper()
	p := planOf[struct{ V T }](t, map[string]string{"v": pgType})
	var args mapper.Args
	err := p.Append(&args, object(t, p, &struct{ V T }{v}), 0)
	if err != nil {
		if len(args.Values) != 0 {
			t.Error("a refused value was appended")
		}
		return nil, err
	}
	return args.Values[0], nil
}

func TestAppend_refuses_what_PostgreSQL_would(t *testing.T) {
	t.Parallel()
	refused := func(err error) {
		t.Helper()
		var value *mapper.ValueError
		if !errors.As(err, &value) || value.Column != "v" || value.Stored || value.Reason == "" {
			t.Errorf("got %v", err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the value is in the text: %v", err)
		}
	}
	check := func(_ []byte, err error) { t.Helper(); refused(err) }
	check(one(t, "", "secret\x00"))
	check(one(t, "", "secret\xff"))
	check(one(t, "char(3)", Status("secret\xed\xa0\x80"))) // a surrogate in UTF-8
	check(one(t, "", []string{"fine", "secret\x00"}))
	check(one(t, "jsonb", map[string]any{"a": "secret\x00"}))
	check(one(t, "jsonb", map[string]any{"secret\x00": 1}))
	check(one(t, "jsonb", map[string]any{"a": math.NaN()}))
	check(one(t, "jsonb", json.RawMessage(`{"a": "secret\u0000"}`)))
	check(one(t, "jsonb", json.RawMessage(`"secret\ud800"`)))
	check(one(t, "jsonb", json.RawMessage(`"\udc00secret"`)))
	check(one(t, "jsonb", json.RawMessage(`"\ud800\u0041"`)))
	check(one(t, "jsonb", json.RawMessage(`{"secret"`)))
	check(one(t, "json", json.RawMessage(`{} {}`)))
	check(one(t, "jsonb", json.RawMessage("\"secret\xff\"")))
	check(one(t, "int2", int64(math.MaxInt16+1)))
	check(one(t, "int4", int64(math.MinInt32-1)))
	check(one(t, "", time.Date(294277, 1, 1, 0, 0, 0, 0, time.UTC)))
	check(one(t, "", time.Date(-4713, 11, 23, 23, 59, 59, 999999999, time.UTC)))
	check(one(t, "", time.Unix(math.MaxInt64, 0)))
	check(one(t, "", time.Unix(math.MinInt64, 0)))
	check(one(t, "date", time.Date(5874898, 1, 1, 0, 0, 0, 0, time.UTC)))
	check(one(t, "date", time.Date(-4713, 11, 23, 0, 0, 0, 0, time.UTC)))
	check(one(t, "date", time.Unix(math.MaxInt64, 0)))
	check(one(t, "date", time.Unix(math.MinInt64, 0)))
}

func TestAppend_takes_what_PostgreSQL_takes(t *testing.T) {
	t.Parallel()
	taken := func(_ []byte, err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	taken(one(t, "jsonb", json.RawMessage(`"\ud83d\ude00 \\u0000 \n"`)))
	taken(one(t, "jsonb", map[string]any{`\u0000`: "😀"}))
	taken(one(t, "json", json.RawMessage(`"\u0000"`))) // json keeps its text
	taken(one(t, "", math.NaN()))
	taken(one(t, "", math.Inf(-1)))
	taken(one(t, "", time.Time{}))
	taken(one(t, "", time.Date(294276, 12, 31, 23, 59, 59, 999999999, time.UTC)))
	taken(one(t, "", time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC)))
	taken(one(t, "date", time.Date(5874897, 12, 31, 23, 0, 0, 0, time.UTC)))
	taken(one(t, "date", time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC)))
}

func TestAppend_writes_empty_values_that_are_not_NULL(t *testing.T) {
	t.Parallel()
	for title, check := range map[string]func() ([]byte, error){
		"empty text as the first value": func() ([]byte, error) { return one(t, "", "") },
		"nil bytes":                     func() ([]byte, error) { return one(t, "", []byte(nil)) },
		"nil strings":                   func() ([]byte, error) { return one(t, "", []string(nil)) },
		"nil raw json":                  func() ([]byte, error) { return one(t, "", json.RawMessage(nil)) },
		"nil map":                       func() ([]byte, error) { return one(t, "", map[string]any(nil)) },
	} {
		if got, err := check(); err != nil || got == nil {
			t.Errorf("%s: %v, %v", title, got, err)
		}
	}
}

func TestAppend_of_a_date_takes_the_day_that_the_time_shows(t *testing.T) {
	t.Parallel()
	late := time.Date(2025, 12, 31, 23, 30, 0, 0, time.FixedZone("", -5*3600))
	a, err := one(t, "date", late)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := one(t, "date", time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC))
	if string(a) != string(b) {
		t.Errorf("% x, want % x", a, b)
	}
}

func TestAppend_refuses_nil_for_NotNull(t *testing.T) {
	t.Parallel()
	type M struct{ V *string }
	cols := columnsOf[M](t, nil)
	cols[0].NotNull = true
	p, err := mapper.Compile(typeOf[M](), cols)
	if err != nil {
		t.Fatal(err)
	}
	var args mapper.Args
	var isNil *mapper.NilValueError
	if err := p.Append(&args, p.New(), 0); !errors.As(err, &isNil) || isNil.Column != "v" {
		t.Error(err)
	}
	if err := p.AppendColumn(&args, []mapper.Object{p.New()}, 0); !errors.As(err, &isNil) {
		t.Error(err)
	}
}

func TestArgs_keeps_values_when_more_are_appended(t *testing.T) {
	t.Parallel()
	p := planOf[struct{ V string }](t, nil)
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringN(0, 300, -1).Filter(func(s string) bool { return !strings.Contains(s, "\x00") })).Draw(t, "texts")
		var args mapper.Args
		for range 2 {
			args.Reset()
			for _, s := range texts {
				if err := p.AppendValue(&args, 0, s); err != nil {
					t.Fatal(err)
				}
				args.AppendNull()
			}
			if len(args.Values) != 2*len(texts) || len(args.Formats) != len(args.Values) {
				t.Fatalf("%d values, %d formats", len(args.Values), len(args.Formats))
			}
			for i, s := range texts {
				if v := args.Values[2*i]; v == nil || string(v) != s || args.Values[2*i+1] != nil {
					t.Fatalf("value %d is %q, want %q", i, v, s)
				}
				if v := args.Values[2*i]; cap(v) != len(v) {
					t.Fatal("appending to a value would overwrite its neighbor")
				}
			}
		}
	})
}

func TestAppend_cuts_times_to_microseconds(t *testing.T) {
	t.Parallel()
	for _, sec := range []int64{-5e9, 0, 5e9} {
		a, err := one(t, "", time.Unix(sec, 999))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := one(t, "", time.Unix(sec, 0))
		if string(a) != string(b) {
			t.Errorf("% x, want % x", a, b)
		}
	}
}

func TestAppendColumn_writes_the_arrays_that_pgtype_writes(t *testing.T) {
	t.Parallel()
	p := planOf[struct{ V *string }](t, nil)
	list := []*string{new("a"), nil, new("")}
	var objects []mapper.Object
	for _, s := range list {
		objects = append(objects, object(t, p, &struct{ V *string }{s}))
	}
	var args mapper.Args
	if err := p.AppendColumn(&args, objects, 0); err != nil {
		t.Fatal(err)
	}
	want, err := pgtype.NewMap().Encode(pgtype.TextArrayOID, pgtype.BinaryFormatCode, list, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, args.Values[0]); diff != "" {
		t.Error(diff)
	}
}

func TestAppendArray_refuses_other_slices(t *testing.T) {
	t.Parallel()
	p := planOf[struct {
		N    *int64
		List []string
	}](t, nil)
	var args mapper.Args
	var wrong *mapper.TypeError
	for _, vs := range []any{nil, 7, []int32{1}, []any{int64(1)}, []**int64{}} {
		if err := p.AppendArray(&args, 0, vs); !errors.As(err, &wrong) || wrong.Want != "[]int64" {
			t.Errorf("%T: %v", vs, err)
		}
	}
	if err := p.AppendArray(&args, 1, [][]string{{"a"}}); !errors.As(err, &wrong) {
		t.Error(err)
	}
	var isNil *mapper.NilValueError
	if err := p.AppendArray(&args, 0, []*int64{new(int64(1)), nil}); !errors.As(err, &isNil) {
		t.Error(err)
	}
	if err := p.AppendValue(&args, 0, nil); !errors.As(err, &isNil) {
		t.Error(err)
	}
	if err := p.AppendValue(&args, 0, int32(1)); !errors.As(err, &wrong) {
		t.Error(err)
	}
	if len(args.Values) != 0 {
		t.Errorf("%d values were appended", len(args.Values))
	}
}
