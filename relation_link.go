package retort

// LinkTable is a table without a model that ties rows of two others together:
// their keys, which are its primary key, and nothing else. It belongs into
// [NewBase].
//
//   - Concurrency: safe for many goroutines; make it once, at package level.
type LinkTable[L, R any] struct {
	def      *linkDef
	reversed bool
}

// linkDef is the part of a LinkTable that both its ends share.
type linkDef struct {
	name        string
	namespace   string
	left, right *declaration
	columns     [2][]string // chosen names; nil for those made from the models'
}

// NewLinkTable declares that the table name ties rows of left and right
// together. Its columns are called by the models and their keys: post_id,
// tag_id. Its foreign keys delete its rows with either end.
func NewLinkTable[L, R any](name string, left *Table[L], right *Table[R]) *LinkTable[L, R] {
	return &LinkTable[L, R]{def: &linkDef{name: name, left: &left.decl, right: &right.decl}}
}

// Columns names the columns in place of the models: those that refer to left's
// key, those that refer to right's. A table that is tied to itself needs them.
func (l *LinkTable[L, R]) Columns(left, right []string) *LinkTable[L, R] {
	l.def.columns = [2][]string{left, right}
	return l
}

// InNamespace puts the table into a schema of the database.
func (l *LinkTable[L, R]) InNamespace(namespace string) *LinkTable[L, R] {
	l.def.namespace = namespace
	return l
}

// Reverse is the table as the other end sees it.
func (l *LinkTable[L, R]) Reverse() *LinkTable[R, L] {
	return &LinkTable[R, L]{def: l.def, reversed: !l.reversed}
}

func (l *LinkTable[L, R]) register(b *Base) {
	if l != nil {
		b.links = append(b.links, l.def)
	}
}
