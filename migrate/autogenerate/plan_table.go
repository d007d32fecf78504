package autogenerate

import (
	"cmp"
	"maps"
	"slices"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// tableSteps makes a table, or changes it and its columns.
func (p *planner) tableSteps(ref catalog.Ref, differences []Difference) {
	t, ok := p.to.Table(ref.Namespace, ref.Name)
	if !ok {
		return
	}
	if p.created[ref] {
		p.newTable(t)
		return
	}
	columns := map[string]map[Aspect]Difference{}
	var computed []Difference
	for _, d := range differences {
		switch {
		case d.Kind == catalog.KindTable && d.Action == Alter:
			p.alterTable(t, d)
		case d.Kind == catalog.KindColumn && d.Action == Add:
			if col, ok := t.Column(d.Name); ok && col.Generated != "" {
				computed = append(computed, d) // from columns that may change first
			} else {
				p.addColumn(t, d)
			}
		case d.Kind == catalog.KindColumn && d.Action == Alter:
			if columns[d.Name] == nil {
				columns[d.Name] = map[Aspect]Difference{}
			}
			columns[d.Name][d.Aspect] = d
		}
	}
	for _, name := range slices.Sorted(maps.Keys(columns)) {
		if !p.rebuilt[columnKey{t.Namespace, t.Name, name}] {
			p.alterColumn(t, name, columns[name])
		}
	}
	for _, d := range computed {
		p.addColumn(t, d)
	}
	for i := range t.Columns {
		if col := &t.Columns[i]; p.rebuilt[columnKey{t.Namespace, t.Name, col.Name}] {
			p.addRebuilt(t, *col)
		}
	}
}

// addRebuilt adds a generated column that was dropped to be made anew.
func (p *planner) addRebuilt(t *catalog.Table, col catalog.Column) {
	col.NotNull = col.NotNull && !p.waiting[columnKey{t.Namespace, t.Name, col.Name}]
	p.step(Together, "ALTER TABLE "+p.table(t.Ref())+" ADD COLUMN "+columnText(&col), hazard.AddColumnCopy.On(t.Name))
}

func (p *planner) newTable(t *catalog.Table) {
	ref := t.Ref()
	p.step(Together, p.createTable(t))
	for i := range t.Columns {
		if s := t.Columns[i].Storage; s != "" && !t.Columns[i].Inherited {
			p.step(Together, "ALTER TABLE "+p.table(ref)+" ALTER COLUMN "+sqltext.Ident(t.Columns[i].Name)+" SET STORAGE "+s)
		}
	}
	for i := range t.Constraints {
		if k := &t.Constraints[i]; k.Kind == catalog.Check && !k.Valid && !k.Inherited {
			p.step(Together, p.addConstraint(ref, k.Name, k.Definition))
		}
	}
	for i := range t.Indexes {
		if !t.Indexes[i].Attached {
			p.step(Together, p.createIndex(ref, &t.Indexes[i], t.Indexes[i].Name, false))
		}
	}
	if t.Identity != "" {
		p.step(Together, "ALTER TABLE "+p.table(ref)+" REPLICA IDENTITY "+t.Identity)
	}
}

func (p *planner) alterTable(t *catalog.Table, d Difference) {
	alter := "ALTER TABLE " + p.table(t.Ref())
	switch d.Aspect {
	case Storage:
		p.storageSteps(t.Name, alter, parameters(d.Database), parameters(d.Model))
	case Replica:
		if identityIndex(d.Model) == "" { // else its index may have to be built first
			p.step(Together, alter+" REPLICA IDENTITY "+cmp.Or(d.Model, "DEFAULT"))
		}
	case Access:
		if p.from.Version >= 150000 {
			method := d.Model
			if method == "" {
				method = "heap"
			}
			p.step(Together, alter+" SET ACCESS METHOD "+sqltext.Ident(method), hazard.SetAccessMethod.On(t.Name))
			return
		}
		fallthrough
	case Partitions, Inheritance:
		p.step(Together, "", ByHand.Of("the "+string(d.Aspect)+" of "+t.Name+" is "+oneLine(d.Database)+" and shall be "+
			oneLine(d.Model)+": make the new table beside it, move the rows over in batches, then exchange the names"))
	}
}

// persistence sets tables LOGGED and UNLOGGED. No logged table may refer to one that
// is not: what refers to others goes first when it becomes unlogged, and last when it
// becomes logged.
func (p *planner) persistence() {
	var all []Difference
	p.each(catalog.KindTable, func(d Difference) {
		if d.Action == Alter && d.Aspect == Persistence {
			all = append(all, d)
		}
	})
	seen := map[catalog.Ref]bool{}
	var visit func(d Difference)
	visit = func(d Difference) {
		if seen[d.ref()] {
			return
		}
		seen[d.ref()] = true
		for _, other := range all {
			from, to := other.ref(), d.ref()
			if d.Model == string(catalog.Logged) {
				from, to = to, from
			}
			if other.Model == d.Model && p.refers(from, to) {
				visit(other)
			}
		}
		hazards := []Hazard{hazard.SetLogged.On(d.Name)}
		if d.Model == string(catalog.Unlogged) {
			hazards = append(hazards, DeletesData.Of("from then on a crash of the server empties the table"))
		}
		p.step(Together, "ALTER TABLE "+p.table(d.ref())+" SET "+d.Model, hazards...)
	}
	for _, d := range all {
		visit(d)
	}
}

// refers reports whether a foreign key leads from one table to another.
func (p *planner) refers(from, to catalog.Ref) bool {
	t, ok := p.from.Table(from.Namespace, from.Name)
	return ok && slices.ContainsFunc(t.Constraints, func(k catalog.Constraint) bool {
		return k.Kind == catalog.ForeignKey && k.RefTable == to
	})
}

func (p *planner) storageSteps(table, alter string, from, to map[string]string) {
	set := map[string]string{}
	var reset []string
	for name, value := range to {
		if from[name] != value {
			set[name] = value
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if _, stays := to[name]; !stays {
			reset = append(reset, name)
		}
	}
	if len(set) > 0 {
		p.step(Together, alter+" SET ("+quotedParameters(parameterText(set))+")", also(hazard.SetParameters.On(table), "rows keep their place until they are written again"))
	}
	for _, name := range reset {
		p.step(Together, alter+" RESET ("+name+")")
	}
}

// mustRebuild reports whether a change of a generated column takes a new column.
func (p *planner) mustRebuild(d Difference) bool {
	if d.Aspect != Generated || d.Model == "" {
		return false
	}
	t, ok := p.from.Table(d.Namespace, d.Table)
	if !ok {
		return false
	}
	from, ok := t.Column(d.Name)
	if !ok {
		return false
	}
	target, ok := p.targetColumn(t, from)
	return !ok || from.Generated == "" || from.Virtual != target.Virtual || p.from.Version < 170000
}

func (p *planner) rebuiltColumns() []columnKey {
	return slices.SortedFunc(maps.Keys(p.rebuilt), func(a, b columnKey) int {
		return slices.Compare([]string{a.namespace, a.table, a.column}, []string{b.namespace, b.table, b.column})
	})
}
