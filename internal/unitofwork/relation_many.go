package unitofwork

import (
	"fmt"
	"maps"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Many is the inside of a relation field that holds any number of rows.
//
//   - Shape: the zero Many was neither loaded nor touched.
//   - Concurrency: as the object that holds it.
type Many struct {
	owner *state // the object that has the field, as its session knows it
	list  *list
}

// list is what is known of the rows.
type list struct {
	rows   []mapper.Object
	loaded bool // rows is what was asked for
	whole  bool // and there are no others

	// links are the new rows in between, by the object at the other end, as long as
	// they may not be in the identity map.
	links map[mapper.Object]*state

	// places finds rows of a long list.
	places map[mapper.Object]bool
}

// long is from how many rows on a list is searched by a map.
const long = 32

func (l *list) has(o mapper.Object) bool {
	if len(l.rows) < long {
		return slices.Contains(l.rows, o)
	}
	if l.places == nil {
		l.places = make(map[mapper.Object]bool, 2*len(l.rows))
		for _, r := range l.rows {
			l.places[r] = true
		}
	}
	return l.places[o]
}

// add appends o unless it is there.
func (l *list) add(o mapper.Object) {
	if l.has(o) {
		return
	}
	l.rows = append(l.rows, o)
	if l.places != nil {
		l.places[o] = true
	}
}

// drop takes o out. Slices that were handed out stay as they are.
func (l *list) drop(o mapper.Object) {
	if i := slices.Index(l.rows, o); i >= 0 {
		l.rows = slices.Delete(slices.Clone(l.rows), i, i+1)
		delete(l.places, o)
	}
}

// unwritten are the links that are to be inserted.
func (l *list) unwritten() map[mapper.Object]*state {
	maps.DeleteFunc(l.links, func(_ mapper.Object, s *state) bool { return s.status != Pending })
	return l.links
}

// Fill gives the relation what a query read; whole says that there are no other
// rows.
func (m *Many) Fill(rows []mapper.Object, whole bool) {
	m.list = &list{rows: slices.Clip(rows), loaded: true, whole: whole}
}

// Hold gives the relation what the program put into it; no session has the
// object yet.
func (m *Many) Hold(rows []mapper.Object) {
	m.list = &list{loaded: true, whole: true}
	for _, o := range rows {
		m.list.add(o)
	}
}

// Lists makes n relations at once; see [Many.FillFrom].
type Lists struct{ free []list }

// NewLists has room for n.
func NewLists(n int) *Lists { return &Lists{make([]list, n)} }

// FillFrom is Fill with a list out of x.
func (m *Many) FillFrom(x *Lists, rows []mapper.Object, whole bool) {
	l := &x.free[0]
	x.free = x.free[1:]
	l.rows, l.loaded, l.whole = slices.Clip(rows), true, whole
	if m.list != nil {
		l.links = m.list.unwritten()
	}
	m.list = l
}

// Rows is what the relation holds; loaded is false when nobody asked for it.
//
//   - Shape: callers must not change the slice.
func (m *Many) Rows() (rows []mapper.Object, loaded bool) {
	if m.list == nil || !m.list.loaded {
		return nil, false
	}
	return slices.Clip(m.list.rows), true
}

// Name is the relation for people, empty when no session has its object.
func (m *Many) Name() string {
	if rel := m.relation(); rel != nil {
		return rel.FullName()
	}
	return ""
}

// StandIn marks the field of a stand-in, which is no row.
func (m *Many) StandIn() { m.owner = &state{standIn: true} }

// adopt is for the state whose object has the field. A copy of another object
// begins without what that one knew.
func (m *Many) adopt(s *state) {
	if m.owner != nil && m.owner.object != s.object {
		m.list = nil
	}
	m.owner = s
}

// take ties what the program put into the relation of a new object.
func (m *Many) take(rel *model.Relation) error {
	if m.list == nil {
		return nil
	}
	l := m.list
	l.loaded, l.whole, l.links = true, true, l.unwritten()
	if err := noneNil("Add", l.rows); err != nil {
		return err
	}
	for _, o := range l.rows {
		if err := m.owner.unit.tie(m.owner, rel, o); err != nil {
			return err
		}
	}
	return nil
}

// relation is the one that the field stands for; nil when no session has the
// object, or the field belongs to a copy of it.
func (m *Many) relation() *model.Relation {
	if m.owner == nil || m.owner.standIn {
		return nil
	}
	for _, rel := range m.owner.table.Relations {
		if !rel.ToOne() && mapper.FieldAt[Many](m.owner.object, m.owner.table.Fields[rel.Field]) == m {
			return rel
		}
	}
	return nil
}

// live is the relation of an object that a session has; nil for a new object.
//
//   - Errors: the object cannot be changed.
func (m *Many) live(call string) (*model.Relation, error) {
	return m.owner.live(call, m.relation())
}

// live tells whether relations of the object can be changed.
func (s *state) live(call string, rel *model.Relation) (*model.Relation, error) {
	switch {
	case s == nil:
		return nil, nil
	case s.standIn:
		return nil, fmt.Errorf("retort: %s: this is the field of a table's C, which names a column and is no row; call it on an object of your own", call)
	case rel == nil:
		return nil, fmt.Errorf("retort: %s: this %s is a copy of another one; use the pointer that the session has", call, s.table.Type)
	case s.status == Transient:
		return nil, nil
	case s.status == Deleted:
		return nil, fmt.Errorf("retort: %s of %s: the %s was deleted in this transaction", call, rel.FullName(), rel.Owner.Type.Name())
	case s.status == Detached || s.unit == nil:
		return nil, fmt.Errorf("retort: %s of %s: the %s is detached: its session is over or let it go, so nobody would write the change; "+
			"load it again in this session; see docs/errors.md#relation-detached", call, rel.FullName(), rel.Owner.Type.Name())
	case rel.Through:
		return nil, fmt.Errorf("retort: %s of %s: the rows in between have columns of their own; "+
			"change the relation to %s instead", call, rel.FullName(), rel.Link.Type)
	}
	return rel, nil
}

// Append puts objects at the end; new ones are added to the session with it.
//
//   - Errors: nothing is changed by an object that is refused; those before it are
//     in.
func (m *Many) Append(objects []mapper.Object) error {
	rel, err := m.live("Append")
	if err != nil {
		return err
	}
	if err := noneNil("Append", objects); err != nil {
		return err
	}
	if m.list == nil {
		fresh := rel == nil || m.owner.status == Pending
		m.list = &list{loaded: fresh, whole: fresh}
	}
	for _, o := range objects {
		if m.list.has(o) {
			continue
		}
		if rel != nil {
			if err := m.owner.unit.tie(m.owner, rel, o); err != nil {
				return err
			}
		}
		m.list.add(o)
	}
	return nil
}

// Remove takes objects out.
//
//   - Errors: [ErrNotLoaded]; an object that is not in the relation.
func (m *Many) Remove(objects []mapper.Object) error {
	rel, err := m.live("Remove")
	if err != nil {
		return err
	}
	if err := noneNil("Remove", objects); err != nil {
		return err
	}
	for _, o := range objects {
		if err := m.remove(rel, o); err != nil {
			return err
		}
	}
	return nil
}

func (m *Many) remove(rel *model.Relation, o mapper.Object) error {
	in := m.list != nil && m.list.has(o)
	var c *state
	if rel != nil {
		c, _ = m.owner.unit.known(o)
	}
	switch {
	case in:
	case rel == nil || m.list != nil && m.list.whole:
		return fmt.Errorf("retort: Remove: object is not in the relation%s", nameOf(rel))
	case rel.Link != nil || c == nil:
		return ErrNotLoaded
	case !c.refersTo(rel.Columns, m.owner, rel.Near):
		return fmt.Errorf("retort: Remove: object is not in the relation%s", nameOf(rel))
	}
	if c != nil {
		if err := m.owner.unit.untie(m.owner, rel, c); err != nil {
			return err
		}
	}
	if m.list != nil {
		m.list.drop(o)
	}
	return nil
}

func nameOf(rel *model.Relation) string {
	if rel == nil {
		return ""
	}
	return " " + rel.FullName()
}

// Replace makes the relation hold objects and no others.
//
//   - Errors: [ErrNotLoaded] when it is not known what else it holds.
func (m *Many) Replace(objects []mapper.Object) error {
	rel, err := m.live("Replace")
	if err != nil {
		return err
	}
	if rel != nil && m.owner.status != Pending && (m.list == nil || !m.list.whole) {
		return ErrNotLoaded
	}
	if err := noneNil("Replace", objects); err != nil {
		return err
	}
	keep := make(map[mapper.Object]bool, len(objects))
	for _, o := range objects {
		keep[o] = true
	}
	if m.list != nil {
		for _, o := range slices.Clone(m.list.rows) {
			if keep[o] {
				continue
			}
			if err := m.remove(rel, o); err != nil {
				return err
			}
		}
	}
	if err := m.Append(objects); err != nil {
		return err
	}
	l := m.list
	l.rows, l.places = nil, nil
	for _, o := range objects {
		l.add(o)
	}
	return nil
}

func noneNil(call string, objects []mapper.Object) error {
	if i := slices.IndexFunc(objects, mapper.Object.IsNil); i >= 0 {
		return fmt.Errorf("retort: %s: object %d of %d is nil", call, i+1, len(objects))
	}
	return nil
}
