package retort

import (
	"reflect"
	"slices"

	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// find resolves field pointers of a model to column names.
func (c *compiler) find(p *part, call string, fields []any) ([]int, []string, bool) {
	if len(fields) == 0 {
		c.fail(p.decl, "%s: no field given", call)
		return nil, nil, false
	}
	var columns []int
	var names []string
	for _, f := range fields {
		i, ok := p.decl.standIn.Find(f)
		if !ok {
			c.fail(p.decl, "%s: %T is not a pointer to a field of d.C", call, f)
			return nil, nil, false
		}
		col := p.model.FieldColumn[i]
		if col < 0 {
			c.fail(p.decl, "%s: field %s is a relation, not a column", call, p.decl.fields[i].Path)
			return nil, nil, false
		}
		columns = append(columns, col)
		names = append(names, p.model.Columns[col].Name)
	}
	return columns, names, true
}

// key settles the primary key and the version.
func (c *compiler) key(p *part) {
	if len(p.def.primaryKey) == 0 {
		c.fail(p.decl, "has no primary key; embed retort.UUIDKey or retort.BigintKey, or call d.PrimaryKey(&d.C.Field) in Define")
		return
	}
	if len(p.def.primaryKey) > 1 {
		c.fail(p.decl, "has a primary key of %d columns; keys of one column only so far, declare the others with d.Unique", len(p.def.primaryKey))
		return
	}
	columns, names, ok := c.find(p, "PrimaryKey", p.def.primaryKey)
	if !ok {
		return
	}
	key := columns[0]
	p.model.Key = key
	p.model.Columns[key].Fixed = true
	if !p.schema.Columns[key].NotNull {
		c.fail(p.decl, "primary key %q is a pointer; a key cannot be NULL", names[0])
	}
	if maker := p.model.Columns[key].KeyMaker; maker != nil && !isUUID(p.model.Plan.GoType(key)) {
		c.fail(p.decl, "primary key %q is made by the client but its type %s is not a UUID", names[0], p.model.Plan.GoType(key))
	}
	p.schema.PrimaryKey = &schema.PrimaryKey{Name: c.naming.PrimaryKeyName(p.schema.Name), Columns: names}
	if p.def.version == nil {
		return
	}
	if columns, names, ok = c.find(p, "Version", []any{p.def.version}); ok {
		if k := p.model.Plan.GoType(columns[0]).Kind(); k < reflect.Int || k > reflect.Int64 {
			c.fail(p.decl, "version %q must be an integer, not %s", names[0], p.model.Plan.GoType(columns[0]))
		}
		p.model.Version = columns[0]
		p.model.Columns[columns[0]].OnUpdate = sqltext.Ident(names[0]) + " + 1"
	}
}

func isUUID(t reflect.Type) bool {
	return t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8
}

func (c *compiler) constraints(p *part) {
	t := p.schema
	for _, u := range p.def.uniques {
		if _, names, ok := c.find(p, "Unique", u.fields); ok {
			name := pick(u.name, c.naming.UniqueName(t.Name, names))
			t.Uniques = append(t.Uniques, schema.Unique{Name: name, Columns: names, Where: u.where, Deferrable: u.deferrable})
		}
	}
	for _, x := range p.def.indexes {
		if _, names, ok := c.find(p, "Index", x.fields); ok {
			name := pick(x.name, c.naming.IndexName(t.Name, names))
			t.Indexes = append(t.Indexes, schema.Index{Name: name, Columns: names, Where: x.where})
		}
	}
	for _, k := range p.def.checks {
		t.Checks = append(t.Checks, schema.Check{Name: c.naming.CheckName(t.Name, k.Name), Expression: k.Expression})
	}
}

// foreignKeys resolves what a table refers to, when all tables are known.
func (c *compiler) foreignKeys(p *part) {
	for _, f := range p.def.references {
		_, names, ok := c.find(p, "References", f.fields)
		if !ok {
			continue
		}
		ref, refNames, ok := c.target(p, f.targets)
		if !ok {
			continue
		}
		p.schema.ForeignKeys = append(p.schema.ForeignKeys, schema.ForeignKey{
			Name:    pick(f.name, c.naming.ForeignKeyName(p.schema.Name, names, ref.schema.Name)),
			Columns: names, RefTable: ref.schema.Name, RefColumns: refNames,
			OnDelete: f.onDelete, OnUpdate: f.onUpdate, Deferrable: f.deferrable,
		})
	}
}

func (c *compiler) target(p *part, targets []any) (*part, []string, bool) {
	for _, ref := range c.parts {
		if len(targets) == 0 {
			break
		}
		if _, ok := ref.decl.standIn.Find(targets[0]); ok {
			_, names, ok := c.find(ref, "References", targets)
			return ref, names, ok
		}
	}
	c.fail(p.decl, "References: the target is not a field of any table in this Base; write &Table.C.Field of a table that NewBase lists")
	return nil, nil, false
}

func (c *compiler) relations(p *part) {
	for _, r := range p.def.relations {
		i, ok := p.decl.standIn.Find(r.field)
		if !ok {
			c.fail(p.decl, "HasMany: %T is not a pointer to a field of d.C", r.field)
			continue
		}
		name := p.decl.fields[i].Path
		child, ok := c.out.byDeclaration[r.child]
		if !ok {
			c.fail(p.decl, "HasMany %s: table %q is not listed in NewBase", name, r.child.name)
			continue
		}
		column, _, ok := child.Find(r.column())
		if !ok || column < 0 {
			c.fail(p.decl, "HasMany %s: the function must return the address of a column of %s", name, child.Type)
			continue
		}
		if child.Plan.GoType(column) != p.model.Plan.GoType(p.model.Key) {
			c.fail(p.decl, "HasMany %s: column %q of %s is %s, but the key it refers to is %s", name,
				child.Columns[column].Name, child.Type, child.Plan.GoType(column), p.model.Plan.GoType(p.model.Key))
			continue
		}
		p.model.Relations = append(p.model.Relations, model.Relation{Name: name, Field: i, Child: child, Column: column})
	}
}

// rank numbers the tables so that the ones referred to come first. In a cycle
// the table registered first does; its rows then need a deferrable key.
func rank(parts []*part) {
	byName := make(map[string]*part, len(parts))
	for _, p := range parts {
		byName[p.schema.Name] = p
	}
	var done []*part
	var visit func(p *part, path []*part)
	visit = func(p *part, path []*part) {
		if slices.Contains(done, p) || slices.Contains(path, p) {
			return
		}
		for _, f := range p.schema.ForeignKeys {
			visit(byName[f.RefTable], append(path, p))
		}
		p.model.Rank = len(done)
		done = append(done, p)
	}
	for _, p := range parts {
		visit(p, nil)
	}
}
