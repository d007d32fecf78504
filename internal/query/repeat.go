package query

import (
	"bytes"
	"strconv"
)

// repeated is the text of an expression with parameters that another one must be the
// same as for the server: one of GROUP BY, DISTINCT ON, or of the results of DISTINCT.
// With parameters of its own the other would be a different expression.
type repeated string

// repeating writes the expressions of GROUP BY and DISTINCT ON aside, in front of
// those that may repeat them.
func (b *builder) repeating(q *Select) {
	if len(q.Group)+len(q.DistinctOn) == 0 {
		return
	}
	errs := len(b.errs)
	for _, n := range q.Group {
		b.aside("GroupBy", n)
	}
	for _, n := range q.DistinctOn {
		b.aside("DistinctOn", n)
	}
	b.errs = b.errs[:errs] // they come again in their place
}

func (b *builder) aside(call string, n Node) {
	begin, args := b.Len(), b.Args()
	b.node(call, n)
	b.repeatable(begin, args)
	b.Cut(begin)
}

// repeatable remembers what was written since then.
func (b *builder) repeatable(begin, args int) {
	if b.Args() > args {
		b.repeats = append(b.repeats, repeated(b.Since(begin)))
	}
}

// repeat replaces what was written since then by the text that it repeats, if there
// is one, and so its parameters by those. The text of a WITH query that was met first
// in it keeps its own.
func (b *builder) repeat(begin, args, commons int) {
	if len(b.repeats) == 0 || b.Args() == args || len(b.commons) > commons {
		return
	}
	written := b.Since(begin)
	for _, r := range b.repeats {
		if !b.equal(string(r), written, args) {
			continue
		}
		b.Cut(begin)
		b.CutArgs(args)
		b.args.Cut(args)
		b.oids = b.oids[:args]
		b.WriteString(string(r))
		return
	}
}

// equal tells whether two texts are the same but for parameters with the same values,
// those of y behind the first args.
func (b *builder) equal(x, y string, args int) bool {
	for {
		before, n, rest := nextArg(x)
		same, m, more := nextArg(y)
		switch {
		case before != same:
			return false
		case n == 0 || m == 0:
			return n == m
		case n != m && (m <= args || max(n, m) > b.Args() || !b.equalArgs(n-1, m-1)):
			return false
		}
		x, y = rest, more
	}
}

func (b *builder) equalArgs(i, j int) bool {
	x, y := b.args.Values[i], b.args.Values[j]
	return b.oids[i] == b.oids[j] && b.args.Formats[i] == b.args.Formats[j] && (x == nil) == (y == nil) && bytes.Equal(x, y)
}

// nextArg is the text up to the first $n, n, and what follows; 0 when there is none.
func nextArg(text string) (before string, n int, rest string) {
	for i := 0; i < len(text); i++ {
		if text[i] != '$' {
			continue
		}
		end := i + 1
		for end < len(text) && text[end] >= '0' && text[end] <= '9' {
			end++
		}
		if n, err := strconv.Atoi(text[i+1 : end]); err == nil && n > 0 {
			return text[:i], n, text[end:]
		}
	}
	return text, 0, ""
}
