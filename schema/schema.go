package schema

import "slices"

// Schema is everything that one registry of models describes.
//
//   - Shape: every slice keeps the order of registration; a table may refer to
//     one that comes later.
type Schema struct {
	Enums   []Enum
	Tables  []Table
	Objects []Object
}

// Table returns the table with that name in the default namespace of s.
func (s *Schema) Table(name string) (*Table, bool) { return s.TableIn("", name) }

// TableIn returns the table with that name in namespace, empty for the default.
func (s *Schema) TableIn(namespace, name string) (*Table, bool) {
	for i := range s.Tables {
		if s.Tables[i].Namespace == namespace && s.Tables[i].Name == name {
			return &s.Tables[i], true
		}
	}
	return nil, false
}

// Namespaces lists the namespaces of the tables of s, those of unmanaged ones
// left out, in order of appearance.
func (s *Schema) Namespaces() []string {
	var names []string
	for i := range s.Tables {
		if ns := s.Tables[i].Namespace; ns != "" && !s.Tables[i].Unmanaged && !slices.Contains(names, ns) {
			names = append(names, ns)
		}
	}
	return names
}

// Enum is a PostgreSQL enum type.
//
//   - Shape: Values in sort order, none twice, at least one.
type Enum struct {
	Name   string
	Values []string
}

// ObjectKind names what a registered SQL object is.
type ObjectKind string

// The kinds of SQL objects that a Base can register.
const (
	Function ObjectKind = "function"
	Trigger  ObjectKind = "trigger"
)

// Object is a database object that is declared by its SQL text and not by a model.
//
//   - Shape: Create is one statement. Table, and the Namespace it is in, are set
//     for triggers only; {table} in the trigger's statement stands for both, in
//     quotes, and a table in a namespace is named so and not otherwise. Name is
//     the plain name; functions may be told apart by Arguments, the list of
//     argument types as SQL text, empty for none.
type Object struct {
	Kind      ObjectKind
	Name      string
	Arguments string
	Namespace string
	Table     string
	Create    string
}
