package mapper_test

import (
	"database/sql"
	"errors"
	"math/big"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/mapper"
)

// hostile has a field of every kind of codec, with the types that may arrive.
type hostile struct {
	Decimal  string
	Exact    pgtype.Numeric
	Whole    int64
	Float    float64
	Big      big.Int
	Rational big.Rat
	Cents    cents
	Took     time.Duration
	Interval pgtype.Interval
	Of       pgtype.Time
	Stamp    pgtype.Timestamptz
	Day      pgtype.Date
	Local    time.Time
	Host     netip.Addr
	Net      netip.Prefix
	OldNet   net.IPNet
	Mac      net.HardwareAddr
	Ints     []int64
	Matrix   [][]*int32
	Texts    []*string
	Moods    []Status
	Deep     [][]Status
	Docs     []map[string]any
	Array    pgtype.Array[pgtype.Numeric]
	Flat     pgtype.FlatArray[string]
	Range    pgtype.Range[int32]
	During   pgtype.Range[time.Time]
	Spans    pgtype.Multirange[pgtype.Range[pgtype.Numeric]]
	Ranges   []pgtype.Range[time.Time]
	Labels   map[string]string
	Hstore   pgtype.Hstore
	Home     address
	Parcel   *parcel
	Homes    []*address
	Null     sql.NullString
	NullTime sql.NullTime
	Numeric  sql.NullString
	Inet     string
	UUID     string
	Bits     pgtype.Bits
	Polygon  pgtype.Polygon
	Path     pgtype.Path
	Vector   pgtype.TSVector
	Tree     path
	Secret   encrypted
}

var hostileColumns = []struct {
	pgType string
	oid    uint32
}{
	{"numeric", pgtype.NumericOID},
	{"", pgtype.NumericOID},
	{"numeric", pgtype.NumericOID},
	{"numeric", pgtype.NumericOID},
	{"", pgtype.NumericOID},
	{"", pgtype.NumericOID},
	{"numeric", pgtype.NumericOID},
	{"interval", pgtype.IntervalOID},
	{"", pgtype.IntervalOID},
	{"", pgtype.TimeOID},
	{"", pgtype.TimestamptzOID},
	{"", pgtype.DateOID},
	{"timestamp", pgtype.TimestampOID},
	{"", pgtype.InetOID},
	{"", pgtype.CIDROID},
	{"", pgtype.CIDROID},
	{"", pgtype.MacaddrOID},
	{"", pgtype.Int8ArrayOID},
	{"", pgtype.Int4ArrayOID},
	{"", pgtype.TextArrayOID},
	{"mood[]", 50000},
	{"", 50001},
	{"jsonb[]", pgtype.JSONBArrayOID},
	{"", pgtype.NumericArrayOID},
	{"", pgtype.TextArrayOID},
	{"", pgtype.Int4rangeOID},
	{"", pgtype.TstzrangeOID},
	{"", pgtype.NummultirangeOID},
	{"", pgtype.TstzrangeArrayOID},
	{"hstore", 50002},
	{"", 50002},
	{"", 50003},
	{"", 50004},
	{"", 50005},
	{"", pgtype.TextOID},
	{"", pgtype.TimestamptzOID},
	{"numeric", pgtype.NumericOID},
	{"inet", pgtype.InetOID},
	{"uuid", pgtype.UUIDOID},
	{"varbit", pgtype.VarbitOID},
	{"", pgtype.PolygonOID},
	{"", pgtype.PathOID},
	{"", pgtype.TSVectorOID},
	{"", 50006},
	{"text", pgtype.TextOID},
}

func hostilePlan(f *testing.F) (*mapper.Plan, []*mapper.Decoder) {
	types, err := mapper.NewTypes(
		mapper.Enum{Name: "mood"},
		mapper.Composite{Name: "address", Type: typeOf[address](), Attributes: map[string]string{"mood": "mood"}},
		mapper.Composite{Name: "parcel", Type: typeOf[parcel](), Attributes: map[string]string{"took": "interval"}},
		mapper.NewCodec("ltree", func(buf []byte, v path) ([]byte, error) { return append(append(buf, 1), v...), nil },
			func(src []byte, dst *path) error {
				if len(src) == 0 || src[0] != 1 {
					return errSecret
				}
				*dst = path(src[1:])
				return nil
			}, nil),
	)
	if err != nil {
		f.Fatal(err)
	}
	cols := columnsOf[hostile](f, nil)
	for i := range cols {
		cols[i].PGType = hostileColumns[i].pgType
	}
	p, err := types.Compile(typeOf[hostile](), cols)
	if err != nil {
		f.Fatal(err)
	}
	var decoders []*mapper.Decoder
	for col := range p.Len() {
		d, err := p.Decoder([]int{col}, []uint32{hostileColumns[col].oid})
		if err != nil {
			f.Fatal(err)
		}
		decoders = append(decoders, d)
	}
	return p, decoders
}

// FuzzDecodeCoded feeds replies of any bytes to every codec: an error that says
// which column, or a value that can be written, compared and read again.
func FuzzDecodeCoded(f *testing.F) {
	p, decoders := hostilePlan(f)
	for _, src := range hostileSeeds() {
		for col := range p.Len() {
			f.Add(col, src)
		}
	}
	f.Fuzz(func(t *testing.T, col int, src []byte) {
		if col < 0 || col >= p.Len() {
			return
		}
		o := p.New()
		if err := decoders[col].Decode(o, [][]byte{src[:len(src):len(src)]}); err != nil {
			var value *mapper.ValueError
			var format *mapper.FormatError
			var null *mapper.NullError
			if !errors.As(err, &value) && !errors.As(err, &format) && !errors.As(err, &null) {
				t.Fatalf("%T: %v", err, err)
			}
			return
		}
		s := p.Snapshot(o)
		changed, err := p.Changed(o, s, nil)
		if err != nil || len(changed) > 0 {
			t.Fatalf("%s is not what its snapshot says: %v", p.Name(col), err)
		}
		var args mapper.Args
		refused := p.Append(&args, o, col) // as PostgreSQL would: text with NUL, for one
		var value *mapper.ValueError
		if refused != nil && !errors.As(refused, &value) {
			t.Fatal(refused)
		}
		if refused != nil || args.Formats[0] == 0 || args.Values[0] == nil {
			return
		}
		again := p.New()
		if err := decoders[col].Decode(again, args.Values); err != nil {
			t.Fatalf("%s: what was written cannot be read: %v\n% x\n% x", p.Name(col), err, src, args.Values[0])
		}
		if changed, err := p.Changed(again, s, nil); err != nil || len(changed) > 0 {
			t.Fatalf("%s: what was written reads as another value (%v)\n% x\n% x", p.Name(col), err, src, args.Values[0])
		}
	})
}

// hostileSeeds are values of each form, and forms with lies in them.
func hostileSeeds() [][]byte {
	join := func(parts ...any) (b []byte) {
		for _, p := range parts {
			switch v := p.(type) {
			case int:
				b = append(b, be32(int32(v))...)
			case string:
				b = append(b, v...)
			}
		}
		return b
	}
	return [][]byte{
		{},
		{0},
		{1},
		be32(0), be64(0), be64(-1), []byte("\x01{}"), []byte("\x01a.b"), []byte("text"), make([]byte, 12), make([]byte, 16),
		[]byte("\x00\x02\x00\x01\x00\x00\x00\x02\x00\x01\x09\x29"), []byte("\x00\x00\x00\x00\xc0\x00\x00\x00"), []byte("\x00\x01\x7f\xff\x40\x00\x00\x00\x00\x01"), []byte("\x00\x01\x80\x00\x00\x00\x3f\xff\x00\x01"), []byte("\x00\x01\x00\x00\x00\x00\x00\x00\x27\x10"),
		[]byte("\x02\x18\x00\x04\x0a\x00\x00\x00"), []byte("\x02\x20\x00\x04\x0a\x00\x00\x01"), []byte("\x03\x81\x00\x10"),
		{1, 2, 3, 4, 5, 6},
		join(1, 0, 20, 1, 1, 8, string(be64(7))), join(1, 1, 23, 2, 1, 4, 7, -1), join(2, 0, 23, 1, 1, 1, 1, 4, 7), join(1, 0, 25, 1, 1, 1, "a"), join(1, 0, 60000, 1, 1, 4, "glad"), join(6, 0, 23, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4, 7),
		join(1, 0, 23, 0x7fffffff, 1), join(2, 0, 23, 0x10000, 1, 0x10000, 1), join(3, 0, 23, 0, 1, -1, 1, 2, 1), join(1, 0, 3802, 1, 1, 3, "\x01{}"), join(1, 0, 1700, 1, 1, 8, string(make([]byte, 8))), join(1, 0, 3910, 1, 1, 1, "\x01"),
		[]byte("\x01"), []byte("\x18"), join("\x02", 4, 1, 4, 5), join("\x12", 8, string(be64(7))), join("\x06", -1, -1), join(1, 1, "\x01"), join(1, 13, "\x12", 8, string(make([]byte, 8))),
		join(1, 1, "a", 1, "b"), join(1, 1, "a", -1), join(2, 1, "a", 1, "b", 1, "a", 1, "c"), join(0x7fffffff, 1, "a"),
		join(5, 25, 1, "s", 60000, 4, "glad", 23, 4, 7, 25, -1, 1022, 12, 0, 0, 701), join(5, 25, -1), join(4, 2950, 16, string(make([]byte, 16)), 60001, -1, 1700, 8, string(make([]byte, 8)), 1186, 16, string(make([]byte, 16))),
		join(1, 0, 60001, 1, 1, 48, 5, 25, 1, "s", 60000, 4, "glad", 23, 4, 7, 25, -1, 1022, -1), join(3, "\xa0"), join(1, string(make([]byte, 16))), join("\x01", 1, string(make([]byte, 16))), join(1, "a\x00\x00\x01\x00\x01"),
	}
}
