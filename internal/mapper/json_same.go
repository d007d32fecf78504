package mapper

import (
	"encoding/json"
	"math"
	"reflect"
	"unsafe"
)

// same tells whether text says what the value at that address holds, as far as
// json shows it. False says nothing: encoding/json has to find out.
func (p *jsonPlan) same(at unsafe.Pointer, text []byte) bool {
	x := jsonText{text: text}
	return x.same(p, at) && x.ended()
}

func (x *jsonText) same(p *jsonPlan, at unsafe.Pointer) bool {
	if p.kind != jsonOther && x.isNull() {
		return reflect.NewAt(p.typ, at).Elem().IsZero()
	}
	switch p.kind {
	case jsonBool:
		if load[bool](at) {
			return x.next() == 't' && x.word("true")
		}
		return x.next() == 'f' && x.word("false")
	case jsonString:
		inside, plain, ok := x.quoted()
		if !ok || plain {
			return ok && string(inside) == load[string](at)
		}
		inside, ok = unescaped(inside)
		return ok && string(inside) == load[string](at)
	case jsonInt, jsonUint, jsonFloat:
		digits, ok := x.number()
		bits, fits := p.bits(digits)
		return ok && fits && sameBits(at, p.typ.Size(), bits)
	case jsonPointer:
		value := load[unsafe.Pointer](at)
		return value != nil && x.same(p.elem, value)
	case jsonStruct:
		return x.sameObject(p, at)
	case jsonSlice:
		return x.sameSlice(p, at)
	}
	text, ok := x.rest()
	then := reflect.New(p.typ)
	return ok && json.Unmarshal(text, then.Interface()) == nil && reflect.DeepEqual(then.Interface(), reflect.NewAt(p.typ, at).Interface())
}

// sameObject compares the fields that are there; the others must be zero.
func (x *jsonText) sameObject(p *jsonPlan, at unsafe.Pointer) bool {
	if x.depth++; x.depth > deepestJSON {
		return false
	}
	defer func() { x.depth-- }()
	seen, next := uint64(0), 0
	same := x.members(func(key []byte) bool {
		i, ok := p.find(key, next)
		switch {
		case !ok:
			return false
		case i < 0:
			return x.skip()
		case seen&(1<<i) != 0:
			return false
		}
		seen, next = seen|1<<i, i+1
		return x.same(p.fields[i].plan, unsafe.Add(at, p.fields[i].offset))
	})
	if !same {
		return false
	}
	for i := range p.fields {
		f := &p.fields[i]
		if seen&(1<<i) == 0 && !reflect.NewAt(f.plan.typ, unsafe.Add(at, f.offset)).Elem().IsZero() {
			return false
		}
	}
	return true
}

func (x *jsonText) sameSlice(p *jsonPlan, at unsafe.Pointer) bool {
	if x.depth++; x.depth > deepestJSON {
		return false
	}
	defer func() { x.depth-- }()
	list, i, size := load[sliceHeader](at), 0, p.typ.Elem().Size()
	if list.data == nil {
		return false
	}
	same := x.elements(func() bool {
		if i == list.len {
			return false
		}
		i++
		return x.same(p.elem, unsafe.Add(list.data, uintptr(i-1)*size))
	})
	return same && i == list.len
}

func sameBits(at unsafe.Pointer, size uintptr, bits uint64) bool {
	switch size {
	case 1:
		return load[uint8](at) == uint8(bits)
	case 2:
		return load[uint16](at) == uint16(bits)
	case 4:
		return load[uint32](at) == uint32(bits)
	default:
		return load[uint64](at) == bits
	}
}

func float32Bits(f float64) uint64 { return uint64(math.Float32bits(float32(f))) }
func float64Bits(f float64) uint64 { return math.Float64bits(f) }
