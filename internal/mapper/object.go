package mapper

import (
	"reflect"
	"time"
	"unsafe"
)

// New makes a zero struct.
func (p *Plan) New() Object {
	return Object{reflect.New(p.object).UnsafePointer()}
}

// Any returns the object as a *T; nil for the zero Object.
func (p *Plan) Any(o Object) any {
	if o.p == nil {
		return nil
	}
	return reflect.NewAt(p.object, o.p).Interface()
}

// ObjectOf returns the Object of v, which must be a non-nil *T of the plan's type.
func (p *Plan) ObjectOf(v any) (Object, bool) {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem() != p.object {
		return Object{}, false
	}
	o := Object{dataWord(v)}
	return o, o.p != nil
}

// Batch makes many objects with few allocations: chunks of up to about 64 objects,
// each with room for the values of its nullable columns, and their texts beside.
//
//   - Cleanup: one object that is kept keeps its whole chunk, and the short texts
//     of its neighbors.
//   - Concurrency: one goroutine at a time.
type Batch struct {
	plan *Plan
	chunks
	text  arena
	snaps chunks // of DecodeKept
	lent  Lent   // what of them was borrowed
	raw   arena  // json of the snapshots, as it came
}

// NewBatch makes a Batch. expect is the number of objects that will be made; 0
// when unknown, and then chunks grow from small to about 64 objects.
func (p *Plan) NewBatch(expect int) *Batch {
	return &Batch{plan: p, chunks: newChunks(&p.objects, expect)}
}

// New makes a zero struct.
func (b *Batch) New() Object { return Object{b.block()} }

// IsZero reports whether the field is its type's zero value; a nil pointer is
// zero, a pointer to a zero value is not.
func (p *Plan) IsZero(o Object, col int) bool {
	c := &p.columns[col]
	return reflect.NewAt(c.typ, c.at(o)).Elem().IsZero()
}

// IsNull reports whether the field stands for SQL NULL: a nil pointer, or a type
// such as sql.NullString that says so.
func (p *Plan) IsNull(o Object, col int) bool {
	c := &p.columns[col]
	at := c.value(o)
	return at == nil || c.holdsNull && c.isNull(at)
}

// Set stores v in the field.
//
//   - Shape: v is what [Plan.AppendValue] takes, or nil for a nullable column;
//     the value is copied, what slices and maps refer to is shared.
//   - Errors: [*TypeError], and [*NilValueError] for nil in a field that is no
//     pointer.
func (p *Plan) Set(o Object, col int, v any) error {
	c := &p.columns[col]
	src, err := c.valueOf(v)
	dst := reflect.NewAt(c.typ, c.at(o)).Elem()
	if err != nil {
		if _, isNil := err.(*NilValueError); isNil && c.nullable { //nolint:errorlint // valueOf returns it unwrapped
			dst.SetZero()
			return nil
		}
		return err
	}
	value := reflect.NewAt(c.elem, src).Elem()
	if c.nullable {
		fresh := reflect.New(c.elem)
		fresh.Elem().Set(value)
		dst.Set(fresh.Convert(c.typ))
		return nil
	}
	dst.Set(value)
	return nil
}

// SetUUID stores u in a uuid column.
//
//   - Errors: panics for a column of another type.
func (p *Plan) SetUUID(o Object, col int, u [16]byte) {
	c := &p.columns[col]
	if c.shape != shapeUUID {
		panic("mapper: SetUUID on column " + c.name + ", which is no uuid")
	}
	at := c.at(o)
	if c.nullable {
		fresh := reflect.New(c.elem).UnsafePointer()
		store(at, fresh)
		at = fresh
	}
	store(at, u)
}

// SetTime stores t in a column whose Go type is a time.
//
//   - Errors: panics for a column of another type.
func (p *Plan) SetTime(o Object, col int, t time.Time) {
	c := &p.columns[col]
	if c.shape != shapeTime {
		panic("mapper: SetTime on column " + c.name + ", which is no time")
	}
	at := c.at(o)
	if c.nullable {
		fresh := c.newValue()
		store(at, fresh)
		at = fresh
	}
	store(at, t)
}

// Value returns a copy of the field's value in its Go type, for error fields
// and cursors.
//
//   - Shape: what the pointer of a nullable column points at, nil for NULL. Bytes
//     and slices are cloned; what elements and json values refer to is shared.
func (p *Plan) Value(o Object, col int) any {
	c := &p.columns[col]
	at := c.value(o)
	if at == nil {
		return nil
	}
	v := reflect.NewAt(c.elem, at).Elem()
	if c.elem.Kind() == reflect.Slice && c.shape != shapeJSON && !v.IsNil() {
		clone := reflect.MakeSlice(c.elem, v.Len(), v.Len())
		reflect.Copy(clone, v)
		v = clone
	}
	return v.Interface()
}

// CopyColumns stores src's values of the columns into dst.
//
//   - Shape: as an assignment in Go: pointers, slices and maps are shared
//     afterwards, so src should be dropped.
func (p *Plan) CopyColumns(dst, src Object, cols []int) {
	for _, col := range cols {
		c := &p.columns[col]
		to, from := c.at(dst), c.at(src)
		if c.nullable {
			store(to, load[unsafe.Pointer](from))
			continue
		}
		c.copyValue(to, from)
	}
}

// copyValue assigns one value of the column's element type.
func (c *column) copyValue(to, from unsafe.Pointer) {
	switch c.shape {
	case shapeInt16:
		store(to, load[int16](from))
	case shapeInt32, shapeFloat32:
		store(to, load[int32](from))
	case shapeInt64, shapeFloat64:
		store(to, load[int64](from))
	case shapeBool:
		store(to, load[uint8](from))
	case shapeString:
		store(to, load[string](from))
	case shapeBytes:
		store(to, load[[]byte](from))
	case shapeStrings:
		store(to, load[[]string](from))
	case shapeUUID:
		store(to, load[[16]byte](from))
	default:
		reflect.NewAt(c.elem, to).Elem().Set(reflect.NewAt(c.elem, from).Elem())
	}
}

// at is the address of the field.
func (c *column) at(o Object) unsafe.Pointer {
	if o.p == nil {
		panic("mapper: column " + c.name + " of the zero Object")
	}
	return unsafe.Add(o.p, c.offset)
}

// value is the address of the value: of the field, or of what it points at; nil
// for NULL.
func (c *column) value(o Object) unsafe.Pointer {
	at := c.at(o)
	if c.nullable {
		return load[unsafe.Pointer](at)
	}
	return at
}

// valueOf is the address of the value in v, which is the column's element type,
// or a pointer to it.
func (c *column) valueOf(v any) (unsafe.Pointer, error) {
	t := reflect.TypeOf(v)
	switch {
	case t == nil:
		return nil, &NilValueError{Column: c.name}
	case t == c.elem:
		if c.shape == shapeJSON || c.shape == shapeCoded {
			// Maps and some structs lie in the interface itself, and have no address there.
			fresh := reflect.New(t)
			fresh.Elem().Set(reflect.ValueOf(v))
			return fresh.UnsafePointer(), nil
		}
		return dataWord(v), nil
	case t == c.typ || t.Kind() == reflect.Pointer && t.Elem() == c.elem:
		if at := dataWord(v); at != nil {
			return at, nil
		}
		return nil, &NilValueError{Column: c.name}
	}
	return nil, &TypeError{Column: c.name, Want: c.elem.String(), Got: t.String()}
}
