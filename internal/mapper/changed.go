package mapper

import (
	"bytes"
	"cmp"
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// compared is a column that is compared as what it is.
type compared struct {
	offset, size uintptr
	slot         uintptr // 0 for none
	kind         comparison
	index        int
	column       *column
}

type comparison uint8

const (
	byRule  comparison = iota // see column.same
	byBytes                   // equal exactly when the bytes are; floats count by bits
	byText
)

// run is columns beside each other, and the padding between them, whose values are
// equal where all their bytes are: mostly all that is looked at of an object that
// nobody changed.
type run struct {
	offset, size uintptr
	columns      []compared
}

// arrange sorts the columns into runs and others.
func (s *snapPlan) arrange(p *Plan) {
	order := make([]compared, len(p.columns))
	for i := range p.columns {
		c := &p.columns[i]
		order[i] = compared{c.offset, c.typ.Size(), s.slots[i], c.comparison(), i, c}
	}
	slices.SortFunc(order, func(a, b compared) int { return cmp.Compare(a.offset, b.offset) })
	for _, x := range order {
		if x.kind == byRule && (x.column.nullable || x.column.shape != shapeTime) {
			s.others = append(s.others, x)
			continue
		}
		align := uintptr(x.column.typ.Align())
		if n := len(s.runs); n > 0 && (s.runs[n-1].end()+align-1)&^(align-1) == x.offset {
			r := &s.runs[n-1]
			r.size = x.offset + x.size - r.offset
			r.columns = append(r.columns, x)
			continue
		}
		s.runs = append(s.runs, run{x.offset, x.size, []compared{x}})
	}
}

func (r *run) end() uintptr { return r.offset + r.size }

func (c *column) comparison() comparison {
	switch {
	case c.nullable:
		return byRule
	case c.shape == shapeString:
		return byText
	}
	switch c.shape {
	case shapeInt16, shapeInt32, shapeInt64, shapeFloat32, shapeFloat64, shapeBool, shapeUUID:
		return byBytes
	}
	return byRule
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
	var err error
	for i := range p.snap.runs {
		if r := &p.snap.runs[i]; !equalMemory(o.p, s.p, r.offset, r.size) {
			if dst, err = differing(dst, r.columns, o, s); err != nil {
				return dst[:start], err
			}
		}
	}
	if dst, err = differing(dst, p.snap.others, o, s); err != nil {
		return dst[:start], err
	}
	if len(dst)-start > 1 {
		slices.Sort(dst[start:])
	}
	return dst, nil
}

// differing appends the indexes of those columns whose values differ.
func differing(dst []int, columns []compared, o Object, s Snapshot) ([]int, error) {
	for i := range columns {
		x := &columns[i]
		var same bool
		switch now, then := unsafe.Add(o.p, x.offset), unsafe.Add(s.p, x.offset); x.kind {
		case byBytes:
			same = equalMemory(now, then, 0, x.size)
		case byText:
			same = load[string](now) == load[string](then)
		default:
			var err error
			if same, err = x.column.same(now, then, unsafe.Add(s.p, x.slot)); err != nil {
				return dst, err
			}
		}
		if !same {
			dst = append(dst, x.index)
		}
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
