package mapper

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// Composite is a composite type, or the row type of a table, as a Go struct.
//
//   - Shape: the fields, as [Fields] lists them, are the attributes in the order
//     of the PostgreSQL type; a type with pgtype's CompositeIndexGetter and
//     CompositeIndexScanner is asked for its attributes instead.
type Composite struct {
	Name string
	Type reflect.Type
	// Attributes are the SQL types of the attributes by their names, for those
	// whose Go type has no default or another one. A type with pgtype's methods
	// needs all of them, by their numbers: "0", "1", …
	Attributes map[string]string
}

func (k Composite) typeName() string { return k.Name }

func (k Composite) define(r *Types) (pgType, []reflect.Type, error) {
	if k.Type == nil {
		return pgType{}, nil, fmt.Errorf("its Type is nil; set it to that of the struct")
	}
	var codec *compositeCodec
	var err error
	if k.Type.Implements(compositeGetterType) && reflect.PointerTo(k.Type).Implements(compositeScannerType) {
		codec, err = k.indexed(r)
	} else {
		codec, err = k.fields(r)
	}
	if err != nil {
		return pgType{}, nil, err
	}
	pair := func(_ *Types, c *column) string {
		if c.elem != k.Type {
			return fmt.Sprintf("%s cannot be stored as %s; it is registered for %s", c.elem, k.Name, k.Type)
		}
		for i := range codec.items {
			c.asText = c.asText || codec.items[i].asText || codec.items[i].pg.oid == 0
		}
		c.holdsNull = codec.indexed
		c.coded(codec)
		return ""
	}
	return pgType{wire: wireUser, arrayOID: pgtype.TextArrayOID, name: k.Name, user: &userType{pair}, parts: true}, []reflect.Type{k.Type}, nil
}

// fields compiles the attributes of a plain struct.
func (k Composite) fields(r *Types) (*compositeCodec, error) {
	fields, err := Fields(k.Type)
	if err != nil {
		return nil, err
	}
	codec := &compositeCodec{typ: k.Type}
	used := 0
	for _, f := range fields {
		sqlType, named := k.Attributes[f.Column]
		if named {
			used++
		}
		item, err := k.attribute(r, f.Column, f.Type, sqlType)
		if err != nil {
			return nil, err
		}
		item.offset, item.path = f.Offset, f.Path
		codec.items = append(codec.items, item)
	}
	if used < len(k.Attributes) {
		return nil, fmt.Errorf("the Attributes name some that %s does not have", k.Type)
	}
	return codec, nil
}

// indexed compiles the attributes that a type with pgtype's methods has.
func (k Composite) indexed(r *Types) (*compositeCodec, error) {
	codec := &compositeCodec{typ: k.Type, indexed: true}
	sample := reflect.New(k.Type).Interface().(pgtype.CompositeIndexScanner)
	for i := range len(k.Attributes) {
		name := strconv.Itoa(i)
		if k.Attributes[name] == "" {
			return nil, fmt.Errorf("the Attributes have %d types and none for %q; number them from 0", len(k.Attributes), name)
		}
		target := reflect.TypeOf(sample.ScanIndex(i))
		if target == nil || target.Kind() != reflect.Pointer {
			return nil, fmt.Errorf("ScanIndex(%d) of %s gives no pointer", i, k.Type)
		}
		item, err := k.attribute(r, name, target.Elem(), k.Attributes[name])
		if err != nil {
			return nil, err
		}
		codec.items = append(codec.items, item)
	}
	return codec, nil
}

func (k Composite) attribute(r *Types, name string, t reflect.Type, sqlType string) (column, error) {
	elem := t
	if t.Kind() == reflect.Pointer {
		elem = t.Elem()
	}
	pg, ok := r.defaultOf(elem)
	if sqlType != "" {
		pg, ok = r.named(sqlType)
	}
	if !ok {
		return column{}, fmt.Errorf("attribute %s: no known type for %s (SQL type %q); name one in Attributes, or register it too", name, t, sqlType)
	}
	item, problem := r.item(&column{name: k.Name + "." + name}, t, pg)
	if problem != "" {
		return item, fmt.Errorf("attribute %s: %s", name, problem)
	}
	return item, nil
}

var (
	compositeGetterType  = reflect.TypeFor[pgtype.CompositeIndexGetter]()
	compositeScannerType = reflect.TypeFor[pgtype.CompositeIndexScanner]()
)

// compositeCodec is a struct as a composite.
type compositeCodec struct {
	typ     reflect.Type
	items   []column // at their offsets in the struct
	indexed bool     // reached by pgtype's methods; such a type holds NULL
}

// addresses lists where the attributes are; null is SQL NULL.
func (k *compositeCodec) addresses(at unsafe.Pointer) (list []unsafe.Pointer, null bool, err error) {
	list = make([]unsafe.Pointer, len(k.items))
	if !k.indexed {
		for i := range k.items {
			list[i] = unsafe.Add(at, k.items[i].offset)
		}
		return list, false, nil
	}
	v := reflect.NewAt(k.typ, at).Interface().(pgtype.CompositeIndexGetter)
	if v.IsNull() {
		return nil, true, nil
	}
	for i := range k.items {
		if list[i], err = k.items[i].addressOf(v.Index(i)); err != nil {
			return nil, false, err
		}
	}
	return list, false, nil
}

func (k *compositeCodec) encode(_ *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	list, null, err := k.addresses(at)
	if err != nil || null {
		return nil, err
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(list)))
	for i := range list {
		buf = binary.BigEndian.AppendUint32(buf, k.items[i].pg.oid)
		if buf, _, err = k.items[i].encodeItem(buf, list[i]); err != nil {
			return nil, err
		}
	}
	return buf, nil
}

// literal writes (a,b,c): nothing is NULL, quotes are empty text.
func (k *compositeCodec) literal(_ *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	list, null, err := k.addresses(at)
	if err != nil || null {
		return nil, err
	}
	buf = append(buf, '(')
	for i := range list {
		if i > 0 {
			buf = append(buf, ',')
		}
		text, err := k.items[i].literalItem([]byte{}, list[i])
		if err != nil {
			return nil, err
		}
		if text != nil {
			buf = appendQuoted(buf, text)
		}
	}
	return append(buf, ')'), nil
}

func (k *compositeCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	if src == nil {
		if reflect.NewAt(k.typ, dst).Interface().(pgtype.CompositeIndexScanner).ScanNull() != nil {
			return &NullError{Column: d.column.name, Type: k.typ.String()}
		}
		return nil
	}
	if len(src) < 4 {
		return d.malformed("composite shorter than its count")
	}
	if n := binary.BigEndian.Uint32(src); n != uint32(len(k.items)) {
		return d.stored(fmt.Sprintf("is a composite of %d attributes, and %s of %d; register the type as it is", n, k.typ, len(k.items)))
	}
	fresh := reflect.New(k.typ)
	rest := src[4:]
	for i := range k.items {
		if len(rest) < 4 {
			return d.malformed("composite shorter than its attributes")
		}
		value, after, err := d.sized(rest[4:])
		if err != nil {
			return err
		}
		reader, err := d.itemReader(&k.items[i], binary.BigEndian.Uint32(rest))
		if err != nil {
			return err
		}
		to, err := k.target(d, fresh, i)
		if err != nil {
			return err
		}
		if err := reader.item(to, value); err != nil {
			return err
		}
		rest = after
	}
	if len(rest) > 0 {
		return d.malformed("composite longer than its attributes")
	}
	reflect.NewAt(k.typ, dst).Elem().Set(fresh.Elem())
	return nil
}

// target is where attribute i of a fresh value goes.
func (k *compositeCodec) target(d *decodeColumn, fresh reflect.Value, i int) (unsafe.Pointer, error) {
	if !k.indexed {
		return unsafe.Add(fresh.UnsafePointer(), k.items[i].offset), nil
	}
	v := fresh.Interface().(pgtype.CompositeIndexScanner).ScanIndex(i)
	if t := reflect.TypeOf(v); t == nil || t != reflect.PointerTo(k.items[i].typ) || dataWord(v) == nil {
		return nil, d.stored("has attributes for which " + k.typ.String() + " has no place")
	}
	return dataWord(v), nil
}
