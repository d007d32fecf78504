package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// want is what a delete has to make for another change: the values of unique, nil
// where only the server can compare them.
type want struct {
	gone, taker *Change
	unique      *model.Unique
}

// makingRoom moves deletes to the front whose unique values other changes take,
// and with them the deletes of the rows that refer to theirs. Those that cannot
// go first, since an update has to move a row away from theirs before, are held.
func (u *Unit) makingRoom(changes []*Change) (order []*Change, held []want) {
	first := slices.IndexFunc(changes, func(c *Change) bool { return c.Kind == Delete })
	if first <= 0 {
		return changes, nil
	}
	writes, deletes := changes[:first], changes[first:]
	rooms := inTheWay(writes, deletes)
	if len(rooms) == 0 {
		return changes, nil
	}
	late := u.late(writes, deletes)
	var early []*Change
	for _, r := range rooms {
		switch {
		case !late[r.gone]:
			early = append(early, r.gone)
		case r.unique != nil:
			held = append(held, r)
		}
	}
	if len(early) == 0 {
		return changes, held
	}
	withChildren(early, deletes)
	order = make([]*Change, 0, len(changes))
	for _, c := range deletes {
		if c.early {
			order = append(order, c)
		}
	}
	order = append(order, writes...)
	for _, c := range deletes {
		if !c.early {
			order = append(order, c)
		}
	}
	return order, held
}

// place is one value of one column, of all rows of a table.
type place struct {
	table  string
	column int
	key    mapper.Key
}

// inTheWay finds the deletes of rows whose unique values are taken, as the rows
// have them: the objects may say something else by now. Whether the condition of a
// partial one holds is not asked. Where a table has unique values that are not
// known here, all its deletes are.
func inTheWay(writes, deletes []*Change) []want {
	unique := make(map[*model.Table][]model.Unique) // of the tables that lose rows
	for _, d := range deletes {
		if unique[d.Table] == nil {
			unique[d.Table] = d.Table.Uniques()
		}
	}
	takers := make(map[place][]*Change) // by the first column
	blind := make(map[*model.Table]bool)
	for _, c := range writes {
		if _, loses := unique[c.Table]; loses && c.Table.Blind() {
			blind[c.Table] = true
		}
		for i := range unique[c.Table] {
			col := unique[c.Table][i].Columns[0]
			p := place{c.Table.Name(), col, c.Table.Plan.Key(c.state.object, col)}
			takers[p] = append(takers[p], c)
		}
	}
	if len(takers)+len(blind) == 0 {
		return nil
	}
	var rooms []want
	for _, d := range deletes {
		found := len(rooms)
		for i := range unique[d.Table] {
			u := &unique[d.Table][i]
			key, _ := d.Table.Plan.KeyThen(d.state.snapshot, u.Columns[0])
			for _, c := range takers[place{d.Table.Name(), u.Columns[0], key}] {
				if takes(c, d, u) {
					rooms = append(rooms, want{d, c, u})
				}
			}
		}
		if len(rooms) == found && blind[d.Table] {
			rooms = append(rooms, want{gone: d})
		}
	}
	return rooms
}

// takes tells whether c writes the values that the row of d has by u.
func takes(c, d *Change, u *model.Unique) bool {
	plan := c.Table.Plan
	writes := c.Kind == Insert
	for _, col := range u.Columns {
		key, null := plan.KeyThen(d.state.snapshot, col)
		if !u.NullsEqual && (null || plan.IsNull(c.state.object, col)) || plan.Key(c.state.object, col) != key {
			return false
		}
		writes = writes || slices.Contains(c.columns, col)
	}
	return writes
}

// late finds the deletes that must not come before an update: of rows from which
// it moves another row away, and of those that these refer to.
func (u *Unit) late(writes, deletes []*Change) map[*Change]bool {
	left := make(map[*model.Link]map[mapper.Key]bool) // what rows refer to no longer
	leave := func(s *state, l *model.Link) {
		if s.status != Persistent {
			return
		}
		key, null := s.table.Plan.RowKeyThen(s.snapshot, l.Columns)
		if null {
			return
		}
		if left[l] == nil {
			left[l] = make(map[mapper.Key]bool)
		}
		left[l][key] = true
	}
	for _, c := range writes {
		for i := range c.Table.Links {
			if l := &c.Table.Links[i]; c.Kind == Update && (intersect(c.columns, l.Columns) || intersect(c.rest, l.Columns)) {
				leave(c.state, l)
			}
		}
	}
	if u.referring > 0 {
		for _, s := range u.ordered {
			for _, p := range s.has().parents {
				leave(s, p.link)
			}
		}
	}
	if len(left) == 0 {
		return nil
	}
	late := make(map[*Change]bool)
	var queue []*Change
	for _, d := range deletes {
		if d.Table.DeletedAt() >= 0 {
			continue // the row stays, and may be referred to
		}
		for l, keys := range left {
			if l.To == d.Table && keys[d.target(l)] {
				late[d] = true
				queue = append(queue, d)
				break
			}
		}
	}
	if len(queue) == 0 {
		return nil
	}
	above := rowsAbove(deletes)
	for len(queue) > 0 {
		d := queue[0]
		queue = queue[1:]
		for i := range d.Table.Links {
			l := &d.Table.Links[i]
			key, refers := d.refersTo(l)
			if !refers {
				continue
			}
			if up := above[reference{l, key}]; up != nil && !late[up] {
				late[up] = true
				queue = append(queue, up)
			}
		}
	}
	return late
}

// rowsAbove are deletes by how those of rows that refer to them name them.
func rowsAbove(deletes []*Change) map[reference]*Change {
	above := make(map[reference]*Change)
	seen := make(map[*model.Table]bool)
	for _, d := range deletes {
		if seen[d.Table] {
			continue
		}
		seen[d.Table] = true
		for i := range d.Table.Links {
			l := &d.Table.Links[i]
			for _, to := range deletes {
				if to.Table == l.To {
					above[reference{l, to.target(l)}] = to
				}
			}
		}
	}
	return above
}

// withChildren makes the deletes early, those of rows that refer to theirs, and so
// on.
func withChildren(early []*Change, deletes []*Change) {
	children := make(map[reference][]*Change)
	targeting := make(map[*model.Table][]*model.Link) // links to a table from those that lose rows
	for _, d := range deletes {
		for i := range d.Table.Links {
			l := &d.Table.Links[i]
			key, refers := d.refersTo(l)
			if !refers {
				continue
			}
			r := reference{l, key}
			children[r] = append(children[r], d)
			if !slices.Contains(targeting[l.To], l) {
				targeting[l.To] = append(targeting[l.To], l)
			}
		}
	}
	queue := make([]*Change, 0, len(early))
	add := func(c *Change) {
		if !c.early {
			c.early = true
			queue = append(queue, c)
		}
	}
	for _, c := range early {
		add(c)
	}
	for len(queue) > 0 {
		parent := queue[0]
		queue = queue[1:]
		for _, l := range targeting[parent.Table] {
			for _, child := range children[reference{l, parent.target(l)}] {
				add(child)
			}
		}
	}
}

// held finds other ways for takers of values whose rows cannot be deleted before:
// the constraint waits, or the old row gives its value up.
func (a *arrangement) held(changes []*Change, held []want) error {
	if len(held) == 0 {
		return nil
	}
	here := make(map[*Change]bool, len(changes))
	for _, c := range changes {
		here[c] = true
	}
	for _, r := range held {
		t := r.gone.Table
		col := -1
		if !r.unique.NullsEqual {
			col = slices.IndexFunc(r.unique.Columns, func(col int) bool { return t.Plan.Nullable(col) && !t.IsKey(col) })
		}
		switch {
		case !here[r.taker], r.unique.Deferred, r.unique.Partial: // what a partial one holds is the server's to say
		case r.unique.Deferrable && here[r.gone]:
			a.waiting = append(a.waiting, t.ConstraintName(r.unique.Name))
		case col >= 0:
			a.cut = append(a.cut, &Change{Kind: Link, Table: t, state: r.gone.state, columns: r.unique.Columns[col : col+1], null: true})
		default:
			e := swapError(r.unique, []*Change{r.gone, r.taker})
			e.deleted = true
			return e
		}
	}
	return nil
}

// unhook takes foreign keys out of updates that free the unique values of new rows
// of their table: the update comes before those rows, what refers to new rows
// behind them.
func unhook(changes []*Change) {
	inserts := make(map[*model.Table][]*Change)
	for _, c := range changes {
		if c.Kind == Insert && c.Table.Circular {
			inserts[c.Table] = append(inserts[c.Table], c)
		}
	}
	if len(inserts) == 0 {
		return
	}
	for t, list := range inserts {
		uniques := t.Uniques()
		for i := range uniques {
			u := &uniques[i]
			taken := make(map[mapper.Key]bool, len(list))
			for _, c := range list {
				taken[t.Plan.RowKey(c.state.object, u.Columns)] = true
			}
			for _, c := range changes {
				if c.Kind != Update || c.Table != t || !intersect(c.columns, u.Columns) {
					continue
				}
				if key, _ := t.Plan.RowKeyThen(c.state.snapshot, u.Columns); taken[key] {
					c.unhook(u)
				}
			}
		}
	}
}

// unhook leaves what refers to later rows to a Link, but for columns of u itself.
func (c *Change) unhook(u *model.Unique) {
	for i := range c.Table.Links {
		l := &c.Table.Links[i]
		if !l.Back || !intersect(c.columns, l.Columns) || intersect(u.Columns, l.Columns) || !c.state.refers(l) {
			continue
		}
		isLink := func(col int) bool { return slices.Contains(l.Columns, col) }
		for _, col := range c.columns {
			if isLink(col) {
				c.rest = append(c.rest, col)
			}
		}
		c.columns = slices.DeleteFunc(slices.Clone(c.columns), isLink)
	}
}
