package mapper

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// Key is the identity of one value of one column: comparable, and equal exactly
// when the values are.
//
//   - Shape: keys of different columns must not be compared. NULL is the zero
//     Key, which is also that of 0 and ""; see [Plan.IsNull]. Values without an
//     equality of their own here (ranges, arrays, json) are equal when the bytes
//     that would be stored are.
type Key struct {
	hi, lo uint64
	s      string
}

// Key returns the identity of the field's value.
//
//   - Shape: citext counts as text here, so keys differ by case; char(n) without
//     its padding.
func (p *Plan) Key(o Object, col int) Key {
	c := &p.columns[col]
	at := c.value(o)
	if at == nil {
		return Key{}
	}
	return c.key(at)
}

// KeyOf returns the identity of v, which is what [Plan.AppendValue] takes.
//
//   - Errors: [*NilValueError], [*TypeError].
func (p *Plan) KeyOf(col int, v any) (Key, error) {
	c := &p.columns[col]
	at, err := c.valueOf(v)
	if err != nil {
		return Key{}, err
	}
	return c.key(at), nil
}

func (c *column) key(at unsafe.Pointer) Key {
	switch c.shape {
	case shapeUUID:
		u := load[[16]byte](at)
		return Key{hi: binary.BigEndian.Uint64(u[:8]), lo: binary.BigEndian.Uint64(u[8:])}
	case shapeInt16, shapeInt32, shapeInt64:
		return Key{lo: uint64(c.integer(at))}
	case shapeString:
		return Key{s: c.text(at)}
	case shapeBool:
		return Key{lo: uint64(load[uint8](at))}
	case shapeFloat32:
		return Key{lo: uint64(math.Float32bits(load[float32](at)))}
	case shapeFloat64:
		return Key{lo: math.Float64bits(load[float64](at))}
	case shapeTime:
		t := load[time.Time](at)
		switch c.pg.wire {
		case wireDate:
			y, m, d := t.Date()
			return Key{hi: uint64(y), lo: uint64(m)<<8 | uint64(d)}
		case wireTimestamp:
			t = wallClock(t)
		}
		return Key{hi: uint64(t.Unix()), lo: uint64(t.Nanosecond() / 1000)}
	case shapeBytes:
		return Key{s: string(load[[]byte](at))}
	case shapeStrings:
		buf := make([]byte, 0, 64)
		for _, s := range load[[]string](at) {
			buf = append(binary.AppendUvarint(buf, uint64(len(s))), s...)
		}
		return Key{s: string(buf)}
	}
	form, err := c.storedForm(at)
	if err != nil {
		return Key{}
	}
	return Key{s: string(c.canonical(form))}
}

// canonical is the same form for equal values: numerics may differ in their scale,
// texts of a uuid in case, hyphens and braces.
func (c *column) canonical(form []byte) []byte {
	if d, ok := c.decimal(form); ok {
		return d.trimmed().appendBinary(nil)
	}
	if c.pg.wire != wireUUID || form == nil {
		return form
	}
	plain := make([]byte, 0, len(form))
	for _, b := range bytes.ToLower(form) {
		if b != '-' && b != '{' && b != '}' {
			plain = append(plain, b)
		}
	}
	return plain
}

// decimal reads the form of a numeric column, whose equal values may differ in
// their scale.
func (c *column) decimal(form []byte) (decimal, bool) {
	if c.pg.wire != wireNumeric || form == nil {
		return decimal{}, false
	}
	if c.asText {
		d, reason := parseDecimal(form)
		return d, reason == ""
	}
	d, err := (&decodeColumn{column: c, in: &incoming{}}).numeric(form)
	return d, err == nil
}

// text reads a string as the server compares it.
func (c *column) text(at unsafe.Pointer) string {
	s := load[string](at)
	if c.pg.oid == pgtype.BPCharOID {
		s = strings.TrimRight(s, " ")
	}
	return s
}

// CompareKeys orders two objects by a column.
//
//   - Shape: negative, zero, positive. The server's ascending order for integers,
//     floats, numerics, bool, uuid, times, addresses and bytes; text by bytes, as
//     under the collation "C"; other types in an order of their own. NULL is
//     last.
func (p *Plan) CompareKeys(a, b Object, col int) int {
	c := &p.columns[col]
	x, y := c.value(a), c.value(b)
	if c.holdsNull {
		x, y = c.orNil(x), c.orNil(y)
	}
	switch {
	case x == nil || y == nil:
		return cmp.Compare(btoi(x == nil), btoi(y == nil))
	case c.shape == shapeInt16 || c.shape == shapeInt32 || c.shape == shapeInt64:
		return cmp.Compare(c.integer(x), c.integer(y))
	case c.shape == shapeFloat32:
		return compareFloats(float64(load[float32](x)), float64(load[float32](y)))
	case c.shape == shapeFloat64:
		return compareFloats(load[float64](x), load[float64](y))
	case c.shape == shapeTime:
		return c.compareTimes(load[time.Time](x), load[time.Time](y))
	case c.shape == shapeBytes:
		return bytes.Compare(load[[]byte](x), load[[]byte](y))
	case c.shape == shapeCoded:
		return c.compareForms(x, y)
	}
	k, l := c.key(x), c.key(y)
	return cmp.Or(cmp.Compare(k.hi, l.hi), cmp.Compare(k.lo, l.lo), strings.Compare(k.s, l.s))
}

// orNil is nil for a value that stands for NULL.
func (c *column) orNil(at unsafe.Pointer) unsafe.Pointer {
	if at != nil && c.isNull(at) {
		return nil
	}
	return at
}

// isNull asks a value whose type holds NULL.
func (c *column) isNull(at unsafe.Pointer) bool {
	form, err := c.form([]byte{}, at)
	return form == nil && err == nil
}

// compareForms orders values by what would be stored.
func (c *column) compareForms(x, y unsafe.Pointer) int {
	a, _ := c.storedForm(x)
	b, _ := c.storedForm(y)
	if d, ok := c.decimal(a); ok {
		e, _ := c.decimal(b)
		return d.compare(e)
	}
	if c.asText || len(a) == 0 || len(b) == 0 {
		return bytes.Compare(c.canonical(a), c.canonical(b))
	}
	switch c.pg.wire {
	case wireInt2, wireInt4, wireInt8, wireTimestamptz, wireTimestamp, wireDate, wireTime, wireInterval:
		a[0], b[0] = a[0]^0x80, b[0]^0x80 // the sign of two's complement
	case wireInet, wireCIDR:
		return compareInets(a, b)
	}
	return bytes.Compare(a, b)
}

// compareInets orders by family, network, length of the netmask, address.
func compareInets(a, b []byte) int {
	d := decodeColumn{column: &column{}, in: &incoming{}}
	p, _ := d.prefix(a)
	q, _ := d.prefix(b)
	if p.Addr().Is4() != q.Addr().Is4() {
		return cmp.Compare(a[0], b[0])
	}
	bits := min(p.Bits(), q.Bits())
	network, _ := p.Addr().Prefix(bits)
	other, _ := q.Addr().Prefix(bits)
	return cmp.Or(network.Addr().Compare(other.Addr()), cmp.Compare(p.Bits(), q.Bits()), p.Addr().Compare(q.Addr()))
}

// compareFloats puts NaN last, as the server does.
func compareFloats(a, b float64) int {
	if math.IsNaN(a) || math.IsNaN(b) {
		return cmp.Compare(btoi(math.IsNaN(a)), btoi(math.IsNaN(b)))
	}
	return cmp.Compare(a, b)
}

// compareTimes compares what is stored: microseconds, or calendar days.
func (c *column) compareTimes(a, b time.Time) int {
	if c.pg.wire == wireTimestamp {
		a, b = wallClock(a), wallClock(b)
	}
	if c.pg.wire == wireDate {
		y1, m1, d1 := a.Date()
		y2, m2, d2 := b.Date()
		return cmp.Or(cmp.Compare(y1, y2), cmp.Compare(m1, m2), cmp.Compare(d1, d2))
	}
	return cmp.Or(cmp.Compare(a.Unix(), b.Unix()), cmp.Compare(a.Nanosecond()/1000, b.Nanosecond()/1000))
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
