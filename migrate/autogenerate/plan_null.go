package autogenerate

import (
	"slices"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// needy lists columns of tables that stay which shall be NOT NULL and are not, or
// are new and could not be made so at once; generated ones behind those that they are
// made of.
func (p *planner) needy(do func(t *catalog.Table, col *catalog.Column)) {
	for _, generated := range []bool{false, true} {
		p.withoutValues(func(t *catalog.Table, col *catalog.Column) {
			if (col.Generated != "") == generated {
				do(t, col)
			}
		})
	}
	for i := range p.to.Tables {
		t := &p.to.Tables[i]
		for j := range t.Columns {
			if col := &t.Columns[j]; p.waiting[columnKey{t.Namespace, t.Name, col.Name}] {
				do(t, col)
			}
		}
	}
}

// lookForWaiting finds generated columns that are made of such without values: they
// have none either, and get it with them.
func (p *planner) lookForWaiting() {
	p.withoutValues(func(t *catalog.Table, source *catalog.Column) {
		for i := range t.Columns {
			col := &t.Columns[i]
			if key := (columnKey{t.Namespace, t.Name, col.Name}); col.Generated != "" && col.NotNull && p.comes(key) && mentions(col.Generated, source.Name) {
				p.waiting[key] = true
			}
		}
	})
}

// comes reports whether a column is new, made anew or computed in another way.
func (p *planner) comes(key columnKey) bool {
	return p.rebuilt[key] || slices.ContainsFunc(p.diffs, func(d Difference) bool {
		return d.Kind == catalog.KindColumn && (d.Action == Add || d.Action == Alter && d.Aspect == Generated) &&
			columnKey{d.Namespace, d.Table, d.Name} == key
	})
}

// withoutValues lists the needy columns but for those that wait for others.
func (p *planner) withoutValues(do func(t *catalog.Table, col *catalog.Column)) {
	p.each(catalog.KindColumn, func(d Difference) {
		t, ok := p.to.Table(d.Namespace, d.Table)
		if !ok || p.created[t.Ref()] || p.rebuilt[columnKey{d.Namespace, d.Table, d.Name}] {
			return
		}
		col, ok := t.Column(d.Name)
		if !ok || !col.NotNull {
			return
		}
		late := d.Action == Add && col.Identity == "" && col.Generated == "" && !hazard.Constant(col.Default)
		if late || d.Action == Alter && d.Aspect == Nullability {
			do(t, col)
		}
	})
}

// notNulls proves NOT NULL by a check that is validated without a lock that
// writers feel; SET NOT NULL then finds the proof and reads nothing.
func (p *planner) notNulls() {
	p.backfill()
	p.needy(func(t *catalog.Table, col *catalog.Column) {
		alter := "ALTER TABLE " + p.table(t.Ref())
		name, check := sqltext.Ident(col.Name), sqltext.Ident(short(t.Name+"_"+col.Name, "_not_null"))
		p.step(Alone, alter+" ADD CONSTRAINT "+check+" CHECK ("+name+" IS NOT NULL) NOT VALID", hazard.AddCheckNotValid.On(t.Name))
		where := "UPDATE " + p.table(t.Ref()) + " SET " + name + " = "
		switch {
		case col.Generated != "":
		case col.Default != "":
			p.step(Alone, where+"DEFAULT WHERE "+name+" IS NULL", Locks.Of("every row that is changed; on a large table do it in batches first"))
		default:
			p.step(Alone, "", ByHand.Of("rows without a value need one now: "+where+"… WHERE "+name+" IS NULL"))
		}
		p.step(Alone, alter+" VALIDATE CONSTRAINT "+check, MayFail.Of("a NULL that is left stops it"))
		p.step(Together, alter+" ALTER COLUMN "+name+" SET NOT NULL", hazard.SetNotNullProved.On(t.Name))
		p.step(Together, alter+" DROP CONSTRAINT "+check)
	})
	p.identities()
}

// backfill gives the rows that are there the value of a default that could not
// come with the column.
func (p *planner) backfill() {
	p.each(catalog.KindColumn, func(d Difference) {
		t, ok := p.to.Table(d.Namespace, d.Table)
		if !ok || d.Action != Add {
			return
		}
		col, ok := t.Column(d.Name)
		if ok && !col.NotNull && col.Default != "" && !hazard.Constant(col.Default) {
			name := sqltext.Ident(col.Name)
			p.step(Alone, "UPDATE "+p.table(t.Ref())+" SET "+name+" = DEFAULT WHERE "+name+" IS NULL",
				Locks.Of("every row; on a large table do it in batches first"))
		}
	})
}

// relax takes NOT NULL away, when no primary key asks for it any more.
func (p *planner) relax() {
	p.each(catalog.KindColumn, func(d Difference) {
		if d.Action == Alter && d.Aspect == Nullability && d.Model == "NULL" && !p.rebuilt[columnKey{d.Namespace, d.Table, d.Name}] {
			p.step(Together, "ALTER TABLE "+p.table(d.owner())+" ALTER COLUMN "+sqltext.Ident(d.Name)+" DROP NOT NULL",
				MayFail.Of("programs that still run may not expect NULL in "+d.Table+"."+d.Name))
		}
	})
}
