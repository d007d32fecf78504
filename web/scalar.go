package web

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// setText fills v from one piece of text. The answer is "" or what is wrong,
// as a predicate that never holds the text itself.
//
//   - Shape: pointers are made, a Field is marked as set.
func setText(v reflect.Value, s *shape, text string) string {
	switch s.kind {
	case kindPointer:
		p := reflect.New(s.elem.typ)
		if message := setText(p.Elem(), s.elem, text); message != "" {
			return message
		}
		v.Set(p)
	case kindField:
		if message := setText(v.Field(2), s.elem, text); message != "" {
			return message
		}
		v.Field(0).SetBool(true)
	case kindString:
		v.SetString(text)
	case kindBool:
		return setBool(v, text)
	case kindInt:
		return setInt(v, text)
	case kindUint:
		return setUint(v, text)
	case kindFloat:
		return setFloat(v, text)
	case kindNumber:
		return setNumber(v, text)
	case kindTime, kindText, kindUUID:
		return setUnmarshaler(v, s.kind, text)
	default:
		return "cannot be read from text" // refused at registration
	}
	return ""
}

func setBool(v reflect.Value, text string) string {
	switch text {
	case "true", "1":
		v.SetBool(true)
	case "false", "0":
		v.SetBool(false)
	default:
		return "must be true or false"
	}
	return ""
}

func setInt(v reflect.Value, text string) string {
	if !integer(text) {
		return "must be an integer"
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseInt(text, 10, bits)
	if err != nil {
		return fmt.Sprintf("must be an integer from %d to %d", int64(math.MinInt64)>>(64-bits), int64(math.MaxInt64)>>(64-bits))
	}
	v.SetInt(n)
	return ""
}

func setUint(v reflect.Value, text string) string {
	if !integer(text) {
		return "must be an integer"
	}
	bits := v.Type().Bits()
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		return fmt.Sprintf("must be an integer from 0 to %d", uint64(math.MaxUint64)>>(64-bits))
	}
	v.SetUint(n)
	return ""
}

// integer reports whether text is digits with an optional minus.
func integer(text string) bool {
	digits := strings.TrimPrefix(text, "-")
	if digits == "" {
		return false
	}
	return strings.Trim(digits, "0123456789") == ""
}

func setFloat(v reflect.Value, text string) string {
	// ParseFloat also takes NaN, Inf, hexadecimal and underscores.
	if text == "" || strings.Trim(text, "+-.0123456789eE") != "" {
		return "must be a number"
	}
	n, err := strconv.ParseFloat(text, v.Type().Bits())
	switch {
	case err == nil:
		v.SetFloat(n)
		return ""
	case math.IsInf(n, 0):
		return "is too large a number"
	default:
		return "must be a number"
	}
}

// setNumber keeps the text of a number as JSON has it.
func setNumber(v reflect.Value, text string) string {
	if strings.Trim(text, "+-.0123456789eE") != "" || !json.Valid([]byte(text)) {
		return "must be a number"
	}
	v.SetString(text)
	return ""
}

// setUnmarshaler lets the type read the text. Its own error is not repeated:
// it usually quotes the text.
func setUnmarshaler(v reflect.Value, k kind, text string) string {
	u, ok := v.Addr().Interface().(encoding.TextUnmarshaler)
	if ok && u.UnmarshalText([]byte(text)) == nil {
		return ""
	}
	switch k {
	case kindTime:
		return "must be a time such as 2006-01-02T15:04:05Z"
	case kindUUID:
		return "must be a UUID"
	default:
		return "is not valid"
	}
}

// badText says why PostgreSQL could not store the text, "" if it can.
func badText(text string) string {
	if strings.IndexByte(text, 0) >= 0 {
		return "must not contain a NUL character"
	}
	if !utf8.ValidString(text) {
		return "must be valid UTF-8"
	}
	return ""
}
