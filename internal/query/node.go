package query

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/retort-go/retort/internal/model"
)

// Node is a part of an expression, which writes itself into a statement.
//
//   - Shape: a value; the zero Node is no expression and an error where one is
//     wanted. What makes Nodes is kept from being inlined: each place would get a
//     copy of the function inside, and a program full of queries compiles for minutes.
type Node struct {
	write     func(b *builder) facts
	aggregate bool // may have FILTER and OVER
	window    bool // must have OVER
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
	begin, args := b.Len(), b.Args()
	f := n.write(b)
	b.repeat(begin, args)
	return f
}

// deepest bounds recursion: a filter that asks a table which has that filter.
const deepest = 2000

// Column is the column that a field pointer names.
//
//go:noinline
func Column(call string, field any) Node {
	return Node{write: func(b *builder) facts {
		s, col, ok := b.resolve(call, field)
		if !ok {
			return facts{}
		}
		b.column(s, col)
		return s.facts(col)
	}}
}

// Param is a value as a parameter, whose type follows from the Go type where
// that is certain; text is left to the server, as it may be an enum's.
//
//go:noinline
func Param(call string, v any) Node {
	return Node{write: func(b *builder) facts {
		b.param(call, v)
		return facts{}
	}}
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
	return Node{write: func(b *builder) facts { return b.call(name, args) }}
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
	return Node{aggregate: true, write: func(b *builder) facts {
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
	out := n
	out.write = func(b *builder) facts {
		f := n.write(b)
		f.nullable = nullable
		return f
	}
	return out
}

// Coalesce is the first of ns that is not NULL.
//
//go:noinline
func Coalesce(ns ...Node) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("coalesce(")
		out := facts{nullable: true}
		for i, n := range ns {
			if i > 0 {
				b.WriteString(", ")
			}
			f := b.node("Coalesce", n)
			if i == 0 {
				out.table, out.col = f.table, f.col
			}
			out.nullable = out.nullable && f.nullable
		}
		b.WriteString(")")
		return out
	}}
}

// Op joins two expressions by an operator.
//
//go:noinline
func Op(left Node, operator string, right Node) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("(")
		l := b.node(operator, left)
		b.WriteString(" " + operator + " ")
		r := b.node(operator, right)
		b.WriteString(")")
		l.nullable = l.nullable || r.nullable
		return l
	}}
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

// Branch is one WHEN of [Case].
type Branch struct {
	When Predicate
	Then Node
}

// Case is the value of the first branch that holds, else that of otherwise; an
// empty otherwise is NULL.
//
//go:noinline
func Case(branches []Branch, otherwise Node) Node {
	return Node{write: func(b *builder) facts {
		if len(branches) == 0 {
			b.fail("Case: it has no branch; add one with .When")
		}
		b.WriteString("CASE")
		out := facts{nullable: otherwise.empty()}
		for _, br := range branches {
			if br.When.empty() {
				b.fail("Case: the condition of a branch is empty")
			}
			b.WriteString(" WHEN ")
			b.predicate(br.When)
			b.WriteString(" THEN ")
			out.nullable = b.node("Case", br.Then).nullable || out.nullable
		}
		if !otherwise.empty() {
			b.WriteString(" ELSE ")
			out.nullable = b.node("Case", otherwise).nullable || out.nullable
		}
		b.WriteString(" END")
		return out
	}}
}

// valueOf writes the next parameter, encoded as f says.
func (b *builder) valueOf(call string, f facts, v any) {
	if f.table != nil {
		b.value(call, source{table: f.table}, f.col, v)
		return
	}
	b.param(call, v)
}

// param writes the next parameter, typed by its Go type.
func (b *builder) param(call string, v any) {
	if b.isStandIn(v) {
		b.fail("%s: the value is a field of a table's stand-in, which holds no data; name a column with retort.Col(&c.Field)", call)
		return
	}
	t := reflect.TypeOf(v)
	if isNil(v) {
		b.fail("%s: a nil value compares with nothing; use retort.IsNull or .IsNull()", call)
		return
	}
	if b.inline {
		b.constant(call, v, oidOf(t))
		return
	}
	if _, err := b.world.Types.AppendText(&b.args, v); err != nil {
		b.errs = append(b.errs, nilHint(call, err))
		return
	}
	b.bind(oidOf(t))
}

func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// oidOf is the type of a parameter where the Go type leaves no doubt; 0 leaves it
// to the server, which knows what stands on the other side.
func oidOf(t reflect.Type) uint32 {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return 1184
	case reflect.TypeFor[[]int64]():
		return 1016
	case reflect.TypeFor[[]int32]():
		return 1007
	case reflect.TypeFor[json.RawMessage]():
		return 0
	}
	switch t.Kind() {
	case reflect.Bool:
		return 16
	case reflect.Int16, reflect.Int8:
		return 21
	case reflect.Int32:
		return 23
	case reflect.Int, reflect.Int64:
		if t == reflect.TypeFor[time.Duration]() {
			return 0
		}
		return 20
	case reflect.Float32:
		return 700
	case reflect.Float64:
		return 701
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return 17
		}
	case reflect.Array:
		if t.Len() == 16 && t.Elem().Kind() == reflect.Uint8 {
			return 2950
		}
	}
	return 0
}
