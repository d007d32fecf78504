package catalog

import (
	"cmp"
	"slices"
	"sort"
	"strings"
)

// Catalog is what one database held at one moment.
//
//   - Shape: every list is ordered by namespace and name; parts of a table are in
//     its own lists. Order lists types, sequences, functions, tables and views so
//     that each comes behind what it depends on.
//   - Concurrency: nothing writes to it after [Read].
type Catalog struct {
	Database   string
	Version    int    // server_version_num, 150018 for 15.18
	Namespace  string // the current schema; empty when search_path names none that exists
	Namespaces []Namespace
	Extensions []Extension
	Types      []Type
	Sequences  []Sequence
	Functions  []Function
	Tables     []Table
	Views      []View
	Grants     []Grant // on request
	Order      []Ref
	Uses       []Use
}

// Kind names what something in a database is.
type Kind string

// The kinds of objects and of their parts.
const (
	KindNamespace  Kind = "schema"
	KindExtension  Kind = "extension"
	KindType       Kind = "type"
	KindSequence   Kind = "sequence"
	KindFunction   Kind = "function"
	KindTable      Kind = "table"
	KindView       Kind = "view"
	KindColumn     Kind = "column"
	KindConstraint Kind = "constraint"
	KindIndex      Kind = "index"
	KindTrigger    Kind = "trigger"
	KindPolicy     Kind = "policy"
	KindGrant      Kind = "grant"
)

// Ref names one object.
//
//   - Shape: of a function, Name ends in the types of its arguments in parentheses.
type Ref struct {
	Kind      Kind
	Namespace string
	Name      string
}

// String is r for people, as in "table audit.entries".
func (r Ref) String() string {
	if r.Namespace == "" {
		return string(r.Kind) + " " + r.Name
	}
	return string(r.Kind) + " " + r.Namespace + "." + r.Name
}

// Use says that one object depends on another.
//
//   - Shape: Column is the column of On that is used, empty when it is all of it.
//   - Source: pg_depend.
type Use struct {
	By, On Ref
	Column string
}

// Namespace is a schema, in PostgreSQL's word.
type Namespace struct {
	Name    string
	Comment string
}

// Extension is an installed extension; plpgsql, which every database has, is left
// out.
type Extension struct {
	Name      string
	Namespace string
	Version   string
}

// TypeKind tells types of users apart.
type TypeKind string

// The kinds of types.
const (
	Enum      TypeKind = "enum"
	Domain    TypeKind = "domain"
	Composite TypeKind = "composite"
	Range     TypeKind = "range"
	BaseType  TypeKind = "base"
)

// Type is a type that a user made.
//
//   - Shape: Labels belong to an enum, in order. Base, Collation, NotNull, Default
//     and Checks to a domain. Fields to a composite type. Base is the subtype of a
//     range, Options the rest of its definition.
type Type struct {
	Kind      TypeKind
	Namespace string
	Name      string
	Labels    []string
	Base      string
	Collation string
	NotNull   bool
	Default   string
	Checks    []Constraint
	Fields    []Column
	Options   string
	Comment   string
}

// Sequence is a sequence that no identity column owns.
//
//   - Shape: OwnerTable and OwnerColumn are empty unless it is dropped with a
//     column, as serial's are; the table lies in OwnerNamespace.
type Sequence struct {
	Namespace      string
	Name           string
	Type           string
	Start          string
	Increment      string
	Min            string
	Max            string
	Cache          string
	Cycle          bool
	Unlogged       bool
	OwnerNamespace string
	OwnerTable     string
	OwnerColumn    string
	Comment        string
}

// Function is a function, procedure, aggregate or window function.
//
//   - Shape: Kind is "FUNCTION", "PROCEDURE", "AGGREGATE" or "WINDOW". Arguments
//     are the types that tell it from its namesakes. Definition is the statement
//     behind the name, as pg_get_functiondef writes it; of an aggregate the
//     options. Signature is arguments with names and defaults, Result the type.
type Function struct {
	Kind       string
	Namespace  string
	Name       string
	Arguments  string
	Signature  string
	Result     string
	Language   string
	Definition string
	Comment    string
}

// View is a view or a materialized view.
//
//   - Shape: Definition is its query. Indexes belong to materialized ones.
type View struct {
	Materialized bool
	Namespace    string
	Name         string
	Definition   string
	Options      string
	Populated    bool
	Columns      []Column
	Indexes      []Index
	Triggers     []Trigger
	Comment      string
}

// Grant is one privilege; Column is empty when it is on the whole object.
type Grant struct {
	On        Ref
	Column    string
	Grantee   string // PUBLIC for everybody
	Privilege string
	Grantable bool
}

// Table returns the table with that name.
func (c *Catalog) Table(namespace, name string) (*Table, bool) {
	return named(c.Tables, namespace, name, func(t *Table) (string, string) { return t.Namespace, t.Name })
}

// View returns the view with that name.
func (c *Catalog) View(namespace, name string) (*View, bool) {
	return named(c.Views, namespace, name, func(v *View) (string, string) { return v.Namespace, v.Name })
}

// Type returns the type with that name.
func (c *Catalog) Type(namespace, name string) (*Type, bool) {
	return named(c.Types, namespace, name, func(t *Type) (string, string) { return t.Namespace, t.Name })
}

// Sequence returns the sequence with that name.
func (c *Catalog) Sequence(namespace, name string) (*Sequence, bool) {
	return find(c.Sequences, func(s *Sequence) bool { return s.Namespace == namespace && s.Name == name })
}

// Function returns the function with that name, which ends in the types of its
// arguments in parentheses.
func (c *Catalog) Function(namespace, name string) (*Function, bool) {
	return find(c.Functions, func(f *Function) bool { return f.Namespace == namespace && f.Ref().Name == name })
}

// Extension returns the extension with that name.
func (c *Catalog) Extension(name string) (*Extension, bool) {
	return find(c.Extensions, func(e *Extension) bool { return e.Name == name })
}

// named looks where the order of a list says first, then everywhere: what was
// renamed since [Read] stands where its old name belongs.
func named[T any](list []T, namespace, name string, of func(*T) (namespace, name string)) (*T, bool) {
	at := sort.Search(len(list), func(i int) bool {
		space, other := of(&list[i])
		return cmp.Or(strings.Compare(space, namespace), strings.Compare(other, name)) >= 0
	})
	is := func(x *T) bool {
		space, other := of(x)
		return other == name && space == namespace
	}
	if at < len(list) && is(&list[at]) {
		return &list[at], true
	}
	return find(list, is)
}

func find[T any](list []T, is func(*T) bool) (*T, bool) {
	for i := range list {
		if is(&list[i]) {
			return &list[i], true
		}
	}
	return nil, false
}

// Ref names the type.
func (t *Type) Ref() Ref { return Ref{KindType, t.Namespace, t.Name} }

// Ref names the sequence.
func (s *Sequence) Ref() Ref { return Ref{KindSequence, s.Namespace, s.Name} }

// Ref names the function, its arguments' types included.
func (f *Function) Ref() Ref { return Ref{KindFunction, f.Namespace, f.Name + "(" + f.Arguments + ")"} }

// Ref names the view.
func (v *View) Ref() Ref { return Ref{KindView, v.Namespace, v.Name} }

// compareRef orders objects by namespace, name and kind.
func compareRef(a, b Ref) int {
	if n := strings.Compare(a.Namespace, b.Namespace); n != 0 {
		return n
	}
	if n := strings.Compare(a.Name, b.Name); n != 0 {
		return n
	}
	return strings.Compare(string(a.Kind), string(b.Kind))
}

// sortOrder makes Order: what nothing waits for first, names decide between
// equals, and where objects wait for each other the first by name goes ahead.
func (c *Catalog) sortOrder(all []Ref) {
	slices.SortFunc(all, compareRef)
	waits := make(map[Ref]int, len(all))
	next := map[Ref][]Ref{}
	seen := map[[2]Ref]bool{}
	for _, u := range c.Uses {
		if pair := [2]Ref{u.By, u.On}; !seen[pair] && u.By != u.On {
			seen[pair] = true
			waits[u.By]++
			next[u.On] = append(next[u.On], u.By)
		}
	}
	done := make(map[Ref]bool, len(all))
	var ready refHeap
	for _, r := range all {
		if waits[r] == 0 {
			ready.push(r)
		}
	}
	for at := 0; len(c.Order) < len(all); {
		if len(ready) == 0 { // a circle: break it at the first by name
			for done[all[at]] {
				at++
			}
			ready.push(all[at])
		}
		r := ready.pop()
		if done[r] {
			continue
		}
		done[r] = true
		c.Order = append(c.Order, r)
		for _, by := range next[r] {
			if waits[by]--; waits[by] == 0 && !done[by] {
				ready.push(by)
			}
		}
	}
}
