package mapper

import (
	"reflect"
	"unsafe"
)

// FieldAt is the address of a field of o as a *T. The field must be one that
// [Fields] listed for the object's struct, and its type a T or a struct that
// begins with one.
func FieldAt[T any](o Object, f Field) *T {
	return (*T)(unsafe.Add(o.p, f.Offset))
}

// ObjectAt is the Object of a struct; the zero Object for nil.
func ObjectAt[T any](p *T) Object { return Object{unsafe.Pointer(p)} }

// At is the object as a *T, which must be its type.
func At[T any](o Object) *T { return (*T)(o.p) }

// Pointers is the objects as pointers to T, which must be their type: the same
// memory, seen as another type.
func Pointers[T any](objects []Object) []*T {
	return unsafe.Slice((**T)(unsafe.Pointer(unsafe.SliceData(objects))), len(objects))
}

// CopyFrom stores the values of other columns, of an object of another plan,
// into columns of o, pair by pair.
//
//   - Shape: the Go types of a pair are the same, but for the pointer of a
//     nullable column.
func (p *Plan) CopyFrom(o Object, cols []int, other *Plan, from Object, fromCols []int) {
	for i, col := range cols {
		c, d := &p.columns[col], &other.columns[fromCols[i]]
		src, dst := d.value(from), c.at(o)
		switch {
		case src == nil:
			reflect.NewAt(c.typ, dst).Elem().SetZero()
		case c.nullable:
			fresh := reflect.New(c.elem).UnsafePointer()
			c.copyValue(fresh, src)
			store(dst, fresh)
		default:
			c.copyValue(dst, src)
		}
	}
}

// SetNull makes columns of o NULL; they must be nullable.
func (p *Plan) SetNull(o Object, cols []int) {
	for _, col := range cols {
		c := &p.columns[col]
		reflect.NewAt(c.typ, c.at(o)).Elem().SetZero()
	}
}
