package schema

// PrimaryKey is the primary key of a table.
type PrimaryKey struct {
	Name    string
	Columns []string
}

// Unique is a unique constraint, or a unique index when Where is set.
//
//   - Shape: Where is an SQL predicate, empty for the whole table. PostgreSQL has
//     no partial unique constraints, so a partial one is a unique index. Include
//     names columns that its index stores beside. NullsNotDistinct takes two NULLs
//     for equal (PostgreSQL 15).
type Unique struct {
	Name             string
	Columns          []string
	NullsNotDistinct bool
	Include          []string
	Where            string
	Deferrable       Deferrable
}

// Exclusion says that no two rows agree in all parts, each compared by its
// operator.
//
//   - Shape: Method is the access method, empty for gist. Where is an SQL
//     predicate, empty for the whole table.
type Exclusion struct {
	Name       string
	Method     string
	Parts      []ExclusionPart
	Include    []string
	Where      string
	Deferrable Deferrable
}

// ExclusionPart is one part of an [Exclusion]; Operator is SQL text, as in &&.
type ExclusionPart struct {
	IndexPart
	Operator string
}

// Check is a check constraint; Expression is its SQL predicate without the
// surrounding parentheses.
type Check struct {
	Name       string
	Expression string
}

// ForeignKey ties Columns to RefColumns of RefTable in RefNamespace, pair by
// pair.
type ForeignKey struct {
	Name         string
	Columns      []string
	RefNamespace string
	RefTable     string
	RefColumns   []string
	OnDelete     Action
	OnUpdate     Action
	Deferrable   Deferrable
}

// RefFullName is the full name of the table that it refers to; see
// [Table.FullName].
func (f *ForeignKey) RefFullName() string {
	return (&Table{Namespace: f.RefNamespace, Name: f.RefTable}).FullName()
}

// Action is what a foreign key does to its rows when the row they refer to
// changes; the empty value is NO ACTION.
type Action string

// The actions of foreign keys.
const (
	NoAction   Action = ""
	Restrict   Action = "RESTRICT"
	Cascade    Action = "CASCADE"
	SetNull    Action = "SET NULL"
	SetDefault Action = "SET DEFAULT"
)

// Deferrable says when a constraint is checked; the empty value is at once.
type Deferrable string

// The ways to defer a constraint to COMMIT.
const (
	NotDeferrable      Deferrable = ""
	InitiallyImmediate Deferrable = "DEFERRABLE INITIALLY IMMEDIATE"
	InitiallyDeferred  Deferrable = "DEFERRABLE INITIALLY DEFERRED"
)
