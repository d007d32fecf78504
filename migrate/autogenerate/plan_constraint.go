package autogenerate

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// lookForParts finds indexes and constraints that go with columns that are
// dropped and added again, or that must not be there while an enum changes: they
// are made again though nobody asked for a change.
func (p *planner) lookForParts() {
	p.partsOfEnums()
	for key := range p.retyped {
		t, ok := p.from.Table(key.namespace, key.table)
		if !ok {
			continue
		}
		for i := range t.Columns {
			if col := &t.Columns[i]; col.Generated != "" && mentions(col.Generated, key.column) && !p.leaves(t, col.Name) {
				p.rebuilt[columnKey{key.namespace, key.table, col.Name}] = true
			}
		}
	}
	for key := range p.retyped {
		t, ok := p.from.Table(key.namespace, key.table)
		if !ok || p.leaves(t, key.column) {
			continue
		}
		p.partsOf(t, key.column, p.touchesEnum(t, key.column))
	}
	for key := range p.rebuilt {
		if t, ok := p.from.Table(key.namespace, key.table); ok {
			p.partsOf(t, key.column, true)
		}
	}
	p.keysOf()
}

// partsOfEnums marks what speaks of an enum that is made anew, in tables that may have
// no column of it.
func (p *planner) partsOfEnums() {
	if len(p.anew) == 0 {
		return
	}
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		for j := range t.Constraints {
			if k := &t.Constraints[j]; !k.Inherited && p.speaksOfEnum(k.Definition) {
				p.parted[partKey{t.Namespace, t.Name, k.Name}] = true
			}
		}
		for j := range t.Indexes {
			if ix := &t.Indexes[j]; !ix.Attached && p.speaksOfEnum(ix.Definition) {
				p.parted[partKey{t.Namespace, t.Name, ix.Name}] = true
			}
		}
		for j := range t.Columns {
			if col := &t.Columns[j]; p.speaksOfEnum(col.Generated) && !col.Inherited && !p.leaves(t, col.Name) {
				key := columnKey{t.Namespace, t.Name, col.Name}
				p.retyped[key], p.rebuilt[key] = true, true
			}
		}
	}
}

// partsOf marks what mentions a column.
func (p *planner) partsOf(t *catalog.Table, column string, all bool) {
	if !all {
		return
	}
	for i := range t.Constraints {
		if k := &t.Constraints[i]; mentions(k.Definition, column) && !k.Inherited {
			p.parted[partKey{t.Namespace, t.Name, k.Name}] = true
		}
	}
	for i := range t.Indexes {
		if ix := &t.Indexes[i]; mentions(ix.Definition, column) && !ix.Attached {
			p.parted[partKey{t.Namespace, t.Name, ix.Name}] = true
		}
	}
}

// keysOf marks foreign keys whose target goes for a while, or whose two sides would
// be of types that cannot be compared until both have changed.
func (p *planner) keysOf() {
	goes := func(ref catalog.Ref, name string) bool {
		if p.parted[partKey{ref.Namespace, ref.Name, name}] {
			return true
		}
		return slices.ContainsFunc(p.diffs, func(d Difference) bool {
			return d.Kind == catalog.KindConstraint && d.Namespace == ref.Namespace && d.Table == ref.Name && d.Name == name &&
				(d.Action == Drop || d.Action == Alter && d.Aspect == Definition)
		})
	}
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		for j := range t.Constraints {
			k := &t.Constraints[j]
			if k.Kind == catalog.ForeignKey && !k.Inherited && (goes(k.RefTable, k.RefConstraint) || p.otherKind(t, k.Columns)) {
				p.parted[partKey{t.Namespace, t.Name, k.Name}] = true
			}
		}
	}
}

// otherKind reports whether a column becomes one whose values cannot be compared
// with those that it had.
func (p *planner) otherKind(t *catalog.Table, columns []string) bool {
	return slices.ContainsFunc(columns, func(name string) bool {
		from, ok := t.Column(name)
		if !ok || !p.retyped[columnKey{t.Namespace, t.Name, name}] {
			return false
		}
		to, ok := p.targetColumn(t, from)
		return ok && hazard.BaseType(from.Type) != hazard.BaseType(to.Type) &&
			!(number(from) && number(to)) && !(hazard.Textual(from.Type) && hazard.Textual(to.Type))
	})
}

func (p *planner) touchesEnum(t *catalog.Table, column string) bool {
	from, ok := t.Column(column)
	if !ok {
		return false
	}
	to, ok := p.targetColumn(t, from)
	return from.Enum || ok && to.Enum
}

// constraintWork is one constraint that goes, comes or changes.
type constraintWork struct {
	table    *catalog.Table // as it shall be; nil when nobody claims it
	ref      catalog.Ref
	from, to *catalog.Constraint
	validity bool // only that
}

// constraintsToDo lists them by table and name.
func (p *planner) constraintsToDo() []constraintWork {
	var out []constraintWork
	seen := map[partKey]bool{}
	add := func(ref catalog.Ref, name string, validity bool) {
		key := partKey{ref.Namespace, ref.Name, name}
		if seen[key] || p.created[ref] {
			return
		}
		seen[key] = true
		w := constraintWork{ref: ref, validity: validity}
		if t, ok := p.from.Table(ref.Namespace, ref.Name); ok {
			w.from, _ = t.Constraint(name)
		}
		w.table, _ = p.to.Table(ref.Namespace, ref.Name)
		if w.table != nil {
			w.to, _ = w.table.Constraint(name)
		} else if !p.dropsObject(ref) {
			w.to = w.from
		}
		out = append(out, w)
	}
	p.each(catalog.KindConstraint, func(d Difference) {
		if d.Action == Add || d.Action == Drop || d.Action == Alter && (d.Aspect == Definition || d.Aspect == Validity) {
			add(d.owner(), d.Name, d.Aspect == Validity && !p.parted[partKey{d.Namespace, d.Table, d.Name}])
		}
	})
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		for j := range t.Constraints {
			if p.parted[partKey{t.Namespace, t.Name, t.Constraints[j].Name}] {
				add(t.Ref(), t.Constraints[j].Name, false)
			}
		}
	}
	return out
}

func (p *planner) dropsObject(ref catalog.Ref) bool { return p.drop[ref] }

func carried(k *catalog.Constraint) bool {
	return k != nil && (k.Kind == catalog.PrimaryKey || k.Kind == catalog.Unique)
}

// swaps reports whether a key can be built beside the old one and then take its
// place.
func (p *planner) swaps(w constraintWork) bool {
	if !carried(w.from) || !carried(w.to) || w.table == nil || w.table.PartitionBy != "" || p.parted[partKey{w.ref.Namespace, w.ref.Name, w.from.Name}] {
		return false
	}
	return true
}

// clearConstraints drops what goes or changes, unless a new key takes its place.
// Foreign keys go first: they hold keys.
func (p *planner) clearConstraints() {
	for i := range p.from.Tables { // tables that go may refer to each other, and to a key that goes
		t := &p.from.Tables[i]
		for j := range t.Constraints {
			k := &t.Constraints[j]
			if k.Kind == catalog.ForeignKey && !k.Inherited && k.RefTable != t.Ref() && p.dropsObject(t.Ref()) &&
				(p.dropsObject(k.RefTable) || p.parted[partKey{t.Namespace, t.Name, k.Name}]) {
				p.step(Together, "ALTER TABLE "+p.table(t.Ref())+" DROP CONSTRAINT "+sqltext.Ident(k.Name))
			}
		}
	}
	work := p.constraintsToDo()
	for _, foreign := range []bool{true, false} {
		for _, w := range work {
			if w.from == nil || (w.from.Kind == catalog.ForeignKey) != foreign || w.validity && w.to.Valid || p.swaps(w) || p.dropsObject(w.ref) {
				continue
			}
			p.step(Together, "ALTER TABLE "+p.table(w.ref)+" DROP CONSTRAINT "+sqltext.Ident(w.from.Name), hazard.DropConstraint.On(w.ref.Name))
		}
	}
}

// clearColumns drops columns that are added again, and generated ones that go:
// what they are computed from cannot change under them.
func (p *planner) clearColumns() {
	for _, key := range p.rebuiltColumns() {
		hazards := []Hazard{}
		if t, ok := p.from.Table(key.namespace, key.table); ok {
			if col, ok := t.Column(key.column); ok && col.Generated == "" {
				hazards = append(hazards, DeletesData.Of("every value of "+Difference{Namespace: key.namespace, Table: key.table, Name: key.column}.path(p.to.Namespace)+"; the server computes new ones"))
			} else {
				hazards = append(hazards, usedGenerated(key.table, key.column))
			}
		}
		p.step(Together, "ALTER TABLE "+p.name(key.namespace, key.table)+" DROP COLUMN "+sqltext.Ident(key.column), hazards...)
	}
	p.each(catalog.KindColumn, func(d Difference) {
		if d.Action == Drop && p.computed(d) {
			p.step(Together, "ALTER TABLE "+p.table(d.owner())+" DROP COLUMN "+sqltext.Ident(d.Name), usedGenerated(d.Table, d.Name))
		}
	})
}

// usedGenerated is what dropping a generated column does: no value is lost that
// cannot be computed again.
func usedGenerated(table, column string) Hazard {
	return MayFail.Of("programs that still run may read " + table + "." + column + ", which is computed from what stays")
}

// computed reports whether a column that goes is a generated one.
func (p *planner) computed(d Difference) bool {
	t, ok := p.from.Table(d.Namespace, d.Table)
	if !ok {
		return false
	}
	col, ok := t.Column(d.Name)
	return ok && col.Generated != ""
}

func (p *planner) addConstraint(ref catalog.Ref, name, definition string) string {
	return "ALTER TABLE " + p.table(ref) + " ADD CONSTRAINT " + sqltext.Ident(name) + " " + definition
}

// checks adds CHECK and EXCLUDE. A check holds for new rows at once and is proved
// for old ones in a transaction of its own, which locks nobody out.
func (p *planner) checks() {
	validate := p.proofs
	for _, w := range p.constraintsToDo() {
		switch {
		case w.to == nil || w.to.Kind == catalog.ForeignKey || carried(w.to):
		case w.to.Kind == catalog.Exclusion:
			p.step(Together, p.addConstraint(w.ref, w.to.Name, w.to.Definition),
				slow(hazard.AddExclusion.On(w.ref.Name), "PostgreSQL cannot build it concurrently"),
				MayFail.Of("rows that exclude each other stop it"))
		default:
			validate = p.provable(validate, w)
		}
	}
	p.all = append(p.all, validate...)
}

// provable adds a constraint that can be validated later.
func (p *planner) provable(validate []Step, w constraintWork) []Step {
	if !w.validity || !w.to.Valid {
		definition := withoutValidity(w.to) + " NOT VALID"
		if w.to.Kind == catalog.ForeignKey && p.partitioned(w.ref) && p.from.Version < 180000 {
			p.step(Together, p.addConstraint(w.ref, w.to.Name, w.to.Definition),
				slow(hazard.AddForeignKey.On(w.ref.Name+" and "+w.to.RefTable.Name), "NOT VALID is not there for partitioned tables"))
			return validate
		}
		lock := hazard.AddCheckNotValid.On(w.ref.Name)
		if w.to.Kind == catalog.ForeignKey {
			lock = hazard.AddForeignKeyNotValid.On(w.ref.Name + " and " + w.to.RefTable.Name)
		}
		p.step(Together, p.addConstraint(w.ref, w.to.Name, definition), lock)
	}
	if w.to.Valid {
		validate = append(validate, Step{
			SQL: "ALTER TABLE " + p.table(w.ref) + " VALIDATE CONSTRAINT " + sqltext.Ident(w.to.Name), Mode: Alone,
			Hazards: []Hazard{MayFail.Of("a row that breaks the rule already stops it")},
		})
	}
	return validate
}

// foreignKeys adds them when every table and key is there.
func (p *planner) foreignKeys() {
	for _, ref := range p.to.Order {
		t, ok := p.to.Table(ref.Namespace, ref.Name)
		if !ok || ref.Kind != catalog.KindTable || !p.created[ref] {
			continue
		}
		for i := range t.Constraints {
			if k := &t.Constraints[i]; k.Kind == catalog.ForeignKey && !k.Inherited {
				p.step(Together, p.addConstraint(ref, k.Name, k.Definition), hazard.AddForeignKeyNotValid.On(k.RefTable.Name))
			}
		}
	}
	var validate []Step
	for _, w := range p.constraintsToDo() {
		if w.to != nil && w.to.Kind == catalog.ForeignKey {
			validate = p.provable(validate, w)
		}
	}
	p.all = append(p.all, validate...)
}

// usingIndex is a key that takes an index over.
func usingIndex(k *catalog.Constraint, index string) string {
	out := string(k.Kind) + " USING INDEX " + sqltext.Ident(index)
	if k.Deferrable {
		out += " DEFERRABLE"
	}
	if k.Deferred {
		out += " INITIALLY DEFERRED"
	}
	return out
}

// uniqueKeys adds primary keys and unique constraints. Their index is built
// concurrently; adding it to the table is a matter of a moment then.
func (p *planner) uniqueKeys() {
	for _, w := range p.constraintsToDo() {
		if !carried(w.to) {
			continue
		}
		twice := MayFail.Of("rows that are there twice stop it and leave an invalid index: drop that before the next try")
		if p.partitioned(w.ref) {
			p.step(Together, p.addConstraint(w.ref, w.to.Name, w.to.Definition), twice,
				slow(hazard.AddUnique.On(w.ref.Name), "PostgreSQL cannot build them concurrently"))
			continue
		}
		if strings.HasPrefix(w.to.IndexDefinition, "USING gist ") { // WITHOUT OVERLAPS
			if p.swaps(w) {
				p.step(Together, "ALTER TABLE "+p.table(w.ref)+" DROP CONSTRAINT "+sqltext.Ident(w.from.Name), hazard.DropConstraint.On(w.ref.Name))
			}
			p.step(Together, p.addConstraint(w.ref, w.to.Name, w.to.Definition), slow(hazard.AddExclusion.On(w.ref.Name), "PostgreSQL cannot build it concurrently"),
				MayFail.Of("rows that overlap stop it"))
			continue
		}
		index := w.to.Name
		if p.swaps(w) {
			index = short(index, "_new")
		}
		p.step(Outside, "CREATE UNIQUE INDEX CONCURRENTLY "+sqltext.Ident(index)+" ON "+p.table(w.ref)+" "+w.to.IndexDefinition, twice)
		alter := "ALTER TABLE " + p.table(w.ref)
		if p.swaps(w) {
			alter += " DROP CONSTRAINT " + sqltext.Ident(w.from.Name) + ","
		}
		p.step(Together, strings.TrimSuffix(alter, " ")+" ADD CONSTRAINT "+sqltext.Ident(w.to.Name)+" "+usingIndex(w.to, index),
			hazard.AddUsingIndex.On(w.ref.Name))
		p.identify(w.ref, w.to.Name, w.to.Name)
	}
}

// slow says why a lock that is held long cannot be avoided.
func slow(h Hazard, why string) Hazard { return h.Kind.Of(h.Text + ": " + why) }

// also says what else comes of it.
func also(h Hazard, what string) Hazard { return h.Kind.Of(h.Text + "; " + what) }
