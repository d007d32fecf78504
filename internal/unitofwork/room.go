package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/schema"
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

// uniques lists the columns of each unique constraint that is checked at once.
func uniques(t *model.Table) [][]int {
	var all [][]int
	if !t.Columns[t.Key].ServerMade {
		all = append(all, []int{t.Key})
	}
	for _, u := range t.Schema.Uniques {
		columns := make([]int, len(u.Columns))
		for i, name := range u.Columns {
			columns[i] = columnOf(t, name)
		}
		all = append(all, columns)
	}
	for i := range t.Schema.Indexes {
		if columns := uniqueColumns(t, &t.Schema.Indexes[i]); len(columns) > 0 {
			all = append(all, columns)
		}
	}
	return all
}

// uniqueColumns are the columns of a unique index; none when it is over an
// expression, whose values we do not know.
func uniqueColumns(t *model.Table, ix *schema.Index) []int {
	var columns []int
	for _, p := range ix.Parts {
		if !ix.Unique || p.Expression != "" {
			return nil
		}
		columns = append(columns, columnOf(t, p.Column))
	}
	return columns
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
	type reference struct {
		table, column string
		key           mapper.Key
	}
	children := make(map[reference][]*Change)
	targets := make(map[string][]string) // columns that are referred to, by table
	for _, d := range deletes {
		for _, l := range links(d.Table) {
			if plan := d.Table.Plan; !plan.IsNull(d.state.object, l.column) {
				r := reference{l.to, l.target, plan.Key(d.state.object, l.column)}
				children[r] = append(children[r], d)
				if !slices.Contains(targets[l.to], l.target) {
					targets[l.to] = append(targets[l.to], l.target)
				}
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
		name := parent.Table.Name()
		for _, column := range targets[name] {
			key := parent.Table.Plan.Key(parent.state.object, columnOf(parent.Table, column))
			for _, child := range children[reference{name, column, key}] {
				if !early[child] {
					early[child] = true
					queue = append(queue, child)
				}
			}
		}
	}
}
