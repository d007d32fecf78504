package mapper

import (
	"database/sql/driver"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"net"
	"reflect"
	"strconv"
	"time"
)

// AppendText encodes an argument of raw SQL, whose parameter type is left to
// the server.
//
//   - Shape: the format is always text. nil, nil pointers, nil slices and nil
//     maps are NULL. Named types follow their kind: integers, floats, bool,
//     string, bytes as \x hex, any [16]byte as a uuid, other slices and arrays as
//     array literals, json.RawMessage, structs and maps as json. A driver.Valuer
//     gives its own value; other types with MarshalText that are no numbers or
//     strings give their text (netip.Addr, big.Int), and net.HardwareAddr does.
//     big.Rat is a decimal. Types of pgtype give what a
//     column of their default type would.
//   - Units: times in their own zone, cut to microseconds.
//   - Errors: [*ValueError] for what PostgreSQL would refuse; [*TypeError] for
//     channels, functions and complex numbers, and for time.Duration, since as an
//     interval its number would be taken for seconds.
func AppendText(a *Args, v any) (format int16, err error) {
	return (*Types)(nil).AppendText(a, v)
}

// AppendText is the function of that name, with the registered types.
func (r *Types) AppendText(a *Args, v any) (format int16, err error) {
	buf, null, err := r.appendText(a.begin(), reflect.ValueOf(v), 0)
	switch {
	case err != nil:
		return formatText, err
	case null:
		a.Values, a.Formats = append(a.Values, nil), append(a.Formats, formatText)
	default:
		a.end(buf, formatText)
	}
	return formatText, nil
}

const deepest = 32 // pointers, Valuers and arrays in one another; beyond is a cycle

var (
	durationType     = reflect.TypeFor[time.Duration]()
	bigRatType       = reflect.TypeFor[big.Rat]()
	hardwareAddrType = reflect.TypeFor[net.HardwareAddr]()
)

func (r *Types) appendText(buf []byte, v reflect.Value, depth int) (_ []byte, null bool, err error) {
	if !v.IsValid() {
		return buf, true, nil
	}
	t := v.Type()
	if depth > deepest {
		return nil, false, &TypeError{Want: "a value that does not refer to itself", Got: t.String()}
	}
	switch t.Kind() {
	case reflect.Interface:
		return r.appendText(buf, v.Elem(), depth+1)
	case reflect.Pointer:
		if v.IsNil() {
			return buf, true, nil
		}
	case reflect.Slice, reflect.Map:
		if v.IsNil() {
			return buf, true, nil
		}
	}
	if s := shapeOf(t); s == shapeUUID || s == shapeTime {
		buf, err = appendFixed(buf, v, s)
		return buf, false, err
	}
	if out, known, err := r.ownLiteral(buf, v); known {
		return out, out == nil, err
	}
	if t.Implements(valuerType) {
		inner, err := v.Interface().(driver.Valuer).Value()
		if err != nil {
			return nil, false, &ValueError{Reason: "was refused by the Value method of " + t.String()}
		}
		return r.appendText(buf, reflect.ValueOf(inner), depth+1)
	}
	if t.Kind() == reflect.Pointer {
		return r.appendText(buf, v.Elem(), depth+1)
	}
	if reflect.PointerTo(t).Implements(valuerType) {
		return r.appendText(buf, addressable(v).Addr(), depth+1)
	}
	buf, err = r.appendKind(buf, v, depth)
	return buf, false, err
}

// ownLiteral writes registered types, those of pgtype, whose containers have no
// Value method and whose intervals would depend on the session's settings, and
// big.Rat, whose own text is a fraction.
func (r *Types) ownLiteral(buf []byte, v reflect.Value) (_ []byte, known bool, err error) {
	t := v.Type()
	if _, registered := r.ofGo(t); !registered && t.PkgPath() != pgtypePath && t != bigRatType {
		return nil, false, nil
	}
	var c column
	pg, ok := r.defaultOf(t)
	if !ok {
		pg, ok = r.rangeOf(t)
	}
	if !ok || r.pair(&c, t, pg) != "" {
		return nil, false, nil
	}
	buf, err = c.literal(buf, addressable(v).Addr().UnsafePointer())
	return buf, true, err
}

// rangeOf is a type for ranges and multiranges that none stands for: their text does
// not depend on how the type is called.
func (r *Types) rangeOf(t reflect.Type) (pgType, bool) {
	if item, ok := rangeItem(t); ok {
		bound, ok := r.defaultOf(item)
		return pgType{wire: wireRange, name: "a range", item: &bound}, ok
	}
	if item, ok := multirangeItem(t); ok && t.Implements(multirangeGetterType) { // a plain slice is an array
		of, ok := r.rangeOf(item)
		return pgType{wire: wireMultirange, name: "a multirange", item: &of}, ok
	}
	return pgType{}, false
}

// appendKind appends a value that is neither NULL nor a pointer.
func (r *Types) appendKind(buf []byte, v reflect.Value, depth int) ([]byte, error) {
	t := v.Type()
	switch t.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(buf, v.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t == durationType {
			return nil, &TypeError{Want: `int64(d) for nanoseconds, or fmt.Sprintf("%d microseconds", d.Microseconds()) for an interval`, Got: t.String()}
		}
		return strconv.AppendInt(buf, v.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.AppendUint(buf, v.Uint(), 10), nil
	case reflect.Float32:
		return appendFloat(buf, v.Float(), 32), nil
	case reflect.Float64:
		return appendFloat(buf, v.Float(), 64), nil
	case reflect.String:
		if err := checkText("", v.String()); err != nil {
			return nil, err
		}
		return append(buf, v.String()...), nil
	case reflect.Slice, reflect.Array, reflect.Map, reflect.Struct:
		return r.appendComposite(buf, v, depth)
	}
	return nil, &TypeError{Want: "a basic type, or one with a Value method", Got: t.String()}
}

func (r *Types) appendComposite(buf []byte, v reflect.Value, depth int) ([]byte, error) {
	t := v.Type()
	switch {
	case t == rawMessageType:
		raw := v.Bytes()
		if err := checkRawJSON("", raw, true); err != nil {
			return nil, err
		}
		return append(buf, raw...), nil
	case reflect.PointerTo(t).Implements(textMarshalerType):
		return appendMarshaled(buf, v)
	case t == hardwareAddrType:
		return append(buf, net.HardwareAddr(v.Bytes()).String()...), nil
	case t.Kind() == reflect.Map || t.Kind() == reflect.Struct:
		return appendJSON(buf, v)
	case t.Elem().Kind() == reflect.Uint8:
		buf = append(buf, `\x`...)
		if t.Kind() == reflect.Slice {
			return hex.AppendEncode(buf, v.Bytes()), nil
		}
		for i := range v.Len() {
			buf = hex.AppendEncode(buf, []byte{byte(v.Index(i).Uint())})
		}
		return buf, nil
	}
	return r.appendArray(buf, v, depth)
}

// appendArray appends an array literal; slices of slices are its dimensions.
func (r *Types) appendArray(buf []byte, v reflect.Value, depth int) ([]byte, error) {
	if depth > deepest {
		return nil, &TypeError{Want: "a value that does not refer to itself", Got: v.Type().String()}
	}
	buf = append(buf, '{')
	var scratch []byte
	for i := range v.Len() {
		if i > 0 {
			buf = append(buf, ',')
		}
		e := v.Index(i)
		if isDimension(e.Type()) {
			var err error
			if buf, err = r.appendArray(buf, e, depth+1); err != nil {
				return nil, err
			}
			continue
		}
		text, null, err := r.appendText(scratch[:0], e, depth+1)
		switch {
		case err != nil:
			return nil, err
		case null:
			buf = append(buf, "NULL"...)
		default:
			scratch = text
			buf = appendQuoted(buf, text)
		}
	}
	return append(buf, '}'), nil
}

// isDimension reports whether values of t are inner arrays and not elements.
func isDimension(t reflect.Type) bool {
	if t.Kind() != reflect.Slice && t.Kind() != reflect.Array || t.Elem().Kind() == reflect.Uint8 {
		return false
	}
	if _, ok := multirangeItem(t); ok && t.Implements(multirangeGetterType) {
		return false
	}
	return !implements(t, valuerType) && !implements(t, textMarshalerType)
}

// addressable makes methods on the pointer reachable for a value.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	fresh := reflect.New(v.Type()).Elem()
	fresh.Set(v)
	return fresh
}

func appendJSON(buf []byte, v reflect.Value) ([]byte, error) {
	text, err := json.Marshal(addressable(v).Addr().Interface())
	if err != nil {
		return nil, &ValueError{Reason: "of type " + v.Type().String() + " cannot be written as json by encoding/json"}
	}
	if err := checkEscapes("", text); err != nil {
		return nil, err
	}
	return append(buf, text...), nil
}

func appendMarshaled(buf []byte, v reflect.Value) ([]byte, error) {
	text, err := addressable(v).Addr().Interface().(encoding.TextMarshaler).MarshalText()
	if err != nil {
		return nil, &ValueError{Reason: "was refused by the MarshalText method of " + v.Type().String()}
	}
	if err := checkText("", string(text)); err != nil {
		return nil, err
	}
	return append(buf, text...), nil
}

// appendFixed appends a uuid or a time.
func appendFixed(buf []byte, v reflect.Value, s shape) ([]byte, error) {
	if s == shapeTime {
		return appendTime(buf, v.Convert(timeType).Interface().(time.Time))
	}
	var u [16]byte
	for i := range u {
		u[i] = byte(v.Index(i).Uint())
	}
	return appendUUID(buf, u), nil
}

func appendFloat(buf []byte, f float64, bits int) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(buf, "Infinity"...)
	case math.IsInf(f, -1):
		return append(buf, "-Infinity"...)
	}
	return strconv.AppendFloat(buf, f, 'g', -1, bits)
}

// appendTime keeps the zone, since a parameter of type date takes the day as
// written. Years before 1 are spelled BC, and old zones have seconds.
func appendTime(buf []byte, t time.Time) ([]byte, error) {
	if _, ok := microseconds(t); !ok {
		return nil, &ValueError{Reason: reasonTime}
	}
	zone := "Z07:00"
	if _, offset := t.Zone(); offset%60 != 0 {
		zone = "Z07:00:00"
	}
	buf, suffix := appendDay(buf, t)
	buf = t.AppendFormat(buf, "T15:04:05.999999"+zone)
	return append(buf, suffix...), nil
}
