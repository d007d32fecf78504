package query

import (
	"strings"

	"github.com/retort-go/retort/internal/model"
)

// Node is a part of an expression, which writes itself into a statement.
//
//   - Shape: a value; the zero Node is no expression and an error where one is
//     wanted. What makes Nodes is kept from being inlined: each place would get a
//     copy of the function inside, and a program full of queries compiles for minutes.
type Node struct {
	write     func(b *builder) facts
	beside    func(b *builder, column facts) facts // of values: writes them as that column has them
	like      func(b *builder) facts               // the column whose values it has, before it is written
	plain     bool                                 // a value as it is
	aggregate bool                                 // may have FILTER and OVER
	filtered  bool                                 // has FILTER already
	window    bool                                 // must have OVER
}

// facts are what is known of the value of a written expression.
type facts struct {
	nullable bool

	// table and col name the column whose values it has: what is compared with it
	// is encoded as that column. Without a table the Go type decides.
	table *model.Table
	col   int
}

// empty tells whether there is no expression.
func (n Node) empty() bool { return n.write == nil }

// node writes n; call is what the user wrote, for errors.
func (b *builder) node(call string, n Node) facts {
	if n.empty() {
		b.fail("%s: an empty Expr is no expression; make one with retort.Col, retort.Val or a function", call)
		return facts{}
	}
	if b.depth++; b.depth > deepest {
		b.fail("%s: expressions are nested deeper than %d", call, deepest)
		b.depth--
		return facts{}
	}
	defer func() { b.depth-- }()
	if n.window {
		b.fail("%s: a window function needs .Over(retort.Window{…})", call)
	}
	begin, args, commons := b.Len(), b.Args(), len(b.commons)
	f := n.write(b)
	b.repeat(begin, args, commons)
	return f
}

// nodeBeside writes n next to what has the values of a column, so that plain values
// are written as the column has them: a day as a date, a type with a Value method as
// what that gives.
func (b *builder) nodeBeside(call string, n Node, column facts) facts {
	if n.beside == nil || column.table == nil {
		return b.node(call, n)
	}
	return b.node(call, Node{write: func(b *builder) facts { return n.beside(b, column) }})
}

// likeOf is the column whose values n has, known before n is written; without a
// table where there is none, or where writing alone tells.
func (b *builder) likeOf(ns ...Node) facts {
	if b.depth > deepest {
		return facts{} // writing says so
	}
	b.depth++
	defer func() { b.depth-- }()
	for _, n := range ns {
		if n.like == nil {
			continue
		}
		if f := n.like(b); f.table != nil {
			return f
		}
	}
	return facts{}
}

// likeFirst is the like of an expression that has the values of the first of ns that
// are those of a column.
func likeFirst(ns ...Node) func(*builder) facts {
	return func(b *builder) facts { return b.likeOf(ns...) }
}

// beside is n as the values of a column of t.
func beside(call string, n Node, t *model.Table, col int) Node {
	return Node{write: func(b *builder) facts { return b.nodeBeside(call, n, facts{table: t, col: col}) }}
}

// deepest bounds recursion: a filter that asks a table which has that filter.
const deepest = 2000

// Column is the column that a field pointer names.
//
//go:noinline
func Column(call string, field any) Node {
	return Node{
		write: func(b *builder) facts {
			s, col, ok := b.resolve(call, field)
			if !ok {
				return facts{}
			}
			b.column(s, col)
			return s.facts(col)
		},
		like: likeField(field),
	}
}

func likeField(field any) func(*builder) facts {
	return func(b *builder) facts {
		if f, ok := b.find(field); ok && f.column >= 0 {
			return f.source.facts(f.column)
		}
		return facts{}
	}
}

// Param is a value as a parameter, whose type follows from the Go type where
// that is certain; text is left to the server, as it may be an enum's.
//
//go:noinline
func Param(call string, v any) Node {
	return Node{
		write: func(b *builder) facts {
			b.param(call, v)
			return facts{}
		},
		beside: func(b *builder, column facts) facts {
			b.valueOf(call, column, v)
			return facts{table: column.table, col: column.col}
		},
		plain: true,
	}
}

// Call is a function of the server with its arguments.
//
//   - Shape: name is SQL text of the library's own, never a user's.
//
//go:noinline
func Call(name string, args ...Node) Node {
	return Node{write: func(b *builder) facts {
		f := b.call(name, args)
		return facts{nullable: f.nullable}
	}}
}

// Alike is a function whose result is of its first argument's type.
//
//go:noinline
func Alike(name string, args ...Node) Node {
	return Node{write: func(b *builder) facts { return b.call(name, args) }, like: likeFirst(args[0])}
}

// call writes a function; its facts are those of the first argument.
func (b *builder) call(name string, args []Node) facts {
	b.WriteString(name)
	b.WriteString("(")
	var out facts
	for i, a := range args {
		if i > 0 {
			b.WriteString(", ")
		}
		f := b.node(name, a)
		if i == 0 {
			out = f
		}
		out.nullable = out.nullable || f.nullable
	}
	b.WriteString(")")
	return out
}

// Aggregate is a function over the rows of a group. It gives NULL where there is
// no row; for count see [NotNull].
//
//go:noinline
func Aggregate(name string, args ...Node) Node { return aggregate(Call(name, args...)) }

// AlikeAggregate is an [Aggregate] whose result is of its argument's type.
//
//go:noinline
func AlikeAggregate(name string, arg Node) Node { return aggregate(Alike(name, arg)) }

//go:noinline
func aggregate(inner Node) Node {
	return Node{aggregate: true, like: inner.like, write: func(b *builder) facts {
		f := inner.write(b)
		// Every group has a row, unless all rows are one group.
		f.nullable = f.nullable || !b.grouped
		return f
	}}
}

// NotNull is n where the server promises a value.
//
//go:noinline
func NotNull(n Node) Node { return withNull(n, false) }

// Nullable is n where NULL may come out whatever goes in.
//
//go:noinline
func Nullable(n Node) Node { return withNull(n, true) }

//go:noinline
func withNull(n Node, nullable bool) Node {
	return around(n, func(b *builder, inner func(*builder) facts) facts {
		f := inner(b)
		f.nullable = nullable
		return f
	})
}

// around is n with write around what writes it; an empty n stays one.
func around(n Node, write func(b *builder, inner func(*builder) facts) facts) Node {
	if n.empty() {
		return n
	}
	out := n
	out.write = func(b *builder) facts { return write(b, n.write) }
	if n.beside != nil {
		out.beside = func(b *builder, column facts) facts {
			return write(b, func(b *builder) facts { return n.beside(b, column) })
		}
	}
	return out
}

// Op joins two expressions by an operator.
//
//go:noinline
func Op(left Node, operator string, right Node) Node {
	return Node{like: likeFirst(left, right), write: func(b *builder) facts {
		b.WriteString("(")
		l := b.nodeBeside(operator, left, partner(operator, b.likeOf(right)))
		b.WriteString(" " + operator + " ")
		r := b.nodeBeside(operator, right, partner(operator, l))
		b.WriteString(")")
		l.nullable = l.nullable || r.nullable
		return l
	}}
}

// partner is the column that a value on the other side of an operator is written as:
// none for a calculation with numbers, where it would cut the value to its own size.
func partner(operator string, column facts) facts {
	if column.table != nil && strings.Contains("+-*/%", operator) && isNumber(column.table.Plan.OID(column.col)) {
		return facts{}
	}
	return column
}

// Distance is [Op] whose result is no value of the column on the left.
//
//go:noinline
func Distance(left Node, operator string, right Node) Node {
	n := Op(left, operator, right)
	return Node{write: func(b *builder) facts { return facts{nullable: n.write(b).nullable} }}
}

// OpValue joins an expression and a value, encoded as what is on the left.
//
//go:noinline
func OpValue(call string, left Node, operator string, v any) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("(")
		f := b.node(call, left)
		b.WriteString(" " + operator + " ")
		b.valueOf(call, f, v)
		b.WriteString(")")
		return f
	}}
}

// Suffix writes text behind an expression; its value is of another type.
//
//go:noinline
func Suffix(call string, n Node, text string) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("(")
		f := b.node(call, n)
		b.WriteString(")")
		b.WriteString(text)
		return facts{nullable: f.nullable}
	}}
}

// Cast converts to a type, given as SQL text that passed CheckType.
//
//go:noinline
func Cast(n Node, sqlType string) Node {
	if err := CheckType(sqlType); err != nil {
		return Failed(err)
	}
	return Suffix("Cast", n, "::"+sqlType)
}

// Text is SQL text of the library's own.
//
//go:noinline
func Text(sql string, nullable bool) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString(sql)
		return facts{nullable: nullable}
	}}
}

// Failed is an expression that could not be made.
//
//go:noinline
func Failed(err error) Node {
	return Node{write: func(b *builder) facts {
		b.errs = append(b.errs, err)
		return facts{}
	}}
}

// Truth is a condition as a value.
//
//go:noinline
func Truth(p Predicate) Node {
	return Node{write: func(b *builder) facts {
		if p.empty() {
			b.WriteString("true")
			return facts{}
		}
		b.WriteString("(")
		b.predicate(p)
		b.WriteString(")")
		return facts{nullable: true}
	}}
}
