package web

import (
	"fmt"
	"reflect"
	"strings"
)

func (r *reader) mapping(v reflect.Value, s *shape, first byte, at *place) {
	if first != '{' {
		r.mismatch(at, "must be an object")
		return
	}
	v.Set(reflect.MakeMap(s.typ))
	seen := make(map[string]bool)
	r.next()
	for r.peek() != '}' {
		key, ok := r.name(at)
		if ok {
			here := place{parent: at, name: key, index: -1}
			r.once(seen, key, &here)
			name, elem := reflect.New(s.key.typ).Elem(), reflect.New(s.elem.typ).Elem()
			if message := setText(name, s.key, key); message != "" {
				r.faults.addAt(&here, "has a name that "+message)
			}
			r.value(elem, s.elem, &here)
			v.SetMapIndex(name, elem)
		}
		r.comma()
	}
	r.next()
}

// name takes the name and the colon of a member. A name that cannot be stored
// is a fault, and its value is skipped.
func (r *reader) name(at *place) (string, bool) {
	key, message := r.text()
	r.next()
	if message != "" {
		r.faults.badAt(at, "a name in it "+message)
		r.raw()
		return "", false
	}
	return key, true
}

// comma takes what stands between two members or elements.
func (r *reader) comma() {
	if r.peek() == ',' {
		r.next()
	}
}

// once notes a name that was there before: which of both is meant is a guess.
func (r *reader) once(seen map[string]bool, key string, at *place) {
	if seen[key] {
		r.faults.badAt(at, "is given twice")
	}
	seen[key] = true
}

func (r *reader) object(v reflect.Value, s *shape, first byte, at *place) {
	if first != '{' {
		r.mismatch(at, "must be an object")
		return
	}
	var few [16]bool
	seen := few[:]
	if len(s.members) > len(few) {
		seen = make([]bool, len(s.members))
	}
	r.next()
	for r.peek() != '}' {
		if i, ok := r.member(s, at); ok {
			m := s.members[i]
			here := place{parent: at, name: m.name, index: -1}
			if seen[i] {
				r.faults.badAt(&here, "is given twice")
			}
			seen[i] = true
			r.value(m.in(v), m.shape, &here)
		}
		r.comma()
	}
	r.next()
	for i, m := range s.members {
		switch {
		case seen[i]:
		case m.hasFall:
			setText(m.in(v), m.shape, m.fallback)
		case !m.optional:
			r.faults.addAt(&place{parent: at, name: m.name, index: -1}, "is required")
		}
	}
}

// member takes the name of a member and finds the field; an unknown one is a
// fault, and its value is skipped.
func (r *reader) member(s *shape, at *place) (int, bool) {
	end := r.stringEnd()
	if i, ok := s.names[string(r.data[r.pos+1:end-1])]; ok { // as written: without escapes
		r.pos = end
		r.next()
		return i, true
	}
	key, ok := r.name(at)
	if !ok {
		return 0, false
	}
	i, ok := s.names[key]
	if !ok {
		r.mismatch(&place{parent: at, name: key, index: -1}, s.unknown(key))
	}
	return i, ok
}

// in finds the member's field.
func (m *member) in(v reflect.Value) reflect.Value {
	if len(m.index) == 1 {
		return v.Field(m.index[0])
	}
	return v.FieldByIndex(m.index)
}

// unknown says that no member is called key, and which one is nearly.
func (s *shape) unknown(key string) string {
	for _, m := range s.members {
		if strings.EqualFold(m.name, key) {
			return fmt.Sprintf("is unknown; write %q", m.name)
		}
	}
	return "is unknown"
}
