package schema

// Index is an index that is not a constraint.
//
//   - Shape: Columns in order, ascending; Where is an SQL predicate or empty.
type Index struct {
	Name    string
	Columns []string
	Where   string
}
