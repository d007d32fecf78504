package web

import (
	"encoding/json"
	"reflect"
)

// custom hands the value's bytes to the type's own UnmarshalJSON, whose error
// is not repeated: it may quote them.
func (r *reader) custom(v reflect.Value, at *place) {
	raw, ok := r.checked(at)
	if !ok {
		return
	}
	u, ok := v.Addr().Interface().(json.Unmarshaler)
	if !ok || u.UnmarshalJSON(raw) != nil {
		r.faults.addAt(at, "is not valid")
	}
}

func (r *reader) any(v reflect.Value, at *place) {
	raw, ok := r.checked(at)
	if !ok {
		return
	}
	if json.Unmarshal(raw, v.Addr().Interface()) != nil {
		r.faults.addAt(at, "is not valid")
	}
}

// checked takes a value of any shape, having looked at every name and string
// in it.
func (r *reader) checked(at *place) ([]byte, bool) {
	before := len(r.faults.list)
	start := r.scanner
	raw := start.raw()
	r.check(at)
	return raw, len(r.faults.list) == before
}

func (r *reader) check(at *place) {
	switch r.peek() {
	case '"':
		if _, message := r.text(); message != "" {
			r.faults.badAt(at, message)
		}
	case '[':
		r.next()
		for n := 0; r.peek() != ']'; n++ {
			r.check(&place{parent: at, index: n})
			r.comma()
		}
		r.next()
	case '{':
		seen := make(map[string]bool)
		r.next()
		for r.peek() != '}' {
			if key, ok := r.name(at); ok {
				here := place{parent: at, name: key, index: -1}
				r.once(seen, key, &here)
				r.check(&here)
			}
			r.comma()
		}
		r.next()
	default:
		r.raw()
	}
}
