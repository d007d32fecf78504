package mapper_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// many stands for a relation: a struct that is no column.
type many struct {
	//nolint:unused // as in the real one
	items []Row
}

type Report struct {
	Key
	Total   int64
	Label   *string
	Tags    []string
	History many
	Owner   *Book
}

func described(pairs ...any) (fields []pgconn.FieldDescription) {
	for i := 0; i < len(pairs); i += 2 {
		fields = append(fields, pgconn.FieldDescription{Name: pairs[i].(string), DataTypeOID: uint32(pairs[i+1].(int))})
	}
	return fields
}

func TestScan_matches_columns_by_name_in_any_order(t *testing.T) {
	t.Parallel()
	s, err := mapper.ScanPlan(typeOf[Report]())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Decoder(described("tags", pgtype.JSONBOID, "total", pgtype.Int4OID, "id", pgtype.UUIDOID, "label", pgtype.VarcharOID))
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.DecodeNew(s.Plan().NewBatch(0), [][]byte{[]byte("\x01[\"a\"]"), {0, 0, 0, 7}, make([]byte, 16), nil})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&Report{Total: 7, Tags: []string{"a"}}, s.Plan().Any(o), cmp.AllowUnexported(many{})); diff != "" {
		t.Error(diff)
	}
}

func TestScan_fills_a_json_field_when_the_result_names_it(t *testing.T) {
	t.Parallel()
	type address struct{ Street string }
	type person struct{ Home address }
	s, err := mapper.ScanPlan(typeOf[person]())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.Decoder(described("home", pgtype.JSONOID))
	if err != nil {
		t.Fatal(err)
	}
	o := s.Plan().New()
	if err := d.Decode(o, [][]byte{[]byte(`{"Street": "Elm"}`)}); err != nil {
		t.Fatal(err)
	}
	if got := s.Plan().Any(o).(*person); got.Home.Street != "Elm" {
		t.Error(got)
	}
}

func TestScan_lists_both_sides_of_a_misfit(t *testing.T) {
	t.Parallel()
	s, err := mapper.ScanPlan(typeOf[Report]())
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Decoder(described("id", pgtype.UUIDOID, "id", pgtype.UUIDOID, "sum", pgtype.Int8OID, "?column?", pgtype.Int4OID, "tags", pgtype.TextArrayOID))
	want := "mapper: result does not fit mapper_test.Report: columns without a field: sum, ?column?; columns that come twice: id; " +
		"fields without a column: Total (column total), Label (column label); name columns with AS, fields with the tag `db:\"…\"`"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestScan_of_single_values(t *testing.T) {
	t.Parallel()
	if v, err := read[int64](t, pgtype.Int8OID, be64(7)); v != 7 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[*string](t, pgtype.TextOID, []byte("x")); v == nil || *v != "x" || err != nil {
		t.Error(v, err)
	}
	if v, err := read[*string](t, pgtype.TextOID, nil); v != nil || err != nil {
		t.Error(v, err)
	}
	if v, err := read[UUID](t, pgtype.UUIDOID, make([]byte, 16)); v != (UUID{}) || err != nil {
		t.Error(v, err)
	}
	if v, err := read[time.Time](t, pgtype.TimestamptzOID, be64(0)); v.Year() != 2000 || err != nil {
		t.Error(v, err)
	}
	if v, err := read[map[string]any](t, pgtype.JSONBOID, []byte("\x01{\"a\": 1}")); v["a"] != 1.0 || err != nil {
		t.Error(v, err)
	}
	s, err := mapper.ScanPlan(typeOf[int64]())
	if err != nil {
		t.Fatal(err)
	}
	for _, fields := range [][]pgconn.FieldDescription{nil, described("a", pgtype.Int8OID, "b", pgtype.Int8OID)} {
		if _, err := s.Decoder(fields); err == nil || !strings.Contains(err.Error(), "for one int64") {
			t.Error(err)
		}
	}
}

func TestScanPlan_refuses_types_without_a_reading(t *testing.T) {
	t.Parallel()
	type bad struct {
		Count uint
		Any   any
		*Stamps
	}
	_, err := mapper.ScanPlan(typeOf[bad]())
	for _, want := range []string{"bad.Count: uint cannot be read", "bad.Any: interface {} cannot be read", "bad.Stamps: an embedded pointer"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if _, err := mapper.ScanPlan(nil); err == nil {
		t.Error("nil was taken")
	}
	if _, err := mapper.ScanPlan(typeOf[chan int]()); err == nil {
		t.Error("a channel was taken")
	}
}
