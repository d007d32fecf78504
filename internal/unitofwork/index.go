package unitofwork

import (
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// few is how many states are looked through one by one. Most sessions have no
// more, and an index would be a tenth of what a read by key allocates.
const few = 8

// identity is the key of the identity map.
type identity struct {
	table *model.Table
	key   mapper.Key
}

// index finds the states of a long list: by their rows, and by their objects from
// the first time that somebody asks for one. The nil index is none.
//
//   - Shape: states that the unit let go are passed over; they leave when the
//     index is made anew.
type index struct {
	rows, objects places
	seed          mapper.Seed // keys come from clients, who must not know where they lie
}

// newIndex makes an index of states with room for that many.
func newIndex(states []*state, room int) *index {
	x := &index{seed: mapper.MakeSeed()}
	x.rows = newPlaces(room)
	for _, s := range states {
		x.addRow(s)
	}
	return x
}

// there tells whether the index has been made.
func (x *index) there() bool { return x != nil }

func (x *index) rowHash(id identity) uint64 { return id.key.Hash(x.seed) + uint64(id.table.Rank) }

// addRow enters the row of s, once it has one.
func (x *index) addRow(s *state) {
	if s.hasRow() {
		x.rows.add(s, x.rowHash(identity{s.table, s.key}), func(s *state) uint64 { return x.rowHash(identity{s.table, s.key}) })
	}
}

// addObject enters the object of s, where objects are asked for.
func (x *index) addObject(s *state) {
	if x.objects.slots != nil {
		x.objects.add(s, s.object.Hash(x.seed), func(s *state) uint64 { return s.object.Hash(x.seed) })
	}
}

// row finds the state of a row: of several the newest that still has it, else the
// newest.
func (x *index) row(id identity) (found *state) {
	for i := x.rows.first(x.rowHash(id)); x.rows.slots[i] != nil; i = x.rows.after(i) {
		s := x.rows.slots[i]
		if s.key == id.key && s.table == id.table && s.hasRow() && (found == nil || s.status == Persistent || found.status != Persistent) {
			found = s
		}
	}
	return found
}

// object finds the state of an object; states are all that the unit has.
func (x *index) object(o mapper.Object, states []*state) *state {
	if x.objects.slots == nil {
		x.objects = newPlaces(len(states))
		for _, s := range states {
			if s.in() {
				x.addObject(s)
			}
		}
	}
	for i := x.objects.first(o.Hash(x.seed)); x.objects.slots[i] != nil; i = x.objects.after(i) {
		if s := x.objects.slots[i]; s.object == o && s.in() {
			return s
		}
	}
	return nil
}

// places is a hash table of states with open addressing: those of one hash lie in
// the order in which they came, up to the next free slot.
type places struct {
	slots []*state // a power of two, never full
	used  int
}

func newPlaces(room int) places {
	n := 4 * few
	for 3*n < 4*room {
		n *= 2
	}
	return places{slots: make([]*state, n)}
}

func (p *places) first(hash uint64) int { return int(hash & uint64(len(p.slots)-1)) }
func (p *places) after(i int) int       { return (i + 1) & (len(p.slots) - 1) }

// add enters s; hashOf is for those that are there, when it grows.
func (p *places) add(s *state, hash uint64, hashOf func(*state) uint64) {
	if 4*(p.used+1) > 3*len(p.slots) {
		p.grow(hashOf)
	}
	p.put(s, hash)
}

func (p *places) put(s *state, hash uint64) {
	i := p.first(hash)
	for p.slots[i] != nil {
		i = p.after(i)
	}
	p.slots[i] = s
	p.used++
}

// grow doubles the table. A run of taken slots that goes over the end begins
// before its own start, so the walk begins behind a free one.
func (p *places) grow(hashOf func(*state) uint64) {
	old := *p
	*p = places{slots: make([]*state, 2*len(old.slots))}
	start := 0
	for old.slots[start] != nil {
		start++
	}
	for k := range old.slots {
		if s := old.slots[(start+k)&(len(old.slots)-1)]; s != nil {
			p.put(s, hashOf(s))
		}
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
