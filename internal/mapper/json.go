package mapper

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// checkRawJSON refuses text that is no json; escapes only matter to jsonb,
// which takes them apart.
func checkRawJSON(column string, text []byte, jsonb bool) error {
	if !utf8.Valid(text) {
		return &ValueError{Column: column, Reason: "is not valid UTF-8"}
	}
	if !json.Valid(text) {
		return &ValueError{Column: column, Reason: "is not valid json"}
	}
	if jsonb {
		return checkEscapes(column, text)
	}
	return nil
}

// checkEscapes refuses the escapes that are valid json and that jsonb cannot
// hold: \u0000 and halves of surrogate pairs.
func checkEscapes(column string, text []byte) error {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return nil
		}
		r, isUnicode := escape(text[i:])
		if !isUnicode {
			text = text[i+2:]
			continue
		}
		text = text[i+6:]
		switch {
		case r == 0:
			return &ValueError{Column: column, Reason: `holds \u0000, which jsonb cannot hold`}
		case r >= 0xd800 && r < 0xdc00:
			low, ok := escape(text)
			if !ok || low < 0xdc00 || low > 0xdfff {
				return &ValueError{Column: column, Reason: "holds half of a surrogate pair, which jsonb cannot hold"}
			}
			text = text[6:]
		case r >= 0xdc00 && r <= 0xdfff:
			return &ValueError{Column: column, Reason: "holds half of a surrogate pair, which jsonb cannot hold"}
		}
	}
}

// escape reads a \uXXXX at the beginning of text, which is valid json.
func escape(text []byte) (r uint64, isUnicode bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	r, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return r, err == nil
}

var (
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// notJSON says why encoding/json would refuse every value of t, "" when it
// takes them.
func notJSON(t reflect.Type, seen map[reflect.Type]bool) string {
	if seen[t] || implements(t, marshalerType) || implements(t, textMarshalerType) {
		return ""
	}
	if seen == nil {
		seen = map[reflect.Type]bool{}
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return fmt.Sprintf("encoding/json cannot write %s; exclude it with the tag `json:\"-\"`", t)
	case reflect.Map:
		if reason := notJSONKey(t.Key()); reason != "" {
			return reason
		}
		return notJSON(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return notJSON(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if !f.IsExported() && !f.Anonymous || f.Tag.Get("json") == "-" {
				continue
			}
			if reason := notJSON(f.Type, seen); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func notJSONKey(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return ""
	}
	if t.Implements(textMarshalerType) {
		return ""
	}
	return fmt.Sprintf("encoding/json cannot write maps with keys of type %s; use string keys", t)
}
