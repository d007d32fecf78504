package mapper

import (
	"encoding"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"github.com/jackc/pgx/v5/pgtype"
)

// decimalCodec is a Go type as a numeric: get and set convert its values, and
// say why when they cannot.
type decimalCodec struct {
	get func(at unsafe.Pointer) (d decimal, null bool, reason string)
	set func(dst unsafe.Pointer, d decimal) (reason string)
}

// pairDecimal compiles numeric for numbers, strings, the types of math/big and
// types that marshal themselves as text.
func pairDecimal(c *column, t reflect.Type) bool {
	if c.pg.wire != wireNumeric {
		return false
	}
	switch {
	case t == reflect.TypeFor[big.Int]():
		return c.coded(decimalCodec{getBigInt, setBigInt})
	case t == reflect.TypeFor[big.Rat]():
		return c.coded(decimalCodec{getBigRat, setBigRat})
	case implements(t, textMarshalerType) && implements(t, textUnmarshalerType):
		return c.coded(textDecimal(t))
	}
	switch s := c.shape; s {
	case shapeString:
		return c.coded(decimalCodec{getDecimalString, setDecimalString})
	case shapeInt16, shapeInt32, shapeInt64:
		integers := column{shape: s}
		return c.coded(decimalCodec{
			get: func(at unsafe.Pointer) (decimal, bool, string) {
				d, reason := parseDecimal(strconv.AppendInt(nil, integers.integer(at), 10))
				return d, false, reason
			},
			set: func(dst unsafe.Pointer, d decimal) string { return setDecimalInt(dst, d, s) },
		})
	case shapeFloat64:
		return c.coded(decimalCodec{
			get: func(at unsafe.Pointer) (decimal, bool, string) {
				return decimalOfFloat(load[float64](at), 64), false, ""
			},
			set: func(dst unsafe.Pointer, d decimal) string {
				f, reason := d.float(64)
				store(dst, f)
				return reason
			},
		})
	case shapeFloat32:
		return c.coded(decimalCodec{
			get: func(at unsafe.Pointer) (decimal, bool, string) {
				return decimalOfFloat(float64(load[float32](at)), 32), false, ""
			},
			set: func(dst unsafe.Pointer, d decimal) string {
				f, reason := d.float(32)
				store(dst, float32(f))
				return reason
			},
		})
	}
	return false
}

func (n decimalCodec) encode(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	d, null, reason := n.get(at)
	if reason != "" {
		return nil, c.valueErr(reason)
	}
	if null {
		return nil, nil
	}
	return d.appendBinary(buf), nil
}

func (n decimalCodec) literal(c *column, buf []byte, at unsafe.Pointer) ([]byte, error) {
	d, null, reason := n.get(at)
	if reason != "" {
		return nil, c.valueErr(reason)
	}
	if null {
		return nil, nil
	}
	return d.append(buf), nil
}

func (n decimalCodec) decode(d *decodeColumn, dst unsafe.Pointer, src []byte) error {
	v, err := d.numeric(src)
	if err != nil {
		return err
	}
	if reason := n.set(dst, v); reason != "" {
		return d.stored(reason)
	}
	return nil
}

func getDecimalString(at unsafe.Pointer) (decimal, bool, string) {
	d, reason := parseDecimal([]byte(load[string](at)))
	return d, false, reason
}

func setDecimalString(dst unsafe.Pointer, d decimal) string {
	store(dst, string(d.append(nil)))
	return ""
}

func setDecimalInt(dst unsafe.Pointer, d decimal, s shape) string {
	const reason = "is no integer, or one that the field cannot hold; use pgtype.Numeric or string"
	d = d.trimmed()
	if d.special != finite || d.scale > 0 || len(d.digits) > 19 {
		return reason
	}
	v, err := strconv.ParseInt(string(d.append(nil)), 10, 64)
	if err != nil {
		return reason
	}
	switch s {
	case shapeInt16:
		if v != int64(int16(v)) {
			return reason
		}
		store(dst, int16(v))
	case shapeInt32:
		if v != int64(int32(v)) {
			return reason
		}
		store(dst, int32(v))
	default:
		store(dst, v)
	}
	return ""
}

// float is the nearest float, refused when writing it would give another number:
// what is read and written back must not change.
func (d decimal) float(bits int) (float64, string) {
	switch d.special {
	case numericNaN:
		return math.NaN(), ""
	case numericInfinity:
		return math.Inf(1), ""
	case numericNegative:
		return math.Inf(-1), ""
	}
	f, err := strconv.ParseFloat(string(d.append(nil)), bits)
	if err != nil || !decimalOfFloat(f, bits).equal(d) {
		return 0, "has more digits than a float keeps; use pgtype.Numeric or string"
	}
	return f, ""
}

func getBigInt(at unsafe.Pointer) (decimal, bool, string) {
	d, reason := parseDecimal((*big.Int)(at).Append(nil, 10))
	return d, false, reason
}

func setBigInt(dst unsafe.Pointer, d decimal) string {
	if d = d.trimmed(); d.special != finite || d.scale > 0 {
		return "is no integer, which big.Int needs"
	}
	fresh, _ := new(big.Int).SetString(string(d.append(nil)), 10)
	store(dst, *fresh)
	return ""
}

func getBigRat(at unsafe.Pointer) (decimal, bool, string) {
	r := (*big.Rat)(at)
	digits, exact := r.FloatPrec()
	if !exact || digits > mostScale {
		return decimal{}, false, "has no end as a decimal, such as 1/3"
	}
	d, reason := parseDecimal([]byte(r.FloatString(digits)))
	return d, false, reason
}

func setBigRat(dst unsafe.Pointer, d decimal) string {
	if d.special != finite {
		return "is NaN or infinity, which big.Rat cannot hold"
	}
	fresh, _ := new(big.Rat).SetString(string(d.append(nil)))
	store(dst, *fresh)
	return ""
}

// leastPrecision is that of a big.Float which was read from text.
const leastPrecision = 64

// textDecimal is a type that writes and reads its number as text.
func textDecimal(t reflect.Type) decimalCodec {
	return decimalCodec{
		get: func(at unsafe.Pointer) (decimal, bool, string) {
			text, err := reflect.NewAt(t, at).Interface().(encoding.TextMarshaler).MarshalText()
			if err != nil {
				return decimal{}, false, "was refused by the MarshalText method of " + t.String()
			}
			d, reason := parseDecimal(text)
			return d, false, reason
		},
		set: func(dst unsafe.Pointer, d decimal) string {
			fresh := reflect.New(t)
			if f, ok := fresh.Interface().(*big.Float); ok {
				f.SetPrec(max(leastPrecision, uint(4*len(d.digits)))) // its own would round
			}
			if fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText(d.append(nil)) != nil {
				return "was refused by the UnmarshalText method of " + t.String()
			}
			reflect.NewAt(t, dst).Elem().Set(fresh.Elem())
			return ""
		},
	}
}

// numericOf is a type with pgtype's methods for numerics, such as pgtype.Numeric.
func numericOf(t reflect.Type) decimalCodec {
	return decimalCodec{
		get: func(at unsafe.Pointer) (decimal, bool, string) {
			n, err := reflect.NewAt(t, at).Interface().(pgtype.NumericValuer).NumericValue()
			if err != nil {
				return decimal{}, false, "was refused by the NumericValue method of " + t.String()
			}
			if !n.Valid {
				return decimal{}, true, ""
			}
			d, reason := decimalOfNumeric(n)
			return d, false, reason
		},
		set: func(dst unsafe.Pointer, d decimal) string {
			if reflect.NewAt(t, dst).Interface().(pgtype.NumericScanner).ScanNumeric(d.numeric()) != nil {
				return "was refused by the ScanNumeric method of " + t.String()
			}
			return ""
		},
	}
}

func decimalOfNumeric(n pgtype.Numeric) (decimal, string) {
	switch {
	case n.NaN:
		return decimal{special: numericNaN}, ""
	case n.InfinityModifier == pgtype.Infinity:
		return decimal{special: numericInfinity}, ""
	case n.InfinityModifier == pgtype.NegativeInfinity:
		return decimal{special: numericNegative}, ""
	}
	if n.Exp < -mostScale || n.Exp > mostWholeDigits {
		return decimal{}, reasonTooLong
	}
	text := []byte{'0'}
	if n.Int != nil {
		text = n.Int.Append(nil, 10)
	}
	text = append(append(text, 'e'), strconv.Itoa(int(n.Exp))...)
	return parseDecimal(text)
}

// numeric gives the representation that pgtype makes of the same bytes: whole
// numbers without a scale have the zeros at their end in the exponent.
func (d decimal) numeric() pgtype.Numeric {
	switch d.special {
	case numericNaN:
		return pgtype.Numeric{NaN: true, Valid: true}
	case numericInfinity:
		return pgtype.Numeric{InfinityModifier: pgtype.Infinity, Valid: true}
	case numericNegative:
		return pgtype.Numeric{InfinityModifier: pgtype.NegativeInfinity, Valid: true}
	}
	n := pgtype.Numeric{Int: new(big.Int), Valid: true}
	if len(d.digits) == 0 {
		return n
	}
	digits := string(d.digits)
	if n.Exp = int32(-d.scale); d.scale == 0 {
		digits = strings.TrimRight(digits, "0")
		n.Exp = int32(len(d.digits) - len(digits))
	}
	n.Int.SetString(digits, 10)
	if d.negative {
		n.Int.Neg(n.Int)
	}
	return n
}
