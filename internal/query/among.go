package query

// Among is a function whose arguments and result are of one type.
//
//go:noinline
func Among(name string, args ...Node) Node {
	return alternatives(name, args, func(b *builder, each func(Node) facts) facts {
		out := facts{}
		b.WriteString(name)
		b.WriteString("(")
		for i, n := range args {
			if i > 0 {
				b.WriteString(", ")
			}
			f := each(n)
			out.nullable = out.nullable || f.nullable
		}
		b.WriteString(")")
		return out
	})
}

// Coalesce is the first of ns that is not NULL.
//
//go:noinline
func Coalesce(ns ...Node) Node {
	return alternatives("Coalesce", ns, func(b *builder, each func(Node) facts) facts {
		out := facts{nullable: true}
		b.WriteString("coalesce(")
		for i, n := range ns {
			if i > 0 {
				b.WriteString(", ")
			}
			f := each(n)
			out.nullable = out.nullable && f.nullable
		}
		b.WriteString(")")
		return out
	})
}

// alternatives is an expression that has the value of one of ns. Values among them
// are written as the column among them has its values, or else as the one that the
// whole stands beside.
func alternatives(call string, ns []Node, write func(b *builder, each func(Node) facts) facts) Node {
	all := func(b *builder, column facts) facts {
		cast := ""
		if own := b.likeOf(ns...); own.table != nil {
			column = own
		} else {
			cast = castOf(column)
		}
		out := write(b, func(n Node) facts { return b.alternative(call, n, column, cast) })
		out.table, out.col = column.table, column.col
		return out
	}
	return Node{
		write:  func(b *builder) facts { return all(b, facts{}) },
		beside: all,
		like:   likeFirst(ns...),
	}
}

// castOf is the cast to the type of a column that the server alone knows: of values
// whose type is unknown it makes text.
func castOf(column facts) string {
	if column.table == nil || column.table.Plan.OID(column.col) != 0 {
		return ""
	}
	return "::" + column.table.Plan.SQLType(column.col)
}

// alternative writes one of several values of one type; cast is for plain ones.
func (b *builder) alternative(call string, n Node, column facts, cast string) facts {
	f := b.nodeBeside(call, n, column)
	if n.plain && cast != "" {
		b.WriteString(cast)
	}
	return f
}
