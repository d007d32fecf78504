package unitofwork

import (
	"fmt"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Detach lets an object go: its changes are not written any more, and its row can
// be read into another object. A pending one is transient again.
//
//   - Errors: the unit does not have the object.
func (u *Unit) Detach(t *model.Table, o mapper.Object) error {
	s, ok := u.known(o)
	if !ok || s.status == Deleted {
		return fmt.Errorf("retort: Detach: this %s is %s; only pending and persistent objects can be let go", t.Type, u.Status(o))
	}
	if err := u.rescue(s); err != nil {
		return err
	}
	if s.status == Pending {
		u.setBack(s)
	} else {
		u.unrefer(s)
		s.status = Detached
	}
	s.leave()
	u.let(s)
	return nil // Commit takes it off the list
}

// let remembers how an object left.
func (u *Unit) let(s *state) {
	if u.gone == nil {
		u.gone = make(map[mapper.Object]Status)
	}
	u.gone[s.object] = s.status
}

// Expire makes a persistent object take the values of its row when that is read
// next. Its changes that were not flushed are dropped, its deletion is not; what
// is changed later is kept and written.
//
//   - Errors: the object is not persistent; its key was changed.
func (u *Unit) Expire(t *model.Table, o mapper.Object) error {
	s, ok := u.known(o)
	if !ok || s.status != Persistent {
		return fmt.Errorf("retort: Expire: this %s is %s; only objects loaded or flushed by this session can be read again", t.Type, u.Status(o))
	}
	t.Plan.Restore(o, s.snapshot, t.AllColumns())
	s.expired = true
	return nil
}

// Merge gives the object that the unit has for a row the values of given, an
// object that it does not have; columns that the database makes stay as they are.
//
//   - Errors: stale is true, and nothing changed, when the versions differ.
func (u *Unit) Merge(t *model.Table, into, given mapper.Object) (stale bool) {
	if t.Version >= 0 && t.Plan.Key(into, t.Version) != t.Plan.Key(given, t.Version) {
		return true
	}
	t.Plan.CopyColumns(into, t.Plan.Clone(given), t.Mergeable())
	return false
}
