package web

import (
	"bytes"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner walks JSON that json.Valid has accepted and that is valid UTF-8, so
// it need not check the grammar again: every index that it reads exists.
type scanner struct {
	data []byte
	pos  int
}

// peek returns the first byte of the next value or delimiter.
func (s *scanner) peek() byte {
	for {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
}

// next takes one delimiter and returns it.
func (s *scanner) next() byte {
	c := s.peek()
	s.pos++
	return c
}

// null takes a null, if that is the next value.
func (s *scanner) null() bool {
	if s.peek() != 'n' {
		return false
	}
	s.pos += len("null")
	return true
}

// raw takes the next value and returns its bytes.
func (s *scanner) raw() []byte {
	first := s.peek()
	start := s.pos
	switch first {
	case '"':
		s.pos = s.stringEnd()
	case '{', '[':
		s.skipContainer()
	default: // a number or a word: it ends where a delimiter starts
		for s.pos < len(s.data) && !delimiter(s.data[s.pos]) {
			s.pos++
		}
	}
	return s.data[start:s.pos]
}

// skipContainer takes an object or array without recursion: depth is the
// client's choice.
func (s *scanner) skipContainer() {
	for depth := 0; ; {
		switch s.data[s.pos] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			s.pos = s.stringEnd()
			continue
		}
		s.pos++
		if depth == 0 {
			return
		}
	}
}

func delimiter(c byte) bool {
	return c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// stringEnd returns the index behind the string that starts here.
func (s *scanner) stringEnd() int {
	for i := s.pos + 1; ; i++ {
		switch s.data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// text takes a string. message is "" or what is wrong with its characters.
//
// encoding/json would turn a lone surrogate into U+FFFD without a word; what is
// stored should be what was sent, so it is refused.
func (s *scanner) text() (text, message string) {
	end := s.stringEnd()
	quoted := s.data[s.pos+1 : end-1]
	s.pos = end
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted), "" // raw control characters are not JSON
	}
	var b strings.Builder
	b.Grow(len(quoted))
	for i := 0; i < len(quoted); {
		if quoted[i] != '\\' {
			b.WriteByte(quoted[i])
			i++
			continue
		}
		if quoted[i+1] != 'u' {
			b.WriteByte(unescape(quoted[i+1]))
			i += 2
			continue
		}
		r := hex4(quoted[i+2:])
		i += 6
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+6 <= len(quoted) && quoted[i] == '\\' && quoted[i+1] == 'u' {
				low = hex4(quoted[i+2:])
				i += 6
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return "", "must not contain half of a surrogate pair"
			}
		}
		if r == 0 {
			return "", "must not contain a NUL character"
		}
		b.WriteRune(r)
	}
	return b.String(), ""
}

// unescape returns what a one-letter escape stands for.
func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c // quote, backslash, slash
	}
}

// hex4 reads four hexadecimal digits.
func hex4(digits []byte) rune {
	var r rune
	for _, c := range digits[:4] {
		r <<= 4
		switch {
		case c >= 'a':
			r |= rune(c - 'a' + 10)
		case c >= 'A':
			r |= rune(c - 'A' + 10)
		default:
			r |= rune(c - '0')
		}
	}
	return r
}
