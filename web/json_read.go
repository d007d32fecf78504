package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"
)

// reader fills Go values from a JSON body by their shapes. It is stricter than
// encoding/json: what a client sent is stored as it was sent, or refused.
type reader struct {
	scanner
	faults *faults
}

// readJSON fills v from the whole body.
func readJSON(body []byte, v reflect.Value, s *shape, f *faults) {
	if !utf8.Valid(body) {
		f.bad("body", "must be valid UTF-8")
		return
	}
	if !json.Valid(body) {
		f.bad("body", malformedAt(body))
		return
	}
	r := reader{scanner: scanner{data: body}, faults: f}
	r.value(v, s, nil)
}

// malformedAt says where the JSON breaks. The text of the library's error
// would repeat a character of the body.
func malformedAt(body []byte) string {
	var whole json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, &whole); !errors.As(err, &syntax) {
		return "is not valid JSON"
	} else if syntax.Offset >= int64(len(body)) && strings.HasPrefix(syntax.Error(), "unexpected end") {
		return "ends in the middle of a JSON value"
	} else if strings.HasSuffix(syntax.Error(), "after top-level value") {
		return fmt.Sprintf("goes on after the JSON value ends (byte %d)", syntax.Offset)
	} else {
		return fmt.Sprintf("is not valid JSON (byte %d)", syntax.Offset)
	}
}

// value fills v from the next JSON value.
func (r *reader) value(v reflect.Value, s *shape, at *place) {
	switch s.kind {
	case kindPointer:
		r.pointer(v, s, at)
		return
	case kindField:
		v.Field(0).SetBool(true)
		if r.null() {
			v.Field(1).SetBool(true)
			return
		}
		r.value(v.Field(2), s.elem, at)
		return
	case kindCustom:
		r.custom(v, at)
		return
	case kindAny:
		r.any(v, at)
		return
	}
	if r.null() {
		r.faults.addAt(at, "must not be null")
		return
	}
	first := r.peek()
	switch s.kind {
	case kindString, kindTime, kindText, kindUUID:
		r.string(v, s, first, at)
	case kindBytes:
		r.bytes(v, first, at)
	case kindBool:
		r.literal(v, s, at, "must be true or false", first == 't' || first == 'f')
	case kindInt, kindUint:
		r.literal(v, s, at, "must be an integer", number(first))
	case kindFloat, kindNumber:
		r.literal(v, s, at, "must be a number", number(first))
	case kindSlice, kindArray:
		r.array(v, s, first, at)
	case kindMap:
		r.mapping(v, s, first, at)
	case kindObject:
		r.object(v, s, first, at)
	}
}

func (r *reader) pointer(v reflect.Value, s *shape, at *place) {
	if r.null() {
		v.SetZero()
		return
	}
	p := reflect.New(s.elem.typ)
	r.value(p.Elem(), s.elem, at)
	v.Set(p)
}

// mismatch notes that the next value is of another type, and skips it.
func (r *reader) mismatch(at *place, message string) {
	r.faults.addAt(at, message)
	r.raw()
}

func number(first byte) bool { return first == '-' || first >= '0' && first <= '9' }

// literal reads a number, true or false, when the first byte fits.
func (r *reader) literal(v reflect.Value, s *shape, at *place, message string, fits bool) {
	if !fits {
		r.mismatch(at, message)
		return
	}
	if message := setText(v, s, string(r.raw())); message != "" {
		r.faults.addAt(at, message)
	}
}

func (r *reader) string(v reflect.Value, s *shape, first byte, at *place) {
	if first != '"' {
		r.mismatch(at, "must be a string")
		return
	}
	text, message := r.text()
	if message != "" {
		r.faults.badAt(at, message)
		return
	}
	if message := setText(v, s, text); message != "" {
		r.faults.addAt(at, message)
	}
}

func (r *reader) bytes(v reflect.Value, first byte, at *place) {
	if first != '"' {
		r.mismatch(at, "must be a string in base64")
		return
	}
	text, message := r.text()
	if message != "" {
		r.faults.badAt(at, message)
		return
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		r.faults.addAt(at, "must be base64")
		return
	}
	v.SetBytes(data)
}

func (r *reader) array(v reflect.Value, s *shape, first byte, at *place) {
	if first != '[' {
		r.mismatch(at, "must be an array")
		return
	}
	r.next()
	if s.kind == kindSlice {
		v.Set(reflect.MakeSlice(s.typ, 0, 0))
	}
	n := 0
	for ; r.peek() != ']'; n++ {
		here := place{parent: at, index: n}
		switch {
		case s.kind == kindSlice:
			v.Grow(1)
			v.SetLen(n + 1)
			v.Index(n).SetZero() // Grow may hand back used memory
			r.value(v.Index(n), s.elem, &here)
		case n < s.typ.Len():
			r.value(v.Index(n), s.elem, &here)
		default:
			r.raw()
		}
		r.comma()
	}
	r.next()
	if s.kind == kindArray && n != s.typ.Len() {
		r.faults.addAt(at, fmt.Sprintf("must have %d elements", s.typ.Len()))
	}
}
