package unitofwork

import (
	"fmt"
	"slices"
	"time"

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

// state is what the unit knows of one object. There is one for each row that is
// read, so what few of them have lies elsewhere.
type state struct {
	table    *model.Table
	object   mapper.Object
	snapshot mapper.Snapshot
	unit     *Unit      // as long as it has the object
	more     *more      // nil: nothing; see has and keep
	key      mapper.Key // once it has a row
	status   Status
	doomed   bool // to be deleted by the next flush
	held     bool // not to be updated; see Unit.Hold
	inserted bool // by a flush of this transaction
	expired  bool // takes the values of its row when it is read next
	standIn  bool // no object at all: the mark of a table's C
}

// more is what few states have.
type more struct {
	parents []parent // whose keys it takes once they are known; see Unit.Refer
	waits   []wait   // for the keys of rows that it refers to

	// undo holds what the flushes of the open transaction overwrote in the
	// object, oldest first.
	undo []undo

	marks []*mark // of deletions of its owners that no flush has written yet

	// read is what the row held before the first change of a Point; the zero Snapshot
	// where there was none.
	read mapper.Snapshot
}

// has is what s has of what few have, to be read.
func (s *state) has() more {
	if s.more == nil {
		return more{}
	}
	return *s.more
}

// keep is has, to be written to.
func (s *state) keep() *more {
	if s.more == nil {
		s.more = &more{}
	}
	return s.more
}

func (s *state) forgetUndo() {
	s.inserted = false
	if s.more != nil {
		s.more.undo, s.more.read = nil, mapper.Snapshot{}
	}
}

// leave cuts s off from the unit: an object that is kept keeps no other.
func (s *state) leave() {
	s.unit, s.snapshot = nil, mapper.Snapshot{}
	if s.more != nil {
		s.more.waits, s.more.marks = nil, nil
	}
}

type undo struct {
	before  mapper.Object
	columns []int
}

// Unit is the unit of work of one session: its identity map and its pending
// changes. The zero Unit is ready.
//
//   - Concurrency: for one goroutine at a time.
type Unit struct {
	// Clock makes the times of columns that the program stamps; nil is time.Now.
	Clock func() time.Time

	// Ending says that the unit is emptied behind the next COMMIT: what the objects
	// are then needs no snapshot.
	Ending bool

	now     time.Time // of the flush, once it is asked for
	ordered []*state  // in order of arrival
	spare   []state   // for objects to come
	first   [4]*state // what ordered is made of, until it is longer
	index   *index    // of ordered, once it is long

	referring int // parents of all states
	points    int // that are open; see Unit.Point

	// gone is how objects left that Detach let go since the last commit, before how
	// those did that left with it or that it deleted, past those that the last Rollback
	// or Release let go; so that their state can still be told.
	gone, before map[mapper.Object]Status
	past         past

	epoch int // counts how often the unit was emptied

	lent mapper.Lent // memory of the snapshots, as long as the unit is not emptied

	related related
}

// newState is the state of an object to come. Those of a table with relations come
// alone, since their objects refer to them: one that is kept would keep others.
func (u *Unit) newState(t *model.Table) *state {
	if len(t.Relations) > 0 {
		return &state{}
	}
	if len(u.spare) == 0 {
		u.spare = make([]state, min(max(len(u.ordered), 1), 64))
	}
	s := &u.spare[0]
	u.spare = u.spare[1:]
	return s
}

func (u *Unit) remember(s *state) {
	if u.ordered == nil && u.epoch == 0 { // an emptied unit remembers what was in it
		u.ordered = u.first[:0]
	}
	u.ordered = append(u.ordered, s)
	switch {
	case u.index.there():
		u.index.addRow(s)
		u.index.addObject(s)
	case len(u.ordered) > few:
		u.index = newIndex(u.ordered, 2*len(u.ordered))
	}
}

// named tells that s has a row, and which.
func (u *Unit) named(s *state) {
	s.key = s.table.KeyOf(s.object)
	if u.index.there() {
		u.index.addRow(s)
	}
}

// known finds the state of an object that is in the unit.
func (u *Unit) known(o mapper.Object) (*state, bool) {
	if u.index.there() {
		s := u.index.object(o, u.ordered)
		return s, s != nil
	}
	return findObject(u.ordered, o)
}

// row finds the state of a row; of several the one that still has it.
func (u *Unit) row(id identity) (*state, bool) {
	if u.index.there() {
		found := u.index.row(id)
		return found, found != nil
	}
	var found *state
	for _, s := range u.ordered {
		if s.hasRow() && s.table == id.table && s.key == id.key && (found == nil || s.status == Persistent) {
			found = s
		}
	}
	return found, found != nil
}

// Status tells the state of an object.
func (u *Unit) Status(o mapper.Object) Status {
	if s, ok := u.known(o); ok {
		return s.status
	}
	if status, ok := u.gone[o]; ok {
		return status
	}
	if status, ok := u.before[o]; ok {
		return status
	}
	return u.past.status(o)
}

// Find returns the object with that key, if the session has it and it is not
// deleted.
func (u *Unit) Find(t *model.Table, key mapper.Key) (o mapper.Object, found bool) {
	s, ok := u.row(identity{t, key})
	if !ok || s.status != Persistent || s.doomed || s.expired {
		return mapper.Object{}, false
	}
	return s.object, true
}

// revive gives an expired object the values of its row, but for those that were
// changed since it expired.
func (u *Unit) revive(s *state, row mapper.Object, then mapper.Snapshot) {
	changed, err := s.table.Plan.Changed(s.object, s.snapshot, nil)
	if err != nil {
		return // what cannot be written is told by the flush
	}
	columns := slices.DeleteFunc(slices.Clone(s.table.AllColumns()), func(col int) bool { return slices.Contains(changed, col) })
	u.overwrites(s)
	s.snapshot = then
	u.followed(s, func() { s.table.Plan.CopyColumns(s.object, row, columns) })
	s.expired = false
}

// Gone tells whether the session deleted the row with that key.
func (u *Unit) Gone(t *model.Table, key mapper.Key) bool {
	s, ok := u.row(identity{t, key})
	return ok && (s.status == Deleted || s.doomed)
}

// Load takes in an object that was read from the database and returns the one
// that stands for its row: same row, same object. An object that the session
// already had keeps its values. then is what the row held.
func (u *Unit) Load(t *model.Table, o mapper.Object, then mapper.Snapshot) mapper.Object {
	key := t.KeyOf(o)
	if s, ok := u.row(identity{t, key}); ok && s.status == Persistent {
		if s.expired {
			u.revive(s, o, then)
		}
		return s.object
	}
	s := u.newState(t)
	*s = state{table: t, object: o, status: Persistent, key: key, snapshot: then}
	u.remember(s)
	u.own(s)
	return o
}

// LoadCreated is [Unit.Load] of a row that the open transaction has inserted, past
// the unit: it goes with the transaction, and with it what the database has made.
func (u *Unit) LoadCreated(t *model.Table, o mapper.Object, then mapper.Snapshot) mapper.Object {
	if stands := u.Load(t, o, then); stands != o {
		return stands // its row had been deleted past the unit before
	}
	s := u.ordered[len(u.ordered)-1]
	s.inserted = true
	if made := t.InsertReturned(); len(made) > 0 {
		s.keep().undo = []undo{{before: t.Plan.New(), columns: made}}
	}
	return o
}

// LoadAll is [Unit.Load] of many objects of one table, each replaced by what
// stands for its row. It makes room once, where Load would many times.
//
//   - Shape: read is what objects were, nil where none was replaced.
func (u *Unit) LoadAll(t *model.Table, objects []mapper.Object, then []mapper.Snapshot) (read []mapper.Object) {
	stands := func(i int, o mapper.Object) {
		if read == nil && objects[i] != o {
			read = slices.Clone(objects)
		}
		objects[i] = o
	}
	if len(objects) <= few {
		for i, o := range objects {
			stands(i, u.Load(t, o, then[i]))
		}
		return read
	}
	u.expect(len(objects))
	states := make([]state, 0, len(objects))
	for i, o := range objects {
		key := t.KeyOf(o)
		if s, ok := u.row(identity{t, key}); ok && s.status == Persistent {
			if s.expired {
				u.revive(s, o, then[i])
			}
			stands(i, s.object)
			continue
		}
		states = append(states, state{table: t, object: o, status: Persistent, key: key, snapshot: then[i]})
		s := &states[len(states)-1]
		u.remember(s)
		u.own(s)
	}
	return read
}

// Keep takes over the memory of snapshots that were loaded.
func (u *Unit) Keep(b *mapper.Batch) { u.lent.TakeOver(b) }

// expect makes room for more states; maps that grow step by step would cost
// more than the new ones.
func (u *Unit) expect(more int) {
	u.ordered = slices.Grow(u.ordered, more)
	if !u.index.there() || more > u.index.rows.used {
		u.index = newIndex(u.ordered, len(u.ordered)+more)
	}
}

// Hold keeps the changes of a persistent object out of [Unit.Changes] until
// Unhold, while its row is read again.
//
//   - Errors: its key was changed, so that its row cannot be found.
func (u *Unit) Hold(o mapper.Object) error {
	s, _ := u.known(o)
	if s.table.KeyOf(o) != s.key {
		return errKeyChanged(s)
	}
	s.held = true
	return nil
}

// Unhold ends Hold.
func (u *Unit) Unhold(o mapper.Object) {
	if s, ok := u.known(o); ok {
		s.held = false
	}
}

// Reload gives a persistent object the values of fresh, a copy of its row, of
// which then is the snapshot.
func (u *Unit) Reload(o, fresh mapper.Object, then mapper.Snapshot) {
	s, _ := u.known(o)
	u.overwrites(s)
	u.followed(s, func() { s.table.Plan.CopyColumns(o, fresh, s.table.AllColumns()) })
	s.expired = false
	s.snapshot = then
}

func errKeyChanged(s *state) error {
	return fmt.Errorf("primary key %s of a loaded object was changed; set it back, or delete the object and add a new one",
		s.table.KeyNames())
}
