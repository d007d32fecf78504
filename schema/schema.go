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

// Namespaces lists the namespaces of the tables, enums and functions of s, those
// of unmanaged tables left out, in order of appearance.
func (s *Schema) Namespaces() []string {
	var names []string
	add := func(name string) {
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for i := range s.Tables {
		if !s.Tables[i].Unmanaged {
			add(s.Tables[i].Namespace)
		}
	}
	for i := range s.Enums {
		add(s.Enums[i].Namespace)
	}
	for i := range s.Objects {
		if s.Objects[i].Kind == Function {
			add(s.Objects[i].Namespace)
		}
	}
	return names
}

// Enum is a PostgreSQL enum type.
//
//   - Shape: Namespace is empty for the first schema of search_path. Values in sort
//     order, none twice, at least one.
type Enum struct {
	Namespace string
	Name      string
	Values    []string
}

// FullName is the name for people: behind its namespace and a period, where it
// has one; without quotes. A column of the enum has it as its type.
func (e *Enum) FullName() string {
	return (&Table{Namespace: e.Namespace, Name: e.Name}).FullName()
}

// ObjectKind names what a registered SQL object is.
type ObjectKind string

// The kinds of SQL objects that a Base can register.
const (
	Type     ObjectKind = "type"
	Function ObjectKind = "function"
	Trigger  ObjectKind = "trigger"

	// Extension has no SQL of its own. View stands for materialized ones too.
	// Policy switches on the row security of its table. SequenceObject is a sequence
	// that no column owns.
	Extension      ObjectKind = "extension"
	View           ObjectKind = "view"
	Policy         ObjectKind = "policy"
	SequenceObject ObjectKind = "sequence"
)

// Object is a database object that is declared by its SQL text and not by a model.
//
//   - Shape: Create is one statement. Table, and the Namespace it is in, are set
//     for triggers and policies; {table} in their statement stands for both, in
//     quotes, and a table in a namespace is named so and not otherwise. Name is
//     the plain name; functions may be told apart by Arguments, the list of
//     argument types as SQL text, empty for none. {function} stands for a
//     function's Namespace and Name likewise. The Name of a type, view or sequence
//     is SQL text, with its namespace. Indexes belong to a materialized view. Comment
//     is empty for none; types and extensions have none.
type Object struct {
	Kind      ObjectKind
	Name      string
	Arguments string
	Namespace string
	Table     string
	Create    string
	Indexes   []ObjectIndex
	Comment   string
}

// ObjectIndex is an index of a materialized view, by its statement.
//
//   - Shape: Create is one statement; it names the index as Name does, and the view as
//     the view's own statement does.
type ObjectIndex struct {
	Name   string
	Create string
}
