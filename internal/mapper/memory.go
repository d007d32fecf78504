package mapper

import (
	"reflect"
	"strconv"
	"unsafe"
)

// Object is one struct of a [Plan]'s type, without its type.
//
//   - Shape: comparable; equal exactly when it is the same struct. The zero
//     Object is none.
//   - Cleanup: keeps the struct alive, as a pointer does.
type Object struct{ p unsafe.Pointer }

// IsNil reports the zero Object.
func (o Object) IsNil() bool { return o.p == nil }

// dataWord is the second word of an interface: the pointer itself when v holds
// one, else the address of a value that nobody writes to.
func dataWord(v any) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[1]
}

// typeWord is the first word of an interface: equal exactly for equal types, as
// reflect.Type is, without the call that compares interfaces.
func typeWord(v any) unsafe.Pointer {
	return (*[2]unsafe.Pointer)(unsafe.Pointer(&v))[0]
}

// blockType is a struct that begins with a t and goes on with one slot per
// yielded type. A pointer to the block is a pointer to its t.
func blockType(t reflect.Type, slots func(yield func(reflect.Type))) reflect.Type {
	fields := []reflect.StructField{{Name: "Object", Type: t}}
	slots(func(slot reflect.Type) {
		fields = append(fields, reflect.StructField{Name: "Slot" + strconv.Itoa(len(fields)), Type: slot})
	})
	if len(fields) == 1 {
		return t
	}
	return reflect.StructOf(fields)
}

// load and store move one T; the compiler adds the write barriers that raw
// bytes would miss.
func load[T any](p unsafe.Pointer) T { return *(*T)(p) }

func store[T any](p unsafe.Pointer, v T) { *(*T)(p) = v }
