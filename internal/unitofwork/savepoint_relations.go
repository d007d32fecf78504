package unitofwork

import (
	"maps"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
)

// fields is what the relation fields of objects held at a [Point].
type fields struct {
	ones  []heldOne
	lists []heldList
}

type heldOne struct {
	field *One
	then  One
}

type heldList struct {
	field *Many
	list  *list // nil: nothing was known
	then  list
}

// keep remembers the relation fields of s.
func (f *fields) keep(u *Unit, s *state) {
	for _, rel := range s.table.Relations {
		if rel.ToOne() {
			field := u.one(s, rel)
			f.ones = append(f.ones, heldOne{field, *field})
			continue
		}
		held := heldList{field: u.many(s, rel)}
		if held.list = held.field.list; held.list != nil {
			held.then = *held.list
			// What is appended later goes behind the rows that are remembered, or elsewhere.
			held.then.rows = slices.Clip(held.then.rows)
			held.then.links, held.then.places = maps.Clone(held.then.links), nil
		}
		f.lists = append(f.lists, held)
	}
}

// putBack gives the fields what they held.
func (f *fields) putBack() {
	for i := range f.ones {
		*f.ones[i].field = f.ones[i].then
	}
	for i := range f.lists {
		h := &f.lists[i]
		if h.field.list = h.list; h.list != nil {
			*h.list = h.then
		}
	}
}

// unload forgets what the relation fields of s hold: what they were read with may
// be gone.
func (u *Unit) unload(s *state) {
	for _, rel := range s.table.Relations {
		if rel.ToOne() {
			u.one(s, rel).hold(mapper.Object{}, false)
		} else {
			u.many(s, rel).list = nil
		}
	}
}
