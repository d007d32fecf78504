package web

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxFaults bounds the list that one bad request can make.
const maxFaults = 20

// faults gathers what is wrong with one input.
type faults struct {
	list      []FieldError
	malformed bool // one of them is about the bytes, not about the shape
}

// add notes that the text at location does not fit.
func (f *faults) add(location, message string) {
	if len(f.list) < maxFaults {
		f.list = append(f.list, FieldError{Location: location, Message: message})
	}
}

// bad notes that the text at location cannot be read at all.
func (f *faults) bad(location, message string) {
	f.malformed = true
	f.add(location, message)
}

// addAt is add for a place in the body.
func (f *faults) addAt(at *place, message string) {
	if len(f.list) < maxFaults {
		f.add(at.String(), message)
	}
}

// badAt is bad for a place in the body.
func (f *faults) badAt(at *place, message string) {
	f.malformed = true
	f.addAt(at, message)
}

// err returns the problem that lists the faults, nil if there are none.
func (f *faults) err() error {
	switch {
	case len(f.list) == 0:
		return nil
	case f.malformed:
		return &Error{
			Status: 400, Type: ProblemMalformedInput, Title: "Malformed input",
			Detail: "The request could not be read.", Errors: f.list,
		}
	default:
		return &Error{
			Status: 422, Type: ProblemInvalidInput, Title: "Invalid input",
			Detail: "The request does not fit what this route takes.", Errors: f.list,
		}
	}
}

// place is where a value stands in the body. It is spelled out only when
// something is wrong there.
type place struct {
	parent *place // nil: the body itself
	name   string // of a member
	index  int    // of an element, -1 for a member
}

// maxPlace bounds a spelled place in bytes, roughly: nesting is the client's
// choice.
const maxPlace = 256

// String gives the place as the client wrote it: body.items[3].email.
func (p *place) String() string {
	var b strings.Builder
	if p.write(&b); b.Len() > maxPlace {
		b.WriteString("…")
	}
	return b.String()
}

// write keeps no pointer to a place, so that places live on the stack.
func (p *place) write(b *strings.Builder) {
	if p == nil {
		b.WriteString("body")
		return
	}
	p.parent.write(b)
	switch {
	case b.Len() > maxPlace:
	case p.index < 0:
		b.WriteByte('.')
		b.WriteString(clientName(p.name))
	default:
		b.WriteByte('[')
		b.WriteString(strconv.Itoa(p.index))
		b.WriteByte(']')
	}
}

// clientName shortens a name that the client chose and drops what would not
// print.
func clientName(name string) string {
	const limit = 64
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == utf8.RuneError {
			return '?'
		}
		return r
	}, name)
	if len(name) <= limit {
		return name
	}
	end := limit
	for !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end] + "…"
}
