package mapper

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// jsonPlan reads json of one Go type, and compares it with a value, as
// encoding/json would, without its detours: the text comes from the server, which
// has checked it. Where it meets anything that is not plain (escapes of code
// points, keys in another case, keys that come twice, values that do not fit) it
// gives up, and encoding/json does all of it.
type jsonPlan struct {
	kind   jsonKind
	typ    reflect.Type
	elem   *jsonPlan   // of a pointer or a slice
	fields []jsonField // of a struct
}

type jsonField struct {
	name   string
	offset uintptr
	plan   *jsonPlan
}

type jsonKind uint8

const (
	jsonOther jsonKind = iota // left to encoding/json
	jsonBool
	jsonString
	jsonInt
	jsonUint
	jsonFloat
	jsonStruct
	jsonPointer
	jsonSlice
)

// mostJSONFields is how many fields are told apart by the bits of a word.
const mostJSONFields = 64

// planJSON makes the plan of t; nil where encoding/json does all of it anyway.
func planJSON(t reflect.Type) *jsonPlan {
	p := jsonPlanOf(t, make(map[reflect.Type]*jsonPlan))
	if p.kind == jsonOther {
		return nil
	}
	return p
}

// jsonPlanOf has the plans that are being made in made: a type may hold itself.
func jsonPlanOf(t reflect.Type, made map[reflect.Type]*jsonPlan) *jsonPlan {
	if p := made[t]; p != nil {
		return p
	}
	p := &jsonPlan{typ: t}
	made[t] = p
	if hasJSONMethods(t) {
		return p
	}
	switch t.Kind() {
	case reflect.Bool:
		p.kind = jsonBool
	case reflect.String:
		if t != reflect.TypeFor[json.Number]() {
			p.kind = jsonString
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind = jsonInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.kind = jsonUint
	case reflect.Float32, reflect.Float64:
		p.kind = jsonFloat
	case reflect.Pointer:
		p.kind, p.elem = jsonPointer, jsonPlanOf(t.Elem(), made)
	case reflect.Slice:
		if t.Elem().Kind() != reflect.Uint8 { // which is base64
			p.kind, p.elem = jsonSlice, jsonPlanOf(t.Elem(), made)
		}
	case reflect.Struct:
		if fields, ok := jsonFieldsOf(t, made); ok {
			p.kind, p.fields = jsonStruct, fields
		}
	}
	return p
}

func hasJSONMethods(t reflect.Type) bool {
	return implements(t, marshalerType) || implements(t, textMarshalerType) ||
		implements(t, reflect.TypeFor[json.Unmarshaler]()) || implements(t, reflect.TypeFor[encoding.TextUnmarshaler]())
}

// jsonFieldsOf lists the fields of a struct; ok is false where their names follow
// from more than their tags.
func jsonFieldsOf(t reflect.Type, made map[reflect.Type]*jsonPlan) (fields []jsonField, ok bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous:
			return nil, false
		case !f.IsExported() || tag == "-":
			continue
		case slices.Contains(strings.Split(options, ","), "string"):
			return nil, false
		case name == "":
			name = f.Name
		case !plainJSONName(name):
			return nil, false
		}
		if slices.ContainsFunc(fields, func(other jsonField) bool { return strings.EqualFold(other.name, name) }) {
			return nil, false
		}
		fields = append(fields, jsonField{name, f.Offset, jsonPlanOf(f.Type, made)})
	}
	return fields, len(fields) <= mostJSONFields
}

// plainJSONName reports a name that needs no look at what encoding/json takes for
// one.
func plainJSONName(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-' {
			return false
		}
	}
	return true
}
