package mapper

import (
	"reflect"
	"unsafe"
)

// KeyThen is [Plan.Key] of the value that the column had at the snapshot; null
// tells that it was NULL.
func (p *Plan) KeyThen(s Snapshot, col int) (key Key, null bool) {
	c := &p.columns[col]
	at := c.value(Object(s))
	if at == nil {
		return Key{}, true
	}
	if !c.hasForm() {
		return c.key(at), c.holdsNull && c.isNull(at)
	}
	form := c.formThen(load[[]byte](unsafe.Add(s.p, p.snap.slots[col])))
	return Key{s: string(c.canonical(form))}, form == nil
}

// RowKeyThen is [Plan.RowKey] of the snapshot; null tells that one of the values
// was NULL.
func (p *Plan) RowKeyThen(s Snapshot, cols []int) (key Key, null bool) {
	var j keyJoiner
	for _, col := range cols {
		k, none := p.KeyThen(s, col)
		null = null || none
		j.add(k)
	}
	return j.key(), null
}

// Restore gives the columns the values of the snapshot. Columns that have them
// still are not touched, so that what the program shares with them stays shared.
//
//   - Shape: json and values of codecs are decoded anew from what would have been
//     stored. Where that cannot be done (types whose OID only the server knows),
//     the field becomes what it was, without what was edited inside of it.
func (p *Plan) Restore(o Object, s Snapshot, cols []int) {
	if s.p == nil {
		return
	}
	for _, col := range cols {
		c := &p.columns[col]
		now, then := c.at(o), c.at(Object(s))
		if same, err := c.same(now, then, unsafe.Add(s.p, p.snap.slots[col])); same && err == nil {
			continue
		}
		if !c.nullable {
			p.restoreValue(c, col, now, then, s)
			continue
		}
		value := load[unsafe.Pointer](then)
		if value == nil {
			store(now, value)
			continue
		}
		fresh := reflect.New(c.elem).UnsafePointer()
		p.restoreValue(c, col, fresh, value, s)
		store(now, fresh)
	}
}

func (p *Plan) restoreValue(c *column, col int, to, then unsafe.Pointer, s Snapshot) {
	if !c.hasForm() {
		c.cloneValue(to, then)
		return
	}
	form := load[[]byte](unsafe.Add(s.p, p.snap.slots[col]))
	if sent, ok := c.asSent(form); ok {
		form = sent
	}
	if form != nil {
		fresh := reflect.New(c.elem)
		if p.readForm(c, fresh.UnsafePointer(), form) {
			reflect.NewAt(c.elem, to).Elem().Set(fresh.Elem())
			return
		}
	}
	reflect.NewAt(c.elem, to).Elem().Set(reflect.NewAt(c.elem, then).Elem())
}

// readForm stores the value that a form stands for, if that can be told.
func (p *Plan) readForm(c *column, dst unsafe.Pointer, form []byte) bool {
	if c.asText {
		return c.reread(dst, form)
	}
	d := decodeColumn{op: opCoded, column: c, in: &incoming{pg: c.pg, oid: c.pg.oid, types: p.types}}
	if c.shape == shapeJSON {
		d.op = opJSON
	}
	var memory arena
	return d.decode(dst, form, &memory) == nil
}

// Clone makes a copy of the object's columns that shares no memory with them that
// can be written to.
//
//   - Shape: fields that are no columns are zero.
func (p *Plan) Clone(o Object) Object {
	s := p.Snapshot(o)
	fresh := p.New()
	for col := range p.columns {
		c := &p.columns[col]
		to, then := c.at(fresh), c.at(Object(s))
		if !c.nullable {
			p.restoreValue(c, col, to, then, s)
			continue
		}
		if value := load[unsafe.Pointer](then); value != nil {
			copied := reflect.New(c.elem).UnsafePointer()
			p.restoreValue(c, col, copied, value, s)
			store(to, copied)
		}
	}
	return fresh
}
