package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// followWritten is follow for the references among columns, which were written.
func (u *Unit) followWritten(s *state, columns []int) {
	for _, rel := range s.table.Relations {
		if rel.Refers() && slices.ContainsFunc(rel.Near, func(col int) bool { return slices.Contains(columns, col) }) {
			u.follow(s, rel)
		}
	}
}

// followed is follow for the references that take changes. A field that holds no
// row stays so where they are the same: a filter hides the row.
func (u *Unit) followed(s *state, take func()) {
	type reference struct {
		key  mapper.Key
		none bool // NULL has the key of 0
	}
	refers := func(rel *model.Relation) reference {
		return reference{s.table.Plan.RowKey(s.object, rel.Near), s.lacks(rel.Near)}
	}
	var before []reference
	for _, rel := range s.table.Relations {
		if rel.Refers() {
			before = append(before, refers(rel))
		}
	}
	take()
	for _, rel := range s.table.Relations {
		if !rel.Refers() {
			continue
		}
		if !u.one(s, rel).target.IsNil() || refers(rel) != before[0] {
			u.follow(s, rel)
		}
		before = before[1:]
	}
}

// follow has the field of a belongs-to hold the row that its columns refer to now,
// or nothing where the unit does not have that row: [One.Get] looks at the columns
// only as long as the unit has the object, and JSON never does.
func (u *Unit) follow(s *state, rel *model.Relation) {
	r := u.one(s, rel)
	if !r.known || s.awaited(rel.Near) != nil {
		return
	}
	if s.lacks(rel.Near) {
		r.target = mapper.Object{}
		return
	}
	key := s.table.Plan.RowKey(s.object, rel.Near)
	if !r.target.IsNil() && rel.Child.KeyOf(r.target) == key {
		return
	}
	if found, ok := u.row(identity{rel.Child, key}); ok && found.status == Persistent {
		r.target = found.object
		return
	}
	r.hold(mapper.Object{}, false)
}

// lacks tells whether one of columns is NULL, so that they refer to nothing.
func (s *state) lacks(columns []int) bool {
	return slices.ContainsFunc(columns, func(col int) bool { return s.table.Plan.IsNull(s.object, col) })
}
