package retort

import (
	"reflect"
	"slices"

	"github.com/retort-go/retort/schema"
)

// EnumType ties a Go string type to a PostgreSQL enum: fields of that type
// become columns of that enum.
//
//   - Concurrency: immutable.
type EnumType struct {
	goType reflect.Type
	enum   schema.Enum
}

// NewEnum declares the enum name with its values in sort order. List it in
// [NewBase].
func NewEnum[E ~string](name string, values ...E) *EnumType {
	e := &EnumType{goType: reflect.TypeFor[E](), enum: schema.Enum{Name: name}}
	for _, v := range values {
		e.enum.Values = append(e.enum.Values, string(v))
	}
	return e
}

// InNamespace puts the enum into a namespace, which SQL calls a schema, in place
// of the first one of search_path. [Base.CreateAll] creates it.
func (e *EnumType) InNamespace(name string) *EnumType {
	moved := *e
	moved.enum.Namespace = name
	return &moved
}

// Values lists the labels in sort order.
func (e *EnumType) Values() []string { return slices.Clone(e.enum.Values) }

func (e *EnumType) register(b *Base) {
	if e == nil {
		e = &EnumType{} // Open reports it
	}
	b.enums = append(b.enums, e)
}

// EnumLabels lists the labels of the enum that V, or what it points to, stands for
// in the Base of the session's engine, in sort order; nil where it is no enum. It
// does no I/O.
func EnumLabels[V any](s *Session) []string {
	s.mustBe()
	t := reflect.TypeFor[V]()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return slices.Clone(s.eng.models.labels[t])
}
