package proxy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Message is one protocol message on its way through the proxy.
type Message struct {
	Conn     int    // the connection, numbered from 1 in the order of arrival
	Frontend bool   // sent by the client
	Type     byte   // its first byte, 0 for the start-up packets that have none
	Body     []byte // what follows the length; valid only during the call it is given to

	// SQL is the text of a Query or Parse, and of the statement that a Bind
	// runs, if its Parse went through the proxy.
	SQL string

	raw   []byte // all of it, as read or as rewritten
	fatal bool   // a refusal behind which the server would have hung up
}

// Tag is the command tag of a CommandComplete, such as "INSERT 0 1", else "".
func (m Message) Tag() string {
	if m.Frontend || m.Type != 'C' {
		return ""
	}
	return cstring(m.Body)
}

// SQLState is the code of an ErrorResponse, such as "23505", else "".
func (m Message) SQLState() string {
	if m.Frontend || m.Type != 'E' {
		return ""
	}
	for fields := m.Body; len(fields) > 1 && fields[0] != 0; {
		value, rest, _ := bytes.Cut(fields[1:], []byte{0})
		if fields[0] == 'C' {
			return string(value)
		}
		fields = rest
	}
	return ""
}

// The codes in place of a version number, as in the protocol's "Message Formats".
const (
	cancelRequest = 80877102
	sslRequest    = 80877103
	gssRequest    = 80877104
)

// startupCode is what an untyped packet begins with.
func startupCode(body []byte) uint32 {
	if len(body) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(body)
}

const (
	maxStartup = 10_000  // as the server's own limit
	maxMessage = 1 << 30 // likewise
)

var errFraming = errors.New("proxy: not the PostgreSQL protocol")

// frames cuts a byte stream into messages.
type frames struct {
	untyped bool   // the next packet is a start-up packet
	rest    []byte // the beginning of a message whose end is still to come
}

// next cuts the first whole message off data and returns what follows it; ok
// is false when data holds no whole one.
func (f *frames) next(data []byte) (m Message, after []byte, ok bool, err error) {
	header, most := 5, maxMessage
	if f.untyped {
		header, most = 4, maxStartup
	}
	if len(data) < header {
		return m, data, false, nil
	}
	n := int64(binary.BigEndian.Uint32(data[header-4 : header]))
	if n < 4 || n > int64(most) {
		return m, data, false, fmt.Errorf("%w: a message of %d bytes", errFraming, n)
	}
	size := header - 4 + int(n)
	if len(data) < size {
		return m, data, false, nil
	}
	m.raw = data[:size:size]
	m.Body = m.raw[header:]
	if !f.untyped {
		m.Type = data[0]
	}
	return m, data[size:], true, nil
}

// add takes what was read and returns it behind what was left before. Messages
// cut off earlier keep their memory: it is only ever written behind them.
func (f *frames) add(chunk []byte) []byte {
	data := append(f.rest, chunk...)
	f.rest = nil
	return data
}

// keep holds on to the beginning of a message.
func (f *frames) keep(rest []byte) {
	if f.rest = rest; len(rest) == 0 {
		f.rest = nil
	}
}

// cstring is the text up to the first NUL.
func cstring(b []byte) string {
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// cstrings are the first two texts, as a Parse (name, query) and a Bind
// (portal, statement) begin.
func cstrings(b []byte) (first, second string) {
	head, rest, _ := bytes.Cut(b, []byte{0})
	return string(head), cstring(rest)
}
