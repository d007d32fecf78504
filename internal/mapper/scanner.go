package mapper

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/hex"
	"reflect"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

var textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()

// ownMethods reports the types that say with Value and Scan how they are
// stored. One of both alone is no way in and out, and is left alone.
func ownMethods(t reflect.Type) bool {
	return implements(t, valuerType) && implements(t, scannerType)
}

// pairScanner compiles the types with methods of database/sql for any column:
// sql.NullString, decimals, encrypted strings.
func pairScanner(c *column, t reflect.Type) bool {
	if !ownMethods(t) || isTime(t) {
		return false
	}
	c.asText, c.holdsNull = true, true
	return c.coded(&scannerCodec{typ: t, flat: isFlat(t)})
}

// scannerCodec goes by the methods Value and Scan. What Value gives travels as
// text, which the server reads as the column's type; Scan gets what
// database/sql would give it.
type scannerCodec struct {
	typ  reflect.Type
	flat bool // values are compared with ==, so that Value may be different each time
}

// isFlat reports types that == compares by all that they mean.
func isFlat(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return isFlat(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !isFlat(t.Field(i).Type) {
				return false
			}
		}
		return true
	case reflect.Float32, reflect.Float64: // NaN is not equal to itself
		return false
	case reflect.String, reflect.Bool:
		return true
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
}

// value calls the Value method, on the pointer where it is declared there.
func (s *scannerCodec) value(c *column, at unsafe.Pointer) (driver.Value, error) {
	v, err := reflect.NewAt(s.typ, at).Interface().(driver.Valuer).Value()
	if err != nil { // its text may quote the value
		return nil, c.valueErr("was refused by the Value method of " + s.typ.String())
	}
	return v, nil
}

func (s *scannerCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	return s.literal(c, buf, at)
}

func (s *scannerCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	v, err := s.value(c, at)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		return strconv.AppendInt(buf, v, 10), nil
	case float64:
		return appendFloat(buf, v, 64), nil
	case bool:
		return strconv.AppendBool(buf, v), nil
	case time.Time:
		return c.timeText(buf, v)
	case string:
		if c.pg.wire == wireBytea {
			return hex.AppendEncode(append(buf, `\x`...), []byte(v)), nil
		}
		return append(buf, v...), checkText(c.name, v)
	case []byte:
		switch {
		case v == nil:
			return nil, nil
		case c.pg.wire == wireBytea:
			return hex.AppendEncode(append(buf, `\x`...), v), nil
		}
		return append(buf, v...), checkText(c.name, string(v))
	}
	return nil, c.valueErr("came from the Value method of " + s.typ.String() + " as a type that is no driver.Value")
}

// timeText writes a time that came from a Value method; a text takes it with its
// zone, as arguments of raw SQL do.
func (c *column) timeText(buf []byte, t time.Time) ([]byte, error) {
	if hotPair(shapeTime, &c.pg) || isJSON(c.pg.wire) {
		return (&column{name: c.name, shape: shapeTime, pg: c.pg, elem: timeType}).literal(buf, unsafe.Pointer(&t))
	}
	if _, ok := microseconds(t); !ok {
		return nil, c.valueErr(reasonTime)
	}
	if c.pg.wire == wireTime {
		return t.AppendFormat(buf, "15:04:05.999999"), nil
	}
	return appendTime(buf, t)
}

func (s *scannerCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	var v driver.Value
	if src != nil {
		var err error
		if v, err = d.driverValue(src); err != nil {
			return err
		}
	}
	fresh := reflect.New(s.typ)
	if fresh.Interface().(sql.Scanner).Scan(v) != nil {
		if src == nil {
			return &NullError{Column: d.column.name, Type: s.typ.String()}
		}
		return d.stored("was refused by the Scan method of " + s.typ.String())
	}
	reflect.NewAt(s.typ, dst).Elem().Set(fresh.Elem())
	return nil
}

// driverValue is what database/sql hands to Scan: numbers, times, text, bytes.
func (d *decodeColumn) driverValue(src []byte) (driver.Value, error) {
	if d.in.unknown {
		if utf8.Valid(src) {
			return string(src), nil
		}
		return append([]byte(nil), src...), nil
	}
	switch d.in.pg.wire {
	case wireInt2, wireInt4, wireInt8:
		return hotValue[int64](d, shapeInt64, src)
	case wireFloat4, wireFloat8:
		return hotValue[float64](d, shapeFloat64, src)
	case wireBool:
		return hotValue[bool](d, shapeBool, src)
	case wireTimestamptz, wireTimestamp, wireDate:
		return hotValue[time.Time](d, shapeTime, src)
	case wireBytea, wireJSON, wireJSONB:
		return hotValue[[]byte](d, shapeBytes, src)
	}
	return d.textForm(src)
}

// hotValue reads one of the types that need no codec.
func hotValue[T any](d *decodeColumn, s shape, src []byte) (T, error) {
	var v T
	hot := decodeColumn{
		op: opFor(s, &d.in.pg), in: d.in,
		column: &column{name: d.column.name, shape: s, elem: reflect.TypeFor[T]()},
	}
	err := hot.decode(unsafe.Pointer(&v), src, &arena{})
	return v, err
}
