package autogenerate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// planner turns differences into steps. from is what there is once the renamings
// are done, to is what there shall be.
type planner struct {
	from, to *catalog.Catalog
	diffs    []Difference
	all      []Step
	asks     bool // whether a drop was meant as a rename; no way back does

	created  map[catalog.Ref]bool // tables that the plan creates
	drop     map[catalog.Ref]bool // objects that it drops
	lost     map[columnKey]bool   // columns that it drops
	gone     map[catalog.Ref]bool // views and functions that are dropped or made anew
	again    map[catalog.Ref]bool // of these, the ones that come back
	early    map[catalog.Ref]bool // of these, functions that do not and hold what is in the way
	retyped  map[columnKey]bool   // columns that change their type or expression
	rebuilt  map[columnKey]bool   // of these, the ones that are dropped and added again
	anew     []catalog.Ref        // enums that are made anew
	replaced []string             // types that were made anew, by their temporary names
	proofs   []Step               // validations of domains
	taken    map[nameKey]bool     // names that the plan gives to something new
	parted   map[partKey]bool     // indexes and constraints that must be made again
	waiting  map[columnKey]bool   // generated columns made of others that have no value yet
}

// columnKey names a column, by the new names.
type columnKey struct{ namespace, table, column string }

// partKey names an index or a constraint of a table.
type partKey struct{ namespace, table, name string }

// steps plans one direction. The order of its parts is the point: what stands in
// the way goes first, what is new comes in the order of its dependencies, what
// waits long for locks stands alone, what deletes comes last.
func steps(from, to *catalog.Catalog, differences []Difference, asks bool) []Step {
	var renames []Renaming
	for _, d := range differences {
		if d.Action == Rename && (d.Kind == catalog.KindTable || d.Kind == catalog.KindColumn || d.Kind == catalog.KindType) {
			renames = append(renames, Renaming{Kind: d.Kind, Namespace: d.Namespace, Table: d.Table, From: d.From, To: d.Name})
		}
	}
	p := &planner{
		from: renamed(from, renames), to: to, diffs: differences, asks: asks,
		created: map[catalog.Ref]bool{}, drop: map[catalog.Ref]bool{}, lost: map[columnKey]bool{}, gone: map[catalog.Ref]bool{}, again: map[catalog.Ref]bool{}, early: map[catalog.Ref]bool{},
		retyped: map[columnKey]bool{}, rebuilt: map[columnKey]bool{}, taken: map[nameKey]bool{}, parted: map[partKey]bool{}, waiting: map[columnKey]bool{},
	}
	p.look()
	p.renames()
	p.newLabels()
	p.outer()
	p.clear()
	p.objects()
	p.persistence()
	p.sameWatchers()
	p.checks()
	p.notNulls()
	p.indexes()
	p.foreignKeys()
	p.watchers()
	p.comments()
	p.drops()
	p.sayLocks()
	return p.all
}

// look finds out which tables are new and what cannot stay while columns change.
func (p *planner) look() {
	for _, d := range p.diffs {
		switch {
		case d.Action != Drop:
		case d.Kind == catalog.KindColumn:
			p.lost[columnKey{d.Namespace, d.Table, d.Name}] = true
		case d.Table == "":
			p.drop[d.ref()] = true
		}
	}
	for _, d := range p.diffs {
		ref := d.ref()
		switch {
		case d.Kind == catalog.KindTable && d.Action == Add:
			p.created[ref] = true
		case d.Kind == catalog.KindColumn && d.Action == Alter && (d.Aspect == DataType || d.Aspect == Generated):
			key := columnKey{d.Namespace, d.Table, d.Name}
			p.retyped[key] = true
			if p.mustRebuild(d) {
				p.rebuilt[key] = true
			}
		case d.Kind == catalog.KindColumn && d.Action == Drop:
			p.retyped[columnKey{d.Namespace, d.Table, d.Name}] = true
		case d.Kind == catalog.KindType && d.Action == Alter && d.Aspect == Labels && !p.onlyNewLabels(ref):
			p.anew = append(p.anew, ref)
			p.eachColumn(ref, func(t *catalog.Table, col *catalog.Column) {
				p.retyped[columnKey{t.Namespace, t.Name, col.Name}] = true
			})
		case (d.Kind == catalog.KindView || d.Kind == catalog.KindFunction) && d.Action == Drop:
			p.gone[ref] = true
		case d.Kind == catalog.KindView && d.Action == Alter && d.Aspect == Definition && !p.replaceableView(ref):
			p.gone[ref] = true
		case d.Kind == catalog.KindFunction && d.Action == Alter && d.Aspect == Definition && !p.replaceableFunction(ref):
			p.gone[ref] = true
		}
	}
	p.closure()
	p.lookForParts()
	p.lookForNames()
	p.lookForWaiting()
}

// closure adds views and functions that use what is in the way, and finds those
// that come back: as they shall be, or as they were where nobody claims them.
func (p *planner) closure() {
	for changed := true; changed; {
		changed = false
		for _, u := range p.from.Uses {
			if u.By.Kind != catalog.KindView && u.By.Kind != catalog.KindFunction || p.gone[u.By] {
				continue
			}
			if p.gone[u.On] || slices.Contains(p.anew, u.On) || p.retyped[columnKey{u.On.Namespace, u.On.Name, u.Column}] {
				p.gone[u.By], changed = true, true
			}
		}
	}
	for ref := range p.gone {
		p.again[ref] = !slices.ContainsFunc(p.diffs, func(d Difference) bool {
			return d.Action == Drop && d.Kind == ref.Kind && d.Namespace == ref.Namespace && d.Name == ref.Name
		})
	}
	p.holders()
}

// overloaded reports whether a new function has the name of one that goes: a call that
// fits both, since an argument has a default, is refused.
func (p *planner) overloaded(gone catalog.Ref) bool {
	name, _, _ := strings.Cut(gone.Name, "(")
	return slices.ContainsFunc(p.diffs, func(d Difference) bool {
		return d.Action == Add && d.Kind == catalog.KindFunction && d.Namespace == gone.Namespace && strings.HasPrefix(d.Name, name+"(")
	})
}

// held reports whether a default, check, index or domain calls a function that goes, or
// one that goes with it: they let go of it later than views do.
func (p *planner) held(function catalog.Ref, seen map[catalog.Ref]bool) bool {
	if seen[function] {
		return false
	}
	seen[function] = true
	return slices.ContainsFunc(p.from.Uses, func(u catalog.Use) bool {
		switch {
		case u.On != function || u.By.Kind == catalog.KindView || p.again[u.By]:
			return false
		case u.By.Kind == catalog.KindFunction:
			return p.held(u.By, seen)
		default:
			return true
		}
	})
}

// holders finds the dropped functions that stop what the plan does before it drops
// functions: that of a view, the change of a type or column, a call of another function
// of their name.
func (p *planner) holders() {
	for ref := range p.gone {
		if ref.Kind == catalog.KindFunction && !p.again[ref] && p.overloaded(ref) && !p.held(ref, map[catalog.Ref]bool{}) {
			p.early[ref] = true
		}
	}
	for changed := true; changed; {
		changed = false
		for _, u := range p.from.Uses {
			if u.By.Kind != catalog.KindFunction || !p.gone[u.By] || p.again[u.By] || p.early[u.By] {
				continue
			}
			if u.On.Kind == catalog.KindView && p.gone[u.On] || p.again[u.On] || p.early[u.On] || slices.Contains(p.anew, u.On) ||
				p.retyped[columnKey{u.On.Namespace, u.On.Name, u.Column}] {
				p.early[u.By], changed = true, true
			}
		}
	}
}

func (p *planner) step(mode Mode, sql string, hazards ...Hazard) {
	p.all = append(p.all, Step{SQL: sql, Mode: mode, Hazards: hazards})
}

// name writes the name of something in a schema, which is left out where it is
// the current one.
func (p *planner) name(namespace, name string) string {
	if namespace == p.to.Namespace {
		return sqltext.Ident(name)
	}
	return sqltext.Ident(namespace) + "." + sqltext.Ident(name)
}

func (p *planner) table(ref catalog.Ref) string { return p.name(ref.Namespace, ref.Name) }

// each calls do for the differences of one kind.
func (p *planner) each(kind catalog.Kind, do func(d Difference)) {
	for _, d := range p.diffs {
		if d.Kind == kind {
			do(d)
		}
	}
}

func (d Difference) ref() catalog.Ref {
	return catalog.Ref{Kind: d.Kind, Namespace: d.Namespace, Name: d.Name}
}

// owner is the table or view that d is about a part of.
func (d Difference) owner() catalog.Ref {
	return catalog.Ref{Kind: catalog.KindTable, Namespace: d.Namespace, Name: d.Table}
}

// renames gives new names first: everything behind uses them.
func (p *planner) renames() {
	for _, kind := range []catalog.Kind{catalog.KindTable, catalog.KindType, catalog.KindColumn, catalog.KindConstraint, catalog.KindIndex} {
		p.each(kind, func(d Difference) {
			if d.Action != Rename {
				return
			}
			renamed := also(hazard.RenameTable.On(cmp.Or(d.Table, d.From)), "queries with the old name fail from then on")
			to := " TO " + sqltext.Ident(d.Name)
			switch kind {
			case catalog.KindTable:
				p.step(Together, "ALTER TABLE "+p.name(d.Namespace, d.From)+" RENAME"+to, renamed)
			case catalog.KindType:
				p.step(Together, "ALTER TYPE "+p.name(d.Namespace, d.From)+" RENAME"+to, renamed)
			case catalog.KindColumn:
				p.step(Together, "ALTER TABLE "+p.table(d.owner())+" RENAME COLUMN "+sqltext.Ident(d.From)+to, renamed)
			case catalog.KindConstraint:
				p.step(Together, "ALTER TABLE "+p.table(d.owner())+" RENAME CONSTRAINT "+sqltext.Ident(d.From)+to)
			default:
				p.step(Together, "ALTER INDEX "+p.name(d.Namespace, d.From)+" RENAME"+to)
			}
		})
	}
}

// outer makes schemas and extensions.
func (p *planner) outer() {
	p.each(catalog.KindNamespace, func(d Difference) {
		if d.Action == Add {
			p.step(Together, "CREATE SCHEMA "+sqltext.Ident(d.Name))
		}
	})
	p.each(catalog.KindExtension, func(d Difference) {
		if e, ok := p.to.Extension(d.Name); ok && d.Action == Add {
			sql := "CREATE EXTENSION " + sqltext.Ident(e.Name)
			if e.Namespace != p.to.Namespace && e.Namespace != "pg_catalog" {
				sql += " WITH SCHEMA " + sqltext.Ident(e.Namespace)
			}
			p.step(Together, sql)
		}
	})
}
