package query

import (
	"slices"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
	"github.com/retort-go/retort/internal/sqltext"
	"github.com/retort-go/retort/schema"
)

// source is one table of a query and the qualifier of its columns in the text.
type source struct {
	table     *model.Table
	qualifier string          // empty, or ends in a period
	standIn   *mapper.StandIn // of an alias; nil for the table's own
	optional  bool            // its columns may be NULL, as a join may find no row
	rows      []facts         // of the columns, where the source is a statement
	text      string          // that statement in parentheses
}

// name is the qualifier that it has where it is not alone, in quotes.
func (s *source) name() string {
	switch {
	case s.qualifier == "":
		return sqltext.Ident(s.table.Schema.Name) + "."
	case s.qualifier[0] != '"': // of the library's own
		return sqltext.Ident(s.qualifier[:len(s.qualifier)-1]) + "."
	}
	return s.qualifier
}

// find resolves a field pointer; the column is -1 for a field that is none.
func (s *source) find(field any) (column, fieldIndex int, ok bool) {
	in := s.standIn
	if in == nil {
		in = s.table.StandIn
	}
	i, ok := in.Find(field)
	if !ok {
		return -1, -1, false
	}
	return s.table.FieldColumn[i], i, true
}

// facts are what is known of one of its columns.
func (s *source) facts(col int) facts {
	if s.rows != nil {
		f := s.rows[col]
		f.nullable = f.nullable || s.optional
		return f
	}
	nullable := s.table.Schema == nil || !s.table.Schema.Columns[col].NotNull
	return facts{nullable: nullable || s.optional, table: s.table, col: col}
}

// origin is the column of a table that decides how values of col are encoded;
// ok is false where no table does.
func (s *source) origin(col int) (t *model.Table, column int, ok bool) {
	f := s.facts(col)
	return f.table, f.col, f.table != nil
}

// Source is what a query reads from: a table, or the rows of a statement.
//
//   - Shape: Declaration is what [World.Models] knows a table by. Name is an alias,
//     empty for the table's own name; StandIn is that of the alias.
type Source struct {
	Declaration any
	Name        string
	StandIn     *mapper.StandIn
	Rows        *Rows
}

// Rows are the rows of a statement as a source.
type Rows struct {
	// Fields are those of the struct that a row is, and StandIn names them.
	Table *model.Table

	// Form writes the statement.
	Form Form

	// Common makes it a WITH query, written once; else it is a subquery where it
	// stands.
	Common bool

	// Step, of a recursive WITH query, is joined to Form by UNION, or UNION ALL.
	Step Form
	All  bool

	// Materialized says whether a WITH query is computed on its own.
	Materialized string
}

// Form is a statement that gives rows and can stand inside another.
type Form interface {
	// form writes it and says what its columns are.
	form(b *builder) []output
}

// output is one column that a statement gives.
type output struct {
	name  string
	facts facts
}

// Join is one more source of a query.
type Join struct {
	Source  Source
	Kind    string // JOIN, LEFT JOIN …, as SQL text of the library's own
	On      []Predicate
	Left    bool // its columns may be NULL
	Lateral bool // its statement may name the sources before it
	Call    string
}

// common is a WITH query of the statement.
type common struct {
	rows    *Rows
	name    string
	text    string
	outputs []facts
	reads   []*model.Table // by their names, in its text
}

// enter makes the sources of q the ones that pointers are looked up in, and
// writes the statements among them.
func (b *builder) enter(q *Select) {
	if b.entered == q {
		return
	}
	b.entered, b.lifted, b.grouped = q, q.Lifted, len(q.Group) > 0
	if len(b.outer) == 0 {
		b.world = q.World
		// Names of columns stand alone where no other table is, and no name of a result:
		// ORDER BY would take those first, also the ones that the server makes up.
		if len(q.Joins) == 0 && q.From.Name == "" && q.From.Rows == nil && len(q.Items) == 0 {
			b.sources = append(b.room.sources[:0], source{table: q.Table})
			b.reads(q.Table)
			return
		}
	}
	b.sources = make([]source, 0, 1+len(q.Joins))
	b.add(q.From, q.Table, false, "Query")
	for _, j := range q.Joins {
		b.add(j.Source, nil, j.Lateral, j.Call)
		b.sources[len(b.sources)-1].optional = j.Left
		if j.Kind == "RIGHT JOIN" || j.Kind == "FULL JOIN" {
			for i := range b.sources[:len(b.sources)-1] {
				b.sources[i].optional = true
			}
		}
	}
}

// add makes one more source of the query at hand.
func (b *builder) add(src Source, t *model.Table, lateral bool, call string) {
	s := source{table: t, standIn: src.StandIn}
	name := src.Name
	switch {
	case src.Rows != nil:
		s.table = src.Rows.Table
		if src.Rows.Common {
			s.rows = b.common(src.Rows)
		} else {
			s.text, s.rows = b.rowsOf(src.Rows, lateral)
		}
	case t == nil:
		if s.table = b.world.model(src.Declaration); s.table == nil {
			b.fail("%s: a table of the query is not part of this engine's Base; add it to NewBase", call)
			s.table = &model.Table{StandIn: mapper.NewStandIn(emptyType, nil), Type: emptyType, Schema: &schema.Table{}}
			s.rows = []facts{} // nothing to filter, nothing to read
		}
	}
	if s.rows == nil {
		b.reads(s.table)
	}
	if name == "" {
		name = s.table.Schema.Name
	}
	var q qualified
	q.Ident(name)
	s.qualifier = q.String() + "."
	for i := range b.sources {
		if b.sources[i].qualifier == s.qualifier {
			b.fail("%s: %q is in the query twice; give one of them another name: retort's Table.As(\"…\")", call, name)
		}
	}
	b.sources = append(b.sources, s)
}

// writeSource writes the i-th source as FROM and JOIN want it.
func (b *builder) writeSource(src Source, i int) {
	s := &b.sources[i]
	switch {
	case src.Rows != nil && src.Rows.Common:
		b.Ident(b.commonName(src.Rows))
	case src.Rows != nil:
		b.WriteString(s.text)
	default:
		b.WriteString(s.table.SQLName())
	}
	if src.Name != "" && (src.Rows == nil || !src.Rows.Common || src.Name != b.commonName(src.Rows)) {
		b.WriteString(" AS ")
		b.Ident(src.Name)
	}
}

// nested runs f for a query inside the one at hand, whose sources it may name.
func (b *builder) nested(f func()) {
	sources, entered, lifted, grouped, outputs, secret := b.sources, b.entered, b.lifted, b.grouped, b.outputs, b.secret
	b.outer = append(b.outer, sources)
	b.sources, b.entered, b.lifted, b.grouped, b.outputs = nil, nil, nil, false, nil
	f()
	b.outer = b.outer[:len(b.outer)-1]
	b.sources, b.entered, b.lifted, b.grouped, b.outputs, b.secret = sources, entered, lifted, grouped, outputs, secret
}

// apart is nested for a query that must not name what is around it.
func (b *builder) apart(f func()) {
	outer, sources := b.outer, b.sources
	b.outer, b.sources = make([][]source, 1, 2), nil
	b.nested(f)
	b.outer, b.sources = outer, sources
}

// subquery writes a statement in parentheses.
func (b *builder) subquery(f Form) (out []output) {
	if b.depth++; b.depth > deepest {
		b.fail("queries are nested deeper than %d; does a filter ask a table that has the same filter?", deepest)
		b.depth--
		return nil
	}
	switch f.(type) {
	case *Write, *Insert:
		b.fail("a statement that writes has its place in a WITH query only; make it one by retort.CTE, and read that")
	}
	b.WriteString("(")
	b.nested(func() { out = f.form(b) })
	b.WriteString(")")
	b.depth--
	return out
}

// rowsOf writes a subquery of FROM aside, since its columns must be known before
// the place where it stands is reached.
func (b *builder) rowsOf(r *Rows, lateral bool) (text string, out []facts) {
	start := b.Len()
	var outputs []output
	if lateral {
		outputs = b.subquery(r.Form)
	} else {
		// Only what is around the whole query is in sight.
		sources := b.sources
		b.sources = nil
		outputs = b.subquery(r.Form)
		b.sources = sources
	}
	return b.Cut(start), factsOf(outputs)
}

func factsOf(outputs []output) []facts {
	out := make([]facts, len(outputs))
	for i := range outputs {
		out[i] = outputs[i].facts
	}
	return out
}

// reads remembers a table that the text names.
func (b *builder) reads(t *model.Table) {
	if t.Schema.Namespace == "" {
		b.tables = append(b.tables, t)
	}
}

// common makes r a WITH query of the statement, once.
func (b *builder) common(r *Rows) []facts {
	name := r.Table.Schema.Name // whatever alias it is read by
	for i := range b.commons {
		c := &b.commons[i]
		if c.rows == r {
			return c.outputs
		}
		if c.name == name {
			b.fail("CTE: two of them are named %q", name)
		}
	}
	start, around := b.Len(), b.tables
	b.tables = nil
	var out []facts
	b.apart(func() { out = factsOf(r.Form.form(b)) })
	text := b.Cut(start)
	at := len(b.commons)
	b.commons = append(b.commons, common{rows: r, name: name, text: text, outputs: out})
	if r.Step != nil { // which reads from it
		b.apart(func() { r.Step.form(b) })
		union := ")\nUNION\n("
		if r.All {
			union = ")\nUNION ALL\n("
		}
		b.commons[at].text = "(" + text + union + b.Cut(start) + ")"
	}
	b.commons[at].reads, b.tables = b.tables, around
	return out
}

// shadowed refuses tables that would not be read any more, as a WITH query in sight
// has their name.
func (b *builder) shadowed(tables []*model.Table, commons []common) {
	for i := range commons {
		name := commons[i].name
		if slices.ContainsFunc(tables, func(t *model.Table) bool { return t.Schema.Name == name }) {
			b.fail("CTE: %q is the name of a table that the statement reads beside it, which would be the CTE then; name the CTE otherwise", name)
		}
	}
}

// commonName is the name that r was given.
func (b *builder) commonName(r *Rows) string {
	for i := range b.commons {
		if b.commons[i].rows == r {
			return b.commons[i].name
		}
	}
	return ""
}

// withCommons puts the WITH queries in front of the statement.
func (b *builder) withCommons() {
	if len(b.commons) == 0 {
		return
	}
	body := b.Cut(b.label)
	b.WriteString("WITH ")
	recursive := slices.ContainsFunc(b.commons, func(c common) bool { return c.rows.Step != nil })
	if recursive {
		b.WriteString("RECURSIVE ")
	}
	b.shadowed(b.tables, b.commons)
	for i := range b.commons {
		c := &b.commons[i]
		if recursive { // each sees all of them, itself too
			b.shadowed(c.reads, b.commons)
		} else {
			b.shadowed(c.reads, b.commons[:i])
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.Ident(c.name)
		b.WriteString(" AS " + c.rows.Materialized + "(\n")
		b.WriteString(c.text)
		b.WriteString("\n)")
	}
	b.WriteString("\n")
	b.WriteString(body)
	b.commons = nil
}
