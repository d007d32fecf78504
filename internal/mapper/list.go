package mapper

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// pairContainer compiles arrays, ranges and multiranges; done is false for
// types that are none of them.
func (r *Types) pairContainer(c *column, t reflect.Type) (done bool, problem string) {
	switch c.pg.wire {
	case wireTextArray, wireArray:
		if item, ok := arrayItem(t); ok {
			return true, r.pairPgtypeArray(c, t, item)
		}
		if c.shape == shapeStrings && c.pg.wire == wireTextArray && c.pg.oid != 0 && !ownMethods(t.Elem()) {
			return true, ""
		}
		if t.Kind() == reflect.Slice && t.Elem().Kind() != reflect.Uint8 {
			return true, r.pairList(c, t)
		}
	case wireRange:
		if item, ok := rangeItem(t); ok {
			return true, r.pairRange(c, t, item)
		}
	case wireMultirange:
		if item, ok := multirangeItem(t); ok {
			return true, r.pairMultirange(c, t, item)
		}
	}
	return false, ""
}

// listCodec is a slice as an array; slices of slices are its dimensions.
type listCodec struct {
	slices []reflect.Type // from the outermost to the one that holds the elements
	item   column
}

func (r *Types) pairList(c *column, t reflect.Type) string {
	l := &listCodec{}
	for ; t.Kind() == reflect.Slice; t = t.Elem() {
		element := *c.pg.item
		item, problem := r.item(c, t.Elem(), element)
		l.slices, l.item = append(l.slices, t), item
		if problem == "" {
			break
		}
		if t.Elem().Kind() != reflect.Slice || len(l.slices) == maxDimensions {
			return problem
		}
	}
	c.asText = l.item.asText || l.item.pg.oid == 0
	c.coded(l)
	return ""
}

const maxDimensions = 6 // MAXDIM of the server

// sliceHeader is a slice of any type in memory.
type sliceHeader struct {
	data     unsafe.Pointer
	len, cap int
}

// flatten lists the lengths of all dimensions and the addresses of the elements.
func (l *listCodec) flatten(c *column, at unsafe.Pointer) (dims []pgtype.ArrayDimension, elements []unsafe.Pointer, err error) {
	level := []sliceHeader{load[sliceHeader](at)}
	for depth, t := range l.slices {
		length, size := level[0].len, t.Elem().Size()
		var next []sliceHeader
		for _, s := range level {
			if s.len != length {
				return nil, nil, c.valueErr("has inner slices of different lengths, which PostgreSQL arrays cannot hold")
			}
			for i := range s.len {
				if p := unsafe.Add(s.data, uintptr(i)*size); depth < len(l.slices)-1 {
					next = append(next, load[sliceHeader](p))
				} else {
					elements = append(elements, p)
				}
			}
		}
		if length == 0 {
			if depth > 0 {
				return nil, nil, c.valueErr("has empty inner slices, which PostgreSQL arrays cannot hold")
			}
			return nil, nil, nil
		}
		dims = append(dims, pgtype.ArrayDimension{Length: int32(length), LowerBound: 1})
		level = next
	}
	return dims, elements, nil
}

func (l *listCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	dims, elements, err := l.flatten(c, at)
	if err != nil {
		return nil, err
	}
	return l.item.appendArray(buf, dims, elements)
}

func (l *listCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	dims, elements, err := l.flatten(c, at)
	if err != nil {
		return nil, err
	}
	return l.item.appendArrayLiteral(buf, dims, elements)
}

// appendArray writes the binary form of array_send: dimensions, whether there
// are NULLs, element type, then length and lower bound, then the elements.
func (c *column) appendArray(buf []byte, dims []pgtype.ArrayDimension, elements []unsafe.Pointer) ([]byte, error) {
	start := len(buf)
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(dims)))
	buf = binary.BigEndian.AppendUint32(buf, 0)
	buf = binary.BigEndian.AppendUint32(buf, c.pg.oid)
	for _, d := range dims {
		buf = binary.BigEndian.AppendUint32(buf, uint32(d.Length))
		buf = binary.BigEndian.AppendUint32(buf, uint32(d.LowerBound))
	}
	for _, at := range elements {
		var null bool
		var err error
		if buf, null, err = c.encodeItem(buf, at); err != nil {
			return nil, err
		}
		if null {
			buf[start+7] = 1
		}
	}
	return buf, nil
}

// appendArrayLiteral writes the text form, with its bounds when they are not 1.
func (c *column) appendArrayLiteral(buf []byte, dims []pgtype.ArrayDimension, elements []unsafe.Pointer) ([]byte, error) {
	if len(elements) == 0 {
		return append(buf, "{}"...), nil
	}
	buf = appendBounds(buf, dims)
	scratch := make([]byte, 0, 32) // never nil, which would be NULL
	for i, at := range elements {
		if i > 0 {
			buf = append(buf, c.pg.delimiter())
		}
		buf = appendBraces(buf, dims, i, '{')
		text, err := c.literalItem(scratch[:0], at)
		switch {
		case err != nil:
			return nil, err
		case text == nil:
			buf = append(buf, "NULL"...)
		default:
			scratch = text
			buf = appendQuoted(buf, text)
		}
		buf = appendBraces(buf, dims, i+1, '}')
	}
	return buf, nil
}

func appendBounds(buf []byte, dims []pgtype.ArrayDimension) []byte {
	for _, d := range dims {
		if d.LowerBound != 1 {
			for _, d := range dims {
				buf = fmt.Appendf(buf, "[%d:%d]", d.LowerBound, int64(d.LowerBound)+int64(d.Length)-1)
			}
			return append(buf, '=')
		}
	}
	return buf
}

// appendBraces opens or closes the dimensions that begin or end at element i.
func appendBraces(buf []byte, dims []pgtype.ArrayDimension, i int, brace byte) []byte {
	width := 1
	for k := len(dims) - 1; k >= 0; k-- {
		if width *= int(dims[k].Length); i%width != 0 {
			break
		}
		buf = append(buf, brace)
	}
	return buf
}

// arrayBytes is a binary array taken apart.
type arrayBytes struct {
	dims  []pgtype.ArrayDimension
	oid   uint32 // of the elements
	count int
	rest  []byte // the elements, each behind its length
}

// array reads the header of a binary array; what it says of the elements is
// checked against the bytes that are there.
func (d *decodeColumn) array(src []byte) (a arrayBytes, err error) {
	const header, dimension = 12, 8
	if len(src) < header {
		return a, d.malformed("array shorter than its header")
	}
	n := binary.BigEndian.Uint32(src)
	a.oid = binary.BigEndian.Uint32(src[8:])
	if src = src[header:]; n > maxDimensions {
		return a, d.malformed("array of too many dimensions")
	}
	if len(src) < int(n)*dimension {
		return a, d.malformed("array shorter than its header")
	}
	total := int64(min(n, 1))
	for range n {
		length, lower := int32(binary.BigEndian.Uint32(src)), int32(binary.BigEndian.Uint32(src[4:]))
		a.dims = append(a.dims, pgtype.ArrayDimension{Length: length, LowerBound: lower})
		src = src[dimension:]
		// Each element has a length of 4 bytes: this bounds the allocation.
		if total *= int64(length); length < 0 || total > int64(len(src)/4) {
			return a, d.malformed("array shorter than its element count")
		}
	}
	a.count, a.rest = int(total), src
	return a, nil
}

// elements calls yield with the bytes of each element, nil for NULL.
func (d *decodeColumn) elements(a arrayBytes, yield func(i int, src []byte) error) error {
	rest := a.rest
	for i := range a.count {
		src, after, err := d.sized(rest)
		if err != nil {
			return err
		}
		if err := yield(i, src); err != nil {
			return err
		}
		rest = after
	}
	if len(rest) > 0 {
		return d.malformed("array longer than its elements")
	}
	return nil
}

// sized takes one value behind its length from src, nil for NULL.
func (d *decodeColumn) sized(src []byte) (value, rest []byte, err error) {
	if len(src) < 4 {
		return nil, nil, d.malformed("value shorter than its parts")
	}
	n := int32(binary.BigEndian.Uint32(src))
	src = src[4:]
	if n == -1 {
		return nil, src, nil
	}
	if n < 0 || int(n) > len(src) {
		return nil, nil, d.malformed("part longer than the value")
	}
	return src[:n:n], src[n:], nil
}

func (l *listCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	a, err := d.array(src)
	if err != nil {
		return err
	}
	reader, err := d.itemReader(&l.item, a.oid)
	if err != nil {
		return err
	}
	target := reflect.NewAt(l.slices[0], dst).Elem()
	if a.count == 0 {
		target.Set(reflect.MakeSlice(l.slices[0], 0, 0))
		return nil
	}
	if len(a.dims) != len(l.slices) {
		return d.stored(fmt.Sprintf("is an array of %d dimensions; %s holds %d", len(a.dims), d.column.elem, len(l.slices)))
	}
	leaf := l.slices[len(l.slices)-1]
	flat := reflect.MakeSlice(leaf, a.count, a.count)
	base, size := flat.UnsafePointer(), leaf.Elem().Size()
	if err := d.elements(a, func(i int, src []byte) error {
		return reader.item(unsafe.Add(base, uintptr(i)*size), src)
	}); err != nil {
		return err
	}
	target.Set(l.fold(flat, a.dims))
	return nil
}

// fold cuts the flat list of elements into slices of slices that share it; none
// can grow into its neighbor.
func (l *listCodec) fold(v reflect.Value, dims []pgtype.ArrayDimension) reflect.Value {
	for k := len(dims) - 1; k > 0; k-- {
		width := int(dims[k].Length)
		outer := reflect.MakeSlice(l.slices[k-1], v.Len()/width, v.Len()/width)
		for i := range outer.Len() {
			outer.Index(i).Set(v.Slice3(i*width, (i+1)*width, (i+1)*width).Convert(l.slices[k-1].Elem()))
		}
		v = outer
	}
	return v
}

func putLength(item []byte) { binary.BigEndian.PutUint32(item, uint32(len(item)-4)) }
