package retort

import (
	"time"

	"github.com/retort-go/retort/internal/query"
)

// Lower is text in lower case.
func Lower[V ~string](e Expr[V]) Expr[V] { return Expr[V]{query.Call("lower", textual(e))} }

// Upper is text in upper case.
func Upper[V ~string](e Expr[V]) Expr[V] { return Expr[V]{query.Call("upper", textual(e))} }

// Trim is text without blanks at its ends.
func Trim[V ~string](e Expr[V]) Expr[V] { return Expr[V]{query.Call("btrim", textual(e))} }

// Length is the number of characters of a text.
func Length[V ~string](e Expr[V]) Expr[int32] {
	return Expr[int32]{query.Call("char_length", textual(e))}
}

// Concat joins texts; NULL counts as empty.
func Concat(parts ...Expr[string]) Expr[string] {
	nodes := make([]query.Node, len(parts))
	for i, p := range parts {
		nodes[i] = textual(p)
	}
	return Expr[string]{query.NotNull(query.Call("concat", nodes...))}
}

// textual is an expression as text: what the server asks for where it takes any
// type, and what an enum has no functions without.
func textual[V ~string](e Expr[V]) query.Node { return query.Suffix("text", e.node, "::text") }

// Coalesce is the value, or v where it is NULL: what may be NULL no longer is.
func Coalesce[V any](e Expr[V], v V) Expr[V] {
	return Expr[V]{query.Coalesce(e.node, query.Param("Coalesce", v))}
}

// CoalesceExpr is the first of the values that is not NULL.
func CoalesceExpr[V any](first Expr[V], others ...Expr[V]) Expr[V] {
	nodes := []query.Node{first.node}
	for _, o := range others {
		nodes = append(nodes, o.node)
	}
	return Expr[V]{query.Coalesce(nodes...)}
}

// NullIf is the value, or NULL where it equals v.
func NullIf[V any](e Expr[V], v V) Expr[V] {
	return Expr[V]{query.Nullable(query.Among("nullif", e.node, query.Param("NullIf", v)))}
}

// Now is the time at which the transaction began, by the server's clock.
func Now() Expr[time.Time] { return Expr[time.Time]{query.Text("now()", false)} }

// ClockTime is the time at which it is asked for, by the server's clock.
func ClockTime() Expr[time.Time] { return Expr[time.Time]{query.Text("clock_timestamp()", false)} }

// Ago is the given time before [Now].
func Ago(d time.Duration) Expr[time.Time] {
	return Expr[time.Time]{query.Op(query.Text("now()", false), "-", interval(d))}
}

// FromNow is the given time after [Now].
func FromNow(d time.Duration) Expr[time.Time] {
	return Expr[time.Time]{query.Op(query.Text("now()", false), "+", interval(d))}
}

// Later is a time moved by d, earlier where d is negative.
func Later(e Expr[time.Time], d time.Duration) Expr[time.Time] {
	return Expr[time.Time]{query.Op(e.node, "+", interval(d))}
}

// interval is a duration as PostgreSQL counts it, cut to microseconds.
func interval(d time.Duration) query.Node {
	return query.Op(query.Param("Ago", d.Microseconds()), "*", query.Text("interval '1 microsecond'", false))
}

// Unit is a part of a time, for [DateTrunc].
type Unit string

// The units of [DateTrunc].
const (
	Second  Unit = "second"
	Minute  Unit = "minute"
	Hour    Unit = "hour"
	Day     Unit = "day"
	Week    Unit = "week"
	Month   Unit = "month"
	Quarter Unit = "quarter"
	Year    Unit = "year"
)

// DateTrunc is the begin of the unit that a time lies in, in the given time zone:
// "UTC", "Europe/Berlin".
//
//   - Errors: the server's, for a zone that it does not know.
func DateTrunc(unit Unit, e Expr[time.Time], zone string) Expr[time.Time] {
	return Expr[time.Time]{query.Call("date_trunc", text(string(unit)), e.node, text(zone))}
}

// text is a parameter of type text.
func text(s string) query.Node { return query.Suffix("text", query.Param("text", s), "::text") }

// Cast converts the value to a PostgreSQL type and reads it as R.
//
//   - Shape: sqlType is written by the program, "numeric(10,2)" or "text[]", never
//     taken from a user; anything but the name of a type is an error.
//   - Errors: the server's, for a value that does not convert.
func Cast[R, V any](e Expr[V], sqlType string) Expr[R] { return Expr[R]{query.Cast(e.node, sqlType)} }

// Greatest is the largest of the values, NULLs left aside.
func Greatest[V any](first Expr[V], others ...Expr[V]) Expr[V] {
	return among("greatest", first, others)
}

// Least is the smallest of the values, NULLs left aside.
func Least[V any](first Expr[V], others ...Expr[V]) Expr[V] { return among("least", first, others) }

func among[V any](name string, first Expr[V], others []Expr[V]) Expr[V] {
	nodes := []query.Node{first.node}
	for _, o := range others {
		nodes = append(nodes, o.node)
	}
	return Expr[V]{query.Among(name, nodes...)}
}

// CaseOf is a value that depends on conditions, while it is put together.
type CaseOf[V any] struct{ branches []query.Branch }

// Case begins one: retort.Case[string]().When(p, "late").Else("in time").
func Case[V any]() CaseOf[V] { return CaseOf[V]{} }

// When adds a branch; the first that holds gives the value.
func (c CaseOf[V]) When(p Predicate, v V) CaseOf[V] { return c.WhenExpr(p, Val(v)) }

// WhenExpr adds a branch with an expression.
func (c CaseOf[V]) WhenExpr(p Predicate, e Expr[V]) CaseOf[V] {
	branches := append(c.branches[:len(c.branches):len(c.branches)], query.Branch{When: p, Then: e.node})
	return CaseOf[V]{branches}
}

// Else is the value where no branch holds.
func (c CaseOf[V]) Else(v V) Expr[V] { return c.ElseExpr(Val(v)) }

// ElseExpr is the expression where no branch holds.
func (c CaseOf[V]) ElseExpr(e Expr[V]) Expr[V] { return Expr[V]{query.Case(c.branches, e.node)} }

// End leaves NULL where no branch holds.
func (c CaseOf[V]) End() Expr[V] { return Expr[V]{query.Case(c.branches, query.Node{})} }
