package web

import (
	"encoding"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
)

// param is one field of an input that comes from the path, the query or the
// headers.
type param struct {
	name     string
	location string // query.limit
	index    []int
	shape    *shape // of the field, or of one element when repeated
	repeated bool
	required bool
	fallback string
	hasFall  bool
}

// input is how one In type is read from a request, compiled at registration.
type input struct {
	typ      reflect.Type
	path     []param
	query    []param
	header   []param
	queries  map[string]bool
	body     *shape
	needBody bool
}

// inputFor compiles t, or says everything that is wrong with it.
func inputFor(t reflect.Type) (*input, []string) {
	if t.Kind() != reflect.Struct {
		return nil, []string{"the input " + t.String() + " is not a struct; put it into a field of one"}
	}
	c := &compiler{known: make(map[reflect.Type]*shape)}
	in := &input{typ: t, queries: make(map[string]bool)}
	in.body = &shape{kind: kindObject, typ: t, names: make(map[string]int)}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		c.fail(t.String(), "it reads its own JSON (does it embed a type that does?); give the embedded type a field name")
	}
	c.walk(t, nil, t.String(), func(f reflect.StructField, index []int, at string) {
		if tagged(f) {
			c.param(in, f, index, at)
			return
		}
		c.add(in.body, f, index, at)
	})
	in.needBody = len(in.body.members) > 0
	return in, c.problems
}

// param places one tagged field.
func (c *compiler) param(in *input, f reflect.StructField, index []int, at string) {
	var list *[]param
	var name, options string
	p := param{index: index}
	for _, place := range [...]string{"path", "query", "header"} {
		tag, ok := f.Tag.Lookup(place)
		if !ok {
			continue
		}
		if list != nil {
			c.fail(at, "the field has two of the tags path, query and header; keep one")
			return
		}
		name, options, _ = strings.Cut(tag, ",")
		if name == "" {
			c.fail(at, "the tag %s names nothing; write %s:\"name\"", place, place)
			return
		}
		p.name, p.location = name, place+"."+name
		switch place {
		case "path":
			list = &in.path
		case "query":
			list = &in.query
			in.queries[name] = true
		case "header":
			list = &in.header
			p.name = http.CanonicalHeaderKey(name)
		}
	}
	for _, other := range *list {
		if other.name == p.name {
			c.fail(at, "two fields read %s; keep one", p.location)
		}
	}
	c.paramShape(&p, f, at)
	p.fallback, p.hasFall = c.fallback(f, p.shape, at)
	optional := p.repeated || p.hasFall || p.shape.kind == kindPointer || p.shape.kind == kindField ||
		strings.Contains(","+options+",", ",omitempty,") || strings.Contains(","+options+",", ",omitzero,")
	p.required = list == &in.path || !optional
	*list = append(*list, p)
}

// paramShape finds how text becomes the field.
func (c *compiler) paramShape(p *param, f reflect.StructField, at string) {
	p.shape = textShape(c.shapeOf(f.Type, at))
	if p.shape.kind == kindSlice && p.shape.elem != nil && !strings.HasPrefix(p.location, "path.") {
		p.repeated = true
		p.shape = textShape(p.shape.elem)
	}
	if !p.shape.scalar() {
		c.fail(at, "%s cannot be read from %s; use a string, number, bool, time, a type with UnmarshalText, a pointer to one, or a slice of them in query and header", f.Type, p.location)
	}
}

// textShape prefers UnmarshalText where a type also reads JSON itself.
func textShape(s *shape) *shape {
	switch s.kind {
	case kindCustom:
		if reflect.PointerTo(s.typ).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
			return &shape{kind: kindText, typ: s.typ}
		}
	case kindPointer, kindField:
		return &shape{kind: s.kind, typ: s.typ, elem: textShape(s.elem)}
	}
	return s
}
