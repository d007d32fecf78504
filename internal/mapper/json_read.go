package mapper

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"unsafe"
)

// read stores what text says in the zero value at dst; false where encoding/json
// has to do it, and then a part may be stored.
func (p *jsonPlan) read(dst unsafe.Pointer, text []byte, memory *arena) bool {
	r := jsonReader{jsonText{text: text}, *memory} // a copy, so that memory stays where it is
	ok := r.value(p, dst) && r.ended()
	*memory = r.memory
	return ok
}

type jsonReader struct {
	jsonText
	memory arena
}

func (r *jsonReader) value(p *jsonPlan, dst unsafe.Pointer) bool {
	if p.kind != jsonOther && r.isNull() {
		return true // leaves everything as it is
	}
	switch p.kind {
	case jsonBool:
		if r.next() == 't' {
			store(dst, true)
			return r.word("true")
		}
		return r.word("false")
	case jsonString:
		return r.text(dst)
	case jsonInt, jsonUint, jsonFloat:
		digits, ok := r.number()
		bits, fits := p.bits(digits)
		if !ok || !fits {
			return false
		}
		storeBits(dst, p.typ.Size(), bits)
		return true
	case jsonPointer:
		fresh := reflect.New(p.typ.Elem()).UnsafePointer()
		store(dst, fresh)
		return r.value(p.elem, fresh)
	case jsonStruct:
		return r.object(p, dst)
	case jsonSlice:
		return r.slice(p, dst)
	}
	text, ok := r.rest()
	return ok && json.Unmarshal(text, reflect.NewAt(p.typ, dst).Interface()) == nil
}

func (r *jsonReader) text(dst unsafe.Pointer) bool {
	inside, plain, ok := r.quoted()
	if ok && !plain {
		inside, ok = unescaped(inside)
	}
	if ok {
		store(dst, r.memory.string(inside))
	}
	return ok
}

func (r *jsonReader) object(p *jsonPlan, dst unsafe.Pointer) bool {
	if r.depth++; r.depth > deepestJSON {
		return false
	}
	defer func() { r.depth-- }()
	seen, at := uint64(0), 0
	return r.members(func(key []byte) bool {
		i, ok := p.find(key, at)
		switch {
		case !ok:
			return false
		case i < 0:
			return r.skip()
		case seen&(1<<i) != 0:
			return false
		}
		seen, at = seen|1<<i, i+1
		return r.value(p.fields[i].plan, unsafe.Add(dst, p.fields[i].offset))
	})
}

// find is the field of a key, -1 for none; ok is false where encoding/json might
// take it for one in another case. It looks from at on first.
func (p *jsonPlan) find(key []byte, at int) (i int, ok bool) {
	for k := range p.fields {
		i := at + k
		if i >= len(p.fields) {
			i -= len(p.fields)
		}
		if p.fields[i].name == string(key) {
			return i, true
		}
	}
	for i := range p.fields {
		if strings.EqualFold(p.fields[i].name, string(key)) {
			return 0, false
		}
	}
	return -1, true
}

func (r *jsonReader) slice(p *jsonPlan, dst unsafe.Pointer) bool {
	if r.depth++; r.depth > deepestJSON {
		return false
	}
	defer func() { r.depth-- }()
	n, ok := r.count()
	if !ok {
		return false
	}
	var data unsafe.Pointer
	if p.elem.kind == jsonString && n > 0 {
		data = unsafe.Pointer(unsafe.SliceData(make([]string, n)))
	} else {
		data = reflect.MakeSlice(p.typ, n, n).UnsafePointer()
	}
	store(dst, sliceHeader{data, n, n})
	at, size := data, p.typ.Elem().Size()
	return r.elements(func() bool {
		ok := r.value(p.elem, at)
		if n--; n > 0 {
			at = unsafe.Add(at, size)
		}
		return ok
	})
}

// bits reads a number as the bits that stand for it in memory; false where it does
// not fit, or is none.
func (p *jsonPlan) bits(digits string) (uint64, bool) {
	size := int(p.typ.Size()) * 8
	if !isJSONNumber(digits) {
		return 0, false
	}
	switch p.kind {
	case jsonInt:
		n, err := strconv.ParseInt(digits, 10, size)
		return uint64(n), err == nil
	case jsonUint:
		n, err := strconv.ParseUint(digits, 10, size)
		return n, err == nil
	}
	f, err := strconv.ParseFloat(digits, size)
	if size == 32 {
		return float32Bits(f), err == nil
	}
	return float64Bits(f), err == nil
}

// isJSONNumber leaves out what strconv takes and json does not: a sign of plus,
// zeros in front, a bare point.
func isJSONNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	if s == "" || s[0] < '0' || s[0] > '9' || len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		return false
	}
	point := strings.IndexByte(s, '.')
	return point < 0 || point+1 < len(s) && s[point+1] >= '0' && s[point+1] <= '9'
}

func storeBits(dst unsafe.Pointer, size uintptr, bits uint64) {
	switch size {
	case 1:
		store(dst, uint8(bits))
	case 2:
		store(dst, uint16(bits))
	case 4:
		store(dst, uint32(bits))
	default:
		store(dst, bits)
	}
}
