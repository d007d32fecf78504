package mapper

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgconn"
)

// Decoder fills objects from rows of one shape, in binary format.
//
//   - Concurrency: safe for many goroutines; the objects and batches are not.
type Decoder struct {
	plan  *Plan
	cols  []decodeColumn
	oids  []uint32
	arena []int // positions of the columns whose bytes are kept

	guessed bool     // a column's type was not known
	learned *learned // what was known when d was made
}

// decodeColumn is one column of the result: how to read it, and where it goes.
type decodeColumn struct {
	op       op
	nullable bool
	offset   uint32 // half a word each keeps two columns in one cache line
	slot     uint32
	column   *column
	in       *incoming
}

// op reads one (PostgreSQL type, Go type) pair.
type op uint8

const (
	opNone op = iota
	opInt16
	opInt32
	opInt64
	opInteger // the widths differ
	opFloat32
	opFloat64
	opFloat4To8
	opBool
	opUUID
	opString
	opUserText // text of a type that is not built in
	opEnum     // one of the labels that are known
	opJSONBString
	opBytes
	opJSONBBytes
	opTimestamp
	opDate
	opStrings
	opJSON
	opJSONB
	opCoded
)

// Decoder makes the decoder of rows whose k-th value has type oids[k] and goes
// to the column cols[k].
//
//   - Errors: every pair that cannot be read joined, each naming the column, the
//     Go type and the PostgreSQL types. Integers, floats and numerics are read as
//     far as their values fit. Types that are not built in are taken for what the
//     column is declared as, and without that go to strings (enums, citext).
func (p *Plan) Decoder(cols []int, oids []uint32) (*Decoder, error) {
	return p.DecoderOf(cols, oids, nil)
}

// DecoderOf is Decoder with the names that were learned of OIDs which are not
// built in.
func (p *Plan) DecoderOf(cols []int, oids []uint32, learned TypeNames) (*Decoder, error) {
	if len(cols) != len(oids) {
		return nil, fmt.Errorf("mapper: result of %d columns for %d fields of %s; select exactly the mapped columns", len(oids), len(cols), p.object)
	}
	d := &Decoder{plan: p, cols: make([]decodeColumn, len(cols)), oids: append([]uint32(nil), oids...)}
	var problems []error
	for k, col := range cols {
		c := &p.columns[col]
		dc, ok := c.reader(oids[k], p.types, learned)
		if !ok {
			problems = append(problems, p.mismatch(c, oids[k], learned))
		}
		if dc.in.unknown {
			d.guessed = true
		}
		if dc.op.keepsBytes() {
			d.arena = append(d.arena, k)
		}
		d.cols[k] = dc
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return d, nil
}

func (p *Plan) mismatch(c *column, oid uint32, learned TypeNames) error {
	declared := " (declared " + c.pg.name + ")"
	if p.loose {
		declared = ""
	}
	return &FieldError{
		Type: p.object.String(), Field: c.path,
		Problem: fmt.Sprintf("column %s%s came as %s, which %s cannot hold; change the field or cast it in the SQL",
			c.name, declared, nameOfOID(oid, learned), c.typ),
	}
}

// Matches reports whether rows with these descriptions are what d was made for.
func (d *Decoder) Matches(fields []pgconn.FieldDescription) bool {
	if len(fields) != len(d.oids) {
		return false
	}
	for k := range fields {
		if fields[k].DataTypeOID != d.oids[k] {
			return false
		}
	}
	return true
}

// Decode stores one row in o.
//
//   - Shape: values as the server sent them, nil for NULL; nothing of them is
//     kept. Values of nullable columns get new memory, so pointers that were
//     taken from o before keep what they point at.
//   - Errors: [*NullError], [*ValueError] for what Go cannot hold (infinite times,
//     integers out of range), [*FormatError] for bytes that are not of their
//     type. After an error o holds a part of the row.
func (d *Decoder) Decode(o Object, values [][]byte) error {
	if o.p == nil {
		panic("mapper: Decode into the zero Object")
	}
	return d.decode(o.p, values, false)
}

// DecodeNew stores one row in a new object of b, with fewer allocations than
// Decode.
//
//   - Errors: as Decode; a batch of another plan panics.
func (d *Decoder) DecodeNew(b *Batch, values [][]byte) (Object, error) {
	if b.plan != d.plan {
		panic("mapper: DecodeNew with the batch of another plan")
	}
	o := b.New()
	if err := d.decode(o.p, values, true); err != nil {
		return Object{}, err
	}
	return o, nil
}

// largestShared is the longest value that shares memory with its neighbors in
// the row: a longer one would be kept alive by a short string beside it.
const largestShared = 256 // bytes

func (d *Decoder) decode(base unsafe.Pointer, values [][]byte, slots bool) error {
	if len(values) != len(d.cols) {
		return &FormatError{Column: "(all)", Reason: fmt.Sprintf("%d values for %d columns", len(values), len(d.cols))}
	}
	shared := 0
	for _, k := range d.arena {
		if n := len(values[k]); n <= largestShared {
			shared += n
		}
	}
	var memory arena
	if shared > 0 {
		memory.buf = make([]byte, shared)
	}
	for k := range d.cols {
		c, src := &d.cols[k], values[k]
		dst := unsafe.Add(base, c.offset)
		if src == nil {
			if err := c.null(dst); err != nil {
				return err
			}
			continue
		}
		if c.nullable {
			var value unsafe.Pointer
			if slots {
				value = unsafe.Add(base, c.slot)
			} else {
				value = c.column.newValue()
			}
			store(dst, value)
			dst = value
		}
		if err := c.decode(dst, src, &memory); err != nil {
			return err
		}
	}
	return nil
}

// null stores NULL.
func (d *decodeColumn) null(dst unsafe.Pointer) error {
	switch {
	case d.nullable:
		store[unsafe.Pointer](dst, nil)
		return nil
	case d.column.declared.NullAsZero:
		reflect.NewAt(d.column.typ, dst).Elem().SetZero()
		return nil
	case d.column.holdsNull:
		return d.column.codec.decode(d, dst, nil)
	}
	return &NullError{Column: d.column.name, Type: d.column.elem.String()}
}

// newValue allocates the value of a nullable column.
func (c *column) newValue() unsafe.Pointer {
	switch c.shape {
	case shapeString:
		return unsafe.Pointer(new(string))
	case shapeInt64, shapeFloat64:
		return unsafe.Pointer(new(int64))
	case shapeUUID:
		return unsafe.Pointer(new([16]byte))
	}
	return reflect.New(c.elem).UnsafePointer()
}

// arena hands out pieces of one allocation. No two pieces overlap, so bytes may
// be written to while their neighbors are strings.
type arena struct{ buf []byte }

func (a *arena) bytes(src []byte) []byte {
	n := len(src)
	if n == 0 {
		return []byte{} // never nil, whatever the rest of the row is
	}
	if n > len(a.buf) || n > largestShared {
		return append(make([]byte, 0, n), src...)
	}
	piece := a.buf[:n:n]
	a.buf = a.buf[n:]
	copy(piece, src)
	return piece
}

func (a *arena) string(src []byte) string {
	if len(src) == 0 {
		return ""
	}
	if len(src) > largestShared {
		return string(src)
	}
	piece := a.bytes(src)
	return unsafe.String(&piece[0], len(piece))
}

func (o op) keepsBytes() bool {
	switch o {
	case opString, opUserText, opJSONBString, opBytes, opJSONBBytes:
		return true
	}
	return false
}

// opFor picks the op of a hot pair, opNone when it is none.
func opFor(s shape, pg *pgType) op {
	switch s {
	case shapeInt16, shapeInt32, shapeInt64:
		switch {
		case pg.wire == wireInt2 && s == shapeInt16:
			return opInt16
		case pg.wire == wireInt4 && s == shapeInt32:
			return opInt32
		case pg.wire == wireInt8 && s == shapeInt64:
			return opInt64
		case pg.wire == wireInt2 || pg.wire == wireInt4 || pg.wire == wireInt8:
			return opInteger
		}
	case shapeFloat32:
		return pick(pg.wire, wireFloat4, opFloat32)
	case shapeFloat64:
		return pick(pg.wire, wireFloat8, opFloat64) | pick(pg.wire, wireFloat4, opFloat4To8)
	case shapeBool:
		return pick(pg.wire, wireBool, opBool)
	case shapeUUID:
		return pick(pg.wire, wireUUID, opUUID)
	case shapeTime:
		return pick(pg.wire, wireTimestamptz, opTimestamp) | pick(pg.wire, wireTimestamp, opTimestamp) | pick(pg.wire, wireDate, opDate)
	case shapeString:
		if pg.wire == wireText && pg.oid == 0 {
			if pg.enum != nil && len(pg.enum.labels) > 0 {
				return opEnum
			}
			return opUserText
		}
		return pick(pg.wire, wireText, opString) | pick(pg.wire, wireJSON, opString) | pick(pg.wire, wireJSONB, opJSONBString)
	case shapeBytes:
		return pick(pg.wire, wireBytea, opBytes) | pick(pg.wire, wireJSON, opBytes) | pick(pg.wire, wireJSONB, opJSONBBytes)
	case shapeStrings:
		return pick(pg.wire, wireTextArray, opStrings) | pick(pg.wire, wireJSON, opJSON) | pick(pg.wire, wireJSONB, opJSONB)
	case shapeJSON:
		return pick(pg.wire, wireJSON, opJSON) | pick(pg.wire, wireJSONB, opJSONB)
	}
	return opNone
}

func pick(have, want wire, o op) op {
	if have == want {
		return o
	}
	return opNone
}
