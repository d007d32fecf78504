package mapper

import (
	"encoding/binary"
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// pairHstore compiles maps of strings as hstore; map[string]*string and
// pgtype.Hstore hold its NULLs, and a nil pgtype.Hstore is NULL.
func pairHstore(c *column, t reflect.Type) bool {
	if c.pg.wire != wireHstore || t.Kind() != reflect.Map || t.Key().Kind() != reflect.String {
		return false
	}
	switch v := t.Elem(); {
	case v.Kind() == reflect.String:
		return c.coded(hstoreCodec{t, false})
	case v.Kind() == reflect.Pointer && v.Elem().Kind() == reflect.String:
		c.holdsNull = t == reflect.TypeFor[pgtype.Hstore]()
		return c.coded(hstoreCodec{t, true})
	}
	return false
}

type hstoreCodec struct {
	typ   reflect.Type
	nulls bool // its values are pointers
}

// pairs lists the entries in the order of their keys, so that equal maps have
// equal bytes.
func (h hstoreCodec) pairs(c *column, at unsafe.Pointer, yield func(key string, value *string)) (null bool, err error) {
	m := reflect.NewAt(h.typ, at).Elem()
	if m.IsNil() && c.holdsNull {
		return true, nil
	}
	entries := make(map[string]*string, m.Len())
	for it := m.MapRange(); it.Next(); {
		key, v := it.Key().String(), it.Value()
		if err := checkText(c.name, key); err != nil {
			return false, err
		}
		if h.nulls {
			if v.IsNil() {
				entries[key] = nil
				continue
			}
			v = v.Elem()
		}
		if err := checkText(c.name, v.String()); err != nil {
			return false, err
		}
		entries[key] = new(v.String())
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		yield(key, entries[key])
	}
	return false, nil
}

func (h hstoreCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	buf = binary.BigEndian.AppendUint32(buf, uint32(reflect.NewAt(h.typ, at).Elem().Len()))
	null, err := h.pairs(c, at, func(key string, value *string) {
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(key))), key...)
		if value == nil {
			buf = append(buf, 0xff, 0xff, 0xff, 0xff)
			return
		}
		buf = append(binary.BigEndian.AppendUint32(buf, uint32(len(*value))), *value...)
	})
	if err != nil || null {
		return nil, err
	}
	return buf, nil
}

func (h hstoreCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	start := len(buf)
	null, err := h.pairs(c, at, func(key string, value *string) {
		if len(buf) > start {
			buf = append(buf, ',')
		}
		buf = append(appendQuoted(buf, key), "=>"...)
		if value == nil {
			buf = append(buf, "NULL"...)
			return
		}
		buf = appendQuoted(buf, *value)
	})
	if err != nil || null {
		return nil, err
	}
	return buf, nil
}

func (h hstoreCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	target := reflect.NewAt(h.typ, dst).Elem()
	if src == nil {
		target.SetZero()
		return nil
	}
	if len(src) < 4 {
		return d.malformed("hstore shorter than its count")
	}
	n, rest := int64(binary.BigEndian.Uint32(src)), src[4:]
	if n > int64(len(rest)/8) { // two lengths: bounds the allocation
		return d.malformed("hstore shorter than its count")
	}
	m := reflect.MakeMapWithSize(h.typ, int(n))
	for range n {
		key, after, err := d.sized(rest)
		if err != nil {
			return err
		}
		value, after, err := d.sized(after)
		if err != nil {
			return err
		}
		if rest = after; key == nil || !utf8.Valid(key) || !utf8.Valid(value) {
			return d.malformed("hstore with a key or a value that is no text")
		}
		v := reflect.New(h.typ.Elem()).Elem()
		switch {
		case !h.nulls && value == nil:
			return &NullError{Column: d.column.name + " (a value of the hstore)", Type: "string"}
		case !h.nulls:
			v.SetString(string(value))
		case value != nil:
			v.Set(reflect.New(h.typ.Elem().Elem()))
			v.Elem().SetString(string(value))
		}
		m.SetMapIndex(reflect.ValueOf(string(key)).Convert(h.typ.Key()), v)
	}
	if len(rest) > 0 {
		return d.malformed("hstore longer than its count")
	}
	target.Set(m)
	return nil
}
