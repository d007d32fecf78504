package domain

import (
	"errors"
	"net/mail"
	"strings"
	"unicode"
)

// MaxEmail is the longest address that is accepted, in bytes.
const MaxEmail = 254

// The reasons why an address is refused. Their texts never repeat the address.
var (
	ErrEmailEmpty   = errors.New("domain: the e-mail address is empty")
	ErrEmailLength  = errors.New("domain: the e-mail address is longer than 254 bytes")
	ErrEmailInvalid = errors.New("domain: not an e-mail address of the form name@host")
)

// NormalizeEmail returns the form in which an address is stored and compared:
// without surrounding space and in lower case, the part before the @ included.
//
// RFC 5321 would let a host tell Ann@ from ann@; none in use does, and two open
// requests of one person are the worse mistake here. Unicode is lower-cased
// but not composed: two spellings of one accented letter remain two addresses.
//
//   - Shape: normalizing twice changes nothing.
//   - Errors: [ErrEmailEmpty], [ErrEmailLength], [ErrEmailInvalid] (display
//     names, angle brackets, comments, quoted names and control characters
//     included).
func NormalizeEmail(raw string) (string, error) {
	addr := strings.ToLower(strings.TrimSpace(raw))
	switch {
	case addr == "":
		return "", ErrEmailEmpty
	case len(addr) > MaxEmail:
		return "", ErrEmailLength
	case strings.ContainsFunc(addr, notInAddress):
		return "", ErrEmailInvalid
	}
	parsed, err := mail.ParseAddress(addr)
	if err != nil || parsed.Name != "" || parsed.Address != addr {
		return "", ErrEmailInvalid
	}
	return addr, nil
}

// notInAddress also catches U+FFFD, which stands for bytes that were not UTF-8.
func notInAddress(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == unicode.ReplacementChar
}
