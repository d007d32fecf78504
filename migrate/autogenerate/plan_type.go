package autogenerate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/migrate/hazard"
)

// eachColumn visits the columns that are of a type of the user, or arrays of it,
// in tables that stay. What a table inherits changes with its parent.
func (p *planner) eachColumn(typ catalog.Ref, do func(t *catalog.Table, col *catalog.Column)) {
	for i := range p.from.Tables {
		t := &p.from.Tables[i]
		for j := range t.Columns {
			if col := &t.Columns[j]; col.TypeRef == typ && !col.Inherited && !p.leaves(t, col.Name) {
				do(t, col)
			}
		}
	}
}

// leaves reports whether a column, or all of its table, is dropped.
func (p *planner) leaves(t *catalog.Table, column string) bool {
	return p.drop[t.Ref()] || p.lost[columnKey{t.Namespace, t.Name, column}]
}

// onlyNewLabels reports whether an enum only gets values, and keeps the order of
// those that it has.
func (p *planner) onlyNewLabels(ref catalog.Ref) bool {
	from, ok := p.from.Type(ref.Namespace, ref.Name)
	to, both := p.to.Type(ref.Namespace, ref.Name)
	if !ok || !both {
		return false
	}
	at := 0
	for _, label := range to.Labels {
		if at < len(from.Labels) && from.Labels[at] == label {
			at++
		}
	}
	return at == len(from.Labels)
}

// newLabels commits new values of enums before anything uses them: PostgreSQL
// refuses a value in the transaction that adds it.
func (p *planner) newLabels() {
	p.each(catalog.KindType, func(d Difference) {
		if d.Action != Alter || d.Aspect != Labels || !p.onlyNewLabels(d.ref()) {
			return
		}
		from, _ := p.from.Type(d.Namespace, d.Name)
		to, _ := p.to.Type(d.Namespace, d.Name)
		for i, label := range to.Labels {
			if slices.Contains(from.Labels, label) {
				continue
			}
			sql := "ALTER TYPE " + p.name(d.Namespace, d.Name) + " ADD VALUE " + sqltext.Literal(label)
			switch {
			case len(from.Labels) == 0: // each comes behind the one before it
			case i > 0 && i < len(to.Labels)-1:
				sql += " AFTER " + sqltext.Literal(to.Labels[i-1])
			case i == 0:
				sql += " BEFORE " + sqltext.Literal(from.Labels[0])
			}
			p.step(Alone, sql)
		}
	})
}

// alterType brings a type to its new definition. An enum that loses values or
// changes their order is made anew and its columns are moved over.
func (p *planner) alterType(d Difference) {
	from, _ := p.from.Type(d.Namespace, d.Name)
	to, _ := p.to.Type(d.Namespace, d.Name)
	switch {
	case d.Aspect == Labels && p.onlyNewLabels(d.ref()): // done
	case d.Aspect == Labels:
		p.rebuildEnum(d.ref(), to)
	case d.Aspect == Definition && from.Kind == catalog.Domain && to.Kind == catalog.Domain && from.Base == to.Base && from.Collation == to.Collation:
		p.alterDomain(from, to)
	case d.Aspect == Definition && from.Kind == catalog.Composite && to.Kind == catalog.Composite:
		p.alterComposite(from, to)
	case d.Aspect == Definition:
		p.step(Together, "", ByHand.Of("type "+d.Name+" becomes another: make "+p.createType(to)+
			" under a new name, move its columns over, drop the old one"))
	}
}

func (p *planner) rebuildEnum(ref catalog.Ref, to *catalog.Type) {
	old := short(ref.Name, "_old")
	p.step(Together, "ALTER TYPE "+p.table(ref)+" RENAME TO "+sqltext.Ident(old), p.builtOn(ref, old)...)
	p.step(Together, p.createType(to))
	if from, ok := p.from.Type(ref.Namespace, ref.Name); ok && !p.saysComment(object(Alter, ref)) {
		p.comment(p.described(ref), cmp.Or(to.Comment, from.Comment), false)
	}
	p.eachColumn(ref, func(t *catalog.Table, col *catalog.Column) {
		typed, cast := p.table(ref), "::text"
		if strings.HasSuffix(col.Type, "[]") {
			typed, cast = typed+"[]", "::text[]"
		}
		p.withoutDefault(t, col, "TYPE "+typed+" USING "+sqltext.Ident(col.Name)+cast+"::"+typed,
			hazard.AlterTypeCopy.On(t.Name),
			MayFail.Of("a row that holds a value which is no longer in "+ref.Name+" stops it; change such rows first"))
	})
	for i := range p.from.Tables { // defaults of other columns that are cast to it
		t := &p.from.Tables[i]
		for j := range t.Columns {
			if col := &t.Columns[j]; col.TypeRef != ref && speaksOf(p.from, ref, col.Default) && !p.leaves(t, col.Name) {
				p.withoutDefault(t, col, "")
			}
		}
	}
	p.replaced = append(p.replaced, p.name(ref.Namespace, old)) // columns that are dropped hold it to the end
}

// withoutDefault changes a column while it has no default, then gives it that which it
// had, unless it shall have another.
func (p *planner) withoutDefault(t *catalog.Table, col *catalog.Column, change string, hazards ...Hazard) {
	alter := "ALTER TABLE " + p.table(t.Ref()) + " ALTER COLUMN " + sqltext.Ident(col.Name) + " "
	if col.Default != "" {
		p.step(Together, alter+"DROP DEFAULT")
	}
	if change != "" {
		p.step(Together, alter+change, hazards...)
	}
	if target, ok := p.targetColumn(t, col); ok && col.Default != "" && target.Default == col.Default {
		p.step(Together, alter+"SET DEFAULT "+col.Default)
	}
}

// builtOn says which types stop an enum from being made anew.
func (p *planner) builtOn(ref catalog.Ref, old string) []Hazard {
	var out []Hazard
	for _, u := range p.from.Uses {
		if u.On == ref && u.By.Kind == catalog.KindType && !p.drop[u.By] {
			out = append(out, ByHand.Of("type "+u.By.Name+" is built on "+ref.Name+", and "+old+
				" cannot be dropped before it is: make it under a new name, move its columns over and drop it first"))
		}
	}
	return out
}

// speaksOfEnum reports whether a text casts to an enum that is made anew.
func (p *planner) speaksOfEnum(text string) bool {
	return slices.ContainsFunc(p.anew, func(ref catalog.Ref) bool { return speaksOf(p.from, ref, text) })
}

// speaksOf reports whether a text of the server casts to a type.
func speaksOf(c *catalog.Catalog, typ catalog.Ref, text string) bool {
	other := Renaming{Kind: catalog.KindType, Namespace: typ.Namespace, From: typ.Name, To: typ.Name + "\x00"}
	return newExchange(other, c.Namespace).text(expression, text) != text
}

// targetColumn is what a column shall be; a column of a table that nobody claims
// stays what it is.
func (p *planner) targetColumn(t *catalog.Table, col *catalog.Column) (*catalog.Column, bool) {
	if target, ok := p.to.Table(t.Namespace, t.Name); ok {
		return target.Column(col.Name)
	}
	return col, true
}

func (p *planner) alterDomain(from, to *catalog.Type) {
	alter := "ALTER DOMAIN " + p.name(to.Namespace, to.Name)
	if from.Default != to.Default {
		if to.Default == "" {
			p.step(Together, alter+" DROP DEFAULT")
		} else {
			p.step(Together, alter+" SET DEFAULT "+to.Default)
		}
	}
	name := func(k *catalog.Constraint) string { return k.Name }
	var dropped, added []*catalog.Constraint
	both(from.Checks, to.Checks, name, func(old, k *catalog.Constraint) {
		if old == nil || old.Definition != k.Definition {
			added = append(added, k)
		}
		if old != nil && old.Definition != k.Definition {
			dropped = append(dropped, old)
		}
	}, func(old *catalog.Constraint) { dropped = append(dropped, old) })
	for _, k := range dropped {
		p.step(Together, alter+" DROP CONSTRAINT "+sqltext.Ident(k.Name))
	}
	for _, k := range added {
		p.step(Together, alter+" ADD CONSTRAINT "+sqltext.Ident(k.Name)+" "+withoutValidity(k)+" NOT VALID")
		if k.Valid {
			p.proofs = append(p.proofs, Step{
				SQL: alter + " VALIDATE CONSTRAINT " + sqltext.Ident(k.Name), Mode: Alone,
				Hazards: []Hazard{MayFail.Of("a value that is stored already may break the rule")},
			})
		}
	}
	switch {
	case to.NotNull && !from.NotNull:
		p.step(Together, alter+" SET NOT NULL", MayFail.Of("a NULL in a column of this domain stops it"),
			hazard.Share.On("each table that uses the domain", hazard.Scan))
	case from.NotNull && !to.NotNull:
		p.step(Together, alter+" DROP NOT NULL")
	}
}

func (p *planner) alterComposite(from, to *catalog.Type) {
	alter := "ALTER TYPE " + p.name(to.Namespace, to.Name)
	both(from.Fields, to.Fields, func(f *catalog.Column) string { return f.Name }, func(old, f *catalog.Column) {
		switch {
		case old == nil:
			p.step(Together, alter+" ADD ATTRIBUTE "+sqltext.Ident(f.Name)+" "+columnType(f))
		case columnType(old) != columnType(f):
			p.step(Together, alter+" ALTER ATTRIBUTE "+sqltext.Ident(f.Name)+" TYPE "+columnType(f),
				MayFail.Of("PostgreSQL refuses it while a table has a column of this type"))
		}
	}, func(old *catalog.Column) {
		p.step(Together, alter+" DROP ATTRIBUTE "+sqltext.Ident(old.Name), DeletesData.Of("the values of this attribute"))
	})
	var order []string // that the fields are in then: what is new is the last
	for _, fields := range [][]catalog.Column{from.Fields, to.Fields} {
		for i := range fields {
			name := fields[i].Name
			if slices.ContainsFunc(to.Fields, func(f catalog.Column) bool { return f.Name == name }) && !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
	}
	if !slices.EqualFunc(order, to.Fields, func(name string, f catalog.Column) bool { return f.Name == name }) {
		p.step(Together, "", ByHand.Of("the fields of "+to.Name+" are in the order "+strings.Join(order, ", ")+
			" then, as PostgreSQL adds fields at the end only: declare them so, or make the type under a new name"))
	}
}

// short makes a name of a name, within PostgreSQL's limit.
func short(name, suffix string) string {
	for len(name)+len(suffix) > 63 {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name + suffix
}
