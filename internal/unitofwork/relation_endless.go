package unitofwork

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Endless refuses rows that would be written within themselves: an object whose
// loaded relations lead back to it, whatever the way.
//
//   - Shape: as far as the sessions of the objects tell; relations that are not
//     shown are not followed.
func (m *Many) Endless() error {
	if m.list == nil || m.owner == nil || m.owner.standIn {
		return nil
	}
	for _, rel := range m.owner.table.Relations {
		if !rel.ToOne() && mapper.FieldAt[Many](m.owner.object, m.owner.table.Fields[rel.Field]).list == m.list {
			return endless(m.owner.object, rel, m.list.rows)
		}
	}
	return nil
}

// Endless is that of [Many].
func (r *One) Endless() error {
	rel := r.declared()
	if o, _ := r.Shown(); rel != nil && !o.IsNil() {
		return endless(r.owner.object, rel, []mapper.Object{o})
	}
	return nil
}

func endless(owner mapper.Object, rel *model.Relation, rows []mapper.Object) error {
	if len(rel.Child.Relations) == 0 {
		return nil
	}
	w := walk{path: []mapper.Object{owner}, done: make(map[mapper.Object]bool)}
	return w.rows(rel, rows)
}

// walk goes through what is shown of objects.
type walk struct {
	path []mapper.Object
	done map[mapper.Object]bool // and all behind them
}

func (w *walk) rows(rel *model.Relation, rows []mapper.Object) error {
	for _, o := range rows {
		if slices.Contains(w.path, o) {
			return fmt.Errorf("%s leads back to the %s that is being written, so JSON would never end; tag one of the relations `json:\"-\"`, or load only one of them",
				rel.FullName(), rel.Child.Type.Name())
		}
		if w.done[o] {
			continue
		}
		w.path = append(w.path, o)
		for _, next := range rel.Child.Relations {
			if err := w.rows(next, shown(o, next)); err != nil {
				return err
			}
		}
		w.path = w.path[:len(w.path)-1]
		w.done[o] = true
	}
	return nil
}

// shown is what JSON holds of a relation of o.
func shown(o mapper.Object, rel *model.Relation) []mapper.Object {
	f := rel.Owner.Fields[rel.Field]
	switch {
	case rel.Hidden:
		return nil
	case rel.ToOne():
		if row, _ := mapper.FieldAt[One](o, f).Shown(); !row.IsNil() {
			return []mapper.Object{row}
		}
		return nil
	default:
		rows, _ := mapper.FieldAt[Many](o, f).Rows()
		return rows
	}
}
