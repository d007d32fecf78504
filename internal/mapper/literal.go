package mapper

import (
	"encoding/hex"
	"strconv"
	"time"
	"unsafe"
)

// literal appends the text form of the value at that address, as the server
// would read it whatever its settings are; nil is NULL.
func (c *column) literal(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.shape == shapeCoded {
		return c.codec.literal(c, buf, at)
	}
	switch c.pg.wire {
	case wireInt2, wireInt4, wireInt8:
		v := c.integer(at)
		if _, err := c.encodeInteger(nil, v); err != nil {
			return nil, err
		}
		return strconv.AppendInt(buf, v, 10), nil
	case wireFloat4:
		return appendFloat(buf, float64(load[float32](at)), 32), nil
	case wireFloat8:
		return appendFloat(buf, load[float64](at), 64), nil
	case wireBool:
		return strconv.AppendBool(buf, load[uint8](at) != 0), nil
	case wireBytea:
		return hex.AppendEncode(append(buf, `\x`...), load[[]byte](at)), nil
	case wireUUID:
		return appendUUID(buf, load[[16]byte](at)), nil
	case wireTimestamptz, wireTimestamp, wireDate:
		return c.literalTime(buf, load[time.Time](at))
	case wireJSON, wireJSONB:
		return c.appendJSON(buf, at)
	case wireTextArray:
		list := load[[]string](at)
		element := column{name: c.name, shape: shapeString, pg: *c.pg.item}
		return element.encodeLiteral(buf, len(list), func(i int) (unsafe.Pointer, error) {
			return unsafe.Pointer(&list[i]), nil
		})
	}
	return c.encode(buf, at) // text is the same in both forms
}

func (c *column) literalTime(buf []byte, t time.Time) ([]byte, error) {
	switch c.pg.wire {
	case wireDate:
		if _, ok := dayNumber(t); !ok {
			return nil, c.valueErr(reasonDate)
		}
		buf, suffix := appendDay(buf, t)
		return append(buf, suffix...), nil
	case wireTimestamp:
		t = wallClock(t)
	default:
		t = t.UTC() // equal times have equal texts
	}
	if _, ok := microseconds(t); !ok {
		return nil, c.valueErr(reasonTime)
	}
	return appendTime(buf, t)
}

// appendDay writes year, month and day; suffix tells years before 1, which are
// spelled BC.
func appendDay(buf []byte, t time.Time) (_ []byte, suffix string) {
	year := t.Year()
	if year <= 0 {
		year, suffix = 1-year, " BC"
	}
	digits := strconv.Itoa(year)
	for range 4 - len(digits) {
		buf = append(buf, '0')
	}
	buf = append(buf, digits...)
	return t.AppendFormat(buf, "-01-02"), suffix
}

func appendUUID(buf []byte, u [16]byte) []byte {
	for i, part := range [][]byte{u[:4], u[4:6], u[6:8], u[8:10], u[10:]} {
		if i > 0 {
			buf = append(buf, '-')
		}
		buf = hex.AppendEncode(buf, part)
	}
	return buf
}
