package autogenerate

import (
	"slices"

	"github.com/retort-go/retort/migrate/catalog"
)

// clone copies what renamed changes.
func clone(c *catalog.Catalog) *catalog.Catalog {
	out := *c
	out.Types, out.Sequences, out.Functions = slices.Clone(c.Types), slices.Clone(c.Sequences), slices.Clone(c.Functions)
	out.Order, out.Uses = slices.Clone(c.Order), slices.Clone(c.Uses)
	out.Views = slices.Clone(c.Views)
	out.Tables = slices.Clone(c.Tables)
	for i := range out.Tables {
		t := &out.Tables[i]
		t.Inherits = slices.Clone(t.Inherits)
		t.Columns = slices.Clone(t.Columns)
		t.Triggers, t.Policies = slices.Clone(t.Triggers), slices.Clone(t.Policies)
		t.Constraints = slices.Clone(t.Constraints)
		for j := range t.Constraints {
			t.Constraints[j].Columns = slices.Clone(t.Constraints[j].Columns)
		}
		t.Indexes = slices.Clone(t.Indexes)
		for j := range t.Indexes {
			t.Indexes[j].Keys = slices.Clone(t.Indexes[j].Keys)
		}
	}
	return &out
}
