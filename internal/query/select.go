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
		b.tail(q)
		return b.statement()
	}
	q.form(b)
	return b.statement()
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
	b.tail(q)
	b.outputs = nil
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
		f := b.node(it.Call, it.Node)
		if f.nullable && !it.Nullable {
			b.fail("%s: what goes into field %s may be NULL (a nullable or left-joined column, or an aggregate of no rows); make the field a pointer and use retort.IntoNull, or wrap it in retort.Coalesce", it.Call, it.Path)
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
	if q.Limit < 0 && q.After == nil && q.Offset == 0 && !q.Distinct && len(q.DistinctOn)+len(q.Group)+len(q.Items) == 0 {
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
		b.tail(q)
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
	b.WriteString("SELECT EXISTS (SELECT 1 FROM ")
	b.tableName(&own)
	b.tail(&own)
	b.WriteString(")")
	return b.statement()
}

// Keys lists the columns of the order, the primary key included as a page needs
// it.
func (q *Select) Keys() ([]int, error) {
	b := newBuilder(q.Label, q.Table, "")
	total := *q
	total.Total = true
	b.enter(&total)
	var columns []int
	for _, k := range b.keys(&total) {
		if k.source != &b.sources[0] {
			b.fail("Position: a page is ordered by columns of its own table, %s", q.Table.Type)
			break
		}
		columns = append(columns, k.column)
	}
	_, err := b.statement()
	return columns, err
}

// keepsStrangers tells whether a join keeps rows of the joined table that have no
// partner. No condition of ON or WHERE can filter that table alone then: it is
// filtered before it is joined.
func (q *Select) keepsStrangers() bool {
	return slices.ContainsFunc(q.Joins, func(j Join) bool { return j.Kind == "RIGHT JOIN" || j.Kind == "FULL JOIN" })
}

// guarded writes the i-th source, filtered.
func (b *builder) guarded(src Source, i int, deleted bool) {
	guards := b.guards(&b.sources[i], deleted)
	if len(guards) == 0 {
		b.writeSource(src, i)
		return
	}
	s := &b.sources[i]
	b.WriteString("(SELECT * FROM ")
	b.writeSource(src, i)
	b.where(guards)
	b.WriteString(") AS ")
	b.WriteString(s.qualifier[:len(s.qualifier)-1])
}

// joins writes the other name of the table, if it has one, and what is joined to
// it.
func (b *builder) joins(q *Select) {
	apart := q.keepsStrangers()
	if !apart && q.From.Name != "" && (q.From.Rows == nil || !q.From.Rows.Common || b.commonName(q.From.Rows) != q.From.Name) {
		b.WriteString(" AS ")
		b.Ident(q.From.Name)
	}
	for i, j := range q.Joins {
		on := slices.Clip(j.On)
		if !apart {
			on = append(on, b.guards(&b.sources[i+1], q.Deleted)...)
		}
		kind := j.Kind
		if kind == "CROSS JOIN" && !allEmpty(on) {
			kind = "JOIN" // a filter is a condition
		}
		b.WriteString("\n" + kind + " ")
		if j.Lateral {
			b.WriteString("LATERAL ")
		}
		if apart {
			b.guarded(j.Source, i+1, q.Deleted)
		} else {
			b.writeSource(j.Source, i+1)
		}
		if kind == "CROSS JOIN" {
			continue
		}
		b.WriteString(" ON ")
		switch {
		case allEmpty(on):
			b.WriteString("true")
		default:
			b.joined(on, " AND ")
		}
		if allEmpty(j.On) && !j.Lateral && j.Kind != "CROSS JOIN" {
			b.fail("%s: no condition says which rows belong together; give one, as in retort.EqCol(&a.C.ID, &b.C.AID), or use CrossJoin", j.Call)
		}
	}
}

// tail writes all that follows the main table.
func (b *builder) tail(q *Select) {
	b.enter(q)
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
	b.orderBy(keys)
	if q.Limit >= 0 {
		b.WriteString("\nLIMIT ")
		b.WriteString(strconv.Itoa(q.Limit))
	}
	if q.Offset > 0 {
		b.WriteString("\nOFFSET ")
		b.WriteString(strconv.Itoa(q.Offset))
	}
	b.lock(q)
}

func (b *builder) orderBy(keys []orderKey) {
	if len(keys) > 0 {
		b.WriteString("\nORDER BY ")
	}
	for i, k := range keys {
		if i > 0 {
			b.WriteString(", ")
		}
		b.orderKey(k)
	}
}

func (b *builder) orderKey(k orderKey) {
	switch {
	case k.output != "":
		b.Ident(k.output)
	case !k.node.empty():
		b.node("OrderBy", k.node)
	default:
		if b.outputs != nil && k.source.qualifier == "" {
			b.Ident(k.source.table.Schema.Name) // else a column of the result with that name would come first
			b.WriteString(".")
		}
		b.column(*k.source, k.column)
	}
	if k.desc {
		b.WriteString(" DESC")
	}
	switch k.nulls {
	case NullsFirst:
		b.WriteString(" NULLS FIRST")
	case NullsLast:
		b.WriteString(" NULLS LAST")
	case NullsDefault:
	}
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
				name := s.qualifier
				if name == "" {
					var quoted qualified
					quoted.Ident(s.table.Schema.Name)
					name = quoted.String() + "."
				}
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

// orderKey is one resolved key: a column, an expression or a column of the result.
type orderKey struct {
	source *source // nil unless it is a column
	column int
	node   Node
	output string
	desc   bool
	nulls  Nulls
}

// keys resolves the order, with what it lacks of the primary key as tie-break
// where the query needs a total order: pages and relations.
func (b *builder) keys(q *Select) []orderKey {
	keys := b.room.keys[:0]
	if len(b.outer) > 0 {
		keys = nil // the room is that of the query around
	}
	for _, o := range q.Order {
		if k, ok := b.key(o); ok {
			keys = append(keys, k)
		}
	}
	if !q.Total && q.After == nil || q.Table == nil || len(q.Items)+len(q.Group) > 0 || q.Distinct {
		return keys
	}
	main := &b.sources[0]
	desc := len(keys) > 0 && keys[len(keys)-1].desc
	for _, col := range q.Table.Key {
		if !slices.ContainsFunc(keys, func(k orderKey) bool { return k.source == main && k.column == col }) {
			keys = append(keys, orderKey{source: main, column: col, desc: desc})
		}
	}
	return keys
}

// key resolves one key of the order.
func (b *builder) key(o Order) (orderKey, bool) {
	k := orderKey{node: o.Node, desc: o.Desc, nulls: o.Nulls}
	if !o.Node.empty() {
		return k, true
	}
	if b.outputs != nil {
		if col, _, ok := b.outputs.Table.Find(o.Field); ok && col >= 0 {
			k.output = b.outputs.Table.Columns[col].Name
			return k, true
		}
	}
	call := "Asc"
	if o.Desc {
		call = "Desc"
	}
	for i := range b.sources {
		if col, _, ok := b.sources[i].find(o.Field); ok && col >= 0 {
			k.source, k.column = &b.sources[i], col
			return k, true
		}
	}
	s, col, ok := b.resolve(call, o.Field)
	k.source, k.column = &s, col
	return k, ok
}
