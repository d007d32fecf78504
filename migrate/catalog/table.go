package catalog

// Persistence says what becomes of a table's rows in a crash.
type Persistence string

// The ways to keep rows.
const (
	Logged   Persistence = "LOGGED"
	Unlogged Persistence = "UNLOGGED"
)

// Table is a table, partitioned or not, or a foreign table.
//
//   - Shape: PartitionBy is how it is partitioned (RANGE (d)), empty when it is
//     not. PartitionBound belongs to a partition ("FOR VALUES FROM …"), whose only
//     parent is its table. Storage is the list of storage parameters, those of the
//     TOAST table behind "toast.". Access is the access method, empty for heap.
type Table struct {
	Namespace      string
	Name           string
	Foreign        bool
	Persistence    Persistence
	PartitionBy    string
	PartitionBound string
	Inherits       []Ref
	Storage        string
	Access         string
	RowSecurity    bool
	ForceSecurity  bool
	Identity       string // REPLICA IDENTITY, empty for the default
	Comment        string

	Columns     []Column
	Constraints []Constraint
	Indexes     []Index // those that belong to no constraint
	Triggers    []Trigger
	Policies    []Policy
}

// Ref names the table.
func (t *Table) Ref() Ref { return Ref{KindTable, t.Namespace, t.Name} }

// Partition reports whether t is a partition of another table.
func (t *Table) Partition() bool { return t.PartitionBound != "" }

// Column is one column of a table, view or composite type.
//
//   - Shape: Type as format_type writes it. Collation, Storage and Compression are
//     empty for the default of the type. Default is an expression, the value of
//     Generated likewise; Identity is "ALWAYS" or "BY DEFAULT", and Sequence its
//     options where they are not the defaults. Inherited columns come from a parent
//     only. Enum says that the type, or its element, is an enum.
type Column struct {
	Name        string
	Type        string
	TypeRef     Ref // the type of a user that it is made of, zero for PostgreSQL's own
	Enum        bool
	Collation   string
	NotNull     bool
	Default     string
	Generated   string
	Virtual     bool // the generated value is not stored (PostgreSQL 18)
	Identity    string
	Sequence    string
	Storage     string
	Compression string
	Inherited   bool
	Comment     string
}

// ConstraintKind tells constraints apart.
type ConstraintKind string

// The kinds of constraints.
const (
	PrimaryKey ConstraintKind = "PRIMARY KEY"
	Unique     ConstraintKind = "UNIQUE"
	Check      ConstraintKind = "CHECK"
	ForeignKey ConstraintKind = "FOREIGN KEY"
	Exclusion  ConstraintKind = "EXCLUDE"
)

// Constraint is one constraint of a table or domain.
//
//   - Shape: Definition as pg_get_constraintdef writes it, NOT VALID included.
//     Index is the name and IndexDefinition the statement behind the table's name
//     of the index that carries it. RefTable and RefConstraint say what a foreign
//     key points to. Inherited ones come from a parent only.
type Constraint struct {
	Kind             ConstraintKind
	Name             string
	Definition       string
	Columns          []string
	Deferrable       bool
	Deferred         bool
	Valid            bool
	NullsNotDistinct bool
	Index            string
	IndexDefinition  string
	RefTable         Ref
	RefConstraint    string
	OnDelete         string // empty for NO ACTION
	OnUpdate         string
	Inherited        bool
	Comment          string
}

// Index is an index that no constraint made.
//
//   - Shape: Definition is the statement behind the table's name, as
//     pg_get_indexdef writes it ("USING btree (a DESC) WHERE …"). Keys are its
//     columns and expressions, Included those that are only stored. Attached says
//     that it belongs to the index of a partitioned table.
type Index struct {
	Name             string
	Unique           bool
	Method           string
	Definition       string
	Keys             []string
	Included         []string
	Predicate        string
	Storage          string
	NullsNotDistinct bool
	Valid            bool
	Attached         bool
	Clustered        bool
	Comment          string
}

// Trigger is one trigger.
//
//   - Shape: Definition is the statement up to " ON " and behind the table's name,
//     with {table} between. Enabled is empty, "DISABLE", "ENABLE REPLICA" or
//     "ENABLE ALWAYS".
type Trigger struct {
	Name       string
	Constraint bool
	Definition string
	Function   Ref
	Enabled    string
	Comment    string
}

// Policy is one policy of row-level security.
//
//   - Shape: Command is ALL, SELECT, INSERT, UPDATE or DELETE. Roles are names as
//     in SQL. Using and Check are expressions, empty for none.
type Policy struct {
	Name       string
	Permissive bool
	Command    string
	Roles      []string
	Using      string
	Check      string
	Comment    string
}

// Column returns the column with that name.
func (t *Table) Column(name string) (*Column, bool) {
	return find(t.Columns, func(c *Column) bool { return c.Name == name })
}

// Constraint returns the constraint with that name.
func (t *Table) Constraint(name string) (*Constraint, bool) {
	return find(t.Constraints, func(c *Constraint) bool { return c.Name == name })
}

// Index returns the index with that name.
func (t *Table) Index(name string) (*Index, bool) {
	return find(t.Indexes, func(ix *Index) bool { return ix.Name == name })
}

// Trigger returns the trigger with that name.
func (t *Table) Trigger(name string) (*Trigger, bool) {
	return find(t.Triggers, func(tr *Trigger) bool { return tr.Name == name })
}

// Policy returns the policy with that name.
func (t *Table) Policy(name string) (*Policy, bool) {
	return find(t.Policies, func(p *Policy) bool { return p.Name == name })
}
