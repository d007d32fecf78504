package unitofwork

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// Unwritten is what the next flush will change in a relation: for rows that were
// read before it. The nil Unwritten is nothing.
type Unwritten struct {
	unit  *Unit
	rel   *model.Relation
	whole bool
	put   map[*state][]*state // rows by those that will have them
	taken map[tie]bool
}

// tie is a row and the owner that will not have it any more.
type tie struct{ owner, row *state }

// Unwritten looks through the changes of the unit. Without whole only some rows of
// the relation were read, and a new one counts if the field had it before.
func (u *Unit) Unwritten(rel *model.Relation, whole bool) *Unwritten {
	w := &Unwritten{unit: u, rel: rel, whole: whole, put: make(map[*state][]*state), taken: make(map[tie]bool)}
	switch {
	case rel.Refers(), rel.Through:
	case rel.Link != nil:
		w.links()
	default:
		w.references()
	}
	return w
}

// references finds rows of has-many and has-one relations whose reference will be
// another, or none.
func (w *Unwritten) references() {
	u, rel := w.unit, w.rel
	for _, c := range u.ordered {
		if c.table != rel.Child || !c.in() || c.doomed || !c.turned(rel.Columns) {
			continue
		}
		if owner := u.referred(c, rel.Columns, rel.Owner); owner != nil {
			w.put[owner] = append(w.put[owner], c)
		}
	}
	for _, c := range u.related.cuts {
		if c.rel == rel {
			w.taken[tie{c.owner, c.row}] = true
		}
	}
}

// links finds the rows in between that will come and go.
func (w *Unwritten) links() {
	u, rel := w.unit, w.rel
	for _, l := range u.ordered {
		if l.table != rel.Link || l.status != Pending && !l.doomed {
			continue
		}
		owner, c := u.referred(l, rel.LinkNear, rel.Owner), u.referred(l, rel.LinkFar, rel.Child)
		switch {
		case owner == nil || c == nil:
		case l.doomed:
			w.taken[tie{owner, c}] = true
		default:
			w.put[owner] = append(w.put[owner], c)
		}
	}
}

// turned tells whether a flush will write columns of s.
func (s *state) turned(columns []int) bool {
	if s.status == Pending || s.awaited(columns) != nil {
		return true
	}
	then, null := s.table.Plan.RowKeyThen(s.snapshot, columns)
	return s.status == Persistent && (then != s.table.Plan.RowKey(s.object, columns) || null != s.lacks(columns)) // NULL has the key of 0
}

// Rows is what the field of o will hold behind the flush, read being what it holds
// in the database: in the same order, and behind it what will come.
func (w *Unwritten) Rows(o mapper.Object, read []mapper.Object) []mapper.Object {
	if w == nil {
		return read
	}
	owner, ok := w.unit.known(o)
	if !ok {
		return read
	}
	if w.rel.Refers() {
		if on := owner.awaited(w.rel.Near); on != nil {
			return []mapper.Object{on.object}
		}
		return read
	}
	after := list{rows: slices.DeleteFunc(slices.Clone(read), func(row mapper.Object) bool { return w.leaves(owner, row) })}
	before, _ := w.unit.rows(owner, w.rel)
	had := make(map[mapper.Object]bool, len(before))
	for _, row := range before {
		had[row] = true
	}
	put := make(map[mapper.Object]bool)
	for _, c := range w.put[owner] {
		put[c.object] = w.whole || had[c.object]
	}
	for _, row := range before {
		if put[row] {
			after.add(row)
		}
	}
	for _, c := range w.put[owner] {
		if put[c.object] {
			after.add(c.object)
		}
	}
	if n := len(after.rows); w.rel.ToOne() && n > 1 {
		return after.rows[n-1:]
	}
	return after.rows
}

// leaves tells whether owner will not have a row that it has in the database.
func (w *Unwritten) leaves(owner *state, row mapper.Object) bool {
	c, ok := w.unit.known(row)
	switch {
	case !ok || w.rel.Through:
		return false
	case c.doomed || w.taken[tie{owner, c}]:
		return true
	default:
		return w.rel.Link == nil && c.turned(w.rel.Columns) && w.unit.referred(c, w.rel.Columns, w.rel.Owner) != owner
	}
}
