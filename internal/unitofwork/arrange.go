package unitofwork

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
)

// CycleError says that rows refer to each other in a circle that no order of
// writing them satisfies.
type CycleError struct {
	Table      string
	Constraint string // the foreign key
}

// Error names the ways out.
func (e *CycleError) Error() string {
	return fmt.Sprintf("retort: rows of %q and others refer to each other in a circle, and the foreign key %q is checked at once and cannot be NULL; "+
		"nothing was sent; make it .Deferrable(schema.InitiallyDeferred) or its field a pointer; see docs/errors.md#cycle", e.Table, e.Constraint)
}

// arrangement is what sorted changes need besides, where foreign keys or unique
// values go in circles.
type arrangement struct {
	cut     []*Change // foreign keys and unique values that become NULL first
	join    []*Change // foreign keys of new rows that are set when the others are there
	late    map[*Change]bool
	waiting []string // constraints that have to wait, as SQL
	rows    map[reference]int
	filled  map[*model.Link]bool
}

// arranged solves the circles in sorted changes: by constraints that can wait, by
// NULLs in between, or not at all.
//
//   - Errors: [*CycleError], [*SwapError], before anything is sent.
func arranged(changes []*Change, held []want) (before, behind []*Group, all []*Change, err error) {
	a := &arrangement{}
	if err := a.swaps(changes); err != nil {
		return nil, nil, nil, err
	}
	if err := a.circles(changes); err != nil {
		return nil, nil, nil, err
	}
	if err := a.held(changes, held); err != nil {
		return nil, nil, nil, err
	}
	for _, c := range changes {
		if c.rest != nil {
			a.join = append(a.join, &Change{Kind: Link, Table: c.Table, state: c.state, columns: c.rest})
		}
	}
	if len(a.waiting) > 0 {
		list := joined(a.waiting)
		before = []*Group{{Kind: Lock, Table: changes[0].Table, sql: "/* retort:session.flush */ SET CONSTRAINTS " + list + " DEFERRED"}}
		behind = []*Group{{Kind: Lock, Table: changes[0].Table, sql: "/* retort:session.flush */ SET CONSTRAINTS " + list + " IMMEDIATE"}}
	}
	if len(a.cut)+len(a.join)+len(a.late) == 0 {
		return before, behind, changes, nil
	}
	all = append(all, a.cut...)
	tail := len(changes)
	for tail > 0 && changes[tail-1].Kind == Delete {
		tail--
	}
	for _, c := range changes[:tail] { // early deletes among them
		if !a.late[c] {
			all = append(all, c)
		}
	}
	all = append(all, a.join...)
	for _, c := range changes[:tail] {
		if a.late[c] {
			all = append(all, c)
		}
	}
	return before, behind, append(all, changes[tail:]...), nil
}

func joined(names []string) string {
	slices.Sort(names)
	text := ""
	for i, name := range slices.Compact(names) {
		if i > 0 {
			text += ", "
		}
		text += name
	}
	return text
}

// circles looks for rows that refer to others which are inserted later, or
// deleted before.
func (a *arrangement) circles(changes []*Change) error {
	if !slices.ContainsFunc(changes, func(c *Change) bool { return c.Table.Circular }) {
		return nil
	}
	a.rows, a.filled = make(map[reference]int), make(map[*model.Link]bool)
	for i, c := range changes {
		for k := range c.Table.Links {
			l := &c.Table.Links[k]
			key, refers := c.refersTo(l)
			if !l.Back || !refers || c.Kind == Update && !intersect(c.columns, l.Columns) {
				continue
			}
			a.fill(l, changes)
			j, ok := a.rows[reference{l, key}]
			if !ok || j == i || (changes[j].Kind == Delete) != (c.Kind == Delete) {
				continue
			}
			if c.Kind == Delete && (j > i || l.To == c.Table) || c.Kind != Delete && (j < i || together(changes, i, j)) {
				continue
			}
			if err := a.solve(c, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// fill finds the new and the deleted rows that l can refer to.
func (a *arrangement) fill(l *model.Link, changes []*Change) {
	if a.filled[l] {
		return
	}
	a.filled[l] = true
	for i, c := range changes {
		if c.Table == l.To && (c.Kind == Delete || c.Kind == Insert && !l.ServerMade()) {
			a.rows[reference{l, c.target(l)}] = i
		}
	}
}

// together tells whether one statement inserts both rows: foreign keys are
// checked at its end.
func together(changes []*Change, i, j int) bool {
	c := changes[i]
	if c.Kind != Insert || changes[j].Table != c.Table || c.Table.InsertMany() == nil {
		return false
	}
	first := i
	for first > 0 && changes[first-1].Table == c.Table && changes[first-1].Kind == Insert {
		first--
	}
	return (i-first)/mostRows == (j-first)/mostRows
}

// solve finds a way for c to refer by l to a row that is not there then.
func (a *arrangement) solve(c *Change, l *model.Link) error {
	col := nullable(c.Table, l)
	switch {
	case l.Deferred:
	case l.Deferrable:
		a.waiting = append(a.waiting, c.Table.ConstraintName(l.Name))
	case c.Kind == Update:
		if a.late == nil {
			a.late = make(map[*Change]bool)
		}
		a.late[c] = true
	case c.Kind == Delete && l.Nulls():
	case col >= 0 && c.Kind == Delete:
		a.cut = append(a.cut, &Change{Kind: Link, Table: c.Table, state: c.state, columns: []int{col}, null: true})
	case col >= 0:
		c.nulls = append(c.nulls, col)
		a.join = append(a.join, &Change{Kind: Link, Table: c.Table, state: c.state, columns: []int{col}})
	default:
		return &CycleError{Table: c.Table.Name(), Constraint: l.Name}
	}
	return nil
}

// cascade tells the objects whose rows the database has deleted or changed
// together with others, by the foreign keys' ON DELETE.
func (u *Unit) cascade(changes []*Change, keepUndo bool) {
	var queue []*state
	for _, c := range changes {
		if c.Kind == Delete && c.Table.DeletedAt() < 0 {
			queue = append(queue, c.state)
		}
	}
	if len(queue) == 0 {
		return
	}
	children := u.referrers()
	for len(queue) > 0 && len(children) > 0 {
		gone := queue[0]
		queue = queue[1:]
		for link, rows := range children {
			if link.To != gone.table {
				continue
			}
			for _, child := range rows[gone.table.Plan.RowKey(gone.object, link.Targets)] {
				if child.status != Persistent {
					continue
				}
				if link.Nulls() {
					u.nulled(child, link, keepUndo)
				} else {
					child.status, child.doomed = Deleted, false
					queue = append(queue, child)
				}
			}
		}
	}
}

// referrers are the persistent objects by the rows that they refer to, as far as
// the database acts on them when those are deleted.
func (u *Unit) referrers() map[*model.Link]map[mapper.Key][]*state {
	var found map[*model.Link]map[mapper.Key][]*state
	for _, s := range u.ordered {
		if s.status != Persistent {
			continue
		}
		for i := range s.table.Links {
			l := &s.table.Links[i]
			if !l.Acts() || !s.refers(l) {
				continue
			}
			if found == nil {
				found = make(map[*model.Link]map[mapper.Key][]*state)
			}
			if found[l] == nil {
				found[l] = make(map[mapper.Key][]*state)
			}
			key := s.table.Plan.RowKey(s.object, l.Columns)
			found[l][key] = append(found[l][key], s)
		}
	}
	return found
}

// nulled makes the columns of a foreign key NULL, as the database has done. What
// SET DEFAULT put there is not known: such an object is read again.
func (u *Unit) nulled(s *state, l *model.Link, keepUndo bool) {
	plan := s.table.Plan
	if l.OnDelete == schema.SetDefault || slices.ContainsFunc(l.Columns, func(col int) bool { return !plan.Nullable(col) }) {
		s.expired = true
		return
	}
	if keepUndo {
		before := plan.New()
		plan.CopyColumns(before, s.object, l.Columns)
		s.keep().undo = append(s.has().undo, undo{before: before, columns: l.Columns})
	}
	none := plan.New()
	plan.CopyColumns(s.object, none, l.Columns)
	if s.snapshot.IsNil() {
		return
	}
	u.overwrites(s)
	// Other changes of the object may wait for a later flight still.
	row := plan.New()
	plan.Restore(row, s.snapshot, s.table.AllColumns())
	plan.CopyColumns(row, none, l.Columns)
	s.snapshot = plan.SnapshotAfter(row, s.snapshot, l.Columns)
}
