package sqltext

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxIdent is the longest name that PostgreSQL keeps, in bytes; it cuts longer
// ones without an error.
const MaxIdent = 63

// Ident quotes a name, always.
//
//   - Shape: one part, without a dot; a quote inside is doubled.
//   - Errors: none; names from outside pass [CheckIdent] first.
func Ident(name string) string {
	return string(AppendIdent(make([]byte, 0, len(name)+2), name))
}

// Qualified quotes a name with the namespace that it is in; an empty namespace is
// left out.
func Qualified(namespace, name string) string {
	if namespace == "" {
		return Ident(name)
	}
	return Ident(namespace) + "." + Ident(name)
}

// AppendIdent appends name to dst, quoted as [Ident] does it.
func AppendIdent(dst []byte, name string) []byte {
	dst = append(dst, '"')
	for {
		i := strings.IndexByte(name, '"')
		if i < 0 {
			break
		}
		dst = append(dst, name[:i+1]...)
		dst = append(dst, '"')
		name = name[i+1:]
	}
	dst = append(dst, name...)
	return append(dst, '"')
}

// CheckIdent says whether PostgreSQL keeps name exactly as it is written.
//
//   - Units: lengths are bytes, 1 to [MaxIdent].
//   - Errors: empty, longer than that, not UTF-8, or with a NUL byte.
func CheckIdent(name string) error {
	switch {
	case name == "":
		return errors.New("sqltext: a name is empty")
	case strings.IndexByte(name, 0) >= 0:
		return fmt.Errorf("sqltext: the name %q contains a NUL byte", name)
	case !utf8.ValidString(name):
		return fmt.Errorf("sqltext: the name %q is not valid UTF-8", name)
	case len(name) > MaxIdent:
		return fmt.Errorf("sqltext: the name %q is %d bytes long, PostgreSQL keeps %d; choose a shorter one",
			name, len(name), MaxIdent)
	}
	return nil
}

// Literal quotes s as a string constant.
//
//   - Shape: quotes inside are doubled. With a backslash in s it is the E form,
//     so that the text means the same under either setting of
//     standard_conforming_strings.
//   - Errors: none; text from outside passes [CheckLiteral] first.
func Literal(s string) string {
	return string(AppendLiteral(make([]byte, 0, len(s)+3), s))
}

// AppendLiteral appends s to dst, quoted as [Literal] does it.
func AppendLiteral(dst []byte, s string) []byte {
	if strings.IndexByte(s, '\\') >= 0 {
		dst = append(dst, 'E')
	}
	dst = append(dst, '\'')
	for i := range len(s) {
		if s[i] == '\'' || s[i] == '\\' {
			dst = append(dst, s[i])
		}
		dst = append(dst, s[i])
	}
	return append(dst, '\'')
}

// CheckLiteral says whether PostgreSQL can hold s as text.
//
//   - Errors: a NUL byte or invalid UTF-8; the text never shows s.
func CheckLiteral(s string) error {
	if i := strings.IndexByte(s, 0); i >= 0 {
		return fmt.Errorf("sqltext: a text has a NUL byte at offset %d, which PostgreSQL cannot hold", i)
	}
	if !utf8.ValidString(s) {
		return fmt.Errorf("sqltext: a text of %d bytes is not valid UTF-8", len(s))
	}
	return nil
}

// EscapeLike makes a LIKE pattern that matches s itself, by a backslash before
// each backslash, percent sign and underscore.
func EscapeLike(s string) string {
	if !strings.ContainsAny(s, `\%_`) {
		return s
	}
	out := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		if s[i] == '\\' || s[i] == '%' || s[i] == '_' {
			out = append(out, '\\')
		}
		out = append(out, s[i])
	}
	return string(out)
}
