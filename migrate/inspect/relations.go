package inspect

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/schema"
)

// relation is a relation as Go writes it.
type relation struct {
	kind   string // BelongsTo, HasMany or HasOne
	field  string
	target *table
	column *field // the reference, of t for BelongsTo and of target else
}

// relations finds them by the foreign keys of one column that refer to a primary
// key: the row that is referred to, and the rows that refer.
func (d *declared) relations() {
	for _, t := range d.tables {
		for i := range t.schema.ForeignKeys {
			fk := &t.schema.ForeignKeys[i]
			to := d.tableNamed(fk.RefNamespace, fk.RefTable)
			if to == nil || len(fk.Columns) != 1 || to.schema.PrimaryKey == nil || !slices.Equal(to.schema.PrimaryKey.Columns, fk.RefColumns) {
				continue
			}
			column, ok := t.field(fk.Columns[0])
			key, both := to.field(fk.RefColumns[0])
			if !ok || !both || column.goType.text != key.goType.text || column.column.Generated != "" {
				continue
			}
			name := strings.TrimSuffix(column.name, "ID")
			switch name {
			case "":
				name = to.goName
			case column.name:
				name += to.goName
			}
			t.relations = append(t.relations, relation{"BelongsTo", t.taken.take(name), to, column})
			kind, back := "HasMany", t.variable
			if t.once(fk.Columns[0]) {
				kind, back = "HasOne", t.goName
			}
			if to.taken[back] {
				back += "By" + column.name
			}
			to.relations = append(to.relations, relation{kind, to.taken.take(back), t, column})
		}
	}
}

func (d *declared) tableNamed(namespace, name string) *table {
	for _, t := range d.tables {
		if t.schema.Namespace == namespace && t.schema.Name == name {
			return t
		}
	}
	return nil
}

// once reports whether no two rows have the same value in a column.
func (t *table) once(column string) bool {
	if key := t.schema.PrimaryKey; key != nil && slices.Equal(key.Columns, []string{column}) {
		return true
	}
	return slices.ContainsFunc(t.schema.Uniques, func(u schema.Unique) bool { return slices.Equal(u.Columns, []string{column}) })
}

// conventions are those that databases come with: this project's own, the server's
// and those of other tools.
func conventions() []schema.Naming {
	return []schema.Naming{
		schema.DefaultNaming(), schema.PostgreSQLNaming(), schema.SQLAlchemyConventionNaming(), schema.SQLAlchemyNaming(), schema.GORMNaming(), schema.RailsNaming(),
	}
}

// convention is the one that most names follow. Checks are called by their whole
// name.
func (d *declared) convention() schema.Naming {
	best, most := schema.Naming{}, -1
	for _, n := range conventions() {
		hits := 0
		for _, t := range d.tables {
			hits += t.follows(n)
		}
		if hits > most {
			best, most = n, hits
		}
	}
	best.Check = "{name}"
	return best
}

func (t *table) follows(n schema.Naming) int {
	hits := 0
	count := func(is bool) {
		if is {
			hits++
		}
	}
	if key := t.schema.PrimaryKey; key != nil {
		count(key.Name == n.PrimaryKeyName(t.schema.Name))
	}
	for i := range t.schema.Uniques {
		count(t.schema.Uniques[i].Name == n.UniqueName(t.schema.Name, t.schema.Uniques[i].Columns))
	}
	for i := range t.schema.Indexes {
		ix := &t.schema.Indexes[i]
		columns := make([]string, len(ix.Parts))
		for j := range ix.Parts {
			columns[j] = ix.Parts[j].Column
		}
		if ix.Unique {
			count(ix.Name == n.UniqueName(t.schema.Name, columns))
		} else {
			count(ix.Name == n.IndexName(t.schema.Name, columns))
		}
	}
	for i := range t.schema.ForeignKeys {
		count(t.schema.ForeignKeys[i].Name == n.ForeignKeyName(t.schema.Name, t.schema.ForeignKeys[i].Columns, t.schema.ForeignKeys[i].RefTable))
	}
	return hits
}
