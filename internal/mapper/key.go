package mapper

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"strings"
	"time"
	"unsafe"
)

// Key is the identity of one value of one column: comparable, and equal exactly
// when the values are.
//
//   - Shape: keys of different columns must not be compared. NULL is the zero
//     Key, which is also that of 0 and ""; see [Plan.IsNull].
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
		if c.pg.wire == wireDate {
			y, m, d := t.Date()
			return Key{hi: uint64(y), lo: uint64(m)<<8 | uint64(d)}
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
	text, err := c.marshal(at)
	if err != nil {
		return Key{}
	}
	return Key{s: string(text)}
}

// text reads a string as the server compares it.
func (c *column) text(at unsafe.Pointer) string {
	s := load[string](at)
	if c.pg.name == "char" {
		s = strings.TrimRight(s, " ")
	}
	return s
}

// CompareKeys orders two objects by a column.
//
//   - Shape: negative, zero, positive. The server's ascending order for integers,
//     floats, bool, uuid, times and bytes; text by bytes, as under the collation
//     "C". NULL is last.
func (p *Plan) CompareKeys(a, b Object, col int) int {
	c := &p.columns[col]
	x, y := c.value(a), c.value(b)
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
	}
	k, l := c.key(x), c.key(y)
	return cmp.Or(cmp.Compare(k.hi, l.hi), cmp.Compare(k.lo, l.lo), strings.Compare(k.s, l.s))
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
