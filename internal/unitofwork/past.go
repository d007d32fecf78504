package unitofwork

import (
	"github.com/retort-go/retort/internal/mapper"
)

// past is what an emptied unit remembers: how its objects left.
type past struct {
	states []*state
	before map[mapper.Object]Status // what was let go before those
	index  *index                   // of states, once somebody asks
}

// status tells how an object left; Transient where nothing is known. Few ask, so
// a unit that is emptied builds nothing for them.
func (p *past) status(o mapper.Object) Status {
	if s := p.find(o); s != nil {
		return s.status
	}
	return p.before[o]
}

// find is the newest state of an object.
func (p *past) find(o mapper.Object) (found *state) {
	if len(p.states) <= few {
		for _, s := range p.states {
			if s.object == o {
				found = s
			}
		}
		return found
	}
	if !p.index.there() {
		p.index = &index{seed: mapper.MakeSeed(), objects: newPlaces(len(p.states))}
		for _, s := range p.states {
			p.index.addObject(s)
		}
	}
	places := &p.index.objects
	for i := places.first(o.Hash(p.index.seed)); places.slots[i] != nil; i = places.after(i) {
		if s := places.slots[i]; s.object == o {
			found = s
		}
	}
	return found
}
