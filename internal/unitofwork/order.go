package unitofwork

import (
	"cmp"
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// sorted puts changes in an order in which they may run.
//
// Tables come by foreign keys, the ones referred to first. Within a table
// updates come before inserts, since they may free a unique value, and by key,
// so that concurrent sessions lock rows in one order; inserts keep the order in
// which they were added. Deletes come last, children first. Two things change
// that where the rows themselves ask for it: a row that refers to another of its
// own table comes after it ([inOwnOrder]), and a delete comes first when its
// unique value is taken by another row ([Unit.makingRoom]). held are those which
// cannot.
//
//   - Source: SQLAlchemy's unit of work, which has the same order but the last.
func (u *Unit) sorted(changes []*Change) (order []*Change, held []want) {
	if len(changes) < 2 {
		return changes, nil
	}
	if !slices.IsSortedFunc(changes, inFlushOrder) {
		for i, c := range changes {
			c.came = i
		}
		slices.SortFunc(changes, func(a, b *Change) int { return cmp.Or(inFlushOrder(a, b), cmp.Compare(a.came, b.came)) })
	}
	for start := 0; start < len(changes); {
		end := start + 1
		for end < len(changes) && changes[end].Table == changes[start].Table &&
			(changes[end].Kind == Delete) == (changes[start].Kind == Delete) {
			end++
		}
		inOwnOrder(changes[start:end])
		start = end
	}
	return u.makingRoom(changes)
}

func inFlushOrder(a, b *Change) int {
	if (a.Kind == Delete) != (b.Kind == Delete) {
		if a.Kind == Delete {
			return 1
		}
		return -1
	}
	if a.Kind == Delete {
		if order := cmp.Compare(b.Table.Rank, a.Table.Rank); order != 0 {
			return order // keys of different tables do not compare
		}
		return byKey(a, b)
	}
	order := cmp.Or(cmp.Compare(a.Table.Rank, b.Table.Rank), -cmp.Compare(a.Kind, b.Kind))
	if order == 0 && a.Kind == Update {
		return byKey(a, b)
	}
	return order
}

func byKey(a, b *Change) int {
	return a.Table.Plan.CompareRows(a.state.object, b.state.object, a.Table.Key)
}

// inOwnOrder sorts changes of one table, all deletes or none, by the foreign keys
// from the table to itself: a row after the new row that it refers to, a delete
// after those of the rows that refer to it. Rows in a circle stay as they are;
// they need a deferrable foreign key.
func inOwnOrder(changes []*Change) {
	if len(changes) < 2 {
		return
	}
	t := changes[0].Table
	var own []*model.Link
	for i := range t.Links {
		if t.Links[i].To == t {
			own = append(own, &t.Links[i])
		}
	}
	if len(own) == 0 {
		return
	}
	v := visit{changes: slices.Clone(changes), done: make([]bool, len(changes)), out: changes[:0]}
	v.before = make([][]int, len(changes))
	for _, l := range own {
		v.follow(t, l, changes[0].Kind == Delete)
	}
	for i := range v.changes {
		v.visit(i)
	}
}

// visit walks changes so that each comes after those that must be before it.
type visit struct {
	changes []*Change
	before  [][]int
	done    []bool
	out     []*Change
}

// follow notes what l asks for.
func (v *visit) follow(t *model.Table, l *model.Link, deletes bool) {
	made := slices.ContainsFunc(l.Targets, func(col int) bool { return t.Columns[col].ServerMade })
	rows := make(map[mapper.Key]int, len(v.changes))
	for i, c := range v.changes {
		if c.Kind == Delete || c.Kind == Insert && !made {
			rows[c.target(l)] = i
		}
	}
	for i, c := range v.changes {
		key, refers := c.refersTo(l)
		if !refers || c.Kind == Update && !intersect(c.columns, l.Columns) {
			continue
		}
		switch j, ok := rows[key]; {
		case !ok || j == i:
		case deletes:
			v.before[j] = append(v.before[j], i)
		default:
			v.before[i] = append(v.before[i], j)
		}
	}
}

// refersTo names the row that the one of c refers to by l. Of a row that is deleted
// the snapshot tells: its object may say something else by now.
func (c *Change) refersTo(l *model.Link) (key mapper.Key, ok bool) {
	if c.Kind == Delete {
		key, null := c.Table.Plan.RowKeyThen(c.state.snapshot, l.Columns)
		return key, !null
	}
	if !c.state.refers(l) {
		return mapper.Key{}, false
	}
	return c.Table.Plan.RowKey(c.state.object, l.Columns), true
}

// target is how rows that refer to the one of c by l name it.
func (c *Change) target(l *model.Link) mapper.Key {
	if c.Kind == Delete {
		key, _ := c.Table.Plan.RowKeyThen(c.state.snapshot, l.Targets)
		return key
	}
	return c.Table.Plan.RowKey(c.state.object, l.Targets)
}

// refers tells whether the object refers to another by l: NULL in one column of a
// foreign key refers to nothing.
func (s *state) refers(l *model.Link) bool {
	for _, col := range l.Columns {
		if s.table.Plan.IsNull(s.object, col) {
			return false
		}
	}
	return true
}

func intersect(a, b []int) bool {
	return slices.ContainsFunc(a, func(x int) bool { return slices.Contains(b, x) })
}

func (v *visit) visit(i int) {
	if v.done[i] {
		return
	}
	v.done[i] = true
	for _, j := range v.before[i] {
		v.visit(j)
	}
	v.out = append(v.out, v.changes[i])
}
