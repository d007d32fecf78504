package query

import (
	"slices"
	"strconv"

	"github.com/retort-go/retort/internal/model"
)

// Select is a query for rows of one table and those joined to it.
//
//   - Shape: Limit below zero is none. After holds one value for each key of
//     the order, a page's last row. Total adds the primary key as the last key
//     of the order, so that no two rows are equal in it. Deleted reads the rows
//     that are marked as deleted, too, of the table and of its relations.
type Select struct {
	World World
	Label string
	Table *model.Table
	From  Source // of the table, where it has another name or is a statement
	Joins []Join
	Where []Predicate
	Order []Order
	After []any
	Limit int
	Total bool

	Deleted bool
	Lifted  []string // names of filters that it leaves out

	Items      []Item // what is read; without any the whole row of the table
	Outputs    *Rows  // the struct that Items fill
	Distinct   bool
	DistinctOn []Node
	Group      []Node
	Having     []Predicate
	Offset     int
	Lock       *Lock
}

// Item is one expression that a query reads, and the column that it becomes.
type Item struct {
	Call string
	Node Node
	Name string // of the column
	Path string // of the Go field

	// Field is the index of the field among those of the struct.
	Field int

	// Nullable says that the field can hold NULL.
	Nullable bool
}

// Lock is a FOR clause.
type Lock struct {
	Strength string // UPDATE, NO KEY UPDATE, SHARE or KEY SHARE
	Wait     string // "", SKIP LOCKED or NOWAIT
	Of       []any  // stand-ins of the sources that are locked; none: all
}

// conditions are those of the query and those of the filters on its table.
func (b *builder) conditions(q *Select) []Predicate {
	if q.keepsStrangers() {
		return q.Where
	}
	guards := b.guards(&b.sources[0], q.Deleted)
	if len(guards) == 0 {
		return q.Where
	}
	return append(slices.Clip(q.Where), guards...)
}

// Rows is the statement that reads the rows.
func (q *Select) Rows() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	if !q.Distinct && len(q.DistinctOn) == 0 && len(q.Items) == 0 && len(q.Joins) == 0 && q.From.Name == "" && q.From.Rows == nil {
		b.enter(q)
		b.WriteString(q.Table.SelectFrom())
		b.tail(q, true)
		return b.statement()
	}
	q.form(b)
	b.wholeRows(q)
	return b.statement()
}

// wholeRows refuses joins that give rows without a row of the table that they are
// read into.
func (b *builder) wholeRows(q *Select) {
	if len(q.Items) > 0 {
		return
	}
	for _, j := range q.Joins {
		if j.Kind == "RIGHT JOIN" || j.Kind == "FULL JOIN" {
			b.fail("%s: it gives rows without a %s, which no object can be; read them by retort.Select, or begin with the other table and LeftJoin", j.Call, q.Table.Type)
		}
	}
}

// form writes a SELECT.
func (q *Select) form(b *builder) []output {
	if q.Table == nil && q.From.Rows == nil {
		own := *q
		if len(b.outer) > 0 {
			own.World = b.world
		}
		if own.Table = own.World.model(q.From.Declaration); own.Table == nil {
			b.fail("a table of a subquery is not part of this engine's Base; add it to NewBase")
			return make([]output, len(q.Items))
		}
		q = &own
	}
	b.enter(q)
	known := len(b.repeats)
	b.repeating(q)
	b.WriteString("SELECT ")
	if q.Distinct {
		b.WriteString("DISTINCT ")
	}
	if len(q.DistinctOn) > 0 {
		b.WriteString("DISTINCT ON (")
		b.nodes("DistinctOn", q.DistinctOn)
		b.WriteString(") ")
	}
	out := b.items(q)
	b.WriteString("\nFROM ")
	b.tableName(q)
	b.outputs = q.Outputs
	b.tail(q, true)
	b.outputs, b.repeats = nil, b.repeats[:known]
	return out
}

// tableName writes the main table as FROM wants it; tail writes the rest.
func (b *builder) tableName(q *Select) {
	if len(b.outer) == 0 && q.From.Name == "" && q.From.Rows == nil && !q.keepsStrangers() {
		b.WriteString(q.Table.SQLName())
		return
	}
	if q.keepsStrangers() {
		b.guarded(q.From, 0, q.Deleted)
		return
	}
	b.writeSource(Source{Rows: q.From.Rows, Name: ""}, 0)
}

// items writes what is read.
func (b *builder) items(q *Select) []output {
	if len(q.Items) == 0 {
		return b.wholeRow(&b.sources[0])
	}
	out := make([]output, len(q.Items))
	for i, it := range q.Items {
		if i > 0 {
			b.WriteString(", ")
		}
		begin, args := b.Len(), b.Args()
		f := b.node(it.Call, it.Node)
		if q.Distinct {
			b.repeatable(begin, args)
		}
		if f.nullable && !it.Nullable {
			b.fail("%s: what goes into field %s may be NULL (a nullable or left-joined column, or an aggregate of no rows); make the field a pointer and use retort.IntoNull, or wrap it in retort.Coalesce; see docs/errors.md#may-be-null", it.Call, it.Path)
		}
		if it.Name != "" {
			b.WriteString(" AS ")
			b.Ident(it.Name)
		}
		out[i] = output{it.Name, f}
	}
	return out
}

func (b *builder) wholeRow(s *source) []output {
	var out []output
	for i := range s.table.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.column(*s, i)
		out = append(out, output{s.table.Columns[i].Name, s.facts(i)})
	}
	return out
}

func (b *builder) nodes(call string, ns []Node) {
	for i, n := range ns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.node(call, n)
	}
}

// Count is the statement that counts the rows, limit included.
func (q *Select) Count() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	own := *q
	own.Lock = nil
	q = &own
	b.enter(q)
	if q.Limit < 0 && q.After == nil && q.Offset == 0 && !q.Distinct && len(q.DistinctOn)+len(q.Group)+len(q.Items) == 0 && allEmpty(q.Having) {
		b.WriteString("SELECT count(*) FROM ")
		b.tableName(q)
		b.joins(q)
		b.where(b.conditions(q))
		return b.statement()
	}
	b.WriteString("SELECT count(*) FROM (")
	if q.Distinct || len(q.DistinctOn)+len(q.Items) > 0 {
		q.form(b)
	} else {
		b.WriteString("SELECT 1 FROM ")
		b.tableName(q)
		b.tail(q, false)
	}
	b.WriteString(") AS counted")
	return b.statement()
}

// Exists is the statement that says whether there is a row.
func (q *Select) Exists() (Statement, error) {
	b := newBuilder(q.Label, q.Table, "")
	own := *q
	own.Lock = nil
	b.enter(&own)
	b.WriteString("SELECT EXISTS (")
	if own.Offset > 0 && (own.Distinct || len(own.DistinctOn) > 0) { // which leaves out rows that are not equal
		own.form(b)
	} else {
		b.WriteString("SELECT 1 FROM ")
		b.tableName(&own)
		b.tail(&own, false)
	}
	b.WriteString(")")
	return b.statement()
}

// Keys lists the columns of the order, the primary key included as a page needs
// it.
func (q *Select) Keys() ([]Key, error) {
	b := newBuilder(q.Label, q.Table, "")
	total := *q
	total.Total = true
	b.enter(&total)
	var order []Key
	if keys := b.keys(&total); b.pageable("Position", q, keys) {
		for _, k := range keys {
			order = append(order, Key{k.column, k.desc})
		}
	}
	_, err := b.statement()
	return order, err
}

// anyOrder tells that the order decides neither which rows there are nor which are
// locked first.
func (q *Select) anyOrder() bool {
	return q.Limit < 0 && q.Offset == 0 && len(q.DistinctOn) == 0 && q.Lock == nil
}

// tail writes all that follows the main table; the order only where it matters,
// unless the rows are to come ordered.
func (b *builder) tail(q *Select, ordered bool) {
	b.enter(q)
	known := len(b.repeats)
	b.repeating(q)
	b.joins(q)
	keys := b.keys(q)
	b.wherePage(q, keys)
	if len(q.Group) > 0 {
		b.WriteString("\nGROUP BY ")
		b.nodes("GroupBy", q.Group)
	}
	if !allEmpty(q.Having) {
		b.WriteString("\nHAVING ")
		b.joined(q.Having, " AND ")
	}
	if ordered || !q.anyOrder() {
		b.orderBy(keys)
	}
	if q.Limit >= 0 {
		b.WriteString("\nLIMIT ")
		b.WriteString(strconv.Itoa(q.Limit))
	}
	if q.Offset > 0 {
		b.WriteString("\nOFFSET ")
		b.WriteString(strconv.Itoa(q.Offset))
	}
	b.lock(q)
	b.repeats = b.repeats[:known]
}

func (b *builder) lock(q *Select) {
	if q.Lock == nil {
		return
	}
	b.effects.Locks = true
	b.WriteString("\nFOR " + q.Lock.Strength)
	for i, standIn := range q.Lock.Of {
		if i == 0 {
			b.WriteString(" OF ")
		} else {
			b.WriteString(", ")
		}
		found := false
		for k := range b.sources {
			s := &b.sources[k]
			in := s.standIn
			if in == nil {
				in = s.table.StandIn
			}
			if in.Any() == standIn {
				name := s.name()
				b.WriteString(name[:len(name)-1])
				found = true
			}
		}
		if !found {
			b.fail("LockOf: got a %T that is not the C of a table in the query", standIn)
		}
	}
	if q.Lock.Wait != "" {
		b.WriteString(" " + q.Lock.Wait)
	}
}
