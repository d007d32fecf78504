package lint

import (
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// parser walks over the tokens of one statement.
type parser struct {
	sql string
	all []sqltext.Token
	i   int
}

func (p *parser) peek() sqltext.Token {
	if p.i < len(p.all) {
		return p.all[p.i]
	}
	return sqltext.Token{Start: len(p.sql), End: len(p.sql)}
}

func (p *parser) next() sqltext.Token {
	t := p.peek()
	p.i++
	return t
}

func (p *parser) done() bool { return p.i >= len(p.all) }

// is reports whether words, or symbols, come next.
func (p *parser) is(words ...string) bool {
	if p.i+len(words) > len(p.all) {
		return false
	}
	for n, w := range words {
		if t := p.all[p.i+n]; t.Kind != sqltext.Word && t.Kind != sqltext.Symbol || t.Text != w {
			return false
		}
	}
	return true
}

func (p *parser) eat(words ...string) bool {
	if !p.is(words...) {
		return false
	}
	p.i += len(words)
	return true
}

// any eats one of the words.
func (p *parser) any(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return p.eat(w) })
}

// has reports whether words stand somewhere in what is left, outside of parentheses.
func (p *parser) has(words ...string) bool {
	q := *p
	for !q.done() {
		if q.is(words...) {
			return true
		}
		q.skip()
	}
	return false
}

// find goes to the words, outside of parentheses, and behind them.
func (p *parser) find(words ...string) bool {
	if !p.has(words...) {
		return false
	}
	for !p.eat(words...) {
		p.skip()
	}
	return true
}

// skip passes one token, or all that is in parentheses or brackets.
func (p *parser) skip() {
	depth := 0
	for !p.done() {
		switch t := p.next(); {
		case t.Kind == sqltext.Symbol && (t.Text == "(" || t.Text == "["):
			depth++
		case t.Kind == sqltext.Symbol && (t.Text == ")" || t.Text == "]"):
			depth--
		}
		if depth <= 0 {
			return
		}
	}
}

// inside is what is in the parentheses that come next.
func (p *parser) inside() *parser {
	if !p.is("(") {
		return &parser{sql: p.sql}
	}
	from := p.i + 1
	p.skip()
	to := p.i
	if to > from && p.all[to-1].Kind == sqltext.Symbol && p.all[to-1].Text == ")" {
		to--
	}
	return &parser{sql: p.sql, all: p.all[from:to]}
}

// split takes what is left apart at its commas.
func (p *parser) split() []*parser {
	var out []*parser
	from := p.i
	for {
		if p.done() || p.is(",") {
			if p.i > from || len(out) > 0 {
				out = append(out, &parser{sql: p.sql, all: p.all[from:min(p.i, len(p.all))]})
			}
			if p.done() {
				return out
			}
			p.i++
			from = p.i
			continue
		}
		p.skip()
	}
}

// text is what is left, as it is written but for the spaces.
func (p *parser) text() string { return written(p.all[min(p.i, len(p.all)):]) }

// written joins tokens as SQL is written.
func written(tokens []sqltext.Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 && tokens[i-1].End < t.Start && !glued(tokens[i-1], t) {
			b.WriteByte(' ')
		}
		switch t.Kind {
		case sqltext.Quoted:
			b.WriteString(`"` + strings.ReplaceAll(t.Text, `"`, `""`) + `"`)
		default:
			b.WriteString(t.Text)
		}
	}
	return b.String()
}

func glued(a, b sqltext.Token) bool {
	return b.Kind == sqltext.Symbol && strings.Contains("(),.[]", b.Text) || a.Kind == sqltext.Symbol && strings.Contains("([.", a.Text)
}

// name is a name with the schema that it may have.
type name struct{ schema, name string }

func (n name) String() string {
	if n.schema == "" {
		return n.name
	}
	return n.schema + "." + n.name
}

// name reads a name; a database in front of its schema is left out.
func (p *parser) name() name {
	var n name
	for {
		t := p.peek()
		if t.Kind != sqltext.Word && t.Kind != sqltext.Quoted {
			return n
		}
		p.i++
		n.schema, n.name = n.name, t.Text
		if !p.eat(".") {
			return n
		}
	}
}

// ident reads one name without a schema.
func (p *parser) ident() string {
	if t := p.peek(); t.Kind == sqltext.Word || t.Kind == sqltext.Quoted {
		p.i++
		return t.Text
	}
	return ""
}

// idents reads names in parentheses.
func (p *parser) idents() []string {
	var out []string
	for _, part := range p.inside().split() {
		if n := part.ident(); n != "" {
			out = append(out, n)
		}
	}
	return out
}
