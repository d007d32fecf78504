package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// kind says how a Go type is read from a request.
type kind uint8

const (
	kindString kind = iota + 1
	kindBool
	kindInt
	kindUint
	kindFloat
	kindNumber  // json.Number: all its digits
	kindTime    // time.Time, RFC 3339
	kindText    // encoding.TextUnmarshaler
	kindUUID    // a [16]byte that is an encoding.TextUnmarshaler
	kindCustom  // json.Unmarshaler
	kindAny     // any JSON value
	kindBytes   // base64
	kindPointer // optional
	kindField   // Field[T]
	kindSlice
	kindArray
	kindMap
	kindObject
)

// shape is how one Go type is read, compiled once when a route is registered.
type shape struct {
	kind    kind
	typ     reflect.Type
	elem    *shape // of a pointer, field, slice, array or map
	key     *shape // of a map
	members []*member
	names   map[string]int // JSON name → index in members
}

// member is one field of an object.
type member struct {
	name     string
	index    []int // for reflect.Value.FieldByIndex
	shape    *shape
	optional bool
	fallback string // text of the default tag
	hasFall  bool
	depth    int // embedding depth, to settle names as Go does
}

// scalar reports whether the shape can be read from one piece of text.
func (s *shape) scalar() bool {
	switch s.kind {
	case kindString, kindBool, kindInt, kindUint, kindFloat, kindNumber, kindTime, kindText, kindUUID:
		return true
	case kindPointer, kindField:
		return s.elem.scalar()
	default:
		return false
	}
}

// compiler turns types into shapes and gathers everything that is wrong.
type compiler struct {
	known    map[reflect.Type]*shape // recursive types end here
	problems []string
}

// fail notes one problem of the field at path.
func (c *compiler) fail(path, format string, args ...any) {
	c.problems = append(c.problems, path+": "+fmt.Sprintf(format, args...))
}

// shapeOf compiles t; path names it in problems.
func (c *compiler) shapeOf(t reflect.Type, path string) *shape {
	if s, ok := c.known[t]; ok {
		return s
	}
	s := &shape{typ: t}
	c.known[t] = s
	if elem := fieldElem(t); elem != nil {
		s.kind, s.elem = kindField, c.shapeOf(elem, path)
		return s
	}
	if t.Kind() != reflect.Pointer && c.custom(s) {
		return s
	}
	switch t.Kind() {
	case reflect.String:
		s.kind = kindString
	case reflect.Bool:
		s.kind = kindBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.kind = kindInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		s.kind = kindUint
	case reflect.Float32, reflect.Float64:
		s.kind = kindFloat
	case reflect.Struct:
		s.kind = kindObject
		c.object(s, path)
	default:
		c.container(s, path)
	}
	return s
}

// custom recognizes the types that read themselves.
func (c *compiler) custom(s *shape) bool {
	p := reflect.PointerTo(s.typ)
	switch {
	case s.typ == reflect.TypeFor[time.Time]():
		s.kind = kindTime
	case s.typ == reflect.TypeFor[json.Number]():
		s.kind = kindNumber
	case p.Implements(reflect.TypeFor[json.Unmarshaler]()):
		s.kind = kindCustom
	case p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		s.kind = kindText
		if s.typ.Kind() == reflect.Array && s.typ.Len() == 16 && s.typ.Elem().Kind() == reflect.Uint8 {
			s.kind = kindUUID
		}
	default:
		return false
	}
	return true
}

// container compiles the kinds that hold others.
func (c *compiler) container(s *shape, path string) {
	t := s.typ
	switch t.Kind() {
	case reflect.Pointer:
		s.kind = kindPointer
	case reflect.Slice:
		s.kind = kindSlice
		if t.Elem().Kind() == reflect.Uint8 && !c.custom(&shape{typ: t.Elem()}) {
			s.kind = kindBytes
			return
		}
	case reflect.Array:
		s.kind = kindArray
	case reflect.Map:
		s.kind = kindMap
		if t.Key().Kind() != reflect.String {
			c.fail(path, "map keys are %s; make them strings", t.Key())
			return
		}
		if s.key = textShape(c.shapeOf(t.Key(), path)); !s.key.scalar() { // it reads JSON, and a name is none
			s.key = &shape{kind: kindString, typ: t.Key()}
		}
	case reflect.Interface:
		s.kind = kindAny
		if t.NumMethod() > 0 {
			c.fail(path, "%s is an interface with methods; use a concrete type or any", t)
		}
		return
	default:
		s.kind = kindAny
		c.fail(path, "%s cannot be read from a request; use another type or the tag json:\"-\"", t)
		return
	}
	s.elem = c.shapeOf(t.Elem(), path)
}

// object compiles the fields of a struct that JSON fills.
func (c *compiler) object(s *shape, path string) {
	s.names = make(map[string]int)
	c.walk(s.typ, nil, path, func(f reflect.StructField, index []int, at string) {
		c.add(s, f, index, at)
	})
}

// walk visits every field of a struct, those of embedded structs as its own.
func (c *compiler) walk(t reflect.Type, index []int, path string, visit func(f reflect.StructField, index []int, at string)) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := path + "." + f.Name
		here := append(index[:len(index):len(index)], i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" && !tagged(f) {
			if f.Type.Kind() == reflect.Struct {
				c.walk(f.Type, here, path, visit)
				continue
			}
			if f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct {
				c.fail(at, "an embedded pointer cannot be filled; embed the struct itself or name the field")
				continue
			}
		}
		if !f.IsExported() {
			if tagged(f) || f.Tag.Get("json") != "" {
				c.fail(at, "the field has a tag but is not exported; start its name with a capital letter")
			}
			continue
		}
		visit(f, here, at)
	}
}

// add makes a member of one field, unless its tag says "-".
func (c *compiler) add(s *shape, f reflect.StructField, index []int, at string) {
	tag := f.Tag.Get("json")
	if tag == "-" {
		return
	}
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = f.Name
	}
	m := &member{name: name, index: index, depth: len(index), shape: c.shapeOf(f.Type, at)}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty", "omitzero":
			m.optional = true
		case "string":
			c.fail(at, "the json option \"string\" is not supported; use a string or a number")
		}
	}
	if k := m.shape.kind; k == kindPointer || k == kindField {
		m.optional = true
	}
	m.fallback, m.hasFall = c.fallback(f, m.shape, at)
	m.optional = m.optional || m.hasFall

	other, taken := s.names[name]
	switch {
	case !taken:
		s.names[name] = len(s.members)
		s.members = append(s.members, m)
	case s.members[other].depth > m.depth:
		s.members[other] = m
	case s.members[other].depth == m.depth:
		c.fail(at, "two fields are named %q; rename one with a json tag", name)
	}
}

// fallback reads the default tag and tries it out.
func (c *compiler) fallback(f reflect.StructField, s *shape, at string) (string, bool) {
	text, ok := f.Tag.Lookup("default")
	if !ok {
		return "", false
	}
	if !s.complete() || !s.scalar() || s.typ != f.Type {
		c.fail(at, "a default needs a field that one piece of text can fill, not %s", f.Type)
		return "", false
	}
	if message := setText(reflect.New(f.Type).Elem(), s, text); message != "" {
		c.fail(at, "the default %s", message)
		return "", false
	}
	return text, true
}

// complete reports whether the shape is compiled down to its elements: a type
// that contains itself is not while it is being compiled.
func (s *shape) complete() bool {
	for ; s != nil; s = s.elem {
		if s.kind == 0 {
			return false
		}
		if s.kind != kindPointer && s.kind != kindField {
			return true
		}
	}
	return false
}

// tagged reports whether a tag places the field outside the body.
func tagged(f reflect.StructField) bool {
	for _, place := range [...]string{"path", "query", "header"} {
		if _, ok := f.Tag.Lookup(place); ok {
			return true
		}
	}
	return false
}
