package mapper

import (
	"encoding/binary"
	"reflect"
	"slices"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// Args collects the encoded parameters of a statement.
//
//   - Shape: the zero Args is ready. Values and Formats grow together, one pair
//     per call; a nil value is NULL, an empty one is not.
//   - Concurrency: one goroutine at a time.
//   - Cleanup: values stay valid until Reset, also when more are appended.
type Args struct {
	Values  [][]byte
	Formats []int16 // 0 text, 1 binary

	// Secrets has a bit for each value of a column that is declared so; the highest
	// one stands for all values from there on.
	Secrets uint64

	// Text has values of columns in their text form, for constants.
	Text bool

	buf []byte
}

const (
	formatText   int16 = 0
	formatBinary int16 = 1
)

// Reset forgets all values and keeps the memory; earlier values are overwritten
// by later ones, so the flight that carries them must be over.
func (a *Args) Reset() {
	a.Values, a.Formats, a.Secrets, a.buf = a.Values[:0], a.Formats[:0], 0, a.buf[:0]
}

// Cut forgets all values behind the first n.
func (a *Args) Cut(n int) {
	a.Values, a.Formats = a.Values[:n], a.Formats[:n]
	if n < 64 {
		a.Secrets &= 1<<n - 1
	}
}

// AppendNull appends NULL.
func (a *Args) AppendNull() {
	a.Values, a.Formats = append(a.Values, nil), append(a.Formats, formatBinary)
}

// Expect makes room for about that many bytes of values to come; those that are
// there stay where they are.
func (a *Args) Expect(n int) {
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, n)
	}
}

// In puts the values to come behind buf, as far as they fit.
func (a *Args) In(buf []byte) { a.buf = buf }

// begin returns the arena to append one value to.
func (a *Args) begin() []byte {
	if a.buf == nil {
		a.buf = make([]byte, 0, 128) // never nil: an empty slice of nil would be NULL
	}
	return a.buf
}

// end takes what was appended to begin's arena as one value.
func (a *Args) end(buf []byte, format int16) {
	start := len(a.buf)
	a.buf = buf
	a.Values = append(a.Values, buf[start:len(buf):len(buf)])
	a.Formats = append(a.Formats, format)
}

// Hide marks the value that was appended last as a secret.
func (a *Args) Hide() { a.Secrets |= 1 << min(len(a.Values)-1, 63) }

// HideFrom marks all values behind the first n as secrets.
func (a *Args) HideFrom(n int) {
	for i := n; i < len(a.Values); i++ {
		a.Secrets |= 1 << min(i, 63)
	}
}

// encode appends one value; an SQL NULL that the value itself stands for is
// refused when need is set.
func (a *Args) encode(c *column, at unsafe.Pointer, need bool) error {
	if c.secret {
		a.Secrets |= 1 << min(len(a.Values), 63) // nothing is sent if it is refused
	}
	if a.Text {
		buf, err := c.literal(a.begin(), at)
		switch {
		case err != nil:
			return err
		case buf == nil:
			return &NilValueError{Column: c.name}
		}
		a.end(buf, formatText)
		return nil
	}
	if c.shape != shapeCoded {
		buf, err := c.encode(a.begin(), at)
		if err == nil {
			a.end(buf, formatBinary)
		}
		return err
	}
	buf, err := c.form(a.begin(), at)
	switch {
	case err != nil:
		return err
	case buf == nil && need:
		return &NilValueError{Column: c.name}
	case buf == nil:
		a.AppendNull()
	case c.asText:
		a.end(buf, formatText)
	default:
		a.end(buf, formatBinary)
	}
	return nil
}

// Append encodes the field of one column.
//
//   - Shape: a nil pointer is NULL. A nil slice of a field that is no pointer is
//     the empty bytea or array; nil json is the json null, as in encoding/json.
//   - Units: times are cut to microseconds; a date is the calendar day that the
//     time shows in its own location.
//   - Errors: [*ValueError] for what PostgreSQL would refuse, [*NilValueError]
//     for nil in a NotNull column. Nothing is appended then.
func (p *Plan) Append(a *Args, o Object, col int) error {
	c := &p.columns[col]
	at := c.value(o)
	if at == nil {
		if c.notNull {
			return &NilValueError{Column: c.name}
		}
		a.AppendNull()
		return nil
	}
	return a.encode(c, at, c.notNull)
}

// AppendValue encodes v as the column's value, for predicates.
//
//   - Shape: v is of the column's Go type; for a nullable column of the type that
//     it points at, or a pointer to it.
//   - Errors: [*NilValueError] for nil and nil pointers, [*TypeError],
//     [*ValueError].
func (p *Plan) AppendValue(a *Args, col int, v any) error {
	c := &p.columns[col]
	at, err := c.valueOf(v)
	if err != nil {
		return err
	}
	return a.encode(c, at, true)
}

// AppendArray encodes the slice vs as one parameter, an array of the column's
// type, for = ANY($1).
//
//   - Shape: vs is a []T with T as in AppendValue; a nil slice is the empty array.
//   - Errors: those of AppendValue, for the first element that is refused, and
//     [*TypeError] for columns that are arrays themselves.
func (p *Plan) AppendArray(a *Args, col int, vs any) error {
	c := &p.columns[col]
	t := reflect.TypeOf(vs)
	if c.pg.isArray() {
		return &TypeError{Column: c.name, Want: "one array at a time (join retort.Eq by retort.Or)", Got: typeName(t)}
	}
	if t == nil || t.Kind() != reflect.Slice {
		return &TypeError{Column: c.name, Want: "[]" + c.elem.String(), Got: typeName(t)}
	}
	byPointer := t.Elem().Kind() == reflect.Pointer && t.Elem().Elem() == c.elem
	if t.Elem() != c.elem && !byPointer {
		return &TypeError{Column: c.name, Want: "[]" + c.elem.String(), Got: t.String()}
	}
	v := reflect.ValueOf(vs)
	base, size := v.UnsafePointer(), t.Elem().Size()
	return a.array(c, v.Len(), func(i int) (unsafe.Pointer, error) {
		at := unsafe.Add(base, uintptr(i)*size)
		if byPointer {
			if at = load[unsafe.Pointer](at); at == nil {
				return nil, &NilValueError{Column: c.name}
			}
		}
		return at, nil
	})
}

// AppendColumn encodes one column of many objects as one array parameter, for
// unnest.
//
//   - Shape: one element per object, in order; NULL for a nil pointer. Arrays and
//     composites give a text[] of their literals, each to be cast in the SQL,
//     since unnest would take them apart.
//   - Errors: as Append, for the first object that is refused.
func (p *Plan) AppendColumn(a *Args, objects []Object, col int) error {
	c := &p.columns[col]
	return a.array(c, len(objects), func(i int) (unsafe.Pointer, error) {
		at := c.value(objects[i])
		if at == nil && c.notNull {
			return nil, &NilValueError{Column: c.name}
		}
		return at, nil
	})
}

// ColumnSize is about how many bytes [Plan.AppendColumn] appends.
func (p *Plan) ColumnSize(objects []Object, col int) int {
	const header, length = 20, 4
	c := &p.columns[col]
	size := header + length*len(objects)
	switch {
	case c.pg.parts:
		return size // anybody's guess
	case c.shape == shapeString:
		for _, o := range objects {
			if at := c.value(o); at != nil {
				size += len(load[string](at))
			}
		}
		return size
	case c.shape == shapeCoded || c.shape == shapeJSON:
		return size // grows with the first ones, see encodeArray
	}
	return size + min(16, int(c.elem.Size()))*len(objects)
}

// array appends a one-dimensional array of values of the column. Types whose OID
// is unknown travel as text, since the binary form must name the OID of its
// elements.
func (a *Args) array(c *column, n int, element func(i int) (unsafe.Pointer, error)) error {
	write, format := c.encodeArray, formatBinary
	if a.Text || !c.pg.parts && (c.pg.oid == 0 || c.asText) {
		write, format = c.encodeLiteral, formatText
	}
	buf, err := write(a.begin(), n, element)
	if err != nil {
		return err
	}
	a.end(buf, format)
	if c.secret {
		a.Hide()
	}
	return nil
}

// sample is how many elements tell how long the others are.
const sample = 8

func (c *column) encodeArray(buf []byte, n int, element func(i int) (unsafe.Pointer, error)) ([]byte, error) {
	oid, write := c.pg.oid, c.encode
	if c.pg.parts {
		oid, write = pgtype.TextOID, c.literal
	}
	start := len(buf)
	buf = binary.BigEndian.AppendUint32(buf, uint32(min(n, 1)))
	buf = binary.BigEndian.AppendUint32(buf, 0)
	buf = binary.BigEndian.AppendUint32(buf, oid)
	if n == 0 {
		return buf, nil
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(n))
	buf = binary.BigEndian.AppendUint32(buf, 1)
	for i := range n {
		at, err := element(i)
		if err != nil {
			return nil, err
		}
		length := len(buf)
		if i == sample {
			buf = slices.Grow(buf, (length-start)/sample*(n-i)*9/8)
		}
		buf = append(buf, 0xff, 0xff, 0xff, 0xff) // -1, NULL
		if at != nil {
			full, err := write(buf, at)
			if err != nil {
				return nil, err
			}
			if full != nil {
				buf = full
				putLength(buf[length:])
				continue
			}
		}
		if c.notNull {
			return nil, &NilValueError{Column: c.name}
		}
		buf[start+7] = 1
	}
	return buf, nil
}

// encodeLiteral writes an array literal.
func (c *column) encodeLiteral(buf []byte, n int, element func(i int) (unsafe.Pointer, error)) ([]byte, error) {
	buf = append(buf, '{')
	scratch := make([]byte, 0, 32) // never nil, which would be NULL
	for i := range n {
		if i > 0 {
			buf = append(buf, c.pg.delimiter())
		}
		at, err := element(i)
		if err != nil {
			return nil, err
		}
		var text []byte
		if at != nil {
			if text, err = c.literal(scratch[:0], at); err != nil {
				return nil, err
			}
		}
		switch {
		case text != nil:
			scratch = text
			buf = appendQuoted(buf, text)
		case c.notNull:
			return nil, &NilValueError{Column: c.name}
		default:
			buf = append(buf, "NULL"...)
		}
	}
	return append(buf, '}'), nil
}

// appendQuoted appends an element of an array literal; quotes keep the word
// NULL, spaces and braces what they are.
func appendQuoted[T string | []byte](buf []byte, s T) []byte {
	buf = append(buf, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			buf = append(buf, '\\')
		}
		buf = append(buf, s[i])
	}
	return append(buf, '"')
}

func typeName(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return t.String()
}
