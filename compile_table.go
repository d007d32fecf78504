package retort

import (
	"fmt"
	"reflect"

	"github.com/retort-go/retort/internal/model"
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

// relations resolves the has-many relations, when all tables are known.
func (c *compiler) relations(p *part) {
	declared := make(map[int]bool)
	for _, r := range p.def.relations {
		i, ok := p.decl.standIn.Find(r.field)
		if !ok {
			c.fail(p.decl, "HasMany: %s", c.stranger(r.field))
			continue
		}
		if declared[i] {
			c.fail(p.decl, "HasMany %s: declared twice; declare it once", p.decl.fields[i].Path)
			continue
		}
		declared[i] = true
		c.relation(p, r, i)
	}
	for i, f := range p.decl.fields {
		if isRelation(f.Type) && !declared[i] {
			c.fail(p.decl, "field %s: no HasMany says which rows it holds; call retort.HasMany(d, &d.C.%s, …) in Define", f.Path, f.Name)
		}
	}
}

func (c *compiler) relation(p *part, r *relationDef, field int) {
	name := p.decl.fields[field].Path
	problem := func(format string, args ...any) {
		c.fail(p.decl, "HasMany %s: "+format, append([]any{name}, args...)...)
	}
	child, ok := c.out.byDeclaration[r.child]
	if !ok {
		if !c.broken[r.child] {
			problem("table %q is not listed in NewBase", r.child.name)
		}
		return
	}
	pointer, err := r.pointer()
	if err != nil {
		problem("%w", err)
		return
	}
	column, _, ok := child.Find(pointer)
	if !ok || column < 0 {
		problem("the function must return the address of a column of %s", child.Type)
		return
	}
	if len(p.model.Key) == 0 {
		return
	}
	if n := len(p.model.Key); n > 1 {
		problem("the key it refers to has %d columns (%s)", n, p.model.KeyNames())
		return
	}
	if key := p.model.Key[0]; child.Plan.GoType(column) != p.model.Plan.GoType(key) {
		problem("column %q of %s is %s, but the key it refers to is %s",
			child.Columns[column].Name, child.Type, child.Plan.GoType(column), p.model.Plan.GoType(key))
		return
	}
	p.model.Relations = append(p.model.Relations, model.Relation{Name: name, Field: field, Child: child, Columns: []int{column}})
}

// pointer asks the user's function for the column.
func (r *relationDef) pointer() (field any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the function that names the column panicked: %v", p)
		}
	}()
	return r.column(), nil
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
