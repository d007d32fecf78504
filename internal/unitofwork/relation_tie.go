package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// tie puts o into a relation of owner: its reference is set, and the other end
// knows of it. The field itself is the caller's.
func (u *Unit) tie(owner *state, rel *model.Relation, o mapper.Object) error {
	c, err := u.enlist(rel.Child, o)
	if err != nil {
		return err
	}
	if rel.Link != nil {
		return u.linkUp(owner, rel, c)
	}
	u.givenUp(c, rel)
	if before := u.referred(c, rel.Columns, rel.Owner); before != nil && before.object != owner.object { // which may have been taken back and added again
		u.abandoned(before, rel, c)
	}
	u.related.cuts = slices.DeleteFunc(u.related.cuts, func(x cut) bool { return x.row == c && x.rel == rel })
	if err := u.refer(c, rel.Columns, owner, rel.Near); err != nil {
		return err
	}
	if inv := rel.Inverse; inv != nil {
		r := u.one(c, inv)
		r.target, r.known, r.asked = owner.object, true, false
	}
	return nil
}

// referred is the row of t that columns of s refer to, as far as the unit has it.
func (u *Unit) referred(s *state, columns []int, t *model.Table) *state {
	if on := s.awaited(columns); on != nil {
		return on
	}
	if s.lacks(columns) {
		return nil
	}
	found, ok := u.row(identity{t, s.table.Plan.RowKey(s.object, columns)})
	if !ok {
		return nil
	}
	return found
}

// abandoned takes c out of the field of the owner that it had before.
func (u *Unit) abandoned(before *state, rel *model.Relation, c *state) {
	if rel.ToOne() {
		if r := u.one(before, rel); r.known && r.target == c.object {
			r.target = mapper.Object{}
		}
		return
	}
	if m := u.many(before, rel); m.list != nil {
		m.list.drop(c.object)
	}
}

// leave1 takes s out of the fields of the row that it refers to by rel.
func (u *Unit) leave1(s *state, rel *model.Relation) {
	if rel.Inverse == nil {
		return
	}
	u.givenUp(s, rel.Inverse)
	if before := u.referred(s, rel.Near, rel.Child); before != nil {
		u.abandoned(before, rel.Inverse, s)
	}
}

// welcome puts s into the field of the row that it now refers to by rel.
func (u *Unit) welcome(on *state, rel *model.Relation, s *state) error {
	inv := rel.Inverse
	if inv == nil {
		return nil
	}
	u.related.cuts = slices.DeleteFunc(u.related.cuts, func(x cut) bool { return x.row == s && x.rel == inv })
	if inv.ToOne() {
		r := u.one(on, inv)
		if c, ok := u.known(r.target); ok && r.known && c != s {
			if err := u.untie(on, inv, c); err != nil {
				return err
			}
		}
		if r.known || on.status == Pending {
			r.target, r.known = s.object, true
		}
		return nil
	}
	m := u.many(on, inv)
	if m.list == nil && on.status == Pending {
		m.list = &list{loaded: true, whole: true}
	}
	if m.list != nil {
		m.list.add(s.object)
	}
	return nil
}

// untie takes c out of a relation of owner, by the relation's rule. The field
// itself is the caller's.
func (u *Unit) untie(owner *state, rel *model.Relation, c *state) error {
	if rel.Link != nil {
		return u.unlink(owner, rel, c)
	}
	c.markOf(owner, rel).forget()
	if inv := rel.Inverse; inv != nil {
		r := u.one(c, inv)
		r.target, r.known = mapper.Object{}, false
	}
	nullable := rel.Nullable()
	if nullable && rel.OnRemove == schema.SetNull {
		u.forget(c, rel.Columns)
		c.table.Plan.SetNull(c.object, rel.Nulls())
		return nil
	}
	if c.status == Pending || rel.OnRemove == schema.Cascade {
		u.forget(c, rel.Columns)
		return u.Delete(c.table, c.object)
	}
	u.related.cuts = append(u.related.cuts, cut{row: c, owner: owner, rel: rel})
	return nil
}

// linkUp makes the row between owner and c, unless there is one.
func (u *Unit) linkUp(owner *state, rel *model.Relation, c *state) error {
	if u.pendingLink(owner, rel, c) != nil {
		return nil
	}
	t := rel.Link
	o := t.Plan.New()
	if u.linkKey(o, owner, rel, c) {
		if s, ok := u.row(identity{t, t.KeyOf(o)}); ok && s.status == Persistent {
			if err := u.rescue(s); err != nil {
				return err
			}
			return u.linked(owner, rel, c, s)
		}
	}
	if err := u.Add(t, o); err != nil {
		return err
	}
	s, _ := u.known(o)
	if err := u.refer(s, rel.LinkNear, owner, rel.Near); err != nil {
		return err
	}
	if err := u.refer(s, rel.LinkFar, c, rel.Columns); err != nil {
		return err
	}
	return u.linked(owner, rel, c, s)
}

// linkKey fills the row between two, as far as their keys are known.
func (u *Unit) linkKey(o mapper.Object, owner *state, rel *model.Relation, c *state) (known bool) {
	for _, end := range []struct {
		s        *state
		to, from []int
	}{{owner, rel.LinkNear, rel.Near}, {c, rel.LinkFar, rel.Columns}} {
		if end.s.status == Pending {
			return false
		}
		rel.Link.Plan.CopyFrom(o, end.to, end.s.table.Plan, end.s.object, end.from)
	}
	return true
}

// linked remembers the new row at both ends, and lets the other end know.
func (u *Unit) linked(owner *state, rel *model.Relation, c, link *state) error {
	m := u.many(owner, rel)
	if m.list == nil {
		fresh := owner.status == Pending
		m.list = &list{loaded: fresh, whole: fresh}
	}
	m.list.link(c.object, link)
	inv := rel.Inverse
	if inv == nil {
		return nil
	}
	back := u.many(c, inv)
	if back.list == nil && c.status == Pending {
		back.list = &list{loaded: true, whole: true}
	}
	if back.list != nil {
		back.list.add(owner.object)
		back.list.link(owner.object, link)
	}
	return nil
}

func (l *list) link(o mapper.Object, s *state) {
	if l.links == nil {
		l.links = make(map[mapper.Object]*state)
	}
	l.links[o] = s
}

// pendingLink is the row between owner and c that was not written yet.
func (u *Unit) pendingLink(owner *state, rel *model.Relation, c *state) *state {
	find := func(m *Many, o mapper.Object) *state {
		if m.list == nil {
			return nil
		}
		if s := m.list.links[o]; s != nil && s.status == Pending {
			return s
		}
		return nil
	}
	if s := find(u.many(owner, rel), c.object); s != nil || rel.Inverse == nil {
		return s
	}
	return find(u.many(c, rel.Inverse), owner.object)
}

// unlink deletes the row between owner and c.
func (u *Unit) unlink(owner *state, rel *model.Relation, c *state) error {
	if inv := rel.Inverse; inv != nil {
		if back := u.many(c, inv); back.list != nil {
			back.list.drop(owner.object)
		}
	}
	if s := u.pendingLink(owner, rel, c); s != nil {
		u.forget(s, rel.LinkNear)
		u.forget(s, rel.LinkFar)
		return u.Delete(s.table, s.object)
	}
	t := rel.Link
	o := t.Plan.New()
	if !u.linkKey(o, owner, rel, c) {
		return nil // one end is new, so there is no row
	}
	return u.Delete(t, u.Load(t, o, t.Plan.Snapshot(o)))
}
