package unitofwork

import (
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// SwapError says that rows exchange values of a unique constraint that is checked
// row by row; or that a row takes the values of one which cannot be deleted before.
//
//   - Shape: Keys are the primary keys of the rows, of the deleted one first; the
//     text does not show them. Constraint is empty for the primary key.
type SwapError struct {
	Table      string
	Constraint string
	Columns    []string
	Keys       []any

	deleted bool
}

// Error names the ways out.
func (e *SwapError) Error() string {
	if e.deleted {
		return fmt.Sprintf("retort: a row of %q takes the unique values of another in %s (%q), which is deleted in the same flush, but not before rows that refer to it have moved away; "+
			"nothing was sent; make the constraint .Deferrable(schema.InitiallyImmediate), or flush in between; see docs/errors.md#swap",
			e.Table, strings.Join(e.Columns, ", "), e.Constraint)
	}
	return fmt.Sprintf("retort: %d rows of %q exchange their values of the unique columns %s (%q), which the server checks row by row; "+
		"nothing was sent; make the constraint .Deferrable(schema.InitiallyImmediate), or flush a value in between; see docs/errors.md#swap",
		len(e.Keys), e.Table, strings.Join(e.Columns, ", "), e.Constraint)
}

// swaps orders the updates of each table so that one which frees a unique value
// comes before the one which takes it: in a statement of its own, since inside
// of one the order is the server's.
func (a *arrangement) swaps(changes []*Change) error {
	for start := 0; start < len(changes); {
		end := start + 1
		for end < len(changes) && changes[end].Table == changes[start].Table && changes[end].Kind == changes[start].Kind {
			end++
		}
		if changes[start].Kind == Update && end-start > 1 {
			if err := a.swapsOf(changes[start:end]); err != nil {
				return err
			}
		}
		start = end
	}
	return nil
}

// move is an update that takes a unique value which another one frees.
type move struct {
	unique *model.Unique
	from   *Change
}

func (a *arrangement) swapsOf(updates []*Change) error {
	t := updates[0].Table
	after := make(map[*Change][]move)
	uniques := t.Uniques()
	for i := range uniques {
		u := &uniques[i]
		if !u.Deferred {
			moves(updates, u, after)
		}
	}
	if len(after) == 0 {
		return nil
	}
	for c, list := range after {
		after[c] = slices.DeleteFunc(list, func(m move) bool {
			if m.unique.Deferrable {
				a.waiting = append(a.waiting, t.ConstraintName(m.unique.Name))
			}
			return m.unique.Deferrable
		})
	}
	const open, done = 1, 2
	seen := make(map[*Change]int)
	var path []*Change
	var visit func(c *Change) error
	visit = func(c *Change) error {
		if seen[c] == done {
			return nil
		}
		seen[c] = open
		path = append(path, c)
		for _, m := range after[c] {
			if seen[m.from] == open {
				if err := a.cutSwap(m, path[slices.Index(path, m.from):]); err != nil {
					return err
				}
				continue
			}
			if err := visit(m.from); err != nil {
				return err
			}
			c.round = max(c.round, m.from.round+1)
		}
		path = path[:len(path)-1]
		seen[c] = done
		return nil
	}
	for _, c := range updates {
		if err := visit(c); err != nil {
			return err
		}
	}
	slices.SortStableFunc(updates, func(a, b *Change) int { return a.round - b.round })
	return nil
}

// moves finds who takes from whom.
func moves(updates []*Change, u *model.Unique, after map[*Change][]move) {
	t := updates[0].Table
	var frees map[mapper.Key]*Change
	for _, c := range updates {
		if !intersect(c.columns, u.Columns) {
			continue
		}
		if key, null := t.Plan.RowKeyThen(c.state.snapshot, u.Columns); !null || u.NullsEqual {
			if frees == nil {
				frees = make(map[mapper.Key]*Change)
			}
			frees[key] = c
		}
	}
	if len(frees) < 2 {
		return
	}
	for _, c := range updates {
		if !intersect(c.columns, u.Columns) || !u.NullsEqual && slices.ContainsFunc(u.Columns, func(col int) bool { return t.Plan.IsNull(c.state.object, col) }) {
			continue
		}
		if from := frees[t.Plan.RowKey(c.state.object, u.Columns)]; from != nil && from != c {
			after[c] = append(after[c], move{u, from})
		}
	}
}

// cutSwap ends a circle at the row that m takes from: its value becomes NULL
// before all others move.
func (a *arrangement) cutSwap(m move, circle []*Change) error {
	t := m.from.Table
	if m.unique.Partial {
		return nil // whether the rows are in it is the server's to say
	}
	if !m.unique.NullsEqual {
		for _, col := range m.unique.Columns {
			if t.Plan.Nullable(col) && slices.Contains(m.from.columns, col) {
				a.cut = append(a.cut, &Change{Kind: Link, Table: t, state: m.from.state, columns: []int{col}, null: true})
				return nil
			}
		}
	}
	return swapError(m.unique, circle)
}

func swapError(u *model.Unique, rows []*Change) *SwapError {
	t := rows[0].Table
	e := &SwapError{Table: t.Name(), Constraint: u.Name}
	for _, col := range u.Columns {
		e.Columns = append(e.Columns, t.Columns[col].Name)
	}
	for _, c := range rows {
		e.Keys = append(e.Keys, c.Key())
	}
	return e
}
