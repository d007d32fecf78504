package query

import (
	"reflect"
	"strings"
)

// Piece is text of the user's own, or an expression inside it.
type Piece struct {
	SQL  string
	Node Node
}

// Fragment is SQL of the user's own.
//
//go:noinline
func Fragment(pieces []Piece, nullable bool) Node {
	return Node{write: func(b *builder) facts {
		b.effects.Raw = true
		b.WriteString("(")
		b.pieces("Fragment", pieces)
		b.WriteString(")")
		return facts{nullable: nullable}
	}}
}

// Own is a whole statement of the user's own that gives rows.
//
//   - Shape: Nullable has an entry for each column that is read of it, in order.
type Own struct {
	Pieces   []Piece
	Nullable []bool
	Names    []string
	ReadOnly bool
}

func (q *Own) form(b *builder) []output {
	b.effects.Raw = b.effects.Raw || !q.ReadOnly
	b.pieces("SQL", q.Pieces)
	out := make([]output, len(q.Nullable))
	for i, nullable := range q.Nullable {
		out[i] = output{q.Names[i], facts{nullable: nullable}}
	}
	return out
}

// pieces writes text of the user's own with the expressions inside it.
func (b *builder) pieces(call string, pieces []Piece) {
	for _, p := range pieces {
		if !p.Node.empty() {
			b.node(call, p.Node)
			continue
		}
		b.WriteString(p.SQL)
	}
	if n := len(pieces); n > 0 && strings.Contains(pieces[n-1].SQL, "--") {
		b.WriteString("\n") // a comment would swallow what follows
	}
}

// Pure is n without the doubts about what a fragment does.
//
//go:noinline
func Pure(n Node) Node {
	return around(n, func(b *builder, inner func(*builder) facts) facts {
		before := b.effects.Raw
		f := inner(b)
		b.effects.Raw = before
		return f
	})
}

// InRange tells whether a range holds a value, which is cast to the type of the
// range's bounds: the server could not tell it from a range.
//
//go:noinline
func InRange(call string, r Node, v any) Node {
	return Node{write: func(b *builder) facts {
		b.WriteString("(")
		f := b.node(call, r)
		b.WriteString(" @> ")
		cast, oid := "", oidOf
		if f.table != nil {
			cast = boundCast(f.table.Plan.Column(f.col).PGType)
		}
		if cast != "" { // the server reads the value as that type: a day is the one of its own zone
			oid = func(reflect.Type) uint32 { return 0 }
		}
		b.paramOf(call, v, oid)
		b.WriteString(cast)
		b.WriteString(")")
		return facts{nullable: f.nullable}
	}}
}

// boundCast is the cast to the type of the bounds of a built-in range type.
func boundCast(rangeType string) string {
	switch strings.TrimSuffix(strings.Replace(rangeType, "multirange", "range", 1), "range") {
	case "int4":
		return "::int4"
	case "int8":
		return "::int8"
	case "num":
		return "::numeric"
	case "ts":
		return "::timestamp"
	case "tstz":
		return "::timestamptz"
	case "date":
		return "::date"
	}
	return ""
}
