package retort

import (
	"slices"

	"github.com/retort-go/retort/schema"
)

// Base lists everything that belongs to one database: tables, enums and other
// types, functions, triggers, the naming of constraints. It is the one registry; what it does not
// list, Retort does not touch.
//
//   - Concurrency: immutable; safe for many goroutines and engines.
type Base struct {
	tables  []*declaration
	links   []*linkDef
	enums   []*EnumType
	types   []Type
	objects []schema.Object
	naming  schema.Naming
}

// Item is what a Base lists: a [*Table], a [*LinkTable], an [*EnumType], a [Type],
// an [SQLObject] or a [Naming].
type Item interface{ register(*Base) }

// NewBase lists items. It checks nothing; [Open] does.
func NewBase(items ...Item) *Base {
	b := &Base{}
	for _, item := range items {
		if item != nil {
			item.register(b)
		}
	}
	return b
}

// Naming is the naming convention of constraints and indexes; see
// [schema.Naming]. Patterns left empty keep their default.
type Naming schema.Naming

func (n Naming) register(b *Base) { b.naming = schema.Naming(n) }

// SQLObject is a database object that is declared by its SQL text; see
// [Function], [Trigger], [View], [Policy], [Sequence] and [Extension].
type SQLObject struct{ object schema.Object }

func (o SQLObject) register(b *Base) { b.objects = append(b.objects, o.object) }

// Function declares a function by its whole CREATE FUNCTION statement.
//
//   - Shape: arguments is the list of argument types as SQL text, empty for none;
//     with the name it tells overloaded functions apart. {function} in the
//     statement stands for the name in quotes, with its namespace.
func Function(name, arguments, create string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.Function, Name: name, Arguments: arguments, Create: create}}
}

// InNamespace puts a function into a namespace, which SQL calls a schema, in place
// of the first one of search_path; its statement says {function} for its name. A
// trigger is where its table is.
func (o SQLObject) InNamespace(name string) SQLObject {
	o.object.Namespace = name
	return o
}

// Trigger declares a trigger of table by its whole CREATE TRIGGER statement.
//
//   - Shape: {table} in the statement stands for the table's name in quotes. A
//     table in a namespace is named "audit.entries" here and {table} there.
func Trigger(name, table, create string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.Trigger, Name: name, Table: table, Create: create}}
}

// View declares a view or a materialized view by its whole CREATE statement. It
// is made behind all tables; views that use each other are listed in that order.
// [Base.CreateAll] makes it where it is missing and compares nothing of it.
//
//   - Shape: name is SQL text, as in audit.busy; the statement says the same.
func View(name, create string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.View, Name: name, Create: create}}
}

// Policy declares a policy of row-level security by its whole CREATE POLICY
// statement, and switches on the row security of its table. [Base.CreateAll] makes
// it where it is missing and compares nothing of it.
//
//   - Shape: as [Trigger].
func Policy(name, table, create string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.Policy, Name: name, Table: table, Create: create}}
}

// Sequence declares a sequence of its own by its whole CREATE SEQUENCE statement. It is
// made before the functions and tables, whose defaults may call it. Columns that count
// say so by Identity instead. [Base.CreateAll] makes it where it is missing and
// compares nothing of it.
//
//   - Shape: as [View]. The statement has no OWNED BY.
func Sequence(name, create string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.SequenceObject, Name: name, Create: create}}
}

// Index adds an index to a materialized view, by its whole CREATE INDEX statement. A
// unique one lets REFRESH MATERIALIZED VIEW CONCURRENTLY work. [Base.CreateAll] makes
// it where it is missing.
//
//   - Shape: name is the plain name; the index is in the schema of its view.
func (o SQLObject) Index(name, create string) SQLObject {
	o.object.Indexes = append(slices.Clip(o.object.Indexes), schema.ObjectIndex{Name: name, Create: create})
	return o
}

// Comment sets the comment of a view, function, trigger, policy or sequence; it is
// made together with the object.
func (o SQLObject) Comment(text string) SQLObject {
	o.object.Comment = text
	return o
}

// Extension declares an extension that the models need; its version and schema
// are the server's business.
func Extension(name string) SQLObject {
	return SQLObject{schema.Object{Kind: schema.Extension, Name: name}}
}
