package retort

import (
	"strconv"

	"github.com/retort-go/retort/internal/query"
)

// Number is what can be added up.
type Number interface {
	~int16 | ~int32 | ~int64 | ~int | ~float32 | ~float64
}

// Count is the number of rows.
func Count() Expr[int64] {
	return Expr[int64]{query.NotNull(query.Aggregate("count", query.Text("*", false)))}
}

// CountOf is the number of values that are not NULL.
func CountOf[V any](e Expr[V]) Expr[int64] {
	return Expr[int64]{query.NotNull(query.Aggregate("count", e.node))}
}

// CountDistinct is the number of different values that are not NULL.
func CountDistinct[V any](e Expr[V]) Expr[int64] {
	return Expr[int64]{query.NotNull(query.Aggregate("count", query.Prefix("DISTINCT ", e.node)))}
}

// Sum adds up. R is the Go type of the sum, which PostgreSQL makes wider than what
// it adds: retort.Sum[int64](retort.Col(&c.Pages)).
//
//   - Shape: NULL where there is no value; see [Coalesce].
//   - Errors: a sum that R cannot hold, when it is read.
func Sum[R, V Number](e Expr[V]) Expr[R] { return Expr[R]{query.Aggregate("sum", e.node)} }

// Avg is the mean as a float64; NULL where there is no value.
func Avg[V Number](e Expr[V]) Expr[float64] {
	return Expr[float64]{query.Aggregate("avg", query.Suffix("Avg", e.node, "::float8"))}
}

// Min is the smallest value; NULL where there is none.
func Min[V any](e Expr[V]) Expr[V] { return Expr[V]{query.AlikeAggregate("min", e.node)} }

// Max is the largest value; NULL where there is none.
func Max[V any](e Expr[V]) Expr[V] { return Expr[V]{query.AlikeAggregate("max", e.node)} }

// BoolAnd is whether all values are true; NULL where there is none.
func BoolAnd(e Expr[bool]) Expr[bool] { return Expr[bool]{query.Aggregate("bool_and", e.node)} }

// BoolOr is whether one value is true; NULL where there is none.
func BoolOr(e Expr[bool]) Expr[bool] { return Expr[bool]{query.Aggregate("bool_or", e.node)} }

// ArrayAgg is all values as one array, in the given order; NULL where there is no
// row.
func ArrayAgg[V any](e Expr[V], order ...Order) Expr[[]V] {
	return Expr[[]V]{query.Aggregate("array_agg", query.Ordered(e.node, order))}
}

// StringAgg joins texts with a separator, in the given order; NULL where there is
// none.
func StringAgg[V ~string](e Expr[V], separator string, order ...Order) Expr[string] {
	return Expr[string]{query.Aggregate("string_agg", textual(e), query.Ordered(text(separator), order))}
}

// Filter takes only rows for which p holds into an aggregate: Count().Filter(p).
//
//   - Errors: an expression that is no aggregate, when the query runs.
func (e Expr[V]) Filter(p Predicate) Expr[V] { return Expr[V]{query.Filtered(e.node, p)} }

// Window says which rows a window function looks at.
//
//   - Shape: the zero Window is all rows. Partition holds field pointers and
//     expressions.
type Window struct {
	Partition []any
	Order     []Order
	Frame     Frame
}

// Frame bounds the rows of a [Window] around the row at hand; make it by
// [RowsBetween].
type Frame struct{ text string }

// Unbounded is the first or last row, as the bound of [RowsBetween].
const Unbounded = -1

// RowsBetween is the frame from so many rows before the row to so many behind it;
// 0 is the row itself, [Unbounded] all there are.
//
//   - Errors: a number below -1, when the query runs.
func RowsBetween(before, after int) Frame {
	bound := func(n int, side string) string {
		switch {
		case n == 0:
			return "CURRENT ROW"
		case n < 0:
			return "UNBOUNDED " + side
		}
		return strconv.Itoa(n) + " " + side
	}
	if before < Unbounded || after < Unbounded {
		return Frame{text: query.NoFrame}
	}
	return Frame{"ROWS BETWEEN " + bound(before, "PRECEDING") + " AND " + bound(after, "FOLLOWING")}
}

// Over makes an aggregate or a window function look at the rows of w:
// RowNumber().Over(Window{Partition: []any{&c.AuthorID}}).
//
//   - Errors: an expression that is neither, when the query runs.
func (e Expr[V]) Over(w Window) Expr[V] {
	return Expr[V]{query.Over(e.node, nodesOf("Over", w.Partition), w.Order, w.Frame.text)}
}

// RowNumber counts the rows of a window, from 1.
func RowNumber() Expr[int64] { return window[int64](query.Call("row_number")) }

// Rank is the row's place in the window's order, with gaps behind equal rows.
func Rank() Expr[int64] { return window[int64](query.Call("rank")) }

// DenseRank is the row's place in the window's order, without gaps.
func DenseRank() Expr[int64] { return window[int64](query.Call("dense_rank")) }

// NTile is the number, from 1, of the one of n equal buckets that the row is in.
func NTile(n int32) Expr[int32] { return window[int32](query.Call("ntile", query.Param("NTile", n))) }

// Lag is the value n rows before; NULL where there is none.
func Lag[V any](e Expr[V], n int32) Expr[V] {
	return window[V](query.Nullable(query.Alike("lag", e.node, query.Param("Lag", n))))
}

// Lead is the value n rows behind; NULL where there is none.
func Lead[V any](e Expr[V], n int32) Expr[V] {
	return window[V](query.Nullable(query.Alike("lead", e.node, query.Param("Lead", n))))
}

// FirstValue is the value of the first row of the frame.
func FirstValue[V any](e Expr[V]) Expr[V] { return window[V](query.Alike("first_value", e.node)) }

// LastValue is the value of the last row of the frame, which without a [Frame] is
// the row itself and its equals.
func LastValue[V any](e Expr[V]) Expr[V] { return window[V](query.Alike("last_value", e.node)) }

func window[V any](n query.Node) Expr[V] { return Expr[V]{query.Window(n)} }
