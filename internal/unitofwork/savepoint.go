package unitofwork

import "slices"

// Point is a moment that [Unit.Return] goes back to.
type Point struct {
	states  []remembered
	fields  fields
	related related
	epoch   int
}

type remembered struct {
	state *state
	then  state
}

// Point remembers all objects, their states and what their relations hold, right
// behind a flush: what the rows hold is what their snapshots do, so no value is
// copied.
//
//   - Cleanup: [Unit.Return] or [Unit.Pass], the last Point first.
func (u *Unit) Point() *Point {
	u.points++
	p := &Point{states: make([]remembered, len(u.ordered)), epoch: u.epoch, related: u.related.clone()}
	for i, s := range u.ordered {
		p.fields.keep(u, s)
		p.states[i] = remembered{s, *s}
		p.states[i].then.more = s.more.clone()
	}
	return p
}

// Return takes back what was done since p, when the database has done so: the
// fields of the objects that the unit had then, relations among them, their states,
// deletions. Objects that were added since are transient, and what the database had
// made for them is taken back; those that were read since have the values that they
// were read with, are expired, and their relations not loaded, as their rows may be
// others; where another object had stood for the row before, it alone does again.
// A unit that has been emptied meanwhile stays empty.
func (u *Unit) Return(p *Point) {
	if u.epoch != p.epoch {
		return
	}
	u.points--
	had := make(map[*state]bool, len(p.states))
	kept := make([]*state, 0, len(u.ordered))
	for i := range p.states {
		r := &p.states[i]
		had[r.state] = true
		s := r.state
		if !r.then.snapshot.IsNil() {
			s.table.Plan.Restore(s.object, r.then.snapshot, s.table.AllColumns())
		}
		*s = r.then
		s.more = s.more.clone() // p may be gone back to again
		kept = append(kept, s)
	}
	all := u.ordered
	u.ordered, u.index = kept, nil
	if len(kept) > few {
		u.index = newIndex(kept, len(all))
	}
	for _, s := range all {
		switch {
		case had[s]:
		case s.inserted || s.status == Pending || s.status == Transient:
			s.takeBack()
			s.status = Transient
			s.leave()
			u.let(s)
		case s.in():
			u.reread(s)
			if stands, ok := u.row(identity{s.table, s.key}); ok && stands.status == Persistent {
				s.status = Detached // that one had been let go or deleted meanwhile
				s.leave()
				u.let(s)
				continue
			}
			u.remember(s)
		}
	}
	p.fields.putBack()
	u.referring, u.related = 0, p.related.clone()
	for _, s := range u.ordered {
		u.referring += len(s.has().parents)
	}
}

// Pass ends p, and what was done since is kept.
func (u *Unit) Pass(p *Point) {
	if u.epoch == p.epoch {
		u.points--
	}
}

// reread gives an object back what it was read with since a [Point] that is gone
// back to, and has it read again.
func (u *Unit) reread(s *state) {
	if read := s.has().read; !read.IsNil() {
		s.snapshot = read
	}
	s.table.Plan.Restore(s.object, s.snapshot, s.table.AllColumns())
	s.status, s.doomed, s.expired, s.more = Persistent, false, true, nil
	u.unload(s)
}

// overwrites remembers what the row of s held, before a change that a savepoint may
// take back.
func (u *Unit) overwrites(s *state) {
	if u.points > 0 && s.has().read.IsNil() {
		s.keep().read = s.snapshot
	}
}

// clone is a copy whose lists can be changed.
func (m *more) clone() *more {
	if m == nil {
		return nil
	}
	c := *m
	c.parents, c.waits, c.undo = slices.Clone(m.parents), slices.Clone(m.waits), slices.Clone(m.undo)
	return &c
}

// takeBack undoes what flushes of the open transaction wrote to the object.
func (s *state) takeBack() {
	undo := s.has().undo
	for i := len(undo) - 1; i >= 0; i-- {
		s.table.Plan.CopyColumns(s.object, undo[i].before, undo[i].columns)
	}
	s.forgetUndo()
}
