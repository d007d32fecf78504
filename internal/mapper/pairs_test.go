package mapper_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/retorttest"
)

// pairDB is a database with a type of every kind that users make.
func pairDB(t *testing.T) *pgconn.PgConn {
	t.Helper()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	db.Exec(t, `CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree;
		CREATE TYPE mood AS ENUM ('glad', 'so so', 'N"\');
		CREATE DOMAIN email AS text CHECK (value LIKE '%@%');
		CREATE DOMAIN price AS numeric(12,3);
		CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
		CREATE TYPE plain AS (street text, zip integer, since date, tags text[]);
		CREATE TYPE address AS (street text, mood mood, zip integer, note text, geo float8[]);
		CREATE TYPE parcel AS (id uuid, "to" address, weight numeric, took interval)`)
	pc := db.Conn(t).PgConn()
	// What is sent as text must not depend on the settings of the session.
	for _, set := range []string{"intervalstyle = 'sql_standard'", "datestyle = 'SQL, DMY'", "timezone = 'Asia/Kathmandu'", "bytea_output = 'escape'", "extra_float_digits = 0"} {
		if read := pc.ExecParams(t.Context(), "SET "+set, nil, nil, nil, nil).Read(); read.Err != nil {
			t.Fatal(read.Err)
		}
	}
	return pc
}

var pairOptions = cmp.Options{
	cmpopts.EquateNaNs(), cmpopts.EquateErrors(),
	cmp.Exporter(func(reflect.Type) bool { return true }),
}

// checkPair sends each value as a parameter of its own, as an element of the
// array for unnest, and compares; what the server says of it in text must be
// want, when that is not empty.
func checkPair[T any](t *testing.T, pc *pgconn.PgConn, types *mapper.Types, pgType string, values []T, want ...string) {
	t.Helper()
	p := pairPlan[T](t, types, pgType)
	name := p.Column(0).PGType
	var objects []mapper.Object
	for i := range values {
		objects = append(objects, object(t, p, &struct{ V T }{values[i]}))
	}
	title := fmt.Sprintf("%T as %s", *new(T), name)
	for i, v := range values {
		got, text := throughServer(t, pc, p, title, "SELECT $1::"+name+", $1::"+name+"::text", func(args *mapper.Args) error { return p.Append(args, objects[i], 0) })
		if diff := cmp.Diff([]any{v}, got, pairOptions); diff != "" {
			t.Errorf("%s alone:\n%s", title, diff)
		}
		if i < len(want) && want[i] != "" && len(text) == 1 && text[0] != want[i] {
			t.Errorf("%s: the server has %q, want %q", title, text[0], want[i])
		}
		if len(got) == 1 {
			checkSame(t, p, title, objects[i], got[0].(T))
		}
	}
	mark := "$1::" + name + "[]"
	if p.ArrayOID(0) == textArrayOID {
		mark = "$1::text[]" // arrays travel as literals: unnest flattens arrays of arrays
	}
	got, _ := throughServer(t, pc, p, title, "SELECT u::"+name+", u::"+name+"::text FROM unnest("+mark+") AS u", func(args *mapper.Args) error { return p.AppendColumn(args, objects, 0) })
	var all []any
	for _, v := range values {
		all = append(all, v)
	}
	if diff := cmp.Diff(all, got, pairOptions); diff != "" {
		t.Errorf("%s by unnest:\n%s", title, diff)
	}
}

const textArrayOID = 1009

func pairPlan[T any](t *testing.T, types *mapper.Types, pgType string) *mapper.Plan {
	t.Helper()
	p, err := types.Compile(typeOf[struct{ V T }](), columnsFor[struct{ V T }](t, pgType))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// throughServer runs one statement and decodes its first column, by the plan
// and by that of raw SQL.
func throughServer(t *testing.T, pc *pgconn.PgConn, p *mapper.Plan, title, sql string, add func(*mapper.Args) error) (values []any, text []string) {
	t.Helper()
	var args mapper.Args
	if err := add(&args); err != nil {
		t.Errorf("%s: %v", title, err)
		return nil, nil
	}
	oid := p.OID(0)
	if strings.Contains(sql, "unnest") {
		oid = p.ArrayOID(0)
	}
	read := pc.ExecParams(t.Context(), sql, args.Values, []uint32{oid}, args.Formats, []int16{1, 0}).Read()
	if read.Err != nil {
		t.Errorf("%s: %v\n%q", title, read.Err, args.Values)
		return nil, nil
	}
	d, err := p.Decoder([]int{0}, mapper.OIDs(read.FieldDescriptions[:1]))
	if err != nil {
		t.Errorf("%s: %v", title, err)
		return nil, nil
	}
	for _, row := range read.Rows {
		o := p.New()
		if err := d.Decode(o, row[:1]); err != nil {
			t.Errorf("%s: %v\n% x", title, err, row[0])
			continue
		}
		values = append(values, reflect.ValueOf(p.Any(o)).Elem().Field(0).Interface())
		text = append(text, string(row[1]))
		cutShort(t, p, d, title, row[0])
	}
	return values, text
}

// cutShort decodes all beginnings of a value: an error or a value, no panic.
func cutShort(t *testing.T, p *mapper.Plan, d *mapper.Decoder, title string, src []byte) {
	t.Helper()
	for n := range min(len(src), 200) {
		err := d.Decode(p.New(), [][]byte{src[:n:n]})
		var format *mapper.FormatError
		var value *mapper.ValueError
		var null *mapper.NullError
		if err != nil && !errors.As(err, &format) && !errors.As(err, &value) && !errors.As(err, &null) {
			t.Errorf("%s cut to %d bytes: %v", title, n, err)
		}
	}
}

// checkSame holds what came back against what was sent: not changed, one key.
func checkSame[T any](t *testing.T, p *mapper.Plan, title string, sent mapper.Object, back T) {
	t.Helper()
	got := object(t, p, &struct{ V T }{back})
	for _, s := range []mapper.Snapshot{p.Snapshot(sent), p.Snapshot(got)} {
		for _, o := range []mapper.Object{sent, got} {
			if changed, err := p.Changed(o, s, nil); err != nil || len(changed) > 0 {
				t.Errorf("%s: what came back counts as changed: %v, %v", title, changed, err)
			}
		}
	}
	if p.Key(sent, 0) != p.Key(got, 0) || p.CompareKeys(sent, got, 0) != 0 || p.IsNull(sent, 0) != p.IsNull(got, 0) {
		t.Errorf("%s: what came back has another key", title)
	}
}

func ptr[T any](v T) *T { return &v }

var negativeZero = math.Copysign(0, -1)
