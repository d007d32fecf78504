package model

import (
	"slices"

	"github.com/retort-go/retort/schema"
)

// RelationKind is which end of a relation a field stands for.
type RelationKind uint8

// The kinds of relations.
const (
	HasMany RelationKind = iota
	HasOne
	BelongsTo
	ManyToMany
)

var relationKinds = [...]string{"HasMany", "HasOne", "BelongsTo", "ManyToMany"}

// String is the function that declares it.
func (k RelationKind) String() string { return relationKinds[k] }

// Relation is what a relation field of Owner holds: the rows of Child whose
// columns Columns equal the columns Near of Owner, column by column. One of the
// two lists is a primary key, the other refers to it; in a many-to-many both are
// keys, and rows of Link refer to them.
type Relation struct {
	Kind    RelationKind
	Name    string // the Go field
	Field   int    // index of the stand-in's field
	Owner   *Table
	Near    []int // indexes in Owner.Columns
	Child   *Table
	Columns []int // indexes in Child.Columns

	// Link is the table in between, nil for none. Its columns LinkNear equal Near,
	// LinkFar equal Columns.
	Link     *Table
	LinkNear []int
	LinkFar  []int

	// Through says that Link is a model of its own, whose rows have more to say than
	// that they are there. The relation is then read only.
	Through bool

	// Inverse is the other end, where that has a field too.
	Inverse *Relation

	// OnRemove is what becomes of a row that is taken out of the relation: Cascade
	// deletes it, SetNull cuts its reference, Restrict refuses.
	OnRemove schema.Action

	// Cascades says that the database deletes the rows with their owner.
	Cascades bool

	// Hidden says that the field is not in the JSON of its object.
	Hidden bool
}

// ToOne tells whether the field holds one row at most.
func (r *Relation) ToOne() bool { return r.Kind == HasOne || r.Kind == BelongsTo }

// Refers tells whether Owner's rows hold the reference.
func (r *Relation) Refers() bool { return r.Kind == BelongsTo }

// FullName is the field behind its model, for people.
func (r *Relation) FullName() string { return r.Owner.Type.Name() + "." + r.Name }

// Nullable tells whether the reference can be cut: a foreign key refers to nothing
// where one of its columns is NULL.
func (r *Relation) Nullable() bool { return len(r.Nulls()) > 0 }

// Nulls lists the columns of the reference that can be NULL.
func (r *Relation) Nulls() []int {
	t, columns := r.Child, r.Columns
	if r.Refers() {
		t, columns = r.Owner, r.Near
	}
	return slices.DeleteFunc(slices.Clone(columns), func(col int) bool { return !t.Plan.Nullable(col) })
}

// Reference is the foreign key of columns to another table, or what stands for
// one where a relation has none; nil for neither.
func (t *Table) Reference(columns []int, to *Table) *Link {
	for i := range t.Links {
		if l := &t.Links[i]; l.To == to && slices.Equal(l.Columns, columns) {
			return l
		}
	}
	for _, l := range t.Loose {
		if l.To == to && slices.Equal(l.Columns, columns) {
			return l
		}
	}
	return nil
}

// Ground finds or makes the reference that the relation is about.
func (r *Relation) Ground() {
	from, columns, to, targets := r.Child, r.Columns, r.Owner, r.Near
	switch {
	case r.Link != nil:
		return // it has both
	case r.Refers():
		from, columns, to, targets = r.Owner, r.Near, r.Child, r.Columns
	}
	if from.Reference(columns, to) == nil {
		from.Loose = append(from.Loose, &Link{Name: r.FullName(), Columns: columns, To: to, Targets: targets})
	}
}
