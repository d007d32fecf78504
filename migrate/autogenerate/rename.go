package autogenerate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// declared are the renamings that models declare and that are still to be done:
// the database has the old name and not the new one. What asked says goes first.
func declared(database *catalog.Catalog, models *schema.Schema, asked []Renaming) []Renaming {
	var out []Renaming
	add := func(r Renaming) {
		same := func(other Renaming) bool {
			return other.Kind == r.Kind && other.Table == r.Table && cmp.Or(other.Namespace, database.Namespace) == r.Namespace &&
				(other.To == r.To || other.From == r.From)
		}
		before := asItWas(database, append(slices.Clip(out), asked...), r)
		if r.From != "" && exists(database, before, r.From) && !exists(database, before, r.To) && !slices.ContainsFunc(asked, same) {
			out = append(out, r)
		}
	}
	managed := func(yield func(*schema.Table, string) bool) {
		for i := range models.Tables {
			if t := &models.Tables[i]; !t.Unmanaged && !yield(t, cmp.Or(t.Namespace, database.Namespace)) {
				return
			}
		}
	}
	for t, namespace := range managed {
		add(Renaming{Kind: catalog.KindTable, Namespace: namespace, From: t.RenamedFrom, To: t.Name})
	}
	for t, namespace := range managed {
		for i := range t.Columns {
			add(Renaming{Kind: catalog.KindColumn, Namespace: namespace, Table: t.Name, From: t.Columns[i].RenamedFrom, To: t.Columns[i].Name})
		}
	}
	return out
}

// asItWas is r with the table's name as the database says it, where that is
// renamed, too.
func asItWas(database *catalog.Catalog, all []Renaming, r Renaming) Renaming {
	for _, t := range all {
		if t.Kind == catalog.KindTable && t.To == r.Table && cmp.Or(t.Namespace, database.Namespace) == r.Namespace {
			if _, still := database.Table(r.Namespace, t.From); still {
				r.Table = t.From
			}
		}
	}
	return r
}

// hints keeps the renamings that are still to be done, tables before columns.
func hints(database, models *catalog.Catalog, all []Renaming) ([]Renaming, error) {
	var out []Renaming
	for _, r := range all {
		if r.Namespace == "" {
			r.Namespace = database.Namespace
		}
		before := asItWas(database, all, r)
		from, done := exists(database, before, r.From), exists(database, before, r.To)
		switch {
		case !exists(models, r, r.To):
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the models have no %s", r.Kind, r.From, r.To, r.To)
		case exists(models, r, r.From):
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the models still have %s", r.Kind, r.From, r.To, r.From)
		case from && done:
			return nil, fmt.Errorf("autogenerate: rename of %s %s to %s: the database has both", r.Kind, r.From, r.To)
		case from:
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b Renaming) int { return slices.Index(kindOrder, a.Kind) - slices.Index(kindOrder, b.Kind) })
	return out, nil
}

func exists(c *catalog.Catalog, r Renaming, name string) bool {
	var ok bool
	switch r.Kind {
	case catalog.KindTable:
		_, ok = c.Table(r.Namespace, name)
	case catalog.KindType:
		_, ok = c.Type(r.Namespace, name)
	case catalog.KindColumn:
		if t, found := c.Table(r.Namespace, r.Table); found {
			_, ok = t.Column(name)
		}
	}
	return ok
}

// renamed is what c looks like once the renamings are done. The server writes
// its texts anew then; here the names in them are exchanged, strings left alone.
func renamed(c *catalog.Catalog, renames []Renaming) *catalog.Catalog {
	if len(renames) == 0 {
		return c
	}
	out := clone(c)
	for _, r := range renames {
		x := newExchange(r, c.Namespace)
		uses := x.users(out.Uses)
		for i := range out.Types {
			if t := &out.Types[i]; x.is(catalog.KindType, t.Namespace, t.Name) {
				t.Name = r.To
			}
		}
		for i := range out.Tables {
			x.table(&out.Tables[i])
		}
		for i := range out.Views {
			if v := &out.Views[i]; uses[v.Ref()] {
				x.in(query, &v.Definition)
			}
		}
		moved := map[catalog.Ref]catalog.Ref{} // functions whose arguments are called otherwise
		for i := range out.Functions {
			if f, before := &out.Functions[i], out.Functions[i].Ref(); uses[before] {
				x.function(f)
				moved[before] = f.Ref()
			}
		}
		for i := range out.Sequences {
			x.owner(&out.Sequences[i])
		}
		x.refs(out, moved)
	}
	return out
}

// is reports whether a name is the one that changes.
func (x exchange) is(kind catalog.Kind, namespace, name string) bool {
	return x.Kind == kind && x.Namespace == namespace && x.From == name
}

// ref gives a reference its new name.
func (x exchange) ref(list ...*catalog.Ref) {
	for _, r := range list {
		if x.is(r.Kind, r.Namespace, r.Name) {
			r.Name = x.To
		}
	}
}

// users are the objects that use what changes its name.
func (x exchange) users(all []catalog.Use) map[catalog.Ref]bool {
	out := map[catalog.Ref]bool{}
	for _, u := range all {
		column := x.Kind == catalog.KindColumn && x.ofTable(u.On.Namespace, u.On.Name) && u.Column == x.From
		if column || x.is(u.On.Kind, u.On.Namespace, u.On.Name) {
			out[u.By] = true
		}
	}
	return out
}

// ofTable reports whether it is a column of that table which changes its name.
func (x exchange) ofTable(namespace, table string) bool {
	return x.Kind == catalog.KindColumn && x.Namespace == namespace && x.Table == table
}

func (x exchange) function(f *catalog.Function) {
	if x.Kind != catalog.KindColumn {
		x.in(types, &f.Result, &f.Arguments)
	}
	// A body in quotes is text that the server does not change.
	head, body, quoted := strings.Cut(f.Definition, "\nAS $")
	switch {
	case x.Kind == catalog.KindColumn && !quoted:
		x.in(query, &f.Definition)
	case x.Kind != catalog.KindColumn && quoted:
		x.in(types, &head)
		f.Definition = head + "\nAS $" + body
	case x.Kind != catalog.KindColumn:
		x.in(types, &f.Definition)
	}
}

func (x exchange) owner(s *catalog.Sequence) {
	if x.is(catalog.KindTable, s.OwnerNamespace, s.OwnerTable) {
		s.OwnerTable = x.To
	}
	if x.ofTable(s.OwnerNamespace, s.OwnerTable) && s.OwnerColumn == x.From {
		s.OwnerColumn = x.To
	}
}

// refs gives the order and the uses their new names.
func (x exchange) refs(c *catalog.Catalog, moved map[catalog.Ref]catalog.Ref) {
	rename := func(list ...*catalog.Ref) {
		x.ref(list...)
		for _, r := range list {
			if to, ok := moved[*r]; ok {
				*r = to
			}
		}
	}
	for i := range c.Uses {
		u := &c.Uses[i]
		rename(&u.By, &u.On)
		if x.ofTable(u.On.Namespace, u.On.Name) && u.Column == x.From {
			u.Column = x.To
		}
	}
	for i := range c.Order {
		rename(&c.Order[i])
	}
}

// table exchanges the name in a table and its parts.
func (x exchange) table(t *catalog.Table) {
	if x.is(catalog.KindTable, t.Namespace, t.Name) {
		t.Name = x.To
	}
	for i := range t.Inherits {
		x.ref(&t.Inherits[i])
	}
	inside := x.Kind != catalog.KindColumn || x.ofTable(t.Namespace, t.Name)
	for i := range t.Columns {
		x.column(&t.Columns[i], inside)
	}
	for i := range t.Constraints {
		x.constraint(&t.Constraints[i], inside)
	}
	if !inside {
		return
	}
	for i := range t.Indexes {
		x.in(expression, &t.Indexes[i].Definition, &t.Indexes[i].Predicate)
		for j := range t.Indexes[i].Keys {
			x.in(expression, &t.Indexes[i].Keys[j])
		}
	}
	for i := range t.Triggers {
		x.in(expression, &t.Triggers[i].Definition)
	}
	for i := range t.Policies {
		x.in(query, &t.Policies[i].Using, &t.Policies[i].Check)
	}
	x.in(expression, &t.PartitionBy)
}

func (x exchange) column(col *catalog.Column, inside bool) {
	x.ref(&col.TypeRef)
	if x.Kind == catalog.KindType {
		x.in(types, &col.Type)
		x.in(expression, &col.Default)
	}
	if inside {
		x.in(expression, &col.Generated)
		if x.Kind == catalog.KindColumn && col.Name == x.From {
			col.Name = x.To
		}
	}
}

func (x exchange) constraint(k *catalog.Constraint, inside bool) {
	x.ref(&k.RefTable)
	own, other, refers := strings.Cut(k.Definition, " REFERENCES ")
	switch {
	case k.Kind != catalog.ForeignKey || !refers:
		if inside {
			x.in(expression, &k.Definition)
		}
	case x.Kind == catalog.KindTable:
		x.in(reference, &other)
		k.Definition = own + " REFERENCES " + other
	default:
		target, actions, _ := strings.Cut(other, ")") // which may name columns of its own
		if inside {
			x.in(expression, &own, &actions)
		}
		if x.ofTable(k.RefTable.Namespace, k.RefTable.Name) {
			x.in(expression, &target)
		}
		k.Definition = own + " REFERENCES " + target + ")" + actions
	}
	if !inside {
		return
	}
	x.in(expression, &k.IndexDefinition)
	for j := range k.Columns {
		if x.Kind == catalog.KindColumn && k.Columns[j] == x.From {
			k.Columns[j] = x.To
		}
	}
}
