package mapper

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"time"
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
	slots  []uintptr  // per column; 0 for none
	cloned []int      // columns whose memory the struct copy would share
	ranges []memRange // columns that are equal when their bytes are
	others []other    // all other columns
}

// other is a column that is compared as what it is.
type other struct {
	offset uintptr
	slot   uintptr // 0 for none
	text   bool    // a plain string, the most frequent
	index  int
	column *column
}

// memRange is a run of columns without gaps.
type memRange struct {
	offset, size uintptr
	columns      []int
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
	for k, i := range owners {
		s.slots[i] = s.block.Field(k + 1).Offset
	}
	var plain []int
	for i := range p.columns {
		c := &p.columns[i]
		if c.nullable || c.hasForm() || c.shape == shapeBytes || c.shape == shapeStrings {
			s.cloned = append(s.cloned, i)
		}
		if c.isPlain() {
			plain = append(plain, i)
		} else {
			s.others = append(s.others, other{c.offset, s.slots[i], c.shape == shapeString && !c.nullable, i, c})
		}
	}
	s.merge(p, plain)
	return s
}

// isPlain reports a column whose values are equal exactly when their bytes are;
// floats count by bits.
func (c *column) isPlain() bool {
	switch c.shape {
	case shapeInt16, shapeInt32, shapeInt64, shapeFloat32, shapeFloat64, shapeBool, shapeUUID:
		return !c.nullable
	}
	return false
}

// merge makes ranges of neighbors; padding, whose bytes mean nothing, ends one.
func (s *snapPlan) merge(p *Plan, plain []int) {
	slices.SortFunc(plain, func(a, b int) int { return cmp.Compare(p.columns[a].offset, p.columns[b].offset) })
	for _, i := range plain {
		c := &p.columns[i]
		if n := len(s.ranges); n > 0 && s.ranges[n-1].offset+s.ranges[n-1].size == c.offset {
			s.ranges[n-1].size += c.typ.Size()
			s.ranges[n-1].columns = append(s.ranges[n-1].columns, i)
			continue
		}
		s.ranges = append(s.ranges, memRange{c.offset, c.typ.Size(), []int{i}})
	}
}

// Snapshots makes many snapshots with few allocations.
//
//   - Cleanup: one snapshot that is kept keeps up to 64.
//   - Concurrency: one goroutine at a time.
type Snapshots struct {
	plan *Plan
	chunks
}

// NewSnapshots makes a Snapshots for about that many.
func (p *Plan) NewSnapshots(expect int) *Snapshots {
	return &Snapshots{p, newChunks(p.snap.block, expect)}
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

// Changed appends to dst the indexes of the columns whose values differ from the
// snapshot, ascending.
//
//   - Shape: by what would be stored: times at microseconds, dates by calendar
//     day, pointers by what they point at, floats by bits, json by its text, nil
//     slices as empty ones, timestamps without zone by what the clock shows. Edits inside slices, maps and pointees are seen.
//   - Errors: [*ValueError] for values that cannot be written; dst is as before.
//     The zero Snapshot says nothing of any column.
func (p *Plan) Changed(o Object, s Snapshot, dst []int) ([]int, error) {
	if s.p == nil {
		return dst, nil
	}
	start := len(dst)
	for i := range p.snap.ranges {
		r := &p.snap.ranges[i]
		if !equalMemory(o.p, s.p, r.offset, r.size) {
			for _, col := range r.columns {
				if c := &p.columns[col]; !equalMemory(o.p, s.p, c.offset, c.typ.Size()) {
					dst = append(dst, col)
				}
			}
		}
	}
	for i := range p.snap.others {
		x := &p.snap.others[i]
		now, then := unsafe.Add(o.p, x.offset), unsafe.Add(s.p, x.offset)
		if x.text {
			if load[string](now) != load[string](then) {
				dst = append(dst, x.index)
			}
			continue
		}
		same, err := x.column.same(now, then, unsafe.Add(s.p, x.slot))
		if err != nil {
			return dst[:start], err
		}
		if !same {
			dst = append(dst, x.index)
		}
	}
	if len(dst)-start > 1 {
		slices.Sort(dst[start:])
	}
	return dst, nil
}

// same compares two fields; text is the address of a json column's text.
func (c *column) same(now, then, text unsafe.Pointer) (bool, error) {
	if c.nullable {
		now, then = load[unsafe.Pointer](now), load[unsafe.Pointer](then)
		if now == nil || then == nil {
			return now == then, nil
		}
	}
	switch c.shape {
	case shapeString:
		return load[string](now) == load[string](then), nil
	case shapeTime:
		return c.sameTime(now, then), nil
	case shapeBytes:
		return bytes.Equal(load[[]byte](now), load[[]byte](then)), nil
	case shapeStrings:
		return slices.Equal(load[[]string](now), load[[]string](then)), nil
	case shapeJSON, shapeCoded:
		if !c.hasForm() {
			return reflect.NewAt(c.elem, now).Elem().Interface() == reflect.NewAt(c.elem, then).Elem().Interface(), nil
		}
		before := load[[]byte](text)
		if sent, ok := c.asSent(before); ok {
			same, form := c.sameAsSent(now, sent)
			if same {
				return true, nil
			}
			before = form
		}
		current, err := c.storedForm(now)
		if err != nil && before == nil && equalMemory(now, then, 0, c.elem.Size()) {
			return true, nil // what could not be written then, such as a zero netip.Addr, and was left alone
		}
		return err == nil && (current == nil) == (before == nil) && bytes.Equal(current, before), err
	}
	return equalMemory(now, then, 0, c.elem.Size()), nil
}

// hasForm reports the columns that are compared by the bytes that would be
// stored, since their values may share memory with anything.
func (c *column) hasForm() bool {
	if c.shape != shapeCoded {
		return c.shape == shapeJSON
	}
	s, ok := c.codec.(*scannerCodec)
	return !ok || !s.flat
}

// storedForm is what would be stored; nil for NULL.
func (c *column) storedForm(at unsafe.Pointer) ([]byte, error) {
	if c.shape == shapeJSON {
		return c.marshal(at)
	}
	return c.form(make([]byte, 0, 24), at)
}

func (c *column) sameTime(now, then unsafe.Pointer) bool {
	if equalMemory(now, then, 0, unsafe.Sizeof(time.Time{})) {
		return true
	}
	return c.compareTimes(load[time.Time](now), load[time.Time](then)) == 0
}

func equalMemory(a, b unsafe.Pointer, offset, size uintptr) bool {
	x := unsafe.String((*byte)(unsafe.Add(a, offset)), size)
	return x == unsafe.String((*byte)(unsafe.Add(b, offset)), size)
}
