package mapper

import (
	"fmt"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// TypeNames are the names of types that are not built in, as one database numbers
// them: what SELECT oid, oid::regtype FROM pg_type says of "mood" or "mood[]".
//
// Decoders work without it; with it they tell types apart that look alike. Types
// that are sent as their text, enums and citext, may be left out when they are not
// registered; strings hold them.
type TypeNames map[uint32]string

// incoming is what is known of the type of values that arrive.
type incoming struct {
	pg      pgType
	oid     uint32 // as the server sent it
	unknown bool   // nobody said what oid stands for: pg is what the column expects
	types   *Types
	oids    TypeNames
}

// reader decides how values of the type oid are read into the column; ok is
// false when they cannot be.
func (c *column) reader(oid uint32, types *Types, learned TypeNames) (d decodeColumn, ok bool) {
	in := &incoming{oid: oid, types: types, oids: learned}
	d = decodeColumn{nullable: c.nullable, offset: uint32(c.offset), slot: uint32(c.slot), column: c, in: in}
	pg, known := typeOfOID(oid)
	name, found := learned[oid]
	if found && !known {
		pg, known = types.named(name)
	}
	if !known {
		in.pg, in.unknown = c.pg, true
		d.op = c.guess()
		if found && (d.op == opUserText || d.op == opEnum || d.op == opStrings) {
			d.op = opNone // a name that nobody registered, of a type that is not sent as text
		}
		return d, d.op != opNone
	}
	in.pg = pg
	if d.op = opFor(c.shape, &pg); d.op != opNone {
		return d, true
	}
	if c.shape == shapeCoded && pg.oid == c.pg.oid && (pg.oid != 0 || pg.name == c.pg.name) {
		d.op = opCoded
		return d, true
	}
	// Another type than was declared: read it if such a column could be.
	other := *c
	other.codec, other.asText, other.holdsNull = nil, false, false
	if types.pair(&other, c.elem, pg) != "" {
		return d, false
	}
	d.column = &other
	if d.op = opFor(other.shape, &pg); d.op == opNone && other.shape == shapeCoded {
		d.op = opCoded
	}
	return d, d.op != opNone
}

// guess picks the op for values of a type of which only the OID is known.
func (c *column) guess() op {
	switch {
	case c.shape == shapeString && c.pg.enum != nil && len(c.pg.enum.labels) > 0:
		return opEnum
	case c.shape == shapeString:
		return opUserText
	case c.shape == shapeStrings:
		return opStrings
	case c.shape != shapeCoded:
		return opNone
	case c.pg.oid == 0:
		return opCoded // declared: the server's own name for it was not learned
	}
	switch c.codec.(type) {
	case *listCodec, *arrayCodec, *rangeCodec, *multirangeCodec, *scannerCodec, *textCodec:
		return opCoded
	}
	return opNone
}

// itemReader decides how the parts of a container are read, whose bytes say
// that they are of the type oid.
func (d *decodeColumn) itemReader(item *column, oid uint32) (decodeColumn, error) {
	if oid == item.pg.oid && oid != 0 {
		r := decodeColumn{nullable: item.nullable, column: item, in: &item.self, op: opCoded}
		if item.shape != shapeCoded {
			r.op = opFor(item.shape, &item.pg)
		}
		return r, nil
	}
	r, ok := item.reader(oid, d.in.types, d.in.oids)
	if !ok {
		return r, d.stored(fmt.Sprintf("holds elements of %s, which %s cannot hold; cast it in the SQL", nameOfOID(oid, d.in.oids), item.typ))
	}
	return r, nil
}

// item stores one part of a container; src is nil for NULL.
func (d *decodeColumn) item(dst unsafe.Pointer, src []byte) error {
	if src == nil {
		switch {
		case d.nullable:
			store[unsafe.Pointer](dst, nil)
			return nil
		case d.column.holdsNull:
			return d.column.codec.decode(d, dst, nil)
		}
		return d.nullElement()
	}
	if d.nullable {
		value := d.column.newValue()
		store(dst, value)
		dst = value
	}
	var memory arena
	return d.decode(dst, src, &memory)
}

// nameOfOID names a type in an error.
func nameOfOID(oid uint32, learned TypeNames) string {
	if name, ok := learned[oid]; ok {
		return name
	}
	if t, ok := pgtype.NewMap().TypeForOID(oid); ok {
		return t.Name
	}
	return fmt.Sprintf("the type with OID %d", oid)
}
