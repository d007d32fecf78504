package observe

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/retort-go/retort"
)

// summary says in few words what a flight does.
type summary struct {
	text      string // "SELECT books", "BATCH INSERT books"
	operation string // "SELECT", "BATCH INSERT"
}

const (
	// maxTexts bounds how many different SQL texts an observer remembers. Programs
	// that put values or names into SQL would otherwise fill memory and metrics.
	maxTexts = 500

	// maxSummary bounds a summary in bytes.
	maxSummary = 255
)

// summaries remembers the summaries of SQL texts.
type summaries struct {
	known sync.Map // of string to summary, see keyOf
	count atomic.Int64
}

// flight sums up a flight. bounded: only as many different texts as a metric
// can bear.
func (c *summaries) flight(f *retort.FlightInfo, bounded bool) summary {
	switch len(f.Statements) {
	case 0:
		word := f.End
		if word == "" {
			word = firstWord(f.Begin)
		}
		return summary{word, word}
	case 1:
		return c.statement(f.Statements[0], bounded)
	}
	all := c.statement(f.Statements[0], bounded)
	for _, sql := range f.Statements[1:] {
		one := c.statement(sql, bounded)
		if one.text != all.text {
			all.text = ""
		}
		if one.operation != all.operation {
			all.operation = ""
		}
	}
	return summary{strings.TrimSuffix("BATCH "+all.text, " "), strings.TrimSuffix("BATCH "+all.operation, " ")}
}

func (c *summaries) statement(sql string, bounded bool) summary {
	key := keyOf(sql)
	if s, ok := c.known.Load(key); ok {
		return s.(summary)
	}
	s := summarize(sql)
	if c.count.Load() >= maxTexts {
		if bounded {
			s.text = s.operation
		}
		return s
	}
	if _, had := c.known.LoadOrStore(key, s); !had {
		c.count.Add(1)
	}
	return s
}

// keyOf is what a text is remembered by: its hash, where it is large, as with an INSERT
// of many rows. There is a text for each number of them.
func keyOf(sql string) string {
	if len(sql) <= maxText {
		return sql
	}
	sum := sha256.Sum256([]byte(sql))
	return string(sum[:])
}

// summarize lists the operations of one statement and their tables, in order.
//
//   - Source: OpenTelemetry semantic conventions 1.43, "Generating a summary of the
//     query": names only, no values.
func summarize(sql string) summary {
	p := parser{words: words{sql: sql}}
	p.run()
	text := p.text()
	first, _, _ := strings.Cut(text, " ")
	return summary{text: text, operation: first}
}

// part is one operation with its tables.
type part struct {
	verb   string
	tables []string
}

// parser finds the parts of a statement. It does not understand SQL: what it
// overlooks is missing in the summary, no more.
type parser struct {
	words  words
	first  string
	ctes   []string
	parts  []part
	levels []level // one for each open parenthesis, and one
}

// level is what is known of the innermost SELECT.
type level struct {
	part   int  // of p.parts; -1: no SELECT here
	inFrom bool // a comma is followed by a table
}

func (p *parser) run() {
	p.levels = []level{{part: -1}}
	previous := ""
	for w := p.words.next(); w != ""; w = p.words.next() {
		if p.first == "" {
			p.first = strings.ToUpper(w)
		}
		p.word(strings.ToUpper(w), previous)
		previous = strings.ToUpper(w)
	}
}

func (p *parser) word(upper, previous string) {
	top := &p.levels[len(p.levels)-1]
	switch upper {
	case "(":
		p.levels = append(p.levels, level{part: -1})
	case ")":
		if len(p.levels) > 1 {
			p.levels = p.levels[:len(p.levels)-1]
		}
	case "SELECT":
		p.parts = append(p.parts, part{verb: upper})
		*top = level{part: len(p.parts) - 1}
	case "INSERT", "DELETE", "MERGE":
		// INTO or FROM follows; in ON DELETE and WHEN … THEN DELETE it does not.
		if w := strings.ToUpper(p.words.peek()); w == "INTO" || w == "FROM" {
			p.words.next()
			p.table(part{verb: upper})
		}
	case "UPDATE":
		// Not FOR UPDATE, FOR NO KEY UPDATE, DO UPDATE, THEN UPDATE.
		if previous != "FOR" && previous != "KEY" && previous != "DO" && previous != "THEN" && previous != "ON" {
			p.table(part{verb: upper})
		}
	case "FROM":
		if top.part >= 0 && previous != "DISTINCT" {
			top.inFrom = true
			p.target(top.part)
		}
	case "JOIN":
		if top.part >= 0 {
			p.target(top.part)
		}
	case ",":
		if top.inFrom {
			p.target(top.part)
		}
	case "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "WINDOW", "FETCH", "FOR", "UNION", "INTERSECT", "EXCEPT", "ON":
		top.inFrom = top.inFrom && upper == "ON"
	case "AS":
		// A name before AS ( is a CTE, at the top of a WITH.
		if next := strings.ToUpper(p.words.peek()); p.first == "WITH" && len(p.levels) == 1 && (next == "(" || next == "MATERIALIZED" || next == "NOT") {
			p.ctes = append(p.ctes, name(previous))
		}
	}
}

// table takes the name that follows as the target of a new part.
func (p *parser) table(one part) {
	if strings.EqualFold(p.words.peek(), "ONLY") {
		p.words.next()
	}
	if w := p.words.peek(); isName(w) {
		one.tables = []string{name(p.words.next())}
	}
	p.parts = append(p.parts, one)
}

// target takes the name that follows as one of a SELECT's tables.
func (p *parser) target(i int) {
	for strings.EqualFold(p.words.peek(), "LATERAL") || strings.EqualFold(p.words.peek(), "ONLY") {
		p.words.next()
	}
	if w := p.words.peek(); isName(w) {
		table := name(p.words.next())
		if p.words.peek() == "(" {
			return // a function, such as unnest
		}
		p.parts[i].tables = append(p.parts[i].tables, table)
	}
}

// text puts the parts together. A WITH that changes rows is told by its changes.
func (p *parser) text() string {
	changes := slices.ContainsFunc(p.parts, func(o part) bool { return o.verb != "SELECT" })
	var out []string
	for _, one := range p.parts {
		if changes && p.first == "WITH" && one.verb == "SELECT" {
			continue
		}
		tables := slices.DeleteFunc(one.tables, func(t string) bool {
			return slices.ContainsFunc(p.ctes, func(c string) bool { return strings.EqualFold(c, t) })
		})
		if one.verb == "SELECT" && len(tables) == 0 && len(p.parts) > 1 {
			continue
		}
		out = append(append(out, one.verb), tables...)
	}
	switch {
	case len(out) == 0 && p.first == "":
		return "EMPTY"
	case len(out) == 0 && (len(p.first) > maxSummary || strings.Trim(p.first, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != ""):
		return "OTHER" // no command of SQL
	case len(out) == 0:
		return p.first
	}
	text := strings.ToValidUTF8(strings.Join(out, " "), "?")
	for len(text) > maxSummary { // whole words only
		text = text[:max(0, strings.LastIndexByte(text[:maxSummary+1], ' '))]
	}
	if text == "" {
		return out[0]
	}
	return text
}

func firstWord(sql string) string {
	w := words{sql: sql}
	return strings.ToUpper(w.next())
}

// isName reports whether a word can be a table's name.
func isName(w string) bool {
	return w != "" && (w[0] == '"' || w[0] == '_' || w[0] >= 0x80 || 'a' <= w[0]|0x20 && w[0]|0x20 <= 'z') && !strings.EqualFold(w, "SELECT")
}

// name takes the quotes off.
func name(w string) string { return strings.ReplaceAll(w, `"`, "") }
