package schema

// Table is one table.
//
//   - Shape: Columns in physical order. Every constraint has a name.
type Table struct {
	Name        string
	Columns     []Column
	PrimaryKey  *PrimaryKey
	Uniques     []Unique
	Checks      []Check
	ForeignKeys []ForeignKey
	Indexes     []Index
}

// Column returns the column with that name.
func (t *Table) Column(name string) (*Column, bool) {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i], true
		}
	}
	return nil, false
}

// Identity says whether the server numbers a column.
type Identity string

// The kinds of identity columns; the empty value is none.
const (
	NoIdentity        Identity = ""
	IdentityByDefault Identity = "BY DEFAULT"
	IdentityAlways    Identity = "ALWAYS"
)

// Column is one column of a table.
//
//   - Shape: Type and Default are SQL text; an empty Default is none. Type is the
//     bare name for an enum of the same Schema.
type Column struct {
	Name     string
	Type     string
	NotNull  bool
	Default  string
	Identity Identity
}

// PrimaryKey is the primary key of a table.
type PrimaryKey struct {
	Name    string
	Columns []string
}

// Unique is a unique constraint, or a unique index when Where is set.
//
//   - Shape: Where is an SQL predicate, empty for the whole table. PostgreSQL has
//     no partial unique constraints, so a partial one is a unique index.
type Unique struct {
	Name       string
	Columns    []string
	Where      string
	Deferrable Deferrable
}

// Check is a check constraint; Expression is its SQL predicate without the
// surrounding parentheses.
type Check struct {
	Name       string
	Expression string
}

// ForeignKey ties Columns to RefColumns of RefTable, pair by pair.
type ForeignKey struct {
	Name       string
	Columns    []string
	RefTable   string
	RefColumns []string
	OnDelete   Action
	OnUpdate   Action
	Deferrable Deferrable
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

// Index is an index that is not a constraint.
//
//   - Shape: Columns in order, ascending; Where is an SQL predicate or empty.
type Index struct {
	Name    string
	Columns []string
	Where   string
}
