package unitofwork

import (
	"fmt"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// One is the inside of a relation field that holds one row or none.
//
//   - Shape: the zero One was neither loaded nor set.
//   - Concurrency: as the object that holds it.
type One struct {
	owner  *state // the object that has the field, as its session knows it
	target mapper.Object
	known  bool  // target is the row, or there is none
	asked  bool  // by a query or by the program, not by the other end
	place  int16 // of the relation among those of owner
}

// Fill gives the relation what a query read: a row, or the zero Object for none.
func (r *One) Fill(o mapper.Object) { r.target, r.known, r.asked = o, true, true }

// hold gives the relation what is known of it now. What is not known any more
// nobody has asked for.
func (r *One) hold(o mapper.Object, known bool) {
	r.target, r.known, r.asked = o, known, known && r.asked
}

// Shown is what JSON holds: [One.Get], if somebody asked for it. A row that is known
// from the other end alone would be shown within itself.
//
//   - Shape: also for a copy of the field, which encoding/json makes.
func (r *One) Shown() (o mapper.Object, asked bool) {
	if !r.known || !r.asked {
		return mapper.Object{}, false
	}
	return r.get(r.declared())
}

// Back gives the relation the row that was read with its other end.
func (r *One) Back(o mapper.Object) {
	if !r.known {
		r.target, r.known = o, true
	}
}

// Get is the row, the zero Object for none; known is false when nobody asked for
// it and the session does not have it either. It does no I/O.
//
//   - Shape: a reference that was changed by its columns is followed in the
//     identity map, where the session still has it.
func (r *One) Get() (o mapper.Object, known bool) { return r.get(r.relation()) }

func (r *One) get(rel *model.Relation) (o mapper.Object, known bool) {
	s := r.owner
	if rel == nil || !rel.Refers() || s.unit == nil || !s.in() {
		return r.target, r.known
	}
	if on := s.awaited(rel.Near); on != nil {
		return on.object, true
	}
	if s.lacks(rel.Near) {
		return mapper.Object{}, true
	}
	key := s.table.Plan.RowKey(s.object, rel.Near)
	if r.known && !r.target.IsNil() && rel.Child.KeyOf(r.target) == key {
		return r.target, true
	}
	if found, ok := s.unit.row(identity{rel.Child, key}); ok && found.status == Persistent {
		return found.object, true
	}
	// A row that a filter left out stays unknown only if the reference is another one.
	return mapper.Object{}, r.known && r.target.IsNil() && s.status == Persistent && !s.moved(rel.Near)
}

// moved tells whether columns were changed since the object was read.
func (s *state) moved(columns []int) bool {
	changed, err := s.table.Plan.Changed(s.object, s.snapshot, nil)
	if err != nil {
		return true
	}
	for _, c := range changed {
		for _, col := range columns {
			if c == col {
				return true
			}
		}
	}
	return false
}

// Name is the relation for people, empty when no session has its object.
func (r *One) Name() string {
	if rel := r.relation(); rel != nil {
		return rel.FullName()
	}
	return ""
}

// StandIn marks the field of a stand-in, which is no row.
func (r *One) StandIn() { r.owner = &state{standIn: true} }

// adopt is for the state whose object has the field, as its relation at place. A
// copy of another object begins without what that one knew.
func (r *One) adopt(s *state, place int) {
	if r.owner != nil && r.owner.object != s.object {
		*r = One{}
	}
	r.owner, r.place = s, int16(place)
}

// take ties what the program set in the relation of a new object.
func (r *One) take(rel *model.Relation) error {
	if !r.known {
		return nil
	}
	o := r.target
	if o.IsNil() {
		return nil // its columns say so too
	}
	r.target, r.known = mapper.Object{}, false
	return r.set(rel, o)
}

// declared is the relation of the field, or of the one that it is a copy of; nil
// when no session has the object.
func (r *One) declared() *model.Relation {
	if r.owner == nil || r.owner.standIn {
		return nil
	}
	return r.owner.table.Relations[r.place]
}

// relation is declared, and nil for a copy.
func (r *One) relation() *model.Relation {
	rel := r.declared()
	if rel == nil || mapper.FieldAt[One](r.owner.object, r.owner.table.Fields[rel.Field]) != r {
		return nil
	}
	return rel
}

// Set makes the relation hold o, or nothing for the zero Object. A new object is
// added to the session with it.
//
//   - Errors: [ErrNotLoaded] when it is not known which row is to give way; a
//     reference that cannot be NULL.
func (r *One) Set(o mapper.Object) error {
	rel, err := r.owner.live("Set", r.relation())
	if err != nil {
		return err
	}
	if rel == nil {
		r.target, r.known, r.asked = o, true, true
		return nil
	}
	return r.set(rel, o)
}

func (r *One) set(rel *model.Relation, o mapper.Object) error {
	if rel.Refers() {
		return r.setReference(rel, o)
	}
	s := r.owner
	before, known := r.Get()
	if !known && s.status != Pending {
		return ErrNotLoaded
	}
	if before == o && known {
		return nil
	}
	if c, ok := s.unit.known(before); ok && !before.IsNil() {
		if err := s.unit.untie(s, rel, c); err != nil {
			return err
		}
	}
	if !o.IsNil() {
		if err := s.unit.tie(s, rel, o); err != nil {
			return err
		}
	}
	r.target, r.known, r.asked = o, true, true
	return nil
}

func (r *One) setReference(rel *model.Relation, o mapper.Object) error {
	s, u := r.owner, r.owner.unit
	if o.IsNil() {
		if !rel.Nullable() {
			return fmt.Errorf("retort: Set of %s: its columns cannot be NULL; set another %s, or delete the %s",
				rel.FullName(), rel.Child.Type.Name(), rel.Owner.Type.Name())
		}
		u.leave1(s, rel)
		u.forget(s, rel.Near)
		s.table.Plan.SetNull(s.object, rel.Nulls())
		r.target, r.known, r.asked = o, true, true
		return nil
	}
	on, err := u.enlist(rel.Child, o)
	if err != nil {
		return err
	}
	u.leave1(s, rel)
	if err := u.refer(s, rel.Near, on, rel.Columns); err != nil {
		return err
	}
	r.target, r.known, r.asked = o, true, rel.Inverse == nil
	return u.welcome(on, rel, s)
}
