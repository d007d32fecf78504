package mapper

import (
	"bytes"
	"reflect"
	"slices"
	"unsafe"
)

// Snapshot is what an object held at one moment, to be compared with later.
//
//   - Shape: the zero Snapshot is none. Nothing that the object refers to is
//     shared with it except strings and, for fields that are no columns,
//     whatever they refer to.
type Snapshot struct{ p unsafe.Pointer }

// IsNil reports the zero Snapshot.
func (s Snapshot) IsNil() bool { return s.p == nil }

// snapPlan is how snapshots of one plan lie in memory and how they are compared.
//
// A snapshot is a copy of the struct with slots behind it: the values of
// nullable columns and the forms of json and coded columns, in one allocation.
type snapPlan struct {
	block  reflect.Type
	blocks blocks
	slots  []uintptr  // per column; 0 for none
	cloned []int      // columns whose memory the struct copy would share
	runs   []run      // columns that are equal where their bytes are
	others []compared // all other columns
}

func newSnapPlan(p *Plan) snapPlan {
	s := snapPlan{slots: make([]uintptr, len(p.columns))}
	var owners []int
	s.block = blockType(p.object, func(yield func(reflect.Type)) {
		for i := range p.columns {
			c := &p.columns[i]
			switch {
			case c.hasForm():
				yield(reflect.TypeFor[[]byte]())
			case c.nullable:
				yield(c.elem)
			default:
				continue
			}
			owners = append(owners, i)
		}
	})
	s.blocks = newBlocks(s.block)
	for k, i := range owners {
		s.slots[i] = s.block.Field(k + 1).Offset
	}
	for i := range p.columns {
		c := &p.columns[i]
		if c.nullable || c.hasForm() || c.shape == shapeBytes || c.shape == shapeStrings {
			s.cloned = append(s.cloned, i)
		}
	}
	s.arrange(p)
	return s
}

// Snapshots makes many snapshots with few allocations.
//
//   - Cleanup: one snapshot that is kept keeps up to about 64.
//   - Concurrency: one goroutine at a time.
type Snapshots struct {
	plan *Plan
	chunks
}

// NewSnapshots makes a Snapshots for about that many.
func (p *Plan) NewSnapshots(expect int) *Snapshots {
	return &Snapshots{p, newChunks(&p.snap.blocks, expect)}
}

// After is [Plan.SnapshotAfter].
func (s *Snapshots) After(o Object, then Snapshot, written ...[]int) Snapshot {
	return s.plan.after(o, s.block(), then, written)
}

// Snapshot remembers the values of all columns.
func (p *Plan) Snapshot(o Object) Snapshot {
	return p.snapshot(o, reflect.New(p.snap.block).UnsafePointer())
}

// SnapshotAfter is [Plan.Snapshot] of an object of which only the columns in
// written may differ from then: forms of the others, such as the texts of json, are
// taken over. The zero Snapshot has none.
func (p *Plan) SnapshotAfter(o Object, then Snapshot, written ...[]int) Snapshot {
	return p.after(o, reflect.New(p.snap.block).UnsafePointer(), then, written)
}

func (p *Plan) after(o Object, block unsafe.Pointer, then Snapshot, written [][]int) Snapshot {
	if then.p == nil {
		return p.snapshot(o, block)
	}
	return p.remember(o, block, func(col int) []byte {
		for _, cols := range written {
			if slices.Contains(cols, col) {
				return nil
			}
		}
		return load[[]byte](unsafe.Add(then.p, p.snap.slots[col]))
	})
}

func (p *Plan) snapshot(o Object, block unsafe.Pointer) Snapshot {
	return p.remember(o, block, nil)
}

// snapshot is that of an object that was decoded from values a moment ago.
func (d *Decoder) snapshot(o Object, block unsafe.Pointer, values [][]byte, raw *arena) Snapshot {
	var came func(col int) []byte
	if d.json != nil {
		came = func(col int) []byte { return d.sent(col, values, raw) }
	}
	return d.plan.remember(o, block, came)
}

// remember fills the block of a snapshot. came, where it is not nil, gives forms
// that are known; nil for one that is not.
func (p *Plan) remember(o Object, block unsafe.Pointer, came func(col int) []byte) Snapshot {
	reflect.NewAt(p.object, block).Elem().Set(reflect.NewAt(p.object, o.p).Elem())
	for _, i := range p.snap.cloned {
		c := &p.columns[i]
		field, slot := unsafe.Add(block, c.offset), unsafe.Add(block, p.snap.slots[i])
		value := field
		if c.nullable {
			if value = load[unsafe.Pointer](field); value == nil {
				if c.hasForm() {
					store[[]byte](slot, nil) // a borrowed block is not empty
				}
				continue
			}
		}
		switch {
		case c.hasForm():
			var form []byte
			if came != nil {
				form = came(i)
			}
			if form == nil {
				form, _ = c.storedForm(value) // what cannot be written is reported by Changed
			}
			store(slot, form)
			continue
		case c.nullable:
			c.cloneValue(slot, value)
			store(field, slot)
		default:
			c.cloneValue(field, value)
		}
	}
	return Snapshot{block}
}

// cloneValue copies a value with the slice that it is made of.
func (c *column) cloneValue(to, from unsafe.Pointer) {
	switch c.shape {
	case shapeBytes:
		store(to, bytes.Clone(load[[]byte](from)))
	case shapeStrings:
		store(to, slices.Clone(load[[]string](from)))
	default:
		c.copyValue(to, from)
	}
}
