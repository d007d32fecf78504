package retort

import (
	"slices"

	"github.com/retort-go/retort/internal/query"
)

// Expr is an expression whose value is a V: a column, a value, a function of
// them. Fields of a stand-in become one by [Col].
//
//   - Shape: a value. Whether it may be NULL is known to the query and not to the
//     type: a nullable column compares with plain values, and what may be NULL
//     goes into a nullable field only; see [IntoNull]. The zero Expr is an error
//     where it is used.
type Expr[V any] struct{ node query.Node }

// expression is any Expr, and what a call takes that does not care for the type.
type expression interface{ expr() query.Node }

func (e Expr[V]) expr() query.Node { return e.node }

// Operand is what can be read: a field pointer, or an [Expr].
type Operand[V any] interface{ *V | Expr[V] }

// nodeOf is the expression of a field pointer or an Expr.
func nodeOf(call string, x any) query.Node {
	if e, ok := x.(expression); ok {
		return e.expr()
	}
	return query.Column(call, x)
}

func nodesOf(call string, xs []any) []query.Node {
	nodes := make([]query.Node, len(xs))
	for i, x := range xs {
		nodes[i] = nodeOf(call, x)
	}
	return nodes
}

// Col is a column as an expression: &c.Pages, or the slot c.Note of a nullable
// one, which gives an Expr of the plain type.
func Col[V any](field *V) Expr[V] { return Expr[V]{query.Column("Col", field)} }

// Val is a value as an expression; it travels as a parameter, written as the column
// that it is compared with, joined to or set to has its values.
//
//   - Errors: nil, when the query runs.
func Val[V any](v V) Expr[V] { return Expr[V]{query.Param("Val", v)} }

// Eq holds when the value equals v.
func (e Expr[V]) Eq(v V) Predicate { return e.compare("Eq", "=", v) }

// Ne holds when the value is not NULL and differs from v.
func (e Expr[V]) Ne(v V) Predicate { return e.compare("Ne", "<>", v) }

// Lt holds when the value is less than v.
func (e Expr[V]) Lt(v V) Predicate { return e.compare("Lt", "<", v) }

// Le holds when the value is less than or equal to v.
func (e Expr[V]) Le(v V) Predicate { return e.compare("Le", "<=", v) }

// Gt holds when the value is greater than v.
func (e Expr[V]) Gt(v V) Predicate { return e.compare("Gt", ">", v) }

// Ge holds when the value is greater than or equal to v.
func (e Expr[V]) Ge(v V) Predicate { return e.compare("Ge", ">=", v) }

func (e Expr[V]) compare(call, operator string, v V) Predicate {
	return query.Condition(call, query.OpValue(call, e.node, operator, v))
}

// EqExpr holds when both values are equal.
func (e Expr[V]) EqExpr(other Expr[V]) Predicate { return e.against("EqExpr", "=", other) }

// NeExpr holds when both values are there and differ.
func (e Expr[V]) NeExpr(other Expr[V]) Predicate { return e.against("NeExpr", "<>", other) }

// LtExpr holds when the value is less than the other.
func (e Expr[V]) LtExpr(other Expr[V]) Predicate { return e.against("LtExpr", "<", other) }

// LeExpr holds when the value is less than or equal to the other.
func (e Expr[V]) LeExpr(other Expr[V]) Predicate { return e.against("LeExpr", "<=", other) }

// GtExpr holds when the value is greater than the other.
func (e Expr[V]) GtExpr(other Expr[V]) Predicate { return e.against("GtExpr", ">", other) }

// GeExpr holds when the value is greater than or equal to the other.
func (e Expr[V]) GeExpr(other Expr[V]) Predicate { return e.against("GeExpr", ">=", other) }

func (e Expr[V]) against(call, operator string, other Expr[V]) Predicate {
	return query.Condition(call, query.Op(e.node, operator, other.node))
}

// Distinct holds when the values differ, where NULL equals NULL and nothing else.
func (e Expr[V]) Distinct(other Expr[V]) Predicate {
	return e.against("Distinct", "IS DISTINCT FROM", other)
}

// In holds when the value is one of vs; it never holds for none.
func (e Expr[V]) In(vs []V) Predicate { return query.AnyOf("In", e.node, slices.Clone(vs)) }

// Between holds from low to high, both included.
func (e Expr[V]) Between(low, high V) Predicate { return And(e.Ge(low), e.Le(high)) }

// IsNull holds when the value is NULL.
func (e Expr[V]) IsNull() Predicate {
	return query.Condition("IsNull", query.Suffix("IsNull", e.node, " IS NULL"))
}

// IsNotNull holds when the value is not NULL.
func (e Expr[V]) IsNotNull() Predicate {
	return query.Condition("IsNotNull", query.Suffix("IsNotNull", e.node, " IS NOT NULL"))
}

// Asc sorts by the value, smallest first.
func (e Expr[V]) Asc() Order { return Order{Node: e.node} }

// Desc sorts by the value, largest first.
func (e Expr[V]) Desc() Order { return Order{Node: e.node, Desc: true} }

// Add is the sum of two numbers of one type.
func (e Expr[V]) Add(other Expr[V]) Expr[V] { return Expr[V]{query.Op(e.node, "+", other.node)} }

// Sub is the difference.
func (e Expr[V]) Sub(other Expr[V]) Expr[V] { return Expr[V]{query.Op(e.node, "-", other.node)} }

// Mul is the product.
func (e Expr[V]) Mul(other Expr[V]) Expr[V] { return Expr[V]{query.Op(e.node, "*", other.node)} }

// Div is the quotient, cut to a whole number for integers.
//
//   - Errors: the server's, for a divisor of 0.
func (e Expr[V]) Div(other Expr[V]) Expr[V] { return Expr[V]{query.Op(e.node, "/", other.node)} }

// Mod is the rest of a division.
func (e Expr[V]) Mod(other Expr[V]) Expr[V] { return Expr[V]{query.Op(e.node, "%", other.node)} }

// EqCol holds when two columns are equal: the condition of most joins.
func EqCol[V any](a, b *V) Predicate { return column("EqCol", a, "=", b) }

// NeCol holds when two columns are there and differ.
func NeCol[V any](a, b *V) Predicate { return column("NeCol", a, "<>", b) }

// LtCol holds when the first column is less than the second.
func LtCol[V any](a, b *V) Predicate { return column("LtCol", a, "<", b) }

// LeCol holds when the first column is less than or equal to the second.
func LeCol[V any](a, b *V) Predicate { return column("LeCol", a, "<=", b) }

// GtCol holds when the first column is greater than the second.
func GtCol[V any](a, b *V) Predicate { return column("GtCol", a, ">", b) }

// GeCol holds when the first column is greater than or equal to the second.
func GeCol[V any](a, b *V) Predicate { return column("GeCol", a, ">=", b) }

func column(call string, a any, operator string, b any) Predicate {
	return query.Condition(call, query.Op(query.Column(call, a), operator, query.Column(call, b)))
}

// Is holds when a boolean expression is true.
func Is(e Expr[bool]) Predicate { return query.Condition("Is", e.node) }

// Truth is a condition as a value, which may be NULL.
func Truth(p Predicate) Expr[bool] { return Expr[bool]{query.Truth(p)} }

// Pair is a column and a value in a comparison of rows.
type Pair struct {
	node  query.Node
	value any
}

// At pairs a column with a value, for [RowGt] and its like.
func At[V any](field *V, v V) Pair { return Pair{query.Column("At", field), v} }

// RowEq holds when all columns equal their values.
func RowEq(pairs ...Pair) Predicate { return rows("RowEq", "=", pairs) }

// RowGt holds behind a position in the order of its columns: (due_at, id) > ($1,
// $2), which an index over both answers. [Query.After] writes it by itself.
func RowGt(pairs ...Pair) Predicate { return rows("RowGt", ">", pairs) }

// RowGe is [RowGt] with the position itself.
func RowGe(pairs ...Pair) Predicate { return rows("RowGe", ">=", pairs) }

// RowLt holds before a position in the order of its columns.
func RowLt(pairs ...Pair) Predicate { return rows("RowLt", "<", pairs) }

// RowLe is [RowLt] with the position itself.
func RowLe(pairs ...Pair) Predicate { return rows("RowLe", "<=", pairs) }

func rows(call, operator string, pairs []Pair) Predicate {
	var nodes []query.Node
	var values []any
	for _, p := range pairs {
		nodes, values = append(nodes, p.node), append(values, p.value)
	}
	return query.Compared(call, operator, nodes, values)
}
