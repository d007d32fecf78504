package retort

import (
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// RelationDef describes a relation; its methods return it, to be chained.
type RelationDef struct {
	kind   model.RelationKind
	field  any // in the stand-in of the model
	child  *declaration
	column func() any // the reference, as a pointer into the stand-in that has it
	link   *linkDef
	back   bool // seen from the right end of link
	// through is a model in between, near and far its references.
	through   *declaration
	near, far func() any

	where    []Predicate
	order    []Order
	onRemove schema.Action
}

// HasMany declares that field holds the rows of child whose column refers to
// this model's primary key. A key of several columns is referred to by the
// foreign key that column is part of.
//
//	retort.HasMany(d, &d.C.History, StatusChanges, func(c *StatusChange) *uuid.UUID { return &c.RequestID })
func HasMany[P, C, K any](d *Definition[P], field *Many[C], child *Table[C], column func(*C) *K) *RelationDef {
	return d.relate(&RelationDef{kind: model.HasMany, field: field, child: &child.decl, column: func() any { return column(child.C) }})
}

// HasOne declares that field holds the row of child whose column refers to this
// model's primary key; a unique constraint on the column sees to it that there
// is one at most. Of several rows the one with the lowest key is held.
//
//	retort.HasOne(d, &d.C.Receipt, Receipts, func(r *Receipt) *uuid.UUID { return &r.OrderID })
func HasOne[P, C, K any](d *Definition[P], field *One[C], child *Table[C], column func(*C) *K) *RelationDef {
	return d.relate(&RelationDef{kind: model.HasOne, field: field, child: &child.decl, column: func() any { return column(child.C) }})
}

// BelongsTo declares that field holds the row of parent that column, a field of
// this model, refers to by its primary key.
//
//	retort.BelongsTo(d, &d.C.Order, Orders, &d.C.OrderID)
func BelongsTo[C, P any](d *Definition[C], field *One[P], parent *Table[P], column any) *RelationDef {
	return d.relate(&RelationDef{kind: model.BelongsTo, field: field, child: &parent.decl, column: func() any { return column }})
}

// ManyToMany declares that field holds the rows of the other table that link
// ties to this model's. The other end is declared by [LinkTable.Reverse].
//
//	retort.ManyToMany(d, &d.C.Tags, PostTags)           // of Post
//	retort.ManyToMany(d, &d.C.Posts, PostTags.Reverse()) // of Tag
func ManyToMany[L, R any](d *Definition[L], field *Many[R], link *LinkTable[L, R]) *RelationDef {
	child := link.def.right
	if link.reversed {
		child = link.def.left
	}
	return d.relate(&RelationDef{kind: model.ManyToMany, field: field, child: child, link: link.def, back: link.reversed})
}

// ManyThrough declares that field holds the rows of the other table that rows
// of a model in between tie to this model's: near and far are that model's
// references. It can be read only; to change it, change the relation to the
// rows in between, which have columns of their own to fill.
//
//	retort.ManyThrough(d, &d.C.Courses, Courses, Enrollments,
//		func(e *Enrollment) *uuid.UUID { return &e.StudentID }, func(e *Enrollment) *uuid.UUID { return &e.CourseID })
func ManyThrough[L, R, M, K, J any](d *Definition[L], field *Many[R], other *Table[R], through *Table[M], near func(*M) *K, far func(*M) *J) *RelationDef {
	return d.relate(&RelationDef{
		kind: model.ManyToMany, field: field, child: &other.decl, through: &through.decl,
		near: func() any { return near(through.C) }, far: func() any { return far(through.C) },
	})
}

func (d *Definition[T]) relate(r *RelationDef) *RelationDef {
	d.core.relations = append(d.core.relations, r)
	return r
}

// OrderBy sets the order of the rows in place of their primary key, which
// becomes the last key of it.
func (r *RelationDef) OrderBy(keys ...Order) *RelationDef {
	r.order = append(r.order, keys...)
	return r
}

// Where leaves rows out of the relation for which ps do not hold. It is asked
// when the relation is loaded, not when a row is appended.
func (r *RelationDef) Where(ps ...Predicate) *RelationDef { r.where = append(r.where, ps...); return r }

// OnRemove says what becomes of a row that is taken out of a has-many or
// has-one relation and put into no other: [schema.Cascade] deletes it,
// [schema.SetNull] makes its reference NULL, [schema.Restrict] fails the flush.
// Without a word it is SetNull where the reference can be NULL, else Restrict.
//
// Cascade and SetNull also say what a Delete of this object does to its rows,
// unless the foreign key's OnDelete leaves that to the database.
func (r *RelationDef) OnRemove(a schema.Action) *RelationDef { r.onRemove = a; return r }
