package mapper

import "unsafe"

// largestShared is the longest value that shares memory with its neighbors: a
// longer one would be kept alive by a short string beside it.
const largestShared = 256 // bytes

// largestArena bounds the memory that texts of many rows share.
const largestArena = 8 << 10 // bytes

// arena hands out pieces of one allocation. No two pieces overlap, so bytes may
// be written to while their neighbors are strings.
type arena struct{ buf []byte }

func newArena(n int) arena {
	if n == 0 {
		return arena{}
	}
	return arena{make([]byte, n)}
}

// split takes the last n bytes off.
func (a *arena) split(n int) arena {
	at := len(a.buf) - n
	rest := arena{a.buf[at:]}
	a.buf = a.buf[:at:at]
	return rest
}

// expect makes room for n bytes of a row, and for as much of each of the rows
// that are still to come.
func (a *arena) expect(n, rows int) {
	if n > len(a.buf) {
		a.buf = make([]byte, max(n, min(n*rows+n*rows/8, largestArena)))
	}
}

func (a *arena) bytes(src []byte) []byte {
	n := len(src)
	if n == 0 {
		return []byte{} // never nil, whatever the rest of the row is
	}
	piece := a.take(n)
	copy(piece, src)
	return piece
}

// take gives n bytes.
func (a *arena) take(n int) []byte {
	if n > len(a.buf) || n > largestShared {
		return make([]byte, n)
	}
	piece := a.buf[:n:n]
	a.buf = a.buf[n:]
	return piece
}

func (a *arena) string(src []byte) string {
	if len(src) == 0 {
		return ""
	}
	if len(src) > largestShared {
		return string(src)
	}
	piece := a.bytes(src)
	return unsafe.String(&piece[0], len(piece))
}
