package unitofwork

import (
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// few is how many states are looked through one by one. Most sessions have no
// more, and two maps would be a tenth of what a read by key allocates.
const few = 8

// identity is the key of the identity map.
type identity struct {
	table *model.Table
	key   mapper.Key
}

// index finds the states of a long list.
type index struct {
	objects map[mapper.Object]*state
	rows    map[identity]*state
}

// newIndex makes an index of states with room for that many.
func newIndex(states []*state, room int) index {
	x := index{make(map[mapper.Object]*state, room), make(map[identity]*state, room)}
	for _, s := range states {
		if s.in() {
			x.add(s)
		}
	}
	return x
}

// add enters s, or its row once it has one. The newest object of a row wins,
// unless it is gone and the other is not.
func (x index) add(s *state) {
	x.objects[s.object] = s
	if !s.hasRow() {
		return
	}
	id := identity{s.table, s.key}
	if other, ok := x.rows[id]; !ok || other.status != Persistent || s.status == Persistent {
		x.rows[id] = s
	}
}

// remove forgets s; nil maps have nothing to forget.
func (x index) remove(s *state) {
	delete(x.objects, s.object)
	if id := (identity{s.table, s.key}); x.rows[id] == s {
		delete(x.rows, id)
	}
}

func findObject(states []*state, o mapper.Object) (*state, bool) {
	for _, s := range states {
		if s.object == o && s.in() {
			return s, true
		}
	}
	return nil, false
}

// in tells whether the unit still has the object.
func (s *state) in() bool { return s.status != Transient && s.status != Detached }

// hasRow tells whether the identity map has, or had in this transaction, a row
// for the object.
func (s *state) hasRow() bool { return s.status == Persistent || s.status == Deleted }
