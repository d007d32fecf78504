package unitofwork

import "github.com/retort-go/retort/internal/model"

// Told is one object that a flush writes, for those who watch.
//
//   - Shape: Object is a pointer to the model; Columns are those of an update.
type Told struct {
	Kind    Kind
	Table   *model.Table
	Object  any
	Columns []int
}

// Tell appends to list what changes do, in their order, one for each object.
func Tell(list []Told, changes []*Change) []Told {
	for _, c := range changes {
		list = append(list, Told{Kind: c.Kind, Table: c.Table, Object: c.Table.Plan.Any(c.state.object), Columns: c.columns})
	}
	return list
}
