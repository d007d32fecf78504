package unitofwork

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// ErrNotLoaded is what a relation says whose rows the session does not know.
// The root package adds the call that is missing.
var ErrNotLoaded = errors.New("unitofwork: the relation was not loaded")

// wait says that columns of a row take the values of another row's: a reference
// and the key it refers to, which may be known only after its own flight.
//
//   - Shape: a key that the database makes is the business of [Unit.Refer], which
//     puts the rows into the order of their flights.
type wait struct {
	on      *state
	columns []int // of the waiting row
	from    []int // of on
	link    *model.Link
}

// met tells whether the values are known.
func (w *wait) met() bool { return w.on.status != Pending || !w.on.table.KeyServerMade() }

// cut is a row that was taken out of a relation that cannot do without it.
type cut struct {
	row   *state
	owner *state
	rel   *model.Relation
}

// related is what a unit knows of relations beyond the fields themselves.
type related struct {
	waiting []*state // those with waits
	doomed  []*state // whose rows the next flush sees to; an Add may come before
	again   bool     // the next flush sees to the rows of all that are to be deleted
	cuts    []cut
	orphans []cut // row is nil: of a deleted owner whose rows are not known

	// marks are by the owners that are to be deleted: none right behind a flush.
	marks map[*state][]*mark

	back map[mapper.Object]*state // that were added and taken back; others may hold them still
}

// clone is r with lists of its own, as those of r are changed in place.
func (r related) clone() related {
	return related{slices.Clone(r.waiting), slices.Clone(r.doomed), r.again, slices.Clone(r.cuts), slices.Clone(r.orphans), nil, maps.Clone(r.back)}
}

// own ties the relation fields of a state to it.
func (u *Unit) own(s *state) {
	s.unit = u
	for i, rel := range s.table.Relations {
		if rel.ToOne() {
			u.one(s, rel).adopt(s, i)
		} else {
			u.many(s, rel).adopt(s)
		}
	}
}

// adopt is own for a new object, and takes in what its fields hold.
func (u *Unit) adopt(s *state) error {
	u.own(s)
	var errs []error
	for _, rel := range s.table.Relations {
		var err error
		if rel.ToOne() {
			err = u.one(s, rel).take(rel)
		} else {
			err = u.many(s, rel).take(rel)
		}
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Foreign refuses an object that another session has, as far as its relation
// fields tell.
func (u *Unit) Foreign(t *model.Table, o mapper.Object) error {
	for _, rel := range t.Relations {
		owner := u.ownerOf(t, o, rel)
		if owner == nil || owner.object != o || owner.unit == u {
			continue
		}
		switch owner.status {
		case Pending, Persistent:
			return fmt.Errorf("retort: this %s belongs to another session; load it in this one, or close the other first", t.Type)
		case Deleted:
			return fmt.Errorf("retort: this %s was deleted in another session; add a new object", t.Type)
		case Detached:
			return fmt.Errorf("retort: this %s is detached: it has a row, but its session is over or let it go (Rollback, Detach); load it again in this session", t.Type)
		}
	}
	return nil
}

func (u *Unit) ownerOf(t *model.Table, o mapper.Object, rel *model.Relation) *state {
	if rel.ToOne() {
		return mapper.FieldAt[One](o, t.Fields[rel.Field]).owner
	}
	return mapper.FieldAt[Many](o, t.Fields[rel.Field]).owner
}

func (u *Unit) many(s *state, rel *model.Relation) *Many {
	return mapper.FieldAt[Many](s.object, s.table.Fields[rel.Field])
}

func (u *Unit) one(s *state, rel *model.Relation) *One {
	return mapper.FieldAt[One](s.object, s.table.Fields[rel.Field])
}

// enlist is the state of an object that a relation refers to; one that the unit
// does not have yet is added.
func (u *Unit) enlist(t *model.Table, o mapper.Object) (*state, error) {
	if s, ok := u.known(o); !ok || s.doomed || s.status == Deleted {
		if err := u.Add(t, o); err != nil {
			return nil, err
		}
	}
	s, _ := u.known(o)
	return s, nil
}

// refer makes columns of s refer to the row of on, now or when its key is known.
func (u *Unit) refer(s *state, columns []int, on *state, from []int) error {
	u.forget(s, columns)
	u.related.again = u.related.again || on.doomed // and has been seen to, maybe
	w := wait{on: on, columns: columns, from: from, link: s.table.Reference(columns, on.table)}
	if on.status == Pending {
		if len(s.has().waits) == 0 {
			u.related.waiting = append(u.related.waiting, s)
		}
		s.keep().waits = append(s.has().waits, w)
	}
	if !w.met() {
		return u.Refer(s.object, w.link, on.object)
	}
	s.table.Plan.CopyFrom(s.object, columns, on.table.Plan, on.object, from)
	return nil
}

// forget drops what columns of s wait for.
func (u *Unit) forget(s *state, columns []int) {
	if s.more == nil {
		return
	}
	s.more.waits = slices.DeleteFunc(s.more.waits, func(w wait) bool {
		if !slices.Equal(w.columns, columns) {
			return false
		}
		u.Unrefer(s.object, w.link)
		return true
	})
}

// awaited is the row that columns of s wait for, nil for none.
func (s *state) awaited(columns []int) *state {
	waits := s.has().waits
	for i := range waits {
		if slices.Equal(waits[i].columns, columns) {
			return waits[i].on
		}
	}
	return nil
}

// refresh copies the keys that are known by now to the rows that refer to them,
// and checks what was taken out of relations. It comes before every flush, and
// between the flights of one.
//
//   - Errors: a row without its owner, joined.
func (u *Unit) refresh() error {
	if err := u.leftBehind(); err != nil {
		return err
	}
	r := &u.related
	var errs []error
	r.waiting = slices.DeleteFunc(r.waiting, func(s *state) bool {
		if s.more == nil {
			return true // it has left
		}
		s.more.waits = slices.DeleteFunc(s.more.waits, func(w wait) bool {
			if !s.in() || s.doomed {
				return true
			}
			if !w.on.table.KeyServerMade() && w.on.in() {
				s.table.Plan.CopyFrom(s.object, w.columns, w.on.table.Plan, w.on.object, w.from)
			}
			if w.on.status == Transient {
				errs = append(errs, errTakenBack(s, w.on))
				return false
			}
			return w.on.status != Pending
		})
		return len(s.more.waits) == 0
	})
	var left []cut
	for _, c := range r.cuts {
		if c.row.status == Persistent && !c.row.doomed && c.owner.in() && c.row.refersTo(c.rel.Columns, c.owner, c.rel.Near) {
			errs = append(errs, errCut(c.rel))
			left = append(left, c)
		}
	}
	r.cuts = left
	for _, c := range r.orphans {
		if c.owner.doomed {
			errs = append(errs, errOrphans(c.rel))
		}
	}
	if len(errs) == 0 {
		r.orphans = nil
	}
	return errors.Join(errs...)
}

// refersTo tells whether columns of s hold the values of from of another row.
func (s *state) refersTo(columns []int, other *state, from []int) bool {
	for i, col := range columns {
		if s.table.Plan.IsNull(s.object, col) || s.table.Plan.Key(s.object, col) != other.table.Plan.Key(other.object, from[i]) {
			return false
		}
	}
	return true
}

// rows is what a relation field of s holds; whole is false when there may be more.
func (u *Unit) rows(s *state, rel *model.Relation) (rows []mapper.Object, whole bool) {
	if rel.ToOne() {
		o, known := u.one(s, rel).Get()
		if o.IsNil() {
			return nil, known
		}
		return []mapper.Object{o}, known
	}
	m := u.many(s, rel)
	if m.list == nil {
		return nil, false
	}
	return slices.Clone(m.list.rows), m.list.whole
}

func errTakenBack(s, on *state) error {
	verb, remedy := "INSERT", "take this one back"
	if s.status == Persistent {
		verb, remedy = "UPDATE", "delete this one"
	}
	return fmt.Errorf("retort: %s %s: the %s that it refers to was added and taken back; set another, or %s too", verb, s.table.Type, on.table.Type, remedy)
}

func errCut(rel *model.Relation) error {
	return fmt.Errorf("retort: %s: a %s was taken out of it but refers to its %s still, as its reference cannot be NULL; "+
		"delete it, append it to another, or declare the relation with .OnRemove(schema.Cascade); see docs/errors.md#relation-restrict",
		rel.FullName(), rel.Child.Type.Name(), rel.Owner.Type.Name())
}

func errOrphans(rel *model.Relation) error {
	return fmt.Errorf("retort: DELETE %s: its %s are to be deleted with it, but were not loaded; "+
		"load them with retort.LoadRelated before Delete, or let the database do it with .OnDelete(schema.Cascade) on the foreign key; see docs/errors.md#not-loaded",
		rel.Owner.Type.Name(), rel.Name)
}
