package mapper

import (
	"cmp"
	"reflect"
	"slices"
	"unsafe"
)

// StandIn is a struct that is never filled: pointers to its fields name columns.
//
// Its nullable fields point at slots of their own in the same block, so that
// c.Note (a *string) names its column as &c.Status does.
//
//   - Concurrency: safe for many goroutines; nothing is written after New.
//   - Cleanup: none; keep one per table or alias, not one per query.
//   - Source: docs/adr/0004-stand-in-columns.md.
type StandIn struct {
	object reflect.Type
	base   unsafe.Pointer
	size   uintptr
	first  []int32 // by byte offset in the block: index in spots, -1 for none
	spots  []spot  // sorted by offset
}

// spot is one address of the block that names a field.
type spot struct {
	offset uintptr
	ptr    unsafe.Pointer // typeWord of a pointer to this address
	field  int
}

// NewStandIn makes a stand-in for the struct t whose columns are fields, as
// [Fields] lists them.
func NewStandIn(t reflect.Type, fields []Field) *StandIn {
	block := blockType(t, func(yield func(reflect.Type)) {
		for _, f := range fields {
			if f.Type.Kind() == reflect.Pointer {
				yield(f.Type.Elem())
			}
		}
	})
	v := reflect.New(block)
	s := &StandIn{object: t, base: v.UnsafePointer(), size: block.Size()}
	slot := 1
	for i, f := range fields {
		s.spots = append(s.spots, spot{f.Offset, pointerWord(reflect.PointerTo(f.Type)), i})
		if f.Type.Kind() == reflect.Pointer {
			at := block.Field(slot)
			reflect.NewAt(f.Type, unsafe.Add(s.base, f.Offset)).Elem().
				Set(reflect.NewAt(at.Type, unsafe.Add(s.base, at.Offset)).Convert(f.Type))
			s.spots = append(s.spots, spot{at.Offset, pointerWord(f.Type), i})
			slot++
		}
	}
	s.index()
	return s
}

// index fills first, the answer by offset; fields of size zero share one.
func (s *StandIn) index() {
	slices.SortStableFunc(s.spots, func(a, b spot) int { return cmp.Compare(a.offset, b.offset) })
	s.first = make([]int32, s.size)
	for i := range s.first {
		s.first[i] = -1
	}
	for i := len(s.spots) - 1; i >= 0; i-- {
		if at := s.spots[i].offset; at < s.size {
			s.first[at] = int32(i)
		}
	}
}

// Any returns the stand-in as a *T.
func (s *StandIn) Any() any {
	return reflect.NewAt(s.object, s.base).Interface()
}

// Find returns the index in fields of the field that the pointer names.
//
//   - Shape: field is a pointer to a field of the stand-in (&c.Status, &c.Note)
//     or the value of a nullable one (c.Note). Anything else is not found: nil, a
//     pointer to a whole embedded struct, into another object, or no pointer.
func (s *StandIn) Find(field any) (i int, ok bool) {
	// The range comes first: most pointers of a query with several sources fail here.
	at := uintptr(dataWord(field)) - uintptr(s.base)
	if at >= s.size {
		return 0, false
	}
	k := s.first[at]
	if k < 0 {
		return 0, false
	}
	t := typeWord(field)
	for n := int(k); n < len(s.spots) && s.spots[n].offset == at; n++ {
		if s.spots[n].ptr == t {
			return s.spots[n].field, true
		}
	}
	return 0, false
}

func pointerWord(t reflect.Type) unsafe.Pointer { return typeWord(reflect.Zero(t).Interface()) }

// Pointer is the address of a field in the stand-in, which names its column.
func (s *StandIn) Pointer(f Field) any {
	return reflect.NewAt(f.Type, unsafe.Add(s.base, f.Offset)).Interface()
}
