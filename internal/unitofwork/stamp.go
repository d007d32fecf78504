package unitofwork

import (
	"fmt"
	"slices"
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// stamps are the values of a change that the program's clock makes. They wait in
// an object of their own: the flight that carries them may fail.
type stamps struct {
	object  mapper.Object
	columns []int
}

// stamp gives c the time of this flush where its table wants it. At INSERT a
// time that the program has set stays.
func (u *Unit) stamp(c *Change) {
	if c.Kind == Delete {
		return
	}
	t := c.Table
	for i := range t.Columns {
		switch stamp := t.Columns[i].Stamp; {
		case stamp == model.NoStamp, c.Kind == Update && stamp != model.StampWrite:
			continue
		case c.Kind == Insert && !t.Plan.IsZero(c.state.object, i):
			continue
		}
		if c.stamps.columns == nil {
			c.stamps.object = t.Plan.New()
		}
		t.Plan.SetTime(c.stamps.object, i, u.moment())
		c.stamps.columns = append(c.stamps.columns, i)
	}
	if c.Kind == Update && len(c.stamps.columns) > 0 {
		c.columns = slices.Concat(c.columns, c.stamps.columns) // they may be another's
		slices.Sort(c.columns)
	}
}

// moment is the time of the flush, the same for all of its rows, as it will come
// back from the database.
func (u *Unit) moment() time.Time {
	if u.now.IsZero() {
		clock := u.Clock
		if clock == nil {
			clock = time.Now
		}
		u.now = clock().UTC().Truncate(time.Microsecond)
	}
	return u.now
}

// holder is the object that has what c writes to a column.
func (c *Change) holder(col int) mapper.Object {
	if len(c.stamps.columns) > 0 && slices.Contains(c.stamps.columns, col) {
		return c.stamps.object
	}
	if len(c.nulls) > 0 && slices.Contains(c.nulls, col) {
		return c.Table.Plan.New()
	}
	return c.state.object
}

func errStamped(t *model.Table, col int) error {
	return fmt.Errorf("retort: UPDATE %s: column %q is set by the flush (ClockOnInsert, ClockOnWrite) and cannot be changed through the object; set it back",
		t.Type, t.Columns[col].Name)
}
