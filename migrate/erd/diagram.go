package erd

import (
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// entity is one table.
type entity struct {
	table *catalog.Table
	name  string // behind its schema, where that is not the current one
	rows  []row
}

// row is one column.
type row struct {
	name, typ, comment     string
	primary, foreign, null bool
}

// edge is one foreign key, from the table that refers to the one referred to.
type edge struct {
	child, parent int // entities
	label         string
	column        int  // the first of the child's columns
	target        int  // the first of the parent's
	once          bool // a row of parent has one row of child at most
	optional      bool // a row of child may have no row of parent
}

// diagram is what both forms draw, in the order of the catalog.
func diagram(c *catalog.Catalog) ([]entity, []edge) {
	var entities []entity
	at := map[catalog.Ref]int{}
	for i := range c.Tables {
		t := &c.Tables[i]
		if t.Partition() {
			continue
		}
		e := entity{table: t, name: t.Name}
		if t.Namespace != c.Namespace {
			e.name = t.Namespace + "." + t.Name
		}
		for j := range t.Columns {
			col := &t.Columns[j]
			e.rows = append(e.rows, row{
				name: col.Name, typ: col.Type, comment: col.Comment, null: !col.NotNull,
				primary: within(t, catalog.PrimaryKey, col.Name), foreign: within(t, catalog.ForeignKey, col.Name),
			})
		}
		at[t.Ref()] = len(entities)
		entities = append(entities, e)
	}
	var edges []edge
	for i := range entities {
		t := entities[i].table
		for j := range t.Constraints {
			k := &t.Constraints[j]
			parent, drawn := at[k.RefTable]
			if k.Kind != catalog.ForeignKey || !drawn || len(k.Columns) == 0 {
				continue
			}
			e := edge{child: i, parent: parent, once: unique(t, k.Columns), column: place(t, k.Columns[0])}
			for _, name := range k.Columns {
				if e.label != "" {
					e.label += ", "
				}
				e.label += name
				if col, ok := t.Column(name); ok && !col.NotNull {
					e.optional = true
				}
			}
			if key, ok := entities[parent].table.Constraint(k.RefConstraint); ok && len(key.Columns) > 0 {
				e.target = place(entities[parent].table, key.Columns[0])
			}
			edges = append(edges, e)
		}
	}
	return entities, edges
}

func within(t *catalog.Table, kind catalog.ConstraintKind, column string) bool {
	return slices.ContainsFunc(t.Constraints, func(k catalog.Constraint) bool { return k.Kind == kind && slices.Contains(k.Columns, column) })
}

func place(t *catalog.Table, column string) int {
	return max(0, slices.IndexFunc(t.Columns, func(c catalog.Column) bool { return c.Name == column }))
}

// unique reports whether columns hold a key of the table.
func unique(t *catalog.Table, columns []string) bool {
	covers := func(key []string) bool {
		return len(key) > 0 && !slices.ContainsFunc(key, func(name string) bool { return !slices.Contains(columns, name) })
	}
	return slices.ContainsFunc(t.Constraints, func(k catalog.Constraint) bool {
		return (k.Kind == catalog.PrimaryKey || k.Kind == catalog.Unique) && covers(k.Columns)
	}) || slices.ContainsFunc(t.Indexes, func(ix catalog.Index) bool { return ix.Unique && ix.Predicate == "" && ix.Valid && covers(ix.Keys) })
}
