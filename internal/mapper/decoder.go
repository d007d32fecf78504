package mapper

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
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
	json  []int // by column of the plan: the position of its json, which a snapshot keeps, or -1

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
		if (dc.op == opJSON || dc.op == opJSONB) && c.shape == shapeJSON {
			d.keepJSON(col, k)
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return d, nil
}

// keepJSON notes that json of a column comes at k.
func (d *Decoder) keepJSON(col, k int) {
	if d.json == nil {
		d.json = slices.Repeat([]int{-1}, len(d.plan.columns))
	}
	d.json[col] = k
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
	if err := d.complete(values); err != nil {
		return err
	}
	memory := newArena(d.short(values))
	return d.decode(o.p, values, false, &memory)
}

// DecodeNew stores one row in a new object of b, with fewer allocations than
// Decode.
//
//   - Errors: as Decode; a batch of another plan panics.
func (d *Decoder) DecodeNew(b *Batch, values [][]byte) (Object, error) {
	if b.plan != d.plan {
		panic("mapper: DecodeNew with the batch of another plan")
	}
	if err := d.complete(values); err != nil {
		return Object{}, err
	}
	o := b.New()
	b.text.expect(d.short(values), b.left())
	if err := d.decode(o.p, values, true, &b.text); err != nil {
		return Object{}, err
	}
	return o, nil
}

// DecodeKept is DecodeNew and the [Plan.Snapshot] of the new object, which costs
// less than one that is made later: json is remembered as it came. Its memory is
// borrowed; see [Lent].
func (d *Decoder) DecodeKept(b *Batch, values [][]byte) (Object, Snapshot, error) {
	o, err := d.DecodeNew(b, values)
	if err != nil {
		return Object{}, Snapshot{}, err
	}
	block := b.snapshotBlock()
	if d.json != nil {
		b.lent.room(d.plan, &b.raw, d.shortJSON(values), b.left())
	}
	return o, d.snapshot(o, block, values, &b.raw), nil
}

// DecodeOne is DecodeKept without a batch: for a row on its own.
func (d *Decoder) DecodeOne(values [][]byte) (Object, Snapshot, error) {
	if err := d.complete(values); err != nil {
		return Object{}, Snapshot{}, err
	}
	o := Object{reflect.New(d.plan.block).UnsafePointer()}
	texts, sent := d.short(values), d.shortJSON(values)
	memory := newArena(texts + sent) // the object keeps what the snapshot had in it, which is short
	raw := memory.split(sent)
	if err := d.decode(o.p, values, true, &memory); err != nil {
		return Object{}, Snapshot{}, err
	}
	return o, d.snapshot(o, reflect.New(d.plan.snap.block).UnsafePointer(), values, &raw), nil
}

// complete checks that there is a value for each column.
func (d *Decoder) complete(values [][]byte) error {
	if len(values) == len(d.cols) {
		return nil
	}
	return &FormatError{Column: "(all)", Reason: fmt.Sprintf("%d values for %d columns", len(values), len(d.cols))}
}

// short is how many bytes of the row share memory.
func (d *Decoder) short(values [][]byte) int {
	shared := 0
	for _, k := range d.arena {
		if n := len(values[k]); n <= largestShared {
			shared += n
		}
	}
	for col, k := range d.json {
		if k >= 0 && d.plan.columns[col].json != nil {
			shared += len(values[k]) / 2 // about as much of it are strings
		}
	}
	return shared
}

// shortJSON is the same of the json that a snapshot keeps, with a mark for each.
func (d *Decoder) shortJSON(values [][]byte) int {
	shared := 0
	for _, k := range d.json {
		if k >= 0 && len(values[k]) < largestShared {
			shared += len(values[k]) + 1
		}
	}
	return shared
}

func (d *Decoder) decode(base unsafe.Pointer, values [][]byte, slots bool, memory *arena) error {
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
		if err := c.decode(dst, src, memory); err != nil {
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
