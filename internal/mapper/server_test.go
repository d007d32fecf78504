package mapper_test

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/retorttest"
)

// stored is one column of every PostgreSQL type that a model can have.
type stored struct {
	ID       UUID
	Small    int16
	Medium   int32
	Large    int64
	Narrow   int64
	Real     float32
	Double   float64
	Flag     bool
	Text     string
	Varchar  Status
	Citext   string
	Mood     Status
	MoodNull *Status
	Bytes    []byte
	At       time.Time
	Day      time.Time
	Raw      json.RawMessage
	Doc      map[string]any
	Plain    []int
	List     []string
	Short    []string
	Note     *string
	Maybe    *[]string
}

var storedTypes = map[string]string{
	"narrow": "integer", "varchar": "varchar(20)", "citext": "citext", "mood": "mood", "mood_null": "mood",
	"day": "date", "plain": "json", "short": "varchar(5)[]",
}

func storedPlan(t *testing.T) *mapper.Plan {
	t.Helper()
	cols := columnsOf[stored](t, storedTypes)
	for i := range cols {
		cols[i].Enum = cols[i].PGType == "mood"
	}
	p, err := mapper.Compile(typeOf[stored](), cols)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// setup creates the table in a database of the test's own.
func setup(t *testing.T, p *mapper.Plan) *pgconn.PgConn {
	t.Helper()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	db.Exec(t, `CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('glad', 'so so', 'N"\')`)
	var defs []string
	for col := range p.Len() {
		def := p.Name(col) + " " + p.Column(col).PGType
		if !p.Nullable(col) {
			def += " NOT NULL"
		}
		defs = append(defs, def)
	}
	db.Exec(t, "CREATE TABLE stored ("+strings.Join(defs, ", ")+")")
	return db.Conn(t).PgConn()
}

func samples() []*stored {
	return []*stored{
		{
			ID: UUID{1}, Small: math.MaxInt16, Medium: math.MinInt32, Large: math.MaxInt64, Narrow: -5, Real: 1.5, Double: math.Inf(1), Flag: true,
			Text: "Grüße\n", Varchar: "v", Citext: "MiXed", Mood: "so so", MoodNull: new(Status(`N"\`)), Bytes: []byte{0, 255},
			At: time.Date(2025, 3, 1, 12, 30, 0, 123456000, time.UTC), Day: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC),
			Raw: json.RawMessage(`{"a": [1, 2]}`), Doc: map[string]any{"é": "\u2028<&>"}, Plain: []int{1, 2}, List: []string{"", "NULL", `q"\,{}`}, Short: []string{"abcde"},
			Note: new("n"), Maybe: &[]string{"x y"},
		},
		{
			ID: UUID{2}, Double: -0.1, Mood: "glad", Bytes: []byte{}, At: time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC),
			Day: time.Date(5874897, 12, 31, 0, 0, 0, 0, time.UTC), Raw: json.RawMessage("null"), List: []string{}, Short: []string{}, Maybe: &[]string{},
		},
		{
			ID: UUID{3}, Mood: "glad", Bytes: []byte{}, At: time.Date(294276, 12, 31, 23, 59, 59, 999999000, time.UTC),
			Day: time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC), Raw: json.RawMessage(`"x"`), List: []string{}, Short: []string{},
		},
	}
}

// query runs one statement and decodes every row by the plan.
func query(t *testing.T, pc *pgconn.PgConn, p *mapper.Plan, sql string, args *mapper.Args, oids []uint32) (found []*stored) {
	t.Helper()
	rr := pc.ExecParams(t.Context(), sql, args.Values, oids, args.Formats, []int16{1})
	var d *mapper.Decoder
	for rr.NextRow() {
		if d == nil {
			var err error
			if d, err = p.Decoder(allColumns(p), mapper.OIDs(rr.FieldDescriptions())); err != nil {
				t.Fatal(err)
			}
		}
		o := p.New()
		if err := d.Decode(o, rr.Values()); err != nil {
			t.Fatal(err)
		}
		found = append(found, p.Any(o).(*stored))
	}
	if _, err := rr.Close(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return found
}

func names(p *mapper.Plan) string {
	var list []string
	for col := range p.Len() {
		list = append(list, p.Name(col))
	}
	return strings.Join(list, ", ")
}

func placeholders(p *mapper.Plan) (list string, oids []uint32) {
	var marks []string
	for col := range p.Len() {
		marks = append(marks, "$"+itoa(col+1))
		oids = append(oids, p.OID(col))
	}
	return strings.Join(marks, ", "), oids
}

func itoa(n int) string { b, _ := json.Marshal(n); return string(b) }

func TestServer_takes_and_returns_every_type(t *testing.T) {
	t.Parallel()
	p := storedPlan(t)
	pc := setup(t, p)
	marks, oids := placeholders(p)
	for _, want := range samples() {
		var args mapper.Args
		for col := range p.Len() {
			if err := p.Append(&args, object(t, p, want), col); err != nil {
				t.Fatal(err)
			}
		}
		got := query(t, pc, p, "INSERT INTO stored VALUES ("+marks+") RETURNING "+names(p), &args, oids)
		if diff := cmp.Diff([]*stored{want}, got); diff != "" {
			t.Error(diff)
		}
		if changed := changedNames(t, p, object(t, p, got[0]), p.Snapshot(object(t, p, want))); changed != nil {
			t.Errorf("what came back counts as changed: %v", changed)
		}
	}
}

// Many rows travel as one array per column; arrays of arrays would be
// flattened by unnest, so they travel as literals and are cast.
func TestServer_unnests_the_columns_of_many_objects(t *testing.T) {
	t.Parallel()
	p := storedPlan(t)
	pc := setup(t, p)
	var objects []mapper.Object
	for _, s := range samples() {
		objects = append(objects, object(t, p, s))
	}
	var args mapper.Args
	var oids []uint32
	var arrays, picks []string
	for col := range p.Len() {
		if err := p.AppendColumn(&args, objects, col); err != nil {
			t.Fatal(err)
		}
		oids = append(oids, p.ArrayOID(col))
		mark, pick := "$"+itoa(col+1), "c"+itoa(col)
		if p.ArrayOID(col) == 0 {
			mark += "::" + p.Column(col).PGType + "[]"
		}
		arrays = append(arrays, mark)
		picks = append(picks, pick+"::"+p.Column(col).PGType)
	}
	var aliases []string
	for col := range p.Len() {
		aliases = append(aliases, "c"+itoa(col))
	}
	sql := "INSERT INTO stored SELECT " + strings.Join(picks, ", ") + " FROM unnest(" + strings.Join(arrays, ", ") + ") AS u(" + strings.Join(aliases, ", ") + ") RETURNING " + names(p)
	if diff := cmp.Diff(samples(), query(t, pc, p, sql, &args, oids)); diff != "" {
		t.Error(diff)
	}
	empty := mapper.Args{}
	for col := range p.Len() {
		if err := p.AppendColumn(&empty, nil, col); err != nil {
			t.Fatal(err)
		}
	}
	if got := query(t, pc, p, sql, &empty, oids); got != nil {
		t.Errorf("no objects made %d rows", len(got))
	}
}

func TestServer_compares_with_values_and_arrays(t *testing.T) {
	t.Parallel()
	p := storedPlan(t)
	pc := setup(t, p)
	marks, oids := placeholders(p)
	for _, s := range samples() {
		var args mapper.Args
		for col := range p.Len() {
			if err := p.Append(&args, object(t, p, s), col); err != nil {
				t.Fatal(err)
			}
		}
		query(t, pc, p, "INSERT INTO stored VALUES ("+marks+")", &args, oids)
	}
	first := samples()[0]
	for name, vs := range map[string]any{
		"id": []UUID{first.ID, {9}}, "small": []int16{first.Small}, "medium": []*int32{&first.Medium}, "large": []int64{1, first.Large}, "narrow": []int64{-5},
		"real": []float32{1.5}, "double": []float64{math.Inf(1)}, "flag": []bool{true}, "text": []string{first.Text}, "varchar": []Status{"v"}, "citext": []string{"mixed"},
		"mood": []Status{"so so"}, "mood_null": []Status{`N"\`, "glad"}, "bytes": [][]byte{{0, 255}}, "at": []time.Time{first.At}, "day": []time.Time{first.Day},
		"raw": []json.RawMessage{first.Raw}, "doc": []map[string]any{first.Doc}, "note": []*string{new("n")},
	} {
		col, _ := p.Index(name)
		var args mapper.Args
		if err := p.AppendArray(&args, col, vs); err != nil {
			t.Fatal(err)
		}
		got := query(t, pc, p, "SELECT "+names(p)+" FROM stored WHERE "+name+" = ANY($1)", &args, []uint32{p.ArrayOID(col)})
		if diff := cmp.Diff([]*stored{first}, got); diff != "" {
			t.Errorf("%s = ANY: %s", name, diff)
		}
		args.Reset()
		if err := p.AppendValue(&args, col, p.Value(object(t, p, first), col)); err != nil {
			t.Fatal(err)
		}
		got = query(t, pc, p, "SELECT "+names(p)+" FROM stored WHERE "+name+" = $1", &args, []uint32{p.OID(col)})
		if diff := cmp.Diff([]*stored{first}, got); diff != "" {
			t.Errorf("%s =: %s", name, diff)
		}
	}
	large, _ := p.Index("large")
	var args mapper.Args
	if err := p.AppendArray(&args, large, []int64(nil)); err != nil {
		t.Fatal(err)
	}
	if got := query(t, pc, p, "SELECT "+names(p)+" FROM stored WHERE large = ANY($1)", &args, []uint32{p.ArrayOID(large)}); got != nil {
		t.Errorf("no values matched %d rows", len(got))
	}
}

// The argument's text is read by the server as the type that it stands for.
func TestServer_reads_the_arguments_of_raw_SQL(t *testing.T) {
	t.Parallel()
	pc := retorttest.NewDatabase(t, retorttest.Template{}).Conn(t).PgConn()
	at := time.Date(2025, 3, 1, 12, 30, 0, 123456789, time.FixedZone("", 2*3600))
	for _, tt := range []struct {
		v    any
		typ  string
		want string
	}{
		{nil, "integer", null},
		{true, "boolean", "t"},
		{int64(math.MinInt64), "bigint", "-9223372036854775808"},
		{uint64(math.MaxUint64), "numeric", "18446744073709551615"},
		{0.1, "double precision", "0.1"},
		{math.NaN(), "real", "NaN"},
		{math.Inf(-1), "double precision", "-Infinity"},
		{1e300, "numeric", "1" + strings.Repeat("0", 300)},
		{"it's", "text", "it's"},
		{[]byte{0, 0xab}, "bytea", `\x00ab`},
		{UUID{1}, "uuid", "01000000-0000-0000-0000-000000000000"},
		{at, "timestamptz", "2025-03-01 10:30:00.123456+00"},
		{at, "date", "2025-03-01"},
		{at, "timestamp", "2025-03-01 12:30:00.123456"},
		{time.Date(-4712, 1, 2, 0, 0, 0, 0, time.UTC), "timestamptz", "4713-01-02 00:00:00+00 BC"},
		{time.Date(12345, 1, 2, 0, 0, 0, 0, time.UTC), "timestamptz", "12345-01-02 00:00:00+00"},
		{time.Date(1800, 1, 1, 0, 0, 0, 0, time.FixedZone("LMT", 1050)), "timestamptz", "1799-12-31 23:42:30+00"},
		{time.Time{}, "timestamptz", "0001-01-01 00:00:00+00"},
		{json.RawMessage(`{"a":1}`), "jsonb", `{"a": 1}`},
		{map[string]any{"a": "\\"}, "jsonb", `{"a": "\\"}`},
		{[]string{"a b", `q"\`, "", "NULL", "{,}"}, "text[]", `{"a b","q\"\\","","NULL","{,}"}`},
		{[]*string{nil}, "text[]", "{NULL}"},
		{[]string{}, "text[]", "{}"},
		{[][]int{{1, 2}, {3, 4}}, "integer[]", "{{1,2},{3,4}}"},
		{[][]byte{{1}}, "bytea[]", `{"\\x01"}`},
		{[]map[string]int{{"a": 1}}, "jsonb[]", `{"{\"a\": 1}"}`},
		{netip.MustParseAddr("10.0.0.1"), "inet", "10.0.0.1"},
		{money{5}, "bigint", "5"},
	} {
		var args mapper.Args
		if _, err := mapper.AppendText(&args, tt.v); err != nil {
			t.Errorf("%T: %v", tt.v, err)
			continue
		}
		read := pc.ExecParams(t.Context(), "SET timezone = 'UTC'", nil, nil, nil, nil).Read()
		if read.Err != nil {
			t.Fatal(read.Err)
		}
		read = pc.ExecParams(t.Context(), "SELECT $1::"+tt.typ, args.Values, nil, args.Formats, nil).Read()
		if read.Err != nil {
			t.Errorf("%T as %s: %v", tt.v, tt.typ, read.Err)
			continue
		}
		got := null
		if v := read.Rows[0][0]; v != nil {
			got = string(v)
		}
		if got != tt.want {
			t.Errorf("%T as %s: the server read %q, want %q", tt.v, tt.typ, got, tt.want)
		}
	}
}

// What checkText and its like refuse, the server refuses too: nothing is
// refused for no reason.
func TestServer_would_refuse_what_is_refused(t *testing.T) {
	t.Parallel()
	pc := retorttest.NewDatabase(t, retorttest.Template{}).Conn(t).PgConn()
	for _, sql := range []string{
		`SELECT '"\u0000"'::jsonb`, `SELECT '"\ud800"'::jsonb`, `SELECT '"\udc00x"'::jsonb`, `SELECT '"\ud800\u0041"'::jsonb`,
		`SELECT '294277-01-01 00:00:00+00'::timestamptz`, `SELECT '4714-11-23 23:59:59+00 BC'::timestamptz`, `SELECT '5874898-01-01'::date`, `SELECT '4714-11-23 BC'::date`,
	} {
		if read := pc.ExecParams(t.Context(), sql, nil, nil, nil, nil).Read(); read.Err == nil {
			t.Errorf("%s was taken", sql)
		}
	}
	for _, bad := range []string{"a\x00", "a\xff", "a\xed\xa0\x80"} {
		if read := pc.ExecParams(t.Context(), "SELECT $1::text", [][]byte{[]byte(bad)}, nil, nil, nil).Read(); read.Err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
