package mapper

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/hex"
	"reflect"
	"strconv"
	"time"
	"unsafe"
)

// reread stores the value whose text form literal wrote; false where the text
// alone does not tell, and then nothing is stored.
func (c *column) reread(dst unsafe.Pointer, text []byte) bool {
	if c.shape == shapeString {
		store(dst, string(text))
		return true
	}
	if c.shape != shapeCoded {
		return false
	}
	switch by := c.codec.(type) {
	case *scannerCodec:
		fresh := reflect.New(by.typ)
		v, ok := c.scanned(text)
		if !ok || fresh.Interface().(sql.Scanner).Scan(v) != nil {
			return false
		}
		reflect.NewAt(by.typ, dst).Elem().Set(fresh.Elem())
		return true
	case *textCodec:
		if !by.marshals {
			store(dst, string(text))
			return true
		}
		fresh := reflect.New(by.typ)
		if fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText(text) != nil {
			return false
		}
		reflect.NewAt(by.typ, dst).Elem().Set(fresh.Elem())
		return true
	case *listCodec:
		x := literalText{text}
		return by.reread(&x, 0, reflect.NewAt(by.slices[0], dst).Elem())
	}
	return false
}

// scanned is what Scan gets for the text of a value; of times only those that
// package time can read, of the years 1 to 9999.
func (c *column) scanned(text []byte) (v driver.Value, ok bool) {
	var err error
	switch c.pg.wire {
	case wireInt2, wireInt4, wireInt8:
		v, err = strconv.ParseInt(string(text), 10, 64)
	case wireFloat4, wireFloat8:
		v, err = strconv.ParseFloat(string(text), 64)
	case wireBool:
		v, err = strconv.ParseBool(string(text))
	case wireBytea:
		v, err = hex.DecodeString(string(bytes.TrimPrefix(text, []byte(`\x`))))
	case wireJSON, wireJSONB:
		v = bytes.Clone(text)
	case wireTimestamptz, wireTimestamp:
		v, err = time.Parse(time.RFC3339Nano, string(text))
	case wireDate:
		v, err = time.Parse(time.DateOnly, string(text))
	default:
		v = string(text)
	}
	return v, err == nil
}

// reread reads the list that comes, which is the one of that dimension.
func (l *listCodec) reread(x *literalText, dimension int, dst reflect.Value) bool {
	if !x.take('{') {
		return false
	}
	t := l.slices[dimension]
	list := reflect.MakeSlice(t, 0, 0)
	for !x.take('}') {
		if list.Len() > 0 && !x.take(l.item.pg.delimiter()) {
			return false
		}
		element := reflect.New(t.Elem())
		if dimension+1 < len(l.slices) {
			if !l.reread(x, dimension+1, element.Elem()) {
				return false
			}
		} else if !l.item.rereadItem(x, element.UnsafePointer()) {
			return false
		}
		list = reflect.Append(list, element.Elem())
	}
	dst.Set(list)
	return true
}

// rereadItem reads the element that comes.
func (c *column) rereadItem(x *literalText, dst unsafe.Pointer) bool {
	text, null, ok := x.element()
	switch {
	case !ok:
		return false
	case null && c.nullable:
		return true // nil already
	case null:
		by, scans := c.codec.(*scannerCodec)
		return scans && reflect.NewAt(by.typ, dst).Interface().(sql.Scanner).Scan(nil) == nil
	case c.nullable:
		value := c.newValue()
		store(dst, value)
		dst = value
	}
	return c.reread(dst, text)
}

// literalText walks over an array literal of this package.
type literalText struct{ rest []byte }

// take steps over b, if that is what comes.
func (x *literalText) take(b byte) bool {
	if len(x.rest) == 0 || x.rest[0] != b {
		return false
	}
	x.rest = x.rest[1:]
	return true
}

// element steps over an element.
func (x *literalText) element() (text []byte, null, ok bool) {
	if rest, found := bytes.CutPrefix(x.rest, []byte("NULL")); found {
		x.rest = rest
		return nil, true, true
	}
	if !x.take('"') {
		return nil, false, false
	}
	text = []byte{}
	for len(x.rest) > 0 {
		b := x.rest[0]
		if x.rest = x.rest[1:]; b == '"' {
			return text, false, true
		}
		if b == '\\' && len(x.rest) > 0 {
			b, x.rest = x.rest[0], x.rest[1:]
		}
		text = append(text, b)
	}
	return nil, false, false
}
