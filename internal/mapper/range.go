package mapper

import (
	"encoding/binary"
	"reflect"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

var (
	rangeValuerType      = reflect.TypeFor[pgtype.RangeValuer]()
	rangeScannerType     = reflect.TypeFor[pgtype.RangeScanner]()
	multirangeGetterType = reflect.TypeFor[pgtype.MultirangeGetter]()
)

// rangeItem is the bound type of a type with pgtype's range methods.
func rangeItem(t reflect.Type) (reflect.Type, bool) {
	if t.Name() == "" || !t.Implements(rangeValuerType) || !reflect.PointerTo(t).Implements(rangeScannerType) {
		return nil, false
	}
	low, high := reflect.New(t).Interface().(pgtype.RangeScanner).ScanBounds()
	target := reflect.TypeOf(low)
	if target == nil || target.Kind() != reflect.Pointer || reflect.TypeOf(high) != target {
		return nil, false
	}
	return target.Elem(), true
}

// rangeCodec is a type with pgtype's range methods, such as pgtype.Range. It
// holds NULL.
type rangeCodec struct {
	typ  reflect.Type
	item column
}

func (r *Types) pairRange(c *column, t, bound reflect.Type) string {
	item, problem := r.item(c, bound, *c.pg.item)
	if problem != "" {
		return problem
	}
	c.asText, c.holdsNull = item.asText, true
	c.coded(&rangeCodec{t, item})
	return ""
}

// The flags of a range on the wire, from utils/rangetypes.h.
const (
	rangeEmpty     = 0x01
	rangeLowerIncl = 0x02
	rangeUpperIncl = 0x04
	rangeLowerInf  = 0x08
	rangeUpperInf  = 0x10
)

// bounds takes a range apart; an end without a bound has a nil address.
func (r *rangeCodec) bounds(c *column, at unsafe.Pointer) (flags byte, ends [2]unsafe.Pointer, null bool, err error) {
	v := reflect.NewAt(r.typ, at).Interface().(pgtype.RangeValuer)
	if v.IsNull() {
		return 0, ends, true, nil
	}
	lower, upper := v.BoundTypes()
	if lower == pgtype.Empty {
		return rangeEmpty, ends, false, nil
	}
	low, high := v.Bounds()
	for i, end := range []struct {
		kind      pgtype.BoundType
		v         any
		incl, inf byte
	}{{lower, low, rangeLowerIncl, rangeLowerInf}, {upper, high, rangeUpperIncl, rangeUpperInf}} {
		switch end.kind {
		case pgtype.Unbounded:
			flags |= end.inf
			continue
		case pgtype.Inclusive:
			flags |= end.incl
		case pgtype.Exclusive:
		default:
			return 0, ends, false, c.valueErr("is a range with a bound type that pgtype does not have")
		}
		if ends[i], err = r.item.addressOf(end.v); err != nil {
			return 0, ends, false, err
		}
		if ends[i] == nil {
			return 0, ends, false, c.valueErr("is a range with a bound that is nil; make it unbounded")
		}
	}
	return flags, ends, false, nil
}

func (r *rangeCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	flags, ends, null, err := r.bounds(c, at)
	if err != nil || null {
		return nil, err
	}
	buf = append(buf, flags)
	for _, end := range ends {
		if end == nil {
			continue
		}
		if buf, null, err = r.item.encodeItem(buf, end); err != nil {
			return nil, err
		}
		if null {
			return nil, c.valueErr("is a range with a bound that is NULL; make it unbounded")
		}
	}
	return buf, nil
}

func (r *rangeCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	flags, ends, null, err := r.bounds(c, at)
	if err != nil || null {
		return nil, err
	}
	if flags&rangeEmpty != 0 {
		return append(buf, "empty"...), nil
	}
	brackets := [2]byte{'(', ')'}
	if flags&rangeLowerIncl != 0 {
		brackets[0] = '['
	}
	if flags&rangeUpperIncl != 0 {
		brackets[1] = ']'
	}
	buf = append(buf, brackets[0])
	for i, end := range ends {
		if i > 0 {
			buf = append(buf, ',')
		}
		if end == nil {
			continue
		}
		text, err := r.item.literalItem([]byte{}, end)
		if err != nil {
			return nil, err
		}
		if text == nil {
			return nil, c.valueErr("is a range with a bound that is NULL; make it unbounded")
		}
		buf = appendQuoted(buf, text)
	}
	return append(buf, brackets[1]), nil
}

func (r *rangeCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	target := reflect.NewAt(r.typ, dst).Interface().(pgtype.RangeScanner)
	if src == nil {
		if target.ScanNull() != nil {
			return &NullError{Column: d.column.name, Type: r.typ.String()}
		}
		return nil
	}
	if len(src) == 0 {
		return d.malformed("range without its flags")
	}
	flags, src := src[0], src[1:]
	if flags&rangeEmpty != 0 {
		if len(src) > 0 {
			return d.malformed("empty range with bounds")
		}
		return r.finish(d, target, pgtype.Empty, pgtype.Empty)
	}
	reader, err := d.itemReader(&r.item, d.in.boundOID(&r.item))
	if err != nil {
		return err
	}
	low, high := target.ScanBounds()
	kinds := [2]pgtype.BoundType{}
	for i, end := range []struct {
		v         any
		incl, inf byte
	}{{low, rangeLowerIncl, rangeLowerInf}, {high, rangeUpperIncl, rangeUpperInf}} {
		switch {
		case flags&end.inf != 0:
			kinds[i] = pgtype.Unbounded
			continue
		case flags&end.incl != 0:
			kinds[i] = pgtype.Inclusive
		default:
			kinds[i] = pgtype.Exclusive
		}
		var bound []byte
		if bound, src, err = d.sized(src); err != nil {
			return err
		}
		if bound == nil {
			return d.malformed("range with a bound that is NULL")
		}
		if err := reader.item(dataWord(end.v), bound); err != nil {
			return err
		}
	}
	if len(src) > 0 {
		return d.malformed("range longer than its bounds")
	}
	return r.finish(d, target, kinds[0], kinds[1])
}

func (r *rangeCodec) finish(d *decodeColumn, target pgtype.RangeScanner, lower, upper pgtype.BoundType) error {
	if target.SetBoundTypes(lower, upper) != nil {
		return d.stored("is a range that was refused by " + r.typ.String())
	}
	return nil
}

// boundOID is the type of the bounds of a range, which its bytes do not name.
func (in *incoming) boundOID(item *column) uint32 {
	if in.pg.item != nil {
		return in.pg.item.oid
	}
	return item.pg.oid
}

// multirangeItem is the range type of a slice of ranges.
func multirangeItem(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Slice {
		return nil, false
	}
	_, ok := rangeItem(t.Elem())
	return t.Elem(), ok
}

// multirangeCodec is a slice of ranges. A nil pgtype.Multirange is NULL, as in
// pgtype; another nil slice is the empty multirange.
type multirangeCodec struct {
	typ  reflect.Type
	item column
}

func (r *Types) pairMultirange(c *column, t, element reflect.Type) string {
	item, problem := r.item(c, element, *c.pg.item)
	if problem != "" {
		return problem
	}
	c.asText = item.asText
	c.holdsNull = t.Implements(multirangeGetterType)
	c.coded(&multirangeCodec{t, item})
	return ""
}

func (m *multirangeCodec) each(at unsafe.Pointer, yield func(i int, at unsafe.Pointer) error) error {
	s, size := load[sliceHeader](at), m.typ.Elem().Size()
	for i := range s.len {
		if err := yield(i, unsafe.Add(s.data, uintptr(i)*size)); err != nil {
			return err
		}
	}
	return nil
}

func (m *multirangeCodec) isNull(c *column, at unsafe.Pointer) bool {
	return c.holdsNull && load[sliceHeader](at).data == nil
}

func (m *multirangeCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	if m.isNull(c, at) {
		return nil, nil
	}
	buf = binary.BigEndian.AppendUint32(buf, uint32(load[sliceHeader](at).len))
	err := m.each(at, func(_ int, at unsafe.Pointer) error {
		full, null, err := m.item.encodeItem(buf, at)
		if buf = full; null {
			return c.valueErr("holds a range that is NULL")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return buf, nil
}

func (m *multirangeCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	if m.isNull(c, at) {
		return nil, nil
	}
	buf = append(buf, '{')
	err := m.each(at, func(i int, at unsafe.Pointer) error {
		if i > 0 {
			buf = append(buf, ',')
		}
		full, err := m.item.literalItem(buf, at)
		if err == nil && full == nil {
			err = c.valueErr("holds a range that is NULL")
		}
		buf = full
		return err
	})
	if err != nil {
		return nil, err
	}
	return append(buf, '}'), nil
}

func (m *multirangeCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	target := reflect.NewAt(m.typ, dst).Elem()
	if src == nil {
		target.SetZero()
		return nil
	}
	if len(src) < 4 {
		return d.malformed("multirange shorter than its count")
	}
	n, rest := int64(binary.BigEndian.Uint32(src)), src[4:]
	if n > int64(len(rest)/5) { // a length of 4 bytes and the flags: bounds the allocation
		return d.malformed("multirange shorter than its count")
	}
	reader, err := d.itemReader(&m.item, d.in.boundOID(&m.item))
	if err != nil {
		return err
	}
	list := reflect.MakeSlice(m.typ, int(n), int(n))
	base, size := list.UnsafePointer(), m.typ.Elem().Size()
	for i := range int(n) {
		var src []byte
		if src, rest, err = d.sized(rest); err != nil {
			return err
		}
		if src == nil {
			return d.malformed("multirange with a range that is NULL")
		}
		if err := reader.item(unsafe.Add(base, uintptr(i)*size), src); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return d.malformed("multirange longer than its ranges")
	}
	target.Set(list)
	return nil
}
