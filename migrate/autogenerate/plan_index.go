package autogenerate

import (
	"slices"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// indexWork is one index that goes, comes or changes.
type indexWork struct {
	ref      catalog.Ref
	whole    bool // of a partitioned table, where nothing is concurrent
	from, to *catalog.Index
	validity bool
}

func (p *planner) indexesToDo() []indexWork {
	var out []indexWork
	seen := map[partKey]bool{}
	add := func(ref catalog.Ref, name string, validity bool) {
		key := partKey{ref.Namespace, ref.Name, name}
		if seen[key] || p.created[ref] {
			return
		}
		seen[key] = true
		w := indexWork{ref: ref, validity: validity}
		w.from, _ = p.indexOf(p.from, ref, name)
		w.to, w.whole = p.indexOf(p.to, ref, name)
		if _, claimed := p.to.Table(ref.Namespace, ref.Name); !claimed && w.from != nil {
			if _, view := p.to.View(ref.Namespace, ref.Name); !view && !p.dropsObject(ref) {
				w.to, w.whole = w.from, p.partitioned(ref)
			}
		}
		out = append(out, w)
	}
	p.each(catalog.KindIndex, func(d Difference) {
		if p.gone[catalog.Ref{Kind: catalog.KindView, Namespace: d.Namespace, Name: d.Table}] {
			return // it comes with its view
		}
		if d.Action == Add || d.Action == Drop || d.Action == Alter && d.Aspect == Definition {
			add(d.owner(), d.Name, false)
		}
	})
	p.each(catalog.KindIndex, func(d Difference) {
		if d.Action == Alter && d.Aspect == Validity {
			add(d.owner(), d.Name, true)
		}
	})
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		for j := range t.Indexes {
			if p.parted[partKey{t.Namespace, t.Name, t.Indexes[j].Name}] {
				add(t.Ref(), t.Indexes[j].Name, false)
			}
		}
	}
	return out
}

func (p *planner) indexOf(c *catalog.Catalog, ref catalog.Ref, name string) (*catalog.Index, bool) {
	if t, ok := c.Table(ref.Namespace, ref.Name); ok {
		ix, _ := t.Index(name)
		return ix, t.PartitionBy != ""
	}
	if v, ok := c.View(ref.Namespace, ref.Name); ok {
		if i := slices.IndexFunc(v.Indexes, func(ix catalog.Index) bool { return ix.Name == name }); i >= 0 {
			return &v.Indexes[i], false
		}
	}
	return nil, false
}

// cleared reports whether an index is in the way of a column that changes, or has the
// name of something new.
func (p *planner) cleared(w indexWork) bool {
	if w.from == nil {
		return false
	}
	if w.to == nil && p.taken[nameKey{w.ref.Namespace, w.from.Name}] {
		return true
	}
	for key := range p.retyped {
		if key.namespace == w.ref.Namespace && key.table == w.ref.Name && mentions(w.from.Definition, key.column) {
			return true
		}
	}
	return p.withRebuilt(w)
}

// withRebuilt reports whether an index goes with a column that is dropped and
// added again.
func (p *planner) withRebuilt(w indexWork) bool {
	for key := range p.rebuilt {
		if key.namespace == w.ref.Namespace && key.table == w.ref.Name && w.from != nil && mentions(w.from.Definition, key.column) {
			return true
		}
	}
	return false
}

func (p *planner) clearIndexes() {
	for _, w := range p.indexesToDo() {
		if p.cleared(w) && !p.withRebuilt(w) && !w.validity {
			p.step(Together, "DROP INDEX "+p.name(w.ref.Namespace, w.from.Name), hazard.DropIndex.On(w.ref.Name))
		}
	}
}

// indexes builds, exchanges and drops indexes without keeping writers out, then
// the keys that stand on one.
func (p *planner) indexes() {
	work := p.indexesToDo()
	for _, w := range work {
		if p.handsOn(w) && !p.cleared(w) {
			p.dropIndex(w, w.from.Name)
		}
	}
	for _, w := range work {
		switch {
		case w.to == nil:
			if !p.cleared(w) && !p.handsOn(w) {
				p.dropIndex(w, w.from.Name)
			}
		case w.validity && w.to.Valid:
			p.step(Outside, "REINDEX INDEX CONCURRENTLY "+p.name(w.ref.Namespace, w.to.Name),
				MayFail.Of("rows that are there twice stop it if the index is unique"))
		case w.validity:
			p.step(Together, "", CannotUndo.Of("index "+w.to.Name+" was invalid before; it stays valid"))
		case w.from == nil || p.cleared(w):
			p.buildIndex(w, w.to.Name)
			p.identify(w.ref, w.to.Name, w.to.Name)
		case w.whole:
			p.dropIndex(w, w.from.Name)
			p.buildIndex(w, w.to.Name)
			p.identify(w.ref, w.to.Name, w.to.Name)
		default:
			beside := short(w.to.Name, "_new")
			p.buildIndex(w, beside)
			p.identify(w.ref, w.to.Name, beside)
			p.dropIndex(w, w.from.Name)
			p.step(Together, "ALTER INDEX "+p.name(w.ref.Namespace, beside)+" RENAME TO "+sqltext.Ident(w.to.Name))
		}
	}
	p.uniqueKeys()
	p.replicas()
	p.relax()
}

func (p *planner) buildIndex(w indexWork, name string) {
	var hazards []Hazard
	if w.to.Unique {
		hazards = append(hazards, MayFail.Of("rows that are there twice stop it and leave an invalid index: drop that before the next try"))
	}
	if w.whole {
		hazards = append(hazards, slow(hazard.CreateIndex.On(w.ref.Name+" and its partitions"), "PostgreSQL cannot build it concurrently"))
		p.step(Together, p.createIndex(w.ref, w.to, name, false), hazards...)
		return
	}
	p.step(Outside, p.createIndex(w.ref, w.to, name, true), hazards...)
}

func (p *planner) dropIndex(w indexWork, name string) {
	if w.whole || w.from != nil && p.partitioned(w.ref) {
		p.step(Together, "DROP INDEX "+p.name(w.ref.Namespace, name), hazard.DropIndex.On(w.ref.Name))
		return
	}
	var hazards []Hazard
	if w.to == nil && identifiedBy(p.from, w.ref, name) {
		hazards = append(hazards, MayFail.Of("it is the replica identity of "+w.ref.Name+": where that is published, UPDATE and DELETE fail from then on"))
	}
	p.step(Outside, "DROP INDEX CONCURRENTLY "+p.name(w.ref.Namespace, name), hazards...)
}

func (p *planner) partitioned(ref catalog.Ref) bool {
	t, ok := p.from.Table(ref.Namespace, ref.Name)
	return ok && t.PartitionBy != ""
}
