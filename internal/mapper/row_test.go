package mapper_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

type UUID [16]byte

// Row has the ten columns of the decoding benchmark.
type Row struct {
	ID      UUID
	Name    string
	Views   int64
	Rank    int32
	Open    bool
	Note    *string
	Meta    json.RawMessage
	Created time.Time
	Due     time.Time `db:"due"`
	Score   float64
}

var rowOIDs = []uint32{
	pgtype.UUIDOID, pgtype.TextOID, pgtype.Int8OID, pgtype.Int4OID, pgtype.BoolOID,
	pgtype.TextOID, pgtype.JSONBOID, pgtype.TimestamptzOID, pgtype.DateOID, pgtype.Float8OID,
}

func sampleRow() *Row {
	note := "call back on Monday"
	return &Row{
		ID: UUID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Name: "Grace Hopper", Views: 1 << 40, Rank: -7,
		Open: true, Note: &note, Meta: json.RawMessage(`{"kind": "b"}`), Score: 2.5,
		Created: time.Date(2025, 3, 1, 12, 30, 0, 123456000, time.UTC), Due: time.Date(2025, 3, 31, 0, 0, 0, 0, time.UTC),
	}
}

// planOf compiles all fields of T; types names the columns with a type of their own.
func planOf[T any](tb testing.TB, types map[string]string) *mapper.Plan {
	tb.Helper()
	p, err := mapper.Compile(reflect.TypeFor[T](), columnsOf[T](tb, types))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func columnsOf[T any](tb testing.TB, types map[string]string) []mapper.Column {
	tb.Helper()
	fields, err := mapper.Fields(reflect.TypeFor[T]())
	if err != nil {
		tb.Fatal(err)
	}
	var cols []mapper.Column
	for _, f := range fields {
		cols = append(cols, mapper.Column{Field: f, Name: f.Column, PGType: types[f.Column]})
	}
	return cols
}

func rowPlan(tb testing.TB) *mapper.Plan {
	tb.Helper()
	return planOf[Row](tb, map[string]string{"due": "date"})
}

func object(tb testing.TB, p *mapper.Plan, v any) mapper.Object {
	tb.Helper()
	o, ok := p.ObjectOf(v)
	if !ok {
		tb.Fatalf("%T is no object of the plan of %s", v, p.Type())
	}
	return o
}

// encodeAll encodes all columns of v.
func encodeAll(tb testing.TB, p *mapper.Plan, v any) [][]byte {
	tb.Helper()
	var args mapper.Args
	for col := range p.Len() {
		if err := p.Append(&args, object(tb, p, v), col); err != nil {
			tb.Fatal(err)
		}
	}
	return args.Values
}

func allColumns(p *mapper.Plan) []int {
	cols := make([]int, p.Len())
	for i := range cols {
		cols[i] = i
	}
	return cols
}

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func fieldsOf[T any](tb testing.TB) []mapper.Field {
	tb.Helper()
	fields, err := mapper.Fields(reflect.TypeFor[T]())
	if err != nil {
		tb.Fatal(err)
	}
	return fields
}
