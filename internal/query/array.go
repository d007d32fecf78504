package query

// Element compares an array with the one that has v alone, list, and is written as
// the column has its values.
//
//go:noinline
func Element(call string, array Node, operator string, v, list any) Node {
	return Node{write: func(b *builder) facts {
		if b.isStandIn(v) || isNil(v) {
			b.param(call, v) // which says what is wrong
			return facts{}
		}
		f := OpValue(call, array, operator, list).write(b)
		return facts{nullable: f.nullable}
	}}
}

// Without is an array without v; list is the array that has it alone.
//
//go:noinline
func Without(call string, array Node, v, list any) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("array_remove(")
		f := b.node(call, array)
		b.WriteString(", ")
		if f.table == nil {
			b.param(call, v)
		} else {
			b.WriteString("(")
			b.value(call, source{table: f.table}, f.col, list)
			b.WriteString("::" + f.table.Plan.SQLType(f.col) + ")[1]")
		}
		b.WriteString(")")
		return f
	}}
}
