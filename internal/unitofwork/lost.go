package unitofwork

import "github.com/retort-go/retort/internal/mapper"

// Lost lists the changes that were written, but whose results did not come back:
// for a flight whose answers were cut off, and which is known to be committed all
// the same. Each takes its row by [Change.Found] before [Unit.Apply].
func (w *Work) Lost() []*Change {
	if w == nil {
		return nil
	}
	for _, g := range w.groups {
		g.match()
		g.matched = true // what is found must not be overwritten
	}
	var lost []*Change
	for _, c := range w.changes {
		if c.result.IsNil() && len(c.returned()) > 0 {
			lost = append(lost, c)
		}
	}
	return lost
}

// returned are the columns that come back.
func (c *Change) returned() []int {
	switch c.Kind {
	case Insert:
		return c.Table.InsertReturned()
	case Update:
		return c.Table.UpdateReturned()
	default:
		return nil
	}
}

// Found gives the change its row as it is now, in place of what was lost. The
// object takes all of it, for others may have changed the row meanwhile, and half
// of it would be a row that never was.
func (c *Change) Found(row mapper.Object) {
	c.result, c.back, c.stamps = row, c.Table.AllColumns(), stamps{}
}
