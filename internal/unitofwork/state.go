package unitofwork

import (
	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Status is the state of an object in a session, in SQLAlchemy's words.
type Status uint8

// The states of an object. An object that the session does not know is
// [Transient] when it never had a row and [Detached] when it had one; the unit
// cannot tell and says Transient.
const (
	Transient  Status = iota // unknown to the session
	Pending                  // added, not yet inserted
	Persistent               // has a row
	Deleted                  // deleted by a flush of this transaction
	Detached                 // was known, before a rollback
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
	arrival  int
	key      mapper.Key
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
// changes.
//
//   - Concurrency: for one goroutine at a time.
type Unit struct {
	objects  map[mapper.Object]*state
	identity map[identity]*state
	ordered  []*state // in order of arrival
}

// New returns an empty unit.
func New() *Unit {
	return &Unit{}
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

func (u *Unit) forget(s *state) {
	delete(u.objects, s.object)
	if s.status != Pending {
		delete(u.identity, identity{s.table, s.key})
	}
	s.status = Detached
}

// Status tells the state of an object.
func (u *Unit) Status(o mapper.Object) Status {
	if s, ok := u.objects[o]; ok {
		return s.status
	}
	return Transient
}

// Len counts the objects of the session.
func (u *Unit) Len() int { return len(u.objects) }

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

// Reload gives a persistent object the values of fresh, a copy of its row.
func (u *Unit) Reload(o, fresh mapper.Object) {
	s := u.objects[o]
	s.table.Plan.CopyColumns(o, fresh, s.table.AllColumns())
	s.snapshot = s.table.Plan.Snapshot(o)
}

// Revert makes the object look unchanged, so that a flush does not write what a
// refresh is about to overwrite.
func (u *Unit) Revert(o mapper.Object) {
	s := u.objects[o]
	s.snapshot = s.table.Plan.Snapshot(o)
}
