package mapper_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// fuzzed has one field of every shape that a reply can be read into.
type fuzzed struct {
	Row
	Nullable `db:"-"`
	I16      int16
	F32      float32
	Raw      []byte
	Wide     int64
	Single   float64
	Local    Status
	List     []string
	JSON     map[string]any
	Inner    struct{ A []int }
	Text     string
	Times    *[]string
}

var fuzzedOIDs = append(rowOIDs[:len(rowOIDs):len(rowOIDs)],
	pgtype.Int2OID, pgtype.Float4OID, pgtype.ByteaOID, pgtype.Int4OID, pgtype.Float4OID, 20000,
	pgtype.TextArrayOID, pgtype.JSONBOID, pgtype.JSONOID, pgtype.JSONBOID, pgtype.VarcharArrayOID,
)

// FuzzDecode feeds replies of any bytes: an error or a value, never a panic, and
// nothing beyond the end of a value is read (values are cut to their capacity).
func FuzzDecode(f *testing.F) {
	f.Add(0, []byte("0123456789abcdef"))
	f.Add(1, []byte("text"))
	f.Add(7, []byte("\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add(8, []byte("\x80\x00\x00\x00"))
	f.Add(15, []byte("\xff"))
	f.Add(16, []byte("\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x19\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x01a"))
	f.Add(17, []byte("\x01{\"a\": [1]}"))
	s, err := mapper.ScanPlan(typeOf[fuzzed]())
	if err != nil {
		f.Fatal(err)
	}
	p := s.Plan()
	valid := make([][]byte, p.Len())
	for col := range valid {
		d, err := p.Decoder([]int{col}, fuzzedOIDs[col:col+1])
		if err != nil {
			f.Fatal(err)
		}
		if p.Nullable(col) {
			continue
		}
		for _, src := range [][]byte{{}, {0}, {0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0, 0, 0, 0, 0}, make([]byte, 12), make([]byte, 16), []byte("\x01{}"), []byte("{}")} {
			if d.Decode(p.New(), [][]byte{src}) == nil {
				valid[col] = src
			}
		}
	}
	d, err := p.Decoder(allColumns(p), fuzzedOIDs)
	if err != nil {
		f.Fatal(err)
	}
	if err := d.Decode(p.New(), valid); err != nil {
		f.Fatalf("the row around the fuzzed value is not valid: %v", err)
	}
	f.Fuzz(func(t *testing.T, col int, src []byte) {
		if col < 0 || col >= p.Len() {
			return
		}
		values := append([][]byte(nil), valid...)
		values[col] = src[:len(src):len(src)]
		o, err := d.DecodeNew(p.NewBatch(1), values)
		if err != nil {
			return
		}
		if changed, err := p.Changed(o, p.Snapshot(o), nil); err != nil || len(changed) != 0 {
			t.Fatalf("an object is not what its snapshot says: %v, %v", changed, err)
		}
		var args mapper.Args
		if err := p.Append(&args, o, col); err != nil && fuzzedOIDs[col] != pgtype.JSONBOID && fuzzedOIDs[col] != pgtype.JSONOID {
			if _, refused := err.(*mapper.ValueError); !refused { //nolint:errorlint // unwrapped, as it is promised
				t.Fatal(err)
			}
		}
	})
}

// FuzzScan matches results of any names.
func FuzzScan(f *testing.F) {
	f.Add("id", "name")
	f.Add("", "id")
	s, err := mapper.ScanPlan(typeOf[struct {
		ID   int64
		Name string
	}]())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		_, err := s.Decoder([]pgconn.FieldDescription{{Name: a, DataTypeOID: pgtype.Int8OID}, {Name: b, DataTypeOID: pgtype.TextOID}})
		if fits := a == "id" && b == "name"; fits != (err == nil) {
			t.Fatalf("%q, %q: %v", a, b, err)
		}
	})
}
