package schema

// Table is one table.
//
//   - Shape: Namespace is empty for the first schema of search_path. Columns in
//     physical order. Every constraint has a name. Storage is
//     the list of storage parameters as SQL text ("fillfactor = 70"), empty for
//     the server's defaults. An empty Comment is none. An Unmanaged table is
//     somebody else's: known, but neither created nor compared. RenamedFrom is the
//     name that it had before, a hint for migrations; empty for none.
type Table struct {
	Namespace   string
	Name        string
	Columns     []Column
	PrimaryKey  *PrimaryKey
	Uniques     []Unique
	Checks      []Check
	ForeignKeys []ForeignKey
	Exclusions  []Exclusion
	Indexes     []Index
	Unlogged    bool
	Unmanaged   bool
	Storage     string
	Comment     string
	RenamedFrom string
}

// FullName is the name for people: behind its namespace and a period, where it
// has one; without quotes.
func (t *Table) FullName() string {
	if t.Namespace == "" {
		return t.Name
	}
	return t.Namespace + "." + t.Name
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

	// Serial is the older way: a default out of a sequence that the column owns, as
	// the types serial and bigserial make it. For tables that are there already.
	Serial Identity = "SERIAL"
)

// Sequence is how an identity column counts.
//
//   - Units: Start is the first number, Increment the step between two. Zero is
//     the server's default: start at 1 (at -1 when counting down), step 1.
type Sequence struct {
	Start     int64
	Increment int64
}

// Column is one column of a table.
//
//   - Shape: Type, Default and Generated are SQL text; empty is none. Type is the
//     full name, without quotes, for an enum of the same Schema. Generated is the expression of a
//     stored generated column. Collation is a name as written, without quotes and
//     without a namespace. Sequence belongs to identity columns. RenamedFrom as in
//     [Table].
type Column struct {
	Name      string
	Type      string
	NotNull   bool
	Default   string
	Generated string
	Identity  Identity
	Sequence  Sequence
	Collation string
	Comment   string

	RenamedFrom string
}
