package retort

import (
	"fmt"
	"reflect"

	"github.com/retort-go/retort/schema"
)

// find resolves field pointers of a model to columns.
func (c *compiler) find(p *part, call string, fields []any) (columns []int, names []string, ok bool) {
	if len(fields) == 0 {
		c.fail(p.decl, "%s: no field given", call)
		return nil, nil, false
	}
	for _, f := range fields {
		col, name, ok := c.findIn(p, p, call, f)
		if !ok {
			return nil, nil, false
		}
		columns, names = append(columns, col), append(names, name)
	}
	return columns, names, true
}

// findIn resolves a field pointer into table; problems are those of p.
func (c *compiler) findIn(p, table *part, call string, field any) (col int, name string, ok bool) {
	i, ok := table.decl.standIn.Find(field)
	if !ok {
		c.fail(p.decl, "%s: %s", call, c.stranger(field))
		return 0, "", false
	}
	if col = table.model.FieldColumn[i]; col < 0 {
		c.fail(p.decl, "%s: field %s of %s is a relation, not a column", call, table.decl.fields[i].Path, table.decl.goType)
		return 0, "", false
	}
	return col, table.model.Columns[col].Name, true
}

// compiled is the part of a declaration, nil when it is broken.
func (c *compiler) compiled(decl *declaration) *part {
	for _, p := range c.parts {
		if p.decl == decl {
			return p
		}
	}
	return nil
}

// foreignKeys resolves what a table refers to, when all tables are known.
func (c *compiler) foreignKeys(p *part) {
	for _, f := range p.def.references {
		_, names, ok := c.find(p, "References", f.fields)
		if !ok {
			continue
		}
		ref, refNames, ok := c.target(p, f.targets)
		if !ok || len(ref.model.Key) == 0 {
			continue
		}
		p.schema.ForeignKeys = append(p.schema.ForeignKeys, schema.ForeignKey{
			Name:    pick(f.name, c.naming.ForeignKeyName(p.schema.Name, names, ref.schema.Name)),
			Columns: names, RefNamespace: ref.schema.Namespace, RefTable: ref.schema.Name, RefColumns: refNames,
			OnDelete: f.onDelete, OnUpdate: f.onUpdate, Deferrable: f.deferrable,
		})
	}
}

// target resolves what a foreign key refers to.
//
//   - Errors: ok is false without a report when the target is a broken model.
func (c *compiler) target(p *part, targets []any) (ref *part, names []string, ok bool) {
	for _, target := range targets {
		decl := c.owner(target)
		switch {
		case decl == nil:
			c.fail(p.decl, "References: the target is not a field of any table in this Base; write &Table.C.Field of a table that NewBase lists")
			return nil, nil, false
		case c.compiled(decl) == nil:
			return nil, nil, false
		case ref != nil && ref.decl != decl:
			c.fail(p.decl, "References: the targets are fields of %s and of %s; a foreign key refers to one table", ref.decl.goType, decl.goType)
			return nil, nil, false
		}
		ref = c.compiled(decl)
		_, column, found := c.findIn(p, ref, "References", target)
		if !found {
			return nil, nil, false
		}
		names = append(names, column)
	}
	if ref == nil {
		c.fail(p.decl, "References: no target given; write &Table.C.Field")
	}
	return ref, names, ref != nil
}

// owner finds the table whose stand-in field points into, broken ones included.
func (c *compiler) owner(field any) *declaration {
	for _, decl := range c.base.tables {
		if decl.standIn == nil {
			continue
		}
		if _, ok := decl.standIn.Find(field); ok {
			return decl
		}
	}
	return nil
}

// stranger says of a pointer that is no field of the model what it is instead.
func (c *compiler) stranger(field any) string {
	if v := reflect.ValueOf(field); !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "got nil; pass a pointer to a field of d.C, as in &d.C.Field"
	}
	if decl := c.owner(field); decl != nil {
		return fmt.Sprintf("got a field of %s (table %q); pass a pointer to a field of d.C, as in &d.C.Field", decl.goType, decl.name)
	}
	return fmt.Sprintf("got a %T that is no field of d.C; pass its address, as in &d.C.Field", field)
}
