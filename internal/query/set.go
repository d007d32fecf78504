package query

import (
	"slices"
	"strconv"
)

// Set joins the rows of several statements by UNION and its like.
//
//   - Shape: Operators has one entry less than Parts. All parts have the same
//     columns, by position.
type Set struct {
	Parts     []Form
	Operators []string
	Order     []Order
	Limit     int
	Offset    int
	Outputs   *Rows
}

// Read is the statement that reads the rows of a form.
func Read(f Form, w World, label string) (Statement, error) {
	b := newBuilder(label, nil, "")
	b.sources, b.world = nil, w
	if sel, ok := f.(*Select); ok {
		own := *sel
		own.World = w
		f = &own
	}
	f.form(b)
	return b.statement()
}

// Fields lists the fields that the items of a form fill, nil for whole rows.
func Fields(f Form) []int {
	switch f := f.(type) {
	case *Select:
		return fieldsOf(f.Items)
	case *Set:
		return Fields(f.Parts[0])
	case *Write:
		return fieldsOf(f.Returning.Items)
	case *Insert:
		return fieldsOf(f.Returning.Items)
	}
	return nil
}

// form writes the parts, each in parentheses. A column may be NULL if it may in
// one of them.
func (q *Set) form(b *builder) []output {
	var out []output
	for i, part := range q.Parts {
		if i > 0 {
			b.WriteString("\n" + q.Operators[i-1] + "\n")
		}
		columns := b.subquery(likeRows(part, out))
		if i == 0 {
			out = columns
			continue
		}
		for k := range out {
			if k < len(columns) {
				out[k].facts.nullable = out[k].facts.nullable || columns[k].facts.nullable
			}
		}
	}
	b.outputs = q.Outputs
	var keys []orderKey
	for _, o := range q.Order {
		k, ok := b.key(o)
		if ok && k.output == "" {
			b.fail("OrderBy: the rows of a %s are ordered by fields of the row, as in retort.Asc(&row.Field)", q.Operators[0])
			continue
		}
		keys = append(keys, k)
	}
	b.orderBy(keys)
	b.outputs = nil
	if q.Limit >= 0 {
		b.WriteString("\nLIMIT " + strconv.Itoa(q.Limit))
	}
	if q.Offset > 0 {
		b.WriteString("\nOFFSET " + strconv.Itoa(q.Offset))
	}
	return out
}

// likeRows is a part whose plain values are written as the columns of the part before
// it, which decides on their types.
func likeRows(f Form, before []output) Form {
	switch f := f.(type) {
	case *Select:
		own := *f
		own.Items = slices.Clone(f.Items)
		for i := range min(len(own.Items), len(before)) {
			if like := before[i].facts; like.table != nil && own.Items[i].Node.beside != nil {
				own.Items[i].Node = beside(own.Items[i].Call, own.Items[i].Node, like.table, like.col)
			}
		}
		return &own
	case *Set:
		own := *f
		own.Parts = slices.Clone(f.Parts)
		for i := range own.Parts {
			own.Parts[i] = likeRows(own.Parts[i], before)
		}
		return &own
	}
	return f
}

func fieldsOf(items []Item) []int {
	var fields []int
	for _, it := range items {
		fields = append(fields, it.Field)
	}
	return fields
}

// NoFrame stands for a frame with a bound that is none.
const NoFrame = "?"

// Over is an aggregate or a window function over the rows around its own.
//
//go:noinline
func Over(n Node, partition []Node, order []Order, frame string) Node {
	return Node{like: n.like, write: func(b *builder) facts {
		if !n.aggregate && !n.window {
			b.fail("Over: only aggregates and window functions have a window, such as retort.RowNumber() or retort.Count()")
			return facts{}
		}
		grouped := b.grouped
		b.grouped = true // the window of a row holds at least the row
		f := n.write(b)
		b.grouped = grouped
		b.WriteString(" OVER (")
		if len(partition) > 0 {
			b.WriteString("PARTITION BY ")
			b.nodes("Over", partition)
		}
		if len(order) > 0 && len(partition) > 0 {
			b.WriteString(" ")
		}
		b.orderWithin(order)
		switch frame {
		case "":
		case NoFrame:
			b.fail("RowsBetween: a bound is a number of rows, 0 for the row itself, or retort.Unbounded")
		default:
			b.WriteString(" " + frame) // which has the row itself, as those of RowsBetween have
		}
		b.WriteString(")")
		return f
	}}
}

// Filtered is an aggregate of the rows for which p holds.
//
//go:noinline
func Filtered(n Node, p Predicate) Node {
	out := around(n, func(b *builder, inner func(*builder) facts) facts {
		if !n.aggregate {
			b.fail("Filter: only aggregates have a filter, such as retort.Count()")
			return facts{}
		}
		if n.filtered {
			b.fail("Filter: the aggregate has a filter already; join the conditions by retort.And")
			return facts{}
		}
		grouped := b.grouped
		b.grouped = false // of a group there may be no row left
		f := inner(b)
		b.grouped = grouped
		if p.empty() {
			return f
		}
		b.WriteString(" FILTER (WHERE ")
		b.predicate(p)
		b.WriteString(")")
		return f
	})
	out.filtered = true
	return out
}

// Window marks a function that needs [Over].
//
//go:noinline
func Window(n Node) Node {
	n.window = true
	return n
}

// Exists holds when the statement has a row.
//
//go:noinline
func Exists(f Form) Predicate {
	if sel, ok := f.(*Select); ok && len(sel.Items)+len(sel.DistinctOn) == 0 && !sel.Distinct {
		own := *sel
		own.Items = []Item{{Call: "Exists", Node: Text("1", false)}}
		f = &own
	}
	return Condition("Exists", Node{write: func(b *builder) facts {
		b.WriteString("EXISTS ")
		b.subquery(f)
		return facts{}
	}})
}

// InQuery holds when the expression is among the values of a statement.
//
//go:noinline
func InQuery(call string, left Node, f Form) Predicate {
	return Condition(call, Node{write: func(b *builder) facts {
		b.node(call, left)
		b.WriteString(" IN ")
		b.single(call, b.subquery(f))
		return facts{}
	}})
}

// Scalar is the one value of a statement; NULL where it has no row.
//
//go:noinline
func Scalar(f Form) Node {
	return Node{write: func(b *builder) facts {
		out := b.subquery(f)
		b.single("Scalar", out)
		if len(out) == 0 {
			return facts{nullable: true}
		}
		got := out[0].facts
		got.nullable = true
		return got
	}}
}

// single refuses a statement of several columns; none are those that are not known.
func (b *builder) single(call string, columns []output) {
	if len(columns) > 1 {
		b.fail("%s: the statement gives %d columns; read one by retort.Values", call, len(columns))
	}
}

// Row is several expressions as one value, for comparisons.
//
//go:noinline
func Row(call string, ns []Node) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("(")
		b.nodes(call, ns)
		b.WriteString(")")
		return facts{}
	}}
}

// Compared are pairs of an expression and a value, compared as rows.
//
//go:noinline
func Compared(call, operator string, left []Node, values []any) Predicate {
	return Condition(call, Node{write: func(b *builder) facts {
		if len(left) == 0 {
			b.fail("%s: no pair given; write retort.At(&c.Field, value)", call)
			return facts{}
		}
		found := make([]facts, len(left))
		b.WriteString("(")
		for i, n := range left {
			if i > 0 {
				b.WriteString(", ")
			}
			found[i] = b.node(call, n)
		}
		b.WriteString(") " + operator + " (")
		for i, v := range values {
			if i > 0 {
				b.WriteString(", ")
			}
			b.valueOf(call, found[i], v)
		}
		b.WriteString(")")
		return facts{}
	}})
}

// AnyOf compares an expression with the elements of a list, all in one parameter.
//
//go:noinline
func AnyOf(call string, left Node, list any) Predicate {
	return Condition(call, Node{write: func(b *builder) facts {
		f := b.node(call, left)
		if f.table != nil {
			b.in(Predicate{name: call, value: list}, source{table: f.table}, f.col)
			return facts{}
		}
		b.WriteString(" = ANY(")
		b.param(call, list)
		b.WriteString(")")
		return facts{}
	}})
}

// Prefix writes text of the library's own before an expression.
//
//go:noinline
func Prefix(text string, n Node) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString(text)
		return b.node(text, n)
	}}
}

// Ordered is the last argument of an aggregate with the order of the rows.
//
//go:noinline
func Ordered(n Node, order []Order) Node {
	if len(order) == 0 {
		return n
	}
	return Node{write: func(b *builder) facts {
		f := b.node("Aggregate", n)
		b.WriteString(" ")
		b.orderWithin(order)
		return f
	}}
}

// orderWithin writes the order of an expression, which no column of the result has a
// part in.
func (b *builder) orderWithin(order []Order) {
	outputs := b.outputs
	b.outputs = nil
	for i, o := range order {
		if i == 0 {
			b.WriteString("ORDER BY ")
		} else {
			b.WriteString(", ")
		}
		if k, ok := b.key(o); ok {
			b.orderKey(k)
		}
	}
	b.outputs = outputs
}
