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

// Tell appends to list what the work does, in its order, one for each object.
func (w *Work) Tell(list []Told) []Told {
	if w == nil {
		return list
	}
	return tell(list, w.changes)
}

// Upcoming is what the next flush writes, in its order.
//
//   - Errors: every object that cannot be written, joined.
func (u *Unit) Upcoming() ([]Told, error) {
	if err := u.leftBehind(); err != nil {
		return nil, err
	}
	if err := u.settle(); err != nil {
		return nil, err
	}
	changes, err := u.changes()
	changes, _ = u.sorted(changes)
	return tell(nil, changes), err
}

func tell(list []Told, changes []*Change) []Told {
	for _, c := range changes {
		if c.Kind != Link {
			list = append(list, Told{Kind: c.Kind, Table: c.Table, Object: c.Table.Plan.Any(c.state.object), Columns: c.written()})
		}
	}
	return list
}
