package retort

import (
	"reflect"
	"slices"
	"time"
)

// softDelete settles the column that marks deleted rows.
func (c *compiler) softDelete(p *part) {
	if p.def.deletedAt == nil {
		return
	}
	columns, _, ok := c.find(p, "SoftDelete", []any{p.def.deletedAt})
	if !ok {
		return
	}
	column := columns[0]
	col := &p.model.Columns[column]
	switch {
	case p.decl.fields[slices.Index(p.model.FieldColumn, column)].Type != reflect.TypeFor[*time.Time]():
		c.fail(p.decl, "SoftDelete %q must be a *time.Time; NULL is a row that is not deleted", col.Name)
	case col.ServerMade || col.OnUpdate != "":
		c.fail(p.decl, "SoftDelete %q is made by the database otherwise; take the other maker out", col.Name)
	}
	col.DeletedAt = true
}
