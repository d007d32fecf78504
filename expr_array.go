package retort

import "github.com/retort-go/retort/internal/query"

// HasElement holds when v is an element of the array. A GIN index serves it.
func HasElement[S ~[]V, V any](field *S, v V) Predicate {
	return query.Condition("HasElement", query.Element("HasElement", query.Column("HasElement", field), "@>", v, S{v}))
}

// AllElements holds when every element equals v, also for an empty array.
func AllElements[S ~[]V, V any](field *S, v V) Predicate {
	return query.Condition("AllElements", query.Element("AllElements", query.Column("AllElements", field), "<@", v, S{v}))
}

// ContainsAll holds when the array has all elements of vs.
func ContainsAll[S ~[]V, V any](field *S, vs S) Predicate {
	return Col(field).compare("ContainsAll", "@>", vs)
}

// ContainedIn holds when all elements of the array are among vs.
func ContainedIn[S ~[]V, V any](field *S, vs S) Predicate {
	return Col(field).compare("ContainedIn", "<@", vs)
}

// Overlaps holds when the array has an element of vs.
func Overlaps[S ~[]V, V any](field *S, vs S) Predicate {
	return Col(field).compare("Overlaps", "&&", vs)
}

// ArrayAppend is the array with one more element.
func ArrayAppend[S ~[]V, V any](e Expr[S], v V) Expr[S] {
	return Expr[S]{query.Op(e.node, "||", query.Param("ArrayAppend", S{v}))}
}

// ArrayRemove is the array without elements that equal v.
func ArrayRemove[S ~[]V, V any](e Expr[S], v V) Expr[S] {
	return Expr[S]{query.Without("ArrayRemove", e.node, v, S{v})}
}

// ArrayConcat is the array followed by another.
func ArrayConcat[S ~[]V, V any](e, other Expr[S]) Expr[S] {
	return Expr[S]{query.Op(e.node, "||", other.node)}
}

// Cardinality is the number of elements of an array.
func Cardinality[S ~[]V, V any](e Expr[S]) Expr[int32] {
	return Expr[int32]{query.Call("cardinality", e.node)}
}

// RangeHas holds when v lies in the range, or in one of a multirange.
func RangeHas[R, V any](field *R, v V) Predicate {
	return query.Condition("RangeHas", query.InRange("RangeHas", query.Column("RangeHas", field), v))
}

// RangeContains holds when the range holds all of r.
func RangeContains[R any](field *R, r R) Predicate {
	return Col(field).compare("RangeContains", "@>", r)
}

// RangeWithin holds when all of the range lies in r.
func RangeWithin[R any](field *R, r R) Predicate { return Col(field).compare("RangeWithin", "<@", r) }

// RangeOverlaps holds when the ranges have a point in common.
func RangeOverlaps[R any](field *R, r R) Predicate {
	return Col(field).compare("RangeOverlaps", "&&", r)
}

// RangeBefore holds when the range ends before r begins.
func RangeBefore[R any](field *R, r R) Predicate { return Col(field).compare("RangeBefore", "<<", r) }

// RangeAfter holds when the range begins behind the end of r.
func RangeAfter[R any](field *R, r R) Predicate { return Col(field).compare("RangeAfter", ">>", r) }

// RangeAdjacent holds when one range ends where the other begins.
func RangeAdjacent[R any](field *R, r R) Predicate {
	return Col(field).compare("RangeAdjacent", "-|-", r)
}
