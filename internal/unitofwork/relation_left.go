package unitofwork

import (
	"errors"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// refersElsewhere tells whether the program has given s, which is in the field of owner,
// another owner by its columns.
func (s *state) refersElsewhere(owner *state, rel *model.Relation) bool {
	return s.awaited(rel.Columns) == nil && !s.lacks(rel.Columns) && !s.refersTo(rel.Columns, owner, rel.Near)
}

// leftBehind does what relations say of the rows of objects that go.
func (u *Unit) leftBehind() error {
	if err := u.drop(); err != nil {
		return err
	}
	return u.takeBack()
}

// drop does what the relations of objects that are to be deleted say.
func (u *Unit) drop() error {
	if u.related.again || len(u.related.orphans) > 0 { // which may have been loaded since a flush was refused
		u.dropAgain()
	}
	var errs []error
	for len(u.related.doomed) > 0 { // which may doom others
		s := u.related.doomed[0]
		u.related.doomed = u.related.doomed[1:]
		if s.status == Persistent && s.doomed {
			errs = append(errs, u.dropping(s))
		}
	}
	return errors.Join(errs...)
}

// dropping does for the rows of s, which is to be deleted, what its relations
// say and the database does not do.
func (u *Unit) dropping(s *state) error {
	var errs []error
	for _, rel := range s.table.Relations {
		if rel.Refers() || rel.Link != nil || rel.Cascades || rel.OnRemove == schema.Restrict {
			continue
		}
		rows, whole := u.rows(s, rel)
		if !whole && rel.OnRemove == schema.Cascade {
			u.related.orphans = append(u.related.orphans, cut{owner: s, rel: rel})
			continue
		}
		for _, o := range rows {
			if c, ok := u.known(o); ok && !c.doomed && !c.refersElsewhere(s, rel) {
				errs = append(errs, u.marked(s, rel, c))
			}
		}
	}
	return errors.Join(errs...)
}

// takeBack does for rows that wait for objects which were added and taken back what
// their relations say, as drop does for deleted ones, and takes such objects out of
// the relations of others. One that was added again is waited for again.
func (u *Unit) takeBack() error {
	for found := true; found; { // which may take back others
		found = false
		for _, s := range slices.Clone(u.related.waiting) {
			for _, w := range slices.Clone(s.has().waits) {
				if !s.in() || w.on.status != Transient {
					continue
				}
				freed, err := u.free(s, w)
				if err != nil {
					return err
				}
				found = found || freed
			}
		}
	}
	if back := u.takenBack(); len(back) > 0 {
		u.part(func(o mapper.Object) bool { return back[o] })
	}
	return nil
}

// takenBack are the objects that were taken back for good, each told once.
func (u *Unit) takenBack() map[mapper.Object]bool {
	var back map[mapper.Object]bool
	for o, s := range u.related.back {
		if len(s.has().marks) > 0 {
			continue // by the deletion of an owner, which can be taken back
		}
		if back == nil {
			back = make(map[mapper.Object]bool, len(u.related.back))
		}
		back[o] = true
		delete(u.related.back, o)
	}
	return back
}

// setBack takes s back, which was added.
func (u *Unit) setBack(s *state) {
	s.status = Transient
	u.unrefer(s)
	if u.related.back == nil {
		u.related.back = make(map[mapper.Object]*state)
	}
	u.related.back[s.object] = s
}

// resume has s, the state of an object that was taken back and is added again, wait for
// the owners that still have it. Relations with another end have seen to that.
func (u *Unit) resume(s *state) error {
	was := u.related.back[s.object]
	if was == nil {
		return nil
	}
	delete(u.related.back, s.object)
	for _, w := range was.has().waits {
		on, in := u.known(w.on.object)
		if !in || s.awaited(w.columns) != nil {
			continue
		}
		for _, rel := range on.table.Relations {
			if rel.Refers() || rel.Link != nil || rel.Inverse != nil || rel.Child != s.table || !slices.Equal(rel.Columns, w.columns) || !u.holds(on, rel, s) {
				continue
			}
			if err := u.refer(s, w.columns, on, w.from); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// holds tells whether a relation field of owner has s.
func (u *Unit) holds(owner *state, rel *model.Relation, s *state) bool {
	if rel.ToOne() {
		return u.one(owner, rel).target == s.object
	}
	m := u.many(owner, rel)
	return m.list != nil && m.list.has(s.object)
}

// free has s wait no longer for an object that was taken back, where one of the
// relations says what becomes of s. A row that is there is not deleted for that.
func (u *Unit) free(s *state, w wait) (freed bool, err error) {
	if on, again := u.known(w.on.object); again {
		return true, u.refer(s, w.columns, on, w.from)
	}
	if s.table.Tie {
		return true, u.Delete(s.table, s.object)
	}
	for _, rel := range w.on.table.Relations {
		if rel.Refers() || rel.Link != nil || rel.Child != s.table || !slices.Equal(rel.Columns, w.columns) {
			continue
		}
		switch {
		case rel.OnRemove == schema.Cascade && s.status == Pending:
			return true, u.Delete(s.table, s.object)
		case rel.OnRemove == schema.SetNull:
			u.forget(s, w.columns)
			s.table.Plan.SetNull(s.object, rel.Nulls())
			return true, nil
		}
	}
	return false, nil // which refresh refuses
}

// parted takes the objects that a flush deleted, or the database with them, or that
// were new and taken back for that, out of the relations of others.
func (u *Unit) parted(changes []*Change) {
	if slices.ContainsFunc(changes, func(c *Change) bool { return c.Kind == Delete }) {
		u.unmarked()
		back := u.takenBack()
		u.part(func(o mapper.Object) bool {
			s, ok := u.known(o)
			return ok && s.status == Deleted || back[o]
		})
	}
}

// part takes objects that left out of the relations of others, in one pass over the
// unit.
func (u *Unit) part(left func(mapper.Object) bool) {
	for _, s := range u.ordered {
		for _, rel := range s.table.Relations {
			switch {
			case rel.ToOne():
				if r := u.one(s, rel); !r.target.IsNil() && left(r.target) {
					r.hold(mapper.Object{}, rel.Kind == model.HasOne || s.lacks(rel.Near))
				}
			default:
				if m := u.many(s, rel); m.list != nil {
					m.list.rows, m.list.places = slices.DeleteFunc(slices.Clone(m.list.rows), left), nil
				}
			}
		}
	}
}
