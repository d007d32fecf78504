package unitofwork

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Add makes an object pending; its client-made key is set at once. An object
// that was marked for deletion, and not yet deleted, stays.
//
//   - Errors: the object was deleted in this transaction; its key cannot be made.
func (u *Unit) Add(t *model.Table, o mapper.Object) error {
	if s, ok := u.known(o); ok {
		if s.status == Deleted {
			return fmt.Errorf("retort: Add: this %s was deleted in this transaction; add a new object", t.Type)
		}
		return u.rescue(s)
	}
	if err := u.Foreign(t, o); err != nil {
		return err
	}
	for _, col := range t.Key {
		if maker := t.Columns[col].KeyMaker; maker != nil && t.Plan.IsZero(o, col) {
			id, err := maker()
			if err != nil {
				return fmt.Errorf("retort: Add: no key for %s: %w", t.Type, err)
			}
			t.Plan.SetUUID(o, col, id)
		}
	}
	s := u.newState(t)
	s.table, s.object, s.status = t, o, Pending
	u.remember(s)
	if err := u.adopt(s); err != nil {
		return err
	}
	return u.resume(s)
}

// Delete marks an object for deletion. A pending one is forgotten; one that is
// deleted already stays so.
//
//   - Errors: the unit does not have the object.
func (u *Unit) Delete(t *model.Table, o mapper.Object) error {
	s, ok := u.known(o)
	switch {
	case !ok:
		return fmt.Errorf("retort: Delete: this %s is not in the session; load it in this session first", t.Type)
	case s.status == Pending:
		u.setBack(s)
	case s.doomed:
		if s.more != nil {
			s.more.marks = nil // it goes, whatever becomes of its owner
		}
	case s.status == Persistent:
		s.doomed = true
		if len(t.Relations) > 0 {
			u.related.doomed = append(u.related.doomed, s)
		}
	}
	return nil
}

// changes lists the rows that the next flush has to write, in order of arrival.
//
//   - Errors: every object that cannot be written, joined.
func (u *Unit) changes() ([]*Change, error) {
	var made changeList
	var errs []error
	u.now = time.Time{}
	for _, s := range u.ordered {
		var c Change
		var err error
		switch {
		case s.status == Pending:
			c, err = u.insertOf(s)
		case s.status == Persistent && s.doomed:
			c, err = made.deleteOf(s)
		case s.status == Persistent && !s.held:
			c, err = made.updateOf(s)
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c.state != nil {
			u.stamp(&c)
			made.add(&c, len(u.ordered))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return made.list, nil
}

// changeList gathers changes with few allocations.
type changeList struct {
	list    []*Change
	free    []Change
	scratch []int
	last    []int // columns of the last update: mostly those of the next
}

// add keeps c, whose columns may be scratch. most is how many there can be.
func (l *changeList) add(c *Change, most int) {
	if len(l.free) == 0 {
		n := min(max(2*len(l.list), 4), 256, most-len(l.list))
		l.free = make([]Change, n)
		l.list = slices.Grow(l.list, n)
	}
	if c.Kind == Update {
		if !slices.Equal(l.last, c.columns) {
			l.last = slices.Clone(c.columns)
		}
		c.columns = l.last[:len(l.last):len(l.last)]
	}
	l.free[0] = *c
	l.list = append(l.list, &l.free[0])
	l.free = l.free[1:]
}

// Dirty tells whether a flush has something to send.
func (u *Unit) Dirty() bool {
	var scratch []int
	for _, s := range u.ordered {
		switch {
		case s.status == Pending, s.status == Persistent && s.doomed:
			return true
		case s.status == Persistent:
			changed, err := s.table.Plan.Changed(s.object, s.snapshot, scratch[:0])
			if err != nil || len(changed) > 0 {
				return true
			}
			scratch = changed
		}
	}
	return false
}

func (u *Unit) insertOf(s *state) (Change, error) {
	t := s.table
	for _, i := range t.InsertReturned() {
		if col := &t.Columns[i]; !t.Plan.IsZero(s.object, i) {
			return Change{}, fmt.Errorf("retort: INSERT %s: column %q is made by the database but the object has a value for it; leave the field zero, or declare the column without ServerMade", t.Type, col.Name)
		}
	}
	if !t.KeyServerMade() {
		id := identity{t, t.KeyOf(s.object)}
		if other, ok := u.row(id); ok && other.status == Persistent && !other.doomed {
			return Change{}, fmt.Errorf("retort: INSERT %s: the session already holds another object with the same primary key; change that one instead", t.Type)
		}
	}
	return Change{Kind: Insert, Table: t, state: s}, nil
}

// updateOf is the change of an object, without a state where there is none.
func (l *changeList) updateOf(s *state) (Change, error) {
	t := s.table
	changed, err := t.Plan.Changed(s.object, s.snapshot, l.scratch[:0])
	if err != nil {
		return Change{}, fmt.Errorf("retort: UPDATE %s: %w", t.Type, err)
	}
	if l.scratch = changed; len(changed) == 0 {
		return Change{}, nil
	}
	for _, i := range changed {
		switch col := &t.Columns[i]; {
		case t.IsKey(i):
			return Change{}, fmt.Errorf("retort: UPDATE %s: %w", t.Type, errKeyChanged(s))
		case col.Fixed, col.ServerMade:
			return Change{}, fmt.Errorf("retort: UPDATE %s: column %q is made by the database and cannot be changed through the object", t.Type, col.Name)
		case col.Stamp != model.NoStamp:
			return Change{}, errStamped(t, i)
		}
	}
	return Change{Kind: Update, Table: t, state: s, columns: changed}, nil
}

// deleteOf refuses an object that names another row than the one it was loaded
// from: that other row would go.
func (l *changeList) deleteOf(s *state) (Change, error) {
	t := s.table
	if t.KeyOf(s.object) != s.key {
		return Change{}, fmt.Errorf("retort: DELETE %s: %w", t.Type, errKeyChanged(s))
	}
	if t.Version >= 0 {
		changed, err := t.Plan.Changed(s.object, s.snapshot, l.scratch[:0])
		if err != nil {
			return Change{}, fmt.Errorf("retort: DELETE %s: %w", t.Type, err)
		}
		if l.scratch = changed; slices.Contains(changed, t.Version) {
			return Change{}, fmt.Errorf("retort: DELETE %s: column %q is made by the database and cannot be changed through the object", t.Type, t.Columns[t.Version].Name)
		}
	}
	return Change{Kind: Delete, Table: t, state: s}, nil
}

// OnlyUpdates reports whether all that waits to be written are changes of rows of
// t that exist, none of which changes another row, triggers apart. The objects of t
// itself are not compared.
func (u *Unit) OnlyUpdates(t *model.Table) bool {
	if u.referring > 0 || len(u.related.waiting)+len(u.related.cuts)+len(u.related.orphans) > 0 || t.CascadesUpdates() {
		return false
	}
	var scratch []int
	for _, s := range u.ordered {
		switch {
		case s.status == Pending, s.status == Persistent && s.doomed:
			return false
		case s.table == t || s.status != Persistent:
			continue
		}
		changed, err := s.table.Plan.Changed(s.object, s.snapshot, scratch[:0])
		if err != nil || len(changed) > 0 {
			return false
		}
		scratch = changed
	}
	return true
}
