package unitofwork

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
)

// Apply makes the objects agree with what their flight wrote. With keepUndo the
// transaction is still open and [Unit.Rollback] may have to take it back.
//
//   - Errors: an INSERT that should have returned values returned no row, since a
//     trigger suppressed it; its object is pending still. The other changes are
//     applied.
func (u *Unit) Apply(w *Work, keepUndo bool) error {
	if w == nil {
		return nil
	}
	for _, g := range w.groups {
		g.match()
	}
	var errs []error
	m := memory{rows: len(w.changes)}
	for _, c := range w.changes {
		if c.Kind == Insert && len(c.back) > 0 && c.result.IsNil() {
			errs = append(errs, fmt.Errorf("retort: INSERT %s came back without its row: a trigger or a rule suppressed it", c.Table.Type))
			continue
		}
		u.apply(c, keepUndo, &m)
	}
	u.cascade(w.changes, keepUndo)
	u.parted(w.changes)
	return errors.Join(errs...)
}

func (u *Unit) apply(c *Change, keepUndo bool, m *memory) {
	s := c.state
	if c.Kind == Link {
		return // its columns are in the object, or go with it
	}
	if c.Kind == Delete {
		s.status, s.doomed = Deleted, false
		return
	}
	plan := s.table.Plan
	for _, made := range []stamps{{c.result, c.back}, c.stamps} {
		if keepUndo && len(made.columns) > 0 {
			m.keep(s, made.columns)
		}
		if !made.object.IsNil() {
			plan.CopyColumns(s.object, made.object, made.columns)
		}
	}
	if c.Kind == Insert {
		s.status, s.inserted = Persistent, true
		u.named(s)
	} else {
		u.overwrites(s)
		u.followWritten(s, c.written())
	}
	if u.Ending && !keepUndo {
		s.snapshot = mapper.Snapshot{}
		return
	}
	s.snapshot = m.snapshot(s, c)
}

// memory is where a flush remembers what it overwrites, and what is there now:
// rows of one table lie together, so that later flushes walk over them quickly.
type memory struct {
	rows      int // to come
	plan      *mapper.Plan
	before    *mapper.Batch
	snapshots *mapper.Snapshots
}

func (m *memory) turnTo(plan *mapper.Plan) {
	if m.plan != plan {
		*m = memory{rows: m.rows, plan: plan}
	}
}

// snapshot is what s holds now that c is written.
func (m *memory) snapshot(s *state, c *Change) mapper.Snapshot {
	m.turnTo(s.table.Plan)
	then := s.snapshot
	if c.Kind == Insert {
		then = mapper.Snapshot{}
	}
	if m.rows == 1 {
		return m.plan.SnapshotAfter(s.object, then, c.written(), c.back)
	}
	if m.snapshots == nil {
		m.snapshots = m.plan.NewSnapshots(m.rows)
	}
	m.rows--
	return m.snapshots.After(s.object, then, c.written(), c.back)
}

// keep remembers columns of s, unless the transaction has overwritten them before:
// what they were then is what comes back.
func (m *memory) keep(s *state, columns []int) {
	for _, u := range s.has().undo {
		if slices.Equal(u.columns, columns) {
			return
		}
	}
	m.turnTo(s.table.Plan)
	var before mapper.Object
	switch {
	case m.rows == 1:
		before = m.plan.New()
	case m.before == nil:
		m.before = m.plan.NewBatch(m.rows)
		before = m.before.New()
	default:
		before = m.before.New()
	}
	m.plan.CopyColumns(before, s.object, columns)
	s.keep().undo = append(s.has().undo, undo{before: before, columns: columns})
}

// Commit forgets how to take back the flushes of the transaction that was
// committed, and lets the objects go that it deleted. What had left before the last
// commit is nobody's any more.
func (u *Unit) Commit() {
	defer func() { u.before, u.gone = u.gone, nil }()
	kept := u.ordered[:0]
	for _, s := range u.ordered {
		s.forgetUndo()
		switch {
		case s.status == Deleted:
			s.status, s.snapshot = Detached, mapper.Snapshot{}
			u.let(s)
		case s.in():
			kept = append(kept, s)
		}
	}
	if len(kept) == len(u.ordered) {
		return
	}
	clear(u.ordered[len(kept):])
	u.ordered = kept
	if u.index = nil; len(kept) > few {
		u.index = newIndex(kept, len(kept))
	}
}

// Rollback empties the unit. The objects keep the values that the program gave
// them; what the database had made in the transaction is taken back, since it
// is no longer true: keys, times and versions.
func (u *Unit) Rollback() {
	for _, s := range u.ordered {
		fresh := s.inserted || s.status == Pending || s.status == Transient
		s.takeBack()
		if s.status = Detached; fresh {
			s.status = Transient
		}
	}
	u.leave()
}

// Release empties the unit and leaves the objects as they are: for a transaction
// that was committed, or may have been, without the session being able to tell
// what its objects look like now.
func (u *Unit) Release() {
	for _, s := range u.ordered {
		if s.in() {
			s.status = Detached
		}
	}
	u.leave()
}

func (u *Unit) leave() {
	u.epoch++
	if len(u.ordered)+len(u.gone)+len(u.before) == 0 {
		u.lent = mapper.Lent{}
		return // an empty unit remembers what it let go
	}
	for _, s := range u.ordered {
		s.leave()
	}
	u.lent.GiveBack()
	if len(u.before) > 0 {
		maps.Copy(u.before, u.gone)
		u.gone = u.before
	}
	u.past, u.gone, u.before = past{states: u.ordered, before: u.gone}, nil, nil
	u.ordered, u.index, u.referring, u.points = nil, nil, 0, 0
	u.related = related{}
}
