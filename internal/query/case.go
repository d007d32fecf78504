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
	ns := make([]Node, 0, len(branches)+1)
	for _, br := range branches {
		ns = append(ns, br.Then)
	}
	if !otherwise.empty() {
		ns = append(ns, otherwise)
	}
	return alternatives("Case", ns, func(b *builder, each func(Node) facts) facts {
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
			out.nullable = each(br.Then).nullable || out.nullable
		}
		if !otherwise.empty() {
			b.WriteString(" ELSE ")
			out.nullable = each(otherwise).nullable || out.nullable
		}
		b.WriteString(" END")
		return out
	})
}
