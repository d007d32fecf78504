package query

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
	return Node{
		write:  func(b *builder) facts { return b.cases(branches, otherwise, facts{}) },
		beside: func(b *builder, column facts) facts { return b.cases(branches, otherwise, column) },
	}
}

// cases writes a CASE whose values are those of a column, if one is given. The type of
// one that the server alone knows has to be named: of values whose type is unknown
// CASE makes text.
func (b *builder) cases(branches []Branch, otherwise Node, column facts) facts {
	if len(branches) == 0 {
		b.fail("Case: it has no branch; add one with .When")
	}
	cast := ""
	if column.table != nil && column.table.Plan.OID(column.col) == 0 {
		cast = "::" + column.table.Plan.SQLType(column.col)
	}
	value := func(n Node) bool {
		args := b.Args()
		f := b.nodeBeside("Case", n, column)
		if n.beside != nil && b.Args() == args+1 {
			b.WriteString(cast)
		}
		return f.nullable
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
		out.nullable = value(br.Then) || out.nullable
	}
	if !otherwise.empty() {
		b.WriteString(" ELSE ")
		out.nullable = value(otherwise) || out.nullable
	}
	b.WriteString(" END")
	return out
}
