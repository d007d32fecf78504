package sqltext

import "strconv"

// Builder collects the text of one statement and numbers its placeholders.
//
//   - Shape: the zero value is empty and ready; do not copy it once it is used.
//   - Concurrency: for one goroutine.
type Builder struct {
	buf  []byte
	args int
}

// WriteString appends s as it is.
func (b *Builder) WriteString(s string) { b.buf = append(b.buf, s...) }

// Ident appends name, quoted.
func (b *Builder) Ident(name string) { b.buf = AppendIdent(b.buf, name) }

// Idents appends the names, each quoted, with sep between them.
func (b *Builder) Idents(names []string, sep string) {
	for i, name := range names {
		if i > 0 {
			b.WriteString(sep)
		}
		b.Ident(name)
	}
}

// Literal appends s as a string constant.
func (b *Builder) Literal(s string) { b.buf = AppendLiteral(b.buf, s) }

// Arg appends the next placeholder and returns its number, 1 for the first.
func (b *Builder) Arg() int {
	b.args++
	b.ArgAgain(b.args)
	return b.args
}

// ArgAgain appends the placeholder that [Builder.Arg] numbered n, without a new
// number.
func (b *Builder) ArgAgain(n int) {
	b.buf = append(b.buf, '$')
	b.buf = strconv.AppendInt(b.buf, int64(n), 10)
}

// Args returns how many placeholders there are.
func (b *Builder) Args() int { return b.args }

// Len returns the length of the text in bytes.
func (b *Builder) Len() int { return len(b.buf) }

// String returns the text so far; later writes do not change it.
func (b *Builder) String() string { return string(b.buf) }

// Since returns what was written behind the first n bytes.
func (b *Builder) Since(n int) string { return string(b.buf[n:]) }

// Cut takes away what was written behind the first n bytes and returns it.
func (b *Builder) Cut(n int) string {
	text := string(b.buf[n:])
	b.buf = b.buf[:n]
	return text
}

// CutArgs takes back the placeholders behind the n-th, whose text is gone.
func (b *Builder) CutArgs(n int) { b.args = n }

// Reset empties b and keeps its memory.
func (b *Builder) Reset() {
	b.buf = b.buf[:0]
	b.args = 0
}
