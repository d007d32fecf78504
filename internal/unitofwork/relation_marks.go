package unitofwork

import (
	"errors"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// mark is what the coming deletion of an owner has done to one of its rows. The
// flush that does it can fail, and a hook can keep the owner, so it can be taken
// back until the owner is deleted.
type mark struct {
	owner, row *state
	rel        *model.Relation
	was        Status        // of row
	reference  mapper.Object // holds the columns of row that became NULL
	inverse    One           // the field of row that held owner, where there is one
}

// marked does for c, a row of s which is to be deleted, what the relation says.
func (u *Unit) marked(s *state, rel *model.Relation, c *state) error {
	m := c.markOf(s, rel)
	if m == nil {
		m = &mark{owner: s, row: c, rel: rel, was: c.status}
		if nulls := rel.Nulls(); len(nulls) > 0 {
			m.reference = c.table.Plan.New()
			c.table.Plan.CopyColumns(m.reference, c.object, nulls)
		}
		if rel.Inverse != nil {
			m.inverse = *u.one(c, rel.Inverse)
		}
	}
	err := u.untie(s, rel, c) // which forgets m
	c.keep().marks = append(c.has().marks, m)
	if u.related.marks == nil {
		u.related.marks = make(map[*state][]*mark)
	}
	u.related.marks[s] = append(u.related.marks[s], m)
	return err
}

// markOf is what the deletion of owner did to s by rel; nil for nothing.
func (s *state) markOf(owner *state, rel *model.Relation) *mark {
	for _, m := range s.has().marks {
		if m.owner == owner && m.rel == rel {
			return m
		}
	}
	return nil
}

// forget lets the mark stay what it is, whatever becomes of the deletion.
func (m *mark) forget() {
	if m != nil && m.row.more != nil {
		m.row.more.marks = slices.DeleteFunc(m.row.more.marks, func(x *mark) bool { return x == m })
	}
}

// rescue takes the deletion of s back, which no flush has written, with its marks.
func (u *Unit) rescue(s *state) error {
	if !s.doomed {
		return nil
	}
	u.related.again = true // another owner passed it by, or what it gives back
	return u.spareRow(s)
}

// dropAgain has drop look once more at the rows of all that is to be deleted: what
// one owner gives back may be another's.
func (u *Unit) dropAgain() {
	u.related.again, u.related.doomed, u.related.orphans = false, nil, nil
	for _, s := range u.ordered {
		if s.doomed && len(s.table.Relations) > 0 {
			u.related.doomed = append(u.related.doomed, s)
		}
	}
}

func (u *Unit) spareRow(s *state) error {
	s.doomed = false
	r := &u.related
	marks := r.marks[s]
	delete(r.marks, s)
	var errs []error
	for _, m := range marks {
		if slices.Contains(m.row.has().marks, m) {
			m.forget()
			errs = append(errs, u.unmark(m))
		}
	}
	return errors.Join(errs...)
}

// unmark gives a row back to its owner, unless the program has done something else
// with it meanwhile.
func (u *Unit) unmark(m *mark) error {
	c := m.row
	switch {
	case m.was == Pending && c.status == Transient:
		if _, ok := u.known(c.object); ok {
			return nil
		}
		return u.tie(m.owner, m.rel, c.object)
	case !c.in():
		return nil
	case c.doomed:
		if err := u.spareRow(c); err != nil {
			return err
		}
	case !m.reference.IsNil() && c.lacks(m.rel.Columns) && c.awaited(m.rel.Columns) == nil:
		c.table.Plan.CopyColumns(c.object, m.reference, m.rel.Nulls())
	}
	if m.rel.Inverse != nil && c.refersTo(m.rel.Columns, m.owner, m.rel.Near) {
		if r := u.one(c, m.rel.Inverse); !r.known {
			*r = m.inverse
		}
	}
	return nil
}

// givenUp takes s, which the program puts elsewhere, out of the fields of owners that
// are to be deleted and have lost it by that.
func (u *Unit) givenUp(s *state, rel *model.Relation) {
	for _, m := range slices.Clone(s.has().marks) {
		if m.rel == rel && !m.reference.IsNil() {
			u.abandoned(m.owner, rel, s)
			m.forget()
		}
	}
}

// unmarked forgets the marks of owners that are deleted.
func (u *Unit) unmarked() {
	for owner, marks := range u.related.marks {
		if !owner.doomed {
			delete(u.related.marks, owner)
			for _, m := range marks {
				m.forget()
			}
		}
	}
}
