package mapper_test

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

func be64(v int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(v)) }

func be32(v int32) []byte { return binary.BigEndian.AppendUint32(nil, uint32(v)) }

// read decodes one value of that type into a T.
func read[T any](t *testing.T, oid uint32, src []byte) (T, error) {
	t.Helper()
	s, err := mapper.ScanPlan(typeOf[T]())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Decoder([]pgconn.FieldDescription{{Name: "v", DataTypeOID: oid}})
	if err != nil {
		t.Fatal(err)
	}
	o := s.Plan().New()
	err = d.Decode(o, [][]byte{src})
	return *s.Plan().Any(o).(*T), err
}

func TestDecode_refuses_what_Go_cannot_hold(t *testing.T) {
	t.Parallel()
	refused := func(_ any, err error) {
		t.Helper()
		var value *mapper.ValueError
		if !errors.As(err, &value) || !value.Stored || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
	ask := func(v any, err error) { t.Helper(); refused(v, err) }
	for _, us := range []int64{math.MaxInt64, math.MinInt64} {
		v, err := read[time.Time](t, pgtype.TimestamptzOID, be64(us))
		ask(v, err)
	}
	for _, days := range []int32{math.MaxInt32, math.MinInt32} {
		v, err := read[time.Time](t, pgtype.DateOID, be32(days))
		ask(v, err)
	}
	i32, err := read[int32](t, pgtype.Int8OID, be64(math.MaxInt32+1))
	ask(i32, err)
	i16, err := read[int16](t, pgtype.Int4OID, be32(math.MinInt16-1))
	ask(i16, err)
	text, err := read[string](t, 20000, []byte("secret\xff"))
	ask(text, err)
	m, err := read[map[string]int](t, pgtype.JSONOID, []byte(`{"a": "secret"}`))
	ask(m, err)
}

func TestDecode_widens_and_narrows_integers(t *testing.T) {
	t.Parallel()
	if v, err := read[int64](t, pgtype.Int4OID, be32(-5)); v != -5 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[int](t, pgtype.Int2OID, []byte{0xff, 0xfe}); v != -2 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[int16](t, pgtype.Int8OID, be64(-300)); v != -300 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[int32](t, pgtype.Int2OID, []byte{0, 7}); v != 7 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[float64](t, pgtype.Float4OID, be32(int32(math.Float32bits(1.5)))); v != 1.5 || err != nil {
		t.Error(v, err)
	}
}

func TestDecode_reads_text_of_many_types_into_strings(t *testing.T) {
	t.Parallel()
	for _, oid := range []uint32{pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID, pgtype.NameOID, pgtype.JSONOID, 16384, 4000000000} {
		if v, err := read[Status](t, oid, []byte("grün")); v != "grün" || err != nil {
			t.Errorf("OID %d: %q, %v", oid, v, err)
		}
	}
	if v, err := read[string](t, pgtype.JSONBOID, []byte("\x01{}")); v != "{}" || err != nil {
		t.Error(v, err)
	}
	long := strings.Repeat("x", 10_000)
	if v, err := read[string](t, pgtype.TextOID, []byte(long)); v != long || err != nil {
		t.Error(len(v), err)
	}
}

func TestDecode_reads_times_in_UTC(t *testing.T) {
	t.Parallel()
	want := time.Date(1999, 12, 31, 23, 59, 59, 999999000, time.UTC)
	for _, oid := range []uint32{pgtype.TimestamptzOID, pgtype.TimestampOID} {
		if v, err := read[time.Time](t, oid, be64(-1)); v != want || err != nil { //nolint:revive // in UTC, too
			t.Error(v, err)
		}
	}
	if v, err := read[time.Time](t, pgtype.DateOID, be32(-1)); v != time.Date(1999, 12, 31, 0, 0, 0, 0, time.UTC) || err != nil { //nolint:revive // in UTC, too
		t.Error(v, err)
	}
}

func TestDecode_names_the_column_of_a_NULL(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	d, err := p.Decoder(allColumns(p), rowOIDs)
	if err != nil {
		t.Fatal(err)
	}
	for col := range p.Len() {
		values := encodeAll(t, p, sampleRow())
		values[col] = nil
		err := d.Decode(p.New(), values)
		if p.Nullable(col) {
			if err != nil {
				t.Error(err)
			}
			continue
		}
		var null *mapper.NullError
		if !errors.As(err, &null) || null.Column != p.Name(col) {
			t.Errorf("%s: %v", p.Name(col), err)
		}
	}
}

func TestDecode_refuses_malformed_replies(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	d, err := p.Decoder(allColumns(p), rowOIDs)
	if err != nil {
		t.Fatal(err)
	}
	malformed := func(values [][]byte) {
		t.Helper()
		var format *mapper.FormatError
		if err := d.Decode(p.New(), values); !errors.As(err, &format) {
			t.Errorf("got %v", err)
		}
		if _, err := d.DecodeNew(p.NewBatch(1), values); !errors.As(err, &format) {
			t.Errorf("got %v", err)
		}
	}
	for _, name := range []string{"id", "views", "rank", "open", "meta", "created", "due", "score"} {
		col, _ := p.Index(name)
		for _, bad := range [][]byte{{}, {7}, make([]byte, 3), make([]byte, 17)} {
			if name == "open" && len(bad) == 1 {
				continue
			}
			values := encodeAll(t, p, sampleRow())
			values[col] = bad
			malformed(values)
		}
	}
	malformed(nil)
	malformed(encodeAll(t, p, sampleRow())[:9])
	malformed(append(encodeAll(t, p, sampleRow()), nil))
	for _, src := range [][]byte{be64(math.MaxInt64 - 1), be64(-211813488000000001)} {
		var format *mapper.FormatError
		if v, err := read[time.Time](t, pgtype.TimestamptzOID, src); !errors.As(err, &format) {
			t.Error(v, err)
		}
	}
	var format *mapper.FormatError
	if v, err := read[time.Time](t, pgtype.DateOID, be32(-2451546)); !errors.As(err, &format) {
		t.Error(v, err)
	}
}

func TestDecode_of_text_arrays(t *testing.T) {
	t.Parallel()
	header := func(dims, n int32, rest ...byte) []byte {
		var b []byte
		for _, v := range []int32{dims, 0, int32(pgtype.TextOID), n, 1} {
			b = append(b, be32(v)...)
		}
		return append(b, rest...)
	}
	for title, src := range map[string][]byte{
		"nothing":                     {},
		"a cut header":                be32(1),
		"a header without dimension":  header(1, 0)[:12],
		"more elements than bytes":    header(1, math.MaxInt32, 0, 0, 0, 0),
		"a negative element count":    header(1, -1, 0, 0, 0, 0),
		"an element beyond the end":   header(1, 1, 0, 0, 0, 9, 'a'),
		"a negative length":           header(1, 1, 0xff, 0xff, 0xff, 0xfe),
		"a second element cut":        header(1, 2, 0, 0, 0, 4, 'a', 'b', 'c', 'd'),
		"too many dimensions":         header(7, 1),
		"a negative dimension number": header(-1, 1),
	} {
		var format *mapper.FormatError
		if v, err := read[[]string](t, pgtype.TextArrayOID, src); !errors.As(err, &format) {
			t.Errorf("%s: %v, %v", title, v, err)
		}
	}
	var null *mapper.NullError
	if _, err := read[[]string](t, pgtype.TextArrayOID, header(1, 1, 0xff, 0xff, 0xff, 0xff)); !errors.As(err, &null) {
		t.Error(err)
	}
	var value *mapper.ValueError
	if _, err := read[[]string](t, pgtype.TextArrayOID, header(2, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 'a')); !errors.As(err, &value) {
		t.Error(err)
	}
	if v, err := read[[]string](t, pgtype.TextArrayOID, make([]byte, 12)); v == nil || len(v) != 0 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[[]string](t, pgtype.VarcharArrayOID, header(1, 2, 0, 0, 0, 1, 'a', 0, 0, 0, 0)); !cmp.Equal(v, []string{"a", ""}) || err != nil {
		t.Error(v, err)
	}
}

func TestDecode_replaces_json_and_does_not_merge(t *testing.T) {
	t.Parallel()
	type M struct{ V map[string]int }
	p := planOf[M](t, map[string]string{"v": "jsonb"})
	d, err := p.Decoder([]int{0}, []uint32{pgtype.JSONBOID})
	if err != nil {
		t.Fatal(err)
	}
	m := &M{map[string]int{"old": 1}}
	if err := d.Decode(object(t, p, m), [][]byte{[]byte("\x01{\"new\": 2}")}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&M{map[string]int{"new": 2}}, m); diff != "" {
		t.Error(diff)
	}
}

func TestDecode_keeps_nothing_of_the_buffer(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	d, err := p.Decoder(allColumns(p), rowOIDs)
	if err != nil {
		t.Fatal(err)
	}
	want, values := sampleRow(), encodeAll(t, p, sampleRow())
	o := fill(t, p, d, values)
	for _, v := range values {
		for i := range v {
			v[i] = 'X'
		}
	}
	if diff := cmp.Diff(want, p.Any(o).(*Row)); diff != "" {
		t.Error(diff)
	}
}

func TestDecode_gives_bytes_that_may_be_edited_and_grown(t *testing.T) {
	t.Parallel()
	type M struct {
		A string
		B json.RawMessage
		C string
		D []byte
	}
	p := planOf[M](t, nil)
	d, err := p.Decoder(allColumns(p), []uint32{pgtype.TextOID, pgtype.JSONBOID, pgtype.TextOID, pgtype.ByteaOID})
	if err != nil {
		t.Fatal(err)
	}
	m := p.Any(fill(t, p, d, [][]byte{[]byte("aaa"), []byte("\x01123"), []byte("ccc"), []byte("ddd")})).(*M)
	m.B[0], m.D[2] = '9', '9'
	m.B, m.D = append(m.B, "456"...), append(m.D, "456"...)
	if diff := cmp.Diff(&M{"aaa", json.RawMessage("923456"), "ccc", []byte("dd9456")}, m); diff != "" {
		t.Error(diff)
	}
}

func TestDecoder_names_everything_that_does_not_fit(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	oids := append([]uint32(nil), rowOIDs...)
	oids[1], oids[2], oids[9] = pgtype.ByteaOID, pgtype.IntervalOID, 30000
	_, err := p.Decoder(allColumns(p), oids)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Row.Name: column name (declared text) came as bytea, which string cannot hold",
		"Row.Views: column views (declared bigint) came as interval, which int64 cannot hold",
		"Row.Score: column score (declared double precision) came as the type with OID 30000, which float64 cannot hold",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s\nin: %v", want, err)
		}
	}
	s, err := mapper.ScanPlan(typeOf[struct{ V time.Duration }]())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Decoder([]pgconn.FieldDescription{{Name: "v", DataTypeOID: pgtype.PointOID}})
	if err == nil || !strings.Contains(err.Error(), "column v came as point, which time.Duration cannot hold") {
		t.Error(err)
	}
	if _, err := p.Decoder([]int{0}, rowOIDs); err == nil || !strings.Contains(err.Error(), "10 columns for 1 fields") {
		t.Error(err)
	}
	if _, err := planOf[struct{ V float32 }](t, nil).Decoder([]int{0}, []uint32{pgtype.Float8OID}); err == nil {
		t.Error("float8 into float32 was taken")
	}
}

func TestDecoder_matches_only_its_own_shape(t *testing.T) {
	t.Parallel()
	p := planOf[struct{ A, B string }](t, nil)
	d, err := p.Decoder([]int{1, 0}, []uint32{pgtype.TextOID, pgtype.VarcharOID})
	if err != nil {
		t.Fatal(err)
	}
	text, varchar := pgconn.FieldDescription{DataTypeOID: pgtype.TextOID}, pgconn.FieldDescription{DataTypeOID: pgtype.VarcharOID}
	if !d.Matches([]pgconn.FieldDescription{text, varchar}) {
		t.Error("its own shape does not match")
	}
	for _, other := range [][]pgconn.FieldDescription{nil, {text}, {varchar, text}, {text, varchar, text}} {
		if d.Matches(other) {
			t.Errorf("%v matches", other)
		}
	}
	o := p.New()
	if err := d.Decode(o, [][]byte{[]byte("b"), []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if got := p.Any(o).(*struct{ A, B string }); got.A != "a" || got.B != "b" {
		t.Error(got)
	}
}
