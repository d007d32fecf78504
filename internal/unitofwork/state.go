package unitofwork

import (
	"fmt"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Status is the state of an object in a session, in SQLAlchemy's words.
type Status uint8

// The states of an object.
const (
	Transient  Status = iota // unknown to the session, or its row was rolled back
	Pending                  // added, not yet inserted
	Persistent               // has a row
	Deleted                  // deleted by a flush of this transaction
	Detached                 // has, had or may have a row, but the unit let it go
)

var statusNames = [...]string{"transient", "pending", "persistent", "deleted", "detached"}

// String is the name of the state in lower case.
func (s Status) String() string { return statusNames[s] }

// state is what the unit knows of one object.
type state struct {
	table    *model.Table
	object   mapper.Object
	status   Status
	doomed   bool // to be deleted by the next flush
	held     bool // not to be updated; see Unit.Hold
	inserted bool // by a flush of this transaction
	arrival  int
	key      mapper.Key // once it has a row
	snapshot mapper.Snapshot

	// undo holds what the flushes of the open transaction overwrote in the
	// object, oldest first.
	undo []undo
}

type undo struct {
	before  mapper.Object
	columns []int
}

// identity is the key of the identity map.
type identity struct {
	table *model.Table
	key   mapper.Key
}

// Unit is the unit of work of one session: its identity map and its pending
// changes. The zero Unit is ready.
//
//   - Concurrency: for one goroutine at a time.
type Unit struct {
	objects  map[mapper.Object]*state
	identity map[identity]*state
	ordered  []*state // in order of arrival; none is Detached for long

	// past is what objects was before the last Rollback or Release, so that the
	// objects' states can still be told.
	past map[mapper.Object]*state
}

func (u *Unit) remember(s *state) {
	if u.objects == nil {
		u.objects = make(map[mapper.Object]*state)
		u.identity = make(map[identity]*state)
	}
	s.arrival = len(u.ordered)
	u.ordered = append(u.ordered, s)
	u.objects[s.object] = s
}

// named enters s in the identity map.
func (u *Unit) named(s *state) {
	s.key = s.table.Plan.Key(s.object, s.table.Key)
	u.identity[identity{s.table, s.key}] = s
}

// unnamed takes s out of the identity map, unless another object has taken its
// place there.
func (u *Unit) unnamed(s *state) {
	if id := (identity{s.table, s.key}); u.identity[id] == s {
		delete(u.identity, id)
	}
}

// known finds the state of an object that is still in the unit.
func (u *Unit) known(o mapper.Object) (*state, bool) {
	s, ok := u.objects[o]
	return s, ok && s.status != Detached
}

// Status tells the state of an object.
func (u *Unit) Status(o mapper.Object) Status {
	if s, ok := u.objects[o]; ok {
		return s.status
	}
	if s, ok := u.past[o]; ok {
		return s.status
	}
	return Transient
}

// Find returns the object with that key, if the session has it and it is not
// deleted.
func (u *Unit) Find(t *model.Table, key mapper.Key) (o mapper.Object, found bool) {
	s, ok := u.identity[identity{t, key}]
	if !ok || s.status != Persistent || s.doomed {
		return mapper.Object{}, false
	}
	return s.object, true
}

// Gone tells whether the session deleted the row with that key.
func (u *Unit) Gone(t *model.Table, key mapper.Key) bool {
	s, ok := u.identity[identity{t, key}]
	return ok && (s.status == Deleted || s.doomed)
}

// Load takes in an object that was read from the database and returns the one
// that stands for its row: same row, same object. An object that the session
// already had keeps its values.
func (u *Unit) Load(t *model.Table, o mapper.Object) mapper.Object {
	key := t.Plan.Key(o, t.Key)
	if s, ok := u.identity[identity{t, key}]; ok && s.status == Persistent {
		return s.object
	}
	s := &state{table: t, object: o, status: Persistent, key: key, snapshot: t.Plan.Snapshot(o)}
	u.remember(s)
	u.identity[identity{t, key}] = s
	return o
}

// Hold keeps the changes of a persistent object out of [Unit.Changes] until
// Unhold, while its row is read again.
//
//   - Errors: its key was changed, so that its row cannot be found.
func (u *Unit) Hold(o mapper.Object) error {
	s := u.objects[o]
	if s.table.Plan.Key(o, s.table.Key) != s.key {
		return errKeyChanged(s)
	}
	s.held = true
	return nil
}

// Unhold ends Hold.
func (u *Unit) Unhold(o mapper.Object) { u.objects[o].held = false }

// Reload gives a persistent object the values of fresh, a copy of its row.
func (u *Unit) Reload(o, fresh mapper.Object) {
	s := u.objects[o]
	s.table.Plan.CopyColumns(o, fresh, s.table.AllColumns())
	s.snapshot = s.table.Plan.Snapshot(o)
}

func errKeyChanged(s *state) error {
	return fmt.Errorf("primary key %q of a loaded object was changed; set it back, or delete the object and add a new one",
		s.table.Columns[s.table.Key].Name)
}
