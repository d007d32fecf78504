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
	known  bool // target is the row, or there is none
	asked  bool // by a query or by the program, not by the other end
}

// Fill gives the relation what a query read: a row, or the zero Object for none.
func (r *One) Fill(o mapper.Object) { r.target, r.known, r.asked = o, true, true }

// Asked tells whether somebody asked for the row; a row that is known from the
// other end alone is not shown in JSON, where it would be shown within itself.
func (r *One) Asked() bool { return r.known && r.asked }

// Held is what the field itself holds; see [One.Get].
func (r *One) Held() (o mapper.Object, known bool) { return r.target, r.known }

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
func (r *One) Get() (o mapper.Object, known bool) {
	s := r.owner
	if s == nil || s.unit == nil || s.standIn || !s.in() {
		return r.target, r.known
	}
	rel := r.relation()
	if rel == nil || !rel.Refers() {
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

func (r *One) adopt(s *state) {
	if r.owner != nil && r.owner.object != s.object {
		*r = One{}
	}
	r.owner = s
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

func (r *One) relation() *model.Relation {
	if r.owner == nil || r.owner.standIn {
		return nil
	}
	for _, rel := range r.owner.table.Relations {
		if rel.ToOne() && mapper.FieldAt[One](r.owner.object, r.owner.table.Fields[rel.Field]) == r {
			return rel
		}
	}
	return nil
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
