package mapper_test

import (
	"database/sql"
	"encoding/json"
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

type Status string

func TestDefaultType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		typ      reflect.Type
		want     string
		nullable bool
	}{
		{typeOf[int16](), "smallint", false},
		{typeOf[int32](), "integer", false},
		{typeOf[int64](), "bigint", false},
		{typeOf[int](), "bigint", false},
		{typeOf[time.Duration](), "bigint", false},
		{typeOf[float32](), "real", false},
		{typeOf[float64](), "double precision", false},
		{typeOf[bool](), "boolean", false},
		{typeOf[*bool](), "boolean", true},
		{typeOf[Status](), "text", false},
		{typeOf[*Status](), "text", true},
		{typeOf[[]byte](), "bytea", false},
		{typeOf[time.Time](), "timestamptz", false},
		{typeOf[UUID](), "uuid", false},
		{typeOf[*UUID](), "uuid", true},
		{typeOf[map[string]any](), "jsonb", false},
		{typeOf[[]string](), "text[]", false},
		{typeOf[[]*Status](), "text[]", false},
		{typeOf[[]int](), "bigint[]", false},
		{typeOf[*[]float64](), "double precision[]", true},
		{typeOf[[][]UUID](), "uuid[]", false},
		{typeOf[[][]byte](), "bytea[]", false},
		{typeOf[sql.NullString](), "text", true},
		{typeOf[sql.NullInt64](), "bigint", true},
		{typeOf[sql.NullTime](), "timestamptz", true},
		{typeOf[sql.Null[int32]](), "integer", true},
		{typeOf[netip.Addr](), "inet", false},
		{typeOf[netip.Prefix](), "cidr", false},
		{typeOf[net.HardwareAddr](), "macaddr", false},
		{typeOf[*big.Int](), "numeric", true},
		{typeOf[pgtype.Numeric](), "numeric", true},
		{typeOf[pgtype.Interval](), "interval", true},
		{typeOf[pgtype.Int8](), "bigint", true},
		{typeOf[pgtype.Hstore](), "hstore", true},
		{typeOf[pgtype.Range[pgtype.Int4]](), "int4range", true},
		{typeOf[pgtype.Range[int64]](), "int8range", true},
		{typeOf[pgtype.Range[time.Time]](), "tstzrange", true},
		{typeOf[pgtype.Multirange[pgtype.Range[pgtype.Date]]](), "datemultirange", true},
		{typeOf[[]pgtype.Range[pgtype.Numeric]](), "numrange[]", false},
		{typeOf[pgtype.Array[time.Time]](), "timestamptz[]", true},
		{typeOf[pgtype.FlatArray[*bool]](), "boolean[]", true},
		{rowField(t, "Meta"), "jsonb", false},
	} {
		got, nullable, err := mapper.DefaultType(tt.typ)
		if err != nil || got != tt.want || nullable != tt.nullable {
			t.Errorf("DefaultType(%v) = %q, %v, %v; want %q, %v", tt.typ, got, nullable, err, tt.want, tt.nullable)
		}
	}
	for _, typ := range []reflect.Type{
		nil, typeOf[uint64](), typeOf[int8](), typeOf[chan int](), typeOf[func()](), typeOf[any](), typeOf[error](),
		typeOf[struct{ A int }](), typeOf[**string](), typeOf[map[string]string](), typeOf[[]any](), typeOf[[]time.Duration](), typeOf[[]json.RawMessage](), typeOf[complex128](), typeOf[[4]byte](),
	} {
		if got, _, err := mapper.DefaultType(typ); err == nil {
			t.Errorf("DefaultType(%v) = %q, want an error with the remedy", typ, got)
		}
	}
}

func rowField(t *testing.T, name string) reflect.Type {
	t.Helper()
	f, ok := typeOf[Row]().FieldByName(name)
	if !ok {
		t.Fatal(name)
	}
	return f.Type
}

func TestCompile_reads_the_type_as_people_write_it(t *testing.T) {
	t.Parallel()
	for text, oid := range map[string]uint32{
		"": pgtype.TextOID, "TEXT": pgtype.TextOID, "varchar(20)": pgtype.VarcharOID, "character varying ( 20 )": pgtype.VarcharOID,
		" char(3) ": pgtype.BPCharOID, "character": pgtype.BPCharOID, "bpchar": pgtype.BPCharOID, "citext": 0,
	} {
		p := planOf[struct{ V string }](t, map[string]string{"v": text})
		if p.OID(0) != oid {
			t.Errorf("%q has OID %d, want %d", text, p.OID(0), oid)
		}
	}
	for text, oid := range map[string]uint32{
		"timestamptz(3)": pgtype.TimestamptzOID, "timestamp (3) with time zone": pgtype.TimestamptzOID, "Date": pgtype.DateOID,
	} {
		if p := planOf[struct{ V time.Time }](t, map[string]string{"v": text}); p.OID(0) != oid {
			t.Errorf("%q has OID %d, want %d", text, p.OID(0), oid)
		}
	}
}

func TestCompile_joins_every_problem_with_its_remedy(t *testing.T) {
	t.Parallel()
	type Bad struct {
		Count  uint64
		Ch     chan int
		Inner  struct{ A int }
		Any    any
		Price  float64
		Name   string
		Flag   bool
		Twice  string
		Number int64
		Hook   struct{ F func() }
		Single float32
		Clock  time.Time
		Many   [][]uint64
		Deep   **string
	}
	cols := columnsOf[Bad](t, map[string]string{
		"price": "money", "name": "jsonb", "flag": "text", "hook": "jsonb", "single": "double precision", "clock": "time", "many": "bigint[][]",
	})
	for i := range cols {
		switch cols[i].Name {
		case "twice":
			cols[i].Name = "number"
		case "number":
			cols[i].Enum = true
		}
	}
	cols = append(cols, mapper.Column{Field: mapper.Field{Path: "Nowhere", Type: typeOf[string]()}, Name: "nowhere"})
	forged := cols[5]
	forged.Field.Offset += 8
	forged.Name = "forged"
	nameless := cols[6]
	nameless.Name = ""
	_, err := mapper.Compile(typeOf[Bad](), append(cols, forged, nameless))
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Bad.Count: uint64 has no column type; PostgreSQL has no unsigned integers: use int64",
		"Bad.Ch: chan int has no column type",
		"Bad.Inner: struct { A int } has no column type; declare it jsonb",
		"Bad.Any: interface {} has no column type",
		`Bad.Price: column type "money" is not known`,
		"Bad.Name: string cannot be stored as jsonb; its type is text",
		"Bad.Flag: bool cannot be stored as text; its type is boolean",
		"Bad.Number: column number is already that of field Twice",
		"Bad.Hook: encoding/json cannot write func()",
		"Bad.Single: float32 cannot be stored as double precision; its type is real",
		`Bad.Clock: time.Time cannot be stored as time; its type is timestamptz`,
		`Bad.Many: uint64 has no column type; PostgreSQL has no unsigned integers`,
		"Bad.Deep: **string has no column type; use one pointer at most",
		"Bad.Nowhere: is not a field of mapper_test.Bad",
		"Bad.Name: is not a field of mapper_test.Bad", // the forged offset
		"Bad.Flag: has no column name",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing: %s", want)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestCompile_refuses_an_enum_that_is_no_string(t *testing.T) {
	t.Parallel()
	cols := columnsOf[struct{ V int64 }](t, map[string]string{"v": "status"})
	cols[0].Enum = true
	if _, err := mapper.Compile(typeOf[struct{ V int64 }](), cols); err == nil || !strings.Contains(err.Error(), "enum status") {
		t.Error(err)
	}
}

func TestCompile_takes_json_of_types_that_refer_to_themselves(t *testing.T) {
	t.Parallel()
	type node struct {
		Next *node
		Keep func() `json:"-"`
		At   time.Time
	}
	planOf[struct{ V node }](t, map[string]string{"v": "jsonb"})
	type badKey struct{ V map[[2]int]string }
	_, err := mapper.Compile(typeOf[badKey](), columnsOf[badKey](t, map[string]string{"v": "jsonb"}))
	if err == nil || !strings.Contains(err.Error(), "keys of type [2]int") {
		t.Error(err)
	}
}

func TestPlan_tells_about_its_columns(t *testing.T) {
	t.Parallel()
	p := rowPlan(t)
	due, ok := p.Index("due")
	if !ok || p.Column(due).PGType != "date" || p.Name(due) != "due" {
		t.Errorf("due is %d, %v, %+v", due, ok, p.Column(due))
	}
	if _, ok := p.Index("nothing"); ok {
		t.Error("found a column that is not there")
	}
	note, _ := p.Index("note")
	if !p.Nullable(note) || p.Nullable(due) || p.Column(note).PGType != "text" || p.GoType(note) != typeOf[string]() {
		t.Errorf("note is %+v", p.Column(note))
	}
	if p.Len() != 10 || p.Type() != typeOf[Row]() || p.ArrayOID(due) != pgtype.DateArrayOID {
		t.Errorf("%d columns of %v", p.Len(), p.Type())
	}
}

func TestCompile_of_no_columns_makes_a_plan_that_does_nothing(t *testing.T) {
	t.Parallel()
	p, err := mapper.Compile(typeOf[struct{}](), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.NewBatch(2).New(), p.New()
	if a.IsNil() || b.IsNil() {
		t.Error("an object of size zero is none")
	}
	d, err := p.Decoder(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(b, nil); err != nil {
		t.Error(err)
	}
	if changed, err := p.Changed(b, p.Snapshot(b), nil); len(changed) != 0 || err != nil {
		t.Error(changed, err)
	}
}

func TestFieldPointer_gives_the_address_of_any_field(t *testing.T) {
	t.Parallel()
	p, b := planOf[Book](t, nil), &Book{Title: "Stoner"}
	o := object(t, p, b)
	for _, f := range fieldsOf[Book](t) {
		ptr := p.FieldPointer(o, f)
		if f.Name == "Title" && ptr != any(&b.Title) || f.Name == "Depth" && ptr != any(&b.Depth) {
			t.Errorf("%s: %v", f.Path, ptr)
		}
	}
	fields := []mapper.ResultField{{DataTypeOID: pgtype.TextOID}, {DataTypeOID: 0}}
	if got := mapper.OIDs(fields); len(got) != 2 || got[0] != pgtype.TextOID || got[1] != 0 {
		t.Error(got)
	}
}
