package mapper

import (
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

var (
	arrayGetterType = reflect.TypeFor[pgtype.ArrayGetter]()
	arraySetterType = reflect.TypeFor[pgtype.ArraySetter]()
)

// arrayItem is the element type of a type with pgtype's array methods.
func arrayItem(t reflect.Type) (reflect.Type, bool) {
	if t.Name() == "" || !t.Implements(arrayGetterType) || !reflect.PointerTo(t).Implements(arraySetterType) {
		return nil, false
	}
	target := reflect.TypeOf(reflect.New(t).Interface().(pgtype.ArraySetter).ScanIndexType())
	if target == nil || target.Kind() != reflect.Pointer {
		return nil, false
	}
	return target.Elem(), true
}

// arrayCodec is a type with pgtype's array methods, such as pgtype.Array, which
// keeps dimensions and lower bounds. It holds NULL.
type arrayCodec struct {
	typ  reflect.Type
	item column
}

func (r *Types) pairPgtypeArray(c *column, t, element reflect.Type) string {
	item, problem := r.item(c, element, *c.pg.item)
	if problem != "" {
		return problem
	}
	c.asText, c.holdsNull = item.asText || item.pg.oid == 0, true
	c.coded(&arrayCodec{t, item})
	return ""
}

// flatten lists the dimensions and the addresses of the elements; dims is nil
// for NULL.
func (a *arrayCodec) flatten(c *column, at unsafe.Pointer) (dims []pgtype.ArrayDimension, elements []unsafe.Pointer, err error) {
	v := reflect.NewAt(a.typ, at).Interface().(pgtype.ArrayGetter)
	dims = v.Dimensions()
	if dims == nil {
		return nil, nil, nil
	}
	count := min(len(dims), 1)
	for _, d := range dims {
		if d.Length < 0 || count > 1<<28 {
			return nil, nil, c.valueErr("has dimensions that do not fit its elements")
		}
		count *= int(d.Length)
	}
	if whole, ok := countOf(reflect.NewAt(a.typ, at).Elem()); len(dims) > maxDimensions || ok && whole != count {
		return nil, nil, c.valueErr("has dimensions that do not fit its elements")
	}
	if count == 0 {
		return []pgtype.ArrayDimension{}, nil, nil
	}
	for i := range count {
		p, err := a.item.addressOf(v.Index(i))
		if err != nil {
			return nil, nil, err
		}
		elements = append(elements, p)
	}
	return dims, elements, nil
}

// countOf is the number of elements of pgtype's own array types.
func countOf(v reflect.Value) (int, bool) {
	if v.Kind() == reflect.Struct {
		v = v.FieldByName("Elements")
	}
	if !v.IsValid() || v.Kind() != reflect.Slice {
		return 0, false
	}
	return v.Len(), true
}

// addressOf gives the address of an element that an interface holds: of its
// field type, so that a pointer is the address of a pointer.
func (c *column) addressOf(v any) (unsafe.Pointer, error) {
	if v == nil {
		return nil, nil
	}
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer && t.Elem() == c.typ {
		return dataWord(v), nil
	}
	if t != c.typ {
		return nil, &TypeError{Column: c.name, Want: c.typ.String(), Got: t.String()}
	}
	fresh := reflect.New(t)
	fresh.Elem().Set(reflect.ValueOf(v))
	return fresh.UnsafePointer(), nil
}

func (a *arrayCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	dims, elements, err := a.flatten(c, at)
	if err != nil || dims == nil {
		return nil, err
	}
	return a.item.appendArray(buf, dims, elements)
}

func (a *arrayCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	dims, elements, err := a.flatten(c, at)
	if err != nil || dims == nil {
		return nil, err
	}
	return a.item.appendArrayLiteral(buf, dims, elements)
}

func (a *arrayCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	target := reflect.NewAt(a.typ, dst).Interface().(pgtype.ArraySetter)
	if src == nil {
		if target.SetDimensions(nil) != nil {
			return &NullError{Column: d.column.name, Type: a.typ.String()}
		}
		return nil
	}
	bytes, err := d.array(src)
	if err != nil {
		return err
	}
	reader, err := d.itemReader(&a.item, bytes.oid)
	if err != nil {
		return err
	}
	if bytes.dims == nil {
		bytes.dims = []pgtype.ArrayDimension{}
	}
	if target.SetDimensions(bytes.dims) != nil {
		return d.stored("has dimensions that " + a.typ.String() + " does not hold")
	}
	return d.elements(bytes, func(i int, src []byte) error {
		v := target.ScanIndex(i)
		if t := reflect.TypeOf(v); t == nil || t.Kind() != reflect.Pointer || t.Elem() != a.item.typ || dataWord(v) == nil {
			return d.stored("has elements for which " + a.typ.String() + " has no place")
		}
		return reader.item(dataWord(v), src)
	})
}
