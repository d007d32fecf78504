package retort

import (
	"reflect"
	"slices"

	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// Model is what a [Base] knows of one table: facts for tools such as test kits.
//
//   - Shape: Columns has one element for each of Table.Columns, in that order.
type Model struct {
	Type     reflect.Type
	Table    schema.Table
	Columns  []ModelColumn
	ReadOnly bool
}

// ModelColumn is what a model says of a column beyond the facts of the database.
//
//   - Shape: Field is the Go field's path from the outermost struct, as in
//     "Timestamps.CreatedAt". Made says that a zero field is filled without the
//     program: by the database, by a key maker, by the engine's clock. Values are
//     those of an enum, nil for other types.
type ModelColumn struct {
	Field  string
	Made   bool
	Values []string
}

// Models lists what b knows of its tables, in the order of [NewBase]. The result
// is the caller's own.
//
//   - Errors: every problem of the models, as [Open] reports them.
func (b *Base) Models() ([]Model, error) {
	compiled, err := compileBase(b)
	if err != nil {
		return nil, numbered("Models", err)
	}
	values := make(map[string][]string)
	for i := range compiled.schema.Enums {
		values[compiled.schema.Enums[i].FullName()] = slices.Clone(compiled.schema.Enums[i].Values)
	}
	out := make([]Model, len(compiled.tables))
	for i, t := range compiled.tables {
		out[i] = Model{Type: t.Type, Table: *t.Schema, ReadOnly: t.ReadOnly, Columns: make([]ModelColumn, len(t.Columns))}
		for c, role := range t.Columns {
			column := t.Plan.Column(c)
			out[i].Columns[c] = ModelColumn{
				Field: column.Field.Path,
				Made:  role.ServerMade || role.KeyMaker != nil || role.Stamp != model.NoStamp,
			}
			if column.Enum {
				out[i].Columns[c].Values = values[column.PGType]
			}
		}
	}
	return out, nil
}
