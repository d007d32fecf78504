package query

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
)

// Predicate is one condition, or several joined by And, Or or Not.
//
//   - Shape: the zero Predicate is no condition and is left out wherever it stands.
type Predicate struct {
	op    op
	name  string // the call that made it, for errors
	field any
	value any
	subs  []Predicate
	node  Node
}

type op uint8

const (
	opNone op = iota
	opCompare
	opIn
	opLike
	opIsNull
	opIsNotNull
	opNode
	opLive // the row of the first source is not marked as deleted
	opAnd
	opOr
	opNot
)

// comparison is the operator of a call as SQL spells it.
func comparison(call string) string {
	switch call {
	case "Eq":
		return " = "
	case "Ne":
		return " <> "
	case "Lt":
		return " < "
	case "Le":
		return " <= "
	case "Gt":
		return " > "
	default: // Ge
		return " >= "
	}
}

// Compare compares a field with a value; call is Eq, Ne, Lt, Le, Gt or Ge.
func Compare(call string, field, value any) Predicate {
	return Predicate{op: opCompare, name: call, field: field, value: value}
}

// In holds when the field is one of values, a slice of the field's type.
func In(field, values any) Predicate {
	return Predicate{op: opIn, name: "In", field: field, value: values}
}

// Like matches the field against a pattern; call is the function that the user
// wrote.
func Like(call string, field any, pattern string) Predicate {
	return Predicate{op: opLike, name: call, field: field, value: pattern}
}

// IsNull holds when the field is NULL.
func IsNull(field any) Predicate { return Predicate{op: opIsNull, name: "IsNull", field: field} }

// IsNotNull holds when the field is not NULL.
func IsNotNull(field any) Predicate {
	return Predicate{op: opIsNotNull, name: "IsNotNull", field: field}
}

// Holds compares a field with what an object of the same table holds in it; the
// column of a nil pointer equals nothing.
func Holds(call string, field any, o mapper.Object) Predicate {
	return Condition(call, Node{write: func(b *builder) facts {
		s, col, ok := b.resolve(call, field)
		if !ok {
			return facts{}
		}
		b.column(s, col)
		b.WriteString(" = ")
		if err := s.table.Plan.Append(&b.args, o, col); err != nil {
			b.errs = append(b.errs, nilHint(call, err))
			return facts{}
		}
		b.bindAs(s.table, col)
		return facts{}
	}})
}

// And holds when all of ps hold; none given is no condition.
func And(ps ...Predicate) Predicate {
	return Predicate{op: opAnd, name: "And", subs: slices.Clone(ps)}
}

// Or holds when one of ps holds; none given is no condition.
func Or(ps ...Predicate) Predicate {
	return Predicate{op: opOr, name: "Or", subs: slices.Clone(ps)}
}

// Not holds when p does not.
func Not(p Predicate) Predicate { return Predicate{op: opNot, name: "Not", subs: []Predicate{p}} }

// empty tells whether p adds nothing to a WHERE clause.
func (p Predicate) empty() bool {
	switch p.op {
	case opNone:
		return true
	case opAnd, opOr, opNot:
		return allEmpty(p.subs)
	default:
		return false
	}
}

func allEmpty(ps []Predicate) bool {
	for i := range ps {
		if !ps[i].empty() {
			return false
		}
	}
	return true
}

// Condition is an expression of the type boolean as a condition; call is what the
// user wrote.
func Condition(call string, n Node) Predicate { return Predicate{op: opNode, name: call, node: n} }

// Order is one key of ORDER BY: a field, or the expression Node.
type Order struct {
	Field any
	Desc  bool
	Node  Node
	Nulls Nulls
}

// Nulls says where NULLs go in an order. PostgreSQL takes them for the largest
// values.
type Nulls uint8

// The places of NULLs.
const (
	NullsDefault Nulls = iota
	NullsFirst
	NullsLast
)

// NullsFirst puts NULLs before all values.
func (o Order) NullsFirst() Order {
	o.Nulls = NullsFirst
	return o
}

// NullsLast puts NULLs behind all values.
func (o Order) NullsLast() Order {
	o.Nulls = NullsLast
	return o
}
