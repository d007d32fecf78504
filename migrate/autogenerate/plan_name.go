package autogenerate

import (
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// nameKey is a name that a table, view, sequence or index can have in a schema: one of
// them at a time.
type nameKey struct{ namespace, name string }

// lookForNames finds the names that the plan gives to something new before it drops
// what goes: what has one of them must go first.
func (p *planner) lookForNames() {
	for _, d := range p.diffs {
		if d.Action != Add {
			continue
		}
		switch d.Kind {
		case catalog.KindTable:
			if t, ok := p.to.Table(d.Namespace, d.Name); ok {
				for _, name := range names(t) {
					p.taken[nameKey{d.Namespace, name}] = true
				}
			}
		case catalog.KindView:
			p.taken[nameKey{d.Namespace, d.Name}] = true
			if v, ok := p.to.View(d.Namespace, d.Name); ok {
				for i := range v.Indexes {
					p.taken[nameKey{d.Namespace, v.Indexes[i].Name}] = true
				}
			}
		case catalog.KindSequence:
			p.taken[nameKey{d.Namespace, d.Name}] = true
		case catalog.KindConstraint:
			if t, ok := p.to.Table(d.Namespace, d.Table); ok {
				k, known := t.Constraint(d.Name)
				if known && k.Kind == catalog.Exclusion {
					p.taken[nameKey{d.Namespace, d.Name}] = true
				}
			}
		}
	}
}

// names are those of a table, its indexes and the constraints that have one.
func names(t *catalog.Table) []string {
	out := []string{t.Name}
	for i := range t.Indexes {
		out = append(out, t.Indexes[i].Name)
	}
	for i := range t.Constraints {
		if t.Constraints[i].Index != "" {
			out = append(out, t.Constraints[i].Index)
		}
	}
	return out
}

// inTheWay reports whether a table goes whose name, or that of one of its indexes,
// something new gets. One that has a sequence which stays waits for that to change its
// owner.
func (p *planner) inTheWay(ref catalog.Ref) bool {
	t, ok := p.from.Table(ref.Namespace, ref.Name)
	if !ok || ref.Kind != catalog.KindTable || !p.drop[ref] {
		return false
	}
	for i := range p.from.Sequences {
		s := &p.from.Sequences[i]
		if s.OwnerNamespace == ref.Namespace && s.OwnerTable == ref.Name && !p.drop[s.Ref()] {
			return false
		}
	}
	return slices.ContainsFunc(names(t), func(name string) bool { return p.taken[nameKey{ref.Namespace, name}] })
}

// handsOn reports whether another index gets the name of one that goes.
func (p *planner) handsOn(w indexWork) bool {
	return w.to == nil && slices.ContainsFunc(p.diffs, func(d Difference) bool {
		return d.Action == Add && d.Kind == catalog.KindIndex && d.Namespace == w.ref.Namespace && d.Name == w.from.Name
	})
}

// clearTables drops tables that are in the way of a name.
func (p *planner) clearTables() {
	for _, ref := range slices.Backward(p.from.Order) {
		if p.inTheWay(ref) {
			p.dropTable(ref)
		}
	}
}
