package schema

// Index is an index that is not a constraint.
//
//   - Shape: Method is the access method, empty for btree. Parts in order. Include
//     names columns that are stored and not searched. Where is an SQL predicate,
//     Storage a list of storage parameters as SQL text; both may be empty.
//     NullsNotDistinct belongs to unique indexes (PostgreSQL 15).
type Index struct {
	Name             string
	Unique           bool
	NullsNotDistinct bool
	Method           string
	Parts            []IndexPart
	Include          []string
	Where            string
	Storage          string
}

// IndexPart is one thing that an index sorts or searches by: a column, or an
// SQL expression without the surrounding parentheses.
//
//   - Shape: one of Column and Expression is set. Collation is a name as written;
//     OperatorClass is SQL text, so that it can have parameters. Empty values are
//     the server's defaults.
type IndexPart struct {
	Column        string
	Expression    string
	Collation     string
	OperatorClass string
	Desc          bool
	Nulls         Nulls
}

// Parts is a list of plain columns as parts of an index.
func Parts(columns ...string) []IndexPart {
	parts := make([]IndexPart, len(columns))
	for i, name := range columns {
		parts[i].Column = name
	}
	return parts
}

// Nulls says where an index has its NULLs; the empty value is last when
// ascending and first when descending.
type Nulls string

// The places of NULLs.
const (
	NullsDefault Nulls = ""
	NullsFirst   Nulls = "FIRST"
	NullsLast    Nulls = "LAST"
)
