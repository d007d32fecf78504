package mapper

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
	"unsafe"
)

// encode appends the binary form of the value at that address; nil is NULL,
// which only the values of codecs can be.
func (c *column) encode(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.shape == shapeCoded {
		return c.codec.encode(c, buf, at)
	}
	switch c.pg.wire {
	case wireInt2, wireInt4, wireInt8:
		return c.encodeInteger(buf, c.integer(at))
	case wireFloat4:
		return binary.BigEndian.AppendUint32(buf, math.Float32bits(load[float32](at))), nil
	case wireFloat8:
		return binary.BigEndian.AppendUint64(buf, math.Float64bits(load[float64](at))), nil
	case wireBool:
		return append(buf, load[uint8](at)), nil
	case wireText:
		s := load[string](at)
		if err := checkText(c.name, s); err != nil {
			return nil, err
		}
		return append(buf, s...), nil
	case wireBytea:
		return append(buf, load[[]byte](at)...), nil
	case wireUUID:
		u := load[[16]byte](at)
		return append(buf, u[:]...), nil
	case wireTimestamptz:
		us, ok := microseconds(load[time.Time](at))
		if !ok {
			return nil, &ValueError{Column: c.name, Reason: reasonTime}
		}
		return binary.BigEndian.AppendUint64(buf, uint64(us)), nil
	case wireTimestamp:
		us, ok := microseconds(wallClock(load[time.Time](at)))
		if !ok {
			return nil, &ValueError{Column: c.name, Reason: reasonTime}
		}
		return binary.BigEndian.AppendUint64(buf, uint64(us)), nil
	case wireDate:
		days, ok := dayNumber(load[time.Time](at))
		if !ok {
			return nil, &ValueError{Column: c.name, Reason: reasonDate}
		}
		return binary.BigEndian.AppendUint32(buf, uint32(days)), nil
	case wireTextArray:
		return c.encodeStrings(buf, load[[]string](at))
	}
	return c.encodeJSON(buf, at)
}

// integer reads an integer of any width.
func (c *column) integer(at unsafe.Pointer) int64 {
	switch c.shape {
	case shapeInt16:
		return int64(load[int16](at))
	case shapeInt32:
		return int64(load[int32](at))
	}
	return load[int64](at)
}

func (c *column) encodeInteger(buf []byte, v int64) ([]byte, error) {
	switch c.pg.wire {
	case wireInt2:
		if v != int64(int16(v)) {
			return nil, &ValueError{Column: c.name, Reason: "is out of range for smallint"}
		}
		return binary.BigEndian.AppendUint16(buf, uint16(v)), nil
	case wireInt4:
		if v != int64(int32(v)) {
			return nil, &ValueError{Column: c.name, Reason: "is out of range for integer"}
		}
		return binary.BigEndian.AppendUint32(buf, uint32(v)), nil
	}
	return binary.BigEndian.AppendUint64(buf, uint64(v)), nil
}

// encodeStrings writes what a list of text columns would; strings are the most
// frequent arrays.
func (c *column) encodeStrings(buf []byte, list []string) ([]byte, error) {
	buf = binary.BigEndian.AppendUint32(buf, uint32(min(len(list), 1)))
	buf = binary.BigEndian.AppendUint32(buf, 0)
	buf = binary.BigEndian.AppendUint32(buf, c.pg.item.oid)
	if len(list) == 0 {
		return buf, nil
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(list)))
	buf = binary.BigEndian.AppendUint32(buf, 1)
	for _, s := range list {
		if err := checkText(c.name, s); err != nil {
			return nil, err
		}
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	return buf, nil
}

// encodeJSON appends json text, behind the version byte of jsonb.
func (c *column) encodeJSON(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.pg.wire == wireJSONB {
		buf = append(buf, 1)
	}
	return c.appendJSON(buf, at)
}

func (c *column) appendJSON(buf []byte, at unsafe.Pointer) ([]byte, error) {
	binaryJSON := c.pg.wire == wireJSONB
	if c.shape == shapeBytes {
		raw := load[[]byte](at)
		if len(raw) == 0 {
			raw = []byte("null")
		}
		if err := checkRawJSON(c.name, raw, binaryJSON); err != nil {
			return nil, err
		}
		return append(buf, raw...), nil
	}
	start := len(buf)
	buf, err := c.marshalTo(buf, at)
	if err != nil {
		return nil, err
	}
	if binaryJSON {
		if err := checkEscapes(c.name, buf[start:]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// marshalTo appends what marshal returns.
func (c *column) marshalTo(buf []byte, at unsafe.Pointer) ([]byte, error) {
	if c.writers == nil {
		text, err := c.marshal(at)
		return append(buf, text...), err
	}
	out, err := c.writers.append(buf, c.elem, at)
	if err != nil {
		return nil, errNoJSON(c)
	}
	return out, nil
}

// marshal gives encoding/json a pointer, so that MarshalJSON methods on
// pointers are found.
func (c *column) marshal(at unsafe.Pointer) ([]byte, error) {
	text, err := json.Marshal(reflect.NewAt(c.elem, at).Interface())
	if err != nil {
		return nil, errNoJSON(c)
	}
	return text, nil
}

// errNoJSON has no more than the kind of the error: that of a MarshalJSON method
// may quote the value.
func errNoJSON(c *column) error {
	return &ValueError{Column: c.name, Reason: "cannot be written as json by encoding/json"}
}

// The limits of PostgreSQL's timestamptz and date, from datatype/timestamp.h:
// 4714-11-24 BC up to the years 294276 and 5874897.
const (
	epochSeconds = 946684800 // 2000-01-01 in seconds since 1970
	epochDays    = 10957     // the same in days

	firstSecond = -211813488000 // seconds since 2000-01-01
	endSecond   = 9223371331200
	firstDay    = -2451545 // days since 2000-01-01
	endDay      = 2145031949

	reasonTime = "is outside the range of timestamptz, 4714-11-24 BC to year 294276"
	reasonDate = "is outside the range of date, 4714-11-24 BC to year 5874897"
)

// microseconds since 2000-01-01, cut and not rounded, as every clock shows it.
func microseconds(t time.Time) (int64, bool) {
	sec := t.Unix() - epochSeconds
	if sec < firstSecond || sec >= endSecond {
		return 0, false
	}
	return sec*1e6 + int64(t.Nanosecond()/1000), true
}

// wallClock is what t shows in its own location, as an instant in UTC: what a
// timestamp without time zone holds. Times beyond its range may come out as any
// other that is beyond.
func wallClock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// dayNumber is the calendar day of t in its own location, in days since 2000-01-01.
func dayNumber(t time.Time) (int32, bool) {
	const reach = 2e14 // seconds, 6 million years: time.Date cannot overflow within
	if sec := t.Unix(); sec < -reach || sec > reach {
		return 0, false
	}
	y, m, d := t.Date()
	days := time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()/86400 - epochDays
	if days < firstDay || days >= endDay {
		return 0, false
	}
	return int32(days), true
}

// checkText refuses what no text column can hold.
func checkText(column, s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return &ValueError{Column: column, Reason: "holds a NUL character, which PostgreSQL text cannot hold"}
	}
	if !utf8.ValidString(s) {
		return &ValueError{Column: column, Reason: "is not valid UTF-8"}
	}
	return nil
}
