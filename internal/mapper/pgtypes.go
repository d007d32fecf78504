package mapper

import (
	"encoding/binary"
	"net"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// pairPgtype compiles the types that have pgtype's methods for a PostgreSQL
// type: those of pgtype itself and the user's own. They hold NULL.
func pairPgtype(c *column, t reflect.Type) bool {
	builtIn := t.PkgPath() == "" // int64 and its like, which are hot where they fit
	if isTime(t) || builtIn && c.pg.wire != wireOther || t == reflect.TypeFor[net.HardwareAddr]() {
		return false
	}
	zero, ptr := reflect.Zero(t).Interface(), reflect.New(t).Interface()
	switch {
	case c.pg.wire == wireNumeric:
		_, gets := zero.(pgtype.NumericValuer)
		if _, sets := ptr.(pgtype.NumericScanner); gets && sets {
			c.holdsNull = true
			return c.coded(nullDecimal{numericOf(t), t})
		}
		return false
	case t == reflect.TypeFor[pgtype.Timestamptz]() && c.pg.wire == wireTimestamptz,
		t == reflect.TypeFor[pgtype.Timestamp]() && c.pg.wire == wireTimestamp,
		t == reflect.TypeFor[pgtype.Date]() && c.pg.wire == wireDate:
		c.holdsNull = true
		return c.coded(stampCodec{})
	case t == reflect.TypeFor[pgtype.Hstore]():
		return pairHstore(c, t)
	case t == reflect.TypeFor[pgtype.Text]() && c.pg.wire == wireText:
		return c.pgtyped(t, pgtype.TextCodec{}) // enums and citext have no OID to ask pgtype about
	case c.pg.oid == 0:
		return false
	}
	known := pgtypeCodec(c.pg.oid)
	return known != nil && c.pgtyped(t, known)
}

// pgtyped makes c a column of pgtype's codec, when that knows both sides.
func (c *column) pgtyped(t reflect.Type, known pgtype.Codec) bool {
	zero := reflect.Zero(t).Interface()
	p := pgtypeCodecOf{
		typ:    t,
		binary: known.PlanEncode(nil, c.pg.oid, pgtype.BinaryFormatCode, zero),
		text:   known.PlanEncode(nil, c.pg.oid, pgtype.TextFormatCode, zero),
		scan:   known.PlanScan(nil, c.pg.oid, pgtype.BinaryFormatCode, reflect.New(t).Interface()),
	}
	if p.binary == nil || p.text == nil || p.scan == nil {
		return false
	}
	c.holdsNull = t.PkgPath() != ""
	return c.coded(p)
}

// pgtypeCodecOf is one of pgtype's codecs for types without parts: its plans
// keep no state.
type pgtypeCodecOf struct {
	typ          reflect.Type
	binary, text pgtype.EncodePlan
	scan         pgtype.ScanPlan
}

func (p pgtypeCodecOf) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	return p.append(c, p.binary, buf, at)
}

func (p pgtypeCodecOf) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	if interval, ok := reflect.NewAt(p.typ, at).Elem().Interface().(pgtype.IntervalValuer); ok && c.pg.wire == wireInterval {
		v, err := interval.IntervalValue()
		if err != nil || !v.Valid {
			return nil, err
		}
		return appendInterval(buf, v), nil
	}
	return p.append(c, p.text, buf, at)
}

func (p pgtypeCodecOf) append(c *column, plan pgtype.EncodePlan, buf []byte, at unsafe.Pointer) ([]byte, error) {
	start := len(buf)
	buf, err := plan.Encode(reflect.NewAt(p.typ, at).Elem().Interface(), buf)
	if err != nil { // its text may quote the value
		return nil, c.valueErr("was refused by pgtype as " + c.pg.name)
	}
	if buf == nil {
		return nil, nil
	}
	switch c.pg.wire {
	case wireText:
		err = checkText(c.name, string(buf[start:]))
	case wireTime:
		if v, ok := reflect.NewAt(p.typ, at).Interface().(*pgtype.Time); ok && !inDay(v.Microseconds) {
			err = c.valueErr(reasonDay)
		}
	}
	return buf, err
}

func (p pgtypeCodecOf) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if d.in.pg.wire == wireTime && len(src) == 8 && !inDay(int64(binary.BigEndian.Uint64(src))) {
		return d.malformed("time beyond 24 hours")
	}
	err := p.scan.Scan(src, reflect.NewAt(p.typ, dst).Interface())
	switch {
	case err == nil:
		return nil
	case src == nil:
		return &NullError{Column: d.column.name, Type: p.typ.String()}
	}
	return d.stored("of " + d.in.pg.name + " was refused by pgtype for " + p.typ.String())
}

// nullDecimal adds NULL to a decimalCodec.
type nullDecimal struct {
	decimalCodec
	typ reflect.Type
}

func (n nullDecimal) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if src != nil {
		return n.decimalCodec.decode(d, dst, src)
	}
	if reflect.NewAt(n.typ, dst).Interface().(pgtype.NumericScanner).ScanNumeric(pgtype.Numeric{}) != nil {
		return &NullError{Column: d.column.name, Type: n.typ.String()}
	}
	return nil
}

// stampCodec is pgtype's Timestamptz, Timestamp and Date, which lie in memory
// alike. They hold infinity; all other values are checked and read as those of
// time.Time, so that they come in UTC.
type stampCodec struct{}

// finiteTime is the column of what is neither NULL nor infinite.
func (stampCodec) finiteTime(c *column) *column {
	return &column{name: c.name, shape: shapeTime, pg: c.pg, elem: timeType}
}

func (s stampCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	v := (*pgtype.Timestamptz)(at)
	switch {
	case !v.Valid:
		return nil, nil
	case v.InfinityModifier == pgtype.Finite:
		return s.finiteTime(c).encode(buf, unsafe.Pointer(&v.Time))
	}
	edge := uint64(1) << 63
	if v.InfinityModifier == pgtype.Infinity {
		edge--
	}
	if c.pg.wire == wireDate {
		edge = uint64(int64(edge) >> 32)
		return binary.BigEndian.AppendUint32(buf, uint32(edge)), nil
	}
	return binary.BigEndian.AppendUint64(buf, edge), nil
}

func (s stampCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	v := (*pgtype.Timestamptz)(at)
	switch {
	case !v.Valid:
		return nil, nil
	case v.InfinityModifier == pgtype.Finite:
		return s.finiteTime(c).literal(buf, unsafe.Pointer(&v.Time))
	}
	return append(buf, v.InfinityModifier.String()...), nil
}

func (s stampCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	v := pgtype.Timestamptz{Valid: src != nil}
	if src != nil {
		if v.InfinityModifier = infinity(src); v.InfinityModifier == pgtype.Finite {
			inner := decodeColumn{op: opFor(shapeTime, &d.in.pg), column: d.column, in: d.in}
			if err := inner.decode(unsafe.Pointer(&v.Time), src, &arena{}); err != nil {
				return err
			}
		}
	}
	store(dst, v)
	return nil
}

// infinity reads the two values that are ends of the number range.
func infinity(src []byte) pgtype.InfinityModifier {
	switch string(src) {
	case "\x7f\xff\xff\xff\xff\xff\xff\xff", "\x7f\xff\xff\xff":
		return pgtype.Infinity
	case "\x80\x00\x00\x00\x00\x00\x00\x00", "\x80\x00\x00\x00":
		return pgtype.NegativeInfinity
	}
	return pgtype.Finite
}

// The three must lie alike for stampCodec; a difference does not compile.
var (
	_ = pgtype.Timestamptz(pgtype.Timestamp{})
	_ = pgtype.Timestamptz(pgtype.Date{})
)
