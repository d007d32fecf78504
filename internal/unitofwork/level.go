package unitofwork

import (
	"fmt"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// parent is an object whose key another one refers to.
type parent struct {
	link  *model.Link
	state *state
}

// Refer makes child refer to parent: the columns of link take the parent's values
// at once, or as soon as the database has made them. This is the seam for
// relations, which know objects where a model has only columns.
//
//   - Shape: until it is settled, a later Refer by the same link replaces it, and
//     [Unit.Unrefer] ends it. What the program writes to the columns meanwhile is
//     overwritten. Rollback takes back values that the transaction had made.
//   - Errors: the unit does not have both objects; the values do not fit.
func (u *Unit) Refer(child mapper.Object, link *model.Link, to mapper.Object) error {
	c, ok := u.known(child)
	p, found := u.known(to)
	if !ok || !found {
		return fmt.Errorf("retort: a %s cannot refer to an object that is not in the session; Add both first", link.To.Type)
	}
	u.Unrefer(child, link)
	ref := parent{link, p}
	if ref.known() {
		return u.take(c, ref)
	}
	c.keep().parents = append(c.has().parents, ref)
	u.referring++
	return nil
}

// Unrefer forgets a Refer that was not settled yet. The columns stay as they are.
func (u *Unit) Unrefer(child mapper.Object, link *model.Link) {
	c, ok := u.known(child)
	if !ok {
		return
	}
	if n := len(c.has().parents); n > 0 {
		c.more.parents = slices.DeleteFunc(c.more.parents, func(p parent) bool { return p.link == link })
		u.referring -= n - len(c.more.parents)
	}
}

// known tells whether the values that a child takes are there.
func (p parent) known() bool {
	if p.state.status != Pending {
		return true
	}
	return !p.link.ServerMade()
}

// unrefer forgets what s waits for.
func (u *Unit) unrefer(s *state) {
	if n := len(s.has().parents); n > 0 {
		u.referring -= n
		s.more.parents = nil
	}
}

// take gives a child the values of its parent.
func (u *Unit) take(c *state, p parent) error {
	plan, from := c.table.Plan, p.link.To.Plan
	if !slices.ContainsFunc(p.link.Columns, func(col int) bool { return plan.IsNull(c.object, col) }) &&
		plan.RowKey(c.object, p.link.Columns) == from.RowKey(p.state.object, p.link.Targets) {
		return nil
	}
	if p.state.inserted {
		before := plan.New()
		plan.CopyColumns(before, c.object, p.link.Columns)
		c.keep().undo = append(c.has().undo, undo{before: before, columns: p.link.Columns})
	}
	for i, col := range p.link.Columns {
		if err := plan.Set(c.object, col, from.Value(p.state.object, p.link.Targets[i])); err != nil {
			return fmt.Errorf("retort: %s %q: %w", c.table.Type, p.link.Name, err)
		}
	}
	return nil
}

// settle gives children the keys that have become known.
func (u *Unit) settle() error {
	if u.referring == 0 {
		return nil
	}
	for _, s := range u.ordered {
		for _, p := range slices.Clone(s.has().parents) {
			if !s.in() || !p.state.in() {
				return fmt.Errorf("retort: %s: a %s refers to a %s that is no longer in the session; Add it, or set the foreign key", p.link.Name, s.table.Type, p.link.To.Type)
			}
			if !p.known() {
				continue
			}
			if err := u.take(s, p); err != nil {
				return err
			}
			u.Unrefer(s.object, p.link)
		}
	}
	return nil
}

// ready leaves out the changes that wait for a key which the database makes, and
// the deletes that need not be first, as long as one waits.
func (u *Unit) ready(changes []*Change) (now []*Change, more bool, err error) {
	if u.referring == 0 {
		return changes, false, nil
	}
	waiting := make(map[*Change]bool)
	for _, c := range changes {
		waiting[c] = len(c.state.has().parents) > 0 && c.Kind != Delete
	}
	for again := true; again; {
		again = false
		late := lateRows(changes, waiting)
		for _, c := range changes {
			if !waiting[c] && c.Kind != Delete && late.refers(c) {
				waiting[c], again = true, true
			}
		}
	}
	release(changes, waiting)
	for _, c := range changes {
		if !waiting[c] && (c.Kind != Delete || c.early) {
			now = append(now, c)
		}
		more = more || waiting[c]
	}
	switch {
	case !more && !u.waitsFor(changes):
		return changes, false, nil
	case len(now) > 0:
		return now, true, nil
	}
	// A circle: one of its rows has to do without, until the others are there.
	for _, c := range changes {
		if waiting[c] && c.Kind == Insert && c.mayBeNull() {
			return []*Change{c}, true, nil
		}
	}
	return nil, false, &CycleError{Table: changes[0].Table.Name(), Constraint: changes[0].state.has().parents[0].link.Name}
}

// release takes updates out of waiting that free unique values which others take
// now. The keys that they wait for are written by updates behind them.
func release(changes []*Change, waiting map[*Change]bool) {
	late := lateRows(changes, waiting)
	for again := true; again; {
		again = false
		taken := make(map[*model.Unique]map[mapper.Key]bool)
		for _, c := range changes {
			if c.Kind != Update || !waiting[c] || late.refers(c) {
				continue
			}
			uniques := c.Table.Uniques()
			for i := range uniques {
				u := &uniques[i]
				if u.Deferred || !intersect(c.columns, u.Columns) {
					continue
				}
				if taken[u] == nil {
					taken[u] = takenNow(changes, waiting, c.Table, u)
				}
				if key, null := c.Table.Plan.RowKeyThen(c.state.snapshot, u.Columns); taken[u][key] && (!null || u.NullsEqual) {
					waiting[c], again = false, true // and what it takes itself is taken now, too
					break
				}
			}
		}
	}
}

// takenNow are the values of u that changes which do not wait give their rows.
func takenNow(changes []*Change, waiting map[*Change]bool, t *model.Table, u *model.Unique) map[mapper.Key]bool {
	taken := make(map[mapper.Key]bool)
	for _, c := range changes {
		if c.Table == t && !waiting[c] && (c.Kind == Insert || c.Kind == Update && intersect(c.columns, u.Columns)) {
			taken[t.Plan.RowKey(c.state.object, u.Columns)] = true
		}
	}
	return taken
}

// waitsFor tells whether a row that is there already waits for a new one.
func (u *Unit) waitsFor(changes []*Change) bool {
	for _, s := range u.ordered {
		if len(s.has().parents) > 0 && s.in() {
			return len(changes) > 0
		}
	}
	return false
}

// mayBeNull tells whether all foreign keys that wait are nullable.
func (c *Change) mayBeNull() bool {
	for _, p := range c.state.has().parents {
		if nullable(c.Table, p.link) < 0 {
			return false
		}
	}
	return true
}

// nullable is a column of a foreign key that can be NULL, so that the row refers
// to nothing; -1 for none.
func nullable(t *model.Table, l *model.Link) int {
	for _, col := range l.Columns {
		if t.Plan.Nullable(col) && !t.IsKey(col) {
			return col
		}
	}
	return -1
}

// reference is a row as a foreign key names it.
type reference struct {
	link *model.Link
	key  mapper.Key
}

// references are rows by how others refer to them.
type references map[*model.Table]map[string]map[mapper.Key]bool

// lateRows are the new rows that cannot be inserted yet.
func lateRows(changes []*Change, waiting map[*Change]bool) references {
	late := make(references)
	for _, c := range changes {
		if waiting[c] && c.Kind == Insert {
			if late[c.Table] == nil {
				late[c.Table] = make(map[string]map[mapper.Key]bool)
			}
		}
	}
	for _, c := range changes {
		for i := range c.Table.Links {
			l := &c.Table.Links[i]
			if late[l.To] == nil || late[l.To][targets(l)] != nil || l.ServerMade() {
				continue
			}
			rows := make(map[mapper.Key]bool)
			for _, d := range changes {
				if d.Table == l.To && waiting[d] && d.Kind == Insert {
					rows[l.To.Plan.RowKey(d.state.object, l.Targets)] = true
				}
			}
			late[l.To][targets(l)] = rows
		}
	}
	return late
}

// targets names the columns that l refers to.
func targets(l *model.Link) string { return fmt.Sprint(l.Targets) }

// refers tells whether c refers by a value to one of the rows.
func (r references) refers(c *Change) bool {
	for i := range c.Table.Links {
		l := &c.Table.Links[i]
		rows := r[l.To][targets(l)]
		if len(rows) == 0 {
			continue
		}
		if key, ok := c.refersTo(l); ok && rows[key] {
			return true
		}
	}
	return false
}
