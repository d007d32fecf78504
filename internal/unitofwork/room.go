package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// makingRoom moves deletes to the front whose unique values other changes take,
// and with them the deletes of the rows that refer to theirs.
func makingRoom(changes []*Change) []*Change {
	first := slices.IndexFunc(changes, func(c *Change) bool { return c.Kind == Delete })
	if first <= 0 {
		return changes
	}
	writes, deletes := changes[:first], changes[first:]
	early := inTheWay(writes, deletes)
	if len(early) == 0 {
		return changes
	}
	withChildren(early, deletes)
	out := make([]*Change, 0, len(changes))
	for _, c := range deletes {
		if early[c] {
			out = append(out, c)
		}
	}
	out = append(out, writes...)
	for _, c := range deletes {
		if !early[c] {
			out = append(out, c)
		}
	}
	return out
}

// place is one value of one column, of all rows of a table.
type place struct {
	table  string
	column int
	key    mapper.Key
}

func placeOf(c *Change, col int) place {
	return place{c.Table.Name(), col, c.Table.Plan.Key(c.state.object, col)}
}

// inTheWay finds the deletes of rows whose unique values are taken. Whether the
// condition of a partial one holds is not asked.
func inTheWay(writes, deletes []*Change) map[*Change]bool {
	unique := make(map[*model.Table][][]int) // of the tables that lose rows
	for _, d := range deletes {
		if unique[d.Table] == nil {
			unique[d.Table] = uniques(d.Table)
		}
	}
	takers := make(map[place][]*Change) // by the first column
	for _, c := range writes {
		for _, columns := range unique[c.Table] {
			p := placeOf(c, columns[0])
			takers[p] = append(takers[p], c)
		}
	}
	if len(takers) == 0 {
		return nil
	}
	early := make(map[*Change]bool)
	for _, d := range deletes {
		for _, columns := range unique[d.Table] {
			for _, c := range takers[placeOf(d, columns[0])] {
				if takes(c, d, columns) {
					early[d] = true
				}
			}
		}
	}
	return early
}

// uniques lists the columns of each unique constraint of t.
func uniques(t *model.Table) [][]int {
	var all [][]int
	for _, u := range t.Uniques() {
		all = append(all, u.Columns)
	}
	return all
}

// takes tells whether c writes the values that the row of d has in columns.
func takes(c, d *Change, columns []int) bool {
	plan, x, y := c.Table.Plan, c.state.object, d.state.object
	writes := c.Kind == Insert
	for _, col := range columns {
		if plan.IsNull(x, col) || plan.IsNull(y, col) || plan.Key(x, col) != plan.Key(y, col) {
			return false
		}
		writes = writes || slices.Contains(c.columns, col)
	}
	return writes
}

// withChildren adds the deletes of rows that refer to those of early, and so on.
func withChildren(early map[*Change]bool, deletes []*Change) {
	children := make(map[reference][]*Change)
	targeting := make(map[*model.Table][]*model.Link) // links to a table from those that lose rows
	for _, d := range deletes {
		for i := range d.Table.Links {
			l := &d.Table.Links[i]
			if !refers(d, l) {
				continue
			}
			r := reference{l, d.Table.Plan.RowKey(d.state.object, l.Columns)}
			children[r] = append(children[r], d)
			if !slices.Contains(targeting[l.To], l) {
				targeting[l.To] = append(targeting[l.To], l)
			}
		}
	}
	var queue []*Change
	for c := range early {
		queue = append(queue, c)
	}
	for len(queue) > 0 {
		parent := queue[0]
		queue = queue[1:]
		for _, l := range targeting[parent.Table] {
			key := parent.Table.Plan.RowKey(parent.state.object, l.Targets)
			for _, child := range children[reference{l, key}] {
				if !early[child] {
					early[child] = true
					queue = append(queue, child)
				}
			}
		}
	}
}
