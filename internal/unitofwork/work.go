package unitofwork

import (
	"errors"
	"slices"

	"github.com/retort-go/retort/internal/flight"
)

// Work is what one flight of a flush writes. The nil Work is nothing.
type Work struct {
	groups  []*Group
	changes []*Change
	more    bool

	one single // where there is one row, which is most often
}

// single is the memory of a Work for one row.
type single struct {
	group      Group
	groups     [1]*Group
	statements [1]flight.Statement
}

// Rows is the number of rows that are written.
func (w *Work) Rows() int {
	if w == nil {
		return 0
	}
	return len(w.changes)
}

// More tells that other changes wait for keys that the database makes for these:
// ask for the next Work once this one is applied.
func (w *Work) More() bool { return w != nil && w.more }

// Alone says that w goes into a transaction of its own, which ends behind it, before
// its statements are encoded. A change or deletion of one row then needs no guard:
// where the row is gone, nothing was written that would have to be undone, and the
// tag of its statement says so. Lone is its group.
func (w *Work) Alone() {
	if w.Rows() == 1 && len(w.groups) == 1 && w.groups[0].existing() {
		w.groups[0].alone = true
	}
}

// Lone is the group of one row that goes without a guard; nil: there is none.
func (w *Work) Lone() *Group {
	if w == nil || len(w.groups) != 1 || !w.groups[0].alone {
		return nil
	}
	return w.groups[0]
}

// Contested reports whether somebody else may have changed a row meanwhile, which its
// version tells: the expected kind of failure.
func (w *Work) Contested() bool {
	if w == nil {
		return false
	}
	for _, g := range w.groups {
		if !g.alone && g.Kind != Insert && g.Table != nil && g.Table.Version >= 0 {
			return true
		}
	}
	return false
}

// Groups are the statements, in the order of [Work.Statements].
func (w *Work) Groups() []*Group {
	if w == nil {
		return nil
	}
	return w.groups
}

// Statements encodes everything, with room for more statements behind.
//
//   - Errors: every change that cannot be written, joined.
func (w *Work) Statements(room int) ([]flight.Statement, error) {
	if w == nil {
		return nil, nil
	}
	statements := w.one.statements[:0]
	if n := len(w.groups) + room; n > cap(statements) {
		statements = make([]flight.Statement, 0, n)
	}
	var errs []error
	for i := 0; i < len(w.groups); i++ {
		st, err := w.groups[i].statement()
		if err != nil {
			errs = append(errs, err)
		}
		if rest := w.groups[i].halved(&st); rest != nil {
			w.groups = append(w.groups[:i+1], append([]*Group{rest}, w.groups[i+1:]...)...)
			i--
			continue
		}
		statements = append(statements, st)
	}
	return statements, errors.Join(errs...)
}

// halved takes the second half off a group whose parameters are too large.
func (g *Group) halved(st *flight.Statement) (rest *Group) {
	bytes := 0
	for _, v := range st.Args {
		bytes += len(v)
	}
	n := len(g.changes)
	if bytes <= mostBytes || n < 2 {
		return nil
	}
	half := *g
	half.changes, g.changes = g.changes[n/2:], g.changes[:n/2]
	return &half
}

// Work lists the statements that the next flight has to send, in the order in
// which they may run; see [Unit.sorted]. It is nil when there are none.
//
//   - Errors: every object that cannot be written, joined.
func (u *Unit) Work() (*Work, error) {
	if err := u.refresh(); err != nil {
		return nil, err
	}
	if err := u.settle(); err != nil {
		return nil, err
	}
	changes, err := u.changes()
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	w := &Work{}
	unhook(changes)
	changes, held := u.sorted(changes)
	if changes, w.more, err = u.ready(changes); err != nil {
		return nil, err
	}
	before, behind, changes, err := arranged(changes, held)
	if err != nil {
		return nil, err
	}
	w.changes = changes
	w.groups = w.grouped(changes)
	if len(before)+len(behind) > 0 {
		w.groups = slices.Concat(before, w.groups, behind)
	}
	return w, nil
}

// Pending counts the rows that are to be written.
func (u *Unit) Pending() (int, error) {
	changes, err := u.changes()
	return len(changes), err
}

// Reset forgets the rows that came back, before the flight is sent again.
func (w *Work) Reset() {
	for _, g := range w.Groups() {
		g.rows = nil
	}
}
