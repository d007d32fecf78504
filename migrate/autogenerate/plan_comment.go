package autogenerate

import (
	"cmp"
	"slices"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// comments writes comments that differ, and those of what is new.
func (p *planner) comments() {
	for _, d := range p.diffs {
		switch {
		case d.Action == Alter && d.Aspect == Comment:
			if !p.gone[d.ref()] { // else it was made with its comment
				p.comment(p.commented(d), d.Model, true)
			}
		case d.Action == Add && d.Kind == catalog.KindTable:
			if t, ok := p.to.Table(d.Namespace, d.Name); ok {
				p.commentsOfTable(t)
			}
		case d.Action == Add:
			p.comment(p.commented(d), p.newComment(d), false)
		}
	}
	p.commentsOfRebuilt()
	for _, key := range p.rebuiltColumns() {
		if t, ok := p.to.Table(key.namespace, key.table); ok {
			if col, ok := t.Column(key.column); ok {
				comment := col.Comment
				if d := part(t.Ref(), catalog.KindColumn, col.Name); !p.saysComment(d) {
					comment = cmp.Or(comment, p.formerComment(key))
				}
				p.comment("COLUMN "+p.table(t.Ref())+"."+sqltext.Ident(col.Name), comment, false)
			}
		}
	}
}

func (p *planner) formerComment(key columnKey) string {
	if t, ok := p.from.Table(key.namespace, key.table); ok {
		if col, ok := t.Column(key.column); ok {
			return col.Comment
		}
	}
	return ""
}

// commentsOfRebuilt gives indexes, constraints and policies that were dropped and made
// again the comment that they had, where no difference says another.
func (p *planner) commentsOfRebuilt() {
	again := func(kind catalog.Kind, ref catalog.Ref, name, comment string) {
		if d := part(ref, kind, name); !p.saysComment(d) {
			p.comment(p.commented(d), comment, false)
		}
	}
	for _, w := range p.indexesToDo() {
		if w.from != nil && w.to != nil && !w.validity {
			again(catalog.KindIndex, w.ref, w.to.Name, cmp.Or(w.to.Comment, w.from.Comment))
		}
	}
	for _, w := range p.constraintsToDo() {
		if w.from != nil && w.to != nil && !(w.validity && w.to.Valid) {
			again(catalog.KindConstraint, w.ref, w.to.Name, cmp.Or(w.to.Comment, w.from.Comment))
		}
	}
	p.each(catalog.KindPolicy, func(d Difference) {
		from, was := p.from.Table(d.Namespace, d.Table)
		to, is := p.to.Table(d.Namespace, d.Table)
		if !was || !is || d.Action != Alter || d.Aspect != Definition {
			return
		}
		old, was := from.Policy(d.Name)
		policy, is := to.Policy(d.Name)
		if was && is {
			again(d.Kind, to.Ref(), d.Name, cmp.Or(policy.Comment, old.Comment))
		}
	})
}

// saysComment reports whether the comment of what d is about changes.
func (p *planner) saysComment(d Difference) bool {
	return slices.ContainsFunc(p.diffs, func(o Difference) bool {
		return o.Aspect == Comment && o.Kind == d.Kind && o.Namespace == d.Namespace && o.Table == d.Table && o.Name == d.Name
	})
}

func (p *planner) comment(on, text string, erase bool) {
	switch {
	case text != "":
		p.step(Together, "COMMENT ON "+on+" IS "+sqltext.Literal(text))
	case erase:
		p.step(Together, "COMMENT ON "+on+" IS NULL")
	}
}

// commented is how COMMENT names what d is about.
func (p *planner) commented(d Difference) string {
	switch d.Kind {
	case catalog.KindColumn:
		return "COLUMN " + p.table(d.owner()) + "." + sqltext.Ident(d.Name)
	case catalog.KindConstraint, catalog.KindTrigger, catalog.KindPolicy:
		word := map[catalog.Kind]string{catalog.KindConstraint: "CONSTRAINT ", catalog.KindTrigger: "TRIGGER ", catalog.KindPolicy: "POLICY "}[d.Kind]
		return word + sqltext.Ident(d.Name) + " ON " + p.table(d.owner())
	case catalog.KindIndex:
		return "INDEX " + p.name(d.Namespace, d.Name)
	default:
		return p.described(d.ref())
	}
}

// newComment is the comment of what is added and was not made with it.
func (p *planner) newComment(d Difference) string {
	switch d.Kind {
	case catalog.KindNamespace:
		for _, n := range p.to.Namespaces {
			if n.Name == d.Name {
				return n.Comment
			}
		}
	case catalog.KindType:
		if t, ok := p.to.Type(d.Namespace, d.Name); ok {
			return t.Comment
		}
	case catalog.KindSequence:
		if s, ok := p.to.Sequence(d.Namespace, d.Name); ok {
			return s.Comment
		}
	}
	if v, ok := p.to.View(d.Namespace, d.Table); ok && d.Kind == catalog.KindIndex && !p.gone[v.Ref()] {
		if ix, _ := p.indexOf(p.to, v.Ref(), d.Name); ix != nil {
			return ix.Comment
		}
	}
	t, ok := p.to.Table(d.Namespace, d.Table)
	if !ok {
		return ""
	}
	switch d.Kind {
	case catalog.KindColumn:
		if c, ok := t.Column(d.Name); ok {
			return c.Comment
		}
	case catalog.KindConstraint:
		if k, ok := t.Constraint(d.Name); ok {
			return k.Comment
		}
	case catalog.KindIndex:
		if ix, ok := t.Index(d.Name); ok {
			return ix.Comment
		}
	case catalog.KindPolicy:
		if policy, ok := t.Policy(d.Name); ok {
			return policy.Comment
		}
	}
	return ""
}

func (p *planner) commentsOfTable(t *catalog.Table) {
	ref := t.Ref()
	p.comment("TABLE "+p.table(ref), t.Comment, false)
	for i := range t.Columns {
		p.comment("COLUMN "+p.table(ref)+"."+sqltext.Ident(t.Columns[i].Name), t.Columns[i].Comment, false)
	}
	for i := range t.Constraints {
		p.comment("CONSTRAINT "+sqltext.Ident(t.Constraints[i].Name)+" ON "+p.table(ref), t.Constraints[i].Comment, false)
	}
	for i := range t.Indexes {
		p.comment("INDEX "+p.name(t.Namespace, t.Indexes[i].Name), t.Indexes[i].Comment, false)
	}
	for i := range t.Policies {
		p.comment("POLICY "+sqltext.Ident(t.Policies[i].Name)+" ON "+p.table(ref), t.Policies[i].Comment, false)
	}
}

func (p *planner) commentsOfView(v *catalog.View) {
	p.comment(p.described(v.Ref()), v.Comment, false)
	for i := range v.Columns {
		p.comment("COLUMN "+p.table(v.Ref())+"."+sqltext.Ident(v.Columns[i].Name), v.Columns[i].Comment, false)
	}
	for i := range v.Indexes {
		p.comment("INDEX "+p.name(v.Namespace, v.Indexes[i].Name), v.Indexes[i].Comment, false)
	}
}
