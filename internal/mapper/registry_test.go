package mapper_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

func TestNewTypes_joins_every_problem(t *testing.T) {
	t.Parallel()
	type unknown struct{ A any }
	_, err := mapper.NewTypes(
		mapper.Enum{Name: "mood"}, mapper.Enum{Name: "mood"}, mapper.Enum{Name: "jsonb"}, mapper.Enum{}, mapper.Enum{Name: "mood[]"},
		mapper.Domain{Name: "a", Of: "b"}, mapper.Domain{Name: "b", Of: "a"},
		mapper.RangeOf{Name: "r", Of: "nothing"}, mapper.RangeOf{Name: "m", Of: "mood", Multirange: true},
		mapper.Composite{Name: "c"}, mapper.Composite{Name: "d", Type: typeOf[unknown]()},
		mapper.Composite{Name: "e", Type: typeOf[address](), Attributes: map[string]string{"moood": "mood"}},
		mapper.Composite{Name: "f", Type: typeOf[address](), Attributes: map[string]string{"zip": "uuid"}},
		mapper.Codec{Name: "g"}, mapper.Codec{Name: "h", Type: typeOf[*int](), Append: func(b []byte, _ any) ([]byte, error) { return b, nil }, Decode: func([]byte, any) error { return nil }},
	)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		`"mood": is there twice`, `"jsonb": is built in`, `"": not the name of a type`, `"mood[]": not the name of a type`,
		`"a": base type "b" is not known`, `"b": base type "a" is not known`, `"r": type "nothing" is not known`, `"m": "mood" is no range type`,
		`"c": its Type is nil`, `"d": attribute a: no known type for interface {}`, `"e": the Attributes name some that`, `"f": attribute zip: int32 cannot be stored as uuid`,
		`"g": its codec lacks`, `"h": its codec is of *int`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestTypes_knows_names_as_SQL_writes_them(t *testing.T) {
	t.Parallel()
	types, err := mapper.NewTypes(mapper.Enum{Name: `app."Mood"`}, mapper.Domain{Name: "year", Of: "integer"}, mapper.Domain{Name: "leap", Of: "year"})
	if err != nil {
		t.Fatal(err)
	}
	if p := pairPlan[[]Status](t, types, ` app."Mood"[] `); p.OID(0) != 0 || p.Column(0).PGType != ` app."Mood"[] ` {
		t.Errorf("%+v", p.Column(0))
	}
	if p := pairPlan[int32](t, types, "leap"); p.OID(0) != pgtype.Int4OID || p.ArrayOID(0) != pgtype.Int4ArrayOID {
		t.Errorf("a domain has OID %d", p.OID(0))
	}
	if p := pairPlan[[]int32](t, types, "leap[]"); p.OID(0) != 0 {
		t.Errorf("an array of a domain has OID %d", p.OID(0))
	}
	for _, bad := range []string{"mood", "app.mood", "yearr", ""} {
		if _, err := types.Compile(typeOf[struct{ V any }](), columnsFor[struct{ V any }](t, bad)); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if got, nullable, err := pairTypes(t).DefaultType(typeOf[*address]()); got != "address" || !nullable || err != nil {
		t.Error(got, nullable, err)
	}
	if got, _, err := pairTypes(t).DefaultType(typeOf[[]path]()); got != "ltree[]" || err != nil {
		t.Error(got, err)
	}
}

func decodeLearned[T any](t *testing.T, types *mapper.Types, oid uint32, learned mapper.TypeNames, src []byte) (T, error) {
	t.Helper()
	s, err := types.ScanPlan(typeOf[T]())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.DecoderOf([]pgconn.FieldDescription{{Name: "v", DataTypeOID: oid}}, learned)
	if err != nil {
		var zero T
		return zero, err
	}
	o := s.Plan().New()
	err = d.Decode(o, [][]byte{src})
	return *s.Plan().Any(o).(*T), err
}

func TestDecoderOf_tells_user_types_apart_by_their_names(t *testing.T) {
	t.Parallel()
	types := pairTypes(t)
	learned := mapper.TypeNames{50000: "mood", 50001: "mood[]", 50002: "hstore", 50003: "ltree", 50004: "ltree[]", 50005: "cube"}
	list := func(oid int32, item string) []byte {
		b := append(append(append(be32(1), be32(0)...), be32(oid)...), append(be32(1), be32(1)...)...)
		return append(append(b, be32(int32(len(item)))...), item...)
	}
	if v, err := decodeLearned[Status](t, types, 50000, learned, []byte("glad")); v != "glad" || err != nil {
		t.Error(v, err)
	}
	if v, err := decodeLearned[[]Status](t, types, 50001, learned, list(50000, "glad")); err != nil || len(v) != 1 || v[0] != "glad" {
		t.Error(v, err)
	}
	if v, err := decodeLearned[[]path](t, types, 50004, learned, list(50003, "\x01a.b")); err != nil || len(v) != 1 || v[0] != "a.b" {
		t.Error(v, err)
	}
	if v, err := decodeLearned[map[string]string](t, types, 50002, learned, append(append(be32(1), append(be32(1), 'a')...), append(be32(1), 'b')...)); err != nil || v["a"] != "b" {
		t.Error(v, err)
	}
	if _, err := decodeLearned[float64](t, types, 50005, learned, nil); err == nil || !strings.Contains(err.Error(), "came as cube") {
		t.Error(err)
	}
	if _, err := decodeLearned[path](t, types, 50002, learned, []byte("\x01a")); err == nil || !strings.Contains(err.Error(), "came as hstore") {
		t.Error("an hstore was read as an ltree:", err)
	}
	var value *mapper.ValueError
	if _, err := decodeLearned[path](t, types, 99999, nil, []byte("glad")); !errors.As(err, &value) || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if _, err := decodeLearned[address](t, types, 99999, nil, be32(1)); !errors.As(err, &value) || !strings.Contains(err.Error(), "composite of 1 attributes") {
		t.Error(err)
	}
}

// coordinates is a composite that pgtype's methods reach into.
type coordinates struct {
	x, y  float64
	valid bool
}

func (c coordinates) IsNull() bool { return !c.valid }

func (c coordinates) Index(i int) any {
	if i == 0 {
		return c.x
	}
	return &c.y
}

func (c *coordinates) ScanNull() error { *c = coordinates{}; return nil }

func (c *coordinates) ScanIndex(i int) any {
	c.valid = true
	if i == 0 {
		return &c.x
	}
	return &c.y
}

func TestServer_composites_by_the_methods_of_pgtype(t *testing.T) {
	t.Parallel()
	pc := pairDB(t)
	if read := pc.ExecParams(t.Context(), "CREATE TYPE coordinates AS (x float8, y float8)", nil, nil, nil, nil).Read(); read.Err != nil {
		t.Fatal(read.Err)
	}
	types, err := mapper.NewTypes(mapper.Composite{Name: "coordinates", Type: typeOf[coordinates](), Attributes: map[string]string{"0": "float8", "1": "float8"}})
	if err != nil {
		t.Fatal(err)
	}
	checkPair(t, pc, types, "", []coordinates{{1.5, -2, true}, {}}, "(1.5,-2)")
	checkPair(t, pc, types, "", [][]coordinates{{{1, 2, true}, {}}})
	for _, bad := range []map[string]string{{"0": "float8", "2": "float8"}, {"0": "uuid", "1": "float8"}} {
		if _, err := mapper.NewTypes(mapper.Composite{Name: "c", Type: typeOf[coordinates](), Attributes: bad}); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}

// A pair that is refused says what would do.
func TestCompile_refuses_pairs_that_would_lose_something(t *testing.T) {
	t.Parallel()
	types := pairTypes(t)
	for _, bad := range []struct {
		typ    reflect.Type
		pgType string
		want   string
	}{
		{typeOf[struct{ V time.Time }](), "interval", "its type is timestamptz"},
		{typeOf[struct{ V int64 }](), "interval", "its type is bigint"},
		{typeOf[struct{ V bool }](), "numeric", "its type is boolean"},
		{typeOf[struct{ V []int64 }](), "bigint", "its type is bigint[]"},
		{typeOf[struct{ V int64 }](), "bigint[]", "its type is bigint"},
		{typeOf[struct{ V []uint64 }](), "bigint[]", "no unsigned integers"},
		{typeOf[struct{ V map[string]int }](), "hstore", "jsonb"},
		{typeOf[struct{ V pgtype.Range[int32] }](), "tstzrange", "int32 cannot be stored as timestamptz"},
		{typeOf[struct{ V address }](), "plain", "it is registered for mapper_test.plainAddress"},
		{typeOf[struct{ V string }](), "ltree", "its codec takes mapper_test.path"},
		{typeOf[struct{ V []byte }](), "inet", "its type is bytea"},
	} {
		f, _ := mapper.Fields(bad.typ)
		_, err := types.Compile(bad.typ, []mapper.Column{{Field: f[0], Name: "v", PGType: bad.pgType}})
		if err == nil || !strings.Contains(err.Error(), bad.want) {
			t.Errorf("%v as %s: %v, want %q", bad.typ.Field(0).Type, bad.pgType, err, bad.want)
		}
	}
}

func TestAppendText_of_registered_types(t *testing.T) {
	t.Parallel()
	types, note := pairTypes(t), "n"
	for _, tt := range []struct {
		v    any
		want string
	}{
		{path("a.b"), "a.b"}, {[]path{"a"}, `{"a"}`}, {address{Street: `"`, Mood: "glad", Note: &note}, `("\"","glad","0","n","{}")`}, {(*address)(nil), ""},
	} {
		var args mapper.Args
		if _, err := types.AppendText(&args, tt.v); err != nil || string(args.Values[0]) != tt.want {
			t.Errorf("%T: %q, %v; want %q", tt.v, args.Values[0], err, tt.want)
		}
	}
}
