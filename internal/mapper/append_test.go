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
