package mapper

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// decimal is a numeric as its digits: an integer and how many of its digits are
// behind the point.
//
//   - Shape: digits are ASCII without leading zeros, none for zero.
type decimal struct {
	special  numericSpecial
	negative bool
	digits   []byte
	scale    int // never negative
}

// numericSpecial is the sign word of the values that are no numbers.
type numericSpecial uint16

const (
	finite           numericSpecial = 0
	numericNaN       numericSpecial = 0xc000
	numericInfinity  numericSpecial = 0xd000
	numericNegative  numericSpecial = 0xf000 // minus infinity
	signNegative                    = 0x4000
	mostWholeDigits                 = 131072 // limits of the type numeric
	mostScale                       = 16383
	groupDigits                     = 4 // the wire has groups of base 10000
	reasonNotNumeric                = "is not a number as PostgreSQL writes it"
	reasonTooLong                   = "has more digits than numeric holds, 131072 before the point and 16383 behind it"
)

// parseDecimal reads what the server reads as a numeric.
func parseDecimal(text []byte) (d decimal, reason string) {
	text = bytes.TrimSpace(text)
	unsigned := bytes.TrimLeft(text, "+-")
	if len(text)-len(unsigned) > 1 {
		return d, reasonNotNumeric
	}
	d.negative = len(unsigned) < len(text) && text[0] == '-'
	switch word := string(bytes.ToLower(unsigned)); {
	case word == "nan" && len(unsigned) == len(text):
		return decimal{special: numericNaN}, ""
	case (word == "infinity" || word == "inf") && d.negative:
		return decimal{special: numericNegative}, ""
	case word == "infinity" || word == "inf":
		return decimal{special: numericInfinity}, ""
	}
	mantissa, exponent := unsigned, 0
	if e := bytes.IndexAny(unsigned, "eE"); e >= 0 {
		var err error
		// Atoi takes a sign, and spares us the digits that cannot fit anyway.
		if exponent, err = strconv.Atoi(string(unsigned[e+1:])); err != nil || max(exponent, -exponent) > mostWholeDigits+mostScale {
			return d, reasonNotNumeric
		}
		mantissa = unsigned[:e]
	}
	whole, fraction, _ := bytes.Cut(mantissa, []byte{'.'})
	d.digits = slices.Concat(whole, fraction)
	for _, c := range d.digits {
		if c < '0' || c > '9' {
			return d, reasonNotNumeric
		}
	}
	if len(d.digits) == 0 {
		return d, reasonNotNumeric
	}
	d.scale = len(fraction) - exponent
	if d.scale < 0 {
		d.digits = append(d.digits, bytes.Repeat([]byte{'0'}, -d.scale)...)
		d.scale = 0
	}
	return d.normal()
}

// normal takes off leading zeros and checks the limits of the type.
func (d decimal) normal() (decimal, string) {
	d.digits = bytes.TrimLeft(d.digits, "0")
	if d.scale > mostScale || len(d.digits)-d.scale > mostWholeDigits {
		return d, reasonTooLong
	}
	if len(d.digits) == 0 {
		d.negative = false
	}
	return d, ""
}

// append writes the digits as the server does.
func (d decimal) append(buf []byte) []byte {
	switch d.special {
	case numericNaN:
		return append(buf, "NaN"...)
	case numericInfinity:
		return append(buf, "Infinity"...)
	case numericNegative:
		return append(buf, "-Infinity"...)
	}
	if d.negative {
		buf = append(buf, '-')
	}
	whole := len(d.digits) - d.scale
	if whole <= 0 {
		buf = append(buf, '0')
	} else {
		buf = append(buf, d.digits[:whole]...)
	}
	if d.scale == 0 {
		return buf
	}
	buf = append(buf, '.')
	for range -whole {
		buf = append(buf, '0')
	}
	return append(buf, d.digits[max(whole, 0):]...)
}

// appendBinary writes the wire form: groups of four digits, the weight of the
// first group, sign and scale.
func (d decimal) appendBinary(buf []byte) []byte {
	if d.special != finite {
		return binary.BigEndian.AppendUint64(buf, uint64(d.special)<<16)
	}
	padded, weight := d.groups()
	n := len(padded) / groupDigits
	sign := uint16(0)
	if d.negative {
		sign = signNegative
	}
	for _, word := range []uint16{uint16(n), uint16(int16(weight)), sign, uint16(d.scale)} {
		buf = binary.BigEndian.AppendUint16(buf, word)
	}
	for i := range n {
		g := padded[i*groupDigits:]
		value := int(g[0]-'0')*1000 + int(g[1]-'0')*100 + int(g[2]-'0')*10 + int(g[3]-'0')
		buf = binary.BigEndian.AppendUint16(buf, uint16(value))
	}
	return buf
}

// groups pads the digits to whole groups around the point and drops groups of
// zeros at the end.
func (d decimal) groups() (padded []byte, weight int) {
	if len(d.digits) == 0 {
		return nil, 0
	}
	whole := len(d.digits) - d.scale
	left := (groupDigits - whole%groupDigits) % groupDigits // Go's % of a negative number is negative
	if whole < 0 {
		left = -whole % groupDigits
	}
	weight = (whole+left)/groupDigits - 1
	padded = append(bytes.Repeat([]byte{'0'}, left), d.digits...)
	if rest := len(padded) % groupDigits; rest > 0 {
		padded = append(padded, "000"[:groupDigits-rest]...)
	}
	for bytes.HasSuffix(padded, []byte("0000")) {
		padded = padded[:len(padded)-groupDigits]
	}
	return padded, weight
}

// numeric reads the wire form.
func (d *decodeColumn) numeric(src []byte) (v decimal, err error) {
	const header, base = 8, 10000
	if len(src) < header {
		return v, d.malformed("numeric shorter than its header")
	}
	word := func(i int) uint16 { return binary.BigEndian.Uint16(src[2*i:]) }
	n, weight, sign, scale := int(word(0)), int(int16(word(1))), word(2), int(word(3))
	switch numericSpecial(sign) {
	case numericNaN, numericInfinity, numericNegative:
		return decimal{special: numericSpecial(sign)}, nil
	}
	if sign != 0 && sign != signNegative || scale > mostScale || len(src) != header+2*n {
		return v, d.malformed("numeric whose header does not fit its digits")
	}
	v.negative, v.scale = sign == signNegative, scale
	// All digits up to the scale; what is behind it is not part of the value.
	length := max((weight+1)*groupDigits, 0) + scale
	v.digits = slices.Grow(v.digits, length)
	for range min(max(-(weight+1)*groupDigits, 0), scale) {
		v.digits = append(v.digits, '0')
	}
	for i := range n {
		g := int(word(header/2 + i))
		if g >= base {
			return v, d.malformed("numeric digit beyond 9999")
		}
		if len(v.digits) < length {
			v.digits = append(v.digits, byte('0'+g/1000), byte('0'+g/100%10), byte('0'+g/10%10), byte('0'+g%10))
		}
	}
	if missing := length - len(v.digits); missing > 0 {
		v.digits = append(v.digits, bytes.Repeat([]byte{'0'}, missing)...)
	}
	v.digits = v.digits[:length]
	normal, reason := v.normal()
	if reason != "" {
		return v, d.malformed("numeric of more digits than the type has")
	}
	return normal, nil
}

// decimalOfFloat is the shortest decimal that reads back as f.
func decimalOfFloat(f float64, bits int) decimal {
	switch {
	case math.IsNaN(f):
		return decimal{special: numericNaN}
	case math.IsInf(f, 1):
		return decimal{special: numericInfinity}
	case math.IsInf(f, -1):
		return decimal{special: numericNegative}
	}
	d, _ := parseDecimal(strconv.AppendFloat(nil, f, 'f', -1, bits)) // 324 digits at most
	return d
}

// trimmed is the value without the zeros at its end, which count for nothing.
func (d decimal) trimmed() decimal {
	for d.scale > 0 && len(d.digits) > 0 && d.digits[len(d.digits)-1] == '0' {
		d.digits, d.scale = d.digits[:len(d.digits)-1], d.scale-1
	}
	if len(d.digits) == 0 {
		d.scale = 0
	}
	return d
}

// equal compares numbers, not their scales.
func (d decimal) equal(e decimal) bool {
	d, e = d.trimmed(), e.trimmed()
	return d.special == e.special && d.negative == e.negative && d.scale == e.scale && bytes.Equal(d.digits, e.digits)
}

// compare orders as the server does: NaN is above infinity.
func (d decimal) compare(e decimal) int {
	if d.rank() != e.rank() || d.special != finite {
		return cmp.Compare(d.rank(), e.rank())
	}
	sign := d.rank() - zeroRank
	d, e = d.trimmed(), e.trimmed()
	if a, b := len(d.digits)-d.scale, len(e.digits)-e.scale; a != b {
		return sign * cmp.Compare(a, b)
	}
	return sign * bytes.Compare(d.digits, e.digits)
}

const zeroRank = 2

func (d decimal) rank() int {
	switch {
	case d.special == numericNaN:
		return 5
	case d.special == numericInfinity:
		return 4
	case d.special == numericNegative:
		return 0
	case len(d.digits) == 0:
		return zeroRank
	case d.negative:
		return 1
	}
	return 3
}
