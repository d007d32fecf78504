package mapper

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// jsonText walks over json. Its methods report false where the text is not what
// they expect, and then nobody looks at where they stopped.
type jsonText struct {
	text  []byte
	at    int
	depth int
}

// deepestJSON bounds how deep values lie in one another.
const deepestJSON = 500

// next is the first byte of what comes, 0 at the end.
func (x *jsonText) next() byte {
	for x.at < len(x.text) {
		switch c := x.text[x.at]; c {
		case ' ', '\t', '\n', '\r':
			x.at++
		default:
			return c
		}
	}
	return 0
}

// take steps over c, if that is what comes.
func (x *jsonText) take(c byte) bool {
	if x.next() != c {
		return false
	}
	x.at++
	return true
}

// word steps over null, true or false.
func (x *jsonText) word(w string) bool {
	if len(x.text)-x.at < len(w) || string(x.text[x.at:x.at+len(w)]) != w {
		return false
	}
	x.at += len(w)
	return true
}

// isNull steps over null, if that is what comes.
func (x *jsonText) isNull() bool { return x.next() == 'n' && x.word("null") }

// quoted steps over a string and returns what lies between its quotes; plain says
// that this is what it means.
func (x *jsonText) quoted() (inside []byte, plain, ok bool) {
	if !x.take('"') {
		return nil, false, false
	}
	start := x.at
	plain, ascii := true, true
	for ; x.at < len(x.text); x.at++ {
		switch c := x.text[x.at]; {
		case c == '"':
			inside = x.text[start:x.at]
			x.at++
			return inside, plain, ascii || utf8.Valid(inside)
		case c == '\\':
			plain = false
			x.at++
		case c < ' ':
			return nil, false, false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return nil, false, false
}

const (
	jsonEscapes = `"\/bfnrt` // behind a backslash
	jsonEscaped = "\"\\/\b\f\n\r\t"
)

// unescaped is what the inside of a string means; escapes of code points are left
// to encoding/json.
func unescaped(inside []byte) ([]byte, bool) {
	buf := make([]byte, 0, len(inside))
	for i := 0; i < len(inside); i++ {
		c := inside[i]
		if c == '\\' {
			i++
			at := strings.IndexByte(jsonEscapes, inside[i])
			if at < 0 {
				return nil, false
			}
			c = jsonEscaped[at]
		}
		buf = append(buf, c)
	}
	return buf, true
}

// simplyEscaped tells whether unescaped takes it.
func simplyEscaped(inside []byte) bool {
	for i := 0; i < len(inside); i++ {
		if inside[i] == '\\' {
			if i++; strings.IndexByte(jsonEscapes, inside[i]) < 0 {
				return false
			}
		}
	}
	return true
}

// number steps over a number.
func (x *jsonText) number() (digits string, ok bool) {
	x.next()
	start := x.at
	for x.at < len(x.text) && strings.IndexByte("+-.0123456789eE", x.text[x.at]) >= 0 {
		x.at++
	}
	if x.at == start {
		return "", false
	}
	return unsafe.String(&x.text[start], x.at-start), true
}

// skip steps over a value.
func (x *jsonText) skip() bool {
	if x.depth++; x.depth > deepestJSON {
		return false
	}
	defer func() { x.depth-- }()
	switch x.next() {
	case '"':
		inside, plain, ok := x.quoted()
		return ok && (plain || simplyEscaped(inside))
	case '{':
		return x.members(func([]byte) bool { return x.skip() })
	case '[':
		return x.elements(x.skip)
	case 'n':
		return x.word("null")
	case 't':
		return x.word("true")
	case 'f':
		return x.word("false")
	default:
		digits, ok := x.number()
		return ok && json.Valid([]byte(digits))
	}
}

// members walks over an object; member steps over the value of a key.
func (x *jsonText) members(member func(key []byte) bool) bool {
	if !x.take('{') {
		return false
	}
	if x.take('}') {
		return true
	}
	for {
		key, plain, ok := x.quoted()
		if !ok || !plain || !x.take(':') || !member(key) {
			return false
		}
		if x.take('}') {
			return true
		}
		if !x.take(',') || x.next() != '"' {
			return false
		}
	}
}

// elements walks over an array; element steps over one of its values.
func (x *jsonText) elements(element func() bool) bool {
	if !x.take('[') {
		return false
	}
	if x.take(']') {
		return true
	}
	for {
		if !element() {
			return false
		}
		if x.take(']') {
			return true
		}
		if !x.take(',') {
			return false
		}
	}
}

// count is the number of elements of the array that comes, which is not stepped
// over.
func (x *jsonText) count() (n int, ok bool) {
	ahead := *x
	ok = ahead.elements(func() bool {
		n++
		return ahead.skip()
	})
	return n, ok
}

// rest is the text of the value that comes.
func (x *jsonText) rest() ([]byte, bool) {
	x.next()
	start := x.at
	ok := x.skip()
	return x.text[start:x.at], ok
}

// ended tells whether nothing is left.
func (x *jsonText) ended() bool { return x.next() == 0 && x.at == len(x.text) }
