package autogenerate

import (
	"cmp"
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// withOthers is a view as it shall be, with what the old one has and no model says: its
// comments, and triggers that nobody drops. They would go with it otherwise.
func (p *planner) withOthers(v, old *catalog.View) *catalog.View {
	ref, out := v.Ref(), *v
	if !p.saysComment(object(Alter, ref)) {
		out.Comment = cmp.Or(v.Comment, old.Comment)
	}
	out.Columns = slices.Clone(v.Columns)
	for i := range out.Columns {
		col := &out.Columns[i]
		if j := slices.IndexFunc(old.Columns, func(c catalog.Column) bool { return c.Name == col.Name }); j >= 0 {
			col.Comment = cmp.Or(col.Comment, old.Columns[j].Comment)
		}
	}
	out.Triggers = beside(slices.Clip(v.Triggers), old.Triggers, func(t *catalog.Trigger) bool {
		_, claimed := trigger(v.Triggers, t.Name)
		return !claimed && !slices.ContainsFunc(p.diffs, func(d Difference) bool {
			return d.Action == Drop && d.Kind == catalog.KindTrigger && d.owner() == (catalog.Ref{Kind: catalog.KindTable, Namespace: ref.Namespace, Name: ref.Name}) && d.Name == t.Name
		})
	})
	return &out
}

// viewGoes says what a view takes with it.
func (p *planner) viewGoes(ref catalog.Ref) []Hazard {
	if p.again[ref] {
		return p.rightsGo(ref)
	}
	return []Hazard{MayFail.Of("programs that still run fail on " + ref.Name)}
}

// rightsGo says what comes back with no view or function that is made again.
func (p *planner) rightsGo(ref catalog.Ref) []Hazard {
	if !p.again[ref] {
		return nil
	}
	return []Hazard{MayFail.Of("privileges on " + ref.Name + " go with it, but for default ones: GRANT them again")}
}
