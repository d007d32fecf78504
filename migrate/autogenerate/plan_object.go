package autogenerate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
)

// objects makes and changes types, sequences, functions, tables and views in the
// order of their dependencies, so that a function is there before the default
// that calls it, and a column before the view that shows it.
func (p *planner) objects() {
	if p.makesFunctions() {
		p.step(Together, "SET LOCAL check_function_bodies = off") // a body in quotes may name what comes later
	}
	order := slices.Clone(p.to.Order)
	for _, ref := range p.from.Order { // what nobody claims comes back behind the rest
		if p.again[ref] && !slices.Contains(order, ref) {
			order = append(order, ref)
		}
	}
	byRef := map[catalog.Ref][]Difference{}
	for _, d := range p.diffs {
		ref := d.ref()
		if d.Kind == catalog.KindColumn {
			ref = d.owner()
		}
		byRef[ref] = append(byRef[ref], d)
	}
	for _, ref := range order {
		p.object(ref, byRef[ref])
	}
}

func (p *planner) makesFunctions() bool {
	made := slices.ContainsFunc(p.diffs, func(d Difference) bool {
		return d.Kind == catalog.KindFunction && (d.Action == Add || d.Action == Alter && d.Aspect == Definition)
	})
	for ref, again := range p.again {
		made = made || again && ref.Kind == catalog.KindFunction
	}
	return made
}

func (p *planner) object(ref catalog.Ref, differences []Difference) {
	switch ref.Kind {
	case catalog.KindView:
		p.view(ref, differences)
	case catalog.KindFunction:
		p.function(ref, differences)
	case catalog.KindTable:
		p.tableSteps(ref, differences)
	case catalog.KindType:
		for _, d := range differences {
			if t, ok := p.to.Type(ref.Namespace, ref.Name); ok && d.Action == Add {
				p.step(Together, p.createType(t))
			} else if d.Action == Alter {
				p.alterType(d)
			}
		}
	case catalog.KindSequence:
		for _, d := range differences {
			p.sequence(d)
		}
	}
}

func (p *planner) sequence(d Difference) {
	s, ok := p.to.Sequence(d.Namespace, d.Name)
	switch {
	case !ok:
	case d.Action == Add:
		p.step(Together, p.createSequence(s))
	case d.Action == Alter && d.Aspect == Definition:
		p.alterSequence(d, s)
	case d.Action == Alter && d.Aspect == Persistence:
		p.step(Together, "ALTER SEQUENCE "+p.table(d.ref())+" SET "+d.Model)
	}
}

// alterSequence changes the options of a sequence.
func (p *planner) alterSequence(d Difference, s *catalog.Sequence) {
	sql := "ALTER SEQUENCE " + p.table(d.ref()) + " " + sequenceOptions(s)
	old, ok := p.from.Sequence(d.Namespace, d.Name)
	if !ok || strings.HasPrefix(old.Increment, "-") == strings.HasPrefix(s.Increment, "-") {
		p.step(Together, sql)
		return
	}
	p.step(Together, sql+" RESTART", startsAnew(s.Name)) // where it stands is outside of its new bounds
}

// owners ties sequences to their columns, when both are there.
func (p *planner) owners() {
	p.each(catalog.KindSequence, func(d Difference) {
		s, ok := p.to.Sequence(d.Namespace, d.Name)
		if !ok || d.Action == Drop || d.Action == Alter && d.Aspect != Definition {
			return
		}
		old, had := p.from.Sequence(d.Namespace, d.Name)
		if had && ownedBy(p.from, old) == ownedBy(p.to, s) || !had && s.OwnerTable == "" {
			return
		}
		p.step(Together, "ALTER SEQUENCE "+p.table(d.ref())+ownedBy(p.to, s))
		owner := catalog.Ref{Kind: catalog.KindTable, Namespace: s.OwnerNamespace, Name: s.OwnerTable}
		if !had && !p.created[owner] && !strings.HasPrefix(s.Increment, "-") {
			p.goOn(sqltext.Literal(p.table(d.ref())), p.table(owner), sqltext.Ident(s.OwnerColumn), s.Start)
		}
	})
}

// goOn makes a new sequence count on behind the numbers that are there, from start at
// the earliest.
func (p *planner) goOn(sequence, table, column, start string) {
	next := "greatest(max(" + column + ") + 1, " + start + ")" // all that are there may be less
	p.step(Together, "SELECT setval("+sequence+", "+next+", false) FROM "+table+" HAVING max("+column+") IS NOT NULL")
}

// changed finds the definition's difference in a list.
func changed(differences []Difference) (Difference, bool) {
	i := slices.IndexFunc(differences, func(d Difference) bool { return d.Action == Add || d.Action == Alter && d.Aspect == Definition })
	if i < 0 {
		return Difference{}, false
	}
	return differences[i], true
}

func (p *planner) view(ref catalog.Ref, differences []Difference) {
	v, ok := p.to.View(ref.Namespace, ref.Name)
	if !ok {
		if v, ok = p.from.View(ref.Namespace, ref.Name); !ok {
			return
		}
	}
	if _, differs := changed(differences); !differs && !p.again[ref] {
		return
	}
	old, exists := p.from.View(ref.Namespace, ref.Name)
	p.step(Together, p.createView(v, exists && !p.gone[ref]))
	if exists && !p.gone[ref] {
		return
	}
	if exists {
		v = p.withOthers(v, old)
	}
	for i := range v.Indexes {
		p.step(Together, p.createIndex(ref, &v.Indexes[i], v.Indexes[i].Name, false))
	}
	p.commentsOfView(v)
	for i := range v.Triggers {
		p.triggerSteps(ref, &v.Triggers[i])
	}
}

func (p *planner) function(ref catalog.Ref, differences []Difference) {
	f, ok := p.to.Function(ref.Namespace, ref.Name)
	if !ok {
		if f, ok = p.from.Function(ref.Namespace, ref.Name); !ok {
			return
		}
	}
	if _, differs := changed(differences); !differs && !p.again[ref] {
		return
	}
	old, exists := p.from.Function(ref.Namespace, ref.Name)
	p.step(Together, p.createFunction(f, exists && !p.gone[ref]))
	comment := f.Comment
	if exists && !p.saysComment(object(Alter, ref)) {
		comment = cmp.Or(comment, old.Comment)
	}
	if !exists || p.gone[ref] {
		p.comment(p.described(ref), comment, false)
	}
}

// replaceableView reports whether CREATE OR REPLACE VIEW will do: the columns
// that are there stay as they are.
func (p *planner) replaceableView(ref catalog.Ref) bool {
	from, _ := p.from.View(ref.Namespace, ref.Name)
	to, _ := p.to.View(ref.Namespace, ref.Name)
	if from == nil || to == nil || from.Materialized || to.Materialized || len(to.Columns) < len(from.Columns) {
		return false
	}
	for i := range from.Columns {
		if a, b := &from.Columns[i], &to.Columns[i]; a.Name != b.Name || columnType(a) != columnType(b) {
			return false
		}
	}
	return true
}

// replaceableFunction reports whether CREATE OR REPLACE will do.
func (p *planner) replaceableFunction(ref catalog.Ref) bool {
	from, _ := p.from.Function(ref.Namespace, ref.Name)
	to, _ := p.to.Function(ref.Namespace, ref.Name)
	return from != nil && to != nil && from.Kind == to.Kind && from.Kind != "AGGREGATE" &&
		from.Signature == to.Signature && from.Result == to.Result
}

// clear takes away what stands in the way: triggers and policies that go or
// change, views and functions that cannot be replaced, constraints and indexes
// that must not be there while a column changes. Users go before what they use.
func (p *planner) clear() {
	p.each(catalog.KindTrigger, func(d Difference) {
		if (d.Action == Drop || d.Action == Alter && d.Aspect == Definition) && !p.gone[catalog.Ref{Kind: catalog.KindView, Namespace: d.Namespace, Name: d.Table}] {
			p.step(Together, "DROP TRIGGER "+sqltext.Ident(d.Name)+" ON "+p.table(d.owner()))
		}
	})
	p.each(catalog.KindPolicy, func(d Difference) {
		if d.Action == Drop || d.Action == Alter && d.Aspect == Definition {
			p.step(Together, "DROP POLICY "+sqltext.Ident(d.Name)+" ON "+p.table(d.owner()))
		}
	})
	p.clearWatchers()
	p.lookForWatchers()
	for _, ref := range slices.Backward(p.from.Order) {
		if !p.gone[ref] {
			continue
		}
		if ref.Kind == catalog.KindView {
			p.step(Together, p.dropView(ref), p.viewGoes(ref)...)
		} else if p.again[ref] {
			p.step(Together, "DROP "+p.described(ref), append(p.rightsGo(ref), Locks.Of("what calls it waits until this transaction ends"))...)
		} else if p.early[ref] {
			p.step(Together, "DROP "+p.described(ref))
		}
	}
	p.clearConstraints()
	p.clearIndexes()
	p.clearColumns()
	p.clearIdentities()
	p.clearTables()
}

func (p *planner) dropView(ref catalog.Ref) string {
	if v, ok := p.from.View(ref.Namespace, ref.Name); ok && v.Materialized {
		return "DROP MATERIALIZED VIEW " + p.table(ref)
	}
	return "DROP VIEW " + p.table(ref)
}

// described is how COMMENT and DROP name an object.
func (p *planner) described(ref catalog.Ref) string {
	switch ref.Kind {
	case catalog.KindFunction:
		name, arguments, _ := strings.Cut(ref.Name, "(")
		word := "FUNCTION "
		for _, c := range []*catalog.Catalog{p.from, p.to} {
			if f, ok := c.Function(ref.Namespace, ref.Name); ok {
				name, arguments = f.Name, f.Arguments+")"
				if f.Kind == "PROCEDURE" || f.Kind == "AGGREGATE" {
					word = f.Kind + " "
				}
				if f.Kind == "AGGREGATE" && f.Arguments == "" {
					arguments = "*)"
				}
				break
			}
		}
		return word + p.name(ref.Namespace, name) + "(" + arguments
	case catalog.KindNamespace:
		return "SCHEMA " + sqltext.Ident(ref.Name)
	case catalog.KindType:
		for _, c := range []*catalog.Catalog{p.from, p.to} {
			if t, ok := c.Type(ref.Namespace, ref.Name); ok && t.Kind == catalog.Domain {
				return "DOMAIN " + p.table(ref)
			}
		}
	case catalog.KindView:
		for _, c := range []*catalog.Catalog{p.from, p.to} {
			if v, ok := c.View(ref.Namespace, ref.Name); ok && v.Materialized {
				return "MATERIALIZED VIEW " + p.table(ref)
			}
		}
	}
	return strings.ToUpper(string(ref.Kind)) + " " + p.table(ref)
}

// drops deletes at the very end, users before what they use.
func (p *planner) drops() {
	p.each(catalog.KindColumn, func(d Difference) {
		if d.Action == Drop && !p.computed(d) {
			p.step(Together, "ALTER TABLE "+p.table(d.owner())+" DROP COLUMN "+sqltext.Ident(d.Name),
				slices.Concat([]Hazard{DeletesData.Of("every value of " + d.path(p.to.Namespace))}, p.heldBy(d), p.perhapsRenamed(d))...)
		}
	})
	for _, ref := range slices.Backward(p.from.Order) {
		if !p.drop[ref] || ref.Kind == catalog.KindView || p.early[ref] || p.inTheWay(ref) {
			continue
		}
		switch ref.Kind {
		case catalog.KindTable:
			p.dropTable(ref)
		case catalog.KindSequence:
			s, _ := p.from.Sequence(ref.Namespace, ref.Name)
			owner, ok := p.from.Table(s.OwnerNamespace, s.OwnerTable)
			if !ok || !p.leaves(owner, s.OwnerColumn) { // else it goes with its column
				p.step(Together, "DROP SEQUENCE "+p.table(ref))
			}
		default:
			p.step(Together, "DROP "+p.described(ref))
		}
	}
	for _, typ := range p.replaced {
		p.step(Together, "DROP TYPE "+typ)
	}
	p.each(catalog.KindExtension, func(d Difference) {
		if d.Action == Drop {
			p.step(Together, "DROP EXTENSION "+sqltext.Ident(d.Name))
		}
	})
	p.each(catalog.KindNamespace, func(d Difference) {
		if d.Action == Drop {
			p.step(Together, "DROP SCHEMA "+sqltext.Ident(d.Name))
		}
	})
}

// heldBy names what nobody claims and what stops the drop of a column.
func (p *planner) heldBy(d Difference) []Hazard {
	var out []Hazard
	say := func(what string) {
		out = append(out, ByHand.Of(what+", which no model claims, needs "+d.Name+" and stops this step: change or drop it first"))
	}
	for _, u := range p.from.Uses {
		if _, claimed := p.to.View(u.By.Namespace, u.By.Name); u.By.Kind == catalog.KindView && !claimed && !p.drop[u.By] &&
			u.On == d.owner() && u.Column == d.Name {
			say("view " + u.By.Name)
		}
	}
	from, ok := p.from.Table(d.Namespace, d.Table)
	to, both := p.to.Table(d.Namespace, d.Table)
	if !ok || !both {
		return out
	}
	stays := func(kind catalog.Kind, name, text string) bool {
		return mentions(text, d.Name) && !slices.ContainsFunc(p.diffs, func(o Difference) bool {
			return o.Kind == kind && o.Namespace == d.Namespace && o.Table == d.Table && o.Name == name
		})
	}
	for i := range from.Policies {
		policy := &from.Policies[i]
		if _, claimed := to.Policy(policy.Name); !claimed && stays(catalog.KindPolicy, policy.Name, policy.Using+" "+policy.Check) {
			say("policy " + policy.Name)
		}
	}
	for i := range from.Triggers {
		tr := &from.Triggers[i]
		if _, claimed := to.Trigger(tr.Name); !claimed && stays(catalog.KindTrigger, tr.Name, tr.Definition) {
			say("trigger " + tr.Name)
		}
	}
	return out
}

func (p *planner) dropTable(ref catalog.Ref) {
	gone := Difference{Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	p.step(Together, "DROP TABLE "+p.table(ref), append([]Hazard{DeletesData.Of("every row of " + gone.path(p.to.Namespace))}, p.perhapsRenamed(gone)...)...)
}

// perhapsRenamed asks, where something new looks like what goes. It never decides.
func (p *planner) perhapsRenamed(gone Difference) []Hazard {
	if !p.asks {
		return nil
	}
	for _, d := range p.diffs {
		if d.Action != Add || d.Kind != gone.Kind || d.Namespace != gone.Namespace || d.Table != gone.Table || !alike(p.from, p.to, gone, d) {
			continue
		}
		return []Hazard{ByHand.Of("if " + gone.Name + " is called " + d.Name + " now, say so in Options.Renames: then nothing is lost")}
	}
	return nil
}
